//! A session's life: opened by a sign-in, kept up by refresh tokens, ended by the person or by what changed about them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::device::{self, DeviceSecret};
use super::queries::session::{self as rows, EndReason, SessionRow, Which};
use super::queries::{self, staff as people};
use super::refresh::{Bearer, RefreshToken, Stored, Verdict, device_tag, judge};
use super::staff::{Origin, note};
use crate::app::App;
use crate::audit::Actor;
use crate::auth::keys::KeyRing;
use crate::auth::secret::digest;
use crate::auth::token::{self, StaffToken};
use crate::db::Tx;
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};

/// Absolute length of a session that a password opened: a working day with its edges.
pub const CONSOLE: TimeDelta = TimeDelta::hours(12);
/// Absolute length of a session on an enrolled tablet: a week-end without network.
pub const TABLET: TimeDelta = TimeDelta::hours(72);

/// What a signed-in client holds.
#[derive(Clone)]
pub struct Tokens {
    /// Shown with every request.
    pub access: String,
    /// Exchanged for the next two.
    pub refresh: String,
    /// Session.
    pub session_id: Uuid,
    /// Absolute end of the session.
    pub expires_at: DateTime<Utc>,
}

/// Makes the tokens of one installation.
#[derive(Clone, Copy)]
pub struct Mint<'a> {
    keys: &'a KeyRing,
    issuer: &'a str,
}

impl<'a> Mint<'a> {
    /// With the keys and the address of this installation.
    #[must_use]
    pub fn of(app: &'a App) -> Self {
        Self {
            keys: &app.keys,
            issuer: &app.config.public_url,
        }
    }

    fn tokens(
        self,
        person: Uuid,
        refresh: RefreshToken,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Tokens, Problem> {
        let who = StaffToken {
            staff_user_id: person,
            session_id: refresh.session_id,
            town: refresh.town,
            epoch: refresh.epoch,
        };
        Ok(Tokens {
            access: token::issue(self.keys, self.issuer, who, now)?,
            refresh: refresh.write(&self.keys.server),
            session_id: refresh.session_id,
            expires_at,
        })
    }
}

/// Who signs in, how.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Person.
    pub person: Uuid,
    /// Epoch of their sessions.
    pub epoch: i32,
    /// Enrolled tablet, if signed in by PIN.
    pub device_id: Option<Uuid>,
    /// Request.
    pub client: &'a Client,
}

/// Opens a session in the transaction's town.
///
/// # Errors
/// When the database refuses.
pub async fn open(tx: &mut Tx, mint: Mint<'_>, opening: Opening<'_>, now: DateTime<Utc>) -> Result<Tokens, Problem> {
    let refresh = RefreshToken {
        town: tx.town(),
        session_id: Uuid::now_v7(),
        epoch: opening.epoch,
        generation: 0,
        device: device_tag(&mint.keys.server, opening.client.device.as_deref()),
    };
    let (action, length) = match opening.device_id {
        Some(_) => ("sign_in_pin", TABLET),
        None => ("sign_in", CONSOLE),
    };
    let tokens = mint.tokens(opening.person, refresh, now + length, now)?;
    let row = SessionRow {
        jurisdiction_id: tx.town().0,
        id: refresh.session_id,
        staff_user_id: opening.person,
        device_id: opening.device_id,
        token_hash: digest(tokens.refresh.as_bytes()),
        previous_hash: None,
        rotated_at: now,
        started_at: now,
        expires_at: tokens.expires_at,
        ended_at: None,
    };
    rows::insert(tx, &row).await?;
    let actor = actor(opening.person, refresh.session_id);
    let detail = json!({"device_id": opening.device_id});
    note(tx, origin(&actor, opening.client), action, opening.person, detail, now).await?;
    Ok(tokens)
}

