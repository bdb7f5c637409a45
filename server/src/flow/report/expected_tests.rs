use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

const PARIS: Tz = chrono_tz::Europe::Paris;

/// Monday 8 March 2027, 10:00 in Paris.
fn monday() -> DateTime<Utc> {
    PARIS.with_ymd_and_hms(2027, 3, 8, 10, 0, 0).unwrap().to_utc()
}

fn date(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, month, day).unwrap()
}

fn days(count: i64) -> TimeDelta {
    TimeDelta::days(count)
}

/// Received now, promised for now.
fn outlook(past: &[TimeDelta]) -> Outlook<'_> {
    Outlook {
        past,
        since: monday(),
        due: monday(),
        now: monday(),
        time_zone: PARIS,
    }
}

fn told(past: &[TimeDelta]) -> Expectation {
    expected_by(&outlook(past))
}

fn between(from: NaiveDate, to: NaiveDate) -> Expectation {
    Expectation::Range { from, to }
}

fn nothing(reason: NoEstimate) -> Expectation {
    Expectation::NoEstimate { reason }
}

#[test]
fn nearest_rank_takes_a_value_that_occurred() {
    let sorted: Vec<TimeDelta> = [15, 20, 35, 40, 50].map(days).to_vec();
    let of = |percent| percentile(&sorted, percent).num_days();
    // The worked example of the rule: ranks 1, 2, 2, 3, 5.
    assert_eq!([of(5), of(30), of(40), of(50), of(100)], [15, 20, 20, 35, 50]);
    let hundred: Vec<TimeDelta> = (1..=100).map(days).collect();
    assert_eq!(percentile(&hundred, 80), days(80));
    assert_eq!(percentile(&hundred, 20), days(20));
}

#[test]
fn the_farther_the_coarser() {
    let after = |count| told(&[days(count); 20]);
    assert_eq!(after(0), between(date(3, 8), date(3, 8)));
    assert_eq!(after(3), between(date(3, 11), date(3, 11)));
    assert_eq!(after(4), between(date(3, 11), date(3, 14)));
    assert_eq!(after(9), between(date(3, 15), date(3, 17)));
    assert_eq!(after(14), between(date(3, 22), date(3, 24)));
    assert_eq!(after(15), between(date(3, 22), date(3, 28)));
    assert_eq!(after(60), between(date(5, 3), date(5, 9)));
}

#[test]
fn four_in_five_decide() {
    let mut past = vec![days(2); 16];
    past.extend([days(12); 4]);
    assert_eq!(told(&past), between(date(3, 10), date(3, 10)));
    past[0] = days(12);
    assert_eq!(told(&past), between(date(3, 18), date(3, 21)));
}

#[test]
fn the_promise_is_a_floor() {
    let past = [days(1); 30];
    let promised = Outlook {
        due: monday() + days(9),
        ..outlook(&past)
    };
    assert_eq!(expected_by(&promised), between(date(3, 17), date(3, 17)));
}

#[test]
fn silence_rather_than_a_guess() {
    assert_eq!(told(&[days(2); 19]), nothing(NoEstimate::TooFew));
    let mut with_a_wrong_clock = vec![days(2); 19];
    with_a_wrong_clock.push(days(-1));
    assert_eq!(told(&with_a_wrong_clock), nothing(NoEstimate::TooFew));
    let mut wide = vec![days(1); 10];
    wide.extend([days(11); 10]);
    assert_eq!(told(&wide), nothing(NoEstimate::TooWide));
    wide[..10].fill(days(2));
    assert_eq!(told(&wide), between(date(3, 18), date(3, 21)));
    assert_eq!(told(&[days(4_000); 20]), nothing(NoEstimate::TooWide));
}

#[test]
fn an_hour_to_a_day_is_narrow_enough() {
    let mut past = vec![TimeDelta::hours(1); 10];
    past.extend([TimeDelta::hours(24); 10]);
    assert_eq!(told(&past), between(date(3, 9), date(3, 9)));
}

#[test]
fn local_dates_are_the_town_s() {
    let past = [TimeDelta::zero(); 20];
    let late = PARIS.with_ymd_and_hms(2027, 3, 9, 0, 30, 0).unwrap().to_utc();
    let at_night = Outlook {
        since: late,
        due: late,
        now: late,
        ..outlook(&past)
    };
    assert_eq!(expected_by(&at_night), between(date(3, 9), date(3, 9)));
}

#[test]
fn one_slip_is_one_notice() {
    let soon = between(date(3, 15), date(3, 17));
    let later = between(date(3, 18), date(3, 21));
    let today = date(3, 8);
    assert!(slipped(soon, later, today));
    assert!(!slipped(later, later, today));
    assert!(!slipped(later, soon, today));
    assert!(!slipped(soon, nothing(NoEstimate::TooWide), today));
    assert!(!slipped(nothing(NoEstimate::TooFew), soon, today));

    // Told for Thursday to Sunday, expected on Saturday: Sunday still belongs to what was told, Monday does not.
    let past = [days(5); 20];
    let first = told(&past);
    assert_eq!(first, between(date(3, 11), date(3, 14)));
    let on = |count| {
        expected_by(&Outlook {
            now: monday() + days(count),
            ..outlook(&past)
        })
    };
    assert_eq!(on(5), between(date(3, 13), date(3, 13)));
    assert_eq!(on(6), nothing(NoEstimate::Overdue));
    assert!(!slipped(first, on(6), date(3, 14)));
    assert!(slipped(first, on(7), date(3, 15)));
    assert!(!slipped(on(7), on(8), date(3, 16)));
}

