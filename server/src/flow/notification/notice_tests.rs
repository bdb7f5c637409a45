use chrono::NaiveTime;
use chrono_tz::Europe::Paris;
use serde_json::json;

use super::*;
use crate::catalog::calendar::Delay;
use crate::catalog::model::{NoticeHours, OnCall};
use crate::text::Localized;

/// Open 8:30 to 17:00 on weekdays, in Paris.
fn service(notices: Notices) -> Service {
    let day = json!([{"opens": "08:30", "closes": "17:00"}]);
    let weekly = json!([day, day, day, day, day, [], []]);
    Service {
        id: uuid::Uuid::nil(),
        code: "roads".into(),
        name: Localized::default(),
        postal_address: String::new(),
        phone: String::new(),
        email: None,
        calendar: serde_json::from_value(json!({"time_zone": "Europe/Paris", "weekly": weekly})).expect("a calendar"),
        delay: Delay::WorkingDays(5),
        notices,
        notice_hours: Vec::new(),
        consult_hours: None,
        answer_hours: None,
        on_call: vec![OnCall {
            phone: Some("+33600000000".into()),
            email: None,
            minutes: 10,
        }],
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// A Friday, 11:00 in Paris.
const OPEN: &str = "2026-11-20T10:00:00Z";
/// The same day, 22:00 in Paris.
const EVENING: &str = "2026-11-20T21:00:00Z";

fn of(service: &Service, notice: ServiceNotice, urgent: bool, now: &str) -> (Way, bool) {
    way(service, Paris, notice, urgent, at(now))
}

#[test]
fn a_new_alert_follows_the_services_policy() {
    let new = ServiceNotice::NewAlert;
    assert_eq!(of(&service(Notices::Instant), new, false, OPEN), (Way::Mail, false));
    assert_eq!(of(&service(Notices::None), new, false, OPEN), (Way::Nothing, false));
    // Saturday and Sunday are no working days: Monday 8:30 in Paris.
    let monday = Way::Digest(at("2026-11-23T07:30:00Z"));
    assert_eq!(of(&service(Notices::Digest), new, false, OPEN), (monday, false));
}

#[test]
fn hours_of_their_own_win_over_midnight_too() {
    let time = |h| NaiveTime::from_hms_opt(h, 0, 0).expect("a time");
    let mut service = service(Notices::Instant);
    service.notice_hours = vec![NoticeHours {
        from: time(18),
        to: time(8),
        notices: Notices::None,
    }];
    let new = ServiceNotice::NewAlert;
    assert_eq!(of(&service, new, false, EVENING).0, Way::Nothing);
    assert_eq!(
        of(&service, new, false, "2026-11-20T05:00:00Z").0,
        Way::Nothing,
        "6:00 in Paris"
    );
    assert_eq!(
        of(&service, new, false, "2026-11-20T07:00:00Z").0,
        Way::Mail,
        "8:00 in Paris"
    );
}

#[test]
fn urgent_outside_hours_calls_the_chain_and_no_digest_swallows_a_danger() {
    let quiet = service(Notices::None);
    for notice in [ServiceNotice::NewAlert, ServiceNotice::RaisedSeverity] {
        assert_eq!(of(&quiet, notice, true, EVENING), (Way::Mail, true), "{notice}");
        assert_eq!(of(&quiet, notice, true, OPEN), (Way::Mail, false), "{notice}");
    }
    assert_eq!(of(&quiet, ServiceNotice::Reminder, true, EVENING), (Way::Mail, false));
    let mut alone = service(Notices::Digest);
    alone.on_call.clear();
    assert_eq!(of(&alone, ServiceNotice::NewAlert, true, EVENING), (Way::Mail, false));
    assert_eq!(
        of(&alone, ServiceNotice::Deadline, false, OPEN),
        (Way::Supervisors, false)
    );
}
