use proptest::prelude::*;

use super::*;

#[test]
fn the_borders_fall_where_the_labels_say() {
    let label = |reports| ReportedBy::of(reports).map(ReportedBy::as_str);
    assert_eq!(label(0), None);
    assert_eq!(label(1), Some("1"));
    assert_eq!(label(2), Some("2-5"));
    assert_eq!(label(5), Some("2-5"));
    assert_eq!(label(6), Some("6+"));
    assert_eq!(label(u64::MAX), Some("6+"));
}

#[test]
fn json_is_the_label() {
    for bucket in [ReportedBy::One, ReportedBy::TwoToFive, ReportedBy::SixOrMore] {
        let json = serde_json::to_string(&bucket).unwrap();
        assert_eq!(json, format!("\"{bucket}\""));
        assert_eq!(serde_json::from_str::<ReportedBy>(&json).unwrap(), bucket);
    }
}

proptest! {
    #[test]
    fn more_reports_never_show_as_fewer(fewer in 0_u64..12, more in 0_u64..12) {
        prop_assume!(fewer <= more);
        prop_assert!(ReportedBy::of(fewer) <= ReportedBy::of(more));
    }
}
