//! What people change about themselves: password and PIN, each against the present password.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::credentials::{bound_password, check_password, check_pin};
use super::queries::session::{self as sessions, EndReason, Which};
use super::queries::staff::{self as rows, Person};
use super::queries::{self, pin as waits};
use super::session::{self, Mint, Tokens, origin};
use super::sign_in::account_key;
use super::staff::note;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::http::client::Client;
use crate::http::problem::{FieldErrors, Kind, Problem};

/// Changes the caller's password. Their other sessions end everywhere; this one goes on with the tokens returned.
///
/// # Errors
/// [`Kind::Invalid`] when the present password is wrong or the new one against the rules.
pub async fn change_password(
    app: &App,
    client: &Client,
    token: StaffToken,
    (old, new): (String, String),
    now: DateTime<Utc>,
) -> Result<Tokens, Problem> {
    let seen = myself(app, token, now).await?;
    let mut errors = FieldErrors::default();
    check_password(&mut errors, "new_password", &new, &seen.email);
    errors.check(())?;
    confirm(app, client, token, &seen, "old_password", old, now).await?;
    let hash = app.passwords.hash(new).await?;
    let mut tx = app.db.begin(token.town).await?;
    let person = unchanged(&mut tx, token, &seen, now).await?;
    rows::set_password(&mut tx, person, &hash).await?;
    let held = sessions::lock(&mut tx, token.session_id).await?;
    let held = held.ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
    let tokens = session::carry_over(&mut tx, Mint::of(app), &held, client, now).await?;
    write(&tx, client, token, "change_password", now).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Sets the caller's PIN; their sessions on tablets end, because the PIN that opened them no longer counts.
///
/// # Errors
/// [`Kind::Invalid`] when the password is wrong or the PIN against the rules.
pub async fn set_pin(
    app: &App,
    client: &Client,
    token: StaffToken,
    (password, pin): (String, String),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    check_pin(&mut errors, "pin", &pin);
    errors.check(())?;
    let seen = myself(app, token, now).await?;
    confirm(app, client, token, &seen, "password", password, now).await?;
    let hash = app.passwords.hash(pin).await?;
    let mut tx = app.db.begin(token.town).await?;
    let person = unchanged(&mut tx, token, &seen, now).await?;
    rows::set_pin(&mut tx, person, &hash).await?;
    // Those of other towns end with the first right one there, after a quarter of an hour at most.
    waits::clear(&mut tx, person).await?;
    sessions::end(&mut tx, Which::OnTabletsOf(person), EndReason::Revoked, now).await?;
    write(&tx, client, token, "set_pin", now).await?;
    tx.commit().await
}

/// The caller, read in a transaction that ends before any hash is worked out.
async fn myself(app: &App, token: StaffToken, now: DateTime<Utc>) -> Result<Person, Problem> {
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    let person = rows::person(&mut tx, staff.staff_user_id).await?;
    tx.commit().await?;
    Ok(person)
}

/// Whether the caller knows the present password; a stolen session alone changes nothing.
async fn confirm(
    app: &App,
    client: &Client,
    token: StaffToken,
    person: &Person,
    field: &'static str,
    password: String,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    bound_password(field, &password)?;
    let guess = app.limits.guess(&account_key(&person.email), client, now)?;
    guess.slow_down().await;
    if app.passwords.verify(password, person.password_hash.clone()).await? {
        guess.right(now);
        return Ok(());
    }
    let tx = app.db.begin(token.town).await?;
    write(&tx, client, token, "password_refused", now).await?;
    tx.commit().await?;
    Err(Problem::field(field, "password_wrong"))
}

/// The caller again, locked, if neither session nor password changed while a hash was worked out.
async fn unchanged(tx: &mut Tx, token: StaffToken, seen: &Person, now: DateTime<Utc>) -> Result<Uuid, Problem> {
    let person = rows::lock(tx, token.staff_user_id).await?;
    queries::authorise(tx, token, now).await?;
    if person.password_hash != seen.password_hash {
        return Err(Problem::new(Kind::Conflict));
    }
    Ok(person.id)
}

async fn write(tx: &Tx, client: &Client, token: StaffToken, action: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    let actor = session::actor(token.staff_user_id, token.session_id);
    note(tx, origin(&actor, client), action, token.staff_user_id, json!({}), now).await
}
