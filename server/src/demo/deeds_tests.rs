//! What is planned follows from how the problem ends.

use vigie_fixtures::{DaysOptions, Ending, Town, days, handling};

use super::*;

/// Every problem of a month with the deeds about it.
fn month() -> Vec<(Problem, Handling, Vec<Deed>)> {
    let town = Town::ingeville();
    let options = DaysOptions::starting("2026-03-02".parse().unwrap(), 30);
    let problems = days(7, &town, &options).problems;
    let of = |problem: Problem| {
        let opened_at = problem.appears_at;
        let handling = handling(7, &town, &problem, opened_at);
        let alert = Uuid::from_u128(u128::from(problem.id));
        let deeds = deeds(alert, &problem, &handling, opened_at, None, chrono_tz::Europe::Paris);
        (problem, handling, deeds)
    };
    problems.into_iter().map(of).collect()
}

#[test]
fn a_repair_comes_last_and_a_refusal_alone() {
    let mut endings = [0; 3];
    for (problem, handling, deeds) in month() {
        let repaired = deeds.iter().find(|deed| matches!(deed.what, What::Repair { .. }));
        match handling.ending {
            Ending::Refused(_) => {
                assert_eq!(deeds.len(), 1);
                endings[0] += 1;
            }
            Ending::NothingFound(_) => {
                assert!(repaired.is_none());
                endings[1] += 1;
            }
            Ending::Repaired => {
                assert_eq!(repaired.map(|deed| deed.at), problem.fixed_at);
                let before = deeds.iter().filter(|deed| deed.what != What::Check);
                assert!(
                    before
                        .into_iter()
                        .all(|deed| repaired.is_none_or(|last| deed.at <= last.at))
                );
                endings[2] += 1;
            }
        }
    }
    assert!(endings.iter().all(|&count| count > 5), "{endings:?}");
}

#[test]
fn each_deed_has_an_id_of_its_own_which_stays_the_same() {
    let (once, again) = (month(), month());
    let ids = |all: &[(Problem, Handling, Vec<Deed>)]| -> Vec<Uuid> {
        all.iter()
            .flat_map(|(_, _, deeds)| deeds.iter().map(|deed| deed.id("")))
            .collect()
    };
    assert_eq!(ids(&once), ids(&again));
    let distinct: std::collections::BTreeSet<_> = ids(&once).into_iter().collect();
    assert_eq!(distinct.len(), ids(&once).len());
}
