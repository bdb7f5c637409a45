use std::collections::HashSet;

use super::*;
use crate::catalog::closing::CloseBy;

/// Every code reads back from text and from JSON, and no two values share one.
macro_rules! assert_codes {
    ($($name:ident),+) => {
        $(
            let codes: HashSet<&str> = $name::ALL.iter().map(|value| value.as_str()).collect();
            assert_eq!(codes.len(), $name::ALL.len(), "{} repeats a code", stringify!($name));
            for &value in $name::ALL {
                assert_eq!(value.as_str().parse::<$name>(), Ok(value));
                let json = serde_json::to_string(&value).unwrap();
                assert_eq!(json, format!("\"{value}\""));
                assert_eq!(serde_json::from_str::<$name>(&json).unwrap(), value);
            }
        )+
    };
}

#[test]
fn codes_read_back() {
    assert_codes!(Status, Step, HoldReason, CloseBy, Phase, PhaseOwner, PublicStatus, Need);
}

#[test]
fn an_unknown_code_says_which_vocabulary() {
    let refused = "closed".parse::<Status>().unwrap_err();
    assert_eq!(refused.to_string(), "\"closed\" is no Status");
    assert!("New".parse::<Status>().is_err(), "codes are lower case");
}

#[test]
fn only_a_delivered_repair_shows_as_fixed() {
    let fixed: Vec<Status> = Status::ALL
        .iter()
        .copied()
        .filter(|status| status.public_status() == PublicStatus::Fixed)
        .collect();
    assert_eq!(fixed, [Status::Resolved]);
}

#[test]
fn every_public_word_is_used() {
    let used: HashSet<PublicStatus> = Status::ALL.iter().map(|status| status.public_status()).collect();
    assert_eq!(used.len(), PublicStatus::ALL.len());
}

#[test]
fn what_waits_elsewhere_can_still_be_joined() {
    let closed: Vec<Status> = Status::ALL.iter().copied().filter(|status| !status.is_open()).collect();
    assert_eq!(closed, [Status::Resolved, Status::Rejected]);
}

#[test]
fn each_phase_has_an_owner_of_its_own() {
    let owners: HashSet<PhaseOwner> = Phase::ALL.iter().map(|phase| phase.owner()).collect();
    assert_eq!(owners.len(), Phase::ALL.len());
}
