//! What tablets send after a time without network, and what a person decides of it.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::apply::{Received, take_in};
use super::decide::{Decision, decide, report_first};
use super::model::{FieldAction, FieldKind, Outcome, Reason, StoredAction};
use super::queries;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::flow::request::words;
use crate::flow::status::event::By;
use crate::http::client::Client;
use crate::http::json::{Batch, Body, nul_in};
use crate::http::problem::{FieldErrors, Kind, Problem};
use crate::http::responses::{StaffCommand, StaffRead};
use crate::people::policy::{Operation, permit_any};
use crate::text::{Locale, Texts};
use crate::views::alerts::scope::in_scope;

/// Most actions of one request.
const MOST: usize = 100;

/// Actions in the order in which they were made. An action that cannot be read is refused alone: the others count.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionBatch {
    /// 1 to 100.
    #[schema(value_type = Vec<FieldAction>, min_items = 1, max_items = 100)]
    pub actions: Vec<Value>,
}

/// What became of each action, in the order of the request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Receipts {
    /// One for each action; fewer where the server stumbled: what has none is sent again.
    pub receipts: Vec<Receipt>,
}

/// What became of an action.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Receipt {
    /// The tablet's own id of the action.
    pub id: Uuid,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether this was answered before.
    pub replayed: bool,
    /// Why it did not simply take effect.
    pub reason: Option<Reason>,
    /// The same in words, in the language of the request.
    pub message: Option<String>,
    /// What lacked or was out of range: `kind`, and `errors` with field and code.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
    /// Task that it was about.
    pub task_id: Option<Uuid>,
    /// Alert that it came to.
    pub alert_id: Option<Uuid>,
    /// Whether somebody of the service will look at it.
    pub review: bool,
    /// When it arrived first; none: it was not kept, because nothing could be read of it.
    pub received_at: Option<DateTime<Utc>>,
}

impl Receipt {
    /// Of an action that was kept.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn of(action: &StoredAction, replayed: bool, (texts, locale): (&Texts, Locale)) -> Result<Self, Problem> {
        let reason: Option<Reason> = action
            .reason
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(Problem::internal)?;
        Ok(Self {
            id: action.id,
            outcome: action.outcome.parse().map_err(Problem::internal)?,
            replayed,
            reason,
            message: reason.map(|reason| texts.say(locale, &format!("field-action-{reason}"), &[])),
            problem: action.problem.clone(),
            task_id: action.task_id,
            alert_id: action.alert_id,
            review: action.review,
            received_at: Some(action.received_at),
        })
    }

    /// Of something of which only the id can be read.
    fn unreadable(id: Uuid, why: String, (texts, locale): (&Texts, Locale)) -> Self {
        Self {
            id,
            outcome: Outcome::Refused,
            replayed: false,
            reason: Some(Reason::Incomplete),
            message: Some(texts.say(locale, &format!("field-action-{}", Reason::Incomplete), &[])),
            problem: Some(serde_json::json!({"kind": Kind::MalformedBody.slug(), "detail": why})),
            task_id: None,
            alert_id: None,
            review: false,
            received_at: None,
        }
    }
}

/// Takes in what a crew did without network. Each action has its own receipt and is answered alike for ever; what cannot
/// take effect is kept for a person. Where the server stumbles over one, those before it have their receipts; it and what comes
/// after it, by `seq`, have none and are sent again.
#[utoipa::path(operation_id = "sync_actions", tag = "crew", request_body = ActionBatch,
    responses((status = 200, description = "A receipt for each action that was taken in.", body = Receipts), StaffCommand))]
