//! Announcing an upload, adding to it, making a photo of it, giving it up.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::queries::{self, Upload};
use super::{EXPIRE_UPLOADS, FINISH_UPLOAD, MAX_SIZE, PHOTOS_MISSED, headers};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::db::{TownId, Tx};
use crate::flow::photo::model::{Refusal, Subject};
use crate::flow::photo::queries as photos;
use crate::flow::photo::receive::{NotReceived, attach, sniff_and_store};
use crate::flow::photo::upload::{Caller, admit};
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job, enqueue};
use crate::people::policy::{Operation, Target, permit};
use crate::people::queries::authorise;

/// Between two looks for uploads that nobody went on with.
const EXPIRE_EVERY: TimeDelta = TimeDelta::hours(1);
/// A photo that is whole for so long is tried again: its own job has given up by then.
const LEFT_OVER: TimeDelta = TimeDelta::hours(2);

/// What the worker does for uploads.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 2] {
    [
        (FINISH_UPLOAD, |app, job, now| Box::pin(finish_later(app, job, now))),
        (EXPIRE_UPLOADS, |app, job, now| Box::pin(expire(app, job, now))),
    ]
}

/// What a photo will be of, as its sender says.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// A report.
    Report(Uuid),
    /// The repair of the alert that a task is about, or that it was merged into.
    Task(Uuid),
}

/// An upload as announced.
#[derive(Clone, Copy, Debug)]
pub struct Announced {
    /// Id that the photo will have.
    pub photo_id: Uuid,
    /// What of.
    pub about: About,
    /// Bytes of it.
    pub length: i32,
}

impl Announced {
    /// Reads it off the length and the metadata.
    ///
    /// # Errors
    /// [`Kind::BodyTooLarge`], [`Kind::Invalid`] naming every field that is missing or wrong.
    pub fn of(length: u64, metadata: &HashMap<String, String>) -> Result<Self, Problem> {
        let length = i32::try_from(length).ok().filter(|length| *length <= MAX_SIZE);
        let length = length.ok_or_else(|| Problem::new(Kind::BodyTooLarge))?;
        let photo_id = headers::id(metadata, "photo_id")?;
        let photo_id = photo_id.ok_or_else(|| Problem::field("photo_id", "required"))?;
        if photo_id.get_version_num() != 7 {
            return Err(Problem::field("photo_id", "not_a_uuid_v7"));
        }
        let about = match (headers::id(metadata, "report_id")?, headers::id(metadata, "task_id")?) {
            (Some(report), None) => About::Report(report),
            (None, Some(task)) => About::Task(task),
            _ => return Err(Problem::field("task_id", "report_or_task")),
        };
        Ok(Self {
            photo_id,
            about,
            length,
        })
    }
}

/// Announces an upload. Said again with the same words it is the same upload. Returns where it stands, and when what is here is
/// removed if nothing follows; a photo that is there already stands at its end and is not removed.
///
/// # Errors
/// [`Kind::NotFound`] for a report or task out of reach, [`Kind::IdTaken`], [`Kind::PhotoRefused`] when all of it was here
/// and cannot be used or there are too many.
pub async fn announce(
    app: &App,
    town: TownId,
    caller: &Caller,
    new: Announced,
    now: DateTime<Utc>,
) -> Result<(i32, Option<DateTime<Utc>>), Problem> {
    let mut tx = app.db.begin(town).await?;
    let (subject, by, crew_id) = reach(&mut tx, caller, new.about, now).await?;
    let taken = || Problem::new(Kind::IdTaken);
    if let Some(ended) = queries::ended(&mut tx, new.photo_id).await? {
        let same = surviving(&mut tx, ended.subject).await? == subject;
        return if same { Ok((ended.length, None)) } else { Err(taken()) };
    }
    let there = queries::lock(&mut tx, new.photo_id).await?;
    let stands = match (&there, there.as_ref().and_then(Upload::subject)) {
        (Some(there), Some(of)) if surviving(&mut tx, of).await? == subject => {
            refused(there)?;
            match there.length {
                None => queries::begin(&mut tx, there.id, subject, new.length, now).await?,
                Some(length) if length != new.length => return Err(taken()),
                Some(_) => {}
            }
            there.received
        }
        (Some(_), _) => return Err(taken()),
        (None, _) => {
            let many = photos::count(&tx, town, subject).await? + queries::coming(&mut tx, subject).await?;
            if many >= subject.limit() {
                return Err(Problem::new(Kind::PhotoRefused).with("reason", Refusal::TooMany.as_str()));
            }
            queries::announce(&mut tx, new.photo_id, subject, new.length, (by, crew_id), now).await?;
            0
        }
    };
    if stands == new.length {
        // Nothing follows: it is whole. A photo of no bytes hears why it is none; another whose job gave up is tried again.
        enqueue(&tx, town, FINISH_UPLOAD, json!({"upload_id": new.photo_id}), now).await?;
    }
    let upload = queries::find(&mut tx, new.photo_id).await?;
    tx.commit().await?;
    Ok((stands, upload.map(|upload| upload.expires_at)))
}

