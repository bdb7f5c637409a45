use chrono::TimeZone;
use chrono_tz::Europe::Paris;

use super::*;

fn gate(rule: GateRule) -> Gate {
    Gate {
        category_id: Uuid::nil(),
        rule,
        sector_id: None,
        season: None,
        valid_from: None,
        valid_to: None,
        message: Localized::default(),
        instead: Localized::default(),
    }
}

fn at(month: u32, day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, month, day, hour, 0, 0)
        .single()
        .expect("a valid time")
}

fn shut(gates: &[Gate], now: DateTime<Utc>, sector: Option<Uuid>) -> bool {
    shut_by(gates, Uuid::nil(), now, Paris, sector).is_some()
}

#[test]
fn a_winter_category_is_open_over_new_year_only() {
    let snow = [Gate {
        season: Some(((11, 15), (3, 15))),
        ..gate(GateRule::Only)
    }];
    assert!(!shut(&snow, at(12, 31, 12), None));
    assert!(!shut(&snow, at(3, 15, 12), None));
    assert!(shut(&snow, at(3, 16, 12), None));
    // 23:30 in London on the 14th is already the 15th in Paris.
    assert!(!shut(&snow, at(11, 14, 23), None));
}

#[test]
fn a_pilot_is_open_in_its_sectors_only() {
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let pilot = [one, two].map(|sector| Gate {
        sector_id: Some(sector),
        ..gate(GateRule::Only)
    });
    assert!(!shut(&pilot, at(5, 1, 8), Some(one)));
    assert!(!shut(&pilot, at(5, 1, 8), Some(two)));
    assert!(shut(&pilot, at(5, 1, 8), None));
}

#[test]
fn a_closure_ends_at_its_instant() {
    let works = [Gate {
        valid_to: Some(at(5, 1, 8)),
        ..gate(GateRule::Closed)
    }];
    assert!(shut(&works, at(5, 1, 7), None));
    assert!(!shut(&works, at(5, 1, 8), None));
}
