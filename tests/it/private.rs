//! What stays between a resident and the town, whatever the town does with the report afterwards.

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use geo_dedup::cell::cell_centre;
use geo_dedup::{LonLat, MAX_RADIUS};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::{number, texts};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::Relay;
use vigie_tests::town::Role;

async fn reported(app: &TestApp, category: &str) -> Value {
    let body = json!({"category": category, "position": app.town.point(0.0, 0.0), "accuracy_m": 5, "locale": "en",
        "contact": {"email": "camille@example.test"}});
    app.anyone().send("/v1/reports", body).await.expect(201)
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
    assert_eq!(app.followed(&report).await.expect(200)["alert"]["id"], alert.as_str());
    requalify(&supervisor, &alert, "nuisance").await;
    let step = json!({"step": "hold", "hold_reason": "material", "review_date": "2099-01-01",
        "public_note": "We wait for the owner."});
    supervisor
        .send(&format!("/v1/alerts/{alert}/steps"), step)
        .await
        .expect(200);
    let page = app.followed(&report).await.expect(200);
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

/// Says that it is still there, as the author.
async fn still_there(app: &TestApp, report: &Value) -> Answer {
    let path = format!("/v1/reports/{}/still-there", report["id"].as_str().expect("an id"));
    let secret = report["follow"]["secret"].as_str().expect("a secret");
    app.anyone().post(&path).header("X-Follow-Secret", secret).send().await
}

/// A refusal that a resident reads: why, and nothing of the town's own steps.
fn refused(answer: &Answer) -> String {
    let problem = answer.problem("conflict");
    for inner in ["from", "allowed", "merged_into"] {
        assert_eq!(problem[inner], Value::Null, "{problem}");
    }
    problem["reason"].as_str().expect("a reason").to_owned()
}

/// Repairs everything behind the scenes: what counts here is what comes afterwards.
async fn repaired(app: &TestApp, days_ago: i32) {
    let closed = format!(
        "UPDATE alert SET status = 'resolved', open = false, status_at = now(), closed_at = now() - interval '{days_ago} days'"
    );
    app.db.admin().await.batch_execute(&closed).await.expect("a repair");
}

#[tokio::test]
async fn still_there_undoes_a_repair_and_nothing_else() {
    let app = TestApp::start().await;
    let (report, other) = (reported(&app, "pothole").await, reported(&app, "pothole").await);
    let alert = report["alert"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(other["alert"]["id"], alert.as_str());
    assert_eq!(refused(&still_there(&app, &report).await), "not_repaired");
    let supervisor = app.staff(Role::Supervisor).await;
    let private = json!({"step": "reject", "reason": "A private road."});
    supervisor
        .send(&format!("/v1/alerts/{alert}/steps"), private)
        .await
        .expect(200);
    assert_eq!(refused(&still_there(&app, &report).await), "not_repaired");
    repaired(&app, 61).await;
    assert_eq!(refused(&still_there(&app, &report).await), "too_late");
    for _ in 0..3 {
        repaired(&app, 59).await;
        let reopened = still_there(&app, &report).await.expect(200);
        assert_eq!(
            (&reopened["alert_id"], &reopened["status"]),
            (&json!(alert), &json!("received"))
        );
    }
    repaired(&app, 0).await;
    assert_eq!(refused(&still_there(&app, &report).await), "too_often");
    // Who reported it too is not silenced by that.
    still_there(&app, &other).await.expect(200);
}

#[tokio::test]
async fn still_there_says_nothing_of_a_sensitive_alert() {
    let app = TestApp::start().await;
    let report = reported(&app, "nuisance").await;
    repaired(&app, 1).await;
    assert_eq!(
        still_there(&app, &report).await.expect(200),
        json!({"status": "received"})
    );
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
    assert_eq!(app.followed(&report).await.expect(200)["alert"], Value::Null);
}

const PLATE: &str = "AB-123-CD";

/// A pothole category that asks for a number plate, which is personal, and a size, which is not.
async fn asks_for_a_plate(app: &TestApp) {
    let questions = json!({"type": "object", "required": ["plate"], "additionalProperties": false, "properties": {
        "plate": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}-[A-Z]{2}$", "x-personal": true},
        "size": {"type": "string", "enum": ["car", "van"]},
    }});
    let change = format!("UPDATE category SET questions = '{questions}' WHERE code = 'pothole'");
    app.db.admin().await.batch_execute(&change).await.expect("questions");
}

#[tokio::test]
async fn a_personal_answer_is_in_the_vault_and_nowhere_else() {
    let app = TestApp::start().await;
    asks_for_a_plate(&app).await;
    let report =
        |answers: Value| json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "answers": answers});
    for wrong in [json!({"size": "van"}), json!({"size": "van", "plate": "mine"})] {
        app.anyone().send("/v1/reports", report(wrong)).await.problem("invalid");
    }
    let answers = json!({"size": "van", "plate": PLATE});
    let told = app.anyone().send("/v1/reports", report(answers)).await.expect(201);
    let (id, alert) = (
        told["id"].as_str().expect("an id"),
        told["alert"]["id"].as_str().expect("an id"),
    );
    let supervisor = app.staff(Role::Supervisor).await;
    let path = format!("/v1/alerts/{alert}");
    supervisor
        .send(&format!("{path}/steps"), json!({"step": "qualify"}))
        .await
        .expect(200);
    let order = json!({"crew_id": app.town.crews["roads-1"]});
    supervisor.send(&format!("{path}/dispatch"), order).await.expect(201);
    let crew = app.staff(Role::Crew).await.get("/v1/sync").send().await.expect(200);
    let detail = supervisor.get(&path).send().await.expect(200);
    let mut db = app.db.admin().await;
    let rows = "SELECT to_jsonb(r)::text AS value FROM report r UNION ALL SELECT detail::text FROM audit_event \
        UNION ALL SELECT payload::text FROM job";
    let rows = texts(&mut db, rows).await.concat();
    for read in [crew.to_string(), detail.to_string(), rows] {
        assert!(read.contains("van") && !read.contains(PLATE), "{read}");
    }
    let reveal = format!("/v1/reports/{id}/contact");
    let purpose = json!({"purpose": "handle"});
    supervisor.send(&reveal, purpose.clone()).await.problem("forbidden");
    let revealed = app
        .staff(Role::FrontDesk)
        .await
        .send(&reveal, purpose)
        .await
        .expect(200);
    assert_eq!(
        (&revealed["answers"], &revealed["email"]),
        (&json!({"plate": PLATE}), &Value::Null)
    );
    let trail = "SELECT purpose AS value FROM vault.access_event WHERE 'answers' = ANY (fields)";
    assert_eq!(texts(&mut db, trail).await, ["handle"]);
    let noted = "SELECT action AS value FROM audit_event WHERE action = 'reveal_contact'";
    assert_eq!(texts(&mut db, noted).await, ["reveal_contact"]);
}

