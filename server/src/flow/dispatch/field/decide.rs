//! A person of the service decides on what could not take effect by itself.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::apply::{check, report};
use super::model::{FieldAction, FieldKind, Outcome, StoredAction};
use super::queries;
use super::take::{Taking, keep, take};
use crate::app::App;
use crate::audit;
use crate::catalog::model::Town;
use crate::flow::alert::queries::{lock, survivor};
use crate::flow::command::Command;
use crate::flow::dispatch::model::Task;
use crate::flow::status::event::By;
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, Role, Target, permit};
use crate::people::queries::staff::is_known;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a person decides on an action of a crew.
    Decision {
        /// It counts, as if it had come in time.
        Apply = "apply",
        /// It does not count; what the crew said stays with the alert.
        Dismiss = "dismiss",
        /// It took effect, and was looked at.
        Seen = "seen",
    }
}

/// Decides, in the name of the person; the action stays the agent's.
///
/// # Errors
/// [`Kind::NotFound`] outside the person's scope, [`Kind::Conflict`] when there is nothing to decide any more or it cannot
/// take effect: then the person acts on the alert, and dismisses.
pub async fn decide(
    command: &mut Command,
    id: Uuid,
    (decision, note): (Decision, Option<&str>),
    made: Option<Uuid>,
    by: By<'_>,
) -> Result<StoredAction, Problem> {
    let stored = queries::lock(&mut command.tx, id).await?;
    let task = match stored.task_id {
        Some(id) => queries::task(&mut command.tx, id).await?,
        None => None,
    };
    let target = match &task {
        Some(task) => survivor(&mut command.tx, task.alert_id).await?.target(),
        None => Target::default(),
    };
    permit(&command.staff, Operation::Dispatch, &target)?;
    let waits = stored.outcome == Outcome::Waiting.as_str();
    if waits == (decision == Decision::Seen) || !(waits || stored.review) {
        return Err(Problem::new(Kind::Conflict).with("reason", "decided"));
    }
    let doer = doer(command, &stored, &by).await?;
    let (outcome, reason) = match (decision, task) {
        (Decision::Apply, Some(task)) => applied(command, &stored, &task, doer).await?,
        (Decision::Apply, None) => {
            let alert_id = made.ok_or_else(|| Problem::new(Kind::Conflict).with("reason", "unknown_task"))?;
            queries::lead_to(&mut command.tx, id, alert_id).await?;
            (Outcome::Applied, None)
        }
        (Decision::Dismiss, task) => {
            if let Some(task) = task {
                dismissed(command, &stored, &task, doer).await?;
            }
            (Outcome::Dismissed, stored.reason.clone())
        }
        (Decision::Seen, _) => (
            stored.outcome.parse().map_err(Problem::internal)?,
            stored.reason.clone(),
        ),
    };
    let reason = reason.as_deref().map(str::parse).transpose();
    let reason = reason.map_err(Problem::internal)?;
    let person = command.staff.staff_user_id;
    queries::decide(&mut command.tx, id, (outcome, reason), (person, note), command.now).await?;
    let entry = audit::Entry {
        actor: &by.actor,
        action: by.action,
        entity: "field_action",
        entity_id: Some(id),
        detail: serde_json::json!({"decision": decision, "outcome": outcome}),
        request_id: by.request_id,
    };
    audit::record(&command.tx, command.town.id, &entry, command.now).await?;
    let decided = queries::find(&mut command.tx, id).await?;
    decided.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// The report that a crew made on its way and that is to count: the agent's, or the person's own where nobody knows the
/// agent. It is a transaction of its own, before the decision's, under an id of its own: decided twice it is one report.
/// Returns its alert; `None` when the action is none that waits to be reported.
///
/// # Errors
/// [`Kind::Forbidden`], [`Kind::NotFound`], [`Kind::Conflict`] when it cannot be taken in as it is.
pub async fn report_first(
    (app, client): (&App, &Client),
    mut command: Command,
    id: Uuid,
) -> Result<Option<Uuid>, Problem> {
    let stored = queries::find(&mut command.tx, id).await?;
    let stored = stored.ok_or_else(|| Problem::new(Kind::NotFound))?;
    permit(&command.staff, Operation::Dispatch, &Target::default())?;
    if stored.kind != FieldKind::NewAlert.as_str() || stored.outcome != Outcome::Waiting.as_str() {
        return Ok(None);
    }
    let agent = if is_known(&mut command.tx, stored.agent_id).await? {
        stored.agent_id
    } else {
        command.staff.staff_user_id
    };
    let action = stored.action()?;
    let (staff, now) = (command.staff, command.now);
    // Whoever holds a connection and waits for another lets the pool run dry.
    command.tx.rollback().await?;
    let made = report(app, (&staff, agent), client, &action, (stored.received_at, now)).await;
    made.map(Some).map_err(not_possible)
}

/// What the action lacks is no field of the decision: it cannot take effect as it is.
fn not_possible(problem: Problem) -> Problem {
    match problem.kind {
        Kind::Invalid => Problem::new(Kind::Conflict)
            .with("reason", "not_possible")
            .with("field", problem.errors.first().map(|error| error.code)),
        _ => problem,
    }
}

/// What a crew did stays the agent's, in the session of the person who decides; an unknown name's is the person's own.
async fn doer<'a>(command: &mut Command, stored: &StoredAction, by: &By<'a>) -> Result<By<'a>, Problem> {
    if !is_known(&mut command.tx, stored.agent_id).await? {
        return Ok(by.clone());
    }
    Ok(By {
        actor: audit::Actor::Staff {
            staff_user_id: stored.agent_id,
            session_id: command.staff.session_id,
        },
        role: Role::Crew.as_str(),
        device_id: stored.device_id,
        ..by.clone()
    })
}

/// What was sent, as a person decides on it.
fn taking<'a>(
    town: &'a Town,
    (stored, action): (&'a StoredAction, &'a FieldAction),
    by: By<'a>,
    now: DateTime<Utc>,
) -> Result<Taking<'a>, Problem> {
    Ok(Taking {
        town,
        action,
        request_hash: &stored.request_hash,
        place: check(action)?,
        by,
        decided: true,
        now,
    })
}

/// The action takes effect now, as its agent's.
async fn applied(
    command: &mut Command,
    stored: &StoredAction,
    task: &Task,
    by: By<'_>,
) -> Result<(Outcome, Option<String>), Problem> {
    let (town, action) = (command.town.clone(), stored.action()?);
    let taking = taking(&town, (stored, &action), by, command.now)?;
    let settled = take(&mut command.tx, &taking, task).await.map_err(not_possible)?;
    if settled.outcome == Outcome::Waiting {
        let why = settled.reason.map(|reason| reason.as_str());
        return Err(Problem::new(Kind::Conflict).with("reason", why.unwrap_or_default()));
    }
    Ok((settled.outcome, settled.reason.map(|reason| reason.as_str().to_owned())))
}

async fn dismissed(command: &mut Command, stored: &StoredAction, task: &Task, by: By<'_>) -> Result<(), Problem> {
    let (town, action) = (command.town.clone(), stored.action()?);
    let about = survivor(&mut command.tx, task.alert_id).await?.id;
    let mut alert = lock(&mut command.tx, about).await?;
    let taking = taking(&town, (stored, &action), by, command.now)?;
    keep(&mut command.tx, &taking, &mut alert, task).await
}
