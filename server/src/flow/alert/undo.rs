//! Takes an operation back, exactly, as long as nothing built on it prevents that.
//!
//! - Reports that a person moved on since, and reports that came since, stay where they are; the answer names the former.
//! - Steps taken on an alert since stay. One that was closed or reopened since prevents the undo: people were told so.
//! - What somebody changed since (a priority, a danger that a later report stated) stays; what nobody touched goes back.
//! - Messages that wait are called off; who has heard already hears again.

use chrono::{DateTime, Utc};
use geo_dedup::LonLat;
use postgis_diesel::types::Point;
use uuid::Uuid;

use super::merge::close_away;
use super::model::Alert;
use super::operation::{Asked, Change, Done, OperationKind, Told, Trace};
use super::queries::operation::{self as queries, StoredOperation};
use super::shift::{
    Doing, Pair, conflict, index, put_anchor, replayed, require_there, sectors, settle, severity, shift,
};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::space::to_point;
use crate::flow::command::Command;
use crate::flow::dispatch::queries as tasks;
use crate::flow::notification::regroup::{self, Notice};
use crate::flow::notification::template::Template;
use crate::flow::report::queries::Member;
use crate::flow::status::queries::interrupt_phase;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, permit_any};

/// Takes an operation back.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such operation in the person's scope, [`Kind::Conflict`] when it was undone before, is
/// an undo itself, or something was built on it.
pub async fn undo(command: &mut Command, id: Uuid, asked: Asked<'_>) -> Result<Done, Problem> {
    permit_any(&command.staff, Operation::Regroup)?;
    let found = queries::find(&command.tx, command.town.id, id).await?;
    let undone = found.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let kind: OperationKind = undone.kind.parse().map_err(Problem::internal)?;
    let trace: Trace = serde_json::from_value(undone.detail.clone()).map_err(Problem::internal)?;
    let mut pair = lock(command, &undone, &trace).await?;
    if let Some(done) = replayed(command, &asked).await? {
        return Ok(done);
    }
    if kind == OperationKind::Undo {
        return Err(conflict("is_undo", &pair.from));
    }
    if let Some(before) = queries::undone_by(&command.tx, command.town.id, id).await? {
        return Err(conflict("undone", &pair.from).with("operation_id", before.to_string()));
    }
    let doing = Doing {
        asked,
        kind: OperationKind::Undo,
        action: "undo_operation",
        role: pair.role,
        undoes: Some(id),
    };
    let trace = if kind == OperationKind::NotSame {
        allow(command, &doing, &mut pair, &trace).await?
    } else {
        bring_back(command, &doing, &mut pair, kind, &trace).await?
    };
    Ok(doing.done([pair.from, pair.to], trace, command.now))
}

/// Locks both alerts of an operation, and where their anchors were.
async fn lock(command: &mut Command, undone: &StoredOperation, trace: &Trace) -> Result<Pair, Problem> {
    let changes = [&trace.from, &trace.to].into_iter().flatten();
    let anchors: Result<Vec<Point>, Problem> = changes.map(|change| point(change.before.anchor)).collect();
    let ids = (undone.alert_id, undone.other_id);
    let pair = Pair::lock(command, ids, "id", &anchors?).await;
    // The second alert is no field of this request: out of scope, there is no such operation.
    pair.map_err(|problem| match problem.kind {
        Kind::Invalid => Problem::new(Kind::NotFound),
        _ => problem,
    })
}

fn point([lon, lat]: [f64; 2]) -> Result<Point, Problem> {
    LonLat::new(lon, lat).map(to_point).map_err(Problem::internal)
}

/// Takes "not the same" back: the verdicts count no longer, since their operation is undone.
async fn allow(command: &mut Command, doing: &Doing<'_>, pair: &mut Pair, undone: &Trace) -> Result<Trace, Problem> {
    let ids = (pair.from.id, pair.to.id);
    if undone.suggested {
        queries::set_ties(&command.tx, command.town.id, ids, "suggested", "standing").await?;
    }
    let trace = Trace::default();
    doing.keep(command, [&mut pair.from, &mut pair.to], &trace).await?;
    Ok(trace)
}

