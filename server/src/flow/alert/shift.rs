//! Reports go from one alert to another: rows, followers, decisions, and what both alerts are afterwards.

use chrono::{DateTime, Utc};
use geo_dedup::LonLat;
use postgis_diesel::types::Point;
use serde_json::json;
use uuid::Uuid;

use super::model::Alert;
use super::operation::{Asked, Change, Done, Marks, OperationKind, Trace};
use super::queries::membership::{remember_going, why_there};
use super::queries::operation::{self as queries, StoredOperation};
use super::queries::place;
use super::queries::{Together, find, lock_together};
use super::why::of_going;
use crate::audit;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::space::{from_point, to_point};
use crate::flow::command::{Command, current};
use crate::flow::dispatch::round::job::call_if_urgent;
use crate::flow::notification::regroup;
use crate::flow::report::queries::{Member, belong_to, claim_ids, members};
use crate::flow::status::advance::after;
use crate::flow::status::event::{By, Details};
use crate::flow::status::queries::{NewEvent, add_event};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, Role, permit};

#[cfg(test)]
#[path = "shift_tests.rs"]
mod tests;

/// Two alerts of an operation, locked and in the person's scope, with their reports.
pub struct Pair {
    /// The alert that reports leave.
    pub from: Alert,
    /// The alert that they go to.
    pub to: Alert,
    /// In which role the person acts.
    pub role: Role,
    /// Reports of both, oldest first.
    pub members: Vec<Member>,
    together: Together,
    /// Whether each was open and urgent when it was read.
    pressing: [bool; 2],
}

impl Pair {
    /// Locks two alerts, the second of which the request names in `field`, and holds them against the person's scope.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for the first, [`Kind::Invalid`] for the second when there is none in scope.
    pub async fn lock(
        command: &mut Command,
        (from, to): (Uuid, Uuid),
        field: &'static str,
        more: &[Point],
    ) -> Result<Self, Problem> {
        if from == to {
            return Err(Problem::field(field, "same_alert"));
        }
        let unknown = |problem: Problem| match problem.kind {
            Kind::NotFound => Problem::field(field, "unknown_alert"),
            _ => problem,
        };
        let seen = find(&mut command.tx, from).await?;
        permit(&command.staff, Operation::Regroup, &seen.target())?;
        find(&mut command.tx, to).await.map_err(unknown)?;
        let (together, members) = hold(&mut command.tx, &[from, to], more).await?;
        let [from, to] = together.alerts.as_slice() else {
            return Err(Problem::new(Kind::NotFound));
        };
        let role = permit(&command.staff, Operation::Regroup, &from.target())?;
        permit(&command.staff, Operation::Regroup, &to.target()).map_err(unknown)?;
        let pressing = |alert: &Alert| alert.open && alert.is_urgent();
        Ok(Self {
            pressing: [pressing(from), pressing(to)],
            from: from.clone(),
            to: to.clone(),
            role,
            members,
            together,
        })
    }

    /// Holds the versions that the client read against both.
    ///
    /// # Errors
    /// [`Kind::Stale`].
    pub fn current(&self, expected: [Option<i32>; 2]) -> Result<(), Problem> {
        let [from, to] = expected;
        current(&self.from, from)?;
        current(&self.to, to)
    }

    /// The reports of one of them.
    pub fn of(&self, alert: Uuid) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.alert_id == alert)
    }

    /// Has the days of the crews planned anew that have one of them, if it has become urgent; after both are written.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn call_if_urgent(&self, tx: &mut Tx, town: &Town, now: DateTime<Utc>) -> Result<(), Problem> {
        for (alert, before) in [&self.from, &self.to].into_iter().zip(self.pressing) {
            call_if_urgent(tx, town, alert, before, now).await?;
        }
        Ok(())
    }

    /// Holds that both anchors lie where the locks reach.
    ///
    /// # Errors
    /// When one does not; asked again, it will.
    pub fn holds(&self) -> Result<(), Problem> {
        self.together.holds(&self.from.anchor)?;
        self.together.holds(&self.to.anchor)
    }
}

/// Locks alerts and every cell to which an anchor of theirs may go: those of their reports, and more.
///
/// # Errors
/// As [`lock_together`].
pub async fn hold(tx: &mut Tx, alerts: &[Uuid], more: &[Point]) -> Result<(Together, Vec<Member>), Problem> {
    let town = tx.town();
    let seen = members(tx, town, alerts).await?;
    let places: Vec<Point> = seen
        .iter()
        .map(|member| member.place)
        .chain(more.iter().copied())
        .collect();
    let together = lock_together(tx, alerts, &places).await?;
    // Read again behind the locks: now nothing joins or leaves.
    let members = members(tx, town, alerts).await?;
    Ok((together, members))
}

