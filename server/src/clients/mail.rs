//! Electronic mail.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::SendError;
use super::kept::{self, KeptMail};

/// How long a relay may take over one step of a conversation: long enough for greylisting relays that stall, short enough
/// that a tarpit holds one of the connections and not the queue.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Connections to the relay at once.
const CONNECTIONS: u32 = 4;

/// A mail, ready to go.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Of the notification.
    pub id: Uuid,
    /// Stable, with its angle brackets: a repetition is recognised by it.
    pub message_id: String,
    /// Name and address of the sender.
    pub from: (String, String),
    /// Addresses.
    pub to: Vec<String>,
    /// Who reads answers, if not the sender.
    pub reply_to: Option<String>,
    /// Subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// Address of one-click unsubscription (RFC 8058).
    pub unsubscribe: Option<String>,
    /// When.
    pub date: DateTime<Utc>,
}

/// Takes mails.
pub trait Mailer: Send + Sync {
    /// Sends one. `Ok` means that the relay has taken it.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>>;
}

/// A relay that speaks SMTP.
pub struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// A pool of connections to a relay (`smtp://`, `smtps://`, with `?tls=required` for STARTTLS). None is made yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(url: &SecretString) -> anyhow::Result<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .ok()
            .context("VIGIE_SMTP_URL is not an address of a mail relay")?;
        let pool = PoolConfig::new().max_size(CONNECTIONS);
        Ok(Self(builder.timeout(Some(TIMEOUT)).pool_config(pool).build()))
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let message = message(mail)?;
            self.0.send(message).await.map(|_| ()).map_err(|error| verdict(&error))
        })
    }
}

/// Keeps mails in a folder: for trying Vigie out, where nobody waits for one.
pub struct Kept(pub PathBuf);

impl Mailer for Kept {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let formatted = message(mail)?.formatted();
            let kept = KeptMail {
                id: mail.id,
                at: mail.date,
                message_id: mail.message_id.clone(),
                from: mail.from.1.clone(),
                to: mail.to.clone(),
                subject: mail.subject.clone(),
                text: mail.text.clone(),
                html: mail.html.clone(),
            };
            kept::keep_mail(&self.0, &kept, &formatted)
                .await
                .map_err(|error| SendError::Later(error.kind().to_string()))
        })
    }
}

/// What a failure means. The relay's own words are left out: they often repeat the address.
///
/// A refusal that is about us (sign-in, TLS, our address as a sender, syntax) is worth trying again, because the operator
/// can repair it; 550 to 554 are about the recipient.
fn verdict(error: &smtp::Error) -> SendError {
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        Some(code @ ("550" | "551" | "552" | "553" | "554")) => SendError::Refused(format!("the relay said {code}")),
        Some(code) => SendError::Later(format!("the relay said {code}")),
        None if error.is_timeout() => SendError::Later("the relay did not answer in time".to_owned()),
        None if error.is_tls() => SendError::Later("no TLS with the relay".to_owned()),
        None => SendError::Later("no conversation with the relay".to_owned()),
    }
}

