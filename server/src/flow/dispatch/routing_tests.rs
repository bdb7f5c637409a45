use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::catalog::time_window::TimeWindow;

const POTHOLE: Uuid = Uuid::from_u128(1);
const ROADWAY: Uuid = Uuid::from_u128(2);
const NORTH: Uuid = Uuid::from_u128(10);
const SOUTH: Uuid = Uuid::from_u128(11);
const ROADS: Uuid = Uuid::from_u128(20);
const CLEANING: Uuid = Uuid::from_u128(21);
const DESK: Uuid = Uuid::from_u128(22);
const DEPARTMENT: Uuid = Uuid::from_u128(30);
const LINEAGE: [CategoryNode; 2] = [
    CategoryNode {
        id: POTHOLE,
        service: None,
    },
    CategoryNode {
        id: ROADWAY,
        service: Some(ROADS),
    },
];

fn monday_at(hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2027, 3, 8)
        .unwrap()
        .and_hms_opt(hour, 0, 0)
        .unwrap()
}

fn pothole_in(sector: Option<Uuid>, hour: u32) -> Routable<'static> {
    Routable {
        lineage: &LINEAGE,
        sector,
        zones: &[],
        local_time: monday_at(hour),
    }
}

fn night() -> TimeWindow {
    serde_json::from_value(json!({"from": "18:00", "to": "08:00"})).unwrap()
}

/// A rule on everything that says nothing.
fn rule(id: u128) -> RoutingRule {
    RoutingRule {
        id: Uuid::from_u128(id),
        category: None,
        sector: None,
        hours: None,
        rank: 0,
        body: None,
        inside_zone: false,
        service: None,
        crew: None,
    }
}

fn winner(rules: &[RoutingRule], what: &Routable<'_>) -> Because {
    route(rules, DESK, what).because
}

fn by(id: u128) -> Because {
    Because::Rule(Uuid::from_u128(id))
}

#[test]
fn without_rules_the_category_s_service_has_it_and_at_last_the_town_s_default() {
    let expected = Route {
        body: None,
        service: ROADS,
        crew: None,
        because: Because::Category(ROADWAY),
    };
    assert_eq!(route(&[], DESK, &pothole_in(None, 10)), expected);
    let orphan = Routable {
        lineage: &LINEAGE[..1],
        ..pothole_in(None, 10)
    };
    let expected = Route {
        service: DESK,
        because: Because::Default,
        ..expected
    };
    assert_eq!(route(&[], DESK, &orphan), expected);
    assert_eq!(route(&[], DESK, &Routable { lineage: &[], ..orphan }), expected);
}

#[test]
fn each_kind_of_precision_beats_the_one_after_it() {
    let rules = [
        RoutingRule { rank: 9, ..rule(100) },
        RoutingRule {
            hours: Some(night()),
            ..rule(101)
        },
        RoutingRule {
            sector: Some(NORTH),
            ..rule(102)
        },
        RoutingRule {
            category: Some(ROADWAY),
            ..rule(103)
        },
        RoutingRule {
            category: Some(POTHOLE),
            ..rule(104)
        },
        RoutingRule {
            category: Some(POTHOLE),
            sector: Some(NORTH),
            ..rule(105)
        },
    ];
    let at_night = pothole_in(Some(NORTH), 22);
    for last in 1..=rules.len() {
        assert_eq!(winner(&rules[..last], &at_night), by(99 + last as u128));
    }
}

#[test]
fn a_rule_applies_only_where_and_when_it_says() {
    let rules = [
        RoutingRule {
            sector: Some(NORTH),
            ..rule(100)
        },
        RoutingRule {
            hours: Some(night()),
            ..rule(101)
        },
        RoutingRule {
            category: Some(CLEANING),
            ..rule(102)
        },
    ];
    assert_eq!(winner(&rules, &pothole_in(Some(NORTH), 10)), by(100));
    assert_eq!(winner(&rules, &pothole_in(Some(SOUTH), 22)), by(101));
    assert_eq!(winner(&rules, &pothole_in(None, 10)), Because::Category(ROADWAY));
}

#[test]
fn rank_then_the_older_id_settle_a_tie() {
    let rules = [rule(102), rule(101), RoutingRule { rank: 1, ..rule(103) }];
    assert_eq!(winner(&rules, &pothole_in(None, 10)), by(103));
    assert_eq!(winner(&rules[..2], &pothole_in(None, 10)), by(101));
}

