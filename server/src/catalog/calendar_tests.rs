use chrono::{Days, Weekday};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const PARIS: Tz = chrono_tz::Europe::Paris;

fn time(text: &str) -> TimeOfDay {
    TimeOfDay::try_from(text.to_owned()).unwrap()
}

fn hours(opens: &str, closes: &str) -> OpeningHours {
    OpeningHours {
        opens: time(opens),
        closes: time(closes),
    }
}

/// Monday to Friday, 08:30 to 12:00 and 13:30 to 17:00, closed on French holidays.
fn office() -> WorkingCalendar {
    let day = vec![hours("08:30", "12:00"), hours("13:30", "17:00")];
    let weekly = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
    WorkingCalendar::new(PARIS, weekly, HolidaySet::France, Vec::new()).unwrap()
}

fn every_day(opens: &str, closes: &str) -> WorkingCalendar {
    let weekly = std::array::from_fn(|_| vec![hours(opens, closes)]);
    WorkingCalendar::new(PARIS, weekly, HolidaySet::None, Vec::new()).unwrap()
}

/// A local time of Paris, the first of two.
fn paris(month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    PARIS
        .with_ymd_and_hms(2027, month, day, hour, minute, 0)
        .earliest()
        .unwrap()
        .to_utc()
}

#[test]
fn open_when_the_door_is() {
    let office = office();
    assert!(office.is_open(paris(3, 8, 8, 30)));
    assert!(!office.is_open(paris(3, 8, 8, 29)));
    assert!(!office.is_open(paris(3, 8, 12, 0)), "closing time is closed");
    assert!(!office.is_open(paris(3, 7, 10, 0)), "Sunday");
    assert!(!office.is_open(paris(3, 29, 10, 0)), "Easter Monday");
}

#[test]
fn the_next_opening_jumps_over_lunch_nights_weekends_and_holidays() {
    let office = office();
    assert_eq!(office.next_opening(paris(3, 8, 9, 0)), Ok(paris(3, 8, 9, 0)));
    assert_eq!(office.next_opening(paris(3, 8, 12, 0)), Ok(paris(3, 8, 13, 30)));
    assert_eq!(office.next_opening(paris(3, 26, 17, 0)), Ok(paris(3, 30, 8, 30)));
}

#[test]
fn working_days_leave_out_the_day_of_receipt_and_the_bridge() {
    let office = office();
    // 6 May 2027 is Ascension, 8 May a Saturday.
    let received = paris(5, 5, 10, 0);
    assert_eq!(office.add_working_days(received, 1), Ok(paris(5, 7, 17, 0)));
    assert_eq!(office.add_working_days(received, 5), Ok(paris(5, 13, 17, 0)));
    let mut bridged = office.clone();
    bridged.closed.push(NaiveDate::from_ymd_opt(2027, 5, 7).unwrap());
    assert_eq!(bridged.add_working_days(received, 1), Ok(paris(5, 10, 17, 0)));
    assert_eq!(office.add_working_days(paris(5, 8, 23, 0), 1), Ok(paris(5, 10, 17, 0)));
}

#[test]
fn zero_working_days_is_the_end_of_this_working_day() {
    let office = office();
    assert_eq!(office.add_working_days(paris(5, 5, 10, 0), 0), Ok(paris(5, 5, 17, 0)));
    assert_eq!(office.add_working_days(paris(5, 5, 17, 0), 0), Ok(paris(5, 7, 17, 0)));
    assert_eq!(office.add_working_days(paris(5, 8, 12, 0), 0), Ok(paris(5, 10, 17, 0)));
}

#[test]
fn working_hours_run_only_while_the_door_is_open() {
    let office = office();
    assert_eq!(office.add_working_hours(paris(3, 8, 11, 0), 2), Ok(paris(3, 8, 14, 30)));
    assert_eq!(office.add_working_hours(paris(3, 8, 8, 30), 7), Ok(paris(3, 8, 17, 0)));
    assert_eq!(
        office.add_working_hours(paris(3, 26, 16, 0), 2),
        Ok(paris(3, 30, 9, 30))
    );
}

