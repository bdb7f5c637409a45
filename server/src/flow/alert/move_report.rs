//! One report goes to another open alert. Named like this because `move` is a word of the language.

use uuid::Uuid;

use super::merge::{warn_service, warnings};
use super::opening::priority;
use super::operation::{Asked, Done, Marks, OperationKind, Trace};
use super::queries::operation as queries;
use super::shift::{
    Doing, Pair, change, conflict, index, patience, replayed, require_open, require_there, sectors, settle, severity,
    shift,
};
use super::split::lower;
use crate::catalog::model::Town;
use crate::flow::command::Command;
use crate::flow::notification::regroup::{self, Notice};
use crate::flow::notification::template::Template;
use crate::flow::report::queries::{Member, find};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, permit_any};

/// Moves a report to another alert.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such report in the person's scope, [`Kind::Conflict`] when the other alert is closed
/// or the report is the last of its own; what `Pair::lock` refuses.
pub async fn move_report(command: &mut Command, report: Uuid, to: Uuid, asked: Asked<'_>) -> Result<Done, Problem> {
    permit_any(&command.staff, Operation::Regroup)?;
    let (town, now) = (command.town.clone(), command.now);
    let left = left_by(command, report, &asked).await?;
    let mut pair = Pair::lock(command, (left, to), "to", &[]).await?;
    if let Some(done) = replayed(command, &asked).await? {
        return Ok(done);
    }
    pair.current(asked.expected)?;
    require_there(&pair.from)?;
    require_open(&pair.to)?;
    let mut trace = Trace {
        reports: vec![report],
        warnings: warnings(&command.tx, &town, &pair).await?,
        ..Trace::default()
    };
    let (from, known) = (Marks::of(&pair.from), pair.to.clone());
    hand_on(&town, &mut pair, report)?;
    trace.from = Some(change(from, &pair.from));
    trace.to = Some(change(Marks::of(&known), &pair.to));
    let notice = Notice {
        template: Template::Moved,
        left: &pair.from,
        alert: &pair.to,
        reports: &[report],
        except: &[],
        event: asked.id,
        at: patience(now),
    };
    trace.told = regroup::tell(&command.tx, &town, &notice, now).await?;
    let doing = Doing {
        asked,
        kind: OperationKind::Move,
        action: "move_report",
        role: pair.role,
        undoes: None,
    };
    let operation = doing.keep(command, [&mut pair.from, &mut pair.to], &trace).await?;
    shift(&command.tx, &town, &operation, &[report], (left, &pair.to)).await?;
    queries::keep_verdicts(&command.tx, &operation, &[report], to, true).await?;
    queries::keep_verdicts(&command.tx, &operation, &[report], left, false).await?;
    if pair.to.presses_more_than(&known) {
        warn_service(&command.tx, &town, &pair.to, asked.id, now).await?;
    }
    pair.call_if_urgent(&mut command.tx, &town, now).await?;
    index(&mut command.tx, [&pair.from, &pair.to]).await?;
    Ok(doing.done([pair.from, pair.to], trace, now))
}

/// The alert that the report leaves. Sent again, the report is already where it should go: the operation knows where it came
/// from.
async fn left_by(command: &Command, report: Uuid, asked: &Asked<'_>) -> Result<Uuid, Problem> {
    let town = command.town.id;
    let seen = find(&command.tx, town, report).await?;
    let seen = seen.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let before = queries::replayed(&command.tx, town, asked.id, asked.hash).await?;
    Ok(before.map_or(seen.alert_id, |before| before.alert_id))
}

/// What both alerts are once the report has gone from one to the other.
fn hand_on(town: &Town, pair: &mut Pair, report: Uuid) -> Result<(), Problem> {
    let is_it = |member: &&Member| member.id == report;
    let (leave, stay): (Vec<&Member>, Vec<&Member>) = pair.of(pair.from.id).partition(is_it);
    if leave.is_empty() {
        return Err(Problem::unavailable("the report went elsewhere meanwhile"));
    }
    if stay.is_empty() {
        return Err(conflict("last_report", &pair.from));
    }
    let (mut from, mut to) = (pair.from.clone(), pair.to.clone());
    settle(&sectors(town), &mut from, &stay, &leave)?;
    lower(&mut from, &stay);
    let come: Vec<&Member> = pair.of(to.id).chain(leave.iter().copied()).collect();
    settle(&sectors(town), &mut to, &come, &[])?;
    let stated = severity(leave.iter().copied());
    to.severity = to.severity.max(stated);
    if let Some(category) = town.category_by_id(to.category_id).filter(|_| stated > 0) {
        to.priority = to.priority.max(priority(category, stated));
    }
    (pair.from, pair.to) = (from, to);
    pair.holds()
}
