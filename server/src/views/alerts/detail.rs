//! One alert with everything about it that staff need, and nothing of who reported it.

use actix_web::http::header::{ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::history::{self, HistoryEvent};
use super::operations::{self, OperationBody};
use super::reasons::{self, CandidateBody};
use super::summary::AlertSummary;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::schema::{alert_link, alert_phase, hand_over, membership, photo, report};
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::{find, survivor};
use crate::flow::command::Command;
use crate::flow::status::advance::possible;
use crate::flow::status::vocabulary::Step;
use crate::http::client::Client;
use crate::http::etag;
use crate::http::point::PointBody;
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, permit};
use crate::text::{Locale, Texts};

/// Most reports, photos or links of one answer.
const MOST: i64 = 500;

/// An alert with everything about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertDetail {
    /// As in lists.
    #[serde(flatten)]
    pub alert: AlertSummary,
    /// The steps that lead somewhere from here.
    pub allowed: Vec<Step>,
    /// When merged away: the alert that it is now, however often that one was merged again.
    pub survivor: Option<AlertName>,
    /// What people said, oldest first; at most 500.
    pub reports: Vec<ReportBody>,
    /// Evidence and proof.
    pub photos: Vec<PhotoBody>,
    /// Why each report is here: every decision that ever placed it, oldest first.
    pub memberships: Vec<MembershipBody>,
    /// People's corrections that concerned it, oldest first; at most 500.
    pub operations: Vec<OperationBody>,
    /// Alerts that have to do with it.
    pub links: Vec<LinkBody>,
    /// Parts of the work: who has them, and when.
    pub phases: Vec<PhaseBody>,
    /// Hand-overs to outside bodies, latest first.
    pub hand_overs: Vec<HandOverBody>,
    /// What happened, oldest first.
    pub history: Vec<HistoryEvent>,
}

/// An alert by its names.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertName {
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
}

/// What one person said; no contact data.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReportBody {
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Code of the category that the person chose.
    pub category: String,
    /// Where.
    pub position: PointBody,
    /// Stated accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// As given.
    pub address: Option<String>,
    /// As given.
    pub description: Option<String>,
    /// To the category's questions, but for personal ones: those are read with the contact data.
    #[schema(value_type = Object)]
    pub answers: Value,
    /// 0 normal, 1 high, 2 danger.
    pub severity: i16,
    /// When the person saw it.
    pub observed_at: DateTime<Utc>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// How it came.
    pub channel: String,
    /// Whether the vault has something of the author: how to tell them, or personal answers.
    pub has_contact: bool,
    /// near_boundary, observed_clamped, late_evidence...
    pub flags: Vec<String>,
}

/// A photo; its bytes are served by a signed link.
#[derive(Debug, Serialize, Queryable, utoipa::ToSchema)]
pub struct PhotoBody {
    /// Identity.
    pub id: Uuid,
    /// Report it came with; none for a proof.
    pub report_id: Option<Uuid>,
    /// report or proof.
    pub kind: String,
    /// received, ready or refused.
    pub state: String,
    /// Why refused.
    pub refusal: Option<String>,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// When it arrived.
    pub uploaded_at: DateTime<Utc>,
    /// When a person released it to the public.
    pub released_at: Option<DateTime<Utc>>,
}

/// A decision that put a report into an alert.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MembershipBody {
    /// Report.
    pub report_id: Uuid,
    /// Alert that it went to: this one, or one that it left since.
    pub alert_id: Uuid,
    /// Alert it left, if any.
    pub from_alert_id: Option<Uuid>,
    /// open, join, suggest, late_evidence, person, merge, split, move, undo.
    pub decision: String,
    /// The decision in words, in the language of the request.
    pub label: String,
    /// Probability of the best candidate.
    pub posterior: Option<f32>,
    /// Candidates with features and contributions, likeliest first.
    pub reasons: Vec<CandidateBody>,
    /// A person's operation that it belongs to.
    pub operation_id: Option<Uuid>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Two alerts that have to do with each other.
