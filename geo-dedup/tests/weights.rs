//! The file of weights: it is read whole, or the line at fault is named.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic like the test itself")]

use geo_dedup::{AlertId, Candidate, CategoryId, LonLat, Observation, ReportId, Timestamp};
use geo_dedup::{Context, Curve, OverrideFault, Policy, WeightOverrides, WeightSet, Weights, WeightsFault, decide};
use proptest::prelude::*;

const FILE: &str = include_str!("../weights/default.toml");

fn fault(text: &str) -> (usize, WeightsFault) {
    let fault = WeightSet::parse(text).unwrap_err();
    (fault.line(), fault.fault())
}

#[test]
fn the_built_in_file_is_read_and_written_alike() {
    let set = WeightSet::parse(FILE).unwrap();
    assert_eq!(&set, WeightSet::built_in());
    assert_eq!(WeightSet::parse(&set.to_string()).unwrap(), set);
    assert!(set.kinds().count() >= 6);
    assert_eq!(set.of("nothing of the kind"), &Weights::built_in());
}

#[test]
fn distance_age_and_house_numbers_never_speak_more_when_they_grow() {
    let set = WeightSet::built_in();
    for kind in set.kinds().chain([""]) {
        let weights = set.of(kind);
        let curves = [
            &weights.distance_m,
            &weights.age_days,
            &weights.address_gap,
            &weights.stated_age_days,
        ];
        for curve in curves {
            assert!(curve.knots().len() > 1, "{kind} has no curve");
            assert!(
                curve.knots().windows(2).all(|pair| pair[0].1 >= pair[1].1),
                "{kind} rises"
            );
        }
        assert!(
            weights.past_here <= 0.0 && weights.past_around <= 0.0,
            "{kind}: a past speaks for a place"
        );
        assert!((0.0..=1.0).contains(&weights.related_category) && weights.life_days > 0.0);
        assert_eq!(weights.version, set.of("").version);
        let stated = |weights: &Weights| {
            (
                weights.stated_prior,
                weights.stated_age_days.clone(),
                weights.stated_life_days,
            )
        };
        assert_eq!(
            stated(weights),
            stated(set.of("")),
            "{kind}: phones err alike whatever they show"
        );
    }
}

#[test]
fn a_kind_lists_what_differs() {
    let set =
        WeightSet::parse("version = 7\n[default]\nprior = 1.5 # a comment\nresent = 2\n[tree]\nprior = -1").unwrap();
    assert_eq!((set.of("tree").prior, set.of("tree").resent), (-1.0, 2.0));
    assert_eq!((set.of("lamp").prior, set.of("tree").version), (1.5, 7));
}

#[test]
fn the_line_at_fault_is_named() {
    use WeightsFault::{Curve, Line, Name, NoVersion, Number, Section};
    assert_eq!(fault(""), (0, NoVersion));
    assert_eq!(fault("[default]\nprior = 1"), (0, NoVersion));
    assert_eq!(fault("version = 2\n\n[tree]"), (3, Section));
    assert_eq!(fault("version = 2\n[default]\n[default]"), (3, Section));
    assert_eq!(fault("version = 2\n[default]\n[tree]\n[tree]"), (4, Section));
    assert_eq!(fault("version = 2\n[default]\nprior"), (3, Line));
    assert_eq!(fault("version = 2\nprior = 1"), (2, Name));
    assert_eq!(fault("version = 2\n[default]\nprior_ = 1"), (3, Name));
    assert_eq!(fault("version = two"), (1, Number));
    assert_eq!(fault("version = 2\n[default]\nprior = inf"), (3, Number));
    for curve in ["1", "[[0, 1], [0, 2]]", "[[0, 1]", "[0, 1]", "[[0, x]]"] {
        assert!(matches!(
            fault(&format!("version = 2\n[default]\nage_days = {curve}")),
            (3, Curve | Number)
        ));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(version = [0-9]{1,3}\n)?(\\[default\\]\n)?([a-z_]{0,12} ?= ?[-0-9.,\\[\\] e]{0,20}\n){0,4}.{0,40}") {
        let _ = WeightSet::parse(&text).map_err(|fault| fault.to_string());
    }

    #[test]
    fn a_curve_stays_between_its_knots(ys in prop::collection::vec(-5.0..5.0_f64, 1..8), x in -10.0..100.0_f64) {
        let knots: Vec<_> = ys.iter().enumerate().map(|(k, y)| (k as f64 * 10.0, *y)).collect();
        let at = Curve::new(knots.clone()).unwrap().at(x);
        let bounds = ys.iter().fold((f64::MAX, f64::MIN), |(low, high), y| (low.min(*y), high.max(*y)));
        prop_assert!(bounds.0 - 1e-12 <= at && at <= bounds.1 + 1e-12);
        for (knot, y) in knots {
            prop_assert_eq!(Curve::new(vec![(knot, y)]).unwrap().at(x), y);
        }
    }
}

