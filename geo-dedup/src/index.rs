//! Alerts in memory, by place: for programs that keep them themselves, and next to what a database answers.

use std::collections::{BTreeMap, HashMap};

use crate::{
    candidate::{AlertId, Candidate, CandidateState, Context},
    cell,
    decide::{Outcome, decide},
    measure::Metres,
    observation::{Member, Observation, ReportId},
    policy::Policy,
};

/// Alerts with all their reports, found by place. It changes one alert at a time, and [`decide`] over what it finds around
/// a report says the same as over all that it holds.
///
/// # Complexity
///
/// A search reads the ranges of [`cell::covering`] from an ordered map: logarithmic in the number of cells that hold an
/// anchor, plus the alerts found. Changes touch one cell.
///
/// # Examples
///
/// ```
/// use geo_dedup::{
///     AlertId, Candidate, CategoryId, Context, Decision, Index, LonLat, Metres, Observation, Policy, ReportId, Timestamp,
/// };
///
/// let noon = Timestamp(1_750_000_000_000);
/// let mut seen = Observation::new(LonLat::new(2.3522, 48.8566)?, CategoryId(7), noon);
/// seen.accuracy = Some(Metres::whole(8));
/// let mut index = Index::default();
/// index.insert(Candidate::opened_by(AlertId(1), seen.clone().into_member(ReportId(1))));
/// let outcome = index.decide(&seen, &Context::at(noon), &Policy::default());
/// assert_eq!(outcome.decision, Decision::Join { alert: AlertId(1) });
/// assert!(index.join(AlertId(1), seen.into_member(ReportId(2))));
/// # Ok::<(), geo_dedup::InvalidPosition>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Index {
    alerts: HashMap<AlertId, Candidate>,
    /// Alerts by the stored cell of their anchor.
    by_cell: BTreeMap<i64, Vec<AlertId>>,
}

impl Index {
    /// Number of alerts held, whatever their state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// An alert as it stands.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Candidate> {
        self.alerts.get(&id)
    }

    /// Holds an alert; returns the one that had its id before.
    pub fn insert(&mut self, alert: Candidate) -> Option<Candidate> {
        let before = self.remove(alert.id);
        self.by_cell.entry(cell_of(&alert)).or_default().push(alert.id);
        self.alerts.insert(alert.id, alert);
        before
    }

    /// Forgets an alert; returns it as it was.
    pub fn remove(&mut self, id: AlertId) -> Option<Candidate> {
        let alert = self.alerts.remove(&id)?;
        let stored = cell_of(&alert);
        if let Some(here) = self.by_cell.get_mut(&stored) {
            here.retain(|one| *one != id);
            if here.is_empty() {
                self.by_cell.remove(&stored);
            }
        }
        Some(alert)
    }

    /// Closes, rejects or reopens an alert; `false` when there is none.
    pub fn set_state(&mut self, id: AlertId, state: CandidateState) -> bool {
        let alert = self.alerts.get_mut(&id);
        alert.map(|alert| alert.state = state).is_some()
    }

    /// Adds a report to an alert, whose anchor stays; `false` when there is none.
    pub fn join(&mut self, id: AlertId, member: Member) -> bool {
        let alert = self.alerts.get_mut(&id);
        alert.map(|alert| alert.add(member)).is_some()
    }

    /// Lets one alert take another's reports; its anchor and state stay. Returns the absorbed alert as it was, and `None`
    /// (with nothing done) unless both exist and differ.
    pub fn merge(&mut self, survivor: AlertId, absorbed: AlertId) -> Option<Candidate> {
        if survivor == absorbed || !self.alerts.contains_key(&survivor) {
            return None;
        }
        let gone = self.remove(absorbed)?;
        let alert = self.alerts.get_mut(&survivor)?;
        alert.opened_at = alert.opened_at.min(gone.opened_at);
        for member in gone.members.iter().cloned() {
            alert.add(member);
        }
        Some(gone)
    }

    /// Moves reports of an alert to a new one of the same state, anchored at the first of them. `false` (with nothing done)
    /// when there is no such alert, the new id is taken, or either side would be left without a report.
    pub fn split(&mut self, id: AlertId, reports: &[ReportId], new: AlertId) -> bool {
        let Some(alert) = self.alerts.get(&id).filter(|_| !self.alerts.contains_key(&new)) else {
            return false;
        };
        let leaves = |member: &Member| reports.contains(&member.report);
        let (leaving, staying): (Vec<Member>, Vec<Member>) = alert.members.iter().cloned().partition(leaves);
        let (Some(part), false) = (Candidate::of(new, leaving), staying.is_empty()) else {
            return false;
        };
        let part = Candidate {
            state: alert.state,
            ..part
        };
        let mut rest = Candidate {
            reports: 0,
            extent: Metres::ZERO,
            members: Vec::new(),
            ..alert.clone()
        };
        staying.into_iter().for_each(|member| rest.add(member));
        self.insert(rest);
        self.insert(part);
        true
    }

    /// The alerts that may take part in a decision: within [`Policy::search_radius`], of a compatible category; in the order
    /// of their cells.
    pub fn around<'a>(
        &'a self,
        observation: &'a Observation,
        policy: &'a Policy,
    ) -> impl Iterator<Item = &'a Candidate> {
        let radius = policy.search_radius(observation);
        let cells = cell::covering(&observation.point, radius)
            .into_iter()
            .flat_map(|range| self.by_cell.range(range.first..=range.last));
        cells
            .flat_map(|(_, here)| here)
            .filter_map(|id| self.alerts.get(id))
            .filter(move |alert| alert.anchor.distance(&observation.point) <= radius)
            .filter(|alert| policy.compatibility(observation.category, alert.category) > 0.0)
    }

    /// [`decide`] over the alerts around, and over those that a person named.
    #[must_use]
    pub fn decide(&self, observation: &Observation, context: &Context, policy: &Policy) -> Outcome {
        let mut candidates: Vec<&Candidate> = self.around(observation, policy).collect();
        for verdict in &context.verdicts {
            if let Some(named) = self.get(verdict.alert).filter(|named| {
                let known = |one: &&Candidate| one.id == named.id;
                !candidates.iter().any(known)
            }) {
                candidates.push(named);
            }
        }
        decide(observation, candidates, context, policy)
    }
}

fn cell_of(alert: &Candidate) -> i64 {
    cell::h3_15(&alert.anchor).to_i64()
}