#[test]
fn a_handed_over_alert_keeps_a_service_that_watches_it() {
    let rules = [RoutingRule {
        body: Some(DEPARTMENT),
        ..rule(100)
    }];
    let handed_over = route(&rules, DESK, &pothole_in(None, 10));
    assert_eq!((handed_over.body, handed_over.service), (Some(DEPARTMENT), ROADS));
}

#[test]
fn whose_ground_it_is_decides_before_what_lies_on_it() {
    let rules = [
        RoutingRule {
            category: Some(ROADWAY),
            body: Some(DEPARTMENT),
            inside_zone: true,
            ..rule(100)
        },
        RoutingRule {
            category: Some(POTHOLE),
            sector: Some(NORTH),
            ..rule(101)
        },
    ];
    let outside = pothole_in(Some(NORTH), 10);
    assert_eq!(winner(&rules, &outside), by(101));
    let inside = Routable {
        zones: &[DEPARTMENT],
        ..outside
    };
    assert_eq!(winner(&rules, &inside), by(100));
    let of_somebody_else = Routable {
        zones: &[CLEANING],
        ..outside
    };
    assert_eq!(winner(&rules, &of_somebody_else), by(101));
}

fn any_of(ids: [Uuid; 3]) -> impl Strategy<Value = Option<Uuid>> {
    proptest::option::of(proptest::sample::select(ids.to_vec()))
}

fn rules() -> impl Strategy<Value = Vec<RoutingRule>> {
    let parts = (
        any_of([POTHOLE, ROADWAY, CLEANING]),
        any_of([NORTH, SOUTH, DEPARTMENT]),
        proptest::option::of(Just(night())),
        -1_i32..2,
        any_of([ROADS, CLEANING, DESK]),
    );
    proptest::collection::vec(parts, 0..14).prop_map(|list| {
        list.into_iter()
            .zip(100..)
            .map(|((category, sector, hours, rank, service), id)| RoutingRule {
                category,
                sector,
                hours,
                rank,
                service,
                ..rule(id)
            })
            .collect()
    })
}

proptest! {
    /// Always an owner, and one that the town named: the winning rule's, the category's, or the default.
    #[test]
    fn there_is_always_an_owner_that_somebody_named(
        rules in rules(),
        sector in any_of([NORTH, SOUTH, DEPARTMENT]),
        hour in 0_u32..24,
        known in 0_usize..3,
    ) {
        let what = Routable { lineage: &LINEAGE[..known], ..pothole_in(sector, hour) };
        let route = route(&rules, DESK, &what);
        let of_category = if known == 2 { ROADS } else { DESK };
        match route.because {
            Because::Rule(id) => {
                let rule = rules.iter().find(|rule| rule.id == id).unwrap();
                prop_assert_eq!(route.service, rule.service.unwrap_or(of_category));
                prop_assert!(rule.sector.is_none() || rule.sector == sector);
                prop_assert!(rule.category.is_none_or(|id| what.lineage.iter().any(|node| node.id == id)));
                prop_assert!(rule.hours.is_none() || !(8..18).contains(&hour));
            }
            Because::Category(_) | Because::Default => {
                prop_assert_eq!(route.service, of_category);
                prop_assert!(rules.iter().all(|rule| specificity(rule, &what).is_none()));
            }
        }
    }

    #[test]
    fn the_order_of_the_rules_does_not_matter(
        (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        sector in any_of([NORTH, SOUTH, DEPARTMENT]),
        hour in 0_u32..24,
    ) {
        let what = pothole_in(sector, hour);
        prop_assert_eq!(route(&rules, DESK, &what), route(&shuffled, DESK, &what));
    }

    /// A rule on something else changes nothing.
    #[test]
    fn a_rule_that_does_not_apply_changes_nothing(rules in rules(), hour in 0_u32..24) {
        let what = pothole_in(Some(NORTH), hour);
        let mut more = rules.clone();
        more.push(RoutingRule { category: Some(POTHOLE), sector: Some(SOUTH), rank: 99, ..rule(1) });
        prop_assert_eq!(route(&rules, DESK, &what), route(&more, DESK, &what));
    }
}
