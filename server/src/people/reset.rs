//! A new password for somebody who forgot theirs: from an admin of their town, or from the operator.
//!
//! Whoever sets a password can sign in with it. So an admin sets those of people who work for the admin's town and for no
//! other; an account that opens another town's doors too is the operator's, who holds the keys of all towns anyway. Nor
//! does an admin set their own: that takes the present one ([`super::own`]), which a stolen session does not know.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::credentials::{check_password, normal_email};
use super::grants::held;
use super::policy::Staff;
use super::queries::session::{self as sessions, EndReason, Which};
use super::queries::staff::{self as rows, Person};
use super::sign_in::towns_of;
use super::staff::{Origin, note};
use crate::app::App;
use crate::auth::password::Passwords;
use crate::db::{TownId, Tx};
use crate::http::problem::{FieldErrors, Kind, Problem};

/// The person, locked, if this admin may set their password.
///
/// # Errors
/// [`Kind::NotFound`] for people of other towns; [`Kind::Conflict`] with `reason` = `own_account` or `works_elsewhere`.
pub async fn within_reach(tx: &mut Tx, admin: &Staff, person: Uuid) -> Result<Person, Problem> {
    held(tx, person).await?;
    if person == admin.staff_user_id {
        return Err(conflict(Problem::field("id", "own_account"), "own_account"));
    }
    // Locked first: a grant of another town that is just being given is seen or waits.
    let found = rows::lock(tx, person).await?;
    let here = tx.town();
    if rows::towns_of(tx, person).await?.iter().any(|town| *town != here) {
        return Err(conflict(Problem::field("id", "works_elsewhere"), "works_elsewhere"));
    }
    Ok(found)
}

/// A problem of a field that nothing typed into it could mend.
pub(super) fn conflict(mut problem: Problem, reason: &str) -> Problem {
    problem.kind = Kind::Conflict;
    problem.with("reason", reason)
}

/// Checks a password for the person with that address and hashes it: outside any transaction.
///
/// # Errors
/// [`Kind::Invalid`] when it is against the rules; `too_many_requests` when too many hashes wait.
pub async fn hashed(passwords: &Passwords, password: String, email: &str) -> Result<String, Problem> {
    let mut errors = FieldErrors::default();
    check_password(&mut errors, "password", &password, email);
    errors.check(())?;
    passwords.hash(password).await
}

/// Puts a password in force; all sessions of the person end.
///
/// # Errors
/// When the database refuses.
pub async fn put(tx: &mut Tx, person: Uuid, hash: &str, origin: Origin<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    rows::set_password(tx, person, hash).await?;
    rows::next_epoch(tx, person).await?;
    sessions::end(tx, Which::OfPerson(person), EndReason::Revoked, now).await?;
    note(tx, origin, "reset_password", person, json!({}), now).await
}

/// Sets a person's password whatever towns they work for: the operator's command. The towns, in each of which the audit
/// trail has it; none, and nothing done, for an address of nobody who works for a town.
///
/// # Errors
/// As [`hashed`].
pub async fn by_operator(app: &App, email: &str, password: String, now: DateTime<Utc>) -> Result<Vec<TownId>, Problem> {
    let email = normal_email(email).unwrap_or_default();
    let hash = hashed(&app.passwords, password, &email).await?;
    let found = {
        let mut conn = app.db.conn().await?;
        rows::by_email(&mut conn, &email).await?
    };
    let Some(person) = found else { return Ok(Vec::new()) };
    let towns = towns_of(&app.db, person.id).await?;
    // A transaction sees one town; the same hash again in the next one changes nothing.
    for town in &towns {
        let mut tx = app.db.begin(*town).await?;
        rows::lock(&mut tx, person.id).await?;
        put(&mut tx, person.id, &hash, Origin::OPERATOR, now).await?;
        tx.commit().await?;
    }
    Ok(towns)
}
