//! What corrections of the grouping are asked with, and what they answer.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::operation::{Done, OperationKind, Told, Warning};
use crate::flow::notification::regroup::{self, Sample};
use crate::flow::notification::scene::ReportFacts;
use crate::flow::notification::template::Template;
use crate::flow::report;
use crate::flow::report::reference::FollowCode;
use crate::http::etag;
use crate::http::problem::Problem;
use crate::text::{Locale, Texts};
use crate::views::alerts::summary::AlertSummary;

/// Query parameters of every correction.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// True: nothing is written; the answer says what would happen. Ids and references of what would be new are only
    /// examples.
    pub preview: Option<bool>,
}

/// Into which alert.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// Identity of the operation (UUID); with it the request may be sent again without harm.
    pub id: Option<Uuid>,
    /// The survivor: an open alert.
    pub into: Uuid,
    /// Version of the survivor that was read; the other one's is in `If-Match`.
    pub into_version: Option<i32>,
    /// Why, for colleagues; kept in both histories.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}

/// Which reports leave.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    /// Identity of the operation (UUID); with it the request may be sent again without harm.
    pub id: Option<Uuid>,
    /// Reports of the alert; at least one of its reports stays.
    #[schema(min_items = 1, max_items = 500)]
    pub reports: Vec<Uuid>,
    /// Why, for colleagues; kept in both histories.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}

/// Where a report goes.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// Identity of the operation (UUID); with it the request may be sent again without harm.
    pub id: Option<Uuid>,
    /// An open alert.
    pub to: Uuid,
    /// Version of that alert that was read.
    pub to_version: Option<i32>,
    /// Version that was read of the alert that the report leaves.
    pub from_version: Option<i32>,
    /// Why, for colleagues; kept in both histories.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}

/// Which alert it is not.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotSameRequest {
    /// Identity of the operation (UUID); with it the request may be sent again without harm.
    pub id: Option<Uuid>,
    /// The other alert.
    #[serde(rename = "as")]
    pub other: Uuid,
    /// Version of the other alert that was read; the first one's is in `If-Match`.
    pub as_version: Option<i32>,
    /// Why, for colleagues; kept in both histories.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}

/// Taking back.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {
    /// Identity of this undo (UUID); with it the request may be sent again without harm.
    pub id: Option<Uuid>,
    /// Why, for colleagues; kept in both histories.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}

/// Something to know before two alerts become one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WarningBody {
    /// What.
    pub code: Warning,
    /// The same in words, in the language of the request.
    pub label: String,
}

/// The message that followers get, as one of them would read it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MessageBody {
    /// Language: that of the request.
    pub locale: Locale,
    /// Subject of the mail.
    pub subject: String,
    /// Its first sentence.
    pub text: String,
    /// The text message.
    pub sms: String,
}

/// A correction of the grouping: what it did or would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OperationAnswer {
    /// Identity, by which it is undone.
    pub id: Uuid,
    /// What was done.
    pub kind: OperationKind,
    /// Whether this is a preview and nothing was written.
    pub preview: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// Two alerts as they stand after it: the one that reports left (or the first of the pair), then the one that they went
    /// to. Of an undo: in the order of what was undone.
    pub alerts: Vec<AlertSummary>,
    /// Reports that changed their alert.
    pub reports: Vec<Uuid>,
    /// Undo: reports that could not go back, since a person moved them meanwhile.
    pub stayed: Vec<Uuid>,
    /// Task that a crew has no longer.
    pub task_withdrawn: Option<Uuid>,
    /// Followers who are told, by their channel. Nobody is told of a sensitive category.
    pub told: Told,
    /// What they are told; absent when nobody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageBody>,
    /// Not before this time are they told; an undo before it calls the messages off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at: Option<DateTime<Utc>>,
    /// Undo: messages that had not left yet and do not leave any more.
    pub notices_withdrawn: i64,
    /// What speaks against it; it stops nothing.
    pub warnings: Vec<WarningBody>,
}

/// The message that followers hear of an operation, and whether it is about the first of both alerts.
const fn message_of(kind: OperationKind) -> Option<(Template, bool)> {
    match kind {
        OperationKind::Merge => Some((Template::Merged, false)),
        OperationKind::Split => Some((Template::Separated, false)),
        OperationKind::Move => Some((Template::Moved, false)),
        OperationKind::Undo => Some((Template::Moved, true)),
        OperationKind::NotSame => None,
    }
}

/// Puts an operation into words; reads the report that stands for all in its message.
///
/// # Errors
/// When the database refuses.
pub async fn describe(
    app: &App,
    tx: &Tx,
    town: &Town,
    (done, preview): (&Done, bool),
    locale: Locale,
) -> Result<OperationAnswer, Problem> {
    let trace = &done.trace;
    let [one, other] = &done.alerts;
    let mut message = None;
    let (anyone, first) = (trace.told.sent() + trace.told.app > 0, trace.reports.first());
    if let (Some((template, to_first)), true, Some(id)) = (message_of(done.kind), anyone, first)
        && let Some(report) = report::queries::find(tx, town.id, *id).await?
    {
        let facts = ReportFacts {
            id: report.id,
            reference: report.reference,
            category_id: report.category_id,
            received_at: report.received_at,
            // Nobody but its author reads the code.
            code: FollowCode::from_bytes([0; 5]).to_string(),
            address: report.address,
            place: report.place,
        };
        let alert = if to_first { one } else { other };
        let follow = format!("{}/suivi", app.config.public_url);
        let sample = regroup::sample((&app.texts, locale), town, template, alert, facts, &follow)?;
        message = Some(words(sample, locale));
    }
    let waits = done.kind != OperationKind::Undo && trace.told.sent() > 0;
    Ok(OperationAnswer {
        id: done.id,
        kind: done.kind,
        preview,
        at: done.at,
        alerts: vec![AlertSummary::of(town, one)?, AlertSummary::of(town, other)?],
        reports: trace.reports.clone(),
        stayed: trace.stayed.clone(),
        task_withdrawn: trace.task.as_ref().map(|task| task.id),
        told: trace.told,
        message,
        told_at: waits.then(|| done.at + regroup::PATIENCE),
        notices_withdrawn: trace.notices_withdrawn,
        warnings: trace
            .warnings
            .iter()
            .map(|code| warning(&app.texts, locale, *code))
            .collect(),
    })
}

fn words(sample: Sample, locale: Locale) -> MessageBody {
    MessageBody {
        locale,
        subject: sample.subject,
        text: sample.lead,
        sms: sample.sms,
    }
}

fn warning(texts: &Texts, locale: Locale, code: Warning) -> WarningBody {
    let id = format!("regroup-{}", code.as_str().replace('_', "-"));
    WarningBody {
        code,
        label: texts.say(locale, &id, &[]),
    }
}

/// The answer, with the ETag of the alert that the path or the report named.
#[must_use]
pub fn respond(body: OperationAnswer) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(first) = body.alerts.first().filter(|_| !body.preview) {
        response.insert_header((ETAG, etag::of_version(first.version)));
    }
    response.json(body)
}