/// How many rows of each kind still tell who sent or who is told: devices, recipients, keys.
async fn remembered(app: &TestApp) -> [i64; 3] {
    let mut db = app.db.admin().await;
    let count = |from: &str| format!("SELECT count(*) AS value FROM {from}");
    [
        number(&mut db, &count("report WHERE sender_tag IS NOT NULL")).await,
        number(&mut db, &count("follower WHERE contact_mark IS NOT NULL")).await,
        number(&mut db, &count("idempotency")).await,
    ]
}

#[tokio::test]
async fn who_sent_is_forgotten_within_a_day_and_keys_after_thirty() {
    let app = TestApp::start().await;
    let body = json!({"category": "pothole", "position": app.town.point(0.0, 0.0),
        "contact": {"email": "camille@example.test"}});
    let send = || {
        let request = app.anyone().post("/v1/reports").json(&body);
        request
            .header("X-Device-Id", "a-telephone")
            .header("Idempotency-Key", "once")
            .send()
    };
    let first = send().await.expect(201);
    let now = Utc::now();
    vigie::work::ensure_recurring(&app.app, now)
        .await
        .expect("the returning jobs");
    app.run_due(now + TimeDelta::hours(22)).await;
    assert_eq!(remembered(&app).await, [1, 1, 1]);
    app.run_due(now + TimeDelta::hours(24)).await;
    assert_eq!(remembered(&app).await, [0, 0, 1]);
    assert_eq!(send().await.expect(201)["id"], first["id"], "the key is known");
    app.run_due(now + TimeDelta::days(31)).await;
    assert_eq!(remembered(&app).await, [0, 0, 0]);
}

