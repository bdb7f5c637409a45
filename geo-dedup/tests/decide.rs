//! The rules of the decision, one by one, and its independence of order.

use geo::{Destination, Haversine, Point};
use geo_dedup::{
    Address, AlertId, Barrier, Candidate, CandidateState, CategoryId, Context, Decision, Feature,
    LonLat, Metres, Observation, Outcome, PhotoHash, Policy, ReportId, Scored, SenderTag, Severity,
    TextPrint, Timestamp, Verdict, VerdictKind, decide,
};
use proptest::prelude::*;

const POTHOLE: CategoryId = CategoryId(1);
const ROAD: CategoryId = CategoryId(2);
const TREE: CategoryId = CategoryId(3);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const NOW: Timestamp = Timestamp(1_760_000_000_000);

fn before(millis: i64) -> Timestamp {
    Timestamp(NOW.0 - millis)
}

/// A place so many metres east of the square.
fn east(metres: f64) -> LonLat {
    let to = Haversine.destination(Point::new(2.35, 46.8), 90.0, metres);
    LonLat::new(to.x(), to.y()).unwrap()
}

fn report(metres: f64) -> Observation {
    Observation::new(east(metres), POTHOLE, NOW)
}

/// An open alert of one report, a day old.
fn alert(id: u128, metres: f64) -> Candidate {
    alert_of(
        id,
        Observation {
            observed_at: before(DAY),
            ..report(metres)
        },
    )
}

fn alert_of(id: u128, first: Observation) -> Candidate {
    Candidate {
        id: AlertId(id),
        category: first.category,
        anchor: first.point,
        extent: Metres::ZERO,
        state: CandidateState::Open,
        opened_at: first.observed_at,
        reports: 1,
        members: vec![first.into_member(ReportId(id))],
    }
}

fn policy() -> Policy {
    Policy::builder()
        .version(5)
        .compatible(ROAD, 0.4)
        .build()
        .unwrap()
}

fn place(observation: &Observation, candidates: &[Candidate]) -> Outcome {
    decide(observation, candidates, &Context::at(NOW), &policy())
}

fn joins(alert: u128) -> Decision {
    Decision::Join {
        alert: AlertId(alert),
    }
}

fn suggests(alerts: &[u128]) -> Decision {
    Decision::Suggest {
        alerts: alerts.iter().copied().map(AlertId).collect(),
    }
}

fn log_odds(scored: &Scored, feature: Feature) -> Option<f64> {
    scored
        .reasons
        .iter()
        .find(|reason| reason.feature == feature)
        .map(|reason| reason.log_odds)
}

#[test]
fn nothing_around_opens() {
    let outcome = place(&report(0.0), &[]);
    assert_eq!(
        (outcome.decision, outcome.scored.len()),
        (Decision::Open, 0)
    );
    assert_eq!((outcome.policy_version, outcome.weights_version), (5, 1));
}

