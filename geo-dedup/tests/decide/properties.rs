//! What holds for any street.

use geo_dedup::{
    Address, AlertId, Candidate, CandidateState, Context, Decision, Metres, Observation, Outcome, PhotoHash, ReportId,
    SenderTag, TextPrint, decide,
};
use proptest::prelude::*;

use crate::street::*;

fn any_observation() -> impl Strategy<Value = Observation> {
    let place = (
        -150.0..150.0,
        prop::option::of(0_u32..150),
        prop_oneof![Just(POTHOLE), Just(ROAD), Just(TREE)],
        0..40 * DAY,
    );
    let words = prop::option::of(prop_oneof![
        Just("trou dans la route"),
        Just("grand trou"),
        Just("arbre tombé")
    ]);
    let rest = (
        words,
        prop::option::of(0..3_u64),
        prop::option::of(any::<u64>()),
        prop::option::of(1..30_u32),
    );
    (place, rest).prop_map(
        |((metres, accuracy, category, age), (text, sender, photo, house))| Observation {
            accuracy: accuracy.map(Metres::whole),
            category,
            observed_at: before(age),
            address: house.map(|house| Address::parse(&format!("{house} rue Haute"))),
            text: text.map(TextPrint::of),
            photo_hashes: photo.map(PhotoHash).into_iter().collect(),
            sender: sender.map(SenderTag),
            ..report(metres)
        },
    )
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let state = (0..3, 0..100 * DAY);
    (any_observation(), prop::collection::vec(any_observation(), 0..4), state).prop_map(
        |(first, others, (state, ended))| {
            let mut candidate = alert_of(0, first);
            for other in others {
                candidate.extent = candidate.extent.max(candidate.anchor.distance(&other.point));
                candidate.members.push(other.into_member(ReportId(0)));
                candidate.reports += 1;
            }
            candidate.state = match state {
                0 => CandidateState::Open,
                1 => CandidateState::Closed { at: before(ended) },
                _ => CandidateState::Rejected { at: before(ended) },
            };
            candidate
        },
    )
}

fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec(any_candidate(), 0..8).prop_map(|mut all| {
        for (id, candidate) in (1..).zip(&mut all) {
            candidate.id = AlertId(id);
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_order_of_candidates_and_members_does_not_matter(
        observation in any_observation(), candidates in any_candidates(), turn in 0..8_usize,
    ) {
        let straight = place(&observation, &candidates);
        let mut shuffled: Vec<_> = candidates.into_iter().rev().collect();
        let middle = turn.min(shuffled.len());
        shuffled.rotate_left(middle);
        for candidate in &mut shuffled {
            candidate.members.reverse();
        }
        let other = place(&observation, &shuffled);
        prop_assert_eq!(&straight.decision, &other.decision);
        prop_assert_eq!((straight.recurrence_of, straight.rejected_near), (other.recurrence_of, other.rejected_near));
        let ranking = |outcome: &Outcome| outcome.scored.iter().map(|scored| (scored.alert, scored.barrier)).collect::<Vec<_>>();
        prop_assert_eq!(ranking(&straight), ranking(&other));
        let sure = |outcome: &Outcome| outcome.scored.iter().map(|scored| scored.posterior).collect::<Vec<_>>();
        prop_assert_eq!(sure(&straight), sure(&other));
    }

    #[test]
    fn every_outcome_keeps_the_rules(observation in any_observation(), candidates in any_candidates(), crowd in 0..100_u32) {
        let policy = policy();
        let context = Context { at_exact_point: crowd, ..Context::at(NOW) };
        let outcome = decide(&observation, &candidates, &context, &policy);
        let of = |alert| candidates.iter().find(|candidate| candidate.id == alert).unwrap();
        for scored in &outcome.scored {
            prop_assert!((0.0..=1.0).contains(&scored.posterior));
            prop_assert!(scored.reasons.iter().all(|reason| reason.log_odds.is_finite() && reason.value.is_finite()));
        }
        prop_assert!(outcome.scored.windows(2).all(|pair| pair[0].posterior >= pair[1].posterior));
        match &outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => {
                let joined = of(*alert);
                let late = matches!(outcome.decision, Decision::LateEvidence { .. });
                let state_fits = match joined.state {
                    CandidateState::Open => !late,
                    CandidateState::Closed { at } => late && observation.observed_at < at,
                    CandidateState::Rejected { .. } => false,
                };
                prop_assert!(state_fits);
                let widest = joined.members.iter().map(|member| member.point.distance(&observation.point));
                prop_assert!(widest.fold(Metres::ZERO, Metres::max) <= policy.span());
                prop_assert!(joined.category != TREE || observation.category == TREE);
                prop_assert_eq!((outcome.recurrence_of, outcome.rejected_near), (None, None));
            }
            Decision::Suggest { alerts } => {
                prop_assert!(!alerts.is_empty());
                let closed = |alert: &AlertId| matches!(of(*alert).state, CandidateState::Closed { at } if at <= observation.observed_at);
                prop_assert!(!alerts.iter().any(closed));
            }
            Decision::Open => prop_assert_eq!(outcome.rejected_near, None),
        }
    }

    #[test]
    fn any_text_is_read_as_an_address_or_as_words(one in ".{0,60}", other in "[0-9a-zA-Z éÉ,&-]{0,40}") {
        let (first, second) = (Address::parse(&one), Address::parse(&other));
        prop_assert_eq!(first.relation(&second), second.relation(&first));
        let (first, second) = (TextPrint::of(&one), TextPrint::of(&other));
        prop_assert_eq!(first.similarity(&second), second.similarity(&first));
    }
}
