//! Reading the vault: one way in, and it leaves a trace.

use uuid::Uuid;

use super::queries::{self, Access};
use super::seal::{self, Contact, Field};
use crate::auth::keys::KeyRing;
use crate::db::{Db, TownId};
use crate::http::problem::Problem;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What contact data are read for.
    Purpose {
        /// The worker sends a message that was promised.
        Notify = "notify",
        /// A person of the staff calls.
        CallBack = "call_back",
        /// A letter is printed.
        Letter = "letter",
        /// The service asks the reporter something about the report.
        FollowUp = "follow_up",
    }
}

/// Persons wrapped anew in one transaction.
const BATCH: i64 = 500;

/// Who wants to read what of whom, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Person.
    pub subject: Uuid,
    /// Data wanted.
    pub fields: &'a [Field],
    /// What for.
    pub purpose: Purpose,
    /// Person of the staff who asks; `None`: the worker.
    pub by: Option<Uuid>,
    /// For which report.
    pub report_id: Option<Uuid>,
}

/// Reads contact data of a person, for a purpose. The access trail is written in the same transaction and committed before
/// anything is returned.
///
/// # Errors
/// [`crate::http::problem::Kind::NotFound`] for a person who is not (or no longer) in the vault; `internal` for data that do
/// not open.
pub async fn reveal(db: &Db, keys: &KeyRing, town: TownId, reading: &Reading<'_>) -> Result<Contact, Problem> {
    let subject = reading.subject;
    let tx = db.begin_vault(town).await?;
    let (key_id, wrapped_key) = queries::key_of(&tx, town, subject).await?;
    let rows = queries::data_of(&tx, town, subject, reading.fields).await?;
    let access = Access {
        subject,
        fields: reading.fields,
        purpose: reading.purpose.as_str(),
        by: reading.by,
        report_id: reading.report_id,
    };
    queries::note_access(&tx, town, &access).await?;
    let contact = seal::open(keys, town, subject, (&key_id, &wrapped_key), &rows)?;
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
