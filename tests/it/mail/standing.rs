//! What the first message says of an alert that others have reported: it is done already, or an outside body has it.

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::Relay;
use vigie_tests::town::Role;

use super::{with_relay, work_through};

/// A pothole that was handed to the power company.
async fn transferred(app: &TestApp, supervisor: &Person) -> Value {
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 6});
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    let alert = told["alert"]["id"].as_str().expect("an alert").to_owned();
    let transfer = json!({"step": "transfer", "body_id": app.town.power_company});
    let steps = format!("/v1/alerts/{alert}/steps");
    supervisor.send(&steps, transfer).await.expect(200);
    json!(steps)
}

/// Somebody who saw it ten minutes ago, and the words of their first message.
async fn joins(app: &TestApp, relay: &Relay, email: &str, locale: &str) -> (Value, String) {
    let report = json!({
        "category": "pothole",
        "position": app.town.point(1.0, 0.0),
        "accuracy_m": 6,
        "locale": locale,
        "observed_at": Utc::now() - TimeDelta::minutes(10),
        "contact": {"email": email, "preferred": "email"},
    });
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    work_through(app, Utc::now(), 2).await;
    let mails = relay.mails();
    let own: Vec<_> = mails.iter().filter(|mail| mail.to == email).collect();
    assert_eq!(own.len(), 1, "{email}");
    (told, own[0].text.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reports_what_others_have_is_told_who_has_it_and_whether_it_is_done() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let supervisor = app.staff(Role::Supervisor).await;
    let steps = transferred(&app, &supervisor).await;

    let (told, text) = joins(&app, &relay, "one@example.test", "en").await;
    assert_eq!(told["alert"]["status"], "transferred");
    assert!(told["alert"]["status_at"].is_string() && told["body"]["name"].is_string());
    let body = told["body"]["name"].as_str().expect("a name");
    assert!(text.contains(body) && text.contains("Since"), "{text}");

    let deliver = json!({"id": Uuid::now_v7(), "step": "deliver"});
    supervisor
        .send(steps.as_str().expect("a path"), deliver)
        .await
        .expect(200);
    let (told, text) = joins(&app, &relay, "two@example.test", "en").await;
    assert_eq!(told["alert"]["relation"], "late_evidence");
    assert!(told["expected_by"].is_null(), "it is done");
    let reference = told["reference"].as_str().expect("a reference");
    for words in [reference, "acknowledgement of receipt", "still there?", "Dealt with on"] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
    assert!(!text.contains("already open"), "{text}");
    let (_, text) = joins(&app, &relay, "trois@example.test", "fr").await;
    assert!(
        text.contains("accusé de réception") && text.contains("toujours là"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_what_waits_is_told_why_and_until_when() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let supervisor = app.staff(Role::Supervisor).await;
    let report = |more: Value| {
        let mut body =
            json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 6, "locale": "en"});
        for (name, value) in more.as_object().expect("members") {
            body[name] = value.clone();
        }
        async { app.anyone().send("/v1/reports", body).await.expect(201) }
    };
    let first = report(json!({})).await;
    assert!(first["alert"]["reason"].is_null() && first["alert"]["review_on"].is_null());
    let alert = format!("/v1/alerts/{}", first["alert"]["id"].as_str().expect("an id"));
    let qualified = supervisor.request(Method::PATCH, &alert).header("If-Match", "*");
    qualified.json(&json!({"priority": 3})).send().await.expect(200);
    let steps = format!("{alert}/steps");
    let hold = json!({"step": "hold", "hold_reason": "weather", "review_date": "2099-01-02"});
    supervisor.send(&steps, hold).await.expect(200);

    let joins = json!({"id": Uuid::now_v7(), "contact": {"email": "one@example.test"}});
    let told = report(joins.clone()).await;
    assert_eq!(told["alert"]["status"], "on_hold");
    assert_eq!(
        (&told["alert"]["reason"], &told["alert"]["review_on"]),
        (&json!("weather"), &json!("2099-01-02"))
    );
    report(json!({"contact": {"phone": "+33199000041", "preferred": "sms"}})).await;
    app.run_due(Utc::now()).await;
    let mails = relay.mails();
    let mail = mails.iter().find(|mail| mail.to == "one@example.test").expect("a mail");
    let texts = super::texts_sent(&app);
    assert_eq!(texts.len(), 1, "{texts:?}");
    let text = &texts[0];
    for words in ["the weather does not allow it", "2 January 2099"] {
        assert!(
            mail.text.contains(words) && text.contains(words),
            "{}\n{text}",
            mail.text
        );
    }

    let resume = json!({"step": "resume"});
    supervisor.send(&steps, resume).await.expect(200);
    assert_eq!(report(joins).await, told, "a retry is told what was told first");
}
