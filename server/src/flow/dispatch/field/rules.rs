//! What an action that was made without network means in the world that it arrives in: one pure function.
//!
//! - What a crew did or saw in the street is a fact and wins over what was planned meanwhile: a repair closes the alert
//!   also when the task went to another crew, was taken back or was merged; the doer has the credit.
//! - Of two repairs the first that arrives counts; the second is a further field report of the closed alert.
//! - What a crew only meant to do (accept, start, pause, hand over) is moot once the task is somebody else's.
//! - A field that somebody set meanwhile is not overwritten: a person decides between the two values.
//! - What stood outside the rules then or stands outside them now waits for a person. Nothing is dropped.

use super::model::{FieldKind, Reason};
use crate::flow::status::table;
use crate::flow::status::vocabulary::Status;

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;

/// The world as far as the decision depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// What the crew did.
    pub kind: FieldKind,
    /// Where the alert stands now: the task's own, or the survivor that it was merged into.
    pub status: Status,
    /// Whether the crew still has the task.
    pub has_task: bool,
    /// Whether the task's alert was merged into the one that is looked at.
    pub merged: bool,
    /// Whether reports left the alert after the action.
    pub split: bool,
    /// Whether another category was set than the tablet showed.
    pub recategorised: bool,
}

/// What is to be done with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes effect.
    Apply,
    /// The alert is given to the crew that did it, then it takes effect.
    TakeOver,
    /// It is kept on the alert as a further field report.
    Keep,
    /// A person decides.
    Wait,
}

/// A verdict with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What is to be done.
    pub verdict: Verdict,
    /// Why not simply [`Verdict::Apply`], or what else to say.
    pub reason: Option<Reason>,
    /// Whether a person should look at it although it takes effect.
    pub review: bool,
}

impl Ruling {
    const fn of(verdict: Verdict, reason: Reason) -> Self {
        Self {
            verdict,
            reason: Some(reason),
            review: matches!(verdict, Verdict::TakeOver),
        }
    }
}

/// Decides.
#[must_use]
pub fn rule(world: &Situation) -> Ruling {
    let plain = decide(world);
    if !matches!(plain.verdict, Verdict::Apply | Verdict::TakeOver) {
        return plain;
    }
    // What takes effect elsewhere than it was meant says so.
    let since = match (world.merged, world.split, world.has_task) {
        (true, _, _) => Some(Reason::Merged),
        (_, true, _) => Some(Reason::Split),
        (_, _, false) if world.kind != FieldKind::Note => Some(Reason::Reassigned),
        _ => None,
    };
    Ruling {
        verdict: plain.verdict,
        reason: since.or(plain.reason),
        review: plain.review || (since.is_some() && world.kind != FieldKind::Note),
    }
}

fn decide(world: &Situation) -> Ruling {
    use FieldKind as Kind;
    let apply = Ruling {
        verdict: Verdict::Apply,
        reason: None,
        review: false,
    };
    let possible = leads_somewhere(world.kind, world.status);
    match world.kind {
        Kind::Note | Kind::NewAlert => apply,
        // A danger is heard from whoever sees it.
        Kind::Dangerous if possible => apply,
        Kind::Dangerous => Ruling::of(Verdict::Wait, Reason::Closed),
        Kind::Done | Kind::MadeSafe => fact(world, possible, apply),
        Kind::NotFound | Kind::NotOurs | Kind::NeedMaterial => match (world.has_task, possible) {
            (true, true) => apply,
            (true, false) => Ruling::of(Verdict::Wait, Reason::NotPossible),
            (false, _) => Ruling::of(Verdict::Keep, gone(world)),
        },
        Kind::Accept | Kind::Start | Kind::Pause => match (world.has_task, possible) {
            (true, true) => apply,
            (true, false) => Ruling::of(Verdict::Keep, Reason::Already),
            (false, _) => Ruling::of(Verdict::Keep, gone(world)),
        },
        Kind::HandOver if world.has_task => apply,
        Kind::HandOver => Ruling::of(Verdict::Keep, gone(world)),
        Kind::Requalify if world.recategorised => Ruling::of(Verdict::Wait, Reason::ChangedMeanwhile),
        Kind::Requalify if world.has_task => apply,
        Kind::Requalify => Ruling::of(Verdict::Wait, gone(world)),
    }
}

/// A repair, or a danger removed: it holds whatever was planned meanwhile.
fn fact(world: &Situation, possible: bool, apply: Ruling) -> Ruling {
    if possible {
        return apply;
    }
    match world.status {
        Status::New | Status::Qualified | Status::Reopened => Ruling::of(Verdict::TakeOver, Reason::Reassigned),
        Status::Transferred => Ruling::of(Verdict::Wait, Reason::Reassigned),
        Status::MadeSafe => Ruling::of(Verdict::Keep, Reason::Already),
        _ => Ruling::of(Verdict::Keep, Reason::Closed),
    }
}

fn leads_somewhere(kind: FieldKind, status: Status) -> bool {
    let step = kind.action().and_then(super::super::act::Action::step);
    step.is_none_or(|step| table::allowed(status).contains(&step))
}

/// Why a crew has a task no longer.
const fn gone(world: &Situation) -> Reason {
    match world.status {
        Status::Done | Status::Resolved | Status::Rejected => Reason::Closed,
        _ if world.merged => Reason::Merged,
        _ => Reason::Reassigned,
    }
}
