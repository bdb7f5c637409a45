//! What each reason says: its value, and the weight that the policy has for it.

use geo_dedup::{
    Address, Barrier, Context, Contribution, Feature, Metres, Observation, PhotoHash, Policy, ReportId, SenderTag,
    TextPrint, Weights, decide,
};

use crate::street::*;

/// What a feature said of two reports of the default policy.
fn told(own: &Observation, other: Observation, feature: Feature) -> Option<Contribution> {
    told_by(&Policy::default(), own, other, feature)
}

fn told_by(policy: &Policy, own: &Observation, other: Observation, feature: Feature) -> Option<Contribution> {
    let outcome = decide(own, &[alert_of(1, other)], &Context::at(NOW), policy);
    let reasons = outcome.scored.into_iter().next()?.reasons;
    reasons.into_iter().find(|reason| reason.feature == feature)
}

fn address(metres: f64) -> Observation {
    Observation {
        accuracy: None,
        ..report(metres)
    }
}

#[test]
fn one_phone_of_two_makes_a_pair_of_stated_positions() {
    let weights = Weights {
        prior: 1.0,
        stated_prior: -2.0,
        ..Weights::built_in()
    };
    let policy = Policy::builder().weights(weights).build().unwrap();
    let prior = |own: Observation, other| told_by(&policy, &own, other, Feature::Prior).unwrap().log_odds;
    assert_eq!(prior(address(0.0), address(0.0)), 1.0);
    for (own, other) in [
        (report(0.0), report(0.0)),
        (report(0.0), address(0.0)),
        (address(0.0), report(0.0)),
    ] {
        assert_eq!(prior(own, other), -2.0);
    }
}

#[test]
fn one_phone_of_three_makes_the_mean_a_place() {
    let metres = |own: Observation, accuracy| {
        let seen = |metres| Observation {
            accuracy,
            ..address(metres)
        };
        let mut known = alert_of(1, seen(0.0));
        known.members.push(seen(20.0).into_member(ReportId(2)));
        (known.reports, known.extent) = (2, Metres::whole(20));
        let scored = place(&own, &[known]).scored.remove(0);
        let distance = scored.reasons.iter().find(|reason| reason.feature == Feature::Distance);
        distance.unwrap().value
    };
    assert!(metres(address(10.0), Some(Metres::whole(8))) < 0.1);
    assert!(metres(report(10.0), None) < 0.1);
    assert!(metres(address(10.0), None) > 9.0, "addresses have no mean");
}

#[test]
fn the_age_of_an_address_is_measured_in_lives() {
    let life = Weights::built_in().life_days;
    let policy = Policy::builder().life_days(4.0 * life).build().unwrap();
    let earlier = Observation {
        observed_at: before(2 * DAY),
        ..address(0.0)
    };
    let age = told_by(&policy, &address(0.0), earlier, Feature::Age).unwrap();
    assert_eq!(age.value, 2.0);
    assert!((age.log_odds - Weights::built_in().age_days.at(0.5)).abs() < 1e-9);
}

#[test]
fn a_number_or_a_picture_identifies_where_the_place_does_not() {
    let barrier = |asset: &str, own: u64, other: u64| {
        let seen = |bits| Observation {
            asset: Some(asset.to_owned()),
            photo_hashes: vec![PhotoHash(bits)],
            ..report(0.0)
        };
        let context = Context {
            at_exact_point: Policy::default().default_point_limit(),
            ..Context::at(NOW)
        };
        decide(&seen(own), &[alert_of(1, seen(other))], &context, &policy()).scored[0].barrier
    };
    let (picture, another) = (0x0f0f_1234_5678_9abc, 0x1357_9bdf_0246_8ace);
    assert_eq!(barrier("", picture, another), Some(Barrier::DefaultPoint));
    assert_eq!(barrier("", picture, picture), None, "the picture alone");
    assert_eq!(
        barrier("L-12", picture, another),
        None,
        "the number, whatever the picture"
    );
}

#[test]
fn only_a_sender_who_is_known_sends_again() {
    let minutes = |own: Option<u64>, other: Option<u64>| {
        let seen = |sender: Option<u64>, at| Observation {
            sender: sender.map(SenderTag),
            observed_at: at,
            ..report(0.0)
        };
        told(&seen(own, NOW), seen(other, before(5 * 60_000)), Feature::SameSender).map(|said| said.value.round())
    };
    assert_eq!(minutes(Some(7), Some(7)), Some(5.0));
    for (own, other) in [(None, None), (Some(7), Some(8)), (Some(7), None), (None, Some(7))] {
        assert_eq!(minutes(own, other), None, "{own:?} {other:?}");
    }
}

#[test]
fn streets_that_differ_bear_a_value_of_their_own() {
    let at = |text| Observation {
        address: Some(Address::parse(text)),
        ..report(0.0)
    };
    let said = |other| told(&at("12 rue Haute"), at(other), Feature::Address).unwrap();
    let weights = Weights::built_in();
    assert_eq!(
        (said("12 rue Basse").value, said("12 rue Basse").log_odds),
        (-1.0, weights.address_other)
    );
    assert_eq!(
        (said("18 rue Haute").value, said("18 rue Haute").log_odds),
        (6.0, weights.address_gap.at(6.0))
    );
}

#[test]
fn a_number_on_one_side_only_is_neutral() {
    let of = |number: &str| Observation {
        asset: Some(number.to_owned()),
        ..report(0.0)
    };
    for (own, other) in [("", "L-12"), ("L-12", " "), ("", "")] {
        assert_eq!(told(&of(own), of(other), Feature::Asset), None, "{own:?} {other:?}");
    }
}

#[test]
fn a_text_speaks_from_the_least_length_on_in_proportion_to_what_it_shares() {
    let saying = |text| Observation {
        text: Some(TextPrint::of(text)),
        ..report(0.0)
    };
    let said = |own, other| told(&saying(own), saying(other), Feature::Text);
    assert_eq!(TextPrint::of("poubelle").len(), 8, "the least that is compared");
    assert!(said("poubelle", "poubelle").is_some());
    assert!(said("poubell", "poubelle").is_none());
    let weights = Weights::built_in();
    let (alike, none) = (said("poubelle", "poubelle"), said("poubelle", "chaussée"));
    assert_eq!(alike.unwrap().log_odds, weights.text_equal);
    assert_eq!(none.unwrap().log_odds, weights.text_none);
    let half = said("la poubelle déborde", "la poubelle brûle").unwrap();
    assert!(half.value > 0.2 && half.value < 0.8, "{half:?}");
    let between = weights.text_none + half.value * (weights.text_equal - weights.text_none);
    assert!((half.log_odds - between).abs() < 1e-12);
}
