use std::collections::{HashMap, HashSet};

use chrono::Days;
use proptest::prelude::*;

use super::super::table::{TABLE, Target, table_markdown};
use super::super::vocabulary::{Phase, PublicStatus};
use super::*;

const BY_CREW: CategoryRules = CategoryRules {
    close_by: CloseBy::Crew,
    proof_photo_required: false,
};
const STRICT: CategoryRules = CategoryRules {
    close_by: CloseBy::Secretariat,
    proof_photo_required: true,
};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 3, 8).unwrap()
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

/// Everything any step may ask for.
fn complete() -> Given<'static> {
    Given {
        reason: Some("private ground"),
        hold_reason: Some(HoldReason::Weather),
        review_date: Some(today() + Days::new(7)),
        planned_date: Some(today()),
        outside_body: Some(Uuid::nil()),
        proof_photos: 1,
        ..Given::on(today())
    }
}

/// Every status that can be reached from `start` with complete steps.
fn reachable(start: Status) -> HashSet<Status> {
    let mut seen = HashSet::from([start]);
    let mut open = vec![start];
    while let Some(from) = open.pop() {
        for next in allowed(from) {
            let to = step(from, next, STRICT, &complete()).unwrap();
            if seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}

fn walk(from: Status, steps: &[Step]) -> Status {
    steps
        .iter()
        .fold(from, |status, &next| step(status, next, BY_CREW, &complete()).unwrap())
}

/// A change of the table shows up as a change of a file that people read.
#[test]
fn the_table_is_the_published_one() {
    assert_eq!(table_markdown(), include_str!("machine_table.md"));
}

#[test]
fn every_step_has_exactly_one_row() {
    let mut rows: HashMap<Step, usize> = HashMap::new();
    for transition in TABLE {
        *rows.entry(transition.step).or_default() += 1;
        let distinct: HashSet<_> = transition.from.iter().collect();
        assert_eq!(
            distinct.len(),
            transition.from.len(),
            "{} repeats a status",
            transition.step
        );
    }
    for step in Step::ALL {
        assert_eq!(rows.get(step), Some(&1), "{step}");
    }
}

#[test]
fn every_status_is_reached_from_new_and_none_is_a_dead_end() {
    let all: HashSet<Status> = Status::ALL.iter().copied().collect();
    assert_eq!(reachable(Status::New), all);
    for &status in Status::ALL {
        assert!(
            reachable(status).contains(&Status::Resolved),
            "{status} never ends well"
        );
        assert!(
            reachable(status).contains(&Status::Rejected),
            "{status} can never be refused"
        );
    }
}

#[test]
fn only_reopen_leaves_a_closed_status() {
    for &status in Status::ALL {
        let steps = allowed(status);
        assert_eq!(steps == [Step::Reopen], !status.is_open(), "{status}");
        assert_eq!(steps.contains(&Step::Reopen), !status.is_open(), "{status}");
    }
}

#[test]
fn closing_is_always_a_delivery_or_a_refusal() {
    for transition in TABLE {
        if let Target::To(status) = transition.target
            && !status.is_open()
        {
            assert!(matches!(transition.step, Step::Deliver | Step::Reject));
        }
    }
}

#[test]
fn a_repair_made_safe_is_only_shown_as_fixed_after_finish_and_deliver() {
    assert!(!allowed(Status::MadeSafe).contains(&Step::Deliver));
    let fixed = walk(Status::MadeSafe, &[Step::Finish, Step::Deliver]);
    assert_eq!(fixed.public_status(), PublicStatus::Fixed);
}

#[test]
fn danger_is_heard_in_every_open_status_and_changes_none() {
    for &status in Status::ALL {
        let heard = step(status, Step::Dangerous, BY_CREW, &Given::on(today()));
        assert_eq!(heard.ok(), status.is_open().then_some(status));
    }
    assert!(Step::Dangerous.raises_priority());
}

#[test]
fn the_main_road_and_its_side_roads() {
    use Step::{
        Deliver, Dispatch, Finish, Hold, MakeSafe, NeedMaterial, NotFound, NotOurs, Pause, Plan, Qualify, Reopen,
        Resume, Start, TakeBack, Transfer,
    };
    let repaired = [Qualify, Dispatch, Plan, Start, Finish, Deliver];
    assert_eq!(walk(Status::New, &repaired), Status::Resolved);
    let again = [
        Reopen, Dispatch, MakeSafe, Plan, Start, Pause, Start, Finish, Dispatch, Finish,
    ];
    assert_eq!(walk(Status::Resolved, &again), Status::Done);
    assert_eq!(walk(Status::New, &[Qualify, Hold, Hold, Resume]), Status::Qualified);
    assert_eq!(walk(Status::Planned, &[Start, NeedMaterial, Start]), Status::InProgress);
    assert_eq!(walk(Status::Planned, &[NotFound]), Status::Qualified);
    assert_eq!(walk(Status::InProgress, &[NotOurs]).phase(), Phase::Qualification);
    assert_eq!(walk(Status::New, &[Transfer, TakeBack]), Status::New);
    assert_eq!(walk(Status::Planned, &[Start, TakeBack]), Status::New);
    assert_eq!(walk(Status::New, &[Transfer, Deliver]), Status::Resolved);
}

#[test]
fn an_illegal_step_says_what_is_possible() {
    let refused = step(Status::Done, Step::Start, BY_CREW, &complete()).unwrap_err();
    assert_eq!(refused.to_string(), "start is not possible from done");
    let allowed = vec![Step::Dispatch, Step::Deliver, Step::TakeBack, Step::Dangerous];
    assert_eq!(
        refused,
        Refused::Illegal {
            from: Status::Done,
            step: Step::Start,
            allowed
        }
    );
}

#[test]
fn what_a_step_lacks_is_said_all_at_once() {
    let incomplete = |from, next, given: &Given<'_>| match step(from, next, STRICT, given) {
        Err(Refused::Incomplete { missing, passed, .. }) => (missing, passed),
        other => panic!("{other:?}"),
    };
    let bare = Given::on(today());
    let missing = |from, next| incomplete(from, next, &bare).0;
    assert_eq!(
        missing(Status::Planned, Step::Hold),
        [Need::HoldReason, Need::ReviewDate]
    );
    assert_eq!(missing(Status::InProgress, Step::NeedMaterial), [Need::ReviewDate]);
    assert_eq!(missing(Status::Dispatched, Step::Plan), [Need::PlannedDate]);
    assert_eq!(missing(Status::InProgress, Step::Finish), [Need::ProofPhoto]);
    assert_eq!(missing(Status::New, Step::Reject), [Need::Reason]);
    assert_eq!(missing(Status::Transferred, Step::TakeBack), [Need::Reason]);
    assert_eq!(missing(Status::New, Step::Transfer), [Need::OutsideBody]);

    let blank = Given {
        reason: Some(" \n"),
        ..complete()
    };
    assert_eq!(incomplete(Status::New, Step::Reject, &blank).0, [Need::Reason]);
    let late = Given {
        review_date: Some(today()),
        planned_date: today().pred_opt(),
        ..complete()
    };
    assert_eq!(incomplete(Status::Planned, Step::Hold, &late).1, [Need::ReviewDate]);
    assert_eq!(incomplete(Status::Planned, Step::Plan, &late).1, [Need::PlannedDate]);
}

#[test]
fn a_proof_photo_is_asked_only_where_the_category_demands_it() {
    let without = Given::on(today());
    assert_eq!(
        step(Status::InProgress, Step::Finish, BY_CREW, &without),
        Ok(Status::Done)
    );
    let with = Given {
        proof_photos: 1,
        ..without
    };
    assert_eq!(step(Status::InProgress, Step::Finish, STRICT, &with), Ok(Status::Done));
}

#[test]
fn only_the_crew_s_own_categories_deliver_themselves() {
    for &status in Status::ALL {
        let expected = (status == Status::Done).then_some(Step::Deliver);
        assert_eq!(follow_up(status, BY_CREW), expected);
        assert_eq!(follow_up(status, STRICT), None);
    }
}

#[test]
fn hold_time_is_the_time_between_hold_and_what_ends_it() {
    let events = [
        (at(0), Status::New),
        (at(10), Status::OnHold),
        (at(25), Status::OnHold),
        (at(40), Status::Qualified),
        (at(50), Status::OnHold),
    ];
    assert_eq!(held_for(&events, at(50)), TimeDelta::minutes(30));
    assert_eq!(held_for(&events, at(90)), TimeDelta::minutes(70));
    assert_eq!(held_for(&events, at(20)), TimeDelta::minutes(10));
    assert_eq!(held_for(&[], at(20)), TimeDelta::zero());
    let backwards = [(at(30), Status::OnHold), (at(20), Status::InProgress)];
    assert_eq!(held_for(&backwards, at(60)), TimeDelta::zero());
}

fn any_given() -> impl Strategy<Value = Given<'static>> {
    let date = || proptest::option::of((0_u64..20).prop_map(|day| today() - Days::new(5) + Days::new(day)));
    (
        proptest::option::of(prop_oneof![Just(""), Just("  "), Just("seen twice")]),
        proptest::option::of(proptest::sample::select(HoldReason::ALL)),
        date(),
        date(),
        proptest::option::of(Just(Uuid::nil())),
        0_u32..3,
    )
        .prop_map(
            |(reason, hold_reason, review_date, planned_date, outside_body, proof_photos)| Given {
                today: today(),
                reason,
                hold_reason,
                review_date,
                planned_date,
                outside_body,
                proof_photos,
                hold_delivery: false,
            },
        )
}

