use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn window(json: serde_json::Value) -> TimeWindow {
    serde_json::from_value(json).unwrap()
}

/// Minutes after Monday 8 March 2027, 00:00.
fn minute(count: i64) -> NaiveDateTime {
    let monday = NaiveDate::from_ymd_opt(2027, 3, 8).unwrap();
    monday.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(count)
}

fn at(day: i64, hour: i64) -> NaiveDateTime {
    minute((day - 1) * 24 * 60 + hour * 60)
}

#[test]
fn office_hours() {
    let office = window(json!({"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "17:00"}));
    assert!(office.contains(at(1, 8)) && office.contains(at(5, 16)));
    assert!(!office.contains(at(1, 7)) && !office.contains(at(1, 17)) && !office.contains(at(6, 10)));
}

#[test]
fn a_night_belongs_to_the_evening_it_starts_on() {
    let friday_night = window(json!({"days": [5], "from": "18:00", "to": "08:00"}));
    assert!(friday_night.contains(at(5, 18)) && friday_night.contains(at(6, 7)));
    assert!(!friday_night.contains(at(5, 7)) && !friday_night.contains(at(6, 8)));
    assert!(!friday_night.contains(at(6, 18)));
    let sunday_night = window(json!({"days": [7], "from": "22:00", "to": "06:00"}));
    assert!(sunday_night.contains(at(8, 5)), "Monday morning");
}

#[test]
fn whole_days() {
    let weekend = window(json!({"days": [6, 7], "from": "00:00", "to": "24:00"}));
    assert!(weekend.contains(minute(5 * 24 * 60)) && weekend.contains(minute(7 * 24 * 60 - 1)));
    assert!(!weekend.contains(minute(7 * 24 * 60)) && !weekend.contains(minute(5 * 24 * 60 - 1)));
    let always = window(json!({"from": "00:00", "to": "24:00"}));
    assert!((0..7 * 24).all(|hour| always.contains(minute(hour * 60))));
}

#[test]
fn json_reads_back_and_nonsense_does_not() {
    let text = json!({"days": [1, 6], "from": "18:00", "to": "08:00"});
    assert_eq!(serde_json::to_value(window(text.clone())).unwrap(), text);
    for (wrong, why) in [
        (
            json!({"days": [], "from": "08:00", "to": "09:00"}),
            TimeWindowError::Days,
        ),
        (
            json!({"days": [0], "from": "08:00", "to": "09:00"}),
            TimeWindowError::Days,
        ),
        (
            json!({"days": [8], "from": "08:00", "to": "09:00"}),
            TimeWindowError::Days,
        ),
        (json!({"from": "08:00", "to": "08:00"}), TimeWindowError::Hours),
        (json!({"from": "24:00", "to": "08:00"}), TimeWindowError::Hours),
    ] {
        let refused = serde_json::from_value::<TimeWindow>(wrong).unwrap_err();
        assert_eq!(refused.to_string(), why.to_string());
    }
}

proptest! {
    /// A window and the one from its end to its start share the week between them.
    #[test]
    fn a_window_and_its_complement_share_the_week(
        from in 0_i64..1440,
        to in 0_i64..1440,
        probe in 0_i64..7 * 1440,
    ) {
        prop_assume!(from != to);
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let inside = window(json!({"from": clock(from), "to": clock(to)}));
        let outside = window(json!({"from": clock(to), "to": clock(from)}));
        prop_assert!(inside.contains(minute(probe)) != outside.contains(minute(probe)));
    }
}