fn message(mail: &Mail) -> Result<Message, SendError> {
    let address = |text: &str| {
        text.trim()
            .parse::<Address>()
            .map_err(|_| SendError::Refused("the address is none".to_owned()))
    };
    // A town whose own address is wrong is repaired by people; the mail waits for it.
    let from = address(&mail.from.1).map_err(|_| SendError::Later("the sender's address is none".to_owned()))?;
    let mut builder = Message::builder()
        .from(Mailbox::new(Some(mail.from.0.clone()), from))
        .subject(mail.subject.clone())
        .message_id(Some(mail.message_id.clone()))
        .date(mail.date.into())
        .raw_header(header("Auto-Submitted", "auto-generated"));
    for to in &mail.to {
        builder = builder.to(Mailbox::new(None, address(to)?));
    }
    // An address that is none must not hold the mail up: the answer goes to the sender then.
    let reply_to = mail.reply_to.as_deref().and_then(|reader| address(reader).ok());
    if let Some(reader) = reply_to {
        builder = builder.reply_to(Mailbox::new(None, reader));
    }
    if let Some(url) = &mail.unsubscribe {
        builder = builder
            .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    builder
        .multipart(body)
        .map_err(|error| SendError::Refused(format!("no mail can be made of it: {error}")))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    // Given as it is on the wire: a mail client takes the address out of it by its brackets.
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn mail(to: &str) -> Mail {
        Mail {
            id: Uuid::from_u128(7),
            message_id: "<7@vigie.example>".into(),
            from: ("Ville d'Ingéville".into(), "ne-pas-repondre@ingeville.example".into()),
            to: vec![to.into()],
            reply_to: None,
            subject: "Votre signalement est arrivé".into(),
            text: "Bonjour".into(),
            html: "<p>Bonjour</p>".into(),
            unsubscribe: Some(format!("https://vigie.example/v1/unsubscribe/{}", "x".repeat(48))),
            date: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_headers_are_those_that_clients_look_for() {
        let wire = String::from_utf8(message(&mail("camille@exemple.fr")).expect("a mail").formatted()).expect("text");
        assert!(wire.contains("Message-ID: <7@vigie.example>\r\n"), "{wire}");
        let link = format!(
            "List-Unsubscribe: <https://vigie.example/v1/unsubscribe/{}>\r\n",
            "x".repeat(48)
        );
        assert!(wire.contains(&link), "{wire}");
        assert!(wire.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        assert!(wire.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"), "{wire}");
        assert!(wire.contains("Subject: Votre signalement est =?utf-8?"), "{wire}");
    }

    #[test]
    fn answers_go_to_who_reads_them_and_a_wrong_address_holds_nothing_up() {
        let mut asks = mail("departement@exemple.fr");
        for (reader, header) in [("voirie@ingeville.example", true), ("nobody", false)] {
            asks.reply_to = Some(reader.into());
            let wire = String::from_utf8(message(&asks).expect("a mail").formatted()).expect("text");
            assert_eq!(
                wire.contains("Reply-To: voirie@ingeville.example\r\n"),
                header,
                "{wire}"
            );
        }
    }

    #[test]
    fn a_wrong_recipient_is_refused_and_a_wrong_sender_waits() {
        assert!(matches!(message(&mail("no address")), Err(SendError::Refused(_))));
        assert!(matches!(
            message(&mail("a@b.fr\r\nBcc: x@y.fr")),
            Err(SendError::Refused(_))
        ));
        let mut wrong = mail("camille@exemple.fr");
        wrong.from.1 = String::new();
        assert!(matches!(message(&wrong), Err(SendError::Later(_))));
    }

    #[tokio::test]
    async fn a_kept_mail_can_be_read_again_and_a_repetition_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept(folder.path().join("mail"));
        let sent = mail("camille@exemple.fr");
        kept.send(&sent).await.expect("kept");
        kept.send(&sent).await.expect("kept again");
        let list = kept::kept_mails(&kept.0, 10).await.expect("a list");
        assert_eq!(list.len(), 1);
        assert_eq!(
            (list[0].subject.as_str(), &list[0].to),
            (sent.subject.as_str(), &sent.to)
        );
        let one = kept::kept_mail(&kept.0, sent.id).await.expect("read").expect("there");
        assert_eq!(one.html, sent.html);
        assert!(kept.0.join(format!("{}.eml", sent.id)).exists());
        assert!(kept::kept_mail(&kept.0, Uuid::nil()).await.expect("read").is_none());
    }

    #[tokio::test]
    async fn a_relay_that_is_away_means_later() {
        // Port 9 of this host is closed: "discard" is served nowhere.
        let smtp = Smtp::new(&SecretString::from("smtp://127.0.0.1:9")).expect("a relay");
        let error = smtp
            .send(&mail("camille@exemple.fr"))
            .await
            .expect_err("nobody answers");
        assert!(matches!(error, SendError::Later(_)), "{error:?}");
    }
}
