use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::catalog::closing::{CategoryRules, CloseBy};
use crate::flow::status::machine;
use crate::flow::status::samples::{alert, at};
use crate::flow::status::vocabulary::HoldReason;

fn given() -> Given<'static> {
    let day = |d| NaiveDate::from_ymd_opt(2026, 3, d);
    Given {
        reason: Some("because"),
        hold_reason: Some(HoldReason::Weather),
        review_date: day(20),
        planned_date: day(20),
        outside_body: Some(Uuid::from_u128(9)),
        proof_photos: 1,
        ..Given::on(day(5).unwrap())
    }
}

fn take(row: &mut Alert, step: Step, at: DateTime<Utc>) -> Taken<'static> {
    let rules = CategoryRules {
        close_by: CloseBy::Secretariat,
        proof_photo_required: true,
    };
    let from = row.status().unwrap();
    let to = machine::step(from, step, rules, &given()).unwrap();
    let taken = Taken {
        step,
        from,
        to,
        given: given(),
        at,
    };
    apply(row, &taken);
    taken
}

proptest! {
    /// Whatever is done to an alert, its row keeps what the database demands of it, and the promise only moves on.
    #[test]
    fn a_row_stays_consistent(
        start in prop::sample::select(Status::ALL),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let mut row = alert(start);
        if start == Status::OnHold {
            row.reason = Some("weather".to_owned());
            row.review_on = NaiveDate::from_ymd_opt(2026, 3, 4);
        } else if start == Status::Rejected {
            row.reason = Some("because".to_owned());
        }
        let mut clock = at("2026-03-05T08:00:00Z");
        for pick in picks {
            let steps = crate::flow::status::table::allowed(row.status().unwrap());
            let due_before = row.due_at;
            take(&mut row, *pick.get(&steps), clock);
            let status = row.status().unwrap();
            prop_assert_eq!(row.open, status.is_open());
            prop_assert_eq!(row.open, row.closed_at.is_none());
            prop_assert_eq!(status == Status::OnHold, row.review_on.is_some());
            prop_assert!(!matches!(status, Status::OnHold | Status::Rejected) || row.reason.is_some());
            prop_assert!(status != Status::Transferred || row.body_id.is_some() || start == Status::Transferred);
            prop_assert!(row.due_at >= due_before);
            clock += TimeDelta::hours(1);
        }
    }
}

#[test]
fn a_hold_moves_the_promise_by_its_length() {
    let mut row = alert(Status::Dispatched);
    take(&mut row, Step::Hold, at("2026-03-04T08:00:00Z"));
    take(&mut row, Step::Hold, at("2026-03-05T08:00:00Z"));
    take(&mut row, Step::Start, at("2026-03-07T08:00:00Z"));
    assert_eq!(row.due_at, at("2026-03-09T17:00:00Z"));
    assert_eq!((row.reason, row.review_on), (None, None));
}

#[test]
fn a_danger_puts_it_ahead_and_keeps_why_it_waits() {
    let mut row = alert(Status::Dispatched);
    take(&mut row, Step::Hold, at("2026-03-04T08:00:00Z"));
    take(&mut row, Step::Dangerous, at("2026-03-04T09:00:00Z"));
    take(&mut row, Step::Dangerous, at("2026-03-04T10:00:00Z"));
    assert_eq!((row.priority, row.severity), (4, 2));
    assert_eq!(row.flags, ["dangerous"]);
    assert_eq!(row.reason.as_deref(), Some("weather"));
    assert_eq!(row.status_at, at("2026-03-04T08:00:00Z"));
}

#[test]
fn who_no_longer_has_it_is_no_longer_named() {
    let mut row = alert(Status::Dispatched);
    take(&mut row, Step::Transfer, at("2026-03-04T08:00:00Z"));
    assert_eq!((row.crew_id, row.body_id), (None, Some(Uuid::from_u128(9))));
    take(&mut row, Step::TakeBack, at("2026-03-05T08:00:00Z"));
    assert_eq!(row.body_id, None);
}

#[test]
fn only_a_repair_is_measured() {
    let mut row = alert(Status::InProgress);
    assert!(take(&mut row, Step::Finish, at("2026-03-04T08:00:00Z")).ends_treatment());
    assert!(!take(&mut row, Step::Deliver, at("2026-03-04T09:00:00Z")).ends_treatment());
    let mut row = alert(Status::Dispatched);
    assert!(!take(&mut row, Step::Reject, at("2026-03-04T08:00:00Z")).ends_treatment());
}
