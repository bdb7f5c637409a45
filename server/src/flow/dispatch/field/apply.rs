//! Takes a tablet's actions in, one transaction for each: what it was answered once, it is answered for ever.

use chrono::{DateTime, Utc};
use geo_dedup::LonLat;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::model::{FieldAction, FieldKind, Outcome, Reason, StoredAction};
use super::queries;
use super::take::{Settled, Taking, take};
use crate::app::App;
use crate::audit::Actor;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::flow::dispatch::model::Task;
use crate::flow::report::model::{Channel, ContactWay};
use crate::flow::report::parse;
use crate::flow::report::submit::{Sender, submit};
use crate::flow::request::request_hash;
use crate::flow::status::event::By;
use crate::http::client::Client;
use crate::http::problem::{FieldErrors, Kind, Problem};
use crate::people::policy::{Operation, Role, Staff, permit_any};

/// Name of the operation in audit trail and history.
const OPERATION: &str = "sync_actions";

/// Faults of the world: what the tablet could choose when it froze the action is gone by now, and the crew has nothing to
/// correct.
const GONE_SINCE: [&str; 5] = [
    "desk_category",
    "unknown_category",
    "category_closed",
    "category_not_ours",
    "unknown_crew",
];

/// A receipt, and whether it was given before.
pub struct Received {
    /// The action with what became of it.
    pub action: StoredAction,
    /// Whether this is the answer of the first time.
    pub replayed: bool,
}

/// Takes one action in.
///
/// # Errors
/// When the session ended or the database is away: nothing is known of the action then, and it is sent again.
pub async fn take_in(
    app: &App,
    token: StaffToken,
    client: &Client,
    action: &FieldAction,
    now: DateTime<Utc>,
) -> Result<Received, Problem> {
    let hash = request_hash(action.id, action)?;
    loop {
        let (settled, problem) = match attempt(app, token, client, action, &hash, now).await {
            Ok(Attempt::Known(there)) => return Ok(known(*there, &hash)),
            Ok(Attempt::Kept(stored)) => return received(app, *stored),
            Ok(Attempt::Raced) => continue,
            // Nothing of it stays but that it was said, and why it is not possible.
            Err(problem) => (refusal(&problem)?, problem),
        };
        let mut command = Command::begin(app, token, now).await?;
        let mut stored = row(&command.staff, action, &hash, settled, now)?;
        stored.problem = Some(without_words(&problem));
        if queries::keep(&mut command.tx, &stored).await? {
            command.tx.commit().await?;
            return received(app, stored);
        }
    }
}

fn received(app: &App, action: StoredAction) -> Result<Received, Problem> {
    app.metrics.decided(match action.outcome.as_str() {
        "applied" => "field_applied",
        "superseded" => "field_superseded",
        "refused" => "field_refused",
        _ => "field_waiting",
    });
    app.wake.notify_one();
    Ok(Received {
        action,
        replayed: false,
    })
}

/// The answer of the first time, or that the id is somebody else's.
fn known(mut there: StoredAction, hash: &[u8]) -> Received {
    if there.request_hash != hash {
        there.outcome = Outcome::Refused.as_str().to_owned();
        there.reason = Some(Reason::IdTaken.as_str().to_owned());
        (there.problem, there.review) = (None, false);
    }
    Received {
        action: there,
        replayed: true,
    }
}

/// What becomes of an action that the flow refused; the problem itself when that is no word on the action.
fn refusal(problem: &Problem) -> Result<Settled, Problem> {
    let settled = |outcome, reason| Settled {
        outcome,
        reason: Some(reason),
        review: false,
        alert_id: None,
    };
    match problem.kind {
        Kind::Invalid if problem.errors.iter().all(|error| GONE_SINCE.contains(&error.code)) => {
            Ok(settled(Outcome::Waiting, Reason::NotPossible))
        }
        Kind::Invalid => Ok(settled(Outcome::Refused, Reason::Incomplete)),
        Kind::IdTaken => Ok(settled(Outcome::Refused, Reason::IdTaken)),
        Kind::IllegalStep | Kind::Conflict | Kind::NotFound => Ok(settled(Outcome::Waiting, Reason::NotPossible)),
        _ => Err(problem.clone()),
    }
}

fn without_words(problem: &Problem) -> Value {
    let errors: Vec<Value> = problem
        .errors
        .iter()
        .map(|error| json!({"field": error.field, "code": error.code}))
        .collect();
    json!({"kind": problem.kind.slug(), "errors": errors, "members": problem.members})
}

enum Attempt {
    Known(Box<StoredAction>),
    Kept(Box<StoredAction>),
    /// Somebody else brought the same action at the same time.
    Raced,
}

async fn attempt(
    app: &App,
    token: StaffToken,
    client: &Client,
    action: &FieldAction,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Attempt, Problem> {
    let mut command = Command::begin(app, token, now).await?;
    permit_any(&command.staff, Operation::ActOnTask)?;
    if let Some(there) = queries::find(&mut command.tx, action.id).await? {
        return Ok(Attempt::Known(Box::new(there)));
    }
    let place = check(action)?;
    let settled = match admit(&mut command, action).await? {
        Admission::Refused(reason) => Settled::waiting(reason, None),
        Admission::Report => {
            // A submit is a transaction of its own, under the report's id: taken twice it is one report.
            let staff = command.staff.clone();
            command.tx.rollback().await?;
            let alert = report(app, (&staff, action.agent_id), client, action, (now, now)).await?;
            command = Command::begin(app, token, now).await?;
            Settled {
                outcome: Outcome::Applied,
                reason: None,
                review: false,
                alert_id: Some(alert),
            }
        }
        Admission::Task(task) => {
            let town = command.town.clone();
            let taking = Taking {
                town: &town,
                action,
                request_hash: hash,
                place,
                by: by(&command.staff, action.agent_id, client),
                decided: false,
                now,
            };
            take(&mut command.tx, &taking, &task).await?
        }
    };
    let stored = row(&command.staff, action, hash, settled, now)?;
    if !queries::keep(&mut command.tx, &stored).await? {
        return Ok(Attempt::Raced);
    }
    command.tx.commit().await?;
    Ok(Attempt::Kept(Box::new(stored)))
}

/// The agent acts; whose session brought it stands beside.
pub(super) fn by<'a>(sender: &Staff, agent: Uuid, client: &'a Client) -> By<'a> {
    By {
        actor: Actor::Staff {
            staff_user_id: agent,
            session_id: sender.session_id,
        },
        role: Role::Crew.as_str(),
        device_id: sender.device_id,
        action: OPERATION,
        request_id: Some(&client.request_id),
        details: crate::flow::status::event::Details::default(),
        historic: false,
    }
}

