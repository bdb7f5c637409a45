//! Alerts in memory, by place: for programs that keep them themselves, and next to what a database answers.

mod grid;
mod ids;

use std::collections::BTreeSet;

use self::{grid::Grid, ids::Ids};
use crate::{
    candidate::{AlertId, Candidate, CandidateState, Context},
    decide::{Outcome, decide},
    measure::{Metres, Timestamp},
    observation::{Member, Observation, ReportId},
    policy::Policy,
};

/// Alerts with all their reports, found by place. It changes one alert at a time, and [`decide`] over what it finds around
/// a report says the same as over all that it holds.
///
/// # Complexity
///
/// A search reads the alerts of a few cubes of space, whatever the number of alerts elsewhere; it looks at distance and
/// category first, and at the alert itself only if it takes part. A change touches one cube. Whoever lets time pass should
/// [`Index::forget`] what ended long ago.
///
/// # Examples
///
/// ```
/// use geo_dedup::{
///     AlertId, Candidate, CategoryId, Context, Decision, Index, LonLat, Metres, Observation, Policy, ReportId, Timestamp,
/// };
///
/// let noon = Timestamp(1_750_000_000_000);
/// let mut seen = Observation::new(LonLat::new(3.3522, 48.8566)?, CategoryId(7), noon);
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
    /// `None` where an alert was; its place is taken again.
    alerts: Vec<Option<Candidate>>,
    vacant: Vec<u32>,
    ids: Ids,
    /// Alerts by their anchor and category.
    places: Grid,
    /// Closed and rejected alerts by the end of their life.
    ended: BTreeSet<(Timestamp, u32)>,
}

impl Index {
    /// Number of alerts held, whatever their state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.len() == 0
    }

    /// An alert as it stands.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Candidate> {
        self.at(self.slot(id)?)
    }

    /// Holds an alert; returns the one that had its id before.
    pub fn insert(&mut self, alert: Candidate) -> Option<Candidate> {
        let before = self.remove(alert.id);
        let slot = self.vacant.pop().or_else(|| {
            self.alerts.push(None);
            u32::try_from(self.alerts.len() - 1).ok()
        });
        // Four thousand million alerts are more than a memory holds.
        if let Some(slot) = slot
            && let Some(free) = self.alerts.get_mut(slot as usize)
        {
            self.places.insert(slot, &alert.anchor, alert.category);
            self.ended.extend(end_of(&alert).map(|at| (at, slot)));
            let id = alert.id;
            *free = Some(alert);
            self.ids.insert(id, slot, |slot| id_at(&self.alerts, slot));
        }
        before
    }

    /// Forgets an alert; returns it as it was.
    pub fn remove(&mut self, id: AlertId) -> Option<Candidate> {
        self.vacate(self.slot(id)?)
    }

    fn vacate(&mut self, slot: u32) -> Option<Candidate> {
        let alert = self.alerts.get_mut(slot as usize)?.take()?;
        self.ids.remove(alert.id, slot);
        self.vacant.push(slot);
        self.places.remove(slot, &alert.anchor, alert.category);
        if let Some(at) = end_of(&alert) {
            self.ended.remove(&(at, slot));
        }
        Some(alert)
    }

    /// Forgets the alerts that were closed or rejected more than `days` before `now`; returns how many.
    ///
    /// With the [`Policy::days_remembered`] of the policy that looks back longest, decisions stay what they were.
    pub fn forget(&mut self, now: Timestamp, days: f64) -> usize {
        let before = self.len();
        while let Some((_, slot)) = self.ended.first().filter(|(end, _)| now.days_since(*end) > days) {
            self.vacate(*slot);
        }
        before - self.len()
    }

    /// Closes, rejects or reopens an alert; `false` when there is none.
    pub fn set_state(&mut self, id: AlertId, state: CandidateState) -> bool {
        let Some(slot) = self.slot(id) else {
            return false;
        };
        let Some(alert) = self.alerts.get_mut(slot as usize).and_then(Option::as_mut) else {
            return false;
        };
        if let Some(at) = end_of(alert) {
            self.ended.remove(&(at, slot));
        }
        alert.state = state;
        self.ended.extend(end_of(alert).map(|at| (at, slot)));
        true
    }

    /// Adds a report to an alert, whose anchor stays; `false` when there is none.
    pub fn join(&mut self, id: AlertId, member: Member) -> bool {
        let alert = self.get_mut(id);
        alert.map(|alert| alert.add(member)).is_some()
    }

    /// Lets one alert take another's reports; its anchor and state stay. Returns the absorbed alert as it was, and `None`
    /// (with nothing done) unless both exist and differ.
    pub fn merge(&mut self, survivor: AlertId, absorbed: AlertId) -> Option<Candidate> {
        if survivor == absorbed || self.slot(survivor).is_none() {
            return None;
        }
        let gone = self.remove(absorbed)?;
        let alert = self.get_mut(survivor)?;
        alert.opened_at = alert.opened_at.min(gone.opened_at);
        for member in gone.members.iter().cloned() {
            alert.add(member);
        }
        Some(gone)
    }

    /// Moves reports of an alert to a new one of the same state, anchored at the first of them. `false` (with nothing done)
    /// when there is no such alert, the new id is taken, or either side would be left without a report.
    pub fn split(&mut self, id: AlertId, reports: &[ReportId], new: AlertId) -> bool {
        let Some(alert) = self.get(id).filter(|_| self.slot(new).is_none()) else {
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

    /// [`decide`] over the alerts around, and over those that a person named.
    #[must_use]
    pub fn decide(&self, observation: &Observation, context: &Context, policy: &Policy) -> Outcome {
        let unspoken = self.near(observation, policy);
        let unspoken = unspoken.filter(|alert| context.verdict(alert.id).is_none());
        let named = context.verdicts.iter().enumerate().filter_map(|(nth, verdict)| {
            let mut earlier = context.verdicts.iter().take(nth);
            let first = earlier.all(|other| other.alert != verdict.alert);
            self.get(verdict.alert).filter(|_| first)
        });
        decide(observation, unspoken.chain(named), context, policy)
    }

    /// The alerts that may take part in a decision, in the order of their places: those within [`Policy::search_radius`] of a
    /// compatible category, and perhaps a few that are a little too far or of another category.
    fn near<'a>(&'a self, observation: &'a Observation, policy: &'a Policy) -> impl Iterator<Item = &'a Candidate> {
        let radius = policy.search_radius(observation);
        let categories = policy.categories(observation.category);
        let slots = self.places.near(&observation.point, radius, categories);
        slots.into_iter().filter_map(|slot| self.at(slot))
    }

    fn at(&self, slot: u32) -> Option<&Candidate> {
        self.alerts.get(slot as usize)?.as_ref()
    }

    fn get_mut(&mut self, id: AlertId) -> Option<&mut Candidate> {
        let slot = self.slot(id)?;
        self.alerts.get_mut(slot as usize)?.as_mut()
    }

    fn slot(&self, id: AlertId) -> Option<u32> {
        self.ids.find(id, |slot| id_at(&self.alerts, slot))
    }
}

fn id_at(alerts: &[Option<Candidate>], slot: u32) -> Option<AlertId> {
    alerts.get(slot as usize)?.as_ref().map(|alert| alert.id)
}

/// When an alert's life ended, if it did.
const fn end_of(alert: &Candidate) -> Option<Timestamp> {
    match alert.state {
        CandidateState::Open => None,
        CandidateState::Closed { at } | CandidateState::Rejected { at } => Some(at),
    }
}
