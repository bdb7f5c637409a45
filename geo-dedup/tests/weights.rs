//! The file of weights: it is read whole, or the line at fault is named.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic like the test itself")]

use geo_dedup::{Curve, WeightSet, Weights, WeightsFault};
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
        for curve in [&weights.distance_m, &weights.age_days, &weights.address_gap] {
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
