//! What a step does to the alert's row, without any I/O.

use chrono::{DateTime, TimeDelta, Utc};

use super::machine::Given;
use super::vocabulary::{Phase, Status, Step};
use crate::flow::alert::model::{Alert, DANGER, URGENT};

/// Flag of an alert at which somebody saw a danger.
pub const DANGEROUS: &str = "dangerous";

/// A step that the machine has allowed.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Which.
    pub step: Step,
    /// Status before.
    pub from: Status,
    /// Status after.
    pub to: Status,
    /// What came with it.
    pub given: Given<'a>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Taken<'_> {
    /// Whether the work ended with this step, so that its time can be measured.
    pub fn ends_treatment(&self) -> bool {
        self.from.phase() == Phase::Treatment && matches!(self.to, Status::Done | Status::Resolved)
    }

    /// Whether what people may expect has changed with it.
    pub fn moves_expectation(&self) -> bool {
        let hold = |status| status == Status::OnHold;
        (hold(self.from) || hold(self.to) || self.step == Step::Reopen) && self.to.is_open()
    }

    /// Whether the crew no longer has the alert.
    fn leaves_crew(&self) -> bool {
        use Status::{New, Qualified, Rejected, Reopened, Transferred};
        matches!(self.to, New | Qualified | Rejected | Reopened | Transferred)
    }
}

/// Writes a step into the row.
pub fn apply(alert: &mut Alert, taken: &Taken<'_>) {
    let Taken { step, from, to, at, .. } = *taken;
    let moved = from != to;
    if moved && from == Status::OnHold {
        // Time on hold is not the service's: its promise moves by it.
        alert.due_at += (at - alert.status_at).max(TimeDelta::zero());
    }
    if moved {
        to.as_str().clone_into(&mut alert.status);
        alert.status_at = at;
        alert.closed_at = (!to.is_open()).then_some(at);
        alert.open = to.is_open();
        if taken.leaves_crew() {
            alert.crew_id = None;
        }
        match (from, to) {
            (_, Status::Transferred) => alert.body_id = taken.given.outside_body,
            (Status::Transferred, Status::Resolved) => {}
            _ => alert.body_id = None,
        }
    }
    if moved || step == Step::Hold {
        give_reason(alert, taken);
    }
    if step.raises_priority() {
        alert.priority = URGENT;
        alert.severity = DANGER;
        if !alert.flags.iter().any(|flag| flag == DANGEROUS) {
            alert.flags.push(DANGEROUS.to_owned());
        }
    }
}

/// Why it is on hold or rejected, as the row and the history say it.
fn give_reason(alert: &mut Alert, taken: &Taken<'_>) {
    let given = &taken.given;
    alert.review_on = None;
    alert.reason = match taken.to {
        Status::OnHold => {
            alert.review_on = given.review_date;
            let waits_for = taken.step.implied_hold_reason().or(given.hold_reason);
            waits_for.map(|reason| reason.as_str().to_owned())
        }
        Status::Rejected => given.reason.map(|words| words.trim().to_owned()),
        _ => None,
    };
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;
