//! What a crew's tablet holds: everything of its tasks, brought up to date by what changed.
//!
//! The cursor is a place in the change log. All that was committed before it is known to the tablet; what was committed
//! late is never skipped, what is sent twice does no harm. A cursor that leads nowhere any more (other crews, a database
//! restored from an older copy) begins anew.

pub(super) mod cursor;
mod load;

use std::collections::BTreeSet;

use actix_web::{get, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::{Crew, Town};
use crate::db::change_log::{self, BATCH, Change};
use crate::flow::command::Command;
use crate::flow::dispatch::field::http::Receipt;
use crate::flow::dispatch::model::{Shift, TaskState};
use crate::flow::status::vocabulary::{Status, Step};
use crate::http::client::Client;
use crate::http::point::PointBody;
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, permit_any};
use crate::text::Localized;
use crate::vocabulary::vocabulary;
use cursor::Cursor;

/// Query parameters.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SyncQuery {
    /// From the answer before; without it everything is sent.
    pub cursor: Option<String>,
}

/// What a tablet does not know yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncAnswer {
    /// To be kept together with what this answer brought, and sent next time.
    pub cursor: String,
    /// More is to be had at once.
    pub has_more: bool,
    /// Everything that the tablet held of tasks is to be forgotten first; never what it has yet to send.
    pub reset: bool,
    /// Clock of the server.
    pub server_time: DateTime<Utc>,
    /// Tasks that the crew has, whole.
    pub tasks: Vec<SyncTask>,
    /// Tasks that the crew has no longer.
    pub gone: Vec<GoneTask>,
    /// What a person decided of actions of this tablet that waited.
    pub receipts: Vec<Receipt>,
    /// The town's crews that go out, by name: to whom a task may be handed over.
    pub crews: Vec<SyncCrew>,
}

/// A crew.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncCrew {
    /// Identity.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Its vehicle: plate or name.
    pub vehicle: Option<String>,
    /// What it can do, in free words.
    pub skills: Vec<String>,
}

/// A task with all that is needed of it in the street.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncTask {
    /// Identity.
    pub id: Uuid,
    /// Crew.
    pub crew_id: Uuid,
    /// Day, if planned.
    pub planned_on: Option<NaiveDate>,
    /// Part of the day, if planned.
    pub shift: Option<Shift>,
    /// Order in the crew's day; lower first.
    pub rank: i32,
    /// A re-planned round leaves it in its place.
    pub locked: bool,
    /// From whoever dispatched it.
    pub instructions: Option<String>,
    /// Where it stands.
    pub state: TaskState,
    /// When dispatched.
    pub created_at: DateTime<Utc>,
    /// The alert.
    pub alert: SyncAlert,
    /// What people said, latest first; at most 10.
    pub reports: Vec<SyncReport>,
    /// Evidence and proof.
    pub photos: Vec<SyncPhoto>,
    /// What happened and who said what, latest first; at most 20.
    pub notes: Vec<SyncNote>,
    /// Steps of the alert that lead somewhere.
    pub allowed: Vec<Step>,
    /// Whether the category demands a photo of the repair.
    pub proof_required: bool,
}

/// The alert of a task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncAlert {
    /// Identity.
    pub id: Uuid,
    /// Grows with each change: the `base_version` of actions.
    pub version: i32,
    /// What people say on the telephone.
    pub reference: String,
    /// Code of the category.
    pub category: String,
    /// Name of the category: one that takes no reports any more is not in the catalogue, and its work goes on.
    pub category_label: Localized,
    /// Name of its icon.
    pub icon: String,
    /// Where it stands.
    pub status: Status,
    /// 1 low, 2 normal, 3 high, 4 urgent.
    pub priority: i16,
    /// Highest that a report stated: 0 normal, 1 high, 2 danger.
    pub severity: i16,
    /// Its place.
    pub position: PointBody,
    /// As first given.
    pub address: Option<String>,
    /// Promise of the service.
    pub due_at: DateTime<Utc>,
    /// When the first report arrived.
    pub opened_at: DateTime<Utc>,
    /// Reports that belong to it.
    pub report_count: i32,
    /// Why on hold.
    pub reason: Option<String>,
    /// When a hold is looked at again.
    pub review_on: Option<NaiveDate>,
}

/// What somebody said; nothing of who.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncReport {
    /// When the person saw it.
    pub observed_at: DateTime<Utc>,
    /// As given.
    pub description: Option<String>,
    /// To the category's questions, but for personal ones.
    #[schema(value_type = Object)]
    pub answers: Value,
    /// Where.
    pub position: PointBody,
}

vocabulary! {
    /// Where a photo stands, on its way to the tablet.
    SyncPhotoState {
        /// A crew's action says that it will come.
        Expected = "expected",
        /// It is here and not decoded yet.
        Received = "received",
        /// It can be looked at: `/v1/photos/{id}` has the links.
        Ready = "ready",
        /// It cannot be used.
        Refused = "refused",
    }
}

/// A photo of a task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncPhoto {
    /// Identity.
    pub id: Uuid,
    /// report or proof.
    pub kind: String,
    /// Where it stands.
    pub state: SyncPhotoState,
    /// ThumbHash in base64: drawn while the photo loads.
    pub placeholder: Option<String>,
}

