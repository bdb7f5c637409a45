//! What is there already: the alerts around a report, and what is known about the place.

use crate::{
    measure::{LonLat, Metres, Timestamp},
    observation::{CategoryId, Member},
};

/// Identifies an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u128);

/// Whether an alert still takes reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateState {
    /// It does. An alert that is on hold or was handed to another body is open in this sense.
    Open,
    /// It was delivered as solved.
    Closed {
        /// When.
        at: Timestamp,
    },
    /// It was refused, with a reason that the next reporter may be told.
    Rejected {
        /// When.
        at: Timestamp,
    },
}

/// An alert that the report may belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which alert it is.
    pub id: AlertId,
    /// Its category.
    pub category: CategoryId,
    /// The place that searches find it by.
    pub anchor: LonLat,
    /// Largest distance of one of its reports from the anchor.
    pub extent: Metres,
    /// Whether it still takes reports.
    pub state: CandidateState,
    /// When its first report came.
    pub opened_at: Timestamp,
    /// How many reports it has.
    pub reports: u32,
    /// Those of its reports that the caller brought, possibly not all: the report is compared with each. An alert without
    /// any is compared by its anchor.
    pub members: Vec<Member>,
}

impl Candidate {
    /// An open alert of one report, which gives it its category and its anchor.
    #[must_use]
    pub fn opened_by(id: AlertId, first: Member) -> Self {
        Self {
            id,
            category: first.category,
            anchor: first.point,
            extent: Metres::ZERO,
            state: CandidateState::Open,
            opened_at: first.observed_at,
            reports: 1,
            members: vec![first],
        }
    }

    /// An open alert of these reports, opened by the first of them to be observed; `None` without any.
    pub(crate) fn of(id: AlertId, members: Vec<Member>) -> Option<Self> {
        let mut members = members;
        members.sort_by_key(|member| (member.observed_at, member.report));
        let mut members = members.into_iter();
        let first = Self::opened_by(id, members.next()?);
        Some(members.fold(first, |mut alert, member| {
            alert.add(member);
            alert
        }))
    }

    /// Adds a report; the anchor stays.
    pub(crate) fn add(&mut self, member: Member) {
        self.reports = self.reports.saturating_add(1);
        self.extent = self.extent.max(self.anchor.distance(&member.point));
        // Most alerts have one report or two: a list that doubles would be mostly empty, times all alerts.
        if self.members.len() == self.members.capacity() {
            self.members.reserve_exact(1 + self.members.len() / 4);
        }
        self.members.push(member);
    }
}

/// A person's word on whether the report belongs to an alert. The machine never overrides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerdictKind {
    /// It does.
    Same,
    /// It does not.
    NotSame,
}

/// A person's word on one alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// The alert judged.
    pub alert: AlertId,
    /// What was said.
    pub kind: VerdictKind,
}

/// Radius of the spot on which earlier reports are counted.
pub const PAST_HERE: Metres = Metres::whole(10);
/// Radius of the surroundings in which earlier reports are counted.
pub const PAST_AROUND: Metres = Metres::whole(100);
/// How old counted reports are, in days. Younger ones may be of the very problem that is being decided.
pub const PAST_DAYS: std::ops::RangeInclusive<f64> = 14.0..=180.0;

/// What is known around the report besides the alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The present.
    pub now: Timestamp,
    /// Reports of compatible categories within [`PAST_HERE`] that were observed [`PAST_DAYS`] before; `None` when unknown.
    /// Where much is reported, being near proves little.
    pub past_here: Option<u32>,
    /// The same within [`PAST_AROUND`].
    pub past_around: Option<u32>,
    /// Reports of recent history on this very coordinate, of any category. Systems that lack a position write a default one.
    pub at_exact_point: u32,
    /// What people said about this report and its candidates.
    pub verdicts: Vec<Verdict>,
}

impl Context {
    /// A context of which only the time is known.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self {
            now,
            past_here: None,
            past_around: None,
            at_exact_point: 0,
            verdicts: Vec::new(),
        }
    }

    /// What a person said about an alert. Should two people differ, "not the same" holds: a wrong merge hides a problem.
    #[must_use]
    pub fn verdict(&self, alert: AlertId) -> Option<VerdictKind> {
        let of_alert = self.verdicts.iter().filter(|verdict| verdict.alert == alert);
        of_alert.fold(None, |held, verdict| match (held, verdict.kind) {
            (Some(VerdictKind::NotSame), _) | (_, VerdictKind::NotSame) => Some(VerdictKind::NotSame),
            _ => Some(VerdictKind::Same),
        })
    }
}
