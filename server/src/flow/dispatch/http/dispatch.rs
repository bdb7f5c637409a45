//! Giving alerts to crews and planning tasks, over HTTP.

use actix_web::{HttpRequest, HttpResponse, patch, post, web};
use chrono::{NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::wire::TaskBody;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::flow::dispatch::give::{self, Order};
use crate::flow::dispatch::model::Shift;
use crate::flow::dispatch::queries::{self, Plan};
use crate::flow::request::words;
use crate::flow::status::event::By;
use crate::http::client::Client;
use crate::http::etag::expected_version;
use crate::http::json::Body;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::Operation;

/// Who goes, and when.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchRequest {
    /// Crew.
    pub crew_id: Uuid,
    /// Day, a local date from today on.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub planned_on: Option<NaiveDate>,
    /// Part of the day.
    pub shift: Option<Shift>,
    /// For the crew.
    #[schema(max_length = 4000)]
    pub instructions: Option<String>,
}

/// Another plan of a task; what is not given stays as it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// Day, a local date from today on.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub planned_on: Option<NaiveDate>,
    /// Part of the day.
    pub shift: Option<Shift>,
    /// Order in the crew's day; lower first.
    pub rank: Option<i32>,
    /// A re-planned round leaves it in its place.
    pub locked: Option<bool>,
    /// For the crew.
    #[schema(max_length = 4000)]
    pub instructions: Option<String>,
}

/// Gives the alert to a crew; whoever had it has it no longer.
#[utoipa::path(operation_id = "dispatch_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-Match" = Option<String>, Header, description = "ETag of the alert that was read.")),
    request_body = DispatchRequest,
    responses((status = 201, description = "The crew's task.", body = TaskBody), StaffCommand))]
#[post("/v1/alerts/{id}/dispatch")]
pub async fn dispatch_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    Body(body): Body<DispatchRequest>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "instructions", body.instructions.as_deref());
    errors.check(())?;
    let expected = expected_version(&request)?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (mut alert, role) = command.alert(id.into_inner(), Operation::Dispatch, expected).await?;
    let by = By::staff(&command.staff, role, "dispatch_alert", &client);
    let Command { mut tx, town, now, .. } = command;
    let order = Order {
        crew_id: body.crew_id,
        planned_on: body.planned_on,
        shift: body.shift,
        instructions: body.instructions.as_deref(),
    };
    let task = give::dispatch(&mut tx, &town, &mut alert, order, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Created().json(TaskBody::of(&town, task, &alert)?))
}

/// Plans a task anew: day, part of the day, order, words.
#[utoipa::path(operation_id = "plan_task", tag = "desk",
    params(("id" = Uuid, Path, description = "Task.")),
    request_body = PlanRequest,
    responses((status = 200, description = "The task as it stands now.", body = TaskBody), StaffCommand))]
#[patch("/v1/tasks/{id}")]
pub async fn plan_task(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<PlanRequest>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "instructions", body.instructions.as_deref());
    errors.check(())?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let seen = queries::find_task(&mut command.tx, id.into_inner()).await?;
    let (mut alert, role) = command.alert(seen.alert_id, Operation::Dispatch, None).await?;
    // Read again under the alert's lock.
    let task = queries::find_task(&mut command.tx, seen.id).await?;
    let by = By::staff(&command.staff, role, "plan_task", &client);
    let Command { mut tx, town, now, .. } = command;
    let plan = Plan {
        planned_on: body.planned_on,
        shift: body.shift.map(Shift::as_str),
        rank: body.rank,
        locked: body.locked,
        instructions: body.instructions.as_deref(),
    };
    let task = give::replan(&mut tx, &town, &mut alert, &task, &plan, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Ok().json(TaskBody::of(&town, task, &alert)?))
}
