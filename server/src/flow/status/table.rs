//! The status machine as one table: which step leads from where to where, and what it needs. Everything else reads it.
//!
//! What the table decides, and why:
//! - A pause goes back to `dispatched`: the crew keeps the alert, its date is spent, planning again gives the next one.
//! - The end of a hold goes back to `qualified`, the service's queue: after weeks the old crew and date no longer count. A
//!   crew that is there may also start at once.
//! - A crew may finish or make safe from any status in which it holds the alert, also one put on hold meanwhile: what was
//!   seen on the spot wins over the plan, and people forget to press start.
//! - `not_found` returns to the service, which looks again or rejects; `not_ours` and `take_back` return to `new`, because
//!   whose it is was the mistake. The front desk may take back at any time what is not delivered yet.
//! - `done` can be dispatched again: the check before delivery found it wanting, and residents were told nothing yet.
//! - An outside body that reports a repair has it delivered from `transferred`; one that refuses has it taken back.
//! - Only `reopen` leaves a closed status.

use std::fmt::Write as _;

use super::vocabulary::{Need, Status, Step};

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    To(Status),
    Unchanged,
}

/// One step of the table.
pub(super) struct Transition {
    pub(super) step: Step,
    pub(super) from: &'static [Status],
    pub(super) target: Target,
    pub(super) needs: &'static [Need],
}

const fn row(step: Step, from: &'static [Status], target: Target, needs: &'static [Need]) -> Transition {
    Transition {
        step,
        from,
        target,
        needs,
    }
}

/// The table: exactly one row for each step.
pub(super) const TABLE: &[Transition] = {
    use Need::{HoldReason as Why, OutsideBody, PlannedDate, ProofPhoto, Reason, ReviewDate};
    use Status::{
        Dispatched, Done, InProgress, MadeSafe, New, OnHold, Planned, Qualified, Rejected, Reopened, Resolved,
        Transferred,
    };
    use Target::{To, Unchanged};

    const WITH_CREW: &[Status] = &[Dispatched, Planned, InProgress, MadeSafe];
    const CREW_MAY_ACT: &[Status] = &[Dispatched, Planned, InProgress, OnHold, MadeSafe];
    &[
        row(Step::Qualify, &[New, Reopened], To(Qualified), &[]),
        row(
            Step::Dispatch,
            &[Qualified, Dispatched, Planned, OnHold, MadeSafe, Done, Reopened],
            To(Dispatched),
            &[],
        ),
        row(
            Step::Plan,
            &[Dispatched, Planned, MadeSafe],
            To(Planned),
            &[PlannedDate],
        ),
        row(
            Step::Start,
            &[Dispatched, Planned, OnHold, MadeSafe],
            To(InProgress),
            &[],
        ),
        row(Step::Pause, &[InProgress], To(Dispatched), &[]),
        row(
            Step::Hold,
            &[Qualified, Dispatched, Planned, InProgress, OnHold, MadeSafe],
            To(OnHold),
            &[Why, ReviewDate],
        ),
        row(Step::Resume, &[OnHold], To(Qualified), &[]),
        row(
            Step::MakeSafe,
            &[Dispatched, Planned, InProgress, OnHold],
            To(MadeSafe),
            &[],
        ),
        row(Step::Finish, CREW_MAY_ACT, To(Done), &[ProofPhoto]),
        row(Step::Deliver, &[Done, Transferred], To(Resolved), &[]),
        row(
            Step::Reject,
            &[New, Qualified, Dispatched, Planned, OnHold, Reopened],
            To(Rejected),
            &[Reason],
        ),
        row(
            Step::Transfer,
            &[New, Qualified, Dispatched, Planned, OnHold, MadeSafe, Reopened],
            To(Transferred),
            &[OutsideBody],
        ),
        row(
            Step::TakeBack,
            &[
                Qualified,
                Dispatched,
                Planned,
                InProgress,
                OnHold,
                MadeSafe,
                Done,
                Transferred,
            ],
            To(New),
            &[Reason],
        ),
        row(Step::NotFound, WITH_CREW, To(Qualified), &[]),
        row(Step::NotOurs, WITH_CREW, To(New), &[]),
        row(Step::NeedMaterial, WITH_CREW, To(OnHold), &[ReviewDate]),
        row(
            Step::Dangerous,
            &[
                New,
                Qualified,
                Dispatched,
                Planned,
                InProgress,
                OnHold,
                MadeSafe,
                Done,
                Transferred,
                Reopened,
            ],
            Unchanged,
            &[],
        ),
        row(Step::Reopen, &[Resolved, Rejected], To(Reopened), &[]),
    ]
};

/// The steps that lead somewhere from a status, in the order of the vocabulary.
#[must_use]
pub fn allowed(from: Status) -> Vec<Step> {
    Step::ALL
        .iter()
        .copied()
        .filter(|&step| find(from, step).is_some())
        .collect()
}

/// The table as Markdown: where each step leads from each status, then what the steps need.
#[must_use]
pub fn table_markdown() -> String {
    let mut text = String::from("| status | phase | shown as | steps |\n| --- | --- | --- | --- |\n");
    for &from in Status::ALL {
        let steps: Vec<String> = transitions(from).map(|transition| transition.markdown(from)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {from} | {} | {} | {} |",
            from.phase(),
            from.public_status(),
            steps.join(", ")
        );
    }
    text.push_str("\n| step | needs |\n| --- | --- |\n");
    for transition in TABLE.iter().filter(|transition| !transition.needs.is_empty()) {
        let needs: Vec<&str> = transition.needs.iter().map(|need| need.as_str()).collect();
        let _ = writeln!(text, "| {} | {} |", transition.step, needs.join(", "));
    }
    text
}

fn transitions(from: Status) -> impl Iterator<Item = &'static Transition> {
    TABLE.iter().filter(move |transition| transition.from.contains(&from))
}

/// The row that leads somewhere from a status by a step.
pub(super) fn find(from: Status, step: Step) -> Option<&'static Transition> {
    transitions(from).find(|transition| transition.step == step)
}

impl Transition {
    /// Where the step arrives when it starts here.
    pub(super) fn lands(&self, from: Status) -> Status {
        match self.target {
            Target::To(status) => status,
            Target::Unchanged => from,
        }
    }

    fn markdown(&self, from: Status) -> String {
        match self.target {
            Target::Unchanged => self.step.to_string(),
            Target::To(_) => format!("{} → {}", self.step, self.lands(from)),
        }
    }
}