/// The subject itself, or that of the alert that its alert is now.
async fn surviving(tx: &mut Tx, subject: Subject) -> Result<Subject, Problem> {
    Ok(match subject {
        Subject::Alert(alert) => Subject::Alert(queries::survivor(tx, alert).await?),
        Subject::Report(_) => subject,
    })
}

fn refused(upload: &Upload) -> Result<(), Problem> {
    upload.refusal.as_ref().map_or(Ok(()), |why| {
        Err(Problem::new(Kind::PhotoRefused).with("reason", why.as_str()))
    })
}

/// The subject, who sends, and for which crew, once the caller may.
async fn reach(
    tx: &mut Tx,
    caller: &Caller,
    about: About,
    now: DateTime<Utc>,
) -> Result<(Subject, Option<Uuid>, Option<Uuid>), Problem> {
    let (subject, crew_id) = match about {
        About::Report(id) => (Subject::Report(id), None),
        About::Task(id) => {
            let (alert, crew) = queries::task(tx, id)
                .await?
                .ok_or_else(|| Problem::new(Kind::NotFound))?;
            (Subject::Alert(alert), Some(crew))
        }
    };
    let by = admit_to(tx, caller, subject, crew_id, now).await?;
    Ok((subject, by, crew_id))
}

/// Asks the policy as for the photo itself; a crew may also send what belongs to a task that it had.
async fn admit_to(
    tx: &mut Tx,
    caller: &Caller,
    subject: Subject,
    crew_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, Problem> {
    let (Caller::Staff(token), Some(_)) = (caller, crew_id) else {
        let standing = photos::standing(tx, tx.town(), subject).await?;
        let entered_by = standing.and_then(|standing| standing.target.entered_by);
        if let Some(colleague) = colleague(tx, caller, entered_by, now).await? {
            return Ok(Some(colleague));
        }
        return Ok(admit(tx, caller, subject, now).await?.staff_user_id);
    };
    let staff = authorise(tx, *token, now).await?;
    let standing = photos::standing(tx, tx.town(), subject).await?;
    let standing = standing.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let own = Target {
        crew_id,
        ..standing.target
    };
    permit(&staff, Operation::HandlePhoto, &own)
        .or_else(|_| permit(&staff, Operation::HandlePhoto, &standing.target))?;
    Ok(Some(staff.staff_user_id))
}

/// Somebody of the same crew sends what a colleague took on a shared tablet.
async fn colleague(
    tx: &mut Tx,
    caller: &Caller,
    of: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, Problem> {
    let (Caller::Staff(token), Some(of)) = (caller, of) else {
        return Ok(None);
    };
    let staff = authorise(tx, *token, now).await?;
    let same = staff.staff_user_id == of || queries::share_a_crew(tx, staff.staff_user_id, of).await?;
    Ok(same.then_some(staff.staff_user_id))
}

/// Where an upload stands, for whoever may send it. A photo that is there already stands at its end.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn standing(
    tx: &mut Tx,
    caller: &Caller,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(i32, i32, Option<Upload>), Problem> {
    let not_found = || Problem::new(Kind::NotFound);
    if let Some(ended) = queries::ended(tx, id).await? {
        // Whoever sent it may know that it arrived, whose the alert may be by now.
        if colleague(tx, caller, ended.by, now).await?.is_none() {
            admit(tx, caller, ended.subject, now).await?;
        }
        return Ok((ended.length, ended.length, None));
    }
    let upload = queries::find(tx, id).await?.filter(|upload| upload.refusal.is_none());
    let upload = upload.ok_or_else(not_found)?;
    let subject = upload.subject().ok_or_else(not_found)?;
    admit_to(tx, caller, subject, upload.crew_id, now).await?;
    let length = upload.length.ok_or_else(not_found)?;
    Ok((upload.received, length, Some(upload)))
}

/// Adds bytes at an offset, in pieces of which each is there for good once it is. Returns the offset behind them.
///
/// # Errors
/// [`Kind::Conflict`] when the upload stands elsewhere: somebody else adds to it, or these bytes are there already.
pub async fn add(
    app: &App,
    town: TownId,
    id: Uuid,
    offset: i32,
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<i32, Problem> {
    let mut tx = app.db.begin(town).await?;
    let upload = queries::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    if upload.received != offset {
        return Err(elsewhere(upload.received));
    }
    let mut end = offset;
    for piece in bytes.chunks(super::PIECE) {
        queries::add_piece(&mut tx, id, end, piece, now).await?;
        end += i32::try_from(piece.len()).map_err(Problem::internal)?;
    }
    if upload.length == Some(end) {
        // Whatever becomes of the request, all that is here becomes a photo.
        enqueue(&tx, town, FINISH_UPLOAD, json!({"upload_id": id}), now).await?;
    }
    tx.commit().await?;
    Ok(end)
}

/// The upload stands at another offset than the client thinks.
#[must_use]
pub fn elsewhere(offset: i32) -> Problem {
    Problem::new(Kind::Conflict)
        .with("reason", "offset")
        .with("offset", offset)
}

/// Makes a photo of an upload that is whole. Harmless to repeat.
///
/// # Errors
/// [`Kind::PhotoRefused`] with the reason, or that the store or the database is away: the job tries again.
pub async fn finish(app: &App, town: TownId, id: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let mut tx = app.db.begin(town).await?;
    let Some(upload) = queries::find(&mut tx, id).await?.filter(Upload::is_whole) else {
        return Ok(());
    };
    refused(&upload)?;
    let bytes = queries::bytes(&mut tx, id).await?;
    tx.rollback().await?;
    let received = match sniff_and_store(app, town, Bytes::from(bytes)).await {
        Ok(received) => received,
        Err(NotReceived::Failed(problem)) => return Err(problem),
        Err(NotReceived::Refused(why)) => return refuse(app, town, id, why).await,
    };
    let mut tx = app.db.begin(town).await?;
    let Some(upload) = queries::lock(&mut tx, id).await? else {
        return Ok(());
    };
    let subject = upload
        .subject()
        .ok_or_else(|| Problem::internal("an upload of nothing"))?;
    let subject = surviving(&mut tx, subject).await?;
    photos::hold(&tx, town, subject).await?;
    let attached = match attach(&tx, town, subject, Some(id), upload.created_by, &received, now).await {
        Ok(attached) => attached,
        Err(problem) if problem.kind == Kind::IdTaken => {
            tx.rollback().await?;
            return refuse(app, town, id, Refusal::Failed).await;
        }
        Err(problem) => return Err(problem),
    };
    if photos::count(&tx, town, subject).await? > subject.limit() {
        tx.rollback().await?;
        return refuse(app, town, id, Refusal::TooMany).await;
    }
    if let Some(action) = upload.promised_by {
        photos::claim(&tx, town, action, &[attached.photo.id]).await?;
    }
    queries::remove(&mut tx, id).await?;
    let entry = Entry {
        actor: &audit::Actor::System,
        action: FINISH_UPLOAD,
        entity: "photo",
        entity_id: Some(id),
        detail: json!({"report_id": attached.photo.report_id, "alert_id": attached.photo.alert_id,
            "sent_by": upload.created_by}),
        request_id: None,
    };
    audit::record(&tx, town, &entry, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(())
}

async fn refuse(app: &App, town: TownId, id: Uuid, why: Refusal) -> Result<(), Problem> {
    app.metrics.photo(why.as_str());
    let mut tx = app.db.begin(town).await?;
    queries::refuse(&mut tx, id, why).await?;
    tx.commit().await?;
    Err(Problem::new(Kind::PhotoRefused).with("reason", why.as_str()))
}

/// Gives an upload up; what is here of it goes at once.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn give_up(
    app: &App,
    town: TownId,
    (caller, client): (&Caller, &Client),
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let mut tx = app.db.begin(town).await?;
    let (_, _, upload) = standing(&mut tx, caller, id, now).await?;
    // A photo that is there is no upload any more.
    let upload = upload.ok_or_else(|| Problem::new(Kind::NotFound))?;
    queries::remove(&mut tx, upload.id).await?;
    missed(&tx, upload.promised_by.as_slice(), now).await?;
    let actor = match caller {
        Caller::Staff(token) => authorise(&mut tx, *token, now).await?.actor(),
        Caller::Reporter(_) => audit::Actor::Reporter,
    };
    let entry = Entry {
        actor: &actor,
        action: "end_upload",
        entity: "photo",
        entity_id: Some(upload.id),
        detail: json!({"report_id": upload.report_id, "alert_id": upload.alert_id, "received": upload.received}),
        request_id: Some(&client.request_id),
    };
    audit::record(&tx, town, &entry, now).await?;
    tx.commit().await
}

/// Photos that these actions promised will not come: somebody should know.
async fn missed(tx: &Tx, actions: &[Uuid], now: DateTime<Utc>) -> Result<(), Problem> {
    if actions.is_empty() {
        return Ok(());
    }
    enqueue(tx, tx.town(), PHOTOS_MISSED, json!({"field_action_ids": actions}), now).await
}

async fn finish_later(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let id = job.payload.get("upload_id").and_then(|id| id.as_str()?.parse().ok());
    let id = id.ok_or_else(|| Problem::internal("a job without an upload"))?;
    match finish(&app, job.town(), id, now).await {
        Ok(()) => Ok(Outcome::Done),
        // Its reason is kept with the upload.
        Err(problem) if problem.kind == Kind::PhotoRefused => Ok(Outcome::Done),
        Err(problem) => Err(problem),
    }
}

async fn expire(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let mut tx = app.db.begin(job.town()).await?;
    let removed = queries::expire(&mut tx, now).await?;
    let promised: Vec<Uuid> = removed.iter().copied().flatten().collect();
    missed(&tx, &promised, now).await?;
    for id in queries::left_over(&mut tx, now - LEFT_OVER).await? {
        enqueue(&tx, job.town(), FINISH_UPLOAD, json!({"upload_id": id}), now).await?;
    }
    tx.commit().await?;
    if !removed.is_empty() {
        tracing::info!(
            town = job.town,
            removed = removed.len(),
            "uploads that nobody went on with removed"
        );
    }
    Ok(Outcome::Again(now + EXPIRE_EVERY))
}
