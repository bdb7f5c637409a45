//! Steps of an alert over HTTP.

use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::{AlertAnswer, answer};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::lock;
use crate::flow::command::{Command, current};
use crate::flow::dispatch::{self, act, hand_over};
use crate::flow::request::{Sent, request_hash};
use crate::flow::status::advance::advance;
use crate::flow::status::event::{By, Details, Material};
use crate::flow::status::machine::Given;
use crate::flow::status::vocabulary::{HoldReason, Step};
use crate::flow::status::{queries, triage};
use crate::http::client::Client;
use crate::http::etag::expected_version;
use crate::http::json::Body;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::{Operation, permit, permit_any};

/// A step of an alert.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRequest {
    /// The client's own id (UUIDv7): sent again, the step is not taken again.
    pub id: Option<Uuid>,
    /// Which; a crew is given by `/dispatch`.
    pub step: Step,
    /// Why, in words: for `reject`, `take_back`.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    /// What a hold waits for.
    pub hold_reason: Option<HoldReason>,
    /// When a hold is looked at again.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub review_date: Option<NaiveDate>,
    /// When the crew will come.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub planned_date: Option<NaiveDate>,
    /// Outside body, for `transfer`.
    pub body_id: Option<Uuid>,
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

impl StepRequest {
    fn check(&self) -> Result<(), Problem> {
        let mut errors = FieldErrors::default();
        // A step of the desk has no place.
        self.sent().check(&mut errors);
        if self.step == Step::Dispatch {
            errors.add("step", "use_dispatch");
        }
        errors.check(())
    }

    fn sent(&self) -> Sent<'_> {
        Sent {
            reason: self.reason.as_deref(),
            note: self.note.as_deref(),
            public_note: self.public_note.as_deref(),
            minutes: self.minutes,
            material: &self.material,
            photo_ids: &self.photo_ids,
            ..Sent::default()
        }
    }

    fn details<'a>(&'a self, request_hash: &'a [u8]) -> Details<'a> {
        Details {
            id: self.id,
            request_hash: self.id.map(|_| request_hash),
            note: self.note.as_deref(),
            public_note: self.public_note.as_deref(),
            minutes: self.minutes,
            material: &self.material,
            ..Details::default()
        }
    }
}

/// The operation that a step is, for the policy.
const fn operation(step: Step) -> Operation {
    match step {
        Step::Qualify => Operation::Qualify,
        Step::Dispatch | Step::Plan => Operation::Dispatch,
        Step::Hold | Step::Resume => Operation::Hold,
        Step::Deliver | Step::Reopen => Operation::Deliver,
        Step::Reject => Operation::Reject,
        Step::Transfer => Operation::Transfer,
        Step::TakeBack => Operation::TakeBack,
        Step::Start
        | Step::Pause
        | Step::MakeSafe
        | Step::Finish
        | Step::NotFound
        | Step::NotOurs
        | Step::NeedMaterial
        | Step::Dangerous => Operation::ActOnTask,
    }
}

/// Takes a step of an alert.
///
/// With an `id` of the client it may be sent again without harm. With `If-Match` it is only taken if the alert is still as
/// it was read.
#[utoipa::path(operation_id = "take_step", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = StepRequest,
    responses(
        (status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))),
        StaffCommand,
    ))]
#[post("/v1/alerts/{id}/steps")]
pub async fn take_step(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    Body(body): Body<StepRequest>,
) -> Result<HttpResponse, Problem> {
    body.check()?;
    let (id, expected) = (id.into_inner(), expected_version(&request)?);
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let operation = operation(body.step);
    permit_any(&command.staff, operation)?;
    let mut alert = lock(&mut command.tx, id).await?;
    let hash = request_hash(id, &body)?;
    if is_replay(&mut command.tx, body.id, &hash).await? {
        return answer(&command.town, &alert);
    }
    let role = permit(&command.staff, operation, &alert.target())?;
    current(&alert, expected)?;
    let by = By::staff(&command.staff, role, "take_step", &client).with(body.details(&hash));
    take(&mut command, &mut alert, &body, by).await?;
    command.tx.commit().await?;
    app.wake.notify_one();
    answer(&command.town, &alert)
}

/// Whether the action with this id, if it has one, was taken before.
async fn is_replay(tx: &mut Tx, id: Option<Uuid>, hash: &[u8]) -> Result<bool, Problem> {
    match id {
        Some(id) => queries::is_replay(tx, id, hash).await,
        None => Ok(false),
    }
}

async fn take(command: &mut Command, alert: &mut Alert, body: &StepRequest, by: By<'_>) -> Result<(), Problem> {
    let Command { tx, town, now, .. } = command;
    let now: DateTime<Utc> = *now;
    let reason = body.reason.as_deref();
    match (body.step, body.body_id) {
        (Step::Transfer, Some(body_id)) => hand_over::send(tx, town, alert, body_id, reason, by, now).await?,
        (Step::TakeBack, _) => triage::take_back(tx, town, alert, reason.unwrap_or_default(), by, now).await?,
        (step, body_id) => {
            // What it names as proof belongs to this step, whether or not the client gave it an id.
            let id = by.details.id.unwrap_or_else(Uuid::now_v7);
            let details = Details {
                id: Some(id),
                ..by.details
            };
            let given = Given {
                today: town.day_at(now),
                reason,
                hold_reason: body.hold_reason,
                review_date: body.review_date,
                planned_date: body.planned_date,
                outside_body: body_id,
                proof_photos: act::proofs(tx, alert, id, &body.photo_ids).await?,
                hold_delivery: false,
            };
            if let Some(day) = body.planned_date.filter(|_| step == Step::Plan) {
                dispatch::give::plan_live(tx, town, alert, day, now).await?;
            }
            advance(tx, town, alert, step, given, by.with(details), now).await?
        }
    };
    Ok(())
}
