//! The main job, from end to end: ten people photograph one pothole, one crew is sent, ten people hear that it is fixed.

use std::collections::BTreeMap;

use chrono::Utc;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_fixtures::photo::Size;
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mail, Relay};
use vigie_tests::town::Role;

const RESIDENTS: usize = 10;

fn resident(n: usize) -> String {
    format!("resident-{n}@example.test")
}

/// Mails that the worker sends now, by recipient.
async fn mails_now(app: &TestApp, relay: &Relay) -> BTreeMap<String, Vec<Mail>> {
    app.run_due(Utc::now()).await;
    let mut by_recipient: BTreeMap<String, Vec<Mail>> = BTreeMap::new();
    for mail in relay.mails() {
        by_recipient.entry(mail.to.clone()).or_default().push(mail);
    }
    by_recipient
}

/// Each of the ten hears the same subject exactly once, in a mail of their own.
fn everybody_heard_once(mails: &BTreeMap<String, Vec<Mail>>, words: &str) {
    for n in 0..RESIDENTS {
        let heard: Vec<&Mail> = mails.get(&resident(n)).into_iter().flatten().collect();
        let about: Vec<&&Mail> = heard.iter().filter(|mail| mail.subject.contains(words)).collect();
        let subjects: Vec<&str> = heard.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(about.len(), 1, "resident {n} on {words:?}: {subjects:?}");
        assert!(!about[0].text.is_empty() && !about[0].html.is_empty(), "text and HTML");
        assert!(about[0].header("List-Unsubscribe").is_some(), "{:?}", about[0].headers);
    }
}

/// What the residents did: ten reports of one hole, each with a photo, a few metres apart as telephones measure.
async fn ten_people_report(app: &TestApp) -> Vec<Value> {
    let mut told = Vec::new();
    for n in 0..RESIDENTS {
        let report = json!({
            "category": "pothole",
            "position": app.town.point(f64::from(n as u8 % 4) * 2.0, f64::from(n as u8 / 4) * 2.0),
            "accuracy_m": 6,
            "locale": "en",
            "contact": {"email": resident(n), "preferred": "email"},
        });
        let photo = Part::bytes(photo_from(n as u32)).file_name("photo.jpg");
        let form = Form::new().text("report", report.to_string()).part("photo", photo);
        let sent = app.anyone().post("/v1/reports").multipart(form).send().await;
        told.push(sent.expect(201));
    }
    told
}

/// The hole, as somebody standing there sees it.
fn photo_from(viewpoint: u32) -> Vec<u8> {
    let spec = PhotoSpec {
        scene: 1,
        subject: Subject::Pothole,
        viewpoint,
        taken_at: Utc::now(),
        orientation: 6,
        position: None,
    };
    vigie_fixtures::photo::jpeg_of(&spec, Size::TEST).expect("a photo")
}

