//! Evidence kept: what is taken in and refused, retries, for how long bytes stay, who may look, what both stores promise.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::db::TownId;
use vigie::flow::photo::jobs::ensure_recurring;
use vigie::flow::photo::store::{FolderStore, Key, Part, PhotoStore, S3Store};
use vigie_fixtures::photo::{Size, bomb_png, html_with_jpeg_magic, jpeg_of, truncated_jpeg};
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::database::{number, texts};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::sink::s3::{ACCESS_KEY, SECRET_KEY, s3};
use vigie_tests::town::Role;

fn spec(scene: u32) -> PhotoSpec {
    PhotoSpec {
        scene: scene.into(),
        subject: Subject::Pothole,
        viewpoint: 1,
        taken_at: DateTime::UNIX_EPOCH,
        orientation: 6,
        position: None,
    }
}

fn photo(scene: u32) -> Vec<u8> {
    jpeg_of(&spec(scene), Size::TEST).expect("a photo")
}

/// A report that somebody sent, and the secret to follow it.
struct Sent {
    who: Person,
    report: String,
    alert: String,
    secret: String,
}

impl Sent {
    async fn new(app: &TestApp, category: &str) -> Self {
        let report = json!({"category": category, "position": app.town.point(0.0, 0.0), "accuracy_m": 6,
            "contact": {"email": "camille@example.test", "preferred": "email"}});
        let answer = app.anyone().send("/v1/reports", report).await.expect(201);
        let report = answer["id"].as_str().expect("an id").to_owned();
        let mut db = app.db.admin().await;
        let alert = texts(
            &mut db,
            &format!("SELECT alert_id::text AS value FROM report WHERE id = '{report}'"),
        )
        .await;
        Self {
            who: app.anyone(),
            report,
            alert: alert[0].clone(),
            secret: answer["follow"]["secret"].as_str().expect("a secret").to_owned(),
        }
    }

    async fn adds(&self, media: &str, bytes: Vec<u8>) -> Answer {
        let path = format!("/v1/reports/{}/photos", self.report);
        self.who
            .post(&path)
            .header("X-Follow-Secret", &self.secret)
            .body(media, bytes)
            .send()
            .await
    }

    async fn adds_as(&self, id: Uuid, bytes: Vec<u8>) -> Answer {
        let path = format!("/v1/reports/{}/photos", self.report);
        let request = self.who.post(&path).header("X-Follow-Secret", &self.secret);
        request
            .header("X-Photo-Id", &id.to_string())
            .body("image/jpeg", bytes)
            .send()
            .await
    }

    async fn sees(&self, photo: &Value) -> Answer {
        let path = format!("/v1/photos/{}", photo["id"].as_str().expect("an id"));
        self.who.get(&path).header("X-Follow-Secret", &self.secret).send().await
    }
}

async fn count(app: &TestApp, condition: &str) -> i64 {
    let query = format!("SELECT count(*) AS value FROM photo WHERE {condition}");
    number(&mut app.db.admin().await, &query).await
}

async fn listed(store: &dyn PhotoStore, town: TownId, before: DateTime<Utc>) -> Vec<Key> {
    let batches: Vec<Vec<Key>> = store.put_before(town, before).try_collect().await.expect("listed");
    let mut keys = batches.concat();
    keys.sort_by_key(ToString::to_string);
    keys
}

async fn kept(app: &TestApp, part: Part) -> usize {
    let keys = listed(&*app.app.photos, app.town.id, Utc::now() + TimeDelta::days(1)).await;
    keys.iter().filter(|key| key.part == part).count()
}

