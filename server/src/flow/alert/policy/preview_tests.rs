use geo_dedup::LonLat;

use super::*;

const DAY: i64 = 86_400_000;

fn report(day: i64, east_m: f64) -> Report {
    let point = LonLat::new(2.0 + east_m / 73_000.0, 49.0).unwrap();
    let at = Timestamp(day * DAY);
    Report {
        seen: Observation::new(point, CategoryId(1), at),
        received_at: at,
        closed_at: None,
    }
}

fn policy(radius_m: f64) -> Policy {
    Policy::builder().radius_m(radius_m).build().unwrap()
}

fn openers(reports: &[Report], policy: &Policy) -> Vec<usize> {
    place(reports, 0, |_| policy)
        .iter()
        .map(|placed| placed.opener)
        .collect()
}

#[test]
fn reports_on_one_spot_join_the_first() {
    let reports = [report(0, 0.0), report(1, 2.0), report(1, 5_000.0), report(2, 1.0)];
    let wide = policy(60.0);
    assert_eq!(openers(&reports, &wide), [0, 0, 2, 0]);
    let counted = counts(&place(&reports, 0, |_| &wide), |_| true);
    assert_eq!((counted.joined, counted.suggested, counted.opened), (2, 0, 2));
}

#[test]
fn an_alert_takes_nothing_after_its_closing() {
    let mut reports = [report(0, 0.0), report(1, 1.0), report(5, 1.0), report(6, 0.0)];
    reports[0].closed_at = Some(Timestamp(3 * DAY));
    assert_eq!(openers(&reports, &policy(60.0)), [0, 0, 2, 2]);
}

#[test]
fn a_stricter_policy_lets_go_and_says_of_whom() {
    let reports = [report(0, 0.0), report(0, 12.0), report(1, 1.0)];
    let (wide, narrow) = (policy(60.0), policy(5.0));
    let (before, after) = (place(&reports, 0, |_| &wide), place(&reports, 0, |_| &narrow));
    let changes: Vec<_> = (0..3).map(|n| change(n, &before[n], &after[n])).collect();
    assert_eq!(changes, [None, Some(Change::Leaves), None]);
    assert_eq!(change(1, &after[1], &before[1]), Some(Change::Joins));
    assert_eq!(before[1].best.map(|(opener, _)| opener), Some(0));
    assert_eq!(after[1].best, None, "beyond the radius nothing is compared");
}

#[test]
fn an_empty_past_changes_nothing() {
    assert!(place(&[], 0, |_| panic!("no report, no policy")).is_empty());
}

#[test]
fn what_came_before_is_counted_and_not_placed() {
    let reports = [report(0, 0.0), report(30, 1.0), report(30, 1.0)];
    let wide = policy(60.0);
    let placed = place(&reports, 1, |_| &wide);
    let openers: Vec<usize> = placed.iter().map(|placed| placed.opener).collect();
    assert_eq!(openers, [0, 1, 1], "nothing joins what is history");
    let bare = place(&reports[1..], 0, |_| &wide);
    let posterior = |placed: &Placed| placed.best.map(|(_, posterior)| posterior);
    assert_ne!(posterior(&placed[2]), posterior(&bare[1]), "the past weighs");
}
