//! Reads what a tablet holds of its tasks.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use postgis_diesel::sql_types::Geography;
use postgis_diesel::types::Point;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{GoneReason, GoneTask, SyncAlert, SyncNote, SyncPhoto, SyncPhotoState, SyncReport, SyncTask};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::schema::{field_action, photo, report, task, upload};
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::by_id;
use crate::flow::dispatch::field::http::Receipt;
use crate::flow::dispatch::field::model::StoredAction;
use crate::flow::dispatch::model::{Task, TaskState};
use crate::flow::status::advance::possible;
use crate::http::point::PointBody;
use crate::http::problem::Problem;

/// Tasks of a page of a first sync; a crew has some dozens.
const PAGE: usize = 200;
/// Latest reports that come with a task.
const REPORTS: i32 = 10;
/// A tablet rests no longer than its queue is meant to last.
const LATELY: TimeDelta = TimeDelta::days(30);
/// Latest lines of the history that come with a task.
const NOTES: i32 = 20;

/// What is to be sent.
#[derive(Default)]
pub(super) struct Found {
    pub(super) tasks: Vec<SyncTask>,
    pub(super) gone: Vec<GoneTask>,
    pub(super) receipts: Vec<Receipt>,
}

/// The tasks that these crews have, a page of them after the one with this id; and the last one's id if more follow.
pub(super) async fn all(
    tx: &mut Tx,
    town: &Town,
    crews: &[Uuid],
    after: Option<Uuid>,
) -> Result<(Found, Option<Uuid>), Problem> {
    let live = task::table
        .filter(task::jurisdiction_id.eq(town.id.0).and(task::crew_id.eq_any(crews)))
        .filter(task::state.eq_any(["open", "accepted"]))
        .filter(task::id.gt(after.unwrap_or(Uuid::nil())))
        .order(task::id)
        .limit(PAGE as i64 + 1)
        .select(Task::as_select());
    let mut tasks: Vec<Task> = live.load(&mut **tx).await?;
    let more = tasks.len() > PAGE;
    tasks.truncate(PAGE);
    let last = tasks.last().filter(|_| more).map(|task| task.id);
    // As the day goes.
    tasks.sort_by_key(|task| (task.planned_on.is_none(), task.planned_on, task.rank, task.id));
    Ok((whole(tx, town, tasks).await?, last))
}

/// Those of their tasks that changed, by themselves or with their alert.
pub(super) async fn changed(
    tx: &mut Tx,
    town: &Town,
    crews: &[Uuid],
    (alerts, tasks): (&[Uuid], &[Uuid]),
) -> Result<Found, Problem> {
    if alerts.is_empty() && tasks.is_empty() {
        return Ok(Found::default());
    }
    let concerned = task::table
        .filter(task::jurisdiction_id.eq(town.id.0).and(task::crew_id.eq_any(crews)))
        .filter(task::alert_id.eq_any(alerts).or(task::id.eq_any(tasks)))
        .select(Task::as_select());
    let tasks: Vec<Task> = concerned.load(&mut **tx).await?;
    whole(tx, town, tasks).await
}