#[derive(Debug, Serialize, Queryable, utoipa::ToSchema)]
pub struct LinkBody {
    /// The later one.
    pub from_alert: Uuid,
    /// The earlier one.
    pub to_alert: Uuid,
    /// recurrence, merged_into, suggested, split_from.
    pub kind: String,
    /// standing, confirmed, dismissed.
    pub state: String,
    /// Probability that they are the same.
    pub posterior: Option<f32>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A part of the work.
#[derive(Debug, Serialize, Queryable, utoipa::ToSchema)]
pub struct PhaseBody {
    /// qualification, treatment or delivery.
    pub phase: String,
    /// Person who took it; none: the service as a whole.
    pub owner_id: Option<Uuid>,
    /// When the alert came into it.
    pub started_at: DateTime<Utc>,
    /// When somebody of the service first looked at it.
    pub seen_at: Option<DateTime<Utc>>,
    /// When it left it.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A hand-over to an outside body.
#[derive(Debug, Serialize, Queryable, utoipa::ToSchema)]
pub struct HandOverBody {
    /// Identity.
    pub id: Uuid,
    /// Body.
    pub body_id: Uuid,
    /// sent, accepted, refused, taken_back.
    pub state: String,
    /// The body's own reference.
    pub reference: Option<String>,
    /// What it answered.
    pub note: Option<String>,
    /// When the sheet was sent.
    pub sent_at: DateTime<Utc>,
    /// When it answered.
    pub answered_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = report)]
struct ReportRow {
    id: Uuid,
    reference: String,
    category_id: Uuid,
    place: postgis_diesel::types::Point,
    accuracy_m: Option<f32>,
    address: Option<String>,
    description: Option<String>,
    answers: Value,
    severity: i16,
    observed_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    channel: String,
    subject_id: Option<Uuid>,
    flags: Vec<String>,
}

impl ReportRow {
    fn body(self, town: &Town) -> ReportBody {
        let category = town.category_by_id(self.category_id);
        ReportBody {
            id: self.id,
            reference: self.reference,
            category: category.map(|category| category.code.clone()).unwrap_or_default(),
            position: PointBody::of(self.place.x, self.place.y),
            accuracy_m: self.accuracy_m,
            address: self.address,
            description: self.description,
            answers: category.map_or_else(|| json!({}), |category| category.questions.impersonal(self.answers)),
            severity: self.severity,
            observed_at: self.observed_at,
            received_at: self.received_at,
            channel: self.channel,
            has_contact: self.subject_id.is_some(),
            flags: self.flags,
        }
    }
}

async fn reports(tx: &mut Tx, town: &Town, alert_id: Uuid) -> Result<Vec<ReportBody>, Problem> {
    let rows: Vec<ReportRow> = report::table
        .filter(report::jurisdiction_id.eq(town.id.0).and(report::alert_id.eq(alert_id)))
        .order((report::received_at, report::id))
        .limit(MOST)
        .select(ReportRow::as_select())
        .load(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|row| row.body(town)).collect())
}

async fn photos(tx: &mut Tx, alert_id: Uuid, reports: &[ReportBody]) -> Result<Vec<PhotoBody>, Problem> {
    let town = tx.town();
    let reports: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0))
        .filter(photo::alert_id.eq(alert_id).or(photo::report_id.eq_any(reports)))
        .order((photo::uploaded_at, photo::id))
        .limit(MOST)
        .select((
            photo::id,
            photo::report_id,
            photo::kind,
            photo::state,
            photo::refusal,
            photo::width,
            photo::height,
            photo::uploaded_at,
            photo::released_at,
        ));
    Ok(found.load(&mut **tx).await?)
}

/// A decision as stored.
type MembershipRow = (
    Uuid,
    Uuid,
    Option<Uuid>,
    String,
    Option<f32>,
    Value,
    Option<Uuid>,
    DateTime<Utc>,
);

