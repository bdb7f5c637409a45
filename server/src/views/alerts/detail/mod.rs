//! One alert with everything about it that staff need, and nothing of who reported it.

mod read;
mod wire;

use actix_web::http::header::{ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::Utc;
use serde::Serialize;
use uuid::Uuid;

use super::history::{self, HistoryEvent};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::alert::queries::find;
use crate::flow::command::Command;
use crate::http::client::Client;
use crate::http::etag;
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, permit};
use read::read;
use wire::AlertDetail;

/// One alert with everything about it. One that was merged away is answered too, with its survivor named.
#[utoipa::path(operation_id = "get_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-None-Match" = Option<String>, Header, description = "ETag that the client holds.")),
    responses(
        (status = 200, description = "The alert.", body = AlertDetail, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "As the client holds it."),
        StaffRead,
    ))]
#[get("/v1/alerts/{id}")]
pub async fn get_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let Command {
        mut tx, staff, town, ..
    } = Command::begin(&app, token, Utc::now()).await?;
    let alert = find(&mut tx, id.into_inner()).await?;
    permit(&staff, Operation::ReadAlert, &alert.target())?;
    let tag = etag::of_version(alert.version);
    if etag::client_has(&request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let detail = read(&mut tx, &town, (&app.texts, client.locale), alert).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((VARY, "Accept-Language"))
        .json(detail))
}

/// What happened to an alert.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct History {
    /// Oldest first; at most 1,000.
    pub items: Vec<HistoryEvent>,
}

/// What happened to one alert, oldest first.
#[utoipa::path(operation_id = "get_alert_history", tag = "desk", params(("id" = Uuid, Path, description = "Alert.")),
    responses((status = 200, description = "Its history.", body = History), StaffRead))]
#[get("/v1/alerts/{id}/history")]
pub async fn get_alert_history(
    app: web::Data<App>,
    token: StaffToken,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let Command { mut tx, staff, .. } = Command::begin(&app, token, Utc::now()).await?;
    let alert = find(&mut tx, id.into_inner()).await?;
    permit(&staff, Operation::ReadAlert, &alert.target())?;
    let items = history::read(&mut tx, alert.id).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(History { items }))
}