#[test]
fn single_weights_are_set_and_the_others_stay() {
    let built_in = Weights::built_in();
    let flat = Curve::new(vec![(0.0, 0.5)]).unwrap();
    let overrides = WeightOverrides::new(7)
        .number("prior", -2.0)
        .curve("age_days", flat.clone());
    let own = built_in.overridden(&overrides).unwrap();
    let expected = Weights {
        prior: -2.0,
        age_days: flat,
        overrides_version: Some(7),
        ..built_in.clone()
    };
    assert_eq!(own, expected);
    assert_eq!(overrides.values().len(), 2);
    assert_eq!(built_in.overrides_version, None);
}

#[test]
fn a_decision_names_the_version_of_the_single_weights() {
    let seen = Observation::new(
        LonLat::new(2.0, 46.0).unwrap(),
        CategoryId(1),
        Timestamp(1_760_000_000_000),
    );
    let alert = Candidate::opened_by(AlertId(1), seen.clone().into_member(ReportId(1)));
    let outcome = |weights: Weights| {
        let policy = Policy::builder().weights(weights).build().unwrap();
        decide(&seen, [&alert], &Context::at(seen.observed_at), &policy)
    };
    let plain = outcome(Weights::built_in());
    let own = outcome(
        Weights::built_in()
            .overridden(&WeightOverrides::new(9).number("prior", -9.0))
            .unwrap(),
    );
    assert_eq!((plain.overrides_version, own.overrides_version), (None, Some(9)));
    assert_eq!(own.weights_version, plain.weights_version);
    assert!(own.scored[0].posterior < plain.scored[0].posterior);
}

#[test]
fn every_fault_of_single_weights_is_named() {
    let curve = || Curve::new(vec![(0.0, 1.0), (9.0, 99.0)]).unwrap();
    let overrides = WeightOverrides::new(1)
        .number("gravity", 1.0)
        .number("prior", f64::NAN)
        .number("age_days", 1.0)
        .curve("prior_odds", curve())
        .curve("distance_m", curve())
        .curve("verdict", curve())
        .number("near_share", 1.0)
        .number("near_share", 0.5);
    let refused = Weights::built_in().overridden(&overrides).unwrap_err();
    let faults: Vec<String> = refused.faults().iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "gravity: no weight has this name",
            "prior: NaN is not within -30..=30",
            "age_days: a number where a curve belongs, or the other way round",
            "prior_odds: no weight has this name",
            "distance_m: 99 is not within -30..=30",
            "verdict: a number where a curve belongs, or the other way round",
            "near_share: given twice",
        ]
    );
    assert!(matches!(refused.faults().first(), Some(OverrideFault::Unknown(_))));
    assert_eq!(refused.to_string(), faults.join("; "));
}

/// What stands in the file is within the bounds that overrides are held to, weight by weight.
#[test]
fn the_built_in_weights_may_be_set_to_themselves() {
    for kind in WeightSet::built_in().kinds().chain([""]) {
        let own = WeightSet::built_in().of(kind);
        let overrides = WeightOverrides::new(0)
            .curve("distance_m", own.distance_m.clone())
            .curve("age_days", own.age_days.clone())
            .curve("address_gap", own.address_gap.clone())
            .number("life_days", own.life_days)
            .number("near_share", own.near_share)
            .number("related_category", own.related_category)
            .number("position_floor_m", own.position_floor_m)
            .number("unstated_sigma_m", own.unstated_sigma_m)
            .number("wide_sigma_m", own.wide_sigma_m)
            .number("background_m2", own.background_m2)
            .number("category", own.category)
            .number("text_min_trigrams", own.text_min_trigrams)
            .number("photo_same_bits", own.photo_same_bits)
            .number("resent_minutes", own.resent_minutes)
            .number("verdict", own.verdict);
        let again = own.overridden(&overrides).unwrap();
        assert_eq!(
            Weights {
                overrides_version: None,
                ..again
            },
            *own,
            "{kind}"
        );
    }
}