/// Lets reports go: their rows, their followers, and a line each in the membership log. What goes back is there again for the
/// reasons for which it was there before.
///
/// # Errors
/// When the database refuses.
pub async fn shift(
    tx: &Tx,
    town: &Town,
    operation: &StoredOperation,
    reports: &[Uuid],
    (from, to): (Uuid, &Alert),
) -> Result<(), Problem> {
    let why = match operation.undoes {
        Some(_) => why_there(tx, town.id, reports, to.id).await?,
        None => of_going(tx, town, reports, (from, to), operation.at).await?,
    };
    belong_to(tx, town.id, reports, to.id).await?;
    regroup::follow_to(tx, town.id, reports, to.id).await?;
    remember_going(tx, operation, reports, (from, to.id), &why).await?;
    audit::all_changed(tx, town.id, "report", reports, operation.at).await
}

/// The sector of a place, as a town draws them.
pub type SectorAt<'a> = dyn Fn(LonLat) -> Option<Uuid> + Send + Sync + 'a;

/// The sectors of a town.
pub fn sectors(town: &Town) -> impl Fn(LonLat) -> Option<Uuid> + Send + Sync {
    |place| town.sector_at(place).map(|sector| sector.id)
}

/// Makes an alert what its reports say: how many, since when, until when, how far around. If those at its anchor have all
/// left, the anchor goes to the earliest that stays, with that one's address.
///
/// # Errors
/// When a stored position is none.
pub fn settle(
    sector_at: &SectorAt<'_>,
    alert: &mut Alert,
    members: &[&Member],
    left: &[&Member],
) -> Result<(), Problem> {
    alert.report_count = i32::try_from(members.len()).map_err(Problem::internal)?;
    let Some(first) = members.iter().min_by_key(|member| (member.received_at, member.id)) else {
        alert.extent_m = 0.0;
        return Ok(());
    };
    let at_anchor = |member: &&&Member| member.h3_15 == alert.h3_15;
    if left.iter().any(|member| at_anchor(&member)) && !members.iter().any(|member| at_anchor(&member)) {
        put_anchor(sector_at, alert, first.place, first.h3_15)?;
        alert.address.clone_from(&first.address);
    }
    alert.opened_at = first.received_at;
    let last = members.iter().map(|member| member.received_at).max();
    alert.last_report_at = last.unwrap_or(alert.last_report_at);
    let anchor = from_point(&alert.anchor).map_err(Problem::internal)?;
    let mut extent = 0.0_f64;
    for member in members {
        let place = from_point(&member.place).map_err(Problem::internal)?;
        extent = extent.max(anchor.distance(&place).get());
    }
    #[expect(clippy::cast_possible_truncation, reason = "metres up to a few hundred")]
    let extent = extent as f32;
    alert.extent_m = extent;
    Ok(())
}

/// Puts an alert's anchor somewhere else.
///
/// # Errors
/// When a stored position is none.
pub fn put_anchor(sector_at: &SectorAt<'_>, alert: &mut Alert, anchor: Point, h3_15: i64) -> Result<(), Problem> {
    let place = from_point(&anchor).map_err(Problem::internal)?;
    alert.anchor = to_point(place);
    alert.h3_15 = h3_15;
    alert.sector_id = sector_at(place);
    Ok(())
}

/// The highest severity that reports state, 0 to 2.
#[must_use]
pub fn severity<'a>(members: impl Iterator<Item = &'a Member>) -> i16 {
    members.map(|member| member.severity).max().unwrap_or_default()
}

/// An operation that is being done.
pub struct Doing<'a> {
    /// What comes with it.
    pub asked: Asked<'a>,
    /// What is done.
    pub kind: OperationKind,
    /// Operation of the API.
    pub action: &'static str,
    /// In which role.
    pub role: Role,
    /// What it takes back.
    pub undoes: Option<Uuid>,
}

