//! "Is it this one?": what anybody may know of what is around, before they report it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use geo_dedup::LonLat;
use geo_dedup::cell::cell_centre;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_fixtures::photo::{Size, jpeg_of};
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::database::{number, texts};
use vigie_tests::people::Answer;
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

use crate::operator::{logins, said, vigie};

fn around(town: &Town, east_m: f64, north_m: f64, more: &str) -> String {
    let (lon, lat) = town.lon_lat(east_m, north_m);
    format!("/v1/alerts/nearby?lat={lat}&lon={lon}{more}")
}

async fn reported(app: &TestApp, category: &str, east_m: f64, north_m: f64) -> Value {
    let body = json!({"category": category, "position": app.town.point(east_m, north_m), "accuracy_m": 5});
    app.anyone().send("/v1/reports", body).await.expect(201)
}

async fn listed(app: &TestApp, path: &str) -> Vec<Value> {
    let answer = app.anyone().get(path).send().await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.expect(200)["items"].as_array().expect("items").clone()
}

fn place(position: &Value) -> LonLat {
    let at = |n: usize| position["coordinates"][n].as_f64().expect("degrees");
    LonLat::new(at(0), at(1)).expect("a place")
}

fn faults(answer: &Answer) -> Value {
    answer.problem("invalid")["errors"][0]["field"].clone()
}

#[tokio::test]
async fn a_resident_sees_what_it_may_be_and_joins_it() {
    let app = TestApp::start().await;
    let hole = reported(&app, "pothole", 0.0, 0.0).await;
    reported(&app, "fly-tipping", 3.0, 0.0).await;
    reported(&app, "nuisance", 4.0, 0.0).await;
    reported(&app, "pothole", 400.0, 0.0).await;
    let here = around(&app.town, 10.0, 0.0, "&category=pothole");
    assert_eq!(
        listed(&app, &here).await,
        Vec::<Value>::new(),
        "nothing is public before it was projected"
    );
    app.projected().await;
    let items = listed(&app, &here).await;
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0]["alert_id"], hole["alert"]["id"]);
    assert_eq!(
        (&items[0]["status"], &items[0]["status_text"]),
        (&json!("received"), &json!("reçu"))
    );
    assert_eq!(items[0]["reported_by"], "1");
    assert!(items[0].get("photo").is_none() && items[0].get("address").is_none());
    let all = listed(&app, &around(&app.town, 10.0, 0.0, "")).await;
    let mut categories: Vec<&str> = all.iter().filter_map(|item| item["category"].as_str()).collect();
    categories.sort_unstable();
    assert_eq!(
        categories,
        ["fly-tipping", "pothole"],
        "what is sensitive is never listed"
    );
    let sensitive = around(&app.town, 4.0, 0.0, "&category=nuisance");
    assert_eq!(listed(&app, &sensitive).await, Vec::<Value>::new());
    let joins = |east_m: f64| {
        json!({"category": "pothole", "position": app.town.point(east_m, 0.0), "accuracy_m": 5,
            "description": "Le même", "joins": items[0]["alert_id"]})
    };
    let joined = app.anyone().send("/v1/reports", joins(10.0)).await.expect(201);
    assert_eq!(joined["alert"]["id"], hole["alert"]["id"]);
    let far = app.anyone().send("/v1/reports", joins(400.0)).await;
    assert_eq!(faults(&far), "joins");
    app.projected().await;
    assert_eq!(listed(&app, &here).await[0]["reported_by"], "2-5");
    let supervisor = app.staff(Role::Supervisor).await;
    let steps = format!("/v1/alerts/{}/steps", hole["alert"]["id"].as_str().expect("an id"));
    let refused = json!({"step": "reject", "reason": "A private road."});
    supervisor.send(&steps, refused).await.expect(200);
    app.projected().await;
    assert_eq!(
        listed(&app, &here).await,
        Vec::<Value>::new(),
        "what is closed takes no report"
    );
}

