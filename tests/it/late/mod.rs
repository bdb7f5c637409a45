//! Facts that come late: a photo that shows the same thing, a category that was corrected. A person is asked, nothing moves
//! by itself, and what people answer can be learned from.

mod words;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vigie_fixtures::photo::{Size, jpeg_of};
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::database::texts;
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

async fn reported(app: &TestApp, category: &str, east_m: f64) -> Value {
    let body = json!({"category": category, "position": app.town.point(east_m, 0.0), "accuracy_m": 5});
    app.anyone().send("/v1/reports", body).await.expect(201)
}

/// Adds a photo of a scene to a report.
async fn shows(app: &TestApp, report: &Value, scene: u64, viewpoint: u32) {
    let spec = PhotoSpec {
        scene,
        subject: Subject::Pothole,
        viewpoint,
        taken_at: DateTime::UNIX_EPOCH,
        orientation: 1,
        position: None,
    };
    let photo = jpeg_of(&spec, Size::TEST).expect("a photo");
    app.anyone().adds_photo(report, photo).await.expect(201);
}

/// The pairs that are suggested now: the references of both alerts, and the features that spoke.
async fn suggested(person: &Person) -> Vec<(Value, Value, Vec<String>)> {
    let page = person.get("/v1/alerts/suggestions").send().await.expect(200);
    let items = page["items"].as_array().expect("items");
    let features = |item: &Value| {
        let spoke = item["reasons"][0]["features"].as_array().expect("features");
        let names = spoke
            .iter()
            .map(|feature| feature["feature"].as_str().expect("a name").to_owned());
        names.collect()
    };
    items
        .iter()
        .map(|item| (item["alert"]["id"].clone(), item["other"]["id"].clone(), features(item)))
        .collect()
}

async fn worked(app: &TestApp) {
    for second in 0..3 {
        app.run_due(Utc::now() + TimeDelta::seconds(second)).await;
    }
}

#[tokio::test]
async fn the_same_scene_on_two_photos_is_shown_to_a_person() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let first = reported(&app, "pothole", 0.0).await;
    let second = reported(&app, "pothole", 80.0).await;
    let third = reported(&app, "pothole", -80.0).await;
    assert_ne!(first["alert"]["id"], second["alert"]["id"]);
    worked(&app).await;
    let before = suggested(&supervisor).await;
    assert!(
        before
            .iter()
            .all(|(.., features)| !features.contains(&"photo".to_owned())),
        "{before:?}"
    );
    shows(&app, &first, 5, 1).await;
    shows(&app, &third, 6, 1).await;
    shows(&app, &second, 5, 1).await;
    worked(&app).await;
    let by_photo: Vec<_> = suggested(&supervisor)
        .await
        .into_iter()
        .filter(|(.., features)| features.contains(&"photo".to_owned()))
        .collect();
    assert_eq!(by_photo.len(), 1, "{by_photo:?}");
    let (later, earlier, _) = &by_photo[0];
    assert_eq!((later, earlier), (&second["alert"]["id"], &first["alert"]["id"]));

    // A person's answer stands: looked at again, the pair is not brought up again.
    let path = format!("/v1/alerts/{}/not-same", later.as_str().expect("an id"));
    supervisor.send(&path, json!({"as": earlier})).await.expect(200);
    shows(&app, &second, 5, 2).await;
    worked(&app).await;
    let left = suggested(&supervisor).await;
    assert!(
        !left.iter().any(|(one, other, _)| (one, other) == (later, earlier)),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_corrected_category_is_compared_anew() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let hole = reported(&app, "pothole", 0.0).await;
    let mistaken = reported(&app, "fly-tipping", 1.0).await;
    worked(&app).await;
    assert_eq!(suggested(&supervisor).await, []);
    corrected(&supervisor, &mistaken, "pothole").await;
    worked(&app).await;
    let pairs = suggested(&supervisor).await;
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert_eq!(
        (&pairs[0].0, &pairs[0].1),
        (&mistaken["alert"]["id"], &hole["alert"]["id"])
    );
}

/// What a feature of the only pair that is suggested measured.
async fn measured(person: &Person, feature: &str) -> f64 {
    let page = person.get("/v1/alerts/suggestions").send().await.expect(200);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
    let spoke = page["items"][0]["reasons"][0]["features"].as_array().expect("features");
    let told = spoke.iter().find(|told| told["feature"] == feature);
    told.and_then(|told| told["value"].as_f64()).expect("a value")
}

