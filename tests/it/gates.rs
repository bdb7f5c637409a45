//! Where and when a category takes no reports: the catalogue of a place says why and where to go instead, and so does the
//! refusal of a report.

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::people::Answer;
use vigie_tests::server::TestApp;

const EAST: f64 = 500.0;
const WEST: f64 = -500.0;

/// Puts a gate before a category, with conditions in SQL.
async fn shuts(app: &TestApp, category: &str, rule: &str, conditions: &str) {
    let gate = format!(
        "INSERT INTO category_gate (jurisdiction_id, id, category_id, rule, message, instead) VALUES ({}, gen_random_uuid(), '{}', \
         '{rule}', '{{\"fr\": \"Travaux du port.\", \"en\": \"Works at the port.\"}}', \
         '{{\"fr\": \"Appelez la capitainerie.\", \"en\": \"Call the harbour office.\"}}')",
        app.town.id.0, app.town.categories[category]
    );
    app.db.admin().await.batch_execute(&gate).await.expect("a gate");
    moves(app, category, conditions).await;
}

/// Gives the gate of a category other conditions.
async fn moves(app: &TestApp, category: &str, conditions: &str) {
    let id = app.town.categories[category];
    let change = format!("UPDATE category_gate SET {conditions} WHERE category_id = '{id}'");
    app.db.admin().await.batch_execute(&change).await.expect("conditions");
}

/// What the catalogue says of a category so many metres east.
async fn described(app: &TestApp, category: &str, east_m: f64) -> Value {
    let (lon, lat) = app.town.lon_lat(east_m, 0.0);
    let path = format!("/v1/catalogue?lat={lat}&lon={lon}");
    let catalogue = app.anyone().get(&path).send().await.expect(200);
    let categories = catalogue["categories"].as_array().expect("categories");
    let found = categories.iter().find(|found| found["code"] == category);
    found.expect("the category").clone()
}

async fn reported(app: &TestApp, category: &str, east_m: f64) -> Answer {
    let body = json!({"category": category, "position": app.town.point(east_m, 0.0), "accuracy_m": 5, "locale": "en"});
    app.anyone().send("/v1/reports", body).await
}

async fn is_shut(app: &TestApp, category: &str, east_m: f64) {
    let said = described(app, category, east_m).await;
    assert_eq!(
        (&said["open"], &said["message"]["en"], &said["instead"]["fr"]),
        (
            &json!(false),
            &json!("Works at the port."),
            &json!("Appelez la capitainerie.")
        ),
        "{said}"
    );
    let refused = reported(app, category, east_m).await.problem("invalid");
    let error = &refused["errors"][0];
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("category"), &json!("category_closed"))
    );
    let message = error["message"].as_str().expect("words");
    for words in ["Works at the port.", "Call the harbour office."] {
        assert!(message.contains(words), "{message}");
    }
}

async fn is_open(app: &TestApp, category: &str, east_m: f64) {
    let said = described(app, category, east_m).await;
    assert_eq!(
        (&said["open"], &said["message"], &said["instead"]),
        (&json!(true), &Value::Null, &Value::Null),
        "{said}"
    );
    reported(app, category, east_m).await.expect(201);
}

/// Days of the year so many days from now.
fn season(from: i64, to: i64) -> String {
    let day = |days| (Utc::now() + TimeDelta::days(days)).format("%m-%d").to_string();
    format!("season_from = '{}', season_to = '{}'", day(from), day(to))
}

#[tokio::test]
async fn a_zone_shuts_a_category_there_and_nowhere_else() {
    let app = TestApp::start().await;
    let east = format!("sector_id = '{}'", app.town.sectors["east"]);
    shuts(&app, "pothole", "closed", &east).await;
    is_shut(&app, "pothole", EAST).await;
    is_open(&app, "pothole", WEST).await;
    is_open(&app, "fly-tipping", EAST).await;
    // A pilot: open there alone.
    moves(&app, "pothole", "rule = 'only'").await;
    is_open(&app, "pothole", EAST).await;
    is_shut(&app, "pothole", WEST).await;
}

#[tokio::test]
async fn a_season_shuts_a_category_outside_its_days() {
    let app = TestApp::start().await;
    shuts(&app, "fly-tipping", "only", &season(60, 90)).await;
    is_shut(&app, "fly-tipping", WEST).await;
    moves(&app, "fly-tipping", &season(-1, 1)).await;
    is_open(&app, "fly-tipping", WEST).await;
}

#[tokio::test]
async fn dates_shut_a_category_between_them() {
    let app = TestApp::start().await;
    let now = "valid_from = now() - interval '1 hour', valid_to = now() + interval '1 hour'";
    shuts(&app, "pothole", "closed", now).await;
    is_shut(&app, "pothole", WEST).await;
    moves(&app, "pothole", "valid_to = now() - interval '1 minute'").await;
    is_open(&app, "pothole", WEST).await;
    let soon = "valid_from = now() + interval '1 hour', valid_to = now() + interval '2 hours'";
    moves(&app, "pothole", soon).await;
    is_open(&app, "pothole", WEST).await;
}