/// What every store keeps to.
async fn keeps_its_word(store: &dyn PhotoStore) {
    let town = TownId(7);
    let (original, large) = (Key::original(town, &[1; 32]), Key::of(town, Part::Large, &[2; 32]));
    let elsewhere = Key::original(TownId(70), &[1; 32]);
    let bytes = vec![9_u8; 100_000];
    for key in [&original, &large, &elsewhere, &original] {
        store.put(key, bytes.clone().into()).await.expect("put");
    }
    assert_eq!(store.get(&original).await.expect("answer").expect("there"), bytes);
    let sibling = Key::of(town, Part::Small, &[2; 32]);
    assert_eq!(
        store.get(&sibling).await.expect("answer"),
        None,
        "a sibling is another object"
    );

    let (past, future) = (Utc::now() - TimeDelta::hours(1), Utc::now() + TimeDelta::hours(1));
    assert_eq!(listed(store, town, past).await, [], "what is young is not listed");
    assert_eq!(
        listed(store, town, future).await,
        [large.clone(), original.clone()],
        "one town's own"
    );

    assert!(!store.remove(&original, Some(past)).await.expect("answer"), "put since");
    assert!(store.get(&original).await.expect("answer").is_some());
    assert!(store.remove(&original, Some(future)).await.expect("answer"));
    assert!(!store.remove(&original, None).await.expect("answer"), "gone already");
    assert_eq!(store.get(&original).await.expect("answer"), None);
    assert!(store.remove(&large, None).await.expect("answer"));
    assert_eq!(listed(store, town, future).await, []);
    assert!(
        store.get(&elsewhere).await.expect("answer").is_some(),
        "another town's stays"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_keeps_its_word() {
    let root = tempfile::tempdir().expect("a folder");
    keeps_its_word(&FolderStore::open(root.path().join("photos")).expect("a store")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_s3_service_keeps_its_word() {
    // The store makes the bucket.
    let (endpoint, bucket) = (s3().endpoint(), "photos-of-a-new-town");
    let store = |secret: &str| S3Store::new(&endpoint, "us-east-1", bucket, ACCESS_KEY, &secret.to_owned().into());
    keeps_its_word(&store(SECRET_KEY).expect("a store")).await;
    let key = Key::original(TownId(7), &[1; 32]);
    assert!(store("guessed").expect("a store").get(&key).await.is_err());
    let away = S3Store::new(
        "http://127.0.0.1:1",
        "us-east-1",
        bucket,
        ACCESS_KEY,
        &SECRET_KEY.to_owned().into(),
    );
    assert!(away.expect("a store").get(&key).await.is_err(), "away is not empty");
}

/// A signed link opens one size of one photo; the original has none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_opens_what_it_was_made_for() {
    let app = TestApp::start().await;
    let sent = Sent::new(&app, "pothole").await;
    let taken_in = sent.adds("image/jpeg", photo(1)).await.expect(201);
    assert_eq!(
        sent.sees(&taken_in).await.expect(200)["links"],
        Value::Null,
        "nothing to see yet"
    );
    app.run_due(Utc::now()).await;
    let view = sent.sees(&taken_in).await.expect(200);
    let large = app.path_of(view["links"]["large"].as_str().expect("a link"));
    let picture = app.anyone().get(large).send().await;
    assert_eq!((picture.status, picture.media_type()), (200, Some("image/jpeg")));
    assert_eq!(picture.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        picture.header("content-security-policy"),
        Some("sandbox; default-src 'none'")
    );
    assert!(
        picture
            .header("cache-control")
            .is_some_and(|value| value.starts_with("private, max-age="))
    );
    assert!(
        picture
            .header("content-disposition")
            .is_some_and(|value| value.starts_with("inline; filename="))
    );
    for other in [
        large.replace("expires=", "expires=9"),
        format!("{large}x"),
        large.replace("1600.jpg", "400.jpg"),
        large.replace("1600.jpg", "original.jpg"),
    ] {
        app.anyone().get(&other).send().await.problem("not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_gets_the_same_photo() {
    let app = TestApp::start().await;
    let sent = Sent::new(&app, "pothole").await;
    let first = sent.adds("image/jpeg", photo(1)).await.expect(201);
    assert_eq!(
        sent.adds("image/jpeg", photo(1)).await.expect(201)["id"],
        first["id"],
        "the same bytes"
    );
    let id = Uuid::now_v7();
    let second = sent.adds_as(id, photo(2)).await.expect(201);
    assert_eq!(second["id"], id.to_string());
    assert_eq!(sent.adds_as(id, photo(2)).await.expect(201), second);
    sent.adds_as(id, photo(3)).await.problem("id_taken");
    let elsewhere = Sent::new(&app, "fly-tipping").await;
    elsewhere.adds_as(id, photo(2)).await.problem("id_taken");
    sent.adds_as(Uuid::new_v4(), photo(3)).await.problem("invalid");
    assert_eq!(count(&app, "true").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let sent = Sent::new(&app, "pothole").await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    for (bytes, reason) in [
        (svg, "photo_unsupported_type"),
        (Vec::new(), "photo_unsupported_type"),
        (bomb_png().expect("a bomb"), "photo_too_many_pixels"),
        (html_with_jpeg_magic(), "photo_unreadable"),
    ] {
        let problem = sent.adds("image/jpeg", bytes).await.problem("photo_refused");
        assert_eq!(problem["reason"], reason);
        assert!(problem["reason_text"].as_str().is_some_and(|text| text.len() > 20));
    }
    let large = sent
        .adds("image/jpeg", vec![0xFF; 15 * 1024 * 1024 + 1])
        .await
        .problem("body_too_large");
    assert_eq!(large["reason"], "photo_too_large");
    sent.adds("text/plain", b"hello".to_vec())
        .await
        .problem("unsupported_media_type");
    assert_eq!(
        (count(&app, "true").await, kept(&app, Part::Original).await),
        (0, 0),
        "nothing stays"
    );

    for scene in 1..=5 {
        sent.adds("image/jpeg", photo(scene)).await.expect(201);
    }
    let sixth = sent.adds("image/jpeg", photo(6)).await.problem("photo_refused");
    assert_eq!(sixth["reason"], "photo_too_many");
    assert_eq!(count(&app, "true").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_photo_is_refused_by_the_worker_and_its_reporter_hears() {
    let app = TestApp::start().await;
    let sent = Sent::new(&app, "pothole").await;
    let broken = sent
        .adds("image/jpeg", truncated_jpeg(&spec(1)).expect("half a photo"))
        .await
        .expect(201);
    app.run_due(Utc::now()).await;
    let view = sent.sees(&broken).await.expect(200);
    assert_eq!(
        (&view["state"], &view["reason"]),
        (&json!("refused"), &json!("photo_unreadable"))
    );
    assert_eq!(kept(&app, Part::Original).await, 0, "never stored raw");
    let told = "SELECT channel AS value FROM notification WHERE template = 'photo_refused'";
    assert_eq!(texts(&mut app.db.admin().await, told).await, ["email"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn originals_go_after_their_time_and_orphans_after_a_day() {
    let app = TestApp::start().await;
    let now = Utc::now();
    let tx = app.app.db.begin(app.town.id).await.expect("a transaction");
    for _ in 0..2 {
        ensure_recurring(&tx, app.town.id, now).await.expect("jobs");
    }
    tx.commit().await.expect("committed");
    let jobs = "SELECT count(*) AS value FROM job WHERE kind IN ('purge_originals', 'sweep_orphans')";
    assert_eq!(number(&mut app.db.admin().await, jobs).await, 2, "one of each");

    let sent = Sent::new(&app, "pothole").await;
    sent.adds("image/jpeg", photo(1)).await.expect(201);
    let orphan = Key::original(app.town.id, &[5; 32]);
    app.app.photos.put(&orphan, vec![1, 2, 3].into()).await.expect("put");
    app.run_due(now + TimeDelta::hours(71)).await;
    assert_eq!(
        app.app.photos.get(&orphan).await.expect("answer"),
        None,
        "no row names it"
    );
    assert_eq!(
        (kept(&app, Part::Original).await, kept(&app, Part::Large).await),
        (1, 1)
    );
    app.run_due(now + TimeDelta::hours(74)).await;
    assert_eq!(
        (kept(&app, Part::Original).await, kept(&app, Part::Large).await),
        (0, 1)
    );
    assert_eq!(
        count(&app, "original_removed_at IS NOT NULL AND state = 'ready'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_are_for_those_they_concern() {
    let app = TestApp::start().await;
    let sent = Sent::new(&app, "pothole").await;
    let taken_in = sent.adds("image/jpeg", photo(1)).await.expect(201);
    let path = format!("/v1/photos/{}", taken_in["id"].as_str().expect("an id"));
    app.anyone().get(&path).send().await.problem("unauthenticated");
    app.anyone()
        .get(&path)
        .header("X-Follow-Secret", "guessed")
        .send()
        .await
        .problem("not_found");
    let other = Sent::new(&app, "street-light").await;
    other.sees(&taken_in).await.problem("not_found");
    app.staff(Role::FrontDesk).await.get(&path).send().await.expect(200);
    app.staff(Role::Admin)
        .await
        .get(&path)
        .send()
        .await
        .problem("forbidden");
    app.staff(Role::Crew).await.get(&path).send().await.problem("not_found");
    let proof = format!("/v1/alerts/{}/photos", sent.alert);
    app.staff(Role::Crew)
        .await
        .post(&proof)
        .body("image/jpeg", photo(2))
        .send()
        .await
        .problem("not_found");
    let by_desk = app
        .staff(Role::Secretariat)
        .await
        .post(&proof)
        .body("image/jpeg", photo(2))
        .send()
        .await
        .expect(201);
    sent.sees(&by_desk).await.problem("not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_is_public_only_when_a_person_says_so() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let sent = Sent::new(&app, "pothole").await;
    let taken_in = sent.adds("image/jpeg", photo(1)).await.expect(201);
    let release = format!("/v1/photos/{}/release", taken_in["id"].as_str().expect("an id"));
    assert_eq!(
        supervisor.post(&release).send().await.problem("conflict")["reason"],
        "not_ready"
    );
    app.run_due(Utc::now()).await;
    assert_eq!(sent.sees(&taken_in).await.expect(200)["released_at"], Value::Null);
    app.staff(Role::FrontDesk)
        .await
        .post(&release)
        .send()
        .await
        .problem("forbidden");
    assert!(supervisor.post(&release).send().await.expect(200)["released_at"].is_string());
    assert!(supervisor.post(&release).send().await.expect(200)["released_at"].is_string());
    let back = release.replace("/release", "/unrelease");
    assert_eq!(
        supervisor.post(&back).send().await.expect(200)["released_at"],
        Value::Null
    );
    let trail = "SELECT action AS value FROM audit_event WHERE entity = 'photo' AND actor = 'staff' ORDER BY id";
    assert_eq!(
        texts(&mut app.db.admin().await, trail).await,
        ["release_photo", "unrelease_photo"]
    );

    let private = Sent::new(&app, "nuisance").await;
    let taken_in = private.adds("image/jpeg", photo(2)).await.expect(201);
    app.run_due(Utc::now()).await;
    let release = format!("/v1/photos/{}/release", taken_in["id"].as_str().expect("an id"));
    assert_eq!(
        supervisor.post(&release).send().await.problem("conflict")["reason"],
        "sensitive_category"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_residents_dies_when_the_photo_is_taken_back() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let sent = Sent::new(&app, "pothole").await;
    let taken_in = sent.adds("image/jpeg", photo(1)).await.expect(201);
    app.run_due(Utc::now()).await;
    let path = format!("/v1/photos/{}", taken_in["id"].as_str().expect("an id"));
    supervisor.post(&format!("{path}/release")).send().await.expect(200);
    let report = format!("/v1/reports/{}", sent.report);
    let follow = || app.anyone().get(&report).header("X-Follow-Secret", &sent.secret).send();
    let page = follow().await.expect(200);
    let public = app.path_of(page["photos"][0]["links"]["small"].as_str().expect("a link"));
    let seen = supervisor.get(&path).send().await.expect(200);
    let inside = app.path_of(seen["links"]["small"].as_str().expect("a link"));
    for link in [public, inside] {
        assert_eq!(app.anyone().get(link).send().await.status, 200, "{link}");
    }
    supervisor.post(&format!("{path}/unrelease")).send().await.expect(200);
    app.anyone().get(public).send().await.problem("not_found");
    let disguised = public.replace("released-", "");
    app.anyone().get(&disguised).send().await.problem("not_found");
    assert_eq!(app.anyone().get(inside).send().await.status, 200, "the town looks on");
    assert_eq!(follow().await.expect(200)["photos"], Value::Null);
}
