//! A person says "here, this": what is taken in, what is refused, and that a retry does no harm.

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::number;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

/// A pothole so many metres east and north of the middle.
fn pothole(app: &TestApp, east_m: f64, north_m: f64) -> Value {
    json!({"category": "pothole", "position": app.town.point(east_m, north_m), "accuracy_m": 6, "position_source": "gps"})
}

fn with(mut report: Value, members: &Value) -> Value {
    let (Some(report_members), Some(members)) = (report.as_object_mut(), members.as_object()) else {
        panic!("both are objects");
    };
    report_members.extend(members.clone());
    report
}

fn faults(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().expect("errors are named");
    let mut names: Vec<String> = errors
        .iter()
        .map(|e| format!("{}:{}", e["field"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_acknowledgement_says_what_the_law_asks() {
    let app = TestApp::start().await;
    let answer = app
        .anyone()
        .send("/v1/reports", pothole(&app, 0.0, 0.0))
        .await
        .expect(201);
    assert!(answer["reference"].as_str().unwrap().starts_with("R-"));
    assert!(answer["service"]["postal_address"].is_string() && answer["service"]["phone"].is_string());
    assert_eq!(answer["alert"]["relation"], "opened");
    assert_eq!(answer["alert"]["reported_by"], "1");
    assert_eq!(answer["alert"]["status"], "received");
    assert_eq!(
        answer["expected_by"],
        Value::Null,
        "nothing was ever closed here, so nothing is promised"
    );
    assert!(answer["not_watched"].is_string() && answer["emergency_numbers"].is_array());
}

#[tokio::test]
async fn ten_people_at_one_spot_make_one_alert() {
    let app = TestApp::start().await;
    let mut alerts = std::collections::BTreeSet::new();
    let mut last = Value::Null;
    for person in 0..10 {
        let report = pothole(&app, f64::from(person % 4) * 2.0, f64::from(person / 4) * 2.0);
        last = app.anyone().send("/v1/reports", report).await.expect(201);
        alerts.insert(last["alert"]["id"].to_string());
    }
    assert_eq!(alerts.len(), 1);
    assert_eq!(last["alert"]["relation"], "joined");
    assert_eq!(last["alert"]["reported_by"], "6+");
    let elsewhere = app
        .anyone()
        .send("/v1/reports", pothole(&app, 400.0, 0.0))
        .await
        .expect(201);
    assert!(!alerts.contains(&elsewhere["alert"]["id"].to_string()));
}

#[tokio::test]
async fn a_retry_gets_the_same_answer_and_another_body_is_refused() {
    let app = TestApp::start().await;
    let report = with(pothole(&app, 0.0, 0.0), &json!({"id": Uuid::now_v7()}));
    let first = app.anyone().send("/v1/reports", report.clone()).await.expect(201);
    app.anyone()
        .send("/v1/reports", pothole(&app, 1.0, 0.0))
        .await
        .expect(201);
    let again = app.anyone().send("/v1/reports", report.clone()).await.expect(201);
    assert_eq!(first, again, "counts and dates are those of the first time");
    let other = with(report.clone(), &json!({"description": "other words"}));
    app.anyone().send("/v1/reports", other).await.problem("id_taken");
    let secret = with(report, &json!({"follow_secret": "0123456789abcdefghijkl"}));
    app.anyone().send("/v1/reports", secret).await.problem("id_taken");
}

/// An answer can be lost for a day: what was shut or retired meanwhile does not refuse what was taken in.
#[tokio::test]
async fn a_retry_gets_its_answer_though_the_category_is_gone() {
    let app = TestApp::start().await;
    let (person, by_id) = (
        app.anyone(),
        with(pothole(&app, 0.0, 0.0), &json!({"id": Uuid::now_v7()})),
    );
    let keyed = |body: Value| {
        let request = person.post("/v1/reports").header("X-Device-Id", "phone-1");
        request.header("Idempotency-Key", "one").json(&body).send()
    };
    let first = person.send("/v1/reports", by_id.clone()).await.expect(201);
    let second = keyed(pothole(&app, 900.0, 0.0)).await.expect(201);
    let change = "UPDATE category SET active = false WHERE code = 'pothole'";
    app.db.admin().await.batch_execute(change).await.expect("a change");
    assert_eq!(first, person.send("/v1/reports", by_id.clone()).await.expect(201));
    assert_eq!(second, keyed(pothole(&app, 900.0, 0.0)).await.expect(201));
    for unknown in [
        pothole(&app, 0.0, 0.0),
        with(by_id, &json!({"description": "other words"})),
    ] {
        let refused = person.send("/v1/reports", unknown).await.problem("invalid");
        assert_eq!(faults(&refused), ["category:unknown_category"]);
    }
}

#[tokio::test]
async fn an_idempotency_key_makes_a_report_without_id_repeatable() {
    let app = TestApp::start().await;
    let (person, report) = (app.anyone(), pothole(&app, 0.0, 0.0));
    let send = |body: Value, key: &str| {
        person
            .post("/v1/reports")
            .header("X-Device-Id", "phone-1")
            .header("Idempotency-Key", key)
            .json(&body)
            .send()
    };
    let first = send(report.clone(), "one").await.expect(201);
    assert_eq!(first, send(report.clone(), "one").await.expect(201));
    send(with(report.clone(), &json!({"description": "x"})), "one")
        .await
        .problem("key_reused");
    let second = send(report.clone(), "two").await.expect(201);
    assert_ne!(first["id"], second["id"]);
    let long = "k".repeat(256);
    send(report, &long).await.problem("malformed_request");
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let app = TestApp::start().await;
    let (lon, lat) = app.town.lon_lat(0.0, 0.0);
    let refused = |body: Value| async { app.anyone().send("/v1/reports", body).await.problem("invalid") };
    let wrong = json!({"category": "pothole", "position": {"type": "Point", "coordinates": [0, 91]}, "accuracy_m": -3,
        "contact": {"preferred": "sms"}, "id": "x"});
    assert_eq!(
        faults(&refused(wrong).await),
        [
            "accuracy_m:out_of_range",
            "contact.phone:needed_for_way",
            "id:not_a_uuid",
            "position:not_on_earth"
        ]
    );
    let swapped = json!({"category": "pothole", "position": {"type": "Point", "coordinates": [lat, lon]}});
    assert_eq!(faults(&refused(swapped).await), ["position:swapped"]);
    let far = json!({"category": "pothole", "position": {"type": "Point", "coordinates": [10.0, 10.0]}});
    assert_eq!(faults(&refused(far).await), ["position:outside_territory"]);
    let unknown = json!({"category": "dragons", "position": app.town.point(0.0, 0.0)});
    assert_eq!(faults(&refused(unknown).await), ["category:unknown_category"]);
    let future = with(
        pothole(&app, 0.0, 0.0),
        &json!({"observed_at": Utc::now() + TimeDelta::hours(1)}),
    );
    assert_eq!(faults(&refused(future.clone()).await), ["observed_at:in_future"]);
    let both = with(future, &json!({"category": "dragons"}));
    assert_eq!(
        faults(&refused(both).await),
        ["category:unknown_category", "observed_at:in_future"]
    );
}

#[tokio::test]
async fn where_no_text_messages_are_sent_nobody_is_promised_one() {
    let app = TestApp::setup().sends_only().start().await;
    let ways = app
        .anyone()
        .get("/v1/catalogue?jurisdiction=large-0")
        .send()
        .await
        .expect(200);
    assert_eq!(ways["contact_ways"], json!(["app", "email", "call", "letter", "none"]));
    let told_by = |contact: Value| {
        let report = with(pothole(&app, 0.0, 0.0), &json!({"contact": contact}));
        async { app.anyone().send("/v1/reports", report).await }
    };
    let refused = told_by(json!({"phone": "+33 6 39 98 00 01"})).await.problem("invalid");
    assert_eq!(faults(&refused), ["contact.preferred:no_sms"]);
    told_by(json!({"phone": "+33 6 39 98 00 01", "email": "p@example.test", "preferred": "sms"}))
        .await
        .expect(201);
    let by_mail = "SELECT count(*) AS value FROM follower WHERE channel = 'email'";
    assert_eq!(number(&mut app.db.admin().await, by_mail).await, 1);
}

#[tokio::test]
async fn just_outside_the_territory_is_accepted_and_flagged() {
    let app = TestApp::start().await;
    let edge = 0.0326_f64.to_radians() * 6_371_008.8 * 46.5_f64.to_radians().cos();
    let near = app
        .anyone()
        .send("/v1/reports", pothole(&app, edge + 60.0, 0.0))
        .await
        .expect(201);
    assert_eq!(near["flags"], json!(["near_boundary"]));
    app.anyone()
        .send("/v1/reports", pothole(&app, edge + 300.0, 0.0))
        .await
        .problem("invalid");
}

/// A smell of gas: the form says to call, and what arrives nevertheless is no less true.
#[tokio::test]
async fn a_category_that_says_whom_to_call_is_taken_in_as_a_danger() {
    let app = TestApp::start().await;
    let mut admin = app.db.admin().await;
    let gas = "UPDATE category SET call_number = '0199001717', redirect_message = '{\"fr\": \"Éloignez-vous.\", \
        \"en\": \"Move away.\"}', redirect_body_id = (SELECT id FROM body LIMIT 1) WHERE code = 'pothole'";
    admin.batch_execute(gas).await.expect("a smell of gas");
    let report = with(pothole(&app, 0.0, 0.0), &json!({"id": Uuid::now_v7(), "locale": "en"}));
    let answer = app.anyone().send("/v1/reports", report.clone()).await.expect(201);
    assert_eq!(
        answer["call_now"],
        json!([{"number": "0199001717", "message": "Move away."}])
    );
    assert_eq!(answer, app.anyone().send("/v1/reports", report).await.expect(201));
    let danger = "SELECT count(*) AS value FROM alert WHERE severity = 2 AND priority = 4";
    assert_eq!(number(&mut admin, danger).await, 1);
    let catalogue = app.anyone().get("/v1/catalogue?jurisdiction=large-0").send().await;
    let catalogue = catalogue.expect(200);
    let mut categories = catalogue["categories"].as_array().unwrap().iter();
    let category = categories
        .find(|category| category["code"] == "pothole")
        .expect("there");
    assert_eq!(
        (&category["call"], &category["open"]),
        (&json!("0199001717"), &json!(true))
    );

    // Without a danger the same category is refused: another body is competent.
    let no_danger = "UPDATE category SET call_number = NULL WHERE code = 'pothole'";
    admin.batch_execute(no_danger).await.expect("no danger");
    let refused = app.anyone().send("/v1/reports", pothole(&app, 0.0, 0.0)).await;
    assert_eq!(faults(&refused.problem("invalid")), ["category:category_not_ours"]);
}

#[tokio::test]
async fn a_sensitive_category_says_only_received() {
    let app = TestApp::start().await;
    let report = json!({"category": "nuisance", "position": app.town.point(0.0, 0.0)});
    let answer = app.anyone().send("/v1/reports", report).await.expect(201);
    assert_eq!(answer["alert"], Value::Null);
    let followed = app.followed(&answer).await.expect(200);
    assert_eq!(followed["status"], "received");
    assert!(followed["alert"].is_null() && followed["history"] == json!([]));
}

#[tokio::test]
async fn a_report_is_followed_with_its_secret_only() {
    let app = TestApp::start().await;
    let answer = app
        .anyone()
        .send("/v1/reports", pothole(&app, 0.0, 0.0))
        .await
        .expect(201);
    let followed = app.followed(&answer).await.expect(200);
    assert_eq!(followed["reference"], answer["reference"]);
    assert_eq!(followed["history"][0]["status"], "received");
    let path = app.path_of(answer["follow"]["url"].as_str().unwrap()).to_owned();
    app.anyone().get(&path).send().await.problem("not_found");
    app.anyone()
        .get(&path)
        .header("X-Follow-Secret", "0123456789abcdefghijkl")
        .send()
        .await
        .problem("not_found");
    let own = "my-own-secret-of-22-chars";
    let report = with(pothole(&app, 900.0, 0.0), &json!({"follow_secret": own}));
    let answer = app.anyone().send("/v1/reports", report).await.expect(201);
    assert!(
        answer["follow"]["secret"].is_null(),
        "who brought a secret is not told it"
    );
    let path = app.path_of(answer["follow"]["url"].as_str().unwrap()).to_owned();
    app.anyone()
        .get(&path)
        .header("X-Follow-Secret", own)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn the_telephone_is_told_the_status_only() {
    let app = TestApp::start().await;
    let answer = app
        .anyone()
        .send("/v1/reports", pothole(&app, 0.0, 0.0))
        .await
        .expect(201);
    let spoken = answer["reference"].as_str().unwrap().to_lowercase().replace('-', " ");
    let slug = &answer["jurisdiction"]["slug"];
    let lookup = json!({"jurisdiction": slug, "reference": spoken, "code": answer["follow"]["phone_code"]});
    let found = app
        .anyone()
        .send("/v1/reports/lookup", lookup.clone())
        .await
        .expect(200);
    assert_eq!(found["status"], "received");
    assert!(found.get("description").is_none() && found.get("alert").is_none());
    let wrong = with(lookup.clone(), &json!({"code": "0000-0000"}));
    app.anyone()
        .send("/v1/reports/lookup", wrong)
        .await
        .problem("not_found");
    let mistyped = with(lookup, &json!({"reference": "R-0000-0000-1"}));
    assert_eq!(
        faults(
            &app.anyone()
                .send("/v1/reports/lookup", mistyped)
                .await
                .problem("invalid")
        ),
        ["reference:mistyped_reference"]
    );
}

/// Whoever heard a reference can guess at its code, and keeps nobody from asking with the right one.
#[tokio::test]
async fn who_guesses_at_a_reference_keeps_nobody_from_it() {
    let setup = TestApp::setup().setting("VIGIE_TRUSTED_PROXIES", "127.0.0.1");
    let app = setup.setting("VIGIE_GUESSES_PER_HOUR", "8").start().await;
    let answer = app.anyone().send("/v1/reports", pothole(&app, 0.0, 0.0)).await;
    let answer = answer.expect(201);
    let (slug, reference) = (&answer["jurisdiction"]["slug"], &answer["reference"]);
    let ask = |last: u8, code: &Value| {
        let body = json!({"jurisdiction": slug, "reference": reference, "code": code});
        let post = app.anyone().post("/v1/reports/lookup");
        post.header("X-Forwarded-For", &format!("192.0.2.{last}"))
            .json(&body)
            .send()
    };
    for last in 1..=6 {
        for _ in 0..2 {
            ask(last, &json!("0000-0000")).await.problem("not_found");
        }
    }
    ask(100, &answer["follow"]["phone_code"]).await.expect(200);
}

#[tokio::test]
async fn it_is_this_one_and_it_is_none_of_these_are_kept() {
    let app = TestApp::start().await;
    let first = app
        .anyone()
        .send("/v1/reports", pothole(&app, 0.0, 0.0))
        .await
        .expect(201);
    let alert = first["alert"]["id"].clone();
    let another = with(pothole(&app, 1.0, 0.0), &json!({"not_same": [alert]}));
    let second = app.anyone().send("/v1/reports", another).await.expect(201);
    assert_ne!(second["alert"]["id"], alert);
    let this_one = with(pothole(&app, 80.0, 0.0), &json!({"joins": alert}));
    let unseen = app.anyone().send("/v1/reports", this_one.clone()).await;
    assert_eq!(
        faults(&unseen.problem("invalid")),
        ["joins:unknown_alert"],
        "what the public does not see yet cannot be named"
    );
    app.projected().await;
    let third = app.anyone().send("/v1/reports", this_one).await.expect(201);
    assert_eq!(third["alert"]["id"], alert);
    let nowhere = with(pothole(&app, 0.0, 0.0), &json!({"joins": Uuid::now_v7()}));
    assert_eq!(
        faults(&app.anyone().send("/v1/reports", nowhere).await.problem("invalid")),
        ["joins:unknown_alert"]
    );
}

#[tokio::test]
async fn the_catalogue_of_a_place_can_be_kept() {
    let app = TestApp::start().await;
    let (lon, lat) = app.town.lon_lat(0.0, 0.0);
    let path = format!("/v1/catalogue?lat={lat}&lon={lon}");
    let answer = app.anyone().get(&path).send().await;
    let tag = answer.header("etag").expect("an ETag").to_owned();
    let codes: Vec<Value> = answer.expect(200)["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["code"].clone())
        .collect();
    assert!(codes.contains(&json!("pothole")));
    app.anyone()
        .get(&path)
        .header("If-None-Match", &tag)
        .send()
        .await
        .expect(304);
    app.anyone()
        .get("/v1/catalogue?lat=10&lon=10")
        .send()
        .await
        .problem("invalid");
    app.anyone().get("/v1/catalogue").send().await.problem("invalid");
}

#[tokio::test]
async fn a_kept_catalogue_is_read_again_when_it_changed() {
    let app = TestApp::start().await;
    let read = |tag: String| {
        app.anyone()
            .get("/v1/catalogue?jurisdiction=large-0")
            .header("If-None-Match", &tag)
            .send()
    };
    let tag = read("\"none\"".to_owned())
        .await
        .header("etag")
        .expect("an ETag")
        .to_owned();
    let change = "UPDATE category SET active = false WHERE code = 'pothole'";
    app.db.admin().await.batch_execute(change).await.expect("a change");
    let changed = read(tag).await.expect(200);
    let codes: Vec<&Value> = changed["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["code"])
        .collect();
    assert!(!codes.contains(&&json!("pothole")), "{codes:?}");
}

#[tokio::test]
async fn what_only_staff_reports_in_is_in_the_catalogue_of_the_towns_staff_alone() {
    let app = TestApp::start().await;
    let change = "UPDATE category SET agent_only = true WHERE code = 'pothole'";
    app.db.admin().await.batch_execute(change).await.expect("a change");
    let path = "/v1/catalogue?jurisdiction=large-0";
    let codes = |catalogue: &Value| catalogue["categories"].to_string();
    let public = app.anyone().get(path).send().await;
    let tag = public.header("etag").expect("an ETag").to_owned();
    assert!(!codes(&public.expect(200)).contains("\"pothole\""));
    let crew = app.staff(Role::Crew).await;
    let staffs = crew.get(path).header("If-None-Match", &tag).send().await.expect(200);
    assert!(codes(&staffs).contains("\"pothole\""), "{staffs}");
    let nobody = app.anyone().with_token("none").get(path).send().await;
    nobody.problem("unauthenticated");
}

#[tokio::test]
async fn bodies_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let post = |media: &str, body: String| app.anyone().post("/v1/reports").body(media, body).send();
    post("application/json", "{\"category\": ".to_owned())
        .await
        .problem("malformed_body");
    post("application/json", "[]".to_owned()).await.problem("invalid");
    post("text/plain", "hello".to_owned())
        .await
        .problem("unsupported_media_type");
    post("application/json", "x".repeat(300_000))
        .await
        .problem("body_too_large");
}
