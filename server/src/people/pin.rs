//! Signing in on a crew's tablet with a personal PIN.
//!
//! Six digits are little, so they open little: only on an enrolled tablet, only for people of its crew, only their crew's
//! work, and after a few wrong ones the wait grows. It is never a lock for good: a person in the street must be able to go
//! on. Wrong ones count in the town of the tablet: who guesses there keeps nobody from working for another town.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::credentials::{PIN_DIGITS, pin_due_in};
use super::device::{self, DeviceSecret};
use super::policy::{Grant, Role};
use super::queries::staff::{self as rows, Person};
use super::queries::{device as devices, pin as waits};
use super::session::{self, Mint, Opening, Tokens, origin};
use super::staff::note;
use crate::app::App;
use crate::audit::Actor;
use crate::db::Tx;
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem};

/// A person who is in, on a tablet.
pub struct SignedIn {
    /// Their tokens.
    pub tokens: Tokens,
    /// Who.
    pub person: Person,
    /// Their grants of the role crew.
    pub grants: Vec<Grant>,
}

/// Signs in on a tablet.
///
/// # Errors
/// [`Kind::Unauthenticated`] when the tablet's secret is wrong or revoked, [`Kind::WrongCredentials`] when the PIN is not
/// the person's or the person not of the crew, [`Kind::TooManyRequests`] while the wait after wrong PINs lasts.
pub async fn sign_in(
    app: &App,
    client: &Client,
    secret: &DeviceSecret,
    person: Uuid,
    pin: String,
    now: DateTime<Utc>,
) -> Result<SignedIn, Problem> {
    if pin.len() > PIN_DIGITS {
        return Err(Problem::field("pin", "pin_form"));
    }
    let stored = reserve_try(app, client, secret, person, now).await?;
    let right = app.passwords.verify(pin.clone(), stored.clone()).await?;
    let renewed = match &stored {
        Some(hash) if right => app.passwords.renewed(pin, hash).await?,
        _ => None,
    };
    let mut tx = app.db.begin(secret.town).await?;
    if !right {
        let detail = json!({"device_id": secret.device_id});
        note_refusal(&tx, client, person, stored.is_some(), detail, now).await?;
        tx.commit().await?;
        return Err(Problem::new(Kind::WrongCredentials));
    }
    // What was checked may have changed while the hash was worked out.
    let found = agent(&mut tx, secret, person).await?;
    let Some((person, grants)) = found.filter(|(person, _)| person.pin_hash == stored) else {
        return Err(Problem::new(Kind::WrongCredentials));
    };
    if let Some(hash) = renewed {
        rows::set_pin(&mut tx, person.id, &hash).await?;
    }
    waits::clear(&mut tx, person.id).await?;
    devices::seen(&mut tx, secret.device_id, now).await?;
    let opening = Opening {
        person: person.id,
        epoch: person.session_epoch,
        device_id: Some(secret.device_id),
        client,
    };
    let tokens = session::open(&mut tx, Mint::of(app), opening, now).await?;
    tx.commit().await?;
    Ok(SignedIn { tokens, person, grants })
}

/// Counts the try as wrong before it is checked, so that tries side by side cannot share one wait; the hash to check, if
/// the person can sign in here at all.
async fn reserve_try(
    app: &App,
    client: &Client,
    secret: &DeviceSecret,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<String>, Problem> {
    // A depot's tablets share one address: the tablet is what is counted, once it showed its secret.
    app.limits.count(Class::Read, client)?;
    let mut tx = app.db.begin(secret.town).await?;
    let found = agent(&mut tx, secret, person).await?;
    app.limits
        .count_key(Class::Guess, format!("tablet:{}", secret.device_id))?;
    let Some((person, _)) = found else { return Ok(None) };
    let (failures, failed_at) = waits::failures(&mut tx, person.id).await?;
    let wait = pin_due_in(failures, failed_at, now);
    if wait > 0 {
        return Err(Problem::new(Kind::TooManyRequests).retry_after(wait));
    }
    waits::count(&mut tx, person.id, now).await?;
    tx.commit().await?;
    Ok(person.pin_hash)
}

/// The person, locked, with their crew grants, if the tablet is theirs to use.
async fn agent(tx: &mut Tx, secret: &DeviceSecret, person: Uuid) -> Result<Option<(Person, Vec<Grant>)>, Problem> {
    let device = device::authenticate(tx, secret).await?;
    let grants = rows::grants(tx, Some(person)).await?;
    let grants: Vec<Grant> = grants
        .into_iter()
        .map(|row| row.grant)
        .filter(|grant| grant.role == Role::Crew)
        .collect();
    if device.crew_id.is_none() || !grants.iter().any(|grant| grant.crew_id == device.crew_id) {
        return Ok(None);
    }
    let person = rows::lock(tx, person).await?;
    let can = person.disabled_at.is_none() && person.pin_hash.is_some();
    Ok(can.then_some((person, grants)))
}

/// A refusal in the trail; about somebody unknown here it names nobody.
async fn note_refusal(
    tx: &Tx,
    client: &Client,
    person: Uuid,
    known: bool,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let person = if known { person } else { Uuid::nil() };
    let origin = origin(&Actor::Anonymous, client);
    note(tx, origin, "sign_in_pin_refused", person, detail, now).await
}
