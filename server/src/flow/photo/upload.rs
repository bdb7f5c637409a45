//! A photo sent by itself: by whoever holds a report's follow secret, by the desk, or by a crew as its proof.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::model::{Photo, PhotoLine, Refusal, Subject};
use super::queries::{self, Standing};
use super::receive::{self, NotReceived};
use crate::app::App;
use crate::audit::{self, Actor, Entry};
use crate::auth::secret::matches;
use crate::auth::token::StaffToken;
use crate::db::directory::town_of;
use crate::db::{TownId, Tx};
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, permit};
use crate::people::queries::authorise;

/// Who sends or looks at a photo.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A person of the staff.
    Staff(StaffToken),
    /// Who shows a follow secret.
    Reporter(String),
}

impl Caller {
    /// Reads it off a request's credentials; a session goes before a secret.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] when there are none.
    pub fn of(staff: Option<StaffToken>, secret: Option<String>) -> Result<Self, Problem> {
        let reporter = secret.map(Self::Reporter);
        staff
            .map(Self::Staff)
            .or(reporter)
            .ok_or_else(|| Problem::new(Kind::Unauthenticated))
    }

    /// The town in which an id is looked for: the session's own, or where the id leads.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn town(&self, app: &App, id: Uuid, kind: &str) -> Result<TownId, Problem> {
        match self {
            Self::Staff(token) => Ok(token.town),
            Self::Reporter(_) => town_of(&app.db, id, kind).await,
        }
    }
}

/// Whom a photo's handling was allowed to.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// For the audit trail.
    pub actor: Actor,
    /// For the row.
    pub staff_user_id: Option<Uuid>,
    /// What the photo is about.
    pub standing: Standing,
}

/// Whether the caller may handle photos of that report or alert: staff within their reach, a reporter those of the own
/// report.
///
/// # Errors
/// [`Kind::NotFound`] for what is not there and for a wrong secret, which tell nothing apart; [`Kind::Forbidden`].
pub async fn admit(tx: &mut Tx, caller: &Caller, subject: Subject, now: DateTime<Utc>) -> Result<Admitted, Problem> {
    let not_found = || Problem::new(Kind::NotFound);
    let town = tx.town();
    match caller {
        Caller::Staff(token) => {
            let staff = authorise(tx, *token, now).await?;
            let standing = queries::standing(tx, town, subject).await?.ok_or_else(not_found)?;
            permit(&staff, Operation::HandlePhoto, &standing.target)?;
            Ok(Admitted {
                actor: staff.actor(),
                staff_user_id: Some(staff.staff_user_id),
                standing,
            })
        }
        Caller::Reporter(secret) => {
            let standing = queries::standing(tx, town, subject).await?.ok_or_else(not_found)?;
            let opens = |hash: &Vec<u8>| matches(secret.as_bytes(), hash);
            if !standing.follow_hash.as_ref().is_some_and(opens) {
                return Err(not_found());
            }
            Ok(Admitted {
                actor: Actor::Reporter,
                staff_user_id: None,
                standing,
            })
        }
    }
}

/// A photo on its way in.
pub struct Upload<'a> {
    /// Where to.
    pub subject: Subject,
    /// By whom.
    pub caller: &'a Caller,
    /// Town of the subject.
    pub town: TownId,
    /// The client's own id.
    pub photo_id: Option<Uuid>,
    /// Operation id of the API.
    pub action: &'a str,
    /// Who calls, as far as HTTP says.
    pub client: &'a Client,
}

/// Takes one photo in. The same id with the same bytes gives the same answer again.
///
/// # Errors
/// [`Kind::PhotoRefused`] with the reason, [`Kind::BodyTooLarge`], [`Kind::IdTaken`], what [`admit`] refuses, and
/// [`Kind::Unavailable`] when the store is away.
pub async fn upload(app: &App, order: &Upload<'_>, bytes: Bytes, now: DateTime<Utc>) -> Result<PhotoLine, Problem> {
    let refuse = |why: Refusal| why.problem(&app.texts, order.client.locale);
    let stored = receive::sniff_and_store(app, order.town, bytes).await;
    let received = stored.map_err(|not| match not {
        NotReceived::Refused(why) => refuse(why),
        NotReceived::Failed(problem) => problem,
    })?;
    let (town, subject) = (order.town, order.subject);
    let mut tx = app.db.begin(town).await?;
    let admitted = admit(&mut tx, order.caller, subject, now).await?;
    queries::hold(&tx, town, subject).await?;
    let by = admitted.staff_user_id;
    let attached = receive::attach(&tx, town, subject, order.photo_id, by, &received, now).await?;
    if queries::count(&tx, town, subject).await? > subject.limit() {
        // Nothing stays of the transaction.
        app.metrics.photo(Refusal::TooMany.as_str());
        return Err(refuse(Refusal::TooMany));
    }
    let photo = attached.photo;
    if attached.is_new {
        note(&tx, order, &admitted.actor, &photo, now).await?;
    }
    tx.commit().await?;
    app.wake.notify_one();
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let time_zone = catalogue.town(town).map_or(chrono_tz::UTC, |town| town.time_zone);
    Ok(PhotoLine::received(photo.id, &received, time_zone))
}

async fn note(tx: &Tx, order: &Upload<'_>, actor: &Actor, photo: &Photo, now: DateTime<Utc>) -> Result<(), Problem> {
    let entry = Entry {
        actor,
        action: order.action,
        entity: "photo",
        entity_id: Some(photo.id),
        detail: json!({"report_id": photo.report_id, "alert_id": photo.alert_id}),
        request_id: Some(&order.client.request_id),
    };
    audit::record(tx, order.town, &entry, now).await
}
