//! Giving an alert to a crew, and planning when it goes.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::model::{Shift, Task, TaskState};
use super::queries::{self, NewTask, Plan};
use super::round::job::{call_if_urgent, rank_of_new};
use super::round::queries::set_ranks;
use crate::audit;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::status::advance::advance;
use crate::flow::status::event::{By, Details};
use crate::flow::status::machine::Given;
use crate::flow::status::vocabulary::Step;
use crate::http::problem::{Kind, Problem};

/// Who goes, when, and with which words.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Crew.
    pub crew_id: Uuid,
    /// Day, a local date from today on; without it the crew decides.
    pub planned_on: Option<NaiveDate>,
    /// Part of the day.
    pub shift: Option<Shift>,
    /// For the crew.
    pub instructions: Option<&'a str>,
}

/// Gives an alert to a crew: whoever had it has it no longer. With a day, residents hear of the day only.
///
/// # Errors
/// [`Kind::Invalid`] when the crew is unknown or no longer goes out, [`Kind::IllegalStep`].
pub async fn dispatch(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    order: Order<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Task, Problem> {
    let crew = town.crews.get(&order.crew_id).filter(|crew| crew.active);
    let crew = crew.ok_or_else(|| Problem::field("crew_id", "unknown_crew"))?;
    let rank = rank_of_new(tx, town, crew.id, order.planned_on, now).await?;
    queries::end_task(tx, alert.id, TaskState::Withdrawn, now).await?;
    let today = town.day_at(now);
    let id = Uuid::now_v7();
    let new = NewTask {
        jurisdiction_id: town.id.0,
        id,
        alert_id: alert.id,
        crew_id: crew.id,
        planned_on: order.planned_on,
        shift: order.shift.map(Shift::as_str),
        rank,
        instructions: order.instructions,
        created_at: now,
        created_by: by.user(),
    };
    queries::add_task(tx, &new).await?;
    audit::changed(tx, town.id, &[("task", id)], now).await?;
    if !by.historic {
        call_if_urgent(tx, town, alert, false, now).await?;
    }
    alert.crew_id = Some(crew.id);
    let with_task = Details {
        task_id: Some(id),
        note: by.details.note.or(order.instructions),
        ..by.details
    };
    let quiet = Details {
        quiet: by.details.quiet || order.planned_on.is_some(),
        ..with_task
    };
    advance(
        tx,
        town,
        alert,
        Step::Dispatch,
        Given::on(today),
        by.clone().with(quiet),
        now,
    )
    .await?;
    if order.planned_on.is_some() {
        let given = Given {
            planned_date: order.planned_on,
            ..Given::on(today)
        };
        // A client's id names the first step.
        let dated = Details {
            id: None,
            request_hash: None,
            ..with_task
        };
        advance(tx, town, alert, Step::Plan, given, by.with(dated), now).await?;
    }
    queries::find_task(tx, id).await
}

/// Plans a task anew; another day is a step of the alert, and residents hear of it.
///
/// # Errors
/// [`Kind::Conflict`] when the crew no longer has the task, [`Kind::IllegalStep`], [`Kind::Invalid`].
pub async fn replan(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    task: &Task,
    plan: &Plan<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Task, Problem> {
    if !task.is_live() {
        return Err(Problem::new(Kind::Conflict).with("reason", "task_ended"));
    }
    let moved = plan.planned_on.is_some() && plan.planned_on != task.planned_on;
    if moved {
        move_to(tx, town, task, plan.planned_on, now).await?;
    }
    queries::plan(tx, task.id, plan).await?;
    audit::changed(tx, town.id, &[("task", task.id)], now).await?;
    if moved {
        let given = Given {
            planned_date: plan.planned_on,
            ..Given::on(town.day_at(now))
        };
        let details = Details {
            task_id: Some(task.id),
            ..by.details
        };
        advance(tx, town, alert, Step::Plan, given, by.with(details), now).await?;
        if plan.rank.is_none() {
            call_if_urgent(tx, town, alert, false, now).await?;
        }
    } else {
        let entry = audit::Entry {
            actor: &by.actor,
            action: by.action,
            entity: "task",
            entity_id: Some(task.id),
            detail: serde_json::json!({"rank": plan.rank, "locked": plan.locked, "shift": plan.shift}),
            request_id: by.request_id,
        };
        audit::record(tx, town.id, &entry, now).await?;
    }
    queries::find_task(tx, task.id).await
}

/// The task that a crew still has, if there is one, is planned for another day.
///
/// # Errors
/// When the database refuses.
pub async fn plan_live(
    tx: &mut Tx,
    town: &Town,
    alert: &Alert,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let task = queries::live_task(tx, alert.id).await?;
    let Some(task) = task.filter(|task| task.planned_on != Some(day)) else {
        return Ok(());
    };
    move_to(tx, town, &task, Some(day), now).await?;
    let plan = Plan {
        planned_on: Some(day),
        ..Plan::default()
    };
    queries::plan(tx, task.id, &plan).await?;
    audit::changed(tx, town.id, &[("task", task.id)], now).await?;
    call_if_urgent(tx, town, alert, false, now).await
}

/// A task comes to another day, and stands there as one that the crew is just being given.
async fn move_to(
    tx: &mut Tx,
    town: &Town,
    task: &Task,
    day: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let rank = rank_of_new(tx, town, task.crew_id, day, now).await?;
    set_ranks(tx, &[task.id], &[rank]).await
}