#[test]
fn a_day_is_over_at_midnight_not_at_the_hour() {
    let past = [days(1); 20];
    let evening = Outlook {
        now: monday() + TimeDelta::hours(36),
        ..outlook(&past)
    };
    assert_eq!(expected_by(&evening), between(date(3, 9), date(3, 9)));
}

#[test]
fn a_hold_moves_the_date_and_is_told_once() {
    let past = [days(2); 20];
    let before = told(&past);
    let held = Outlook {
        since: monday() + days(7),
        due: monday() + days(7),
        ..outlook(&past)
    };
    let after = expected_by(&held);
    assert!(slipped(before, after, date(3, 8)));
    assert!(!slipped(after, expected_by(&held), date(3, 8)));
}

#[test]
fn the_ends_of_time_are_no_estimate() {
    let past = [days(2); 20];
    let end = DateTime::<Utc>::MAX_UTC;
    let at_the_end = Outlook {
        since: end,
        due: end,
        now: end,
        ..outlook(&past)
    };
    assert_eq!(expected_by(&at_the_end), nothing(NoEstimate::TooWide));
}

#[test]
fn json_says_range_or_why_not() {
    let texts = [
        (
            between(date(3, 8), date(3, 9)),
            r#"{"range":{"from":"2027-03-08","to":"2027-03-09"}}"#,
        ),
        (nothing(NoEstimate::TooFew), r#"{"no_estimate":{"reason":"too_few"}}"#),
    ];
    for (told, text) in texts {
        assert_eq!(serde_json::to_string(&told).unwrap(), text);
        assert_eq!(serde_json::from_str::<Expectation>(text).unwrap(), told);
    }
}

fn last_day(expectation: Expectation) -> Option<NaiveDate> {
    match expectation {
        Expectation::Range { to, .. } => Some(to),
        Expectation::NoEstimate { .. } => None,
    }
}

/// Durations of a category: around one typical time, now and then far off.
fn durations() -> impl Strategy<Value = Vec<TimeDelta>> {
    (1_i64..2_000, proptest::collection::vec(1_i64..80, 15..60)).prop_map(|(hours, factors)| {
        factors
            .into_iter()
            .map(|factor| TimeDelta::minutes(hours * factor * 2))
            .collect()
    })
}

proptest! {
    #[test]
    fn never_before_the_promise_or_today(past in durations(), due in -500_i64..2_000, waited in 0_i64..900) {
        let now = monday() + TimeDelta::hours(waited);
        let due = monday() + TimeDelta::hours(due);
        let outlook = Outlook { due, now, ..outlook(&past) };
        if let Expectation::Range { from, to } = expected_by(&outlook) {
            let local = |at: DateTime<Utc>| at.with_timezone(&PARIS).date_naive();
            prop_assert!(from <= to);
            prop_assert!(from >= local(due) && from >= local(now));
            let likely = percentile(&{ let mut sorted = past.clone(); sorted.sort(); sorted }, 80);
            prop_assert!(to >= local(monday() + likely));
            prop_assert!((to - from).num_days() < 7);
        }
    }

    /// The order of the past does not matter, and the same question has the same answer.
    #[test]
    fn the_order_of_the_past_does_not_matter(past in durations(), seed in any::<u64>()) {
        let mut shuffled = past.clone();
        let length = shuffled.len();
        for place in 0..length {
            shuffled.swap(place, (seed as usize).wrapping_mul(place + 7) % length);
        }
        prop_assert_eq!(told(&past), told(&shuffled));
    }

    /// Slower treatment, a later start or a later promise never brings the last day forward.
    #[test]
    fn whatever_gets_later_is_told_later(
        past in durations(),
        slower in proptest::collection::vec(0_i64..300, 60),
        due in 0_i64..900,
        shift in 0_i64..900,
    ) {
        let due = monday() + TimeDelta::hours(due);
        let shift = TimeDelta::hours(shift);
        let worse: Vec<TimeDelta> =
            past.iter().zip(slower).map(|(&took, more)| took + TimeDelta::hours(more)).collect();
        let base = Outlook { due, ..outlook(&past) };
        let first = last_day(expected_by(&base));
        for later in [
            Outlook { past: &worse, ..base },
            Outlook { since: base.since + shift, ..base },
            Outlook { due: due + shift, ..base },
        ] {
            if let (Some(first), Some(second)) = (first, last_day(expected_by(&later))) {
                prop_assert!(second >= first);
            }
        }
    }

    /// While nothing else changes, waiting only makes the same range narrower: nobody is told of a slip before the end.
    #[test]
    fn waiting_alone_is_no_slip(past in durations(), due in 0_i64..900, waited in 0_i64..900, more in 0_i64..900) {
        let at = |hours| Outlook {
            due: monday() + TimeDelta::hours(due),
            now: monday() + TimeDelta::hours(hours),
            ..outlook(&past)
        };
        let (earlier, later) = (expected_by(&at(waited)), expected_by(&at(waited + more)));
        let today = at(waited + more).now.with_timezone(&PARIS).date_naive();
        let slip = slipped(earlier, later, today);
        match (earlier, later) {
            (Expectation::Range { from, to }, Expectation::Range { from: from_later, to: to_later }) => {
                prop_assert!(from_later >= from && to_later <= to);
                prop_assert!(!slip);
            }
            (Expectation::Range { to, .. }, Expectation::NoEstimate { reason }) => {
                prop_assert_eq!(reason, NoEstimate::Overdue);
                prop_assert_eq!(slip, today > to);
            }
            (Expectation::NoEstimate { .. }, _) => prop_assert!(!slip),
        }
    }
}