enum Admission {
    Task(Box<Task>),
    Report,
    Refused(Reason),
}

/// Whether the agent may do it: somebody of the task's crew, in whose name the sender may speak. On a shared tablet one
/// speaks for whoever is of a crew of one's own; from elsewhere only for oneself.
async fn admit(command: &mut Command, action: &FieldAction) -> Result<Admission, Problem> {
    let oneself = action.agent_id == command.staff.staff_user_id;
    let mut crews = queries::crews_of(&mut command.tx, action.agent_id).await?;
    if !oneself {
        let own = command.staff.crews();
        crews.retain(|crew| own.contains(crew));
    }
    let speaks = oneself || (command.staff.device_id.is_some() && !crews.is_empty());
    if !speaks {
        return Ok(Admission::Refused(Reason::OutsideRights));
    }
    if action.kind == FieldKind::NewAlert {
        return Ok(Admission::Report);
    }
    let id = action.task_id.ok_or_else(|| Problem::field("task_id", "required"))?;
    Ok(match queries::task(&mut command.tx, id).await? {
        None => Admission::Refused(Reason::UnknownTask),
        Some(task) if !crews.contains(&task.crew_id) => Admission::Refused(Reason::OutsideRights),
        Some(task) => Admission::Task(Box::new(task)),
    })
}

/// Holds every field against its range; where the crew stood, if that is kept.
pub(super) fn check(action: &FieldAction) -> Result<Option<LonLat>, Problem> {
    let mut errors = FieldErrors::default();
    let place = action.sent().check(&mut errors);
    let needed = [
        (
            "task_id",
            action.kind != FieldKind::NewAlert && action.task_id.is_none(),
        ),
        ("report", action.kind == FieldKind::NewAlert && action.report.is_none()),
        (
            "category",
            action.kind == FieldKind::Requalify && action.category.is_none(),
        ),
        (
            "crew_id",
            action.kind == FieldKind::HandOver && action.crew_id.is_none(),
        ),
    ];
    if action.kind == FieldKind::NewAlert && action.task_id.is_some() {
        errors.add("task_id", "no_task");
    }
    for (field, _) in needed.into_iter().filter(|(_, lacks)| *lacks) {
        errors.add(field, "required");
    }
    errors.check(place)
}

/// Takes a report in that a crew made on its way, in the agent's name. Without an id of its own it has the action's.
pub(super) async fn report(
    app: &App,
    (staff, agent): (&Staff, Uuid),
    client: &Client,
    action: &FieldAction,
    (received_at, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Uuid, Problem> {
    let mut object: Map<String, Value> = action.report.clone().unwrap_or_default();
    object.remove("contact");
    object.entry("id").or_insert_with(|| json!(action.id));
    // A tablet's clock that runs ahead loses no report.
    object.insert("observed_at".to_owned(), json!(action.client_at.min(received_at)));
    object.insert("channel".to_owned(), json!(Channel::Field));
    let submission = parse::read(&object, Channel::STAFF, ContactWay::ALL, client.locale, &[], now).whole()?;
    let sender = Sender {
        staff: Some((staff.town, agent, staff.session_id)),
        request_id: Some(client.request_id.clone()),
        ..Sender::default()
    };
    let accepted = submit(app, &submission, &[], &sender, now).await?;
    Ok(accepted.report.alert_id)
}

/// What is kept of an action: nothing that belongs to the vault or opens a report, and no position that says nothing of where
/// the crew stood.
fn kept(action: &FieldAction) -> Result<Value, Problem> {
    let mut action = action.clone();
    if let Some(report) = &mut action.report {
        report.remove("contact");
        report.remove("follow_secret");
    }
    if matches!(check(&action), Ok(None) | Err(_)) {
        (action.position, action.accuracy) = (None, None);
    }
    serde_json::to_value(action).map_err(Problem::internal)
}

pub(super) fn row(
    sender: &Staff,
    action: &FieldAction,
    hash: &[u8],
    settled: Settled,
    now: DateTime<Utc>,
) -> Result<StoredAction, Problem> {
    Ok(StoredAction {
        jurisdiction_id: sender.town.0,
        id: action.id,
        device_id: sender.device_id,
        seq: action.seq,
        agent_id: action.agent_id,
        sent_by: sender.staff_user_id,
        kind: action.kind.as_str().to_owned(),
        task_id: action.task_id,
        alert_id: settled.alert_id,
        payload: kept(action)?,
        request_hash: hash.to_vec(),
        client_at: action.client_at,
        received_at: now,
        outcome: settled.outcome.as_str().to_owned(),
        reason: settled.reason.map(|reason| reason.as_str().to_owned()),
        problem: None,
        review: settled.review,
        decided_at: None,
        decided_by: None,
        decision_note: None,
    })
}
