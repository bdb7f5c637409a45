//! A report as its author follows it: where its alert stands now and what happened so far. With the follow secret, or, for
//! the telephone, the reference and its code (status only).

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::particulars::{Particulars, Reader, particulars};
use crate::app::App;
use crate::auth::extract::FollowSecret;
use crate::auth::secret;
use crate::catalog::model::Catalogue;
use crate::db::directory::town_of;
use crate::db::schema::status_event;
use crate::db::{TownId, Tx};
use crate::flow::alert;
use crate::flow::alert::model::Alert;
use crate::flow::report::acknowledge::{Jurisdiction, jurisdiction};
use crate::flow::report::buckets::ReportedBy;
use crate::flow::report::model::DayRange;
use crate::flow::report::queries::{self, StoredReport};
use crate::flow::report::reference::{FollowCode, Reference};
use crate::flow::status::vocabulary::{PublicStatus, Status};
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::limits::Class;
use crate::http::problem::{FieldErrors, Kind, Problem, ProblemBody};
use crate::http::responses::{PublicBody, PublicRead};

/// A report and where it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowedReport {
    /// Report.
    pub id: Uuid,
    /// What to say on the telephone.
    pub reference: String,
    /// Town.
    pub jurisdiction: Jurisdiction,
    /// Code of the category that the author chose.
    pub category: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// What the author wrote.
    pub description: Option<String>,
    /// Public status of its alert; `received` for sensitive categories until the end.
    pub status: PublicStatus,
    /// Since when.
    pub status_at: DateTime<Utc>,
    /// Why it was refused or waits, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it should be done.
    pub expected_by: Option<DayRange>,
    /// Its alert; absent for sensitive categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<FollowedAlert>,
    /// What happened, oldest first.
    pub history: Vec<PublicStep>,
}

/// A report as its author reads it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowedByAuthor {
    /// Where it stands.
    #[serde(flatten)]
    pub report: FollowedReport,
    /// What stands around it.
    #[serde(flatten)]
    pub particulars: Particulars,
}

/// The alert of a followed report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowedAlert {
    /// Alert.
    pub id: Uuid,
    /// Its reference.
    pub reference: String,
    /// How many reported it: 1, 2-5, 6+.
    #[schema(value_type = String, example = "2-5")]
    pub reported_by: ReportedBy,
    /// Whether it still takes reports.
    pub open: bool,
}

/// One public step.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PublicStep {
    /// When.
    pub at: DateTime<Utc>,
    /// Public status from then on.
    pub status: PublicStatus,
    /// What the service wrote to residents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Follow a report: where it stands and what happened.
#[utoipa::path(
    operation_id = "get_report",
    tag = "resident",
    params(
        ("id" = Uuid, Path, description = "Report."),
        ("X-Follow-Secret" = String, Header, description = "Its follow secret."),
    ),
    responses(
        (status = 200, description = "The report.", body = FollowedByAuthor),
        (status = 404, description = "No such report, or not with this secret.", body = ProblemBody, content_type = "application/problem+json"),
        PublicRead,
    )
)]
#[get("/v1/reports/{id}")]
pub async fn get_report(
    app: web::Data<App>,
    client: Client,
    id: web::Path<Uuid>,
    secret: FollowSecret,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Read, &client)?;
    let nothing = || Problem::new(Kind::NotFound);
    let given = secret.0.ok_or_else(nothing)?;
    let town = town_of(&app.db, *id, "report").await?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let mut tx = app.db.begin(town).await?;
    let report = queries::find(&tx, town, *id).await?.ok_or_else(nothing)?;
    if !secret::matches(given.as_bytes(), &report.follow_hash) {
        return Err(nothing());
    }
    let known = catalogue.town(town).ok_or_else(nothing)?;
    let category = known.category_by_id(report.category_id);
    let category = category.ok_or_else(|| Problem::internal("the category is gone"))?;
    let alert = alert::queries::survivor(&mut tx, report.alert_id).await?;
    let reader = Reader {
        app: &app,
        locale: client.locale,
        now: Utc::now(),
    };
    let particulars = particulars(reader, &mut tx, known, category, &report, &alert).await?;
    let report = followed(&mut tx, &catalogue, report).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(FollowedByAuthor { report, particulars }))
}

/// A reference and its code, as said on the telephone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Short name of the town.
    pub jurisdiction: String,
    /// Reference of the report; spaces, case and look-alike letters don't matter.
    #[schema(example = "R-7K3M-2Q9X-8")]
    pub reference: String,
    /// The 8-character code of the acknowledgement.
    #[schema(example = "4XTR-90KD")]
    pub code: String,
}

/// What the telephone is told: the status only.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LookedUp {
    /// Reference as stored.
    pub reference: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Public status.
    pub status: PublicStatus,
    /// Since when.
    pub status_at: DateTime<Utc>,
    /// When it should be done.
    pub expected_by: Option<DayRange>,
}

