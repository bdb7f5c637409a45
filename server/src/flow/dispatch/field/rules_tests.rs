//! The table of conflicts, held against every world that can be.

use super::*;
use crate::flow::dispatch::act::Action;

fn world(kind: FieldKind, status: Status) -> Situation {
    Situation {
        kind,
        status,
        has_task: true,
        merged: false,
        split: false,
        recategorised: false,
    }
}

/// Every combination.
fn worlds() -> Vec<Situation> {
    let mut all = Vec::new();
    for &kind in FieldKind::ALL {
        for &status in Status::ALL {
            for bits in 0..16_u8 {
                all.push(Situation {
                    kind,
                    status,
                    has_task: bits & 1 > 0,
                    merged: bits & 2 > 0,
                    split: bits & 4 > 0,
                    recategorised: bits & 8 > 0,
                });
            }
        }
    }
    all
}

#[test]
fn what_takes_effect_is_a_step_that_the_table_knows() {
    for world in worlds() {
        let ruling = rule(&world);
        if ruling.verdict == Verdict::Apply {
            assert!(leads_somewhere(world.kind, world.status), "{world:?}");
        }
        if ruling.verdict != Verdict::Apply {
            assert!(ruling.reason.is_some(), "{world:?} is not told why");
        }
    }
}

#[test]
fn a_tablet_names_an_action_as_everybody_does() {
    let named: Vec<&str> = FieldKind::ALL
        .iter()
        .filter_map(|kind| kind.action().map(|action| (kind, action)))
        .map(|(kind, action)| {
            assert_eq!(kind.as_str(), action.as_str());
            action.as_str()
        })
        .collect();
    let all: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(named, all);
}

#[test]
fn a_repair_is_never_moot() {
    for world in worlds().into_iter().filter(|world| world.kind == FieldKind::Done) {
        let ruling = rule(&world);
        match world.status {
            Status::Resolved | Status::Done | Status::Rejected => {
                assert_eq!(ruling.verdict, Verdict::Keep, "{world:?}")
            }
            Status::Transferred => assert_eq!(ruling.verdict, Verdict::Wait, "{world:?}"),
            _ => assert!(
                matches!(ruling.verdict, Verdict::Apply | Verdict::TakeOver),
                "{world:?}"
            ),
        }
        assert!(
            world.has_task || ruling.verdict != Verdict::Apply || ruling.review,
            "{world:?}"
        );
    }
}

#[test]
fn a_plan_of_a_crew_that_lost_the_task_changes_nothing() {
    for kind in [
        FieldKind::Accept,
        FieldKind::Start,
        FieldKind::Pause,
        FieldKind::HandOver,
    ] {
        for &status in Status::ALL {
            let lost = Situation {
                has_task: false,
                ..world(kind, status)
            };
            assert_eq!(rule(&lost).verdict, Verdict::Keep, "{lost:?}");
        }
    }
}

#[test]
fn a_field_that_somebody_set_meanwhile_is_not_overwritten() {
    let both = Situation {
        recategorised: true,
        ..world(FieldKind::Requalify, Status::InProgress)
    };
    assert_eq!(rule(&both), Ruling::of(Verdict::Wait, Reason::ChangedMeanwhile));
}

#[test]
fn what_was_merged_or_split_says_so() {
    let merged = Situation {
        merged: true,
        has_task: false,
        ..world(FieldKind::Done, Status::Dispatched)
    };
    assert_eq!(rule(&merged).reason, Some(Reason::Merged));
    assert!(rule(&merged).review);
    let split = Situation {
        split: true,
        ..world(FieldKind::Done, Status::InProgress)
    };
    assert_eq!(rule(&split).reason, Some(Reason::Split));
    let note = Situation {
        merged: true,
        ..world(FieldKind::Note, Status::Resolved)
    };
    assert!(!rule(&note).review, "a word needs nobody's look");
}

#[test]
fn a_danger_is_heard_from_anybody() {
    let other = Situation {
        has_task: false,
        ..world(FieldKind::Dangerous, Status::Dispatched)
    };
    assert_eq!(rule(&other).verdict, Verdict::Apply);
    assert_eq!(
        rule(&world(FieldKind::Dangerous, Status::Resolved)).verdict,
        Verdict::Wait
    );
}