/// On 28 March 2027 the clock jumps from 02:00 to 03:00, on 31 October it falls from 03:00 to 02:00.
#[test]
fn a_clock_change_costs_or_gives_an_hour() {
    let night = every_day("01:00", "04:00");
    assert_eq!(night.add_working_hours(paris(3, 28, 1, 0), 2), Ok(paris(3, 28, 4, 0)));
    assert_eq!(night.add_working_hours(paris(10, 31, 1, 0), 4), Ok(paris(10, 31, 4, 0)));
    let always = every_day("00:00", "24:00");
    for before in [paris(3, 27, 12, 0), paris(10, 30, 12, 0)] {
        let after = before + TimeDelta::hours(24);
        assert_eq!(always.add_working_hours(before, 24), Ok(after));
        assert_eq!(due_at(&always, Delay::Hours(24), before), Ok(after));
    }
    let office = office();
    assert_eq!(office.add_working_days(paris(3, 26, 10, 0), 1), Ok(paris(3, 30, 17, 0)));
    assert_eq!(
        office.add_working_days(paris(10, 29, 10, 0), 1),
        Ok(paris(11, 2, 17, 0))
    );
}

#[test]
fn hours_inside_the_skipped_hour_are_no_opening() {
    let lost = every_day("02:10", "02:50");
    assert!(!lost.is_open(paris(3, 28, 3, 0)));
    assert_eq!(lost.next_opening(paris(3, 28, 0, 0)), Ok(paris(3, 29, 2, 10)));
    let opens_in_the_gap = every_day("02:30", "05:00");
    assert_eq!(
        opens_in_the_gap.next_opening(paris(3, 28, 0, 0)),
        Ok(paris(3, 28, 3, 0))
    );
}

/// 02:30 happens twice on 31 October: a shift that ends then hands over to one that starts then, once.
#[test]
fn hours_in_the_repeated_hour_count_from_the_first_time() {
    let first = Utc.with_ymd_and_hms(2027, 10, 31, 0, 30, 0).unwrap();
    let late = every_day("02:30", "05:00");
    assert_eq!(late.next_opening(paris(10, 31, 0, 0)), Ok(first));
    let early = every_day("00:00", "02:30");
    assert_eq!(early.add_working_days(paris(10, 30, 12, 0), 1), Ok(first));
}

#[test]
fn due_dates_by_each_kind_of_delay() {
    let office = office();
    let from = paris(3, 8, 16, 0);
    assert_eq!(due_at(&office, Delay::WorkingDays(2), from), Ok(paris(3, 10, 17, 0)));
    assert_eq!(due_at(&office, Delay::WorkingHours(2), from), Ok(paris(3, 9, 9, 30)));
    assert_eq!(due_at(&office, Delay::Hours(48), from), Ok(paris(3, 10, 16, 0)));
    for delay in [Delay::WorkingDays(u32::MAX), Delay::WorkingHours(u32::MAX)] {
        assert_eq!(due_at(&office, delay, from), Err(CalendarError::BeyondHorizon));
    }
}

#[test]
fn the_ends_of_time_are_refused() {
    let always = every_day("00:00", "24:00");
    for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let _ = always.is_open(end);
        let _ = always.next_opening(end);
    }
    let last = DateTime::<Utc>::MAX_UTC;
    assert_eq!(
        due_at(&always, Delay::Hours(1), last),
        Err(CalendarError::BeyondHorizon)
    );
    assert_eq!(always.add_working_days(last, 1), Err(CalendarError::BeyondHorizon));
}

