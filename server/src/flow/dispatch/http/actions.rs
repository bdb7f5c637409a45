//! A crew's actions over HTTP.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use geo_dedup::LonLat;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::TaskBody;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::{lock, survivor};
use crate::flow::command::Command;
use crate::flow::dispatch::act::{self, Action, Done};
use crate::flow::dispatch::model::Task;
use crate::flow::dispatch::queries::find_task;
use crate::flow::request::{Sent, request_hash};
use crate::flow::status::event::{By, Material};
use crate::flow::status::queries::is_replay;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::point::PointBody;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::{Operation, Role, Target, permit, permit_any};

/// What a crew did about a task.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRequest {
    /// The tablet's own id of it (UUIDv7): sent again, it counts once.
    pub id: Uuid,
    /// What.
    pub action: Action,
    /// Clock of the tablet.
    #[serde(deserialize_with = "crate::http::when::instant")]
    pub client_at: DateTime<Utc>,
    /// Where the crew stood at that moment; kept with this action and nowhere else.
    pub position: Option<PointBody>,
    /// Of the position, metres; a position worse than 1 km is not kept.
    #[schema(minimum = 0)]
    pub accuracy: Option<f64>,
    /// For the next in line.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    /// When to look again, for `need_material`.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub review_date: Option<NaiveDate>,
    /// For colleagues.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
    /// For residents.
    #[schema(max_length = 4000)]
    pub public_note: Option<String>,
    /// Time worked.
    #[schema(minimum = 0, maximum = 100_000)]
    pub minutes: Option<i32>,
    /// What was used up or is needed.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub material: Vec<Material>,
    /// Photos of the repair that were sent before.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub photo_ids: Vec<Uuid>,
}

impl ActionRequest {
    /// Holds every field against its range; where the crew stood, if that is kept.
    fn check(&self) -> Result<Option<LonLat>, Problem> {
        let mut errors = FieldErrors::default();
        let place = self.sent().check(&mut errors);
        errors.check(place)
    }

    fn sent(&self) -> Sent<'_> {
        Sent {
            reason: self.reason.as_deref(),
            note: self.note.as_deref(),
            public_note: self.public_note.as_deref(),
            minutes: self.minutes,
            material: &self.material,
            photo_ids: &self.photo_ids,
            position: self.position.as_ref(),
            accuracy: self.accuracy,
        }
    }

    fn done<'a>(&'a self, request_hash: &'a [u8], place: Option<LonLat>, proof_photos: u32) -> Done<'a> {
        Done {
            id: self.id,
            request_hash,
            action: self.action,
            client_at: self.client_at,
            place,
            reason: self.reason.as_deref(),
            review_date: self.review_date,
            note: self.note.as_deref(),
            public_note: self.public_note.as_deref(),
            minutes: self.minutes,
            material: &self.material,
            proof_photos,
            reported_since: false,
        }
    }
}

/// Takes a crew's action in. It may be sent again without harm.
#[utoipa::path(operation_id = "act_on_task", tag = "crew",
    params(("id" = Uuid, Path, description = "Task.")),
    request_body = ActionRequest,
    responses((status = 200, description = "The task as it stands now.", body = TaskBody), StaffCommand))]
#[post("/v1/tasks/{id}/actions")]
pub async fn act_on_task(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<ActionRequest>,
) -> Result<HttpResponse, Problem> {
    let place = body.check()?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&command.staff, Operation::ActOnTask)?;
    let seen = find_task(&mut command.tx, id.into_inner()).await?;
    // A word about a task whose alert was merged away belongs to the survivor.
    let about = match body.action {
        Action::Note => survivor(&mut command.tx, seen.alert_id).await?.id,
        _ => seen.alert_id,
    };
    let mut alert = lock(&mut command.tx, about).await?;
    // Read again under the alert's lock.
    let task = find_task(&mut command.tx, seen.id).await?;
    let hash = request_hash(task.id, &body)?;
    let role = may_act(&command, &alert, &task)?;
    let Command {
        mut tx,
        town,
        now,
        staff,
    } = command;
    if !is_replay(&mut tx, body.id, &hash).await? {
        act::require_live(&task, &alert, body.action)?;
        let proofs = act::proofs(&mut tx, &alert, body.id, &body.photo_ids).await?;
        let by = By::staff(&staff, role, "act_on_task", &client);
        let done = body.done(&hash, place, proofs);
        act::act(&mut tx, &town, &mut alert, &task, &done, by, now).await?;
    }
    let task = find_task(&mut tx, task.id).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Ok().json(TaskBody::of(&town, task, &alert)?))
}

/// The crew of the task may act on it, also once the alert is somebody else's: what it says then is heard or refused for
/// its reason.
fn may_act(command: &Command, alert: &Alert, task: &Task) -> Result<Role, Problem> {
    let target = Target {
        crew_id: Some(task.crew_id),
        ..alert.target()
    };
    permit(&command.staff, Operation::ActOnTask, &target)
}
