//! A pin that somebody sets on a map: how sure of it the machine is.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vigie_tests::database::texts;
use vigie_tests::server::TestApp;

/// The same problem twice, twelve metres and an hour apart; what each says of its position.
async fn told_twice(app: &TestApp, category: &str, stated: &Value, first: DateTime<Utc>) {
    for (east_m, observed_at) in [(0.0, first), (12.0, first + TimeDelta::hours(1))] {
        let mut report = json!({"category": category, "position": app.town.point(east_m, 0.0),
            "observed_at": observed_at});
        for (name, value) in stated.as_object().expect("members") {
            report[name] = value.clone();
        }
        app.anyone().send("/v1/reports", report).await.expect(201);
    }
}

/// What spoke for and against the second report of a category, with its weights.
async fn compared(app: &TestApp, category: &str) -> String {
    let features = format!(
        "SELECT membership.reasons->0->>'features' AS value FROM membership JOIN report ON report.id = membership.report_id \
         JOIN category ON category.id = report.category_id \
         WHERE code = '{category}' AND jsonb_array_length(membership.reasons) > 0"
    );
    let mut found = texts(&mut app.db.admin().await, &features).await;
    assert_eq!(found.len(), 1, "{category}: {found:?}");
    found.remove(0)
}

#[tokio::test]
async fn a_pin_without_a_stated_accuracy_is_good_to_ten_metres() {
    let app = TestApp::start().await;
    let first = Utc::now() - TimeDelta::hours(2);
    // Three kinds of problem on one spot, which have nothing to do with each other.
    for (category, stated) in [
        ("pothole", json!({"position_source": "map"})),
        ("fly-tipping", json!({"position_source": "gps", "accuracy_m": 10})),
        ("street-light", json!({"position_source": "address"})),
    ] {
        told_twice(&app, category, &stated, first).await;
    }
    let (pins, phones) = (compared(&app, "pothole").await, compared(&app, "fly-tipping").await);
    assert_eq!(pins, phones);
    assert_ne!(
        pins,
        compared(&app, "street-light").await,
        "an address is another matter"
    );
    let kept = "SELECT concat_ws(' ', position_source, coalesce(accuracy_m::text, 'nothing')) AS value \
        FROM report JOIN category ON category.id = report.category_id WHERE code = 'pothole'";
    let kept = texts(&mut app.db.admin().await, kept).await;
    assert_eq!(kept, ["map nothing", "map nothing"], "as it was given");
}

#[tokio::test]
async fn a_pin_that_states_its_accuracy_is_taken_at_its_word() {
    let app = TestApp::start().await;
    let first = Utc::now() - TimeDelta::hours(2);
    for (category, stated) in [
        ("pothole", json!({"position_source": "map", "accuracy_m": 40})),
        ("fly-tipping", json!({"position_source": "gps", "accuracy_m": 40})),
        ("street-light", json!({"position_source": "map"})),
    ] {
        told_twice(&app, category, &stated, first).await;
    }
    let (pins, phones) = (compared(&app, "pothole").await, compared(&app, "fly-tipping").await);
    assert_eq!(pins, phones);
    assert_ne!(pins, compared(&app, "street-light").await);
}
