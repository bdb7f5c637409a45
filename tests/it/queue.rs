//! The queue: whatever it is narrowed by, each sees their own service's alerts only; and what nobody has is reported.

use std::collections::BTreeSet;

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

async fn reported(app: &TestApp, category: &str, east_m: f64) -> Value {
    let report = json!({"category": category, "position": app.town.point(east_m, 0.0), "accuracy_m": 5,
        "address": "3 quai du Large"});
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    told["alert"]["id"].clone()
}

/// The alerts of a narrowed queue, page by page, each once.
async fn queue(person: &Person, filter: &str) -> BTreeSet<String> {
    let first = format!("/v1/alerts?limit=1&{filter}");
    let mut path = first.clone();
    let mut found = BTreeSet::new();
    loop {
        let page = person.get(&path).send().await.expect(200);
        for item in page["items"].as_array().expect("items") {
            let id = item["id"].as_str().expect("an id").to_owned();
            assert!(found.insert(id), "{path}: twice");
        }
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        path = format!("{first}&cursor={next}");
    }
}

fn set(ids: &[&Value]) -> BTreeSet<String> {
    let texts = ids.iter().map(|id| id.as_str().expect("an id").to_owned());
    texts.collect()
}

/// Filters that all alerts of the test pass.
fn filters_for_all(app: &TestApp) -> Vec<String> {
    let (west, south) = app.town.lon_lat(-100.0, -100.0);
    let (east, north) = app.town.lon_lat(2_000.0, 100.0);
    vec![
        String::new(),
        "status=new,qualified".to_owned(),
        "phase=qualification".to_owned(),
        format!("sector_id={}", app.town.sectors["east"]),
        "priority=1".to_owned(),
        "severity=0".to_owned(),
        "overdue=false".to_owned(),
        format!("bbox={west},{south},{east},{north}"),
        "q=quai%20large".to_owned(),
        "sort=due".to_owned(),
        "sort=oldest".to_owned(),
    ]
}

#[tokio::test]
async fn every_filter_keeps_to_the_scope_on_every_page() {
    let app = TestApp::start().await;
    let (supervisor, secretariat) = (app.staff(Role::Supervisor).await, app.staff(Role::Secretariat).await);
    let first = reported(&app, "pothole", 50.0).await;
    let second = reported(&app, "pothole", 900.0).await;
    let rubbish = reported(&app, "fly-tipping", 1_500.0).await;
    app.run_due(Utc::now()).await;
    let (roads, all) = (set(&[&first, &second]), set(&[&first, &second, &rubbish]));
    for filter in filters_for_all(&app) {
        assert_eq!(queue(&supervisor, &filter).await, all, "{filter}");
        assert_eq!(queue(&secretariat, &filter).await, roads, "{filter}");
    }

    // What narrows to another service's alone finds nothing of it.
    let detail = format!("/v1/alerts/{}", rubbish.as_str().expect("an id"));
    let read = supervisor.get(&detail).send().await.expect(200);
    let cell = read["h3"]["res9"].as_str().expect("a cell").to_owned();
    for filter in [
        "category=fly-tipping".to_owned(),
        format!("service_id={}", app.town.services["cleaning"]),
        format!("h3={cell}"),
        format!("q={}", read["reference"].as_str().expect("a reference")),
    ] {
        assert_eq!(queue(&supervisor, &filter).await, set(&[&rubbish]), "{filter}");
        assert!(queue(&secretariat, &filter).await.is_empty(), "{filter}");
    }
    assert_eq!(queue(&secretariat, "category=pothole&severity=0").await, roads);
    assert!(queue(&supervisor, "severity=2").await.is_empty());
    assert!(queue(&supervisor, "priority=4").await.is_empty());

    // What is late, and what is closed.
    let late = "UPDATE alert SET due_at = now() - interval '1 hour'";
    app.db.admin().await.batch_execute(late).await.expect("late");
    assert_eq!(queue(&secretariat, "overdue=true&sort=due").await, roads);
    assert_eq!(queue(&supervisor, "overdue=true&sort=due").await, all);
    for alert in [&first, &rubbish] {
        let path = format!("/v1/alerts/{}/steps", alert.as_str().expect("an id"));
        let reject = json!({"step": "reject", "reason": "Nothing is there."});
        supervisor.send(&path, reject).await.expect(200);
    }
    assert_eq!(queue(&secretariat, "open=false").await, set(&[&first]));
    assert_eq!(queue(&supervisor, "open=false").await, set(&[&first, &rubbish]));
    assert_eq!(queue(&supervisor, "").await, set(&[&second]));
}

#[tokio::test]
async fn an_open_alert_that_nobody_has_to_move_on_is_reported_with_the_reason() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let alert = reported(&app, "pothole", 0.0).await;
    let mut db = app.db.admin().await;
    let orphans = async || -> Vec<(Value, Value)> {
        let found = supervisor.get("/v1/oversight/orphans").send().await.expect(200);
        let items = found["items"].as_array().expect("items");
        items
            .iter()
            .map(|item| (item["id"].clone(), item["why"].clone()))
            .collect()
    };
    assert!(
        orphans().await.is_empty(),
        "a new alert has its service, a phase and a due date"
    );
    for (fault, why) in [
        ("UPDATE alert SET status = 'dispatched'", "no_crew"),
        ("UPDATE alert SET status = 'transferred'", "no_body"),
        (
            "UPDATE alert SET status = 'new'; UPDATE alert_phase SET ended_at = now()",
            "no_phase",
        ),
    ] {
        db.batch_execute(fault).await.expect("a fault");
        assert_eq!(orphans().await, [(alert.clone(), json!(why))], "{fault}");
    }
    let closed = "UPDATE alert SET status = 'resolved', open = false, closed_at = now()";
    db.batch_execute(closed).await.expect("an end");
    assert!(orphans().await.is_empty(), "what is closed needs nobody");
}
