//! "Still there": the one tap by which a reporter reopens an alert that was closed too early.

use actix_web::{HttpResponse, post, web};
use chrono::Utc;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::auth::extract::FollowSecret;
use crate::auth::secret;
use crate::db::directory::town_of;
use crate::flow::alert;
use crate::flow::report;
use crate::flow::status::advance::advance;
use crate::flow::status::event::By;
use crate::flow::status::machine::Given;
use crate::flow::status::vocabulary::{PublicStatus, Step};
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PublicRead;

/// The reopened alert, as its reporter sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StillThere {
    /// Alert.
    pub alert_id: Uuid,
    /// Its reference.
    pub reference: String,
    /// Its public status now.
    pub status: PublicStatus,
}

/// Say that it is still there: reopens the alert that was closed. Everyone who follows it hears.
#[utoipa::path(
    operation_id = "report_still_there",
    tag = "resident",
    params(
        ("id" = Uuid, Path, description = "Report."),
        ("X-Follow-Secret" = String, Header, description = "Its follow secret."),
    ),
    responses(
        (status = 200, description = "Reopened.", body = StillThere),
        (status = 404, description = "No such report, or not with this secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not closed, or was refused.", body = ProblemBody, content_type = "application/problem+json"),
        PublicRead,
    )
)]
#[post("/v1/reports/{id}/still-there")]
pub async fn report_still_there(
    app: web::Data<App>,
    client: Client,
    id: web::Path<Uuid>,
    secret: FollowSecret,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Submit, &client)?;
    let now = Utc::now();
    let nothing = || Problem::new(Kind::NotFound);
    let given = secret.0.ok_or_else(nothing)?;
    let town = town_of(&app.db, *id, "report").await?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = catalogue.town(town).ok_or_else(nothing)?;
    let mut tx = app.db.begin(town.id).await?;
    let report = report::queries::find(&tx, town.id, *id).await?.ok_or_else(nothing)?;
    if !secret::matches(given.as_bytes(), &report.follow_hash) {
        return Err(nothing());
    }
    let mut alert = alert::queries::lock(&mut tx, report.alert_id).await?;
    let there = report::queries::find(&tx, town.id, *id).await?;
    if there.is_none_or(|report| report.alert_id != alert.id) {
        // Somebody put the report into another alert while this one's lock was waited for.
        return Err(Problem::unavailable("the report went elsewhere meanwhile"));
    }
    let by = By {
        request_id: Some(&client.request_id),
        ..By::reporter("report_still_there")
    };
    let today = now.with_timezone(&town.time_zone).date_naive();
    advance(&mut tx, town, &mut alert, Step::Reopen, Given::on(today), by, now).await?;
    let answer = StillThere {
        alert_id: alert.id,
        reference: alert.reference.clone(),
        status: alert.status()?.public_status(),
    };
    tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Ok().json(answer))
}
