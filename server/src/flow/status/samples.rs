//! An alert for the tests of pure rules.

use chrono::{DateTime, Utc};
use geo_dedup::LonLat;
use geo_dedup::cell::h3_15;
use uuid::Uuid;

use crate::db::space::to_point;
use crate::flow::alert::model::Alert;
use crate::flow::status::vocabulary::Status;

/// An instant, RFC 3339.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An alert opened on Monday 2 March 2026 at 08:00, due on Friday, in a status since Tuesday.
pub fn alert(status: Status) -> Alert {
    let place = LonLat::new(2.3522, 48.8566).unwrap();
    let opened_at = at("2026-03-02T08:00:00Z");
    Alert {
        jurisdiction_id: 1,
        id: Uuid::from_u128(1),
        reference: "R-1".to_owned(),
        category_id: Uuid::from_u128(2),
        status: status.as_str().to_owned(),
        open: status.is_open(),
        priority: 2,
        severity: 0,
        service_id: Uuid::from_u128(3),
        crew_id: Some(Uuid::from_u128(4)),
        body_id: None,
        sector_id: None,
        anchor: to_point(place),
        h3_15: h3_15(&place).to_i64(),
        extent_m: 0.0,
        address: None,
        report_count: 1,
        opened_at,
        last_report_at: opened_at,
        due_at: at("2026-03-06T17:00:00Z"),
        expected_from: None,
        expected_to: None,
        status_at: at("2026-03-03T08:00:00Z"),
        closed_at: (!status.is_open()).then_some(at("2026-03-03T08:00:00Z")),
        reason: None,
        review_on: None,
        merged_into: None,
        flags: Vec::new(),
        version: 1,
    }
}