/// Of a category that looks back ten days.
#[tokio::test]
async fn what_was_rejected_here_lately_is_suggested_with_the_reason() {
    let app = TestApp::start().await;
    let mut admin = app.db.admin().await;
    let ten_days = "UPDATE category SET rejected_days = 10 WHERE code = 'pothole'";
    admin.batch_execute(ten_days).await.expect("a category");
    let supervisor = app.staff(Role::Supervisor).await;
    for (east_m, days_ago, reminded) in [(0.0, 9, true), (900.0, 11, false)] {
        let first = reported(&app, "pothole", east_m, 0.0).await;
        let alert = first["alert"]["id"].as_str().expect("an id");
        let refused = json!({"step": "reject", "reason": "A private road."});
        let steps = format!("/v1/alerts/{alert}/steps");
        supervisor.send(&steps, refused).await.expect(200);
        let then = format!("UPDATE alert SET closed_at = now() - interval '{days_ago} days' WHERE id = '{alert}'");
        admin.batch_execute(&then).await.expect("days");

        let report = json!({"id": Uuid::now_v7(), "category": "pothole", "position": app.town.point(east_m + 1.0, 0.0),
            "accuracy_m": 5});
        let told = app.anyone().send("/v1/reports", report.clone()).await.expect(201);
        assert_ne!(told["alert"]["id"], alert, "a person refused it: nothing joins it");
        if reminded {
            assert_eq!(told["alert"]["relation"], "suggested");
            let suggested = json!([{"id": alert, "reference": first["alert"]["reference"], "status": "refused",
                "reason": "A private road."}]);
            assert_eq!(told["suggestions"], suggested);
        } else {
            assert_eq!(
                (&told["alert"]["relation"], &told["suggestions"]),
                (&json!("opened"), &Value::Null)
            );
        }
        assert_eq!(app.anyone().send("/v1/reports", report).await.expect(201), told);
    }
}

#[tokio::test]
async fn what_comes_with_it_is_this_one_is_evidence_of_the_alert_joined() {
    let app = TestApp::start().await;
    let hole = reported(&app, "pothole", 0.0, 0.0).await;
    app.projected().await;
    let report = json!({"category": "pothole", "position": app.town.point(8.0, 0.0), "accuracy_m": 5,
        "description": "Le même, plus profond", "joins": hole["alert"]["id"]});
    let spec = PhotoSpec {
        scene: 5,
        subject: Subject::Pothole,
        viewpoint: 1,
        taken_at: DateTime::UNIX_EPOCH,
        orientation: 1,
        position: None,
    };
    let photo = jpeg_of(&spec, Size::TEST).expect("a photo");
    let form = Form::new()
        .text("report", report.to_string())
        .part("photo", Part::bytes(photo).file_name("photo.jpg"));
    let sent = app.anyone().post("/v1/reports").multipart(form).send().await;
    let joined = sent.expect(201);
    assert_eq!(joined["alert"]["id"], hole["alert"]["id"]);
    app.run_due(Utc::now() + TimeDelta::seconds(1)).await;
    let supervisor = app.staff(Role::Supervisor).await;
    let path = format!("/v1/alerts/{}", hole["alert"]["id"].as_str().expect("an id"));
    let alert = supervisor.get(&path).send().await.expect(200);
    let said: Vec<(&Value, &Value)> = alert["reports"]
        .as_array()
        .expect("reports")
        .iter()
        .map(|report| (&report["id"], &report["description"]))
        .collect();
    assert_eq!(
        said,
        [
            (&hole["id"], &Value::Null),
            (&joined["id"], &json!("Le même, plus profond"))
        ]
    );
    let photos = alert["photos"].as_array().expect("photos");
    assert_eq!(photos.len(), 1, "{alert}");
    assert_eq!(
        (&photos[0]["report_id"], &photos[0]["state"]),
        (&joined["id"], &json!("ready"))
    );
}

