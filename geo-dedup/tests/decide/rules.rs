//! The rules, one by one.

use geo_dedup::{
    Address, AlertId, Barrier, Candidate, CandidateState, Context, Decision, Feature, Metres, Observation, Outcome,
    Policy, ReportId, Severity, Verdict, VerdictKind, decide,
};

use crate::street::*;

#[test]
fn nothing_around_opens() {
    let outcome = place(&report(0.0), &[]);
    assert_eq!((outcome.decision, outcome.scored.len()), (Decision::Open, 0));
    assert_eq!((outcome.policy_version, outcome.weights_version), (5, 4));
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
    let named: Vec<_> = scored.reasons.iter().map(|reason| reason.feature.name()).collect();
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
    assert_eq!(place(&report(99.0), &[alert(1, 0.0)]).decision, Decision::Open);
    let beyond = place(&report(109.0), &[alert(1, 0.0)]);
    assert!(
        beyond.scored.is_empty(),
        "beyond the search radius, widened by the accuracy, nothing is considered"
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
    assert!(0.0 < listed.scored[0].posterior && listed.scored[0].posterior < same.scored[0].posterior);
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
    assert_eq!((with_open.decision, with_open.recurrence_of), (joins(2), None));

    let long_ago = Candidate {
        state: CandidateState::Closed { at: before(91 * DAY) },
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
    assert_eq!(outcome.decision, Decision::LateEvidence { alert: AlertId(1) });
    assert_eq!((outcome.recurrence_of, outcome.scored[0].barrier), (None, None));

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
        state: CandidateState::Closed { at: before(15 * DAY) },
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
        state: CandidateState::Rejected { at: before(31 * DAY) },
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
    let not_same = decide(&report(1.0), &two[..1], &say(1, VerdictKind::NotSame), &policy());
    assert_eq!(not_same.decision, Decision::Open);
    assert_eq!(not_same.scored[0].barrier, Some(Barrier::NotSame));

    let same = decide(&report(1.0), &two, &say(2, VerdictKind::Same), &policy());
    assert_eq!(same.decision, joins(2), "even though the other is nearer");

    // Both words weigh the same, to either side.
    let weight = |outcome: &Outcome, of| {
        let scored = outcome.scored.iter().find(|scored| scored.alert == AlertId(of));
        scored.and_then(|scored| log_odds(scored, Feature::Verdict))
    };
    let (against, for_it) = (weight(&not_same, 1).unwrap(), weight(&same, 2).unwrap());
    assert!(
        (for_it + against).abs() < 1e-12 && for_it > 1.0,
        "{for_it} and {against}"
    );

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
    let outcome = decide(&report(1.0), &[closed], &say(1, VerdictKind::Same), &policy());
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
    let worst = Observation {
        accuracy: Some(Metres::whole(100)),
        ..report(0.0)
    };
    let outcome = place(&worst, &[alert(1, 0.0)]);
    assert_ne!(
        outcome.scored[0].barrier,
        Some(Barrier::Accuracy),
        "as poor as it may be"
    );

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
    let here = Observation { address, ..report(0.0) };
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
        (log_odds(scored, Feature::Distance), log_odds(scored, Feature::Address)),
        (None, None)
    );

    let just_below = Context {
        at_exact_point: policy().default_point_limit() - 1,
        ..Context::at(NOW)
    };
    assert_eq!(decide(&here, &[known], &just_below, &policy()).decision, joins(1));
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
    // All of its reports are at hand: what counts is the farthest of them, not anchor and extent together.
    let between = decide(&report(12.0), &[chain.clone()], &context, &policy);
    assert_ne!(between.scored[0].barrier, Some(Barrier::Span));
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
    assert_eq!(place(&danger, &[alert(1, 0.0)]), place(&report(3.0), &[alert(1, 0.0)]));
}

#[test]
fn equals_go_to_the_older_then_to_the_smaller_id() {
    let twin = |id, opened_at| Candidate {
        opened_at,
        ..alert(id, 0.0)
    };
    assert_eq!(
        place(&report(0.0), &[twin(1, before(DAY)), twin(2, before(2 * DAY))]).decision,
        joins(2)
    );
    assert_eq!(
        place(&report(0.0), &[twin(2, before(DAY)), twin(1, before(DAY))]).decision,
        joins(1)
    );
}

/// These names are stored and shown: they stay what they are, and no two are alike.
#[test]
fn names_are_stable() {
    let alerts = vec![AlertId(1)];
    let alert = AlertId(1);
    let decisions = [
        Decision::Join { alert },
        Decision::LateEvidence { alert },
        Decision::Suggest { alerts },
        Decision::Open,
    ];
    let names: Vec<_> = decisions.iter().map(Decision::as_str).collect();
    assert_eq!(names, ["join", "late_evidence", "suggest", "open"]);
    let barriers = [
        Barrier::NotSame,
        Barrier::Closed,
        Barrier::Rejected,
        Barrier::Span,
        Barrier::Accuracy,
        Barrier::DefaultPoint,
        Barrier::NotSilently,
    ];
    assert_eq!(
        barriers.map(Barrier::name),
        [
            "not_same",
            "closed",
            "rejected",
            "span",
            "accuracy",
            "default_point",
            "not_silently"
        ]
    );
    let features = [
        (Feature::Prior, "prior", ""),
        (Feature::Distance, "distance", "m"),
        (Feature::Category, "category", ""),
        (Feature::Age, "age", "d"),
        (Feature::PastHere, "past_here", "reports"),
        (Feature::PastAround, "past_around", "reports"),
        (Feature::Address, "address", "house numbers"),
        (Feature::Asset, "asset", ""),
        (Feature::Text, "text", ""),
        (Feature::Photo, "photo", "bits"),
        (Feature::SameSender, "same_sender", "min"),
        (Feature::Verdict, "verdict", ""),
    ];
    for (feature, name, unit) in features {
        assert_eq!((feature.name(), feature.unit()), (name, unit));
    }
}