/// A crew's action on its task.
async fn act(crew: &Person, task: &str, action: &str, more: Value) -> vigie_tests::people::Answer {
    let mut body = json!({"id": Uuid::now_v7(), "action": action, "client_at": Utc::now()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    crew.send(&format!("/v1/tasks/{task}/actions"), body).await
}

/// Settles what it is; who read an older version is told so.
async fn qualify(supervisor: &Person, alert: &str) {
    let read = supervisor.get(&format!("/v1/alerts/{alert}")).send().await;
    let version = read.header("etag").expect("an ETag").to_owned();
    let patch = || supervisor.request(reqwest::Method::PATCH, &format!("/v1/alerts/{alert}"));
    let qualified = patch()
        .header("If-Match", &version)
        .json(&json!({"priority": 3}))
        .send()
        .await
        .expect(200);
    assert_eq!(qualified["status"], "qualified");
    patch()
        .header("If-Match", &version)
        .json(&json!({"priority": 4}))
        .send()
        .await
        .problem("stale");
}

/// The photos that a reporter reads where they follow: one for each, whether it shows the repair.
async fn followed_photos(app: &TestApp, told: &Value) -> Vec<bool> {
    let read = app.followed(told).await.expect(200);
    let mut of_repair = Vec::new();
    for photo in read["photos"].as_array().into_iter().flatten() {
        let link = app.path_of(photo["links"]["large"].as_str().expect("a link"));
        let picture = app.anyone().get(link).send().await;
        assert_eq!((picture.status, picture.media_type()), (200, Some("image/jpeg")));
        of_repair.push(photo["of_repair"].as_bool().expect("yes or no"));
    }
    of_repair
}

async fn release(supervisor: &Person, photo: &Value) {
    let path = format!("/v1/photos/{}/release", photo["id"].as_str().expect("an id"));
    supervisor.post(&path).send().await.expect(200);
}

/// A released photo of the hole is shown to its author where they follow it, not to the other reporters, and on the public
/// list to everybody.
async fn one_photo_is_released(app: &TestApp, supervisor: &Person, told: &[Value]) {
    assert!(
        followed_photos(app, &told[0]).await.is_empty(),
        "nobody has released it"
    );
    release(supervisor, &told[0]["photos"][0]).await;
    assert_eq!(followed_photos(app, &told[0]).await, [false]);
    assert!(followed_photos(app, &told[1]).await.is_empty(), "it is another's photo");
    app.projected().await;
    let (lon, lat) = app.town.lon_lat(0.0, 0.0);
    let nearby = format!("/v1/alerts/nearby?lat={lat}&lon={lon}&category=pothole");
    let nearby = app.anyone().get(&nearby).send().await.expect(200);
    let link = app.path_of(nearby["items"][0]["photo"]["small"].as_str().expect("a link"));
    assert_eq!(app.anyone().get(link).send().await.status, 200);
}

/// What each of them reads where they follow their report.
async fn everybody_reads(app: &TestApp, told: &[Value], status: &str) {
    for answer in told {
        assert_eq!(app.followed(answer).await.expect(200)["status"], status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_people_one_hole_one_crew_and_ten_people_hear() {
    let relay = Relay::start();
    let app = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url()).start().await;

    // Ten people say "here, this"; it is one alert.
    let told = ten_people_report(&app).await;
    let alert = told[0]["alert"]["id"].as_str().unwrap().to_owned();
    assert!(told.iter().all(|answer| answer["alert"]["id"] == alert.as_str()));
    assert_eq!(told[9]["alert"]["reported_by"], "6+");

    // Each gets the acknowledgement, the service one notice and not ten.
    let mails = mails_now(&app, &relay).await;
    everybody_heard_once(&mails, "has arrived");
    assert_eq!(mails.get("roads@town.test").map(Vec::len), Some(1));

    // The supervisor finds it in the queue and settles what it is.
    let supervisor = app.staff(Role::Supervisor).await;
    let queue = supervisor.get("/v1/alerts").send().await.expect(200);
    assert_eq!(queue["items"].as_array().unwrap().len(), 1);
    qualify(&supervisor, &alert).await;
    one_photo_is_released(&app, &supervisor, &told).await;

    // The crew gets it.
    let order = json!({"crew_id": app.town.crews["roads-1"], "instructions": "Cold asphalt"});
    let task = supervisor
        .send(&format!("/v1/alerts/{alert}/dispatch"), order)
        .await
        .expect(201);
    let task = task["id"].as_str().unwrap().to_owned();
    everybody_heard_once(&mails_now(&app, &relay).await, "taken care of");

    // The crew goes there, works, and cannot say "done" without the photo that this category demands.
    let crew = app.staff(Role::Crew).await;
    let tasks = crew.get("/v1/tasks").send().await.expect(200);
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1, "{tasks}");
    act(&crew, &task, "accept", json!({})).await.expect(200);
    act(&crew, &task, "start", json!({})).await.expect(200);
    everybody_heard_once(&mails_now(&app, &relay).await, "work has begun");
    act(&crew, &task, "done", json!({"minutes": 40}))
        .await
        .problem("invalid");
    let photo = photo_from(RESIDENTS as u32);
    let proof = crew
        .post(&format!("/v1/alerts/{alert}/photos"))
        .body("image/jpeg", photo)
        .send()
        .await
        .expect(201);
    let done = json!({"minutes": 40, "photo_ids": [proof["id"]],
        "material": [{"name": "cold asphalt", "quantity": 25.0, "unit": "kg"}]});
    let ended = act(&crew, &task, "done", done).await.expect(200);
    assert_eq!(ended["state"], "ended");

    // Ten people hear that it is fixed, in one mail each, and read the same where they follow it.
    everybody_heard_once(&mails_now(&app, &relay).await, "it is done");
    everybody_reads(&app, &told, "fixed").await;
    release(&supervisor, &proof).await;
    assert_eq!(
        followed_photos(&app, &told[1]).await,
        [true],
        "the repair is everybody's"
    );

    // Nothing is left to say or to do.
    assert!(mails_now(&app, &relay).await.is_empty());
}
