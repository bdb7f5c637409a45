//! Deduplication policies over HTTP.

use std::collections::BTreeMap;

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use chrono::{DateTime, TimeDelta, Utc};
use geo_dedup::{PAST_DAYS, Policy};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::queries;
use super::trial::{PreviewAnswer, Trial, concerned};
use super::{category, checked};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::auth::token::StaffToken;
use crate::catalog::model::{Category, Town};
use crate::catalog::policy::PolicyDocument;
use crate::flow::command::Command;
use crate::http::client::Client;
use crate::http::etag::{expected_version, of_version};
use crate::http::json::Body;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::{StaffCommand, StaffRead};
use crate::people::policy::{Operation, Staff, Target, permit, permit_any};

/// Most reports that a preview places; of more, the latest.
const MOST_REPORTS: i64 = 20_000;
/// Farthest that a preview looks back, days.
const LONGEST_DAYS: u16 = 366;

/// A category's policy.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyAnswer {
    /// Code of the category.
    pub category: String,
    /// Grows with each change; stored with each decision; the ETag is `"v<version>"`.
    pub version: i32,
    /// What the town set; what is null follows the default.
    pub policy: PolicyDocument,
    /// What applies: the town's values, else the defaults.
    pub in_force: InForce,
    /// Every version so far, latest first.
    pub versions: Vec<PolicyVersion>,
}

/// The values that apply.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InForce {
    /// Search radius before accuracies are added, metres.
    pub radius_m: f64,
    /// Days that such a problem usually lasts.
    pub life_days: f64,
    /// Posterior probability from which a report joins.
    pub join_threshold: f64,
    /// Posterior probability from which a person is asked.
    pub suggest_threshold: f64,
    /// Largest distance between two reports of one alert, metres.
    pub span_m: f64,
    /// Positions stated worse than so many metres never join by place.
    pub worst_accuracy_m: f64,
    /// Reports on one exact point from which it is a default point.
    pub default_point_limit: u32,
    /// Days after a closing during which what was seen before it is attached to the closed alert.
    pub late_days: f64,
    /// Days after a closing during which a new alert is linked as its recurrence.
    pub recurrence_days: f64,
    /// Days after a rejection during which it is shown to who reports the same: set with the category.
    pub rejected_days: f64,
    /// Whether reports join without a person's word.
    pub joins_silently: bool,
    /// Codes of other categories whose alerts are candidates, each with the weight of the pair, 0 to 1.
    pub compatible: BTreeMap<String, f64>,
}

impl InForce {
    fn of(town: &Town, category: &Category, policy: &Policy) -> Self {
        let own = town.dedup_number(category.id);
        let others = town.categories.iter().filter(|other| other.id != category.id);
        let weighed = others.map(|other| {
            let weight = policy.compatibility(own, town.dedup_number(other.id));
            (other.code.clone(), weight)
        });
        Self {
            radius_m: policy.radius().get(),
            life_days: policy.life_days(),
            join_threshold: policy.join_threshold(),
            suggest_threshold: policy.suggest_threshold(),
            span_m: policy.span().get(),
            worst_accuracy_m: policy.worst_accuracy().get(),
            default_point_limit: policy.default_point_limit(),
            late_days: policy.late_days(),
            recurrence_days: policy.recurrence_days(),
            rejected_days: policy.rejected_days(),
            joins_silently: policy.joins_silently(),
            compatible: weighed.filter(|(_, weight)| *weight > 0.0).collect(),
        }
    }
}

/// A policy that is or was in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyVersion {
    /// Its number.
    pub version: i32,
    /// From when on.
    pub since: DateTime<Utc>,
    /// What was set.
    pub policy: PolicyDocument,
}

/// The policy of a category: when reports become one alert.
#[utoipa::path(operation_id = "get_dedup_policy", tag = "setup", params(("code" = String, Path, description = "Code of the category.")),
    responses((status = 200, description = "The policy.", body = PolicyAnswer, headers(("ETag" = String, description = "Its version."))), StaffRead))]
#[get("/v1/categories/{code}/dedup-policy")]
pub async fn get_dedup_policy(
    app: web::Data<App>,
    token: StaffToken,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let town = command.town.clone();
    let category = allowed(&command.staff, Operation::Oversee, &town, &code)?;
    let answer = answer(&mut command, category).await?;
    command.tx.commit().await?;
    Ok(said(answer))
}

/// The category of a code, if it is of a service in the person's scope: whom the policy concerns.
fn allowed<'a>(staff: &Staff, operation: Operation, town: &'a Town, code: &str) -> Result<&'a Category, Problem> {
    // First: who may do it to nothing at all learns of no category.
    permit_any(staff, operation)?;
    let category = category(town, code)?;
    let target = Target {
        service_id: Some(category.service_id.unwrap_or(town.default_service_id)),
        ..Target::default()
    };
    permit(staff, operation, &target)?;
    Ok(category)
}

fn said(answer: PolicyAnswer) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, of_version(answer.version)))
        .json(answer)
}