/// Corrects the category of the alert that a report opened.
async fn corrected(person: &Person, report: &Value, category: &str) {
    let path = format!("/v1/alerts/{}", report["alert"]["id"].as_str().expect("an id"));
    let seen = person.get(&path).send().await;
    let tag = seen.header("etag").expect("a version").to_owned();
    let request = person.request(reqwest::Method::PATCH, &path).header("If-Match", &tag);
    request.json(&json!({"category": category})).send().await.expect(200);
}

/// A report that its author says is the same as an alert.
async fn joined(app: &TestApp, east_m: f64, alert: &Value) -> Value {
    app.projected().await;
    let body = json!({"category": "pothole", "position": app.town.point(east_m, 0.0), "accuracy_m": 5, "joins": alert});
    app.anyone().send("/v1/reports", body).await.expect(201)
}

#[tokio::test]
async fn of_an_alerts_reports_the_one_that_says_most_counts() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let first = reported(&app, "pothole", 0.0).await;
    let other = reported(&app, "pothole", 80.0).await;
    let nearer = joined(&app, 30.0, &first["alert"]["id"]).await;
    assert_eq!(nearer["alert"]["id"], first["alert"]["id"]);
    // The nearer report is the later one, and so is compared first.
    for report in [&other, &first, &nearer] {
        shows(&app, report, 5, 1).await;
        worked(&app).await;
    }
    let metres = measured(&supervisor, "distance").await;
    assert!((metres - 50.0).abs() < 1.0, "{metres}");
    // From the other alert's side it is farther: the mean of both reports. Looked at from there, the likelier stays.
    shows(&app, &other, 5, 2).await;
    worked(&app).await;
    let metres = measured(&supervisor, "distance").await;
    assert!((metres - 50.0).abs() < 1.0, "{metres}");
}

#[tokio::test]
async fn what_late_facts_no_longer_bear_out_is_suggested_no_longer() {
    let app = TestApp::start().await;
    let (admin, supervisor) = (app.staff(Role::Admin).await, app.staff(Role::Supervisor).await);
    let first = reported(&app, "pothole", 0.0).await;
    let second = reported(&app, "pothole", 80.0).await;
    let answered = reported(&app, "pothole", -80.0).await;
    for report in [&first, &second, &answered] {
        shows(&app, report, 5, 1).await;
        worked(&app).await;
    }
    let apart = format!(
        "/v1/alerts/{}/not-same",
        answered["alert"]["id"].as_str().expect("an id")
    );
    let done = supervisor.send(&apart, json!({"as": first["alert"]["id"]})).await;
    done.expect(200);
    assert_eq!(suggested(&supervisor).await.len(), 1);

    // Found from the other side alone: potholes may be fly-tipping, though fly-tipping is no pothole.
    for (version, compatible, pairs) in [(1, json!({"fly-tipping": 1.0}), 1), (2, json!({}), 0)] {
        let policy = admin
            .request(reqwest::Method::PUT, "/v1/categories/pothole/dedup-policy")
            .header("If-Match", &format!("\"v{version}\""));
        policy.json(&json!({"compatible": compatible})).send().await.expect(200);
        if pairs == 1 {
            corrected(&supervisor, &second, "fly-tipping").await;
        } else {
            shows(&app, &second, 5, 2).await;
        }
        worked(&app).await;
        assert_eq!(suggested(&supervisor).await.len(), pairs, "{compatible}");
    }
    let answers = "SELECT state AS value FROM alert_link WHERE kind = 'suggested'";
    let left = texts(&mut app.db.admin().await, answers).await;
    assert_eq!(left, ["dismissed"], "a person's answer stays");
}

#[tokio::test]
async fn a_residents_not_the_same_holds_against_late_facts() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let first = reported(&app, "pothole", 0.0).await;
    let body = json!({"category": "pothole", "position": app.town.point(80.0, 0.0), "accuracy_m": 5,
        "not_same": [first["alert"]["id"]]});
    let second = app.anyone().send("/v1/reports", body).await.expect(201);
    let third = reported(&app, "pothole", -80.0).await;
    for report in [&first, &second, &third] {
        shows(&app, report, 5, 1).await;
        worked(&app).await;
    }
    let pairs = suggested(&supervisor).await;
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert_eq!(
        (&pairs[0].0, &pairs[0].1),
        (&third["alert"]["id"], &first["alert"]["id"]),
        "of whom nobody has spoken"
    );
    let kept = "SELECT to_alert::text AS value FROM alert_link WHERE kind = 'suggested'";
    assert_eq!(
        texts(&mut app.db.admin().await, kept).await.len(),
        1,
        "nor is the other kept"
    );
}