async fn memberships(
    tx: &mut Tx,
    (texts, locale): (&Texts, Locale),
    reports: &[ReportBody],
) -> Result<Vec<MembershipBody>, Problem> {
    let town = tx.town();
    let reports: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
    let found = membership::table
        .filter(
            membership::jurisdiction_id
                .eq(town.0)
                .and(membership::report_id.eq_any(reports)),
        )
        .order(membership::id)
        .select((
            membership::report_id,
            membership::alert_id,
            membership::from_alert_id,
            membership::decision,
            membership::posterior,
            membership::reasons,
            membership::operation_id,
            membership::at,
        ));
    let rows: Vec<MembershipRow> = found.load(&mut **tx).await?;
    let body = |(report_id, alert_id, from_alert_id, decision, posterior, stored, operation_id, at): MembershipRow| {
        Ok(MembershipBody {
            report_id,
            alert_id,
            from_alert_id,
            label: reasons::decision(texts, locale, &decision),
            decision,
            posterior,
            reasons: reasons::read(texts, locale, stored)?,
            operation_id,
            at,
        })
    };
    rows.into_iter().map(body).collect()
}

async fn links(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<LinkBody>, Problem> {
    let town = tx.town();
    let found = alert_link::table
        .filter(alert_link::jurisdiction_id.eq(town.0))
        .filter(
            alert_link::from_alert
                .eq(alert_id)
                .or(alert_link::to_alert.eq(alert_id)),
        )
        .order(alert_link::at.desc())
        .limit(MOST)
        .select((
            alert_link::from_alert,
            alert_link::to_alert,
            alert_link::kind,
            alert_link::state,
            alert_link::posterior,
            alert_link::at,
        ));
    Ok(found.load(&mut **tx).await?)
}

async fn phases(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<PhaseBody>, Problem> {
    let town = tx.town();
    let found = alert_phase::table
        .filter(
            alert_phase::jurisdiction_id
                .eq(town.0)
                .and(alert_phase::alert_id.eq(alert_id)),
        )
        .order(alert_phase::started_at)
        .select((
            alert_phase::phase,
            alert_phase::owner_id,
            alert_phase::started_at,
            alert_phase::seen_at,
            alert_phase::ended_at,
        ));
    Ok(found.load(&mut **tx).await?)
}

async fn hand_overs(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<HandOverBody>, Problem> {
    let town = tx.town();
    let found = hand_over::table
        .filter(
            hand_over::jurisdiction_id
                .eq(town.0)
                .and(hand_over::alert_id.eq(alert_id)),
        )
        .order(hand_over::sent_at.desc())
        .select((
            hand_over::id,
            hand_over::body_id,
            hand_over::state,
            hand_over::reference,
            hand_over::note,
            hand_over::sent_at,
            hand_over::answered_at,
        ));
    Ok(found.load(&mut **tx).await?)
}

async fn read(tx: &mut Tx, town: &Town, words: (&Texts, Locale), alert: Alert) -> Result<AlertDetail, Problem> {
    let id = alert.id;
    let reports = reports(tx, town, id).await?;
    Ok(AlertDetail {
        allowed: possible(&alert)?,
        survivor: survivor_of(tx, &alert).await?,
        photos: photos(tx, id, &reports).await?,
        memberships: memberships(tx, words, &reports).await?,
        reports,
        operations: operations::read(tx, id).await?,
        links: links(tx, id).await?,
        phases: phases(tx, id).await?,
        hand_overs: hand_overs(tx, id).await?,
        history: history::read(tx, id).await?,
        alert: AlertSummary::from_row(town, alert)?,
    })
}

async fn survivor_of(tx: &mut Tx, alert: &Alert) -> Result<Option<AlertName>, Problem> {
    let Some(next) = alert.merged_into else {
        return Ok(None);
    };
    let survivor = survivor(tx, next).await?;
    Ok(Some(AlertName {
        id: survivor.id,
        reference: survivor.reference,
    }))
}

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
