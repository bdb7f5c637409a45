//! Two alerts become one: every report of the first goes to the second, which survives.
//!
//! - The survivor keeps its place, category, service and status; its dates, extent, severity, priority, flags and the
//!   earlier of both promises follow.
//! - The alert merged away keeps its status and history, is closed, and leads to the survivor by its id and its reference.
//! - A task that a crew has not begun is withdrawn; one that it is at work on, and a hand-over that stands, refuse the merge:
//!   whoever is in the street or has the sheet must hear it from a person first. The other way round is always possible.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::Alert;
use super::operation::{Asked, Done, Marks, OperationKind, Trace, Warning, Withdrawn};
use super::queries::operation as queries;
use super::shift::{Doing, Pair, change, conflict, index, patience, replayed, require_open, sectors, settle, shift};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::space::from_point;
use crate::flow::command::Command;
use crate::flow::dispatch::model::TaskState;
use crate::flow::dispatch::queries as tasks;
use crate::flow::notification::fan_out::{self, ServiceNotice};
use crate::flow::notification::regroup::{self, Notice};
use crate::flow::notification::template::Template;
use crate::flow::report::queries::Member;
use crate::flow::status::queries::interrupt_phase;
use crate::flow::status::vocabulary::Status;
use crate::http::problem::Problem;

/// Merges an alert into another one.
///
/// # Errors
/// [`crate::http::problem::Kind::Conflict`] when one of them is closed or merged, a crew is at work on the first or an outside
/// body has it; what `Pair::lock` refuses.
pub async fn merge(command: &mut Command, from: Uuid, into: Uuid, asked: Asked<'_>) -> Result<Done, Problem> {
    let mut pair = Pair::lock(command, (from, into), "into", &[]).await?;
    if let Some(done) = replayed(command, &asked).await? {
        return Ok(done);
    }
    pair.current(asked.expected)?;
    require_open(&pair.from)?;
    require_open(&pair.to)?;
    let (town, now) = (command.town.clone(), command.now);
    let reports: Vec<Uuid> = pair.of(from).map(|member| member.id).collect();
    let warnings = warnings(&command.tx, &town, &pair).await?;
    let known = pair.to.clone();
    let task = close_away(&mut command.tx, &mut pair.from, into, now).await?;
    let all: Vec<&Member> = pair.members.iter().collect();
    absorb(&mut pair.to, &pair.from);
    settle(&sectors(&town), &mut pair.to, &all, &[])?;
    let mut trace = Trace {
        to: Some(change(Marks::of(&known), &pair.to)),
        task,
        warnings,
        suggested: queries::set_ties(&command.tx, town.id, (from, into), "suggested", "confirmed").await? > 0,
        reports,
        ..Trace::default()
    };
    let notice = Notice {
        template: Template::Merged,
        left: &pair.from,
        alert: &pair.to,
        reports: &trace.reports,
        except: &[],
        event: asked.id,
        at: patience(now),
    };
    trace.told = regroup::tell(&command.tx, &town, &notice, now).await?;
    let doing = Doing {
        asked,
        kind: OperationKind::Merge,
        action: "merge_alert",
        role: pair.role,
        undoes: None,
    };
    let operation = doing.keep(command, [&mut pair.from, &mut pair.to], &trace).await?;
    shift(&command.tx, &town, &operation, &trace.reports, (from, &pair.to)).await?;
    queries::keep_verdicts(&command.tx, &operation, &trace.reports, into, true).await?;
    queries::tie(&command.tx, town.id, (from, into), "merged_into", now).await?;
    if pair.to.presses_more_than(&known) {
        warn_service(&command.tx, &town, &pair.to, asked.id, now).await?;
    }
    pair.call_if_urgent(&mut command.tx, &town, now).await?;
    index(&mut command.tx, [&pair.from, &pair.to]).await?;
    Ok(doing.done([pair.from, pair.to], trace, now))
}

/// Closes an alert whose reports all go to another one: its work ends, its id leads there. Returns the task that a crew has
/// no longer.
///
/// # Errors
/// [`crate::http::problem::Kind::Conflict`] when a crew is at work on it or an outside body has it.
pub async fn close_away(
    tx: &mut Tx,
    alert: &mut Alert,
    survivor: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Withdrawn>, Problem> {
    if let Some(hand_over) = tasks::standing_hand_over(tx, alert.id).await? {
        return Err(conflict("handed_over", alert).with("body_id", hand_over.body_id.to_string()));
    }
    let task = tasks::live_task(tx, alert.id).await?;
    if let Some(task) = &task {
        if matches!(alert.status()?, Status::InProgress | Status::MadeSafe) {
            return Err(conflict("crew_at_work", alert)
                .with("task_id", task.id.to_string())
                .with("crew_id", task.crew_id.to_string()));
        }
        tasks::end_task(tx, alert.id, TaskState::Withdrawn, now).await?;
    }
    alert.open = false;
    alert.closed_at = Some(now);
    alert.merged_into = Some(survivor);
    alert.report_count = 0;
    alert.extent_m = 0.0;
    interrupt_phase(tx, alert, Some(now)).await?;
    Ok(task.map(|task| Withdrawn {
        id: task.id,
        state: task.state,
    }))
}

/// What the survivor takes over: no danger, no priority, no promise of either is lost.
fn absorb(survivor: &mut Alert, merged: &Alert) {
    survivor.severity = survivor.severity.max(merged.severity);
    survivor.priority = survivor.priority.max(merged.priority);
    survivor.due_at = survivor.due_at.min(merged.due_at);
    let new = merged.flags.iter().filter(|flag| !survivor.flags.contains(flag));
    let new: Vec<String> = new.cloned().collect();
    survivor.flags.extend(new);
}

/// What speaks against two alerts becoming one, or a report changing from one to the other.
///
/// # Errors
/// When the database refuses.
pub async fn warnings(tx: &Tx, town: &Town, pair: &Pair) -> Result<Vec<Warning>, Problem> {
    let (from, to) = (&pair.from, &pair.to);
    let place = |alert: &Alert| from_point(&alert.anchor).map_err(Problem::internal);
    let span = town
        .category_by_id(to.category_id)
        .map(|category| category.policy.span());
    let apart = place(from)?.distance(&place(to)?);
    let all = [
        (from.category_id != to.category_id, Warning::OtherCategory),
        (from.service_id != to.service_id, Warning::OtherService),
        (span.is_some_and(|span| apart > span), Warning::FarApart),
        (
            queries::kept_apart(tx, town.id, (from.id, to.id)).await?,
            Warning::ContradictsVerdict,
        ),
    ];
    let holding = all.into_iter().filter(|(holds, _)| *holds);
    Ok(holding.map(|(_, warning)| warning).collect())
}

/// The survivor's service hears that it presses more than it knew.
///
/// # Errors
/// When the database refuses.
pub async fn warn_service(tx: &Tx, town: &Town, alert: &Alert, event: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    fan_out::service(tx, town, alert, event, ServiceNotice::RaisedSeverity, now).await
}
