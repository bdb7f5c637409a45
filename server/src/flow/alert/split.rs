//! Reports leave an alert into one of their own, which is routed and promised like any new one.
//!
//! The tasks, the hand-over and the history stay with the alert that they leave.

use uuid::Uuid;

use super::model::Alert;
use super::opening::Opening;
use super::operation::{Asked, Done, Marks, OperationKind, Trace};
use super::queries::candidates::past_delays;
use super::queries::operation as queries;
use super::queries::place;
use super::shift::{Doing, change, hold, index, patience, replayed, require_there, sectors, settle, severity, shift};
use crate::catalog::model::{Category, Town};
use crate::db::space::from_point;
use crate::flow::command::{Command, current};
use crate::flow::dispatch::hand_over::apply_route;
use crate::flow::notification::fan_out::{self, ServiceNotice};
use crate::flow::notification::regroup::{self, Notice};
use crate::flow::notification::template::Template;
use crate::flow::report::queries::{Member, claim_ids};
use crate::flow::status::effects::DANGEROUS;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, permit};

/// Splits reports off an alert.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such alert in the person's scope, [`Kind::Invalid`] when a report is not its own or
/// none would stay, [`Kind::Conflict`] when it was merged away.
pub async fn split(command: &mut Command, id: Uuid, reports: &[Uuid], asked: Asked<'_>) -> Result<Done, Problem> {
    let seen = super::queries::find(&mut command.tx, id).await?;
    permit(&command.staff, Operation::Regroup, &seen.target())?;
    let (together, members) = hold(&mut command.tx, &[id], &[]).await?;
    let mut from = together
        .alerts
        .first()
        .cloned()
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    let role = permit(&command.staff, Operation::Regroup, &from.target())?;
    if let Some(done) = replayed(command, &asked).await? {
        return Ok(done);
    }
    current(&from, asked.expected[0])?;
    require_there(&from)?;
    let (leave, stay) = parted(&members, reports)?;
    let (town, now) = (command.town.clone(), command.now);
    let mut new = open(command, &town, &from, &leave, asked.id).await?;
    together.holds(&new.anchor)?;
    let before = Marks::of(&from);
    settle(&sectors(&town), &mut new, &leave, &[])?;
    settle(&sectors(&town), &mut from, &stay, &leave)?;
    together.holds(&from.anchor)?;
    lower(&mut from, &stay);
    let mut trace = Trace {
        reports: leave.iter().map(|member| member.id).collect(),
        from: Some(change(before, &from)),
        ..Trace::default()
    };
    let notice = Notice {
        template: Template::Separated,
        left: &from,
        alert: &new,
        reports: &trace.reports,
        except: &[],
        event: asked.id,
        at: patience(now),
    };
    trace.told = regroup::tell(&command.tx, &town, &notice, now).await?;
    let doing = Doing {
        asked,
        kind: OperationKind::Split,
        action: "split_alert",
        role,
        undoes: None,
    };
    let operation = doing.keep(command, [&mut from, &mut new], &trace).await?;
    shift(&command.tx, &town, &operation, &trace.reports, (from.id, &new)).await?;
    queries::keep_verdicts(&command.tx, &operation, &trace.reports, from.id, false).await?;
    queries::tie(&command.tx, town.id, (new.id, from.id), "split_from", now).await?;
    index(&mut command.tx, [&from, &new]).await?;
    Ok(doing.done([from, new], trace, now))
}

/// Which reports leave and which stay.
fn parted<'a>(members: &'a [Member], named: &[Uuid]) -> Result<(Vec<&'a Member>, Vec<&'a Member>), Problem> {
    let mut sorted = named.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() < named.len() {
        return Err(Problem::field("reports", "twice"));
    }
    let (leave, stay): (Vec<&Member>, Vec<&Member>) = members
        .iter()
        .partition(|member| sorted.binary_search(&member.id).is_ok());
    if leave.is_empty() || leave.len() < sorted.len() {
        return Err(Problem::field("reports", "unknown_report"));
    }
    if stay.is_empty() {
        return Err(Problem::field("reports", "one_must_stay"));
    }
    Ok((leave, stay))
}

/// Opens the alert of those that leave, by the earliest of them.
async fn open(
    command: &mut Command,
    town: &Town,
    from: &Alert,
    leave: &[&Member],
    event: Uuid,
) -> Result<Alert, Problem> {
    let now = command.now;
    let first = leave.iter().min_by_key(|member| (member.received_at, member.id));
    let first = first.ok_or_else(|| Problem::field("reports", "required"))?;
    let category = category(town, first, from)?;
    let place = from_point(&first.place).map_err(Problem::internal)?;
    let sector = town.sector_at(place).map(|sector| sector.id);
    let delays = (category.id, sector.unwrap_or_default());
    let past = past_delays(&command.tx, town.id.0, delays).await?;
    let severity = severity(leave.iter().copied());
    let near_boundary = leave
        .iter()
        .any(|member| member.flags.iter().any(|flag| flag == "near_boundary"));
    let opening = Opening {
        town,
        category,
        place,
        address: first.address.clone(),
        severity,
        flags: near_boundary.then(|| "near_boundary".to_owned()).into_iter().collect(),
        past: &past,
        opened_at: first.received_at,
        now,
    };
    let (id, route, by) = (Uuid::now_v7(), opening.route(), command.staff.staff_user_id);
    claim_ids(&command.tx, town.id, [(id, "alert")]).await?;
    let mut new = place::open(&command.tx, opening.alert(id)?).await?;
    place::begin_history(&command.tx, &new, "staff", Some(by), Uuid::now_v7()).await?;
    // Before its followers come, as with a report: where the route leads is not a message of its own.
    apply_route(&mut command.tx, town, &mut new, &route, now).await?;
    fan_out::service(&command.tx, town, &new, event, ServiceNotice::NewAlert, now).await?;
    Ok(new)
}

/// The category that its first author chose, as long as it takes reports; otherwise that of the alert it leaves.
fn category<'a>(town: &'a Town, first: &Member, from: &Alert) -> Result<&'a Category, Problem> {
    let chosen = town.category_by_id(first.category_id);
    let chosen = chosen.filter(|category| category.active && !category.is_group);
    let category = chosen.or_else(|| town.category_by_id(from.category_id));
    category.ok_or_else(|| Problem::internal("the alert's category is not in the catalogue"))
}

/// A severity that only those who left had stated goes with them; what a crew saw stays. The priority stays too: a person
/// may have set it, and lowers it by qualifying.
pub fn lower(alert: &mut Alert, stay: &[&Member]) {
    if !alert.flags.iter().any(|flag| flag == DANGEROUS) {
        alert.severity = alert.severity.min(severity(stay.iter().copied()));
    }
}
