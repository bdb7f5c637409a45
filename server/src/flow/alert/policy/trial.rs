//! A policy tried on the past of a town: which reports it concerns, and what it would have changed for them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use geo_dedup::{CategoryId, Policy, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::preview::{self, Change, Counts, Placed, Report};
use super::queries::Past;
use crate::catalog::model::{Category, Town};
use crate::flow::alert::queries::candidates::observation;
use crate::http::problem::Problem;
use crate::people::policy::{Operation, Staff, permit};

/// Most examples of each kind of change.
const EXAMPLES: usize = 10;

/// What another policy would have done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PreviewAnswer {
    /// Reports of the category that were placed twice.
    pub reports: usize,
    /// Whether there were more in that time: then only the latest were placed.
    pub truncated: bool,
    /// Under the policy in force.
    pub before: Counts,
    /// Under the policy to be tried.
    pub after: Counts,
    /// Reports that opened an alert and would have joined one.
    pub would_join: Changes,
    /// Reports that joined and would have opened an alert.
    pub would_open: Changes,
    /// Reports that would have joined another alert.
    pub elsewhere: Changes,
}

/// Reports for which it makes the same difference.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Changes {
    /// How many.
    pub count: usize,
    /// The most doubtful of them whose alerts the person may read.
    pub examples: Vec<Example>,
}

/// A report for which it makes a difference.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Example {
    /// Reference of the report.
    pub report: String,
    /// Reference of the report that opened the alert in question.
    pub with: String,
    /// Between the two, metres.
    pub distance_m: f64,
    /// Between the two, days.
    pub days_apart: f64,
    /// Probability that they are the same thing, under the policy in force.
    pub posterior_before: Option<f64>,
    /// The same under the policy to be tried.
    pub posterior_after: Option<f64>,
}

/// The category, those that either policy compares it with, and those that compare themselves with it.
pub(super) fn concerned(town: &Town, tried: &Category, policy: &Policy) -> Vec<Uuid> {
    let own = town.dedup_number(tried.id);
    let meets = |other: &&Category| {
        let number = town.dedup_number(other.id);
        [&tried.policy, policy]
            .iter()
            .any(|policy| policy.compatibility(own, number) > 0.0)
            || other.policy.compatibility(number, own) > 0.0
    };
    town.categories
        .iter()
        .filter(meets)
        .map(|category| category.id)
        .collect()
}

/// Reports of the past, to be placed under two policies.
pub(super) struct Trial {
    own: CategoryId,
    /// So many are history, not to be placed.
    known: usize,
    references: Vec<String>,
    /// Whether the person may read the alert of each.
    readable: Vec<bool>,
    reports: Vec<Report>,
}

impl Trial {
    /// Of what came in that time, oldest first; what came before `since` only weighs.
    ///
    /// # Errors
    /// Never with rows that the schema let in.
    pub(super) fn of(
        town: &Town,
        staff: &Staff,
        tried: Uuid,
        past: Vec<Past>,
        since: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let at = |time: DateTime<Utc>| Timestamp(time.timestamp_millis());
        let known = past.partition_point(|row| row.received_at < since);
        let may_read = |row: &Past| permit(staff, Operation::ReadAlert, &row.target()).is_ok();
        let readable = past.iter().map(may_read).collect();
        let mut references = Vec::with_capacity(past.len());
        let mut reports = Vec::with_capacity(past.len());
        for row in past {
            reports.push(Report {
                seen: observation(town, &row.seen)?,
                received_at: at(row.received_at),
                closed_at: row.closed_at.map(at),
            });
            references.push(row.reference);
        }
        Ok(Self {
            own: town.dedup_number(tried),
            known,
            references,
            readable,
            reports,
        })
    }

    /// Places everything twice, and says what differs.
    pub(super) fn run(&self, town: &Town, tried: &Policy) -> PreviewAnswer {
        let default = Policy::default();
        let in_force: HashMap<CategoryId, &Policy> = town
            .categories
            .iter()
            .map(|category| (town.dedup_number(category.id), &category.policy))
            .collect();
        let now = |category: CategoryId| in_force.get(&category).copied().unwrap_or(&default);
        let then = |category: CategoryId| if category == self.own { tried } else { now(category) };
        let before = preview::place(&self.reports, self.known, now);
        let after = preview::place(&self.reports, self.known, then);
        let own = |number: usize| {
            let report = self.reports.get(number).filter(|_| number >= self.known);
            report.is_some_and(|report| report.seen.category == self.own)
        };
        let changes = |kind| self.changes(kind, &before, &after, own);
        PreviewAnswer {
            reports: (0..self.reports.len()).filter(|number| own(*number)).count(),
            truncated: false,
            before: preview::counts(&before, own),
            after: preview::counts(&after, own),
            would_join: changes(Change::Joins),
            would_open: changes(Change::Leaves),
            elsewhere: changes(Change::Elsewhere),
        }
    }

    fn changes(&self, kind: Change, before: &[Placed], after: &[Placed], own: impl Fn(usize) -> bool) -> Changes {
        let each = before.iter().zip(after).enumerate();
        let mut changed: Vec<(usize, &Placed, &Placed)> = each
            .filter(|(number, (before, after))| own(*number) && preview::change(*number, before, after) == Some(kind))
            .map(|(number, (before, after))| (number, before, after))
            .collect();
        let count = changed.len();
        let doubt = |(_, before, after): &(usize, &Placed, &Placed)| {
            let joined = if kind == Change::Leaves { before } else { after };
            joined.best.map_or(0.0, |(_, posterior)| posterior)
        };
        changed.sort_by(|a, b| doubt(a).total_cmp(&doubt(b)));
        let examples = changed.into_iter().filter_map(|(number, before, after)| {
            let with = if kind == Change::Leaves {
                before.opener
            } else {
                after.opener
            };
            let readable = self.may_read(number) && self.may_read(with);
            readable.then(|| self.example(number, with, before, after)).flatten()
        });
        Changes {
            count,
            examples: examples.take(EXAMPLES).collect(),
        }
    }

    fn may_read(&self, number: usize) -> bool {
        self.readable.get(number).copied().unwrap_or_default()
    }

    fn example(&self, number: usize, with: usize, before: &Placed, after: &Placed) -> Option<Example> {
        let (report, other) = (self.reports.get(number)?, self.reports.get(with)?);
        let rounded = |value: f64, step: f64| (value / step).round() * step;
        let of = |placed: &Placed| {
            let best = placed.best.filter(|(opener, _)| *opener == with)?;
            Some(rounded(best.1, 0.001))
        };
        Some(Example {
            report: self.references.get(number)?.clone(),
            with: self.references.get(with)?.clone(),
            distance_m: rounded(report.seen.point.distance(&other.seen.point).get(), 0.1),
            days_apart: rounded(report.received_at.days_since(other.received_at), 0.1),
            posterior_before: of(before),
            posterior_after: of(after),
        })
    }
}
