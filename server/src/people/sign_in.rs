//! Signing in with a password.
//!
//! An unknown address, a wrong password and a disabled account get the same answer in the same time: each costs one
//! argon2id, and what is written about a failure is written after the answer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::json;
use uuid::Uuid;

use super::credentials::{bound_password, normal_email};
use super::policy::Grant;
use super::queries::staff::{self as rows, Person};
use super::session::{self, Mint, Opening, Tokens};
use super::staff::{Origin, note};
use crate::app::App;
use crate::audit::Actor;
use crate::auth::secret::digest;
use crate::catalog::model::{Catalogue, Town};
use crate::db::{Db, TownId};
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem};

/// No town has this number: a transaction for it sees the rows of none.
const NO_TOWN: TownId = TownId(0);

/// What somebody typed.
pub struct Attempt {
    /// Address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Short name of the town to work for; needed by people of several towns.
    pub jurisdiction: Option<String>,
}

/// A person who is in.
pub struct SignedIn {
    /// Their tokens.
    pub tokens: Tokens,
    /// Who.
    pub person: Person,
    /// Where.
    pub town: Arc<Town>,
    /// What they may do there.
    pub grants: Vec<Grant>,
}

/// Signs in with address and password.
///
/// # Errors
/// [`Kind::WrongCredentials`]; [`Kind::TooManyRequests`] over the budget of the address, for a while and never for good: what
/// others get wrong at the account keeps nobody out; [`Kind::Invalid`] when a person of several towns named none.
pub async fn sign_in(app: &App, client: &Client, attempt: Attempt, now: DateTime<Utc>) -> Result<SignedIn, Problem> {
    bound_password("password", &attempt.password)?;
    let email = normal_email(&attempt.email).unwrap_or_default();
    app.limits.count(Class::Guess, client)?;
    let guess = app.limits.guess(&account_key(&email), client, now)?;
    guess.slow_down().await;
    let known = {
        // Given back before the hash is worked out: a flood of sign-ins must not hold the connections that reports need.
        let mut conn = app.db.conn().await?;
        rows::by_email(&mut conn, &email).await?
    };
    let enabled = known.clone().filter(|person| person.disabled_at.is_none());
    let stored = enabled.as_ref().and_then(|person| person.password_hash.clone());
    let right = app.passwords.verify(attempt.password.clone(), stored.clone()).await?;
    let Some(person) = enabled.filter(|_| right) else {
        note_failure(app, known.map(|person| person.id), client, now);
        return Err(Problem::new(Kind::WrongCredentials));
    };
    guess.right(now);
    let town = choose_town(app, &person, attempt.jurisdiction.as_deref()).await?;
    let renewed = app
        .passwords
        .renewed(attempt.password, stored.as_deref().unwrap_or_default())
        .await?;
    open(app, client, person, town, renewed, now).await
}

/// Opens the session, unless what was checked has changed while the hash was worked out.
async fn open(
    app: &App,
    client: &Client,
    checked: Person,
    town: Arc<Town>,
    renewed: Option<String>,
    now: DateTime<Utc>,
) -> Result<SignedIn, Problem> {
    let refused = || Problem::new(Kind::WrongCredentials);
    let mut tx = app.db.begin(town.id).await?;
    let person = rows::lock(&mut tx, checked.id).await?;
    // A new password begins a new epoch; the same one hashed anew, by a sign-in beside this one, does not.
    let changed = person.password_hash != checked.password_hash && person.session_epoch != checked.session_epoch;
    if person.disabled_at.is_some() || changed {
        return Err(refused());
    }
    let grants = rows::grants(&mut tx, Some(person.id)).await?;
    if grants.is_empty() {
        return Err(refused());
    }
    let opening = Opening {
        person: person.id,
        epoch: person.session_epoch,
        device_id: None,
        client,
    };
    let tokens = session::open(&mut tx, Mint::of(app), opening, now).await?;
    if let Some(hash) = renewed {
        rows::set_password(&mut tx, person.id, &hash).await?;
    }
    tx.commit().await?;
    Ok(SignedIn {
        tokens,
        person,
        town,
        grants: grants.into_iter().map(|row| row.grant).collect(),
    })
}

/// The town that a person signs in to.
async fn choose_town(app: &App, person: &Person, named: Option<&str>) -> Result<Arc<Town>, Problem> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let towns = towns_of(&app.db, person.id).await?;
    pick(&catalogue, &towns, named)
}

/// The towns that a person works for, whichever is asked about.
pub(super) async fn towns_of(db: &Db, person: Uuid) -> Result<Vec<TownId>, Problem> {
    let mut tx = db.begin(NO_TOWN).await?;
    let towns = rows::towns_of(&mut tx, person).await?;
    tx.commit().await?;
    Ok(towns)
}

/// The town that was named, or the only one.
///
/// # Errors
/// [`Kind::WrongCredentials`] when the person does not work there, or nowhere; [`Kind::Invalid`] with the choices.
fn pick(catalogue: &Catalogue, towns: &[TownId], named: Option<&str>) -> Result<Arc<Town>, Problem> {
    let theirs: Vec<&Arc<Town>> = towns.iter().filter_map(|id| catalogue.town(*id)).collect();
    match (named, theirs.as_slice()) {
        (Some(slug), theirs) => {
            let found = theirs.iter().find(|town| town.slug == slug);
            found
                .map(|town| Arc::clone(town))
                .ok_or_else(|| Problem::new(Kind::WrongCredentials))
        }
        (None, []) => Err(Problem::new(Kind::WrongCredentials)),
        (None, [only]) => Ok(Arc::clone(only)),
        (None, several) => {
            let choices = several.iter().map(|town| json!({"slug": town.slug, "name": town.name}));
            let choices: serde_json::Value = choices.collect();
            Err(Problem::field("jurisdiction", "choose_jurisdiction").with("choices", choices))
        }
    }
}

/// The name under which guesses at an account are counted; the address itself is not kept.
pub(super) fn account_key(email: &str) -> String {
    format!("account:{}", HEXLOWER.encode(&digest(email.as_bytes())))
}

/// Writes a failed sign-in into the trail of each town that the person works for, after the answer: written before it,
/// it would tell known addresses from unknown ones by the time it takes.
fn note_failure(app: &App, person: Option<Uuid>, client: &Client, now: DateTime<Utc>) {
    let (db, request_id) = (app.db.clone(), client.request_id.clone());
    tracing::info!(request_id, "sign-in refused");
    let Some(person) = person else { return };
    tokio::spawn(async move {
        if let Err(problem) = write_failure(&db, person, &request_id, now).await {
            tracing::error!(request_id, %problem, "a refused sign-in is missing from the audit trail");
        }
    });
}

async fn write_failure(db: &Db, person: Uuid, request_id: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    let towns = towns_of(db, person).await?;
    let origin = Origin {
        actor: &Actor::Anonymous,
        request_id: Some(request_id),
    };
    for town in towns {
        let tx = db.begin(town).await?;
        note(&tx, origin, "sign_in_refused", person, json!({}), now).await?;
        tx.commit().await?;
    }
    Ok(())
}
