//! People and their grants: who is added, what they may do, and how that ends.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::credentials;
use super::policy::Grant;
use super::queries::staff::{self as rows, GrantRow};
use crate::audit::{self, Actor, Entry};
use crate::auth::password::Passwords;
use crate::db::Tx;
use crate::http::problem::{FieldErrors, Problem};
use crate::text::Locale;

/// Who asks for a change of people, for the audit trail.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Of the request.
    pub request_id: Option<&'a str>,
}

impl Origin<'static> {
    /// The operator's command.
    pub const OPERATOR: Self = Self {
        actor: &Actor::System,
        request_id: None,
    };
}

impl Origin<'_> {
    /// A line of the audit trail about something: a person, a tablet.
    pub(super) async fn note(
        self,
        tx: &Tx,
        action: &str,
        (entity, id): (&str, Uuid),
        detail: Value,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        let entry = Entry {
            actor: self.actor,
            action,
            entity,
            entity_id: Some(id),
            detail,
            request_id: self.request_id,
        };
        audit::record(tx, tx.town(), &entry, now).await
    }
}

/// A person to be added, with the secrets as typed: neither logged nor kept.
pub struct NewPerson {
    /// Work address, the name to sign in with.
    pub email: String,
    /// Shown to colleagues.
    pub name: String,
    /// Language.
    pub locale: Locale,
    /// `None`: signs in by PIN only, or not yet.
    pub password: Option<String>,
    /// Six digits for the crew's tablets.
    pub pin: Option<String>,
}

/// A person to be added, checked and with the secrets hashed.
pub struct PreparedPerson {
    email: String,
    name: String,
    locale: Locale,
    password_hash: Option<String>,
    pin_hash: Option<String>,
}

impl PreparedPerson {
    /// Work address, in its normal form.
    pub(super) fn email(&self) -> &str {
        &self.email
    }
}

/// Checks a person's data and hashes the secrets: outside any transaction, because a hash takes tens of milliseconds.
/// `errors` are the faults that the caller has found in the rest of the request.
///
/// # Errors
/// [`crate::http::problem::Kind::Invalid`] with every wrong field, the caller's too, `too_many_requests` when too many hashes wait.
pub async fn prepare(
    passwords: &Passwords,
    person: NewPerson,
    mut errors: FieldErrors,
) -> Result<PreparedPerson, Problem> {
    let email = credentials::normal_email(&person.email);
    if email.is_none() {
        errors.add("email", "email");
    }
    let name = person.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > credentials::MAX_NAME {
        errors.add("name", "name_length");
    }
    if let Some(password) = &person.password {
        credentials::check_password(&mut errors, "password", password, email.as_deref().unwrap_or_default());
    }
    if let Some(pin) = &person.pin {
        credentials::check_pin(&mut errors, "pin", pin);
    }
    let email = errors.check(email.unwrap_or_default())?;
    Ok(PreparedPerson {
        email,
        name,
        locale: person.locale,
        password_hash: hash(passwords, person.password).await?,
        pin_hash: hash(passwords, person.pin).await?,
    })
}

async fn hash(passwords: &Passwords, secret: Option<String>) -> Result<Option<String>, Problem> {
    match secret {
        Some(secret) => passwords.hash(secret).await.map(Some),
        None => Ok(None),
    }
}

/// Adds a person with these grants to the transaction's town, by the operator's command, which decides for all towns; an
/// admin does it by [`super::offers::add`]. Somebody who already works for this or another town keeps their name and
/// secrets and gets the grants that they lack, so repeating it changes nothing; so does somebody who left.
///
/// The grants' service, sector and crew must be of the town; the database refuses others.
///
/// # Errors
/// When the database refuses.
pub async fn create(
    tx: &mut Tx,
    person: &PreparedPerson,
    grants: &[Grant],
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let (id, _) = find_or_insert(tx, person, origin, now).await?;
    give_lacking(tx, id, grants, None, origin, now).await?;
    Ok(id)
}

/// The person with that address, and whether they are new: added just now. Who was there keeps everything.
pub(super) async fn find_or_insert(
    tx: &mut Tx,
    person: &PreparedPerson,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(Uuid, bool), Problem> {
    let row = rows::NewRow {
        id: Uuid::now_v7(),
        email: &person.email,
        name: &person.name,
        password_hash: person.password_hash.as_deref(),
        pin_hash: person.pin_hash.as_deref(),
        locale: person.locale.as_str(),
        created_at: now,
    };
    if rows::insert(tx, &row).await? {
        note(tx, origin, "create_staff", row.id, json!({}), now).await?;
        return Ok((row.id, true));
    }
    let known = rows::by_email(tx, &person.email).await?;
    let known = known.ok_or_else(|| Problem::internal("a person vanished"))?;
    Ok((known.id, false))
}

/// Gives a person those of the grants that they do not hold in the transaction's town. `by`: who gives them; none: the
/// installation.
pub(super) async fn give_lacking(
    tx: &mut Tx,
    person: Uuid,
    grants: &[Grant],
    by: Option<Uuid>,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let held = rows::grants(tx, Some(person)).await?;
    for grant in grants {
        if !held.iter().any(|row| row.grant == *grant) {
            give(tx, person, grant, by, origin, now).await?;
        }
    }
    Ok(())
}

/// Gives a person a grant in the transaction's town, in `by`'s name; its identity. Whoever left can sign in again by it,
/// with the password that they had.
///
/// # Errors
/// When the database refuses.
pub async fn give(
    tx: &mut Tx,
    person: Uuid,
    grant: &Grant,
    by: Option<Uuid>,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let known = rows::lock(tx, person).await?;
    let row = GrantRow {
        id: Uuid::now_v7(),
        staff_user_id: person,
        grant: grant.clone(),
    };
    rows::insert_grant(tx, &row, by, now).await?;
    note(
        tx,
        origin,
        "add_grant",
        person,
        json!({"grant_id": row.id, "grant": grant}),
        now,
    )
    .await?;
    if known.disabled_at.is_some() {
        rows::enable(tx, person).await?;
        note(tx, origin, "enable_staff", person, json!({}), now).await?;
    }
    Ok(row.id)
}

/// A line of the audit trail about a person.
pub(super) async fn note(
    tx: &Tx,
    origin: Origin<'_>,
    action: &str,
    person: Uuid,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    origin.note(tx, action, ("staff_user", person), detail, now).await
}