#[test]
fn the_same_spot_joins_and_says_why() {
    let outcome = place(&report(3.0), &[alert(1, 0.0)]);
    assert_eq!(outcome.decision, joins(1));
    let scored = &outcome.scored[0];
    let sum: f64 = scored.reasons.iter().map(|reason| reason.log_odds).sum();
    assert!(
        (scored.posterior - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-12,
        "the reasons explain the posterior"
    );
    let named: Vec<_> = scored
        .reasons
        .iter()
        .map(|reason| reason.feature.name())
        .collect();
    assert_eq!(
        named,
        ["prior", "category", "distance", "age"],
        "what is not known is not mentioned"
    );
}

#[test]
fn the_nearer_alert_is_joined() {
    assert_eq!(
        place(&report(10.0), &[alert(1, 60.0), alert(2, 0.0)]).decision,
        joins(2)
    );
}

#[test]
fn far_away_opens() {
    assert_eq!(
        place(&report(99.0), &[alert(1, 0.0)]).decision,
        Decision::Open
    );
    let beyond = place(&report(101.0), &[alert(1, 0.0)]);
    assert!(
        beyond.scored.is_empty(),
        "beyond the search radius nothing is considered"
    );
}

#[test]
fn categories_join_as_the_policy_lists_them() {
    let of = |category| {
        alert_of(
            1,
            Observation {
                category,
                observed_at: before(HOUR),
                ..report(0.0)
            },
        )
    };
    assert_eq!(place(&report(2.0), &[of(TREE)]).scored.len(), 0);
    let listed = place(&report(2.0), &[of(ROAD)]);
    let same = place(&report(2.0), &[of(POTHOLE)]);
    assert!(
        0.0 < listed.scored[0].posterior && listed.scored[0].posterior < same.scored[0].posterior
    );
}

#[test]
fn a_closed_alert_is_never_joined_but_named_as_recurrence() {
    let closed = Candidate {
        state: CandidateState::Closed { at: before(DAY) },
        ..alert(1, 0.0)
    };
    let outcome = place(&report(1.0), std::slice::from_ref(&closed));
    assert_eq!(outcome.decision, Decision::Open);
    assert_eq!(outcome.recurrence_of, Some(AlertId(1)));
    assert_eq!(outcome.scored[0].barrier, Some(Barrier::Closed));

    let with_open = place(&report(1.0), &[closed.clone(), alert(2, 0.0)]);
    assert_eq!(
        (with_open.decision, with_open.recurrence_of),
        (joins(2), None)
    );

    let long_ago = Candidate {
        state: CandidateState::Closed {
            at: before(91 * DAY),
        },
        ..closed
    };
    assert_eq!(place(&report(1.0), &[long_ago]).recurrence_of, None);
}

#[test]
fn a_report_observed_before_the_closure_is_late_evidence() {
    let closed = Candidate {
        state: CandidateState::Closed { at: before(HOUR) },
        ..alert(1, 0.0)
    };
    let late = Observation {
        observed_at: before(2 * HOUR),
        ..report(1.0)
    };
    let outcome = place(&late, std::slice::from_ref(&closed));
    assert_eq!(
        outcome.decision,
        Decision::LateEvidence { alert: AlertId(1) }
    );
    assert_eq!(
        (outcome.recurrence_of, outcome.scored[0].barrier),
        (None, None)
    );

    let at_closing = Observation {
        observed_at: before(HOUR),
        ..report(1.0)
    };
    assert_eq!(
        place(&at_closing, &[closed]).decision,
        Decision::Open,
        "observed at the closure is after it"
    );

    let closed = Candidate {
        state: CandidateState::Closed {
            at: before(15 * DAY),
        },
        ..alert(1, 0.0)
    };
    let too_late = Observation {
        observed_at: before(16 * DAY),
        ..report(1.0)
    };
    assert_eq!(place(&too_late, &[closed]).decision, Decision::Open);
}

#[test]
fn a_rejected_alert_is_suggested_with_that_reason() {
    let rejected = Candidate {
        state: CandidateState::Rejected { at: before(DAY) },
        ..alert(1, 0.0)
    };
    let outcome = place(&report(1.0), std::slice::from_ref(&rejected));
    assert_eq!(
        (outcome.decision, outcome.rejected_near),
        (suggests(&[1]), Some(AlertId(1)))
    );
    let long_ago = Candidate {
        state: CandidateState::Rejected {
            at: before(31 * DAY),
        },
        ..rejected
    };
    assert_eq!(place(&report(1.0), &[long_ago]).decision, Decision::Open);
}

#[test]
fn a_persons_word_comes_first() {
    let say = |alert, kind| Context {
        verdicts: vec![Verdict {
            alert: AlertId(alert),
            kind,
        }],
        ..Context::at(NOW)
    };
    let two = [alert(1, 0.0), alert(2, 40.0)];
    let not_same = decide(
        &report(1.0),
        &two[..1],
        &say(1, VerdictKind::NotSame),
        &policy(),
    );
    assert_eq!(not_same.decision, Decision::Open);
    assert_eq!(not_same.scored[0].barrier, Some(Barrier::NotSame));

    let same = decide(&report(1.0), &two, &say(2, VerdictKind::Same), &policy());
    assert_eq!(same.decision, joins(2), "even though the other is nearer");

    let far = alert_of(
        9,
        Observation {
            category: TREE,
            observed_at: before(DAY),
            ..report(240.0)
        },
    );
    assert_eq!(
        decide(&report(0.0), &[far], &say(9, VerdictKind::Same), &policy()).decision,
        joins(9)
    );

    let closed = Candidate {
        state: CandidateState::Closed { at: before(DAY) },
        ..alert(1, 0.0)
    };
    let outcome = decide(
        &report(1.0),
        &[closed],
        &say(1, VerdictKind::Same),
        &policy(),
    );
    assert_eq!(
        (outcome.decision, outcome.recurrence_of),
        (Decision::Open, Some(AlertId(1)))
    );
}

#[test]
fn of_two_words_on_one_alert_the_careful_one_holds() {
    let kinds = [VerdictKind::Same, VerdictKind::NotSame];
    for order in [[0, 1], [1, 0]] {
        let verdicts = order
            .map(|k| Verdict {
                alert: AlertId(1),
                kind: kinds[k],
            })
            .to_vec();
        let context = Context {
            verdicts,
            ..Context::at(NOW)
        };
        assert_eq!(
            decide(&report(0.0), &[alert(1, 0.0)], &context, &policy()).decision,
            Decision::Open
        );
    }
}

#[test]
fn a_poor_position_alone_never_joins() {
    let vague = Observation {
        accuracy: Some(Metres::whole(101)),
        ..report(0.0)
    };
    let outcome = place(&vague, &[alert(1, 0.0)]);
    assert!(!matches!(outcome.decision, Decision::Join { .. }));
    assert_eq!(outcome.scored[0].barrier, Some(Barrier::Accuracy));

    let asset = Some("lamp 12".to_owned());
    let by_asset = Observation {
        asset: asset.clone(),
        ..vague
    };
    let known = alert_of(
        1,
        Observation {
            asset,
            observed_at: before(DAY),
            ..report(0.0)
        },
    );
    assert_eq!(place(&by_asset, &[known]).decision, joins(1));
}

#[test]
fn a_default_point_alone_never_joins() {
    let crowded = Context {
        at_exact_point: policy().default_point_limit(),
        ..Context::at(NOW)
    };
    let address = Some(Address::parse("1 place de la Mairie"));
    let here = Observation {
        address,
        ..report(0.0)
    };
    let known = alert_of(
        1,
        Observation {
            observed_at: before(HOUR),
            ..here.clone()
        },
    );
    let outcome = decide(&here, std::slice::from_ref(&known), &crowded, &policy());
    assert!(!matches!(outcome.decision, Decision::Join { .. }));
    let scored = &outcome.scored[0];
    assert_eq!(scored.barrier, Some(Barrier::DefaultPoint));
    assert_eq!(
        (
            log_odds(scored, Feature::Distance),
            log_odds(scored, Feature::Address)
        ),
        (None, None)
    );

    let just_below = Context {
        at_exact_point: policy().default_point_limit() - 1,
        ..Context::at(NOW)
    };
    assert_eq!(
        decide(&here, &[known], &just_below, &policy()).decision,
        joins(1)
    );
}

#[test]
fn the_span_is_capped_for_every_pair() {
    let policy = Policy::builder().span_m(30.0).build().unwrap();
    let mut chain = alert(1, 0.0);
    chain.members.push(report(20.0).into_member(ReportId(2)));
    chain.reports = 2;
    chain.extent = Metres::whole(20);
    let context = Context::at(NOW);
    // 5 m from the nearest report but 31 m from the other: joining would start a chain.
    let outcome = decide(&report(-11.0), &[chain.clone()], &context, &policy);
    assert_eq!(outcome.scored[0].barrier, Some(Barrier::Span));
    assert_eq!(
        decide(&report(9.0), &[chain.clone()], &context, &policy).decision,
        joins(1)
    );
    // With reports that were not brought along, the worst case holds.
    chain.reports = 3;
    let outcome = decide(&report(11.0), &[chain], &context, &policy);
    assert_eq!(outcome.scored[0].barrier, Some(Barrier::Span));
}

#[test]
fn a_policy_may_ask_for_a_persons_word() {
    let policy = Policy::builder().joins_silently(false).build().unwrap();
    let outcome = decide(&report(0.0), &[alert(1, 0.0)], &Context::at(NOW), &policy);
    assert_eq!(
        (outcome.decision, outcome.scored[0].barrier),
        (suggests(&[1]), Some(Barrier::NotSilently))
    );
}

#[test]
fn severity_has_no_part_in_sameness() {
    let danger = Observation {
        severity: Severity::Danger,
        ..report(3.0)
    };
    assert_eq!(
        place(&danger, &[alert(1, 0.0)]),
        place(&report(3.0), &[alert(1, 0.0)])
    );
}

/// How the posterior of one pair moves when both sides get a feature.
fn posterior(own: Observation, other: Observation, context: &Context) -> f64 {
    let known = alert_of(
        1,
        Observation {
            observed_at: before(DAY),
            ..other
        },
    );
    decide(&own, &[known], context, &policy()).scored[0].posterior
}

#[test]
fn features_speak_in_the_right_direction() {
    let context = Context::at(NOW);
    let plain = posterior(report(20.0), report(0.0), &context);
    let with = |own: &dyn Fn(Observation) -> Observation,
                other: &dyn Fn(Observation) -> Observation| {
        posterior(own(report(20.0)), other(report(0.0)), &context)
    };
    let address = |text: &'static str| {
        move |seen| Observation {
            address: Some(Address::parse(text)),
            ..seen
        }
    };
    assert!(with(&address("12 rue Haute"), &address("12 rue Haute")) > plain);
    assert!(with(&address("12 rue Haute"), &address("14 rue Haute")) > plain);
    assert!(with(&address("12 rue Haute"), &address("112 rue Haute")) < plain);
    assert!(with(&address("12 rue Haute"), &address("12 rue Basse")) < plain);
    assert_eq!(
        with(&address("12 rue Haute"), &|seen| seen),
        plain,
        "known on one side only: neutral"
    );

    let text = |text: &'static str| {
        move |seen| Observation {
            text: Some(TextPrint::of(text)),
            ..seen
        }
    };
    assert!(
        with(
            &text("gros trou dans la chaussée"),
            &text("trou dans la chaussee")
        ) > plain
    );
    assert!(
        with(
            &text("gros trou dans la chaussée"),
            &text("lampadaire éteint")
        ) < plain
    );
    assert_eq!(
        with(&text("trou"), &text("arbre")),
        plain,
        "too short to tell"
    );

    let photo = |bits| {
        move |seen| Observation {
            photo_hashes: vec![PhotoHash(bits)],
            ..seen
        }
    };
    assert!(with(&photo(0x0f0f_1234_5678_9abc), &photo(0x0f0f_1234_5678_9abf)) > 0.99);
    assert_eq!(
        with(&photo(0x0f0f_1234_5678_9abc), &photo(0x1357_9bdf_0246_8ace)),
        plain,
        "another side of the same thing"
    );
    assert_eq!(
        with(&photo(0), &photo(0)),
        plain,
        "two black frames show nothing"
    );

    let asset = |number: &'static str| {
        move |seen| Observation {
            asset: Some(number.to_owned()),
            ..seen
        }
    };
    assert!(with(&asset("L-12"), &asset("l-12")) > 0.9);
    assert!(with(&asset("L-12"), &asset("L-13")) < 0.1);
}

