use chrono::{Days, Weekday};

use super::*;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn in_year(set: HolidaySet, year: i32) -> Vec<NaiveDate> {
    date(year, 1, 1)
        .iter_days()
        .take_while(|day| day.year() == year)
        .filter(|&day| set.contains(day))
        .collect()
}

/// Gauss's rule with the corrections of 1816, another road to the same Sunday.
fn easter_by_gauss(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year % 4, year % 7);
    let k = year / 100;
    let p = (13 + 8 * k) / 25;
    let m = (15 - p + k - k / 4).rem_euclid(30);
    let n = (4 + k - k / 4) % 7;
    let d = (19 * a + m) % 30;
    let e = (2 * b + 4 * c + 6 * d + n) % 7;
    let shift = match (d, e) {
        (29, 6) => 28,
        (28, 6) if (11 * m + 11) % 30 < 19 => 27,
        _ => d + e,
    };
    date(year, 3, 22) + Days::new(u64::try_from(shift).unwrap())
}

#[test]
fn easter_falls_where_almanacs_say() {
    for (year, month, day) in [
        (1818, 3, 22),
        (1943, 4, 25),
        (1954, 4, 18),
        (1981, 4, 19),
        (2000, 4, 23),
        (2008, 3, 23),
        (2024, 3, 31),
        (2025, 4, 20),
        (2026, 4, 5),
        (2027, 3, 28),
        (2038, 4, 25),
        (2285, 3, 22),
    ] {
        assert_eq!(easter(year), Some(date(year, month, day)));
    }
    assert_eq!(easter(1582), None);
    assert_eq!(easter(i32::MIN), None);
}

#[test]
fn easter_agrees_with_gauss_for_two_thousand_years() {
    for year in 1583..=3600 {
        let sunday = easter(year).unwrap();
        assert_eq!(sunday, easter_by_gauss(year), "{year}");
        assert_eq!(sunday.weekday(), Weekday::Sun);
    }
}

#[test]
fn the_eleven_days_of_2027() {
    let expected = [
        date(2027, 1, 1),
        date(2027, 3, 29),
        date(2027, 5, 1),
        date(2027, 5, 6),
        date(2027, 5, 8),
        date(2027, 5, 17),
        date(2027, 7, 14),
        date(2027, 8, 15),
        date(2027, 11, 1),
        date(2027, 11, 11),
        date(2027, 12, 25),
    ];
    assert_eq!(in_year(HolidaySet::France, 2027), expected);
}

#[test]
fn alsace_and_moselle_have_two_more() {
    let more: Vec<NaiveDate> = in_year(HolidaySet::AlsaceMoselle, 2027)
        .into_iter()
        .filter(|&day| !HolidaySet::France.contains(day))
        .collect();
    assert_eq!(more, [date(2027, 3, 26), date(2027, 12, 26)]);
    assert!(in_year(HolidaySet::None, 2027).is_empty());
}

/// In 2008 Ascension fell on 1 May: two holidays, one day.
#[test]
fn two_holidays_may_share_a_day() {
    assert_eq!(in_year(HolidaySet::France, 2008).len(), 10);
}