/// Look a report up by what was said on the telephone: shows its status only.
#[utoipa::path(
    operation_id = "look_up_report",
    tag = "resident",
    request_body = Lookup,
    responses(
        (status = 200, description = "Where it stands.", body = LookedUp),
        (status = 404, description = "No such reference, or another code.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The reference or the code is mistyped.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Not now.", body = ProblemBody, content_type = "application/problem+json"),
        PublicBody,
    )
)]
#[post("/v1/reports/lookup")]
pub async fn look_up_report(app: web::Data<App>, client: Client, body: Body<Lookup>) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Guess, &client)?;
    let (reference, code) = read(&body.0)?;
    let nothing = || Problem::new(Kind::NotFound);
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = catalogue
        .by_slug(&body.0.jurisdiction)
        .map(|town| town.id)
        .ok_or_else(nothing)?;
    let now = Utc::now();
    // Counted under the reference too: guessing one code from many addresses is slowed down.
    let guess = app
        .limits
        .guess(&format!("reference:{}:{reference}", town.0), &client, now)?;
    guess.slow_down().await;
    let mut tx = app.db.begin(town).await?;
    let report = queries::find_by_reference(&tx, town, &reference.to_string())
        .await?
        .ok_or_else(nothing)?;
    if !secret::matches(format!("{} {reference} {code}", town.0).as_bytes(), &report.code_hash) {
        return Err(nothing());
    }
    guess.right(now);
    let followed = followed(&mut tx, &catalogue, report).await?;
    tx.commit().await?;
    let FollowedReport {
        reference,
        received_at,
        status,
        status_at,
        expected_by,
        ..
    } = followed;
    Ok(HttpResponse::Ok().json(LookedUp {
        reference,
        received_at,
        status,
        status_at,
        expected_by,
    }))
}

fn read(lookup: &Lookup) -> Result<(Reference, FollowCode), Problem> {
    let mut errors = FieldErrors::default();
    let reference: Option<Reference> = lookup.reference.parse().ok();
    let code: Option<FollowCode> = lookup.code.parse().ok();
    if reference.is_none() {
        errors.add("reference", "mistyped_reference");
    }
    if code.is_none() {
        errors.add("code", "mistyped_code");
    }
    errors.check(())?;
    reference.zip(code).ok_or_else(|| Problem::new(Kind::Invalid))
}

async fn followed(tx: &mut Tx, catalogue: &Catalogue, report: StoredReport) -> Result<FollowedReport, Problem> {
    let town_id = tx.town();
    let town = catalogue.town(town_id).ok_or_else(|| Problem::new(Kind::NotFound))?;
    let category = town
        .category_by_id(report.category_id)
        .ok_or_else(|| Problem::internal("the category is gone"))?;
    let alert = alert::queries::survivor(tx, report.alert_id).await?;
    let sensitive = town.is_sensitive(&[report.category_id, alert.category_id]);
    let steps = if sensitive {
        Vec::new()
    } else {
        history(tx, town_id, alert.id).await?
    };
    let (status, reason) = shown(&alert, sensitive)?;
    let expected = alert
        .expected_from
        .zip(alert.expected_to)
        .filter(|_| alert.open && !sensitive);
    Ok(FollowedReport {
        id: report.id,
        reference: report.reference,
        jurisdiction: jurisdiction(town),
        category: category.code.clone(),
        received_at: report.received_at,
        description: report.description,
        status,
        status_at: if sensitive && alert.open {
            report.received_at
        } else {
            alert.status_at
        },
        reason,
        expected_by: expected.map(|(from, to)| DayRange { from, to }),
        alert: (!sensitive).then(|| told(&alert)),
        history: steps,
    })
}

/// What may be shown of the status: of what is sensitive "received" until the end.
fn shown(alert: &Alert, sensitive: bool) -> Result<(PublicStatus, Option<String>), Problem> {
    let status = alert.status()?;
    if sensitive {
        let ended = matches!(status, Status::Resolved | Status::Rejected);
        return Ok((
            if ended {
                status.public_status()
            } else {
                Status::New.public_status()
            },
            None,
        ));
    }
    Ok((status.public_status(), alert.reason.clone()))
}

fn told(alert: &Alert) -> FollowedAlert {
    let reported_by = ReportedBy::of(u64::try_from(alert.report_count).unwrap_or(1)).unwrap_or(ReportedBy::One);
    FollowedAlert {
        id: alert.id,
        reference: alert.reference.clone(),
        reported_by,
        open: alert.open,
    }
}

async fn history(tx: &Tx, town: TownId, alert_id: Uuid) -> Result<Vec<PublicStep>, Problem> {
    let rows: Vec<(DateTime<Utc>, String, Option<String>)> = status_event::table
        .filter(
            status_event::jurisdiction_id
                .eq(town.0)
                .and(status_event::alert_id.eq(alert_id)),
        )
        .order((status_event::at, status_event::id))
        .select((status_event::at, status_event::to_status, status_event::public_note))
        .load(&mut &**tx)
        .await?;
    let mut steps: Vec<PublicStep> = Vec::new();
    for (at, status, note) in rows {
        let status = status.parse::<Status>().map_err(Problem::internal)?.public_status();
        // Internal steps that mean the same to the public are one; words for residents are always shown.
        if steps.last().is_none_or(|last| last.status != status) || note.is_some() {
            steps.push(PublicStep { at, status, note });
        }
    }
    Ok(steps)
}
