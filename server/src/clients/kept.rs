//! What would be sent, as files: one JSON document per message, and the mail as it would go over the wire beside it.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::fs;
use uuid::Uuid;

use super::sms::Sms;

/// A mail that was kept instead of sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptMail {
    /// Of the notification.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// With its angle brackets.
    pub message_id: String,
    /// Sender.
    pub from: String,
    /// Addresses.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

/// Keeps a mail. The same one again takes the place of the first.
pub(super) async fn keep_mail(folder: &Path, mail: &KeptMail, formatted: &[u8]) -> io::Result<()> {
    write(folder, &format!("{}.eml", mail.id), formatted).await?;
    write(folder, &format!("{}.json", mail.id), &serde_json::to_vec(mail)?).await
}

/// Keeps anything under a name.
pub(super) async fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder).await?;
    // Beside and renamed: a reader never sees half a message.
    let beside = folder.join(format!("{name}.new"));
    fs::write(&beside, bytes).await?;
    fs::rename(&beside, folder.join(name)).await
}

/// The newest kept mails.
///
/// # Errors
/// When the folder cannot be read; a folder that is not there has none.
pub async fn kept_mails(folder: &Path, limit: usize) -> io::Result<Vec<KeptMail>> {
    let mut mails: Vec<KeptMail> = documents(folder).await?.into_iter().map(|(mail, _)| mail).collect();
    mails.sort_by(|a, b| b.at.cmp(&a.at).then(b.id.cmp(&a.id)));
    mails.truncate(limit);
    Ok(mails)
}

/// The newest kept text messages, each with when it was kept.
///
/// # Errors
/// As [`kept_mails`].
pub async fn kept_texts(folder: &Path, limit: usize) -> io::Result<Vec<(Sms, DateTime<Utc>)>> {
    let mut texts: Vec<(Sms, DateTime<Utc>)> = documents(folder).await?;
    texts.sort_by(|(a, a_at), (b, b_at)| b_at.cmp(a_at).then(b.id.cmp(&a.id)));
    texts.truncate(limit);
    Ok(texts)
}

/// Every document of a folder, with the time of its file.
async fn documents<T: DeserializeOwned>(folder: &Path) -> io::Result<Vec<(T, DateTime<Utc>)>> {
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        if entry.path().extension().is_some_and(|extension| extension == "json") {
            found.push((read(&entry.path()).await?, entry.metadata().await?.modified()?.into()));
        }
    }
    Ok(found)
}

/// A kept mail.
///
/// # Errors
/// When its file cannot be read.
pub async fn kept_mail(folder: &Path, id: Uuid) -> io::Result<Option<KeptMail>> {
    match read(&folder.join(format!("{id}.json"))).await {
        Ok(mail) => Ok(Some(mail)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&fs::read(path).await?)?)
}
