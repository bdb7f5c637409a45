use super::*;
use crate::flow::status::samples::at;

#[test]
fn hold_time_is_left_out() {
    let opened = at("2026-03-02T08:00:00Z");
    let events = [
        (opened, Status::New),
        (at("2026-03-02T09:00:00Z"), Status::OnHold),
        (at("2026-03-03T09:00:00Z"), Status::Qualified),
        (at("2026-03-03T10:00:00Z"), Status::Done),
    ];
    let until = at("2026-03-03T10:00:00Z");
    let worked = Worked::of(opened, &events, until);
    assert_eq!(worked.held, TimeDelta::days(1));
    assert_eq!(worked.minutes(until), 120);
}

#[test]
fn what_was_reopened_is_counted_from_there() {
    let opened = at("2026-03-02T08:00:00Z");
    let reopened = at("2026-04-02T08:00:00Z");
    let events = [
        (opened, Status::New),
        (at("2026-03-02T09:00:00Z"), Status::OnHold),
        (at("2026-03-05T09:00:00Z"), Status::Resolved),
        (reopened, Status::Reopened),
        (at("2026-04-02T08:30:00Z"), Status::Reopened),
        (at("2026-04-02T10:00:00Z"), Status::Done),
    ];
    let until = at("2026-04-02T10:00:00Z");
    let worked = Worked::of(opened, &events, until);
    assert_eq!((worked.since, worked.held), (reopened, TimeDelta::zero()));
    assert_eq!(worked.minutes(until), 120);
}

#[test]
fn a_local_day_begins_at_its_own_midnight() {
    let paris = chrono_tz::Europe::Paris;
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    assert_eq!(day_begins(paris, day(1, 15)), Some(at("2026-01-14T23:00:00Z")));
    assert_eq!(day_begins(paris, day(7, 15)), Some(at("2026-07-14T22:00:00Z")));
}

#[test]
fn what_no_calendar_reaches_puts_nothing_off() {
    let opened = at("2026-03-02T08:00:00Z");
    assert_eq!(later(opened, TimeDelta::days(2)), at("2026-03-04T08:00:00Z"));
    assert_eq!(later(opened, TimeDelta::MAX), opened);
}
