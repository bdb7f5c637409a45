//! Reading the vault: one way in, and it leaves a trace.

use uuid::Uuid;

use super::queries;
use super::seal::{self, Contact};
use crate::auth::keys::KeyRing;
use crate::db::{Db, TownId};
use crate::http::problem::Problem;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What contact data are read for. It says which of them are opened; the database's function `vault.opened_by` holds it.
    Purpose {
        /// The worker sends a mail that was promised: the address of electronic mail.
        NotifyEmail = "notify_email",
        /// The worker sends a text message that was promised: the telephone number.
        NotifySms = "notify_sms",
        /// A person of the staff calls: telephone number and name.
        CallBack = "call_back",
        /// A letter is printed: name and postal address.
        Letter = "letter",
        /// The service writes to the reporter about the report: the address of electronic mail.
        FollowUp = "follow_up",
        /// The service deals with what was reported: the personal answers.
        Handle = "handle",
    }
}

/// Persons wrapped anew in one transaction.
const BATCH: i64 = 500;

/// Who wants to read what of whom, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Person.
    pub subject: Uuid,
    /// What for, and with it which data.
    pub purpose: Purpose,
    /// Person of the staff who asks; `None`: the worker.
    pub by: Option<Uuid>,
    /// For which report.
    pub report_id: Option<Uuid>,
}

/// Reads those contact data of a person that a purpose opens; the others do not leave the database. The access trail is
/// written in the same call and committed before anything is returned.
///
/// # Errors
/// [`crate::http::problem::Kind::NotFound`] for a person who is not (or no longer) in the vault; `internal` for data that do
/// not open.
pub async fn reveal(db: &Db, keys: &KeyRing, town: TownId, reading: &Reading) -> Result<Contact, Problem> {
    let tx = db.begin_vault(town).await?;
    let opened = queries::open(&tx, reading).await?;
    let key = (opened.key_id.as_str(), opened.wrapped_key.as_slice());
    let contact = seal::open(keys, town, reading.subject, key, &opened.fields)?;
    tx.commit().await?;
    Ok(contact)
}

/// Wraps the keys of all persons of a town by the vault key in force, after a rotation; returns how many.
///
/// # Errors
/// When a key is missing from the key file or the database refuses. What was renewed before stays renewed.
pub async fn rewrap(db: &Db, keys: &KeyRing, town: TownId) -> Result<usize, Problem> {
    let Some(in_force) = keys.vault.first() else {
        return Err(Problem::internal("no vault key"));
    };
    let mut renewed = 0;
    loop {
        let tx = db.begin_vault(town).await?;
        let rows = queries::wrapped_otherwise(&tx, town, &in_force.id, BATCH).await?;
        if rows.is_empty() {
            return Ok(renewed);
        }
        for (subject, key_id, wrapped_key) in rows {
            if let Some((key_id, wrapped)) = seal::renew(keys, town, subject, &key_id, &wrapped_key)? {
                queries::set_wrapping(&tx, town, subject, &key_id, &wrapped).await?;
                renewed += 1;
            }
        }
        tx.commit().await?;
    }
}

/// How many persons of a town have their key wrapped by the vault key of that name.
///
/// # Errors
/// When the database refuses.
pub async fn wrapped_by(db: &Db, town: TownId, key_id: &str) -> Result<i64, Problem> {
    let tx = db.begin_vault(town).await?;
    let persons = queries::wrapped_by(&tx, town, key_id).await?;
    tx.commit().await?;
    Ok(persons)
}