/// Exchanges a refresh token for the next tokens. Whoever shows a copied one ends the session. `secret`: of the tablet that
/// asks, if it is one.
///
/// # Errors
/// [`Kind::Unauthenticated`], whatever the reason.
pub async fn refresh(
    app: &App,
    client: &Client,
    text: &str,
    secret: Option<&DeviceSecret>,
    now: DateTime<Utc>,
) -> Result<Tokens, Problem> {
    let refused = || Problem::new(Kind::Unauthenticated);
    let shown = RefreshToken::read(&app.keys.server, text).ok_or_else(refused)?;
    let mut tx = app.db.begin(shown.town).await?;
    let session = rows::lock(&mut tx, shown.session_id).await?.ok_or_else(refused)?;
    let person = people::person(&mut tx, session.staff_user_id).await?;
    let stored = Stored {
        token_hash: &session.token_hash,
        previous_hash: session.previous_hash.as_deref(),
        rotated_at: session.rotated_at,
        expires_at: session.expires_at,
        idle: app.config.session_idle,
        ended: session.ended_at.is_some() || person.disabled_at.is_some(),
        epoch: person.session_epoch,
    };
    let by = Bearer {
        device: device_tag(&app.keys.server, client.device.as_deref()),
        is_its_tablet: is_its_tablet(&mut tx, session.device_id, secret).await?,
    };
    let next = shown.successor();
    match judge(&stored, &shown, text, by, now) {
        Verdict::Over => {
            // Only to the tablet itself: whoever holds its latest token.
            let own: bool = digest(text.as_bytes()).ct_eq(&session.token_hash).into();
            let revoked = own && is_revoked(&mut tx, session.device_id).await?;
            return Err(if revoked {
                refused().with("reason", "device_revoked")
            } else {
                refused()
            });
        }
        Verdict::Reuse => {
            rows::end(&mut tx, Which::One(session.id), EndReason::Reuse, now).await?;
            let origin = origin(&Actor::Anonymous, client);
            let detail = json!({"session_id": session.id, "device_id": session.device_id});
            note(&tx, origin, "refresh_reuse", person.id, detail, now).await?;
            tx.commit().await?;
            return Err(refused());
        }
        Verdict::Renew => {
            let hash = digest(next.write(&app.keys.server).as_bytes());
            rows::rotate(&mut tx, session.id, hash, Some(session.token_hash), now).await?;
        }
        Verdict::Repeat => {}
    }
    tx.commit().await?;
    Mint::of(app).tokens(person.id, next, session.expires_at, now)
}

/// Whether it is the session's own tablet that asks, by its secret.
async fn is_its_tablet(tx: &mut Tx, device_id: Option<Uuid>, secret: Option<&DeviceSecret>) -> Result<bool, Problem> {
    let town = tx.town();
    let Some(secret) = secret.filter(|secret| secret.town == town && Some(secret.device_id) == device_id) else {
        return Ok(false);
    };
    match device::authenticate(tx, secret).await {
        Ok(_) => Ok(true),
        Err(problem) if problem.kind == Kind::Unauthenticated => Ok(false),
        Err(problem) => Err(problem),
    }
}

async fn is_revoked(tx: &mut Tx, device_id: Option<Uuid>) -> Result<bool, Problem> {
    let Some(id) = device_id else {
        return Ok(false);
    };
    let device = queries::device::find(tx, id).await?;
    Ok(device.is_some_and(|device| device.revoked_at.is_some()))
}

/// Ends the caller's session.
///
/// # Errors
/// [`Kind::Unauthenticated`] when it is over already.
pub async fn sign_out(app: &App, client: &Client, token: StaffToken, now: DateTime<Utc>) -> Result<(), Problem> {
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    rows::end(&mut tx, Which::One(staff.session_id), EndReason::SignedOut, now).await?;
    let actor = staff.actor();
    note(
        &tx,
        origin(&actor, client),
        "sign_out",
        staff.staff_user_id,
        json!({}),
        now,
    )
    .await?;
    tx.commit().await
}

/// Ends all sessions of the caller, in every town.
///
/// # Errors
/// [`Kind::Unauthenticated`] when the caller's is over already.
pub async fn sign_out_everywhere(
    app: &App,
    client: &Client,
    token: StaffToken,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    let person = staff.staff_user_id;
    people::next_epoch(&mut tx, person).await?;
    let ended = rows::end(&mut tx, Which::OfPerson(person), EndReason::SignedOut, now).await?;
    let (actor, detail) = (staff.actor(), json!({"sessions": ended}));
    note(&tx, origin(&actor, client), "sign_out_everywhere", person, detail, now).await?;
    tx.commit().await
}

/// Lets the caller's session go on in a new epoch, in which all others are over.
///
/// # Errors
/// When the database refuses.
pub async fn carry_over(
    tx: &mut Tx,
    mint: Mint<'_>,
    session: &SessionRow,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Tokens, Problem> {
    let person = session.staff_user_id;
    let refresh = RefreshToken {
        town: tx.town(),
        session_id: session.id,
        epoch: people::next_epoch(tx, person).await?,
        generation: 0,
        device: device_tag(&mint.keys.server, client.device.as_deref()),
    };
    let tokens = mint.tokens(person, refresh, session.expires_at, now)?;
    rows::rotate(tx, session.id, digest(tokens.refresh.as_bytes()), None, now).await?;
    let others = Which::OtherThan {
        person,
        kept: session.id,
    };
    rows::end(tx, others, EndReason::Revoked, now).await?;
    Ok(tokens)
}

/// The person in their session, for the audit trail.
#[must_use]
pub const fn actor(staff_user_id: Uuid, session_id: Uuid) -> Actor {
    Actor::Staff {
        staff_user_id,
        session_id,
    }
}

/// Who asks and in which request, for the audit trail.
#[must_use]
pub fn origin<'a>(actor: &'a Actor, client: &'a Client) -> Origin<'a> {
    Origin {
        actor,
        request_id: Some(&client.request_id),
    }
}