/// Longitude and latitude on the line from a place through another: 1 is the other.
fn along(from: &LonLat, to: &LonLat, share: f64) -> (f64, f64) {
    let at = |from: f64, to: f64| from + (to - from) * share;
    (at(from.lon(), to.lon()), at(from.lat(), to.lat()))
}

/// A place that lies well away from the middle of its public cell, that middle, and the metres between them.
fn off_centre(app: &TestApp) -> (LonLat, LonLat, f64) {
    let places = (0..12).map(|east| {
        let (lon, lat) = app.town.lon_lat(f64::from(east), 0.0);
        let place = LonLat::new(lon, lat).expect("a place");
        let centre = cell_centre(&place, 12).expect("a cell");
        (place, centre, place.distance(&centre).get())
    });
    let found = places.max_by(|one, other| one.2.total_cmp(&other.2)).expect("places");
    assert!(found.2 > 3.0, "{}", found.2);
    found
}

#[tokio::test]
async fn who_joins_is_measured_from_the_public_place() {
    let app = TestApp::start().await;
    let (place, centre, off) = off_centre(&app);
    let report = |(lon, lat): (f64, f64), more: Value| {
        let mut body = json!({"category": "pothole", "position": {"type": "Point", "coordinates": [lon, lat]}});
        for (name, value) in more.as_object().expect("members") {
            body[name] = value.clone();
        }
        body
    };
    let opened = report((place.lon(), place.lat()), json!({}));
    let opened = app.anyone().send("/v1/reports", opened).await.expect(201);
    app.projected().await;
    let joins = json!({"joins": opened["alert"]["id"]});
    let limit = MAX_RADIUS.get();
    // Nearer to the exact place than the limit, and farther from the public one.
    let beyond = along(&centre, &place, (limit + off / 2.0) / off);
    let refused = app
        .anyone()
        .send("/v1/reports", report(beyond, joins.clone()))
        .await
        .problem("invalid");
    assert_eq!(refused["errors"][0]["code"], "too_far_to_join", "{refused}");
    // The other way round.
    let within = along(&centre, &place, (off / 2.0 - limit) / off);
    let joined = app
        .anyone()
        .send("/v1/reports", report(within, joins.clone()))
        .await
        .expect(201);
    assert_eq!(joined["alert"]["id"], opened["alert"]["id"]);
    // The desk, which sees the exact place on its map, is measured from there.
    let mut entered = joins;
    entered["channel"] = json!("phone");
    let desk = app.staff(Role::FrontDesk).await;
    let joined = desk.send("/v1/reports", report(beyond, entered)).await.expect(201);
    assert_eq!(joined["alert"]["id"], opened["alert"]["id"]);
}

#[tokio::test]
async fn what_is_sensitive_cannot_be_named() {
    let app = TestApp::start().await;
    reported(&app, "nuisance").await;
    let alerts = "SELECT id::text AS value FROM alert";
    let alert = texts(&mut app.db.admin().await, alerts).await.remove(0);
    app.projected().await;
    let body = json!({"category": "nuisance", "position": app.town.point(0.0, 0.0), "joins": alert});
    let unknown = app.anyone().send("/v1/reports", body.clone()).await.problem("invalid");
    let mut invented = body;
    invented["joins"] = json!(Uuid::now_v7());
    let never_was = app.anyone().send("/v1/reports", invented).await.problem("invalid");
    assert_eq!(unknown["errors"], never_was["errors"]);
}
