use geo_dedup::LonLat;
use geo_dedup::cell::h3_15;
use proptest::prelude::*;

use super::*;
use crate::flow::status::samples;
use crate::flow::status::vocabulary::Status;

/// No sectors.
fn nowhere(_: LonLat) -> Option<Uuid> {
    None
}

/// A report so many steps of about a metre north of the sample alert's anchor, so many minutes after it was opened.
fn member(number: u128, north: u32, minutes: i64) -> Member {
    let place = LonLat::new(2.3522, 48.8566 + f64::from(north) * 0.000_01).unwrap();
    Member {
        id: Uuid::from_u128(number),
        reference: format!("R-{number}"),
        alert_id: Uuid::from_u128(1),
        category_id: Uuid::from_u128(2),
        place: to_point(place),
        h3_15: h3_15(&place).to_i64(),
        address: Some(format!("{number} rue Haute")),
        description: None,
        severity: 0,
        received_at: samples::at("2026-03-02T08:00:00Z") + chrono::TimeDelta::minutes(minutes),
        flags: Vec::new(),
    }
}

#[test]
fn an_alert_is_what_its_reports_say() {
    let mut alert = samples::alert(Status::New);
    let members = [member(1, 0, 0), member(2, 10, 5), member(3, 4, 60)];
    settle(&nowhere, &mut alert, &members.iter().collect::<Vec<_>>(), &[]).unwrap();
    assert_eq!(alert.report_count, 3);
    assert_eq!(alert.opened_at, members[0].received_at);
    assert_eq!(alert.last_report_at, members[2].received_at);
    assert!((11.0..11.3).contains(&alert.extent_m), "{}", alert.extent_m);
    assert_eq!(alert.address, None, "the anchor stayed");
}

#[test]
fn the_anchor_goes_to_the_earliest_that_stays_when_those_at_it_left() {
    let mut alert = samples::alert(Status::New);
    let (left, stays) = (member(1, 0, 0), [member(3, 4, 60), member(2, 10, 5)]);
    settle(&nowhere, &mut alert, &stays.iter().collect::<Vec<_>>(), &[&left]).unwrap();
    assert_eq!(alert.h3_15, stays[1].h3_15);
    assert_eq!(alert.address.as_deref(), Some("2 rue Haute"));
    assert_eq!(alert.opened_at, stays[1].received_at);
    // Another report at the anchor keeps it there.
    let mut alert = samples::alert(Status::New);
    let stays = [member(2, 10, 5), member(4, 0, 7)];
    let before = alert.h3_15;
    settle(&nowhere, &mut alert, &stays.iter().collect::<Vec<_>>(), &[&left]).unwrap();
    assert_eq!(alert.h3_15, before);
}

proptest! {
    /// Whatever leaves, what stays says all: no trace of those who left is in counts, dates or extent.
    #[test]
    fn settling_depends_on_those_who_stay_alone(
        places in prop::collection::vec((0_u32..50, 0_i64..1_000), 1..12),
        leaves in prop::collection::vec(any::<bool>(), 12),
    ) {
        let members: Vec<Member> = places
            .iter()
            .enumerate()
            .map(|(n, (north, minutes))| member(n as u128 + 1, *north, *minutes))
            .collect();
        let (left, stay): (Vec<&Member>, Vec<&Member>) =
            members.iter().enumerate().map(|(n, member)| (leaves[n], member)).fold(
                (Vec::new(), Vec::new()),
                |(mut left, mut stay), (leaves, member)| {
                    if leaves { left.push(member) } else { stay.push(member) }
                    (left, stay)
                },
            );
        prop_assume!(!stay.is_empty());
        let mut alert = samples::alert(Status::New);
        settle(&nowhere, &mut alert, &stay, &left).unwrap();
        prop_assert_eq!(usize::try_from(alert.report_count).unwrap(), stay.len());
        prop_assert_eq!(Some(alert.opened_at), stay.iter().map(|member| member.received_at).min());
        prop_assert_eq!(Some(alert.last_report_at), stay.iter().map(|member| member.received_at).max());
        // Another 15th-resolution cell than a member's only as long as nobody who left stood there.
        let at_anchor = |member: &&Member| member.h3_15 == alert.h3_15;
        prop_assert!(!left.iter().any(at_anchor) || stay.iter().any(at_anchor));
    }
}
