//! A policy is valid or says everything that is wrong with it.

use geo_dedup::{CategoryId, LonLat, MAX_RADIUS, Metres, Observation, Policy, PolicyFault, Timestamp};

#[test]
fn the_defaults_are_valid() {
    assert_eq!(Policy::builder().build().unwrap(), Policy::default());
}

#[test]
fn every_fault_is_named_at_once() {
    let refused = Policy::builder()
        .radius_m(251.0)
        .life_days(f64::NAN)
        .join_threshold(0.4)
        .suggest_threshold(0.6)
        .default_point_limit(1)
        .compatible(CategoryId(4), 1.5)
        .compatible(CategoryId(4), 0.5)
        .build()
        .unwrap_err();
    let fields: Vec<_> = refused.faults().iter().map(PolicyFault::field).collect();
    let expected = [
        "radius_m",
        "life_days",
        "join_threshold",
        "default_point_limit",
        "compatible",
        "suggest_threshold",
        "compatible",
    ];
    assert_eq!(fields, expected);
    assert!(refused.to_string().contains("radius_m: 251 is not within 1..=250"));
}

#[test]
fn the_search_grows_with_the_accuracy_up_to_the_cap() {
    let policy = Policy::builder().radius_m(60.0).build().unwrap();
    let mut observation = Observation::new(LonLat::new(2.0, 46.0).unwrap(), CategoryId(1), Timestamp(0));
    assert_eq!(policy.search_radius(&observation), Metres::whole(60));
    observation.accuracy = Some(Metres::whole(30));
    assert_eq!(policy.search_radius(&observation), Metres::whole(90));
    observation.accuracy = Some(Metres::whole(5_000));
    assert_eq!(policy.search_radius(&observation), MAX_RADIUS);
}