async fn answer(command: &mut Command, category: &Category) -> Result<PolicyAnswer, Problem> {
    let town = command.town.clone();
    let (version, document) = queries::present(&mut command.tx, category.id).await?;
    let policy = read(document)?;
    let kept = queries::versions(&command.tx, town.id, category.id).await?;
    let versions: Result<_, Problem> = kept
        .into_iter()
        .map(|kept| {
            Ok(PolicyVersion {
                version: kept.version,
                since: kept.since,
                policy: read(kept.document)?,
            })
        })
        .collect();
    Ok(PolicyAnswer {
        category: category.code.clone(),
        version,
        in_force: InForce::of(&town, category, &checked(&town, category, &policy, version)?),
        policy,
        versions: versions?,
    })
}

fn read(document: serde_json::Value) -> Result<PolicyDocument, Problem> {
    serde_json::from_value(document).map_err(Problem::internal)
}

/// Sets the policy of a category. Reports from then on follow it; what was decided before stays.
#[utoipa::path(operation_id = "set_dedup_policy", tag = "setup",
    params(("code" = String, Path, description = "Code of the category."), ("If-Match" = String, Header, description = "ETag that was read.")),
    request_body = PolicyDocument,
    responses(
        (status = 200, description = "The policy as it is now.", body = PolicyAnswer, headers(("ETag" = String, description = "Its version."))),
        (status = 428, description = "If-Match is missing.", body = ProblemBody, content_type = "application/problem+json"),
        StaffCommand,
    ))]
#[put("/v1/categories/{code}/dedup-policy")]
pub async fn set_dedup_policy(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    code: web::Path<String>,
    Body(document): Body<PolicyDocument>,
) -> Result<HttpResponse, Problem> {
    let expected = expected_version(&request)?;
    if !request.headers().contains_key(actix_web::http::header::IF_MATCH) {
        return Err(Problem::new(Kind::PreconditionRequired));
    }
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let town = command.town.clone();
    let category = allowed(&command.staff, Operation::ManageCatalogue, &town, &code)?;
    let (version, before) = queries::lock(&mut command.tx, category.id).await?;
    if expected.is_some_and(|expected| expected != version) {
        return Err(Problem::new(Kind::Stale).with("version", version));
    }
    checked(&town, category, &document, version + 1)?;
    if read(before.clone())? != document {
        let set = serde_json::to_value(&document).map_err(Problem::internal)?;
        queries::set(&mut command.tx, category.id, version + 1, &set).await?;
        let actor = command.staff.actor();
        let entry = Entry {
            actor: &actor,
            action: "set_dedup_policy",
            entity: "category",
            entity_id: Some(category.id),
            detail: json!({"version": version + 1, "before": before, "after": set}),
            request_id: Some(&client.request_id),
        };
        audit::record(&command.tx, town.id, &entry, command.now).await?;
    }
    let answer = answer(&mut command, category).await?;
    command.tx.commit().await?;
    Ok(said(answer))
}

/// A policy to be tried.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The policy.
    pub policy: PolicyDocument,
    /// How far to look back; 90 days when not given.
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u16>,
}

/// Tries a policy on the reports of the last months and writes nothing.
#[utoipa::path(operation_id = "preview_dedup_policy", tag = "setup",
    params(("code" = String, Path, description = "Code of the category.")),
    request_body = PreviewRequest,
    responses((status = 200, description = "What would have been different.", body = PreviewAnswer), StaffCommand))]
#[post("/v1/categories/{code}/dedup-policy/preview")]
pub async fn preview_dedup_policy(
    app: web::Data<App>,
    token: StaffToken,
    code: web::Path<String>,
    Body(body): Body<PreviewRequest>,
) -> Result<HttpResponse, Problem> {
    let days = body.days.unwrap_or(90);
    if !(1..=LONGEST_DAYS).contains(&days) {
        let range = vec![("range", format!("1–{LONGEST_DAYS}").into())];
        let mut errors = crate::http::problem::FieldErrors::default();
        errors.add_with("days", "out_of_range", range);
        return Err(errors.into_problem());
    }
    let command = Command::begin(&app, token, Utc::now()).await?;
    let (town, now) = (command.town.clone(), command.now);
    let tried = allowed(&command.staff, Operation::Oversee, &town, &code)?;
    let policy = checked(&town, tried, &body.policy, 0)?;
    let concerned = concerned(&town, tried, &policy);
    let since = now - TimeDelta::days(i64::from(days));
    // Reports of longer ago are not placed, but weigh on those that are.
    let weighs_since = since - TimeDelta::days(*PAST_DAYS.end() as i64);
    let mut past = queries::past(&command.tx, town.id, &concerned, weighs_since, MOST_REPORTS + 1).await?;
    command.tx.commit().await?;
    let most = usize::try_from(MOST_REPORTS).unwrap_or(usize::MAX);
    let truncated = past.len() > most;
    past.truncate(most);
    past.reverse();
    let trial = Trial::of(&town, &command.staff, tried.id, past, since)?;
    // Placing thousands of reports twice takes a while: other requests go on meanwhile.
    let placed = tokio::task::spawn_blocking(move || trial.run(&town, &policy));
    let mut answer = placed.await.map_err(Problem::internal)?;
    answer.truncated = truncated;
    Ok(HttpResponse::Ok().json(answer))
}
