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

#[test]
fn a_policy_tells_what_it_applies() {
    let builder = Policy::builder().version(4).radius_m(60.0).life_days(3.0).span_m(80.0);
    let builder = builder
        .join_threshold(0.9)
        .suggest_threshold(0.2)
        .worst_accuracy_m(40.0);
    let builder = builder.late_days(7.0).recurrence_days(20.0).rejected_days(15.0);
    let builder = builder.default_point_limit(9).joins_silently(false);
    let policy = builder.compatible(CategoryId(4), 0.3).compatible(CategoryId(2), 0.1);
    let policy = policy.build().unwrap();
    assert_eq!((policy.version(), policy.default_point_limit()), (4, 9));
    assert_eq!((policy.radius(), policy.span()), (Metres::whole(60), Metres::whole(80)));
    assert_eq!(
        (policy.worst_accuracy(), policy.joins_silently()),
        (Metres::whole(40), false)
    );
    assert_eq!((policy.join_threshold(), policy.suggest_threshold()), (0.9, 0.2));
    assert_eq!(policy.compatible(), [(CategoryId(4), 0.3), (CategoryId(2), 0.1)]);
    let days = [
        policy.life_days(),
        policy.late_days(),
        policy.recurrence_days(),
        policy.rejected_days(),
    ];
    assert_eq!(days, [3.0, 7.0, 20.0, 15.0]);
    assert_eq!(policy.days_remembered(), 20.0);
    assert_eq!(Policy::default().life_days(), Policy::default().weights().life_days);
}