/// Actions of a tablet that a person decided on lately: one that begins anew hears of them again.
pub(super) async fn decided_lately(
    tx: &mut Tx,
    device_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Problem> {
    let town = tx.town();
    let found = field_action::table
        .filter(field_action::jurisdiction_id.eq(town.0))
        .filter(
            field_action::device_id
                .eq(device_id)
                .and(field_action::decided_at.gt(now - LATELY)),
        )
        .select(field_action::id);
    Ok(found.load(&mut **tx).await?)
}

/// Actions as stored.
pub(super) async fn actions(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<StoredAction>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let town = tx.town();
    let found = field_action::table
        .filter(
            field_action::jurisdiction_id
                .eq(town.0)
                .and(field_action::id.eq_any(ids)),
        )
        .select(StoredAction::as_select());
    Ok(found.load(&mut **tx).await?)
}

/// With everything that is about them; those that are over by their name alone.
async fn whole(tx: &mut Tx, town: &Town, tasks: Vec<Task>) -> Result<Found, Problem> {
    let ids: Vec<Uuid> = tasks.iter().map(|task| task.alert_id).collect();
    let alerts = by_id(tx, &ids).await?;
    let live: Vec<Uuid> = tasks
        .iter()
        .filter(|task| task.is_live())
        .map(|task| task.alert_id)
        .collect();
    let mut reports = reports(tx, town, &live).await?;
    let mut photos = photos(tx, town, &live).await?;
    let mut notes = notes(tx, town, &live).await?;
    let mut found = Found::default();
    for task in tasks {
        let Some(alert) = alerts.get(&task.alert_id) else {
            continue;
        };
        if !task.is_live() {
            found.gone.push(gone(&task, alert));
            continue;
        }
        let category = town.category_by_id(alert.category_id);
        found.tasks.push(SyncTask {
            id: task.id,
            crew_id: task.crew_id,
            planned_on: task.planned_on,
            shift: task.shift()?,
            state: task.state()?,
            rank: task.rank,
            locked: task.locked,
            instructions: task.instructions,
            created_at: task.created_at,
            allowed: possible(alert)?,
            proof_required: category.is_some_and(|category| category.rules.proof_photo_required),
            alert: shown(town, alert)?,
            reports: reports.remove(&alert.id).unwrap_or_default(),
            photos: photos.remove(&alert.id).unwrap_or_default(),
            notes: notes.remove(&alert.id).unwrap_or_default(),
        });
    }
    Ok(found)
}

fn gone(task: &Task, alert: &Alert) -> GoneTask {
    let reason = match (alert.merged_into, task.state.as_str() == TaskState::Ended.as_str()) {
        (Some(_), _) => GoneReason::Merged,
        (None, true) => GoneReason::Ended,
        (None, false) => GoneReason::Withdrawn,
    };
    GoneTask {
        task_id: task.id,
        reason,
        merged_into: alert.merged_into,
    }
}

fn shown(town: &Town, alert: &Alert) -> Result<SyncAlert, Problem> {
    let category = town.category_by_id(alert.category_id);
    Ok(SyncAlert {
        id: alert.id,
        version: alert.version,
        reference: alert.reference.clone(),
        category: category.map(|category| category.code.clone()).unwrap_or_default(),
        category_label: category.map(|category| category.label.clone()).unwrap_or_default(),
        icon: category.map(|category| category.icon.clone()).unwrap_or_default(),
        status: alert.status()?,
        priority: alert.priority,
        severity: alert.severity,
        position: PointBody::of(alert.anchor.x, alert.anchor.y),
        address: alert.address.clone(),
        due_at: alert.due_at,
        opened_at: alert.opened_at,
        report_count: alert.report_count,
        reason: alert.reason.clone(),
        review_on: alert.review_on,
    })
}

#[derive(QueryableByName)]
struct ReportRow {
    #[diesel(sql_type = SqlUuid)]
    alert_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    category_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    observed_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    description: Option<String>,
    #[diesel(sql_type = Jsonb)]
    answers: Value,
    #[diesel(sql_type = Geography)]
    place: Point,
}

/// What people said of each alert, latest first.
async fn reports(tx: &mut Tx, town: &Town, alerts: &[Uuid]) -> Result<HashMap<Uuid, Vec<SyncReport>>, Problem> {
    // The latest of each is beyond the query builder.
    let latest = "SELECT latest.* FROM unnest($2) AS wanted (id), \
         LATERAL (SELECT alert_id, category_id, observed_at, description, answers, place FROM report \
             WHERE jurisdiction_id = $1 AND alert_id = wanted.id ORDER BY received_at DESC, id DESC LIMIT $3) AS latest";
    let rows: Vec<ReportRow> = diesel::sql_query(latest)
        .bind::<Integer, _>(town.id.0)
        .bind::<Array<SqlUuid>, _>(alerts)
        .bind::<Integer, _>(REPORTS)
        .load(&mut **tx)
        .await?;
    let mut found: HashMap<Uuid, Vec<SyncReport>> = HashMap::new();
    for row in rows {
        let category = town.category_by_id(row.category_id);
        found.entry(row.alert_id).or_default().push(SyncReport {
            observed_at: row.observed_at,
            description: row.description,
            answers: category.map_or_else(|| json!({}), |category| category.questions.impersonal(row.answers)),
            position: PointBody::of(row.place.x, row.place.y),
        });
    }
    Ok(found)
}

type PhotoRow = (Uuid, String, String, Option<Vec<u8>>);

/// The photos of each alert: of its reports, proofs, and those that a crew has promised.
async fn photos(tx: &mut Tx, town: &Town, alerts: &[Uuid]) -> Result<HashMap<Uuid, Vec<SyncPhoto>>, Problem> {
    let columns = || (photo::id, photo::kind, photo::state, photo::placeholder);
    let of_report = report::jurisdiction_id
        .eq(photo::jurisdiction_id)
        .and(photo::report_id.eq(report::id.nullable()));
    let evidence: Vec<(Uuid, PhotoRow)> = photo::table
        .inner_join(report::table.on(of_report))
        .filter(
            photo::jurisdiction_id
                .eq(town.id.0)
                .and(report::alert_id.eq_any(alerts)),
        )
        .order((photo::uploaded_at, photo::id))
        .select((report::alert_id, columns()))
        .load(&mut **tx)
        .await?;
    let proofs: Vec<(Uuid, PhotoRow)> = photo::table
        .filter(photo::jurisdiction_id.eq(town.id.0).and(photo::alert_id.eq_any(alerts)))
        .order((photo::uploaded_at, photo::id))
        .select((photo::alert_id.assume_not_null(), columns()))
        .load(&mut **tx)
        .await?;
    let coming: Vec<(Uuid, Uuid, Option<String>)> = upload::table
        .filter(
            upload::jurisdiction_id
                .eq(town.id.0)
                .and(upload::alert_id.eq_any(alerts)),
        )
        .order((upload::created_at, upload::id))
        .select((upload::alert_id.assume_not_null(), upload::id, upload::refusal))
        .load(&mut **tx)
        .await?;
    let mut found: HashMap<Uuid, Vec<SyncPhoto>> = HashMap::new();
    for (alert, (id, kind, state, placeholder)) in evidence.into_iter().chain(proofs) {
        found.entry(alert).or_default().push(SyncPhoto {
            id,
            kind,
            state: state.parse().map_err(Problem::internal)?,
            placeholder: placeholder.map(|hash| BASE64.encode(&hash)),
        });
    }
    for (alert, id, refusal) in coming {
        found.entry(alert).or_default().push(SyncPhoto {
            id,
            kind: "proof".to_owned(),
            state: if refusal.is_some() {
                SyncPhotoState::Refused
            } else {
                SyncPhotoState::Expected
            },
            placeholder: None,
        });
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct NoteRow {
    #[diesel(sql_type = SqlUuid)]
    alert_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    by: Option<String>,
    #[diesel(sql_type = Text)]
    step: String,
    #[diesel(sql_type = Nullable<Text>)]
    note: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// What happened to each alert, latest first.
async fn notes(tx: &mut Tx, town: &Town, alerts: &[Uuid]) -> Result<HashMap<Uuid, Vec<SyncNote>>, Problem> {
    let latest = "SELECT latest.* FROM unnest($2) AS wanted (id), \
         LATERAL (SELECT event.alert_id, event.at, person.name AS by, event.step, event.note, event.reason \
             FROM status_event AS event LEFT JOIN staff_user AS person ON person.id = event.by_user \
             WHERE event.jurisdiction_id = $1 AND event.alert_id = wanted.id \
             ORDER BY event.at DESC, event.id DESC LIMIT $3) AS latest";
    let rows: Vec<NoteRow> = diesel::sql_query(latest)
        .bind::<Integer, _>(town.id.0)
        .bind::<Array<SqlUuid>, _>(alerts)
        .bind::<Integer, _>(NOTES)
        .load(&mut **tx)
        .await?;
    let mut found: HashMap<Uuid, Vec<SyncNote>> = HashMap::new();
    for row in rows {
        found.entry(row.alert_id).or_default().push(SyncNote {
            at: row.at,
            by: row.by,
            step: row.step,
            note: row.note,
            reason: row.reason,
        });
    }
    Ok(found)
}