/// Takes in two rows of an older system: a pothole, and what is sensitive beside it.
fn history(app: &TestApp) {
    let seen = (Utc::now() - TimeDelta::days(1)).to_rfc3339();
    let rows = [("old-1", "pothole", 200.0), ("old-2", "nuisance", 203.0)].map(|(id, category, east_m)| {
        let (lon, lat) = app.town.lon_lat(east_m, 0.0);
        format!("{id},{lat},{lon},{category},{seen}\n")
    });
    let data = &app.app.config.data_dir;
    let file = data.join("history.csv");
    std::fs::write(&file, format!("id,lat,lon,category,observed_at\n{}", rows.concat())).expect("a file");
    let path = file.to_str().expect("a path");
    let import = ["import", "reports", path, "--town", "large-0"];
    let took = said(vigie(data, &logins(&app.db), &import));
    assert!(took.starts_with("2 rows: 2 taken in, 0 refused"), "{took}");
}

/// Nobody was told of them, and everybody may find them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_from_an_older_system_is_found_and_joined_like_any_other() {
    let app = TestApp::start().await;
    history(&app);
    app.projected().await;
    let alert = "SELECT alert_id::text AS value FROM report WHERE source_ref = 'old-1'";
    let alert = texts(&mut app.db.admin().await, alert).await.remove(0);
    let here = around(&app.town, 200.0, 0.0, "");
    let items = listed(&app, &here).await;
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(
        (&items[0]["alert_id"], &items[0]["category"]),
        (&json!(alert), &json!("pothole"))
    );
    let joins = json!({"category": "pothole", "position": app.town.point(200.0, 0.0), "joins": alert});
    let joined = app.anyone().send("/v1/reports", joins).await.expect(201);
    assert_eq!(joined["alert"]["id"], alert.as_str());
    app.projected().await;
    assert_eq!(listed(&app, &here).await[0]["reported_by"], "2-5");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let app = TestApp::start().await;
    for (path, field) in [
        ("/v1/alerts/nearby?lat=91&lon=0".to_owned(), "lat"),
        ("/v1/alerts/nearby?lat=-40&lon=-140".to_owned(), "lat"),
        (around(&app.town, 0.0, 0.0, "&category=volcano"), "category"),
    ] {
        assert_eq!(faults(&app.anyone().get(&path).send().await), field, "{path}");
    }
    app.anyone()
        .get("/v1/alerts/nearby?lat=here&lon=0")
        .send()
        .await
        .problem("malformed_request");
}

#[tokio::test]
async fn photos_are_shown_once_released_and_no_longer_when_taken_back() {
    let app = TestApp::start().await;
    let hole = reported(&app, "pothole", 0.0, 0.0).await;
    let spec = PhotoSpec {
        scene: 3,
        subject: Subject::Pothole,
        viewpoint: 1,
        taken_at: chrono::DateTime::UNIX_EPOCH,
        orientation: 1,
        position: None,
    };
    let photo = jpeg_of(&spec, Size::TEST).expect("a photo");
    let photo = app.anyone().adds_photo(&hole, photo).await.expect(201);
    app.projected().await;
    let here = around(&app.town, 0.0, 0.0, "&category=pothole");
    assert!(
        listed(&app, &here).await[0].get("photo").is_none(),
        "nobody has released it"
    );
    let moderator = app.staff(Role::Supervisor).await;
    let release = format!("/v1/photos/{}/release", photo["id"].as_str().expect("an id"));
    moderator.post(&release).send().await.expect(200);
    app.projected().await;
    let shown = listed(&app, &here).await[0]["photo"]["small"]
        .as_str()
        .expect("a link")
        .to_owned();
    let thumb = app.anyone().get(app.path_of(&shown)).send().await;
    assert_eq!((thumb.status, thumb.media_type()), (200, Some("image/jpeg")));
    moderator
        .post(&release.replace("/release", "/unrelease"))
        .send()
        .await
        .expect(200);
    app.projected().await;
    assert!(listed(&app, &here).await[0].get("photo").is_none());
}

