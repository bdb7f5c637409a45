//! Facts that come late: a photo that shows the same thing, a category that was corrected. A person is asked, nothing moves
//! by itself, and what people answer can be learned from.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vigie::catalog::cache::CatalogueCache;
use vigie::flow::alert::verdicts::export;
use vigie_fixtures::photo::{Size, jpeg_of};
use vigie_fixtures::{PhotoSpec, Subject};
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
    let path = format!("/v1/alerts/{}", mistaken["alert"]["id"].as_str().expect("an id"));
    let seen = supervisor.get(&path).send().await;
    let tag = seen.header("etag").expect("a version").to_owned();
    let corrected = supervisor
        .request(reqwest::Method::PATCH, &path)
        .header("If-Match", &tag);
    corrected.json(&json!({"category": "pothole"})).send().await.expect(200);
    worked(&app).await;
    let pairs = suggested(&supervisor).await;
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert_eq!(
        (&pairs[0].0, &pairs[0].1),
        (&mistaken["alert"]["id"], &hole["alert"]["id"])
    );
}

#[tokio::test]
async fn what_people_said_is_training_data_without_people() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let first = reported(&app, "pothole", 0.0).await;
    let second = reported(&app, "pothole", 60.0).await;
    let of = |report: &Value| report["alert"]["id"].as_str().expect("an id").to_owned();
    app.projected().await;
    let body = json!({"category": "pothole", "position": app.town.point(2.0, 0.0), "accuracy_m": 5,
        "description": "Devant la boulangerie de Camille", "joins": of(&first)});
    app.anyone().send("/v1/reports", body).await.expect(201);
    let apart = format!("/v1/alerts/{}/not-same", of(&second));
    supervisor.send(&apart, json!({"as": of(&first)})).await.expect(200);
    let catalogue = CatalogueCache::default()
        .fresh(&app.app.db)
        .await
        .expect("the catalogue");
    let town = catalogue.town(app.town.id).expect("the town");
    let mut tx = app.app.db.begin(app.town.id).await.expect("a transaction");
    let judged = export(&mut tx, town, Utc::now()).await.expect("words");
    let said: Vec<(bool, &str)> = judged.iter().map(|one| (one.same, one.by)).collect();
    assert!(
        said.contains(&(true, "resident")) && said.contains(&(false, "staff")),
        "{said:?}"
    );
    let near = judged.iter().find(|one| one.same).expect("the one that joined");
    assert!((near.features["distance"] - 2.0).abs() < 0.5, "{near:?}");
    let text = serde_json::to_string(&judged).expect("JSON");
    for private in ["Camille", "boulangerie", "2026", "R-", "A-", &of(&first), &of(&second)] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}
