use chrono::TimeZone;
use serde_json::json;

use super::*;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 5, 4, 9, 0, 0)
        .single()
        .expect("a valid time")
}

fn parse(body: &Value) -> Result<Submission, Problem> {
    parse_with(body, ContactWay::ALL)
}

fn parse_with(body: &Value, ways: &[ContactWay]) -> Result<Submission, Problem> {
    read(
        body.as_object().expect("an object"),
        Channel::PUBLIC,
        ways,
        Locale::Fr,
        &[],
        now(),
    )
    .whole()
}

fn faults(body: &Value) -> Vec<String> {
    named(&parse(body).err().expect("the body is wrong"))
}

fn named(problem: &Problem) -> Vec<String> {
    problem
        .errors
        .iter()
        .map(|error| format!("{}:{}", error.field, error.code))
        .collect()
}

fn smallest() -> Value {
    json!({"category": "nid-de-poule", "position": {"type": "Point", "coordinates": [-4.5, 46.5]}})
}

#[test]
fn the_smallest_report_is_a_category_and_a_place() {
    let read = parse(&smallest()).expect("valid");
    assert_eq!((read.position.lon(), read.position.lat()), (-4.5, 46.5));
    assert_eq!(read.way, ContactWay::None);
    assert_eq!(read.channel, Channel::App);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let body = json!({
        "id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "position": {"type": "Point", "coordinates": [2.0, 91.0]},
        "accuracy_m": -1, "position_source": "stars", "observed_at": "2026-05-04T10:00:00Z", "channel": "desk",
        "locale": "de", "follow_secret": "short", "contact": {"preferred": "email"}, "answers": [],
    });
    let mut found = faults(&body);
    found.sort();
    assert_eq!(
        found,
        [
            "accuracy_m:out_of_range",
            "answers:not_an_object",
            "category:required",
            "channel:channel_not_yours",
            "contact.email:needed_for_way",
            "follow_secret:weak_secret",
            "id:not_a_uuid_v7",
            "locale:unknown_locale",
            "observed_at:in_future",
            "position:not_on_earth",
            "position_source:not_one_of",
        ]
    );
}

#[test]
fn a_place_is_a_point_of_two_numbers() {
    for wrong in [
        json!([-4.5, 46.5]),
        json!({"type": "Point", "coordinates": ["x", 1]}),
        json!({"type": "Polygon"}),
        json!({"type": "Point", "coordinates": [1.0]}),
        json!("here"),
    ] {
        let mut body = smallest();
        body["position"] = wrong;
        assert_eq!(faults(&body), ["position:not_a_point"]);
    }
}

#[test]
fn contact_data_that_the_way_does_not_need_are_not_kept() {
    let mut body = smallest();
    body["contact"] = json!({"email": "a@b.example", "phone": "06 39 98 00 00", "name": "Camille", "preferred": "sms"});
    let read = parse(&body).expect("valid");
    assert_eq!(read.contact.phone.as_deref(), Some("0639980000"));
    assert!(read.contact.email.is_none() && read.contact.name.is_none());
}

#[test]
fn where_no_text_messages_are_sent_nobody_is_promised_one() {
    let told = |contact: Value| {
        let mut body = smallest();
        body["contact"] = contact;
        parse_with(&body, ContactWay::offered(false))
    };
    for contact in [
        json!({"phone": "06 39 98 00 00", "preferred": "sms"}),
        json!({"phone": "06 39 98 00 00"}),
        json!({"preferred": "sms"}),
    ] {
        let refused = told(contact).err().expect("nothing could be sent");
        assert_eq!(named(&refused), ["contact.preferred:no_sms"]);
    }
    let by_mail = told(json!({"email": "a@b.example", "phone": "06 39 98 00 00", "preferred": "sms"})).expect("valid");
    assert_eq!(by_mail.way, ContactWay::Email);
    assert_eq!(by_mail.contact.email.as_deref(), Some("a@b.example"));
    assert!(by_mail.contact.phone.is_none());
    let call = told(json!({"phone": "06 39 98 00 00", "preferred": "call"})).expect("valid");
    assert_eq!(call.way, ContactWay::Call);
}

#[test]
fn the_order_of_names_does_not_make_another_request() {
    let one: Value =
        serde_json::from_str(r#"{"category":"x","position":{"type":"Point","coordinates":[1,2]}}"#).expect("json");
    let two: Value =
        serde_json::from_str(r#"{"position":{"coordinates":[1,2],"type":"Point"},"category":"x"}"#).expect("json");
    assert_eq!(
        parse(&one).expect("valid").request_hash,
        parse(&two).expect("valid").request_hash
    );
}

#[test]
fn control_characters_are_refused_and_line_breaks_kept() {
    let mut body = smallest();
    body["description"] = json!("two\nlines");
    assert_eq!(parse(&body).expect("valid").description.as_deref(), Some("two\nlines"));
    body["description"] = json!("a\u{0}b");
    assert_eq!(faults(&body), ["description:control_characters"]);
}