/// Takes a merge, a split or a move back: reports return to the alert that they left.
async fn bring_back(
    command: &mut Command,
    doing: &Doing<'_>,
    pair: &mut Pair,
    kind: OperationKind,
    undone: &Trace,
) -> Result<Trace, Problem> {
    let (town, now) = (command.town.clone(), command.now);
    let (from, to) = (pair.from.id, pair.to.id);
    let returning = returning(pair, kind, undone)?;
    let reports: Vec<Uuid> = returning.iter().map(|member| member.id).collect();
    let stayed = undone.reports.iter().filter(|id| !reports.contains(id));
    let called_off = regroup::call_off(&command.tx, town.id, undone_id(doing)?, &reports, now).await?;
    let mut trace = Trace {
        stayed: stayed.copied().collect(),
        notices_withdrawn: i64::try_from(called_off.len()).map_err(Problem::internal)?,
        reports,
        ..Trace::default()
    };
    let back: Vec<Member> = pair.of(from).chain(returning.iter()).cloned().collect();
    let kept: Vec<Member> = pair
        .of(to)
        .filter(|member| !trace.reports.contains(&member.id))
        .cloned()
        .collect();
    revive(&mut command.tx, pair, kind, undone, now).await?;
    let (back, kept): (Vec<&Member>, Vec<&Member>) = (back.iter().collect(), kept.iter().collect());
    restore(&town, &mut pair.from, undone.from.as_ref(), &back)?;
    restore(&town, &mut pair.to, undone.to.as_ref(), &kept)?;
    settle(&sectors(&town), &mut pair.from, &back, &[])?;
    settle(
        &sectors(&town),
        &mut pair.to,
        &kept,
        &returning.iter().collect::<Vec<_>>(),
    )?;
    pair.holds()?;
    if kept.is_empty() {
        trace.task = close_away(&mut command.tx, &mut pair.to, from, now).await?;
    }
    trace.told = tell(command, &town, pair, &trace, &called_off, doing.asked.id).await?;
    let operation = doing.keep(command, [&mut pair.from, &mut pair.to], &trace).await?;
    shift(&command.tx, &town, &operation, &trace.reports, (to, &pair.from)).await?;
    untie(&command.tx, &town, (from, to), kind, undone).await?;
    if kept.is_empty() {
        queries::tie(&command.tx, town.id, (to, from), "merged_into", now).await?;
    }
    pair.call_if_urgent(&mut command.tx, &town, now).await?;
    index(&mut command.tx, [&pair.from, &pair.to]).await?;
    Ok(trace)
}

fn undone_id(doing: &Doing<'_>) -> Result<Uuid, Problem> {
    doing.undoes.ok_or_else(|| Problem::internal("an undo of nothing"))
}

/// The reports that can go back, or why none can.
fn returning(pair: &Pair, kind: OperationKind, undone: &Trace) -> Result<Vec<Member>, Problem> {
    let (from, to) = (&pair.from, &pair.to);
    require_there(to)?;
    if kind == OperationKind::Merge {
        // An alert merged away takes no step: it is as the merge left it.
        if from.merged_into != Some(to.id) || !to.open {
            return Err(conflict("status_since", to));
        }
    } else {
        require_there(from)?;
        for (alert, change) in [(from, &undone.from), (to, &undone.to)] {
            let was_open = change.as_ref().is_none_or(|change| change.before.open);
            if alert.open != was_open {
                return Err(conflict("status_since", alert));
            }
        }
    }
    let there = pair.of(to.id).filter(|member| undone.reports.contains(&member.id));
    let returning: Vec<Member> = there.cloned().collect();
    if returning.is_empty() {
        return Err(conflict("nothing_to_undo", from));
    }
    if kind != OperationKind::Split && pair.of(to.id).count() == returning.len() {
        return Err(conflict("last_report", to));
    }
    Ok(returning)
}

/// An alert that was merged away stands again, with the task that was withdrawn.
async fn revive(
    tx: &mut Tx,
    pair: &mut Pair,
    kind: OperationKind,
    undone: &Trace,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if kind != OperationKind::Merge {
        return Ok(());
    }
    let alert = &mut pair.from;
    alert.open = true;
    alert.closed_at = None;
    alert.merged_into = None;
    interrupt_phase(tx, alert, None).await?;
    if let Some(task) = &undone.task {
        tasks::give_back(tx, task.id, &task.state, now).await?;
    }
    Ok(())
}

/// Gives an alert back what an operation changed of it and nobody has changed since.
fn restore(town: &Town, alert: &mut Alert, change: Option<&Change>, members: &[&Member]) -> Result<(), Problem> {
    let Some(Change { before, after }) = change else {
        return Ok(());
    };
    if alert.severity == after.severity {
        // Reports that came since may have stated more.
        alert.severity = before.severity.max(severity(members.iter().copied()));
    }
    if alert.priority == after.priority {
        alert.priority = before.priority;
    }
    if alert.due_at == after.due_at {
        alert.due_at = before.due_at;
    }
    let came = |flag: &String| after.flags.contains(flag) && !before.flags.contains(flag);
    alert.flags.retain(|flag| !came(flag));
    if alert.h3_15 == after.h3_15 && before.h3_15 != after.h3_15 {
        put_anchor(&sectors(town), alert, point(before.anchor)?, before.h3_15)?;
        if let Some(there) = members.iter().find(|member| member.h3_15 == before.h3_15) {
            alert.address.clone_from(&there.address);
        }
    }
    Ok(())
}

/// Who has heard of the operation hears where they are now.
async fn tell(
    command: &Command,
    town: &Town,
    pair: &Pair,
    trace: &Trace,
    called_off: &[Uuid],
    event: Uuid,
) -> Result<Told, Problem> {
    let notice = Notice {
        template: Template::Moved,
        left: &pair.to,
        alert: &pair.from,
        reports: &trace.reports,
        except: called_off,
        event,
        at: command.now,
    };
    regroup::tell(&command.tx, town, &notice, command.now).await
}

/// What tied both alerts because of the operation does so no longer.
async fn untie(tx: &Tx, town: &Town, ids: (Uuid, Uuid), kind: OperationKind, undone: &Trace) -> Result<(), Problem> {
    if undone.suggested {
        queries::set_ties(tx, town.id, ids, "suggested", "standing").await?;
    }
    let tie = match kind {
        OperationKind::Merge => "merged_into",
        OperationKind::Split => "split_from",
        OperationKind::Move | OperationKind::NotSame | OperationKind::Undo => return Ok(()),
    };
    queries::set_ties(tx, town.id, ids, tie, "dismissed").await?;
    Ok(())
}