/// Whoever asks from sixty places learns the public place and nothing nearer to the exact one.
#[tokio::test]
async fn no_number_of_questions_finds_the_exact_place() {
    let app = TestApp::start().await;
    let hole = reported(&app, "pothole", 3.3, -2.7).await;
    app.projected().await;
    let (lon, lat) = app.town.lon_lat(3.3, -2.7);
    let exact = LonLat::new(lon, lat).expect("a place");
    let public = cell_centre(&exact, 12).expect("a cell");
    let mut heard = 0;
    for step in 0..60 {
        let (turn, reach) = (f64::from(step) * 2.4, f64::from(step % 12) * 4.0);
        let (east, north) = (3.3 + reach * turn.cos(), -2.7 + reach * turn.sin());
        let items = listed(&app, &around(&app.town, east, north, "&category=pothole")).await;
        let Some(item) = items.first() else { continue };
        heard += 1;
        assert_eq!(item["alert_id"], hole["alert"]["id"]);
        let shown = place(&item["position"]);
        assert!(
            shown.distance(&public).get() < 0.2,
            "another place than the cell's middle"
        );
        let (lon, lat) = app.town.lon_lat(east, north);
        let metres = LonLat::new(lon, lat).expect("a place").distance(&public).get();
        let expected = (metres / 10.0).round() * 10.0;
        assert_eq!(item["distance_m"].as_f64(), Some(expected), "{metres} m away");
    }
    assert!(heard > 40, "{heard} answers");
    assert!(
        exact.distance(&public).get() > 1.0,
        "a place that is its cell's middle proves nothing"
    );
}

/// The public's role reads the projection and is refused everything else, in its own town too.
#[tokio::test]
async fn the_public_s_role_reads_the_projection_only() {
    let app = TestApp::start().await;
    reported(&app, "pothole", 0.0, 0.0).await;
    app.projected().await;
    let mut db = app.db.admin().await;
    let tables = texts(
        &mut db,
        "SELECT c.relname::text AS value FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname IN ('public', 'vault') AND c.relkind IN ('r', 'v', 'm') AND c.relname NOT LIKE 'spatial%' \
         AND c.relname NOT LIKE 'geo%_columns' AND has_table_privilege('vigie_public', c.oid, 'SELECT') ORDER BY 1",
    )
    .await;
    assert_eq!(tables, ["base_tile", "projection_state", "public_alert"]);
    let mut tx = app.app.db.begin_public(app.town.id).await.expect("a transaction");
    assert_eq!(number(&mut tx, "SELECT count(*) AS value FROM public_alert").await, 1);
    let refused = tx.batch_execute("SELECT 1 FROM report").await.expect_err("refused");
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

/// A transaction that began earlier and ends later is waited for: its changes would otherwise never be read.
#[tokio::test]
async fn changes_that_commit_late_are_not_skipped() {
    let app = TestApp::start().await;
    let early = reported(&app, "pothole", 0.0, 0.0).await;
    app.projected().await;
    let id = early["alert"]["id"].as_str().expect("an id");
    let mut slow = app.db.admin().await;
    let note = format!(
        "BEGIN; SELECT set_config('vigie.jurisdiction', '{0}', true); \
         UPDATE alert SET report_count = 7 WHERE id = '{id}'; \
         INSERT INTO change (jurisdiction_id, entity, entity_id) VALUES ({0}, 'alert', '{id}')",
        app.town.id.0
    );
    slow.batch_execute(&note).await.expect("a change");
    reported(&app, "pothole", 900.0, 0.0).await;
    app.run_due(Utc::now()).await;
    let there = around(&app.town, 900.0, 0.0, "");
    assert_eq!(listed(&app, &there).await.len(), 0, "read past an open transaction");
    slow.batch_execute("COMMIT").await.expect("the end");
    app.projected().await;
    assert_eq!(listed(&app, &there).await.len(), 1);
    let here = around(&app.town, 0.0, 0.0, "");
    assert_eq!(listed(&app, &here).await[0]["reported_by"], "6+");
}