fn any_rules() -> impl Strategy<Value = CategoryRules> {
    (proptest::sample::select(CloseBy::ALL), any::<bool>()).prop_map(|(close_by, proof_photo_required)| CategoryRules {
        close_by,
        proof_photo_required,
    })
}

proptest! {
    /// A step is accepted only from where it is listed, and each acceptance keeps the promises made to people.
    #[test]
    fn an_accepted_step_keeps_its_promises(
        from in proptest::sample::select(Status::ALL),
        next in proptest::sample::select(Step::ALL),
        rules in any_rules(),
        given in any_given(),
    ) {
        match step(from, next, rules, &given) {
            Ok(to) => {
                prop_assert!(allowed(from).contains(&next));
                if to == Status::Rejected {
                    prop_assert_eq!(given.reason, Some("seen twice"));
                }
                if to == Status::OnHold && !next.raises_priority() {
                    prop_assert!(given.review_date.is_some_and(|date| date > today()));
                    prop_assert!(given.hold_reason.or(next.implied_hold_reason()).is_some());
                }
                if to == Status::Planned && next == Step::Plan {
                    prop_assert!(given.planned_date.is_some_and(|date| date >= today()));
                }
                if to == Status::Done && next == Step::Finish && rules.proof_photo_required {
                    prop_assert!(given.proof_photos > 0);
                }
            }
            Err(Refused::Illegal { allowed: instead, .. }) => {
                prop_assert!(!instead.contains(&next));
                prop_assert!(!instead.is_empty());
            }
            Err(Refused::Incomplete { missing, passed, .. }) => {
                prop_assert!(allowed(from).contains(&next));
                prop_assert!(!missing.is_empty() || !passed.is_empty());
                prop_assert!(step(from, next, rules, &complete()).is_ok());
            }
        }
    }

    /// Whatever people do, there is always a next step, and a way to a close.
    #[test]
    fn random_walks_never_get_stuck(choices in proptest::collection::vec(any::<u16>(), 1..60)) {
        let mut status = Status::New;
        for choice in choices {
            let steps = allowed(status);
            prop_assert!(!steps.is_empty());
            let next = steps[usize::from(choice) % steps.len()];
            let to = step(status, next, STRICT, &complete()).unwrap();
            prop_assert!(status.is_open() || to == Status::Reopened);
            status = to;
        }
        prop_assert!(reachable(status).contains(&Status::Resolved));
    }

    /// Hold time is counted once, never negative and never more than the whole.
    #[test]
    fn hold_time_fits_into_the_whole(
        mut minutes in proptest::collection::vec(0_i64..10_000, 1..12),
        statuses in proptest::collection::vec(proptest::sample::select(Status::ALL), 12),
        later in 0_i64..1_000,
    ) {
        minutes.sort_unstable();
        let until = at(minutes[minutes.len() - 1] + later);
        let events: Vec<_> = minutes.iter().map(|&minute| at(minute)).zip(statuses).collect();
        let held = held_for(&events, until);
        prop_assert!(held >= TimeDelta::zero());
        prop_assert!(held <= until - events[0].0);
        let elsewhere: TimeDelta = events
            .iter()
            .enumerate()
            .filter(|(_, (_, status))| *status != Status::OnHold)
            .map(|(place, &(since, _))| events.get(place + 1).map_or(until, |&(at, _)| at) - since)
            .sum();
        prop_assert_eq!(held + elsewhere, until - events[0].0);
    }
}
