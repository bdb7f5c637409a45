//! Another service, a reminder, and taking back, over HTTP.

use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::Utc;
use serde::Deserialize;
use uuid::Uuid;

use super::wire::{AlertAnswer, answer};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::lock;
use crate::flow::command::Command;
use crate::flow::request::words;
use crate::flow::status::event::{By, Details};
use crate::flow::status::triage;
use crate::http::client::Client;
use crate::http::etag::expected_version;
use crate::http::json::Body;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::{Operation, Role, Target, permit};

/// Another service.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRequest {
    /// Service that gets the alert.
    pub service_id: Uuid,
    /// Why; kept in the history.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

/// A reminder.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemindRequest {
    /// For the service.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// Taking back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBackRequest {
    /// Why; kept in the history.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

fn check(field: &'static str, text: Option<&str>) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, field, text);
    errors.check(())
}

/// Gives the alert to another service. From the third time on it is flagged `ping_pong`.
#[utoipa::path(operation_id = "assign_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = AssignRequest,
    responses((status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))), StaffCommand))]
#[post("/v1/alerts/{id}/assign")]
pub async fn assign_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    Body(body): Body<AssignRequest>,
) -> Result<HttpResponse, Problem> {
    check("reason", Some(&body.reason))?;
    let expected = expected_version(&request)?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (mut alert, role) = command.alert(id.into_inner(), Operation::Assign, expected).await?;
    let by = By::staff(&command.staff, role, "assign_alert", &client);
    let Command { mut tx, town, now, .. } = command;
    triage::assign(&mut tx, &town, &mut alert, body.service_id, &body.reason, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    answer(&town, &alert)
}

/// Reminds the service: whoever entered one of the alert's reports may, and whoever may assign it.
#[utoipa::path(operation_id = "remind_service", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert.")),
    request_body = RemindRequest,
    responses((status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))), StaffCommand))]
#[post("/v1/alerts/{id}/remind")]
pub async fn remind_service(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<RemindRequest>,
) -> Result<HttpResponse, Problem> {
    check("note", body.note.as_deref())?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let mut alert = lock(&mut command.tx, id.into_inner()).await?;
    let role = may_remind(&mut command, &alert).await?;
    let details = Details {
        note: body.note.as_deref(),
        ..Details::default()
    };
    let by = By::staff(&command.staff, role, "remind_service", &client).with(details);
    let Command { mut tx, town, now, .. } = command;
    triage::remind(&mut tx, &town, &mut alert, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    answer(&town, &alert)
}

async fn may_remind(command: &mut Command, alert: &Alert) -> Result<Role, Problem> {
    let me = command.staff.staff_user_id;
    let entered = crate::flow::status::queries::entered_by(&mut command.tx, alert.id, me).await?;
    let target = Target {
        entered_by: entered.then_some(me),
        ..alert.target()
    };
    permit(&command.staff, Operation::FollowEntered, &target)
        .or_else(|refused| permit(&command.staff, Operation::Assign, &target).map_err(|_| refused))
}

/// Takes the alert back from its service, its crew or an outside body: it is new again, and whoever took it has it.
#[utoipa::path(operation_id = "take_back_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = TakeBackRequest,
    responses((status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))), StaffCommand))]
#[post("/v1/alerts/{id}/take-back")]
pub async fn take_back_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    Body(body): Body<TakeBackRequest>,
) -> Result<HttpResponse, Problem> {
    check("reason", Some(&body.reason))?;
    let expected = expected_version(&request)?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (mut alert, role) = command.alert(id.into_inner(), Operation::TakeBack, expected).await?;
    let by = By::staff(&command.staff, role, "take_back_alert", &client);
    let Command { mut tx, town, now, .. } = command;
    triage::take_back(&mut tx, &town, &mut alert, &body.reason, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    answer(&town, &alert)
}
