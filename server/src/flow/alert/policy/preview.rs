//! What another policy would have done with the reports of the last months: the same reports are placed twice, in the order
//! in which they came, once under each policy. No I/O.

use std::collections::HashMap;

use geo_dedup::cell::{anchor_lock_cell, lock_cells};
use geo_dedup::{
    AlertId, Candidate, CandidateState, CategoryId, Context, Decision, MAX_RADIUS, Metres, Observation, PAST_AROUND,
    PAST_DAYS, PAST_HERE, Policy, ReportId, Scored, Timestamp, decide,
};

/// A report of the past.
#[derive(Clone, Debug)]
pub struct Report {
    /// As geo-dedup sees it.
    pub seen: Observation,
    /// When it came.
    pub received_at: Timestamp,
    /// When its alert was closed in truth; the alert that it opens here closes then.
    pub closed_at: Option<Timestamp>,
}

/// Where a report went.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The report that opened its alert: itself, or an earlier one; by place in the list.
    pub opener: usize,
    /// It opened an alert, and a person would have been asked whether it is the same as these.
    pub asked: bool,
    /// The likeliest alert that was open, by its opener, and the probability that it is the same thing.
    pub best: Option<(usize, f64)>,
}

/// An alert of the trial.
struct Open {
    candidate: Candidate,
    opener: usize,
}

/// Reports so far, by the lock cell of their place.
#[derive(Default)]
struct History<'a>(HashMap<i64, Vec<&'a Observation>>);

impl<'a> History<'a> {
    fn add(&mut self, seen: &'a Observation) {
        self.0
            .entry(anchor_lock_cell(&seen.point).to_i64())
            .or_default()
            .push(seen);
    }

    /// What a [`Context`] counts of the past, on the spot and around it.
    fn past(&self, seen: &Observation, policy: &Policy) -> (u32, u32) {
        let cells = lock_cells(&seen.point, PAST_AROUND);
        let around = cells.iter().filter_map(|cell| self.0.get(&cell.to_i64())).flatten();
        let counted = around.filter(|other| {
            policy.compatibility(seen.category, other.category) > 0.0
                && PAST_DAYS.contains(&seen.observed_at.days_since(other.observed_at))
        });
        counted.fold((0, 0), |(here, surroundings), other| {
            let metres = seen.point.distance(&other.point);
            (
                here + u32::from(metres <= PAST_HERE),
                surroundings + u32::from(metres <= PAST_AROUND),
            )
        })
    }
}

/// Places the reports, which come in order of arrival; `policy_of` gives the policy of a category. The first `known` of them
/// are history only: each stands for itself.
pub fn place<'a>(reports: &[Report], known: usize, policy_of: impl Fn(CategoryId) -> &'a Policy) -> Vec<Placed> {
    let mut history = History::default();
    let mut alerts: Vec<Open> = Vec::new();
    let mut by_cell: HashMap<i64, Vec<usize>> = HashMap::new();
    let mut placed = Vec::with_capacity(reports.len());
    for (number, report) in reports.iter().enumerate() {
        if number < known {
            history.add(&report.seen);
            placed.push(Placed {
                opener: number,
                asked: false,
                best: None,
            });
            continue;
        }
        let policy = policy_of(report.seen.category);
        let reach = policy.search_radius(&report.seen).min(MAX_RADIUS);
        let cells = lock_cells(&report.seen.point, reach);
        let around = cells.iter().filter_map(|cell| by_cell.get(&cell.to_i64())).flatten();
        let near: Vec<Candidate> = around
            .filter_map(|at| alerts.get(*at))
            .map(|alert| &alert.candidate)
            .filter(|candidate| candidate.anchor.distance(&report.seen.point) <= reach)
            .map(|candidate| as_of(candidate, report.received_at))
            .collect();
        let (past_here, past_around) = history.past(&report.seen, policy);
        let context = Context {
            past_here: Some(past_here),
            past_around: Some(past_around),
            ..Context::at(report.received_at)
        };
        let outcome = decide(&report.seen, &near, &context, policy);
        history.add(&report.seen);
        let joined = match outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => Some(alert),
            Decision::Suggest { .. } | Decision::Open => None,
        };
        let asked = matches!(outcome.decision, Decision::Suggest { .. });
        let best = best(&outcome.scored, &near, &alerts);
        let at = joined.map_or(alerts.len(), index);
        let opener = match alerts.get_mut(at) {
            Some(alert) => {
                join(&mut alert.candidate, report, number);
                alert.opener
            }
            None => {
                let cell = anchor_lock_cell(&report.seen.point).to_i64();
                by_cell.entry(cell).or_default().push(at);
                alerts.push(Open {
                    candidate: opened(report, number, at),
                    opener: number,
                });
                number
            }
        };
        placed.push(Placed { opener, asked, best });
    }
    placed
}