impl Doing<'_> {
    /// Claims the operation's id for ever, writes both alerts' rows and history, the operation and its trail. What refers to
    /// the operation is written after it.
    ///
    /// # Errors
    /// [`Kind::IdTaken`] when the id names something else already.
    pub async fn keep(
        &self,
        command: &mut Command,
        alerts: [&mut Alert; 2],
        trace: &Trace,
    ) -> Result<StoredOperation, Problem> {
        let (town, at) = (command.town.id, command.now);
        claim_ids(&command.tx, town, [(self.asked.id, "operation")]).await?;
        let [one, other] = alerts;
        let references = [other.reference.clone(), one.reference.clone()];
        let ids = [one.id, other.id];
        for (alert, counterpart) in [one, other].into_iter().zip(references) {
            self.write_down(command, alert, &counterpart, trace).await?;
        }
        let operation = StoredOperation {
            jurisdiction_id: town.0,
            id: self.asked.id,
            kind: self.kind.as_str().to_owned(),
            alert_id: ids[0],
            other_id: ids[1],
            undoes: self.undoes,
            detail: serde_json::to_value(trace).map_err(Problem::internal)?,
            reason: self.asked.reason.map(str::to_owned),
            by_user: command.staff.staff_user_id,
            at,
            request_hash: self.asked.hash.to_vec(),
        };
        queries::keep(&command.tx, &operation).await?;
        Ok(operation)
    }

    /// What is answered once it is kept.
    #[must_use]
    pub fn done(&self, alerts: [Alert; 2], trace: Trace, at: DateTime<Utc>) -> Done {
        Done {
            id: self.asked.id,
            kind: self.kind,
            alerts,
            trace,
            at,
        }
    }

    /// The alert's row, a line of its history, the change log and the trail.
    async fn write_down(
        &self,
        command: &mut Command,
        alert: &mut Alert,
        counterpart: &str,
        trace: &Trace,
    ) -> Result<(), Problem> {
        let details = Details {
            note: Some(counterpart),
            task_id: trace.task.as_ref().map(|task| task.id),
            ..Details::default()
        };
        let by = By::staff(&command.staff, self.role, self.action, self.asked.client).with(details);
        let (tx, now, status) = (&mut command.tx, command.now, alert.status()?);
        let town = tx.town();
        queries::store(tx, alert).await?;
        let event = NewEvent::of(alert, self.kind.as_str(), (status, status), &by, after(alert, now));
        let event_id = event.id;
        add_event(tx, &event.because(self.asked.reason, None)).await?;
        audit::changed(tx, town, &[("alert", alert.id), ("status_event", event_id)], now).await?;
        if alert.merged_into.is_some() {
            audit::gone(tx, town, ("alert", alert.id), now).await?;
        }
        let entry = audit::Entry {
            actor: &by.actor,
            action: by.action,
            entity: "alert",
            entity_id: Some(alert.id),
            detail: json!({"operation_id": self.asked.id, "counterpart": counterpart, "reports": trace.reports.len(),
                "undoes": self.undoes}),
            request_id: by.request_id,
        };
        audit::record(tx, town, &entry, now).await
    }
}

/// The answer to an operation that was sent before: what was done then, and the alerts as they stand now.
///
/// # Errors
/// [`Kind::IdTaken`] when the id came with another request.
pub async fn replayed(command: &mut Command, asked: &Asked<'_>) -> Result<Option<Done>, Problem> {
    let town = command.town.id;
    let Some(stored) = queries::replayed(&command.tx, town, asked.id, asked.hash).await? else {
        return Ok(None);
    };
    let alerts = [
        find(&mut command.tx, stored.alert_id).await?,
        find(&mut command.tx, stored.other_id).await?,
    ];
    Ok(Some(Done {
        id: stored.id,
        kind: stored.kind.parse().map_err(Problem::internal)?,
        alerts,
        trace: serde_json::from_value(stored.detail).map_err(Problem::internal)?,
        at: stored.at,
    }))
}

/// An alert before and after.
#[must_use]
pub fn change(before: Marks, alert: &Alert) -> Change {
    Change {
        before,
        after: Marks::of(alert),
    }
}

/// Makes the words anew by which staff find these alerts: those of the reports that they have now.
///
/// # Errors
/// When the database refuses.
pub async fn index(tx: &mut Tx, alerts: [&Alert; 2]) -> Result<(), Problem> {
    let town = tx.town();
    for alert in alerts {
        let reports = members(tx, town, &[alert.id]).await?;
        let said = reports
            .iter()
            .flat_map(|member| [member.address.as_deref(), member.description.as_deref()])
            .flatten();
        let texts: Vec<&str> = said.chain(alert.address.as_deref()).collect();
        place::replace_words(tx, town, alert.id, &texts).await?;
    }
    Ok(())
}

/// The problem of a state that does not allow an operation.
#[must_use]
pub fn conflict(reason: &str, alert: &Alert) -> Problem {
    let problem = Problem::new(Kind::Conflict)
        .with("reason", reason)
        .with("alert_id", alert.id.to_string());
    match alert.merged_into {
        Some(survivor) => problem.with("merged_into", survivor.to_string()),
        None => problem,
    }
}

/// Holds that an alert still takes reports.
///
/// # Errors
/// [`Kind::Conflict`] with the reason `merged` or `closed`.
pub fn require_open(alert: &Alert) -> Result<(), Problem> {
    if alert.open {
        return Ok(());
    }
    Err(conflict(
        if alert.merged_into.is_some() {
            "merged"
        } else {
            "closed"
        },
        alert,
    ))
}

/// Holds that an alert was not merged away.
///
/// # Errors
/// [`Kind::Conflict`] with the reason `merged`.
pub fn require_there(alert: &Alert) -> Result<(), Problem> {
    match alert.merged_into {
        None => Ok(()),
        Some(_) => Err(conflict("merged", alert)),
    }
}

/// The instant until which what is told can be called off without a word.
#[must_use]
pub fn patience(now: DateTime<Utc>) -> DateTime<Utc> {
    now + regroup::PATIENCE
}
