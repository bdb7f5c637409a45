//! One alert as staff read it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::flow::status::vocabulary::Step;
use crate::http::point::PointBody;
use crate::views::alerts::history::HistoryEvent;
use crate::views::alerts::operations::OperationBody;
use crate::views::alerts::reasons::CandidateBody;
use crate::views::alerts::summary::AlertSummary;

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
    /// Candidates with features and contributions, likeliest first. Of a person's correction: the alert that the report went to,
    /// none if it was opened for it; of an undo: what had put the report there before.
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
