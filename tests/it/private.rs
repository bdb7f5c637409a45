//! What stays between a resident and the town, whatever the town does with the report afterwards.

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::Relay;
use vigie_tests::town::Role;

async fn reported(app: &TestApp, category: &str) -> Value {
    let body = json!({"category": category, "position": app.town.point(0.0, 0.0), "accuracy_m": 5, "locale": "en",
        "contact": {"email": "camille@example.test"}});
    app.anyone().send("/v1/reports", body).await.expect(201)
}

/// What the author reads where they follow their report.
async fn followed(app: &TestApp, report: &Value) -> Value {
    let path = app.path_of(report["follow"]["url"].as_str().expect("a link"));
    let secret = report["follow"]["secret"].as_str().expect("a secret");
    app.anyone()
        .get(path)
        .header("X-Follow-Secret", secret)
        .send()
        .await
        .expect(200)
}

/// Corrects the category of an alert.
async fn requalify(supervisor: &Person, alert: &str, category: &str) {
    let path = format!("/v1/alerts/{alert}");
    let seen = supervisor.get(&path).send().await;
    let tag = seen.header("etag").expect("a version").to_owned();
    let correction = supervisor.request(Method::PATCH, &path).header("If-Match", &tag);
    correction.json(&json!({"category": category})).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_town_finds_sensitive_is_not_told_any_more() {
    let relay = Relay::start();
    let app = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url()).start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let report = reported(&app, "pothole").await;
    let alert = report["alert"]["id"].as_str().expect("an id").to_owned();
    app.run_due(Utc::now()).await;
    assert!(!relay.mails().is_empty(), "the acknowledgement and the notice");
    assert_eq!(followed(&app, &report).await["alert"]["id"], alert.as_str());
    requalify(&supervisor, &alert, "nuisance").await;
    let step = json!({"step": "hold", "hold_reason": "material", "review_date": "2999-01-01",
        "public_note": "We wait for the owner."});
    supervisor
        .send(&format!("/v1/alerts/{alert}/steps"), step)
        .await
        .expect(200);
    let page = followed(&app, &report).await;
    assert_eq!((&page["status"], &page["history"]), (&json!("received"), &json!([])));
    for unsaid in ["alert", "service", "reason", "reason_text", "photos"] {
        assert_eq!(page[unsaid], Value::Null, "{unsaid}: {page}");
    }
    app.run_due(Utc::now()).await;
    for mail in relay.mails().iter().filter(|mail| mail.to == "camille@example.test") {
        for unsaid in ["nuisance", "pothole"] {
            assert!(!mail.text.contains(unsaid), "{unsaid}:\n{}", mail.text);
        }
    }
    // Somebody who joins it at the desk takes home no number of what others reported.
    let body = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "channel": "desk", "joins": alert});
    let joined = app
        .staff(Role::FrontDesk)
        .await
        .send("/v1/reports", body)
        .await
        .expect(201);
    assert_eq!(joined["alert"], Value::Null, "{joined}");
}

#[tokio::test]
async fn what_its_author_called_sensitive_stays_so() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let report = reported(&app, "nuisance").await;
    assert_eq!(report["alert"], Value::Null);
    let queue = supervisor.get("/v1/alerts").send().await.expect(200);
    let alert = queue["items"][0]["id"].as_str().expect("an id").to_owned();
    requalify(&supervisor, &alert, "pothole").await;
    assert_eq!(followed(&app, &report).await["alert"], Value::Null);
}
