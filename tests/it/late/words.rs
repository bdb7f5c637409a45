//! What people said of pairs, as training data: the pair as they saw it, whatever the machine's own rules would leave out.

use diesel_async::SimpleAsyncConnection;
use vigie::catalog::cache::CatalogueCache;
use vigie::flow::alert::verdicts::{Judged, export};

use super::*;
use crate::operator::{data_folder, logins, said, vigie};

async fn exported(app: &TestApp) -> Vec<Judged> {
    let catalogue = CatalogueCache::default()
        .fresh(&app.app.db)
        .await
        .expect("the catalogue");
    let town = catalogue.town(app.town.id).expect("the town");
    let mut tx = app.app.db.begin(app.town.id).await.expect("a transaction");
    export(&mut tx, town, Utc::now()).await.expect("words")
}

fn alert_of(report: &Value) -> String {
    report["alert"]["id"].as_str().expect("an id").to_owned()
}

async fn merged(person: &Person, from: &Value, into: &Value) {
    let path = format!("/v1/alerts/{}/merge", alert_of(from));
    person.send(&path, json!({"into": alert_of(into)})).await.expect(200);
}

#[tokio::test]
async fn what_people_said_is_training_data_without_people() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let first = reported(&app, "pothole", 0.0).await;
    let second = reported(&app, "pothole", 60.0).await;
    app.projected().await;
    let body = json!({"category": "pothole", "position": app.town.point(2.0, 0.0), "accuracy_m": 5,
        "description": "Devant la boulangerie de Camille", "joins": alert_of(&first)});
    app.anyone().send("/v1/reports", body).await.expect(201);
    let apart = format!("/v1/alerts/{}/not-same", alert_of(&second));
    supervisor
        .send(&apart, json!({"as": alert_of(&first)}))
        .await
        .expect(200);
    let judged = exported(&app).await;
    let spoken: Vec<(bool, &str)> = judged.iter().map(|one| (one.same, one.by)).collect();
    assert!(
        spoken.contains(&(true, "resident")) && spoken.contains(&(false, "staff")),
        "{spoken:?}"
    );
    let near = judged.iter().find(|one| one.same).expect("the one that joined");
    assert!((near.features["distance"] - 2.0).abs() < 0.5, "{near:?}");
    // As the operator writes it.
    let data = data_folder();
    let arguments = ["dedup", "export-verdicts", "--town", "large-0"];
    let lines = said(vigie(data.path(), &logins(&app.db), &arguments));
    let read: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(json!(read), serde_json::to_value(&judged).expect("JSON"));
    for private in [
        "Camille",
        "boulangerie",
        "2026",
        "R-",
        "A-",
        &alert_of(&first),
        &alert_of(&second),
    ] {
        assert!(!lines.contains(private), "{private} in {lines}");
    }
}

#[tokio::test]
async fn after_a_merge_reports_are_compared_with_those_that_were_there_before() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let first = reported(&app, "pothole", 0.0).await;
    let beside = reported(&app, "pothole", 1.0).await;
    assert_eq!(alert_of(&beside), alert_of(&first));
    let other = reported(&app, "pothole", 60.0).await;
    for report in [&first, &other] {
        shows(&app, report, 5, 1).await;
    }
    worked(&app).await;
    merged(&supervisor, &first, &other).await;
    let judged = exported(&app).await;
    assert_eq!(judged.len(), 2, "{judged:?}");
    for one in &judged {
        assert!(one.same && one.by == "staff");
        assert!(
            (one.features["distance"] - 60.0).abs() < 2.0,
            "not its sibling: {one:?}"
        );
        assert!(!one.features.contains_key("verdict"), "{one:?}");
        assert_eq!((one.features["past_here"], one.features["past_around"]), (0.0, 0.0));
        let sum: f64 = one.log_odds.values().sum();
        assert!((one.posterior - 1.0 / (1.0 + (-sum).exp())).abs() < 0.01, "{one:?}");
    }
    let with_photo = judged.iter().filter(|one| one.features.contains_key("photo"));
    assert_eq!(with_photo.count(), 1, "{judged:?}");

    // Split off again: each against those that stay, not against those that leave with it.
    let path = format!("/v1/alerts/{}/split", alert_of(&other));
    let leave = json!({"reports": [first["id"], beside["id"]]});
    supervisor.send(&path, leave).await.expect(200);
    let judged = exported(&app).await;
    assert_eq!(judged.len(), 2, "{judged:?}");
    for one in &judged {
        assert!(!one.same && one.features["distance"] > 55.0, "{one:?}");
    }
}

#[tokio::test]
async fn what_the_machine_would_not_compare_is_told_all_the_same() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let earlier = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 5,
        "observed_at": Utc::now() - TimeDelta::days(3)});
    let pothole = app.anyone().send("/v1/reports", earlier).await.expect(201);
    let tipped = reported(&app, "fly-tipping", 400.0).await;
    merged(&supervisor, &pothole, &tipped).await;
    let path = format!("/v1/alerts/{}/steps", alert_of(&tipped));
    let reject = json!({"step": "reject", "reason": "private"});
    supervisor.send(&path, reject).await.expect(200);
    let long_ago = "UPDATE alert SET closed_at = closed_at - interval '10 years'";
    app.db.admin().await.batch_execute(long_ago).await.expect("years pass");
    let judged = exported(&app).await;
    assert_eq!(judged.len(), 1, "{judged:?}");
    let one = &judged[0];
    assert_eq!(
        (one.category.as_str(), one.alert_category.as_str()),
        ("pothole", "fly-tipping")
    );
    assert!((one.features["distance"] - 400.0).abs() < 2.0, "{one:?}");
    assert!((one.features["age"] - 3.0).abs() < 0.1, "between both reports: {one:?}");
    assert_eq!(one.features["category"], 0.0, "{one:?}");
    assert!(one.same && one.posterior < 0.1, "{one:?}");
}
