//! What a company answers takes effect, as the crew's own step would.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::json;
use uuid::Uuid;

use super::form::Said;
use super::sheet::Held;
use crate::app::App;
use crate::audit::{self, Entry};
use crate::db::Tx;
use crate::flow::alert::queries::lock;
use crate::flow::dispatch::act::{self, Done};
use crate::flow::dispatch::queries::find_task;
use crate::flow::photo;
use crate::flow::photo::model::{Received, Refusal, Subject};
use crate::flow::photo::receive::{self, NotReceived};
use crate::flow::request::request_hash;
use crate::flow::status::event::By;
use crate::flow::status::queries::is_replay;
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};

/// Name of the operation in audit trail and history.
const OPERATION: &str = "answer_contractor_link";

/// Takes an answer in. The same form sent again changes nothing.
///
/// # Errors
/// [`Kind::PhotoRefused`] with the photo's `number` and the `reason_text`, [`Kind::Invalid`] with what lacks,
/// [`Kind::Conflict`] when the task is over, [`Kind::IllegalStep`], [`Kind::IdTaken`] when the form was sent before with
/// other content. Nothing stays then.
pub async fn take_in(
    app: &App,
    held: &Held,
    said: &Said,
    photos: Vec<Result<Bytes, Refusal>>,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if !held.task.is_live() {
        return taken_before(app, held, said, photos).await;
    }
    let photos = store(app, held, photos, client).await?;
    let digests: Vec<String> = photos.iter().map(|photo| HEXLOWER.encode(&photo.sha256)).collect();
    let hash = request_hash(held.task.id, &(said, &digests))?;
    let mut tx = app.db.begin(held.town.id).await?;
    let mut alert = lock(&mut tx, held.task.alert_id).await?;
    // Read again under the alert's lock.
    let task = find_task(&mut tx, held.task.id).await?;
    if is_replay(&mut tx, said.id, &hash).await? {
        return Ok(());
    }
    if !task.is_live() {
        return Err(Problem::new(Kind::Conflict).with("reason", "task_ended"));
    }
    let attached = attach(app, &tx, alert.id, &photos, client, now).await?;
    let proof_photos = act::proofs(&mut tx, &alert, said.id, &attached).await?;
    // The history has no column for who is nobody of the staff: the company's name stands before its words.
    let note = said.words.as_deref().map_or_else(
        || held.link.company.clone(),
        |words| format!("{}: {words}", held.link.company),
    );
    let done = Done {
        id: said.id,
        request_hash: &hash,
        action: said.outcome.action(),
        client_at: now,
        place: None,
        reason: None,
        review_date: said.review_date,
        note: Some(&note),
        public_note: None,
        minutes: said.minutes,
        material: &said.material,
        proof_photos,
        reported_since: false,
    };
    let by = By::contractor(OPERATION, client);
    act::act(&mut tx, &held.town, &mut alert, &task, &done, by.clone(), now).await?;
    let entry = Entry {
        actor: &by.actor,
        action: by.action,
        entity: "contractor_link",
        entity_id: Some(held.link.id),
        detail: json!({"company": held.link.company, "task_id": task.id, "outcome": said.outcome, "photos": attached}),
        request_id: by.request_id,
    };
    audit::record(&tx, held.town.id, &entry, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(())
}

/// The task is over: the form that ended it may be sent again, anything else is too late and is not kept.
async fn taken_before(app: &App, held: &Held, said: &Said, photos: Vec<Result<Bytes, Refusal>>) -> Result<(), Problem> {
    let mut digests = Vec::with_capacity(photos.len());
    for bytes in photos.into_iter().flatten() {
        digests.push(HEXLOWER.encode(&receive::hash(bytes).await?));
    }
    let hash = request_hash(held.task.id, &(said, &digests))?;
    if is_replay(&mut app.db.begin(held.town.id).await?, said.id, &hash).await? {
        return Ok(());
    }
    Err(Problem::new(Kind::Conflict).with("reason", "task_ended"))
}

/// Puts the photos' bytes into the store, before any transaction.
async fn store(
    app: &App,
    held: &Held,
    photos: Vec<Result<Bytes, Refusal>>,
    client: &Client,
) -> Result<Vec<Received>, Problem> {
    let mut received = Vec::with_capacity(photos.len());
    for (photo, number) in photos.into_iter().zip(1..) {
        let refuse = |why: Refusal| refused(app, why, number, client);
        let bytes = photo.map_err(|why| {
            app.metrics.photo(why.as_str());
            refuse(why)
        })?;
        let stored = receive::sniff_and_store(app, held.town.id, bytes).await;
        received.push(stored.map_err(|not| match not {
            NotReceived::Refused(why) => refuse(why),
            NotReceived::Failed(problem) => problem,
        })?);
    }
    Ok(received)
}

fn refused(app: &App, why: Refusal, number: usize, client: &Client) -> Problem {
    Problem::new(Kind::PhotoRefused)
        .with("number", number)
        .with("reason_text", why.text(&app.texts, client.locale))
}

/// Writes the photos down as proofs of the repair; their ids.
async fn attach(
    app: &App,
    tx: &Tx,
    alert_id: Uuid,
    photos: &[Received],
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Problem> {
    let (town, subject) = (tx.town(), Subject::Alert(alert_id));
    photo::queries::hold(tx, town, subject).await?;
    let mut ids = Vec::with_capacity(photos.len());
    for (received, number) in photos.iter().zip(1..) {
        let attached = receive::attach(tx, town, subject, None, None, received, now).await?;
        if photo::queries::count(tx, town, subject).await? > subject.limit() {
            return Err(refused(app, Refusal::TooMany, number, client));
        }
        ids.push(attached.photo.id);
    }
    Ok(ids)
}