/// A line of an alert's history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SyncNote {
    /// When.
    pub at: DateTime<Utc>,
    /// Name of the person, if it was one of the staff.
    pub by: Option<String>,
    /// What happened: a step, or `note`, `field_report`, `assign`...
    pub step: String,
    /// For colleagues.
    pub note: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

vocabulary! {
    /// Why a crew has a task no longer.
    GoneReason {
        /// It is done with.
        Ended = "ended",
        /// It was given to somebody else, or is no longer to be done.
        Withdrawn = "withdrawn",
        /// Its alert was merged into another.
        Merged = "merged",
    }
}

/// A task that the crew has no longer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GoneTask {
    /// Which.
    pub task_id: Uuid,
    /// Why.
    pub reason: GoneReason,
    /// The alert that its alert is now.
    pub merged_into: Option<Uuid>,
}

/// Brings a crew's tablet up to date: its tasks whole, those that are gone, and decisions on what it sent.
#[utoipa::path(operation_id = "sync", tag = "crew", params(SyncQuery),
    responses((status = 200, description = "What changed since the cursor.", body = SyncAnswer), StaffRead))]
#[get("/v1/sync")]
pub async fn sync(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    query: web::Query<SyncQuery>,
) -> Result<web::Json<SyncAnswer>, Problem> {
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&command.staff, Operation::ReadTasks)?;
    let crews = command.staff.crews();
    let log = change_log::identity(&command.tx).await?;
    let scope = cursor::scope(&log, command.town.id, &crews);
    let given = query.cursor.as_deref().map(|text| Cursor::read(&app.keys.server, text));
    let given = given.transpose()?.filter(|given| given.scope == scope);
    // First the log, then the rows: they are at least as new as what the cursor says.
    let horizon = change_log::horizon(&command.tx).await?;
    let since = given.filter(|given| !given.place.is_after(&horizon));
    let reset = since.is_none();
    let (cursor, has_more, found) = match since {
        Some(since) if since.after.is_none() => changed(&mut command, since, (&app, &client)).await?,
        since => {
            let begins = Cursor {
                scope,
                place: horizon,
                after: None,
            };
            everything(&mut command, since, begins, (&app, &client)).await?
        }
    };
    command.tx.commit().await?;
    Ok(web::Json(SyncAnswer {
        cursor: cursor.write(&app.keys.server)?,
        has_more,
        reset,
        server_time: command.now,
        tasks: found.tasks,
        gone: found.gone,
        receipts: found.receipts,
        crews: outgoing(&command.town),
    }))
}

/// What is new, whether more is to be had, and the cursor after it.
type Portion = (Cursor, bool, load::Found);

/// Every task, page by page. The place is that of the first page: what changed since comes from the log after the last.
async fn everything(
    command: &mut Command,
    since: Option<Cursor>,
    begins: Cursor,
    told: (&App, &Client),
) -> Result<Portion, Problem> {
    let crews = command.staff.crews();
    let after = since.as_ref().and_then(|since| since.after);
    let (mut found, last) = load::all(&mut command.tx, &command.town, &crews, after).await?;
    if since.is_none() {
        let actions = load::decided_lately(&mut command.tx, command.staff.device_id, command.now).await?;
        found.receipts = decided(command, &actions, told).await?;
    }
    let cursor = Cursor {
        after: last,
        ..since.unwrap_or(begins)
    };
    Ok((cursor, last.is_some(), found))
}

/// What changed since a place in the log.
async fn changed(command: &mut Command, since: Cursor, told: (&App, &Client)) -> Result<Portion, Problem> {
    let crews = command.staff.crews();
    let changes = change_log::next(&command.tx, command.town.id, &since.place).await?;
    let has_more = changes.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
    let alerts = change_log::alerts_of(&command.tx, command.town.id, &changes).await?;
    let tasks = named(&changes, "task");
    let mut found = load::changed(&mut command.tx, &command.town, &crews, (&alerts, &tasks)).await?;
    let actions = named(&changes, "field_action");
    found.receipts = decided(command, &actions, told).await?;
    let place = changes.last().map_or(since.place, Change::place);
    Ok((Cursor { place, ..since }, has_more, found))
}

fn outgoing(town: &Town) -> Vec<SyncCrew> {
    let active = town.crews.values().filter(|crew| crew.active);
    let named = |crew: &Crew| SyncCrew {
        id: crew.id,
        name: crew.name.clone(),
        vehicle: crew.vehicle.clone(),
        skills: crew.skills.clone(),
    };
    let mut crews: Vec<SyncCrew> = active.map(named).collect();
    crews.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    crews
}

fn named(changes: &[Change], entity: &str) -> Vec<Uuid> {
    let those = changes.iter().filter(|change| change.entity == entity);
    let ids: BTreeSet<Uuid> = those.map(|change| change.entity_id).collect();
    ids.into_iter().collect()
}

/// Decisions on actions that this tablet sent, or this person from elsewhere.
async fn decided(command: &mut Command, ids: &[Uuid], (app, client): (&App, &Client)) -> Result<Vec<Receipt>, Problem> {
    let mut receipts = Vec::new();
    for action in load::actions(&mut command.tx, ids).await? {
        let own = match command.staff.device_id {
            Some(device) => action.device_id == Some(device),
            None => action.sent_by == command.staff.staff_user_id,
        };
        if own {
            receipts.push(Receipt::of(&action, false, (&app.texts, client.locale))?);
        }
    }
    Ok(receipts)
}
