//! Settling what an alert is and whose it is, over HTTP.

use actix_web::{HttpRequest, HttpResponse, patch, post, web};
use chrono::Utc;
use serde::Deserialize;
use uuid::Uuid;

use super::wire::{AlertAnswer, answer};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::flow::request::words;
use crate::flow::status::event::{By, Details};
use crate::flow::status::queries;
use crate::flow::status::triage::{self, Qualification};
use crate::http::client::Client;
use crate::http::etag::expected_version;
use crate::http::json::Body;
use crate::http::problem::{FieldErrors, Kind, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::Operation;

/// What is settled of an alert; what is not given stays as it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QualifyRequest {
    /// Code of a category that takes reports; the routing then says which service has it.
    pub category: Option<String>,
    /// 1 low, 2 normal, 3 high, 4 urgent.
    #[schema(minimum = 1, maximum = 4)]
    pub priority: Option<i16>,
    /// Service in charge.
    pub service_id: Option<Uuid>,
    /// For colleagues.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// Qualifies an alert, or corrects its category, priority or service.
#[utoipa::path(operation_id = "qualify_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-Match" = String, Header, description = "ETag that was read.")),
    request_body = QualifyRequest,
    responses(
        (status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))),
        (status = 428, description = "If-Match is missing.", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        StaffCommand,
    ))]
#[patch("/v1/alerts/{id}")]
pub async fn qualify_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    Body(body): Body<QualifyRequest>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "note", body.note.as_deref());
    errors.check(())?;
    if !request.headers().contains_key(actix_web::http::header::IF_MATCH) {
        return Err(Problem::new(Kind::PreconditionRequired));
    }
    let expected = expected_version(&request)?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (mut alert, role) = command.alert(id.into_inner(), Operation::Qualify, expected).await?;
    let details = Details {
        note: body.note.as_deref(),
        ..Details::default()
    };
    let by = By::staff(&command.staff, role, "qualify_alert", &client).with(details);
    let settled = Qualification {
        category: body.category.as_deref(),
        priority: body.priority,
        service_id: body.service_id,
    };
    let Command { mut tx, town, now, .. } = command;
    triage::qualify(&mut tx, &town, &mut alert, settled, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    answer(&town, &alert)
}

/// Notes that somebody of the service has looked at the alert; the front desk, which forwarded it, does not. Sent again it changes
/// nothing.
#[utoipa::path(operation_id = "see_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert.")),
    responses((status = 204, description = "Noted."), StaffCommand))]
#[post("/v1/alerts/{id}/seen")]
pub async fn see_alert(app: web::Data<App>, token: StaffToken, id: web::Path<Uuid>) -> Result<HttpResponse, Problem> {
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (alert, _) = command.alert(id.into_inner(), Operation::SeeAlert, None).await?;
    queries::see(&mut command.tx, &alert, command.now).await?;
    command.tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
