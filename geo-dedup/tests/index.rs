//! The index against a plain list that is searched from end to end.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic like the test itself")]

use std::collections::BTreeMap;

use geo::{Destination, Haversine, Point};
use geo_dedup::{
    AlertId, Candidate, CandidateState, CategoryId, Context, Index, LonLat, Metres, Observation, Policy, ReportId,
    Timestamp, Verdict, VerdictKind, decide,
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
const NOW: Timestamp = Timestamp(1_760_000_000_000);

fn policy() -> Policy {
    Policy::builder().compatible(CategoryId(2), 0.5).build().unwrap()
}

/// Places crowd around a few spots: the middle of a street, the antimeridian, a pole.
fn any_place() -> impl Strategy<Value = LonLat> {
    let spots = prop_oneof![Just((2.35, 46.8)), Just((180.0, 10.0)), Just((30.0, 89.9995))];
    (spots, 0.0..360.0, 0.0..400.0_f64).prop_map(|(spot, bearing, metres)| {
        let to = Haversine.destination(Point::from(spot), bearing, metres);
        LonLat::new(to.x().clamp(-180.0, 180.0), to.y()).unwrap()
    })
}

fn any_observation() -> impl Strategy<Value = Observation> {
    (any_place(), 1..4_i64, 0..20 * DAY, 1..60_u32).prop_map(|(point, category, age, accuracy)| Observation {
        accuracy: Some(Metres::whole(accuracy)),
        ..Observation::new(point, CategoryId(category), Timestamp(NOW.0 - age))
    })
}

#[derive(Clone, Debug)]
enum Step {
    Insert(Observation),
    Join(usize, Observation),
    End(usize, CandidateState),
    Remove(usize),
    Merge(usize, usize),
    Split(usize, usize),
}

/// Before and within what policies look back on, and undone.
fn any_end() -> impl Strategy<Value = CandidateState> {
    (0..3_u8, 0..200 * DAY).prop_map(|(kind, age)| match (kind, Timestamp(NOW.0 - age)) {
        (0, at) => CandidateState::Closed { at },
        (1, at) => CandidateState::Rejected { at },
        _ => CandidateState::Open,
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any_observation().prop_map(Step::Insert),
        4 => (0..12_usize, any_observation()).prop_map(|(one, seen)| Step::Join(one, seen)),
        2 => (0..12_usize, any_end()).prop_map(|(one, end)| Step::End(one, end)),
        1 => (0..12_usize).prop_map(Step::Remove),
        2 => (0..12_usize, 0..12_usize).prop_map(|(one, other)| Step::Merge(one, other)),
        2 => (0..12_usize, 0..5_usize).prop_map(|(one, members)| Step::Split(one, members)),
    ]
}

/// The index, and by each alert's id the reports that belong there, in the plainest way.
#[derive(Default)]
struct Both {
    index: Index,
    model: BTreeMap<AlertId, Vec<ReportId>>,
    next: u128,
}

impl Both {
    fn number(&mut self) -> u128 {
        self.next += 1;
        self.next
    }

    fn id(&self, nth: usize) -> AlertId {
        let known = self.model.keys().nth(nth % self.model.len().max(1));
        known.copied().unwrap_or(AlertId(0))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Insert(seen) => {
                let (id, report) = (AlertId(self.number()), ReportId(self.number()));
                assert_eq!(
                    self.index.insert(Candidate::opened_by(id, seen.into_member(report))),
                    None
                );
                self.model.insert(id, vec![report]);
            }
            Step::Join(nth, seen) => {
                let (id, report) = (self.id(nth), ReportId(self.number()));
                let known = self.model.get_mut(&id).map(|reports| reports.push(report));
                assert_eq!(self.index.join(id, seen.into_member(report)), known.is_some());
            }
            Step::End(nth, end) => {
                let id = self.id(nth);
                let known = self.index.set_state(id, end);
                assert_eq!(known, self.model.contains_key(&id));
            }
            Step::Remove(nth) => {
                let id = self.id(nth);
                assert_eq!(self.index.remove(id).is_some(), self.model.remove(&id).is_some());
            }
            Step::Merge(one, other) => {
                let (survivor, absorbed) = (self.id(one), self.id(other));
                let merged = self.index.merge(survivor, absorbed);
                assert_eq!(merged.is_some(), survivor != absorbed);
                if merged.is_some() {
                    let moved = self.model.remove(&absorbed).unwrap();
                    self.model.get_mut(&survivor).unwrap().extend(moved);
                }
            }
            Step::Split(nth, members) => {
                let (id, new) = (self.id(nth), AlertId(self.number()));
                let reports = self.model.get(&id).cloned().unwrap_or_default();
                let leaving: Vec<_> = reports.iter().copied().take(members).collect();
                let state = self.index.get(id).map(|alert| alert.state);
                let done = self.index.split(id, &leaving, new);
                assert_eq!(done, !leaving.is_empty() && leaving.len() < reports.len());
                if done {
                    assert_eq!(self.index.get(new).map(|part| part.state), state);
                    self.model.get_mut(&id).unwrap().retain(|one| !leaving.contains(one));
                    self.model.insert(new, leaving);
                }
            }
        }
    }

    fn alerts(&self) -> Vec<Candidate> {
        self.model
            .keys()
            .map(|id| self.index.get(*id).unwrap().clone())
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_decision_is_the_one_over_all_alerts(
        steps in prop::collection::vec(any_step(), 0..40), seen in any_observation(), named in 0..12_usize, words in 0..3_usize,
    ) {
        let mut both = Both::default();
        for step in steps {
            both.step(step);
        }
        prop_assert_eq!(both.index.len(), both.model.len());
        prop_assert_eq!(both.index.is_empty(), both.model.is_empty());
        let alerts = both.alerts();
        for (alert, reports) in alerts.iter().zip(both.model.values()) {
            let mut members: Vec<_> = alert.members.iter().map(|member| member.report).collect();
            let mut expected = reports.clone();
            members.sort();
            expected.sort();
            prop_assert_eq!(members, expected);
            prop_assert_eq!(alert.reports as usize, reports.len());
            let farthest = alert.members.iter().map(|member| member.point.distance(&alert.anchor));
            prop_assert_eq!(alert.extent, farthest.fold(Metres::ZERO, Metres::max));
        }
        // Nothing, one word, or two that contradict each other.
        let kinds = [VerdictKind::Same, VerdictKind::NotSame].into_iter().take(words);
        let verdicts = kinds.map(|kind| Verdict { alert: both.id(named), kind }).collect();
        let context = Context { verdicts, ..Context::at(NOW) };
        let expected = decide(&seen, &alerts, &context, &policy());
        prop_assert_eq!(&both.index.decide(&seen, &context, &policy()), &expected);

        let days = policy().days_remembered();
        let long_ago = |alert: &&Candidate| match alert.state {
            CandidateState::Open => false,
            CandidateState::Closed { at } | CandidateState::Rejected { at } => NOW.days_since(at) > days,
        };
        prop_assert_eq!(both.index.forget(NOW, days), alerts.iter().filter(long_ago).count());
        prop_assert_eq!(both.index.decide(&seen, &context, &policy()), expected, "what is forgotten had no part");
        prop_assert_eq!(both.index.forget(NOW, days), 0);
    }
}

#[test]
fn what_ended_is_remembered_for_so_many_days_and_not_a_moment_longer() {
    let mut index = Index::default();
    let seen = Observation::new(LonLat::new(2.0, 46.0).unwrap(), CategoryId(1), NOW);
    index.insert(Candidate::opened_by(AlertId(1), seen.into_member(ReportId(1))));
    assert!(index.set_state(AlertId(1), CandidateState::Closed { at: NOW }));
    let later = |millis| Timestamp(NOW.0 + 10 * DAY + millis);
    assert_eq!(index.forget(later(0), 10.0), 0);
    assert_eq!(index.forget(later(1), 10.0), 1);
}

#[test]
fn nothing_happens_to_what_is_not_there() {
    let mut index = Index::default();
    let seen = Observation::new(LonLat::new(2.0, 46.0).unwrap(), CategoryId(1), NOW);
    assert!(!index.set_state(AlertId(1), CandidateState::Open) && !index.split(AlertId(1), &[], AlertId(2)));
    assert_eq!(
        (index.remove(AlertId(1)), index.merge(AlertId(1), AlertId(2))),
        (None, None)
    );

    let alert = Candidate::opened_by(AlertId(1), seen.clone().into_member(ReportId(1)));
    index.insert(alert.clone());
    assert_eq!(
        index.merge(AlertId(1), AlertId(1)),
        None,
        "an alert does not absorb itself"
    );
    assert_eq!(index.merge(AlertId(2), AlertId(1)), None);
    assert_eq!(
        index.get(AlertId(1)),
        Some(&alert),
        "an absent survivor absorbs nothing"
    );
    assert!(index.join(AlertId(1), seen.into_member(ReportId(2))));
    assert!(
        !index.split(AlertId(1), &[ReportId(1)], AlertId(1)),
        "a new alert needs a new id"
    );
    assert_eq!(index.insert(alert).map(|before| before.reports), Some(2));
    assert_eq!(index.len(), 1);
}