#[test]
fn a_resubmission_counts_within_minutes_and_on_the_spot() {
    let sent = |metres: f64, minutes: i64| {
        let first = Observation {
            observed_at: before(minutes * 60_000),
            sender: Some(SenderTag(7)),
            ..report(metres)
        };
        let again = Observation {
            sender: Some(SenderTag(7)),
            ..report(0.0)
        };
        let outcome = place(&again, &[alert_of(1, first)]);
        log_odds(&outcome.scored[0], Feature::SameSender)
    };
    assert!(sent(0.0, 5).is_some_and(|log_odds| log_odds > 0.0));
    assert_eq!(sent(0.0, 11), None);
    assert_eq!(sent(60.0, 5), None, "walking along the street");
}

#[test]
fn a_busy_place_weakens_and_a_quiet_one_strengthens() {
    let at_rate = |rate| {
        posterior(
            report(10.0),
            report(0.0),
            &Context {
                local_rate: rate,
                ..Context::at(NOW)
            },
        )
    };
    assert!(at_rate(Some(30.0)) < at_rate(None) && at_rate(None) < at_rate(Some(0.03)));
    assert_eq!(at_rate(Some(f64::NAN)), at_rate(None));
}

#[test]
fn stated_accuracy_widens_the_spot() {
    let at = |metres: f64, accuracy| {
        let own = Observation {
            accuracy,
            ..report(metres)
        };
        posterior(
            own,
            Observation {
                accuracy,
                ..report(0.0)
            },
            &Context::at(NOW),
        )
    };
    let (sharp, blurred) = (Some(Metres::whole(5)), Some(Metres::whole(40)));
    assert!(
        at(0.0, sharp) > at(0.0, blurred),
        "sharp positions that agree say more"
    );
    assert!(
        at(50.0, sharp) < at(50.0, blurred),
        "and more when they differ"
    );
}

#[test]
fn equals_go_to_the_older_then_to_the_smaller_id() {
    let twin = |id, opened_at| Candidate {
        opened_at,
        ..alert(id, 0.0)
    };
    assert_eq!(
        place(
            &report(0.0),
            &[twin(1, before(DAY)), twin(2, before(2 * DAY))]
        )
        .decision,
        joins(2)
    );
    assert_eq!(
        place(&report(0.0), &[twin(2, before(DAY)), twin(1, before(DAY))]).decision,
        joins(1)
    );
}

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
    (
        any_observation(),
        prop::collection::vec(any_observation(), 0..4),
        state,
    )
        .prop_map(|(first, others, (state, ended))| {
            let mut candidate = alert_of(0, first);
            for other in others {
                candidate.extent = candidate
                    .extent
                    .max(candidate.anchor.distance(&other.point));
                candidate.members.push(other.into_member(ReportId(0)));
                candidate.reports += 1;
            }
            candidate.state = match state {
                0 => CandidateState::Open,
                1 => CandidateState::Closed { at: before(ended) },
                _ => CandidateState::Rejected { at: before(ended) },
            };
            candidate
        })
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
}