#[test]
fn json_reads_back() {
    let text = json!({
        "time_zone": "Europe/Paris",
        "weekly": [
            [{"opens": "08:30", "closes": "12:00"}, {"opens": "13:30", "closes": "17:00"}],
            [], [], [], [{"opens": "00:00", "closes": "24:00"}], [], []
        ],
        "holidays": "alsace_moselle",
        "closed": ["2027-05-07"]
    });
    let calendar: WorkingCalendar = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(&calendar).unwrap(), text);
    let delay: Delay = serde_json::from_value(json!({"working_days": 5})).unwrap();
    assert_eq!(delay, Delay::WorkingDays(5));
    assert_eq!(
        serde_json::to_value(Delay::WorkingHours(8)).unwrap(),
        json!({"working_hours": 8})
    );
}

#[test]
fn a_calendar_that_would_never_answer_cannot_be_made() {
    let read = |weekly: serde_json::Value, zone: &str| {
        serde_json::from_value::<WorkingCalendar>(json!({"time_zone": zone, "weekly": weekly}))
            .unwrap_err()
            .to_string()
    };
    let monday = |list: serde_json::Value| json!([list, [], [], [], [], [], []]);
    assert_eq!(
        read(monday(json!([])), "Europe/Paris"),
        CalendarError::NeverOpen.to_string()
    );
    let order = CalendarError::Order.to_string();
    let backwards = json!([{"opens": "12:00", "closes": "08:00"}]);
    let overlap = json!([{"opens": "08:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]);
    assert_eq!(read(monday(backwards), "Europe/Paris"), order);
    assert_eq!(read(monday(overlap), "Europe/Paris"), order);
    let good = json!([{"opens": "08:00", "closes": "12:00"}]);
    assert_eq!(
        read(monday(good), "Europe/Ingeville"),
        "\"Europe/Ingeville\" is not a time zone"
    );
}

#[test]
fn times_of_day_are_strict() {
    assert_eq!(String::from(time("08:30:00")), "08:30");
    assert_eq!(String::from(time("24:00")), "24:00");
    for wrong in [
        "24:01", "8:30", "08:60", "08", "", "+8:30", "08:30:15", "99:99", "é8:30",
    ] {
        let refused = TimeOfDay::try_from(wrong.to_owned());
        assert_eq!(refused, Err(CalendarError::TimeOfDay(wrong.to_owned())));
    }
}

/// Random weeks whose hours change at full hours that no clock change of Paris touches.
fn calendars() -> impl Strategy<Value = WorkingCalendar> {
    let borders = vec![0_u16, 6, 8, 9, 12, 13, 17, 20, 24];
    let day = proptest::sample::subsequence(borders, 0..=6).prop_map(|borders| {
        let span = |pair: &[u16]| OpeningHours {
            opens: TimeOfDay(pair[0] * 60),
            closes: TimeOfDay(pair[1] * 60),
        };
        borders.chunks_exact(2).map(span).collect::<Vec<_>>()
    });
    let week = proptest::array::uniform7(day);
    let holidays = prop_oneof![Just(HolidaySet::None), Just(HolidaySet::France)];
    (week, holidays).prop_filter_map("never open", |(weekly, holidays)| {
        WorkingCalendar::new(PARIS, weekly, holidays, Vec::new()).ok()
    })
}

/// Instants at full minutes of 2026 and 2027, with the nights of clock changes drawn often.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let year = paris(1, 1, 0, 0) - Days::new(365);
    prop_oneof![
        (0_i64..2 * 365 * 24 * 60).prop_map(move |minute| year + TimeDelta::minutes(minute)),
        (0_i64..3 * 24 * 60).prop_map(|minute| paris(3, 27, 0, 0) + TimeDelta::minutes(minute)),
        (0_i64..3 * 24 * 60).prop_map(|minute| paris(10, 30, 0, 0) + TimeDelta::minutes(minute)),
    ]
}

/// What the wall clock says: the definition, without any span.
fn open_by_the_wall_clock(calendar: &WorkingCalendar, at: DateTime<Utc>) -> bool {
    let local = at.with_timezone(&PARIS);
    let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
    let weekday = local.weekday().num_days_from_monday() as usize;
    !calendar.holidays.contains(local.date_naive())
        && calendar.weekly[weekday]
            .iter()
            .any(|span| span.opens.0 <= minute && minute < span.closes.0)
}

proptest! {
    #[test]
    fn open_means_what_the_wall_clock_says(calendar in calendars(), at in instants()) {
        prop_assert_eq!(calendar.is_open(at), open_by_the_wall_clock(&calendar, at));
    }

    #[test]
    fn the_next_opening_is_the_first(calendar in calendars(), at in instants()) {
        let opening = calendar.next_opening(at).unwrap();
        prop_assert!(opening >= at && open_by_the_wall_clock(&calendar, opening));
        let mut before = at;
        while before < opening {
            prop_assert!(!open_by_the_wall_clock(&calendar, before));
            before += TimeDelta::minutes(30).min(opening - before);
        }
    }

    /// Counting minute by minute gives the hours that were asked for.
    #[test]
    fn working_hours_are_counted_minute_by_minute(
        calendar in calendars(),
        at in instants(),
        hours in 1_u32..12,
    ) {
        let due = calendar.add_working_hours(at, hours).unwrap();
        let minutes = (due - at).num_minutes();
        let open = (0..minutes)
            .filter(|&minute| open_by_the_wall_clock(&calendar, at + TimeDelta::minutes(minute)))
            .count();
        prop_assert_eq!(open, hours as usize * 60);
        prop_assert!(open_by_the_wall_clock(&calendar, due - TimeDelta::minutes(1)));
    }

    #[test]
    fn working_hours_add_up(calendar in calendars(), at in instants(), a in 0_u32..60, b in 1_u32..60) {
        let first = calendar.add_working_hours(at, a).unwrap();
        prop_assert_eq!(calendar.add_working_hours(first, b), calendar.add_working_hours(at, a + b));
    }

    /// The n-th working day: so many dates with opening hours after the day of receipt, the due instant closing the last.
    #[test]
    fn working_days_are_counted_on_the_calendar(
        calendar in calendars(),
        at in instants(),
        days in 1_usize..20,
    ) {
        let due = calendar.add_working_days(at, u32::try_from(days).unwrap()).unwrap();
        let today = at.with_timezone(&PARIS).date_naive();
        let last = (due - TimeDelta::minutes(1)).with_timezone(&PARIS).date_naive();
        let works = |date: &NaiveDate| {
            !calendar.holidays.contains(*date)
                && !calendar.weekly[date.weekday().num_days_from_monday() as usize].is_empty()
        };
        let counted = today.iter_days().skip(1).take_while(|&date| date <= last).filter(works).count();
        prop_assert_eq!(counted, days);
        prop_assert!(!calendar.is_open(due) || due.with_timezone(&PARIS).date_naive() > last);
    }

    #[test]
    fn later_receipt_or_longer_delay_is_never_due_earlier(
        calendar in calendars(),
        at in instants(),
        later in 0_i64..20_000,
        shorter in 0_u32..30,
        more in 0_u32..30,
    ) {
        for delay in [Delay::WorkingDays, Delay::WorkingHours, Delay::Hours] {
            let due = due_at(&calendar, delay(shorter), at).unwrap();
            prop_assert!(due >= at);
            prop_assert!(due_at(&calendar, delay(shorter + more), at).unwrap() >= due);
            let received_later = at + TimeDelta::minutes(later);
            prop_assert!(due_at(&calendar, delay(shorter), received_later).unwrap() >= due);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,12}") {
        if let Ok(time) = TimeOfDay::try_from(text) {
            prop_assert!(time.0 <= MINUTES_PER_DAY);
        }
    }
}

#[test]
fn the_dates_above_fall_on_the_days_they_are_taken_for() {
    assert_eq!(paris(3, 8, 12, 0).weekday(), Weekday::Mon);
    assert_eq!(paris(3, 28, 12, 0).weekday(), Weekday::Sun);
    assert_eq!(paris(10, 31, 12, 0).weekday(), Weekday::Sun);
}
