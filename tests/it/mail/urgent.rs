//! What has become urgent after it was reported calls who is on call, as what was urgent from the first does.

use reqwest::Method;

use super::*;

/// A town whose services are open for half an hour a day, at the other end of it.
async fn at_night() -> TestApp {
    let app = TestApp::start().await;
    let hour = (Utc::now().hour() + 12) % 24;
    let hours = json!([{"opens": format!("{hour:02}:00"), "closes": format!("{hour:02}:30")}]);
    let weekly = Value::Array(vec![hours; 7]);
    let closed = format!("UPDATE service SET calendar = jsonb_set(calendar, '{{weekly}}', '{weekly}')");
    app.db.admin().await.batch_execute(&closed).await.expect("a night");
    app
}

/// Path of a new alert.
async fn alert(app: &TestApp, report: Value) -> String {
    let mut whole = json!({"position": app.town.point(0.0, 0.0), "accuracy_m": 5});
    for (name, value) in report.as_object().expect("fields") {
        whole[name] = value.clone();
    }
    let told = app.anyone().send("/v1/reports", whole).await.expect(201);
    format!("/v1/alerts/{}", told["alert"]["id"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_a_person_calls_urgent_calls_once() {
    let app = at_night().await;
    let path = alert(&app, json!({"category": "pothole"})).await;
    let supervisor = app.staff(Role::Supervisor).await;
    let now = Utc::now();
    app.run_due(now).await;
    assert!(texts_sent(&app).is_empty(), "nothing urgent yet");
    for priority in [3, 4, 4] {
        let change = supervisor.request(Method::PATCH, &path).header("If-Match", "*");
        change.json(&json!({"priority": priority})).send().await.expect(200);
    }
    app.run_due(now + TimeDelta::minutes(1)).await;
    assert_eq!(texts_sent(&app).len(), 1);
    let again = "SELECT count(*) AS value FROM notification WHERE template = 'service_raised_severity'";
    assert_eq!(number(&mut app.db.admin().await, again).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_danger_that_is_reopened_calls_again() {
    let app = at_night().await;
    let danger = json!({"category": "street-light", "answers": {"cable": "live"}});
    let path = alert(&app, danger).await;
    let supervisor = app.staff(Role::Supervisor).await;
    let steps = format!("{path}/steps");
    let now = Utc::now();
    app.run_due(now).await;
    assert_eq!(texts_sent(&app).len(), 1);
    let refuse = json!({"step": "reject", "reason": "A private road."});
    supervisor.send(&steps, refuse).await.expect(200);
    let reopen = json!({"step": "reopen", "reason": "It hangs over the pavement."});
    supervisor.send(&steps, reopen).await.expect(200);
    // Two calls are five minutes apart.
    app.run_due(now + TimeDelta::minutes(6)).await;
    let chains = "SELECT count(*) AS value FROM notification WHERE recipient = 'on_call' AND chain_index = 0";
    assert_eq!(number(&mut app.db.admin().await, chains).await, 2);
}
