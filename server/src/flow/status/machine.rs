//! Taking a step: the table decides whether it leads anywhere, this file whether what comes with it is enough.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use thiserror::Error;
use uuid::Uuid;

use super::table::{allowed, find};
use super::vocabulary::{HoldReason, Need, Status, Step};
use crate::catalog::closing::{CategoryRules, CloseBy};

/// What comes with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'a> {
    /// The town's local day **of the action**, not of its arrival: a crew that was offline is held to what it knew then.
    pub today: NaiveDate,
    /// Words for residents or for the next in line; blank counts as none.
    pub reason: Option<&'a str>,
    /// What a hold waits for.
    pub hold_reason: Option<HoldReason>,
    /// When a hold is looked at again, a local date after today.
    pub review_date: Option<NaiveDate>,
    /// When the crew will come, a local date from today on.
    pub planned_date: Option<NaiveDate>,
    /// The outside body that gets the alert.
    pub outside_body: Option<Uuid>,
    /// How many photos of the repair are attached.
    pub proof_photos: u32,
    /// A person looks before residents are told: the step that the system would take next is left to them.
    pub hold_delivery: bool,
}

impl Given<'_> {
    /// A bare step on a day, with nothing attached.
    #[must_use]
    pub const fn on(today: NaiveDate) -> Self {
        Self {
            today,
            reason: None,
            hold_reason: None,
            review_date: None,
            planned_date: None,
            outside_body: None,
            proof_photos: 0,
            hold_delivery: false,
        }
    }
}

/// Why a step was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// The step does not lead anywhere from this status (409).
    #[error("{step} is not possible from {from}")]
    Illegal {
        /// The status that was found.
        from: Status,
        /// The step that was asked for.
        step: Step,
        /// The steps that are possible instead.
        allowed: Vec<Step>,
    },
    /// Everything that is missing or out of range, all at once (422).
    #[error("{step} is incomplete")]
    Incomplete {
        /// The step that was asked for.
        step: Step,
        /// What is not there.
        missing: Vec<Need>,
        /// Dates that have already passed on the day of the action.
        passed: Vec<Need>,
    },
}

/// Takes one step. The caller writes the result with compare-and-set on `from`, then takes the step that [`follow_up`] names.
///
/// # Errors
/// [`Refused::Illegal`] when the table has no such step from here, [`Refused::Incomplete`] with everything that lacks.
pub fn step(from: Status, step: Step, rules: CategoryRules, given: &Given<'_>) -> Result<Status, Refused> {
    let Some(transition) = find(from, step) else {
        return Err(Refused::Illegal {
            from,
            step,
            allowed: allowed(from),
        });
    };
    let with = |shape| {
        let needs = transition.needs.iter().copied();
        needs
            .filter(|&need| given.shape_of(need, rules) == shape)
            .collect::<Vec<_>>()
    };
    let (missing, passed) = (with(Shape::Missing), with(Shape::Passed));
    if missing.is_empty() && passed.is_empty() {
        Ok(transition.lands(from))
    } else {
        Err(Refused::Incomplete { step, missing, passed })
    }
}

/// The step that the system takes by itself once a status is reached: what a crew finishes is delivered at once in the
/// categories that the crew closes.
#[must_use]
pub const fn follow_up(reached: Status, rules: CategoryRules) -> Option<Step> {
    match (reached, rules.close_by) {
        (Status::Done, CloseBy::Crew) => Some(Step::Deliver),
        _ => None,
    }
}

/// How long an alert has been on hold, up to `until`. Delays and expected dates leave this time out.
///
/// `events` are the statuses reached and when, in the order in which they were recorded. Clocks of devices may disagree, so
/// a span that runs backwards counts as nothing.
#[must_use]
pub fn held_for(events: &[(DateTime<Utc>, Status)], until: DateTime<Utc>) -> TimeDelta {
    let ends = events.iter().skip(1).map(|&(at, _)| at).chain([until]);
    let spans = events
        .iter()
        .zip(ends)
        .filter(|((_, status), _)| *status == Status::OnHold);
    spans
        .map(|(&(since, _), end)| (end.min(until) - since).max(TimeDelta::zero()))
        .sum()
}

/// How a need is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Met,
    Missing,
    Passed,
}

impl Given<'_> {
    fn shape_of(&self, need: Need, rules: CategoryRules) -> Shape {
        let present = |there: bool| if there { Shape::Met } else { Shape::Missing };
        let dated = |date: Option<NaiveDate>, first: Option<NaiveDate>| match date {
            None => Shape::Missing,
            Some(date) if Some(date) < first => Shape::Passed,
            Some(_) => Shape::Met,
        };
        match need {
            Need::Reason => present(self.reason.is_some_and(|words| !words.trim().is_empty())),
            Need::HoldReason => present(self.hold_reason.is_some()),
            Need::ReviewDate => dated(self.review_date, self.today.succ_opt()),
            Need::PlannedDate => dated(self.planned_date, Some(self.today)),
            Need::OutsideBody => present(self.outside_body.is_some()),
            Need::ProofPhoto => present(!rules.proof_photo_required || self.proof_photos > 0),
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