#[post("/v1/sync/actions")]
pub async fn sync_actions(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    Batch(body): Batch<ActionBatch>,
) -> Result<HttpResponse, Problem> {
    if body.actions.is_empty() || body.actions.len() > MOST {
        return Err(Problem::field("actions", "batch_size"));
    }
    let id = |action: &Value| action.get("id").and_then(|id| id.as_str()?.parse::<Uuid>().ok());
    let Some(ids) = body.actions.iter().map(id).collect::<Option<Vec<_>>>() else {
        return Err(Problem::field("actions.id", "not_a_uuid"));
    };
    may_send(&app, token).await?;
    let words = (&*app.texts, client.locale);
    let mut receipts: Vec<Option<Receipt>> = vec![None; ids.len()];
    let mut readable = Vec::with_capacity(ids.len());
    for (place, (action, id)) in body.actions.into_iter().zip(ids).enumerate() {
        match readable_action(action) {
            Ok(action) => readable.push((place, action)),
            Err(why) => receipts[place] = Some(Receipt::unreadable(id, why, words)),
        }
    }
    readable.sort_by_key(|(place, action)| (action.seq, *place));
    for (place, action) in readable {
        // Actions of one request come one after the other, as they were made.
        match receive(&app, token, &client, &action).await {
            Ok(receipt) => receipts[place] = Some(receipt),
            // Receipts that were given count: a tablet that never hears of them sends the same for ever.
            Err(problem) if receipts.iter().any(Option::is_some) => {
                tracing::error!(action = %action.id, %problem, "an action could not be taken in");
                break;
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(HttpResponse::Ok().json(Receipts {
        receipts: receipts.into_iter().flatten().collect(),
    }))
}

async fn receive(app: &App, token: StaffToken, client: &Client, action: &FieldAction) -> Result<Receipt, Problem> {
    let Received { action, replayed } = take_in(app, token, client, action, Utc::now()).await?;
    Receipt::of(&action, replayed, (&app.texts, client.locale))
}

/// The action, or why nothing of it can be kept.
fn readable_action(action: Value) -> Result<FieldAction, String> {
    if let Some(field) = nul_in(&action) {
        return Err(format!("{field} holds the character NUL"));
    }
    serde_json::from_value(action).map_err(|why| why.to_string())
}

async fn may_send(app: &App, token: StaffToken) -> Result<(), Problem> {
    let command = Command::begin(app, token, Utc::now()).await?;
    permit_any(&command.staff, Operation::ActOnTask)?;
    command.tx.rollback().await
}

/// An action of a crew that a person should look at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldActionBody {
    /// What became of it so far.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// What was done.
    pub kind: FieldKind,
    /// Who did it.
    pub agent_id: Uuid,
    /// Clock of the tablet.
    pub client_at: DateTime<Utc>,
    /// All that was sent.
    #[schema(value_type = Object)]
    pub action: Value,
}

/// Actions that a person should look at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldActionList {
    /// What waits for a decision first, then what took effect and should be seen; oldest first, at most 500.
    pub items: Vec<FieldActionBody>,
}

/// What crews did that could not simply take effect, in one's scope.
#[utoipa::path(operation_id = "list_field_actions", tag = "desk",
    responses((status = 200, description = "The actions.", body = FieldActionList), StaffRead))]
#[get("/v1/field-actions")]
pub async fn list_field_actions(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
) -> Result<web::Json<FieldActionList>, Problem> {
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&command.staff, Operation::Dispatch)?;
    let scope = in_scope(&command.staff, Operation::Dispatch);
    let found = queries::open(&mut command.tx, scope).await?;
    let items: Result<Vec<_>, _> = found
        .into_iter()
        .map(|action| shown(action, (&app.texts, client.locale)))
        .collect();
    let items = items?;
    command.tx.commit().await?;
    Ok(web::Json(FieldActionList { items }))
}

fn shown(action: StoredAction, words: (&Texts, Locale)) -> Result<FieldActionBody, Problem> {
    Ok(FieldActionBody {
        receipt: Receipt::of(&action, false, words)?,
        kind: action.kind.parse().map_err(Problem::internal)?,
        agent_id: action.agent_id,
        client_at: action.client_at,
        action: action.payload,
    })
}

/// A decision.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What.
    pub decision: Decision,
    /// Why.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// Decides on an action of a crew. The tablet hears of it at its next sync.
#[utoipa::path(operation_id = "decide_field_action", tag = "desk",
    params(("id" = Uuid, Path, description = "Action.")),
    request_body = DecisionRequest,
    responses((status = 200, description = "The action as it stands now.", body = FieldActionBody), StaffCommand))]
#[post("/v1/field-actions/{id}/decision")]
pub async fn decide_field_action(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<DecisionRequest>,
) -> Result<web::Json<FieldActionBody>, Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "note", body.note.as_deref());
    errors.check(())?;
    let id = id.into_inner();
    let mut made = None;
    if body.decision == Decision::Apply {
        let command = Command::begin(&app, token, Utc::now()).await?;
        permit_any(&command.staff, Operation::Dispatch)?;
        made = report_first((&app, &client), command, id).await?;
    }
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let role = permit_any(&command.staff, Operation::Dispatch)?;
    let staff = command.staff.clone();
    let by = By::staff(&staff, role, "decide_field_action", &client);
    let decided = decide(&mut command, id, (body.decision, body.note.as_deref()), made, by).await?;
    command.tx.commit().await?;
    app.wake.notify_one();
    Ok(web::Json(shown(decided, (&app.texts, client.locale))?))
}
