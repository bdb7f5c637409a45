//! "Still there": the one tap by which a reporter reopens an alert that was closed too early.
//!
//! It undoes a repair that did not hold, and nothing else: what a person refused stays refused, and a refusal here says
//! nothing of how the town stands with the alert.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::auth::extract::FollowSecret;
use crate::auth::secret;
use crate::db::directory::town_of;
use crate::flow::alert;
use crate::flow::alert::model::Alert;
use crate::flow::report;
use crate::flow::status::advance::advance;
use crate::flow::status::event::By;
use crate::flow::status::machine::Given;
use crate::flow::status::vocabulary::{PublicStatus, Status, Step};
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PublicRead;

/// How long after the closure one tap reopens: what shows up later broke anew, and gets a report and a date of its own.
const STILL: TimeDelta = TimeDelta::days(60);
/// How often the author of one report reopens: whoever has the link must not send crews out for ever.
const MOST: i64 = 3;
/// Its name in the trail, by which it is counted.
const OPERATION: &str = "report_still_there";

/// The reopened alert, as its reporter sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StillThere {
    /// Alert; absent for sensitive categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<Uuid>,
    /// Its reference; absent for sensitive categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its public status now.
    pub status: PublicStatus,
}

/// Say that it is still there: reopens an alert that was repaired at most 60 days ago, three times at most for one report.
/// Everyone who follows it hears.
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
        (status = 409, description = "It is not repaired, or that is too long ago, or it was said too often: `reason` is `not_repaired`, `too_late` or `too_often`.", body = ProblemBody, content_type = "application/problem+json"),
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
        ..By::reporter(OPERATION)
    };
    let said = audit::times(&tx, town.id, OPERATION, ("report", *id)).await?;
    may_reopen(&alert, said, now)?;
    let given = Given::on(town.day_at(now));
    advance(&mut tx, town, &mut alert, Step::Reopen, given, by, now).await?;
    let entry = audit::Entry {
        actor: &audit::Actor::Reporter,
        action: OPERATION,
        entity: "report",
        entity_id: Some(*id),
        detail: json!({"alert_id": alert.id}),
        request_id: Some(&client.request_id),
    };
    audit::record(&tx, town.id, &entry, now).await?;
    let sensitive = town.is_sensitive(&[report.category_id, alert.category_id]);
    let answer = answer(&alert, sensitive)?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Ok().json(answer))
}

/// Asked under the alert's lock, so that the step that follows is possible and no refusal of it, with the steps that staff
/// have, reaches a resident.
fn may_reopen(alert: &Alert, said: i64, now: DateTime<Utc>) -> Result<(), Problem> {
    let refused = |reason: &str| Err(Problem::new(Kind::Conflict).with("reason", reason));
    if alert.merged_into.is_some() || alert.status()? != Status::Resolved {
        return refused("not_repaired");
    }
    if alert.closed_at.is_none_or(|at| now - at > STILL) {
        return refused("too_late");
    }
    if said >= MOST {
        return refused("too_often");
    }
    Ok(())
}

fn answer(alert: &Alert, sensitive: bool) -> Result<StillThere, Problem> {
    let status = if sensitive { Status::New } else { alert.status()? };
    Ok(StillThere {
        alert_id: (!sensitive).then_some(alert.id),
        reference: (!sensitive).then(|| alert.reference.clone()),
        status: status.public_status(),
    })
}