/// Alerts are numbered by their place in the list.
fn index(alert: AlertId) -> usize {
    usize::try_from(alert.0).unwrap_or(usize::MAX)
}

/// An alert as it was: it may have been closed in truth since.
fn as_of(candidate: &Candidate, now: Timestamp) -> Candidate {
    let mut candidate = candidate.clone();
    if let CandidateState::Closed { at } = candidate.state
        && at > now
    {
        candidate.state = CandidateState::Open;
    }
    candidate
}

fn opened(report: &Report, number: usize, at: usize) -> Candidate {
    Candidate {
        id: AlertId(at as u128),
        category: report.seen.category,
        anchor: report.seen.point,
        extent: Metres::ZERO,
        state: report
            .closed_at
            .map_or(CandidateState::Open, |at| CandidateState::Closed { at }),
        opened_at: report.received_at,
        reports: 1,
        members: vec![report.seen.clone().into_member(ReportId(number as u128))],
    }
}

fn join(candidate: &mut Candidate, report: &Report, number: usize) {
    candidate.extent = candidate.extent.max(candidate.anchor.distance(&report.seen.point));
    candidate.reports += 1;
    candidate
        .members
        .push(report.seen.clone().into_member(ReportId(number as u128)));
}

/// The likeliest of the alerts that were open.
fn best(scored: &[Scored], near: &[Candidate], alerts: &[Open]) -> Option<(usize, f64)> {
    let open = |scored: &&Scored| {
        near.iter()
            .any(|candidate| candidate.id == scored.alert && candidate.state == CandidateState::Open)
    };
    let best = scored.iter().find(open)?;
    Some((alerts.get(index(best.alert))?.opener, best.posterior))
}

/// How many of a category's reports went where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Reports that joined an alert.
    pub joined: usize,
    /// Reports that opened an alert and would have been shown to a person as perhaps the same as another.
    pub suggested: usize,
    /// Reports that opened an alert without a question.
    pub opened: usize,
}

/// What becomes of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It opened an alert and would join one.
    Joins,
    /// It joined an alert and would open one.
    Leaves,
    /// It joined an alert and would join another.
    Elsewhere,
}

/// The counts under a policy, of the reports that `counts` picks.
pub fn counts(placed: &[Placed], counted: impl Fn(usize) -> bool) -> Counts {
    let mut counts = Counts::default();
    for (number, placed) in placed.iter().enumerate().filter(|(number, _)| counted(*number)) {
        if placed.opener != number {
            counts.joined += 1;
        } else if placed.asked {
            counts.suggested += 1;
        } else {
            counts.opened += 1;
        }
    }
    counts
}

/// What changes for a report between two policies.
pub fn change(number: usize, before: &Placed, after: &Placed) -> Option<Change> {
    match (before.opener == number, after.opener == number) {
        (true, false) => Some(Change::Joins),
        (false, true) => Some(Change::Leaves),
        (false, false) if before.opener != after.opener => Some(Change::Elsewhere),
        _ => None,
    }
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;
