//! Everyone hears, once: with a real relay that refuses, hangs, breaks off, and a worker that is killed.

mod bounds;
mod desk;
mod kept;
mod on_call;
mod standing;
mod unsubscribe;
mod urgent;
mod watched;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;
use vigie::clients::mail::Smtp;
use vigie::flow::notification::model::State;
use vigie::flow::notification::queries::queue::{self, Scope, Settled};
use vigie::jobs::Worker;
use vigie_tests::database::{number, texts};
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mail, Mood, Relay};
use vigie_tests::town::Role;

/// Longer than any wait between two tries of the schedule used here.
const TRY_AGAIN: TimeDelta = TimeDelta::minutes(40);

async fn with_relay(relay: &Relay) -> TestApp {
    let setup = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url());
    setup
        .setting("VIGIE_RETRY_SCHEDULE", "5s,1m,5m,30m,30m,30m")
        .setting("VIGIE_WORKER_REST", "100ms")
        .start()
        .await
}

/// People who report one hole and want mail; their acknowledgements are due.
async fn report(app: &TestApp, people: usize) -> Vec<Value> {
    let mut told = Vec::new();
    for n in 0..people {
        let report = json!({
            "category": "pothole",
            "position": app.town.point(n as f64, 0.0),
            "accuracy_m": 6,
            "locale": "en",
            "contact": {"email": format!("p{n}@example.test"), "preferred": "email"},
        });
        told.push(app.anyone().send("/v1/reports", report).await.expect(201));
    }
    told
}

/// Works through a stretch of time, a minute at a time.
async fn work_through(app: &TestApp, from: DateTime<Utc>, minutes: i64) {
    for minute in 0..=minutes {
        app.run_due(from + TimeDelta::minutes(minute)).await;
    }
}

fn to_people(mails: &[Mail]) -> Vec<&Mail> {
    mails.iter().filter(|mail| mail.to.ends_with("@example.test")).collect()
}

async fn waiting(app: &TestApp, state: &str) -> i64 {
    let sql = format!("SELECT count(*) AS value FROM notification WHERE state = '{state}' AND channel = 'email'");
    number(&mut app.db.admin().await, &sql).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_down_for_an_hour_loses_and_doubles_nothing() {
    let mut relay = Relay::start();
    let app = with_relay(&relay).await;
    relay.set(Mood::Refuse);
    report(&app, 10).await;
    let now = Utc::now();
    work_through(&app, now, 60).await;
    assert!(relay.mails().is_empty());
    assert!(waiting(&app, "due").await >= 10, "nothing was given up");
    relay.set(Mood::Accept);
    work_through(&app, now + TimeDelta::minutes(61), 60).await;
    let mails = relay.mails();
    let people = to_people(&mails);
    let distinct: BTreeSet<&str> = people.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!((people.len(), distinct.len()), (10, 10));
    assert_eq!((waiting(&app, "due").await, waiting(&app, "dead").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_before_the_answer_costs_one_copy_at_most() {
    let mut relay = Relay::start();
    let app = with_relay(&relay).await;
    report(&app, 1).await;
    let now = Utc::now();
    relay.set(Mood::Drop);
    app.run_due(now).await;
    relay.set(Mood::Accept);
    work_through(&app, now + TRY_AGAIN, 1).await;
    work_through(&app, now + TRY_AGAIN * 2, 1).await;
    let mails = relay.mails();
    let people = to_people(&mails);
    assert_eq!(
        people.len(),
        1,
        "the copy that nobody answered for was told to the set above"
    );
    assert_eq!(waiting(&app, "due").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_between_the_relay_and_the_commit_sends_the_same_message_again() {
    let mut relay = Relay::start();
    let app = with_relay(&relay).await;
    relay.set(Mood::Hang);
    let mut worker = app.worker_process();
    report(&app, 1).await;
    let first = loop {
        let mail = relay.next_mail();
        if mail.to == "p0@example.test" {
            break mail;
        }
    };
    worker.kill();
    relay.set(Mood::Accept);
    // The lease must run out before another worker takes it over.
    let now = Utc::now();
    app.run_due(now + TimeDelta::seconds(30)).await;
    assert!(to_people(&relay.mails()).is_empty(), "the lease was not kept");
    work_through(&app, now + TimeDelta::minutes(5), 2).await;
    let mails = relay.mails();
    let again = to_people(&mails);
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0].message_id, first.message_id,
        "so that the reader's program shows it once"
    );
    assert!(!first.message_id.is_empty());
    assert_eq!(waiting(&app, "due").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_acknowledgement_by_mail_says_what_the_screen_says() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let told = report(&app, 1).await.remove(0);
    app.run_due(Utc::now()).await;
    let mails = relay.mails();
    let [mail] = to_people(&mails)[..] else {
        panic!("{mails:#?}")
    };
    let link = format!(
        "/suivi#{}.{}",
        told["id"].as_str().unwrap(),
        told["follow"]["secret"].as_str().unwrap()
    );
    for said in [
        told["reference"].as_str().unwrap(),
        "1 quai du Large",
        "+33 1 99 00 00 10",
        &link,
        "112",
    ] {
        assert!(mail.text.contains(said), "{said} is not in the text:\n{}", mail.text);
    }
    assert!(mail.html.contains(told["reference"].as_str().unwrap()));
    for header in ["List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"] {
        assert!(mail.header(header).is_some(), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_cable_in_the_seventh_report_notifies_the_service_again() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let send = |answers: Value| {
        let report = json!({"category": "street-light", "position": app.town.point(0.0, 0.0), "accuracy_m": 5,
            "answers": answers});
        async { app.anyone().send("/v1/reports", report).await.expect(201) }
    };
    for _ in 0..6 {
        send(json!({"cable": "none"})).await;
    }
    app.run_due(Utc::now()).await;
    let to_the_service = || -> Vec<Mail> {
        let mails = relay.mails().into_iter();
        mails.filter(|mail| mail.to == "roads@town.test").collect()
    };
    let before = to_the_service();
    assert_eq!(before.len(), 1, "one notice for six reports");
    send(json!({"cable": "live"})).await;
    app.run_due(Utc::now()).await;
    let after = to_the_service();
    assert_eq!(after.len(), 1, "one more, because it became dangerous");
    assert_ne!(before[0].subject, after[0].subject);
    send(json!({"cable": "live"})).await;
    app.run_due(Utc::now()).await;
    assert!(
        relay.mails().iter().all(|mail| mail.to != "roads@town.test"),
        "once per step up"
    );
}

/// Text messages that were kept since the server started, each as it would go to the gateway.
fn texts_sent(app: &TestApp) -> Vec<String> {
    let folder = std::fs::read_dir(app.app.config.data_dir.join("sms"));
    let files = folder.into_iter().flatten().map(|file| file.expect("a file").path());
    files
        .map(|path| std::fs::read_to_string(path).expect("a text"))
        .collect()
}

/// What the desk prints for whoever wants letters.
async fn letters(app: &TestApp) -> String {
    let desk = app.staff(Role::FrontDesk).await;
    let list = desk.get("/v1/letters").send().await.expect(200);
    let mut printed = list.to_string();
    for letter in list["items"].as_array().expect("letters") {
        let path = format!("/v1/letters/{}", letter["id"].as_str().expect("an id"));
        printed += &String::from_utf8_lossy(&desk.get(&path).send().await.body);
    }
    printed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_person_typed_is_not_told_to_another() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let say = |address: &str, contact: Value| {
        let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 5,
            "address": address, "locale": "en", "contact": contact});
        async { app.anyone().send("/v1/reports", report).await.expect(201) }
    };
    let first = say("14 rue du Large, chez Mme Durand", json!({"email": "p0@example.test"})).await;
    let contacts = [
        json!({"email": "p1@example.test"}),
        json!({"phone": "+33199000041", "preferred": "sms"}),
        json!({"name": "C. Martin", "postal_address": "2 quai du Large", "preferred": "letter"}),
    ];
    let mut told = Vec::new();
    for contact in contacts {
        let joined = say("14 rue du Large", contact).await;
        assert_eq!(joined["alert"]["id"], first["alert"]["id"]);
        told.push(joined);
    }
    app.run_due(Utc::now()).await;
    let mut read = texts_sent(&app).concat() + &letters(&app).await;
    for mail in to_people(&relay.mails())
        .iter()
        .filter(|mail| mail.to == "p1@example.test")
    {
        assert!(mail.text.contains("14 rue du Large"), "{}", mail.text);
        read += &format!("{}{}{}", mail.subject, mail.text, mail.html);
    }
    for answer in &told {
        let followed = app.followed(answer).await.expect(200);
        assert_eq!(followed["place"], "14 rue du Large");
        read += &format!("{followed}{answer}");
    }
    assert!(
        read.contains("+33199000041") && read.contains("2 quai du Large"),
        "{read}"
    );
    assert!(!read.contains("Durand"), "{read}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_does_not_wait_behind_a_hundred_photos() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let photos = format!(
        "INSERT INTO job (jurisdiction_id, kind, payload, run_at) SELECT {}, kind, '{{}}'::jsonb, now() - interval '1 hour' \
         FROM generate_series(1, 50), unnest(ARRAY['process_photo', 'finish_upload']) AS kind",
        app.town.id.0
    );
    app.db.admin().await.batch_execute(&photos).await.expect("photos");
    report(&app, 1).await;
    let (handlers, rest) = (Arc::new(vigie::work::handlers()), Duration::from_secs(3600));
    let worker = Worker::new(
        app.app.db.clone(),
        app.app.clone(),
        handlers,
        rest,
        Arc::new(Notify::new()),
    );
    worker.light().run_due(Utc::now()).await.expect("the job queue");
    assert_eq!(to_people(&relay.mails()).len(), 1);
    let left = "SELECT count(*) AS value FROM job WHERE kind IN ('process_photo', 'finish_upload') AND attempts = 0";
    assert_eq!(
        number(&mut app.db.admin().await, left).await,
        100,
        "they are for the others"
    );
}

#[tokio::test]
async fn a_worker_that_lost_a_message_says_nothing_of_it_any_more() {
    let app = TestApp::start().await;
    report(&app, 1).await;
    let events = "SELECT event_id::text AS value FROM notification WHERE recipient = 'follower'";
    let event: Uuid = texts(&mut app.db.admin().await, events).await[0]
        .parse()
        .expect("an id");
    let (now, town) = (Utc::now(), app.town.id);
    let claim = async |at: DateTime<Utc>| {
        let tx = app.app.db.begin(town).await.expect("a transaction");
        let mut claimed = queue::claim(&tx, town, Scope::Event(event), at, 9).await.expect("rows");
        tx.commit().await.expect("claimed");
        claimed.pop()
    };
    let first = claim(now).await.expect("it is due");
    assert!(claim(now + TimeDelta::seconds(119)).await.is_none(), "the lease holds");
    let second = claim(now + TimeDelta::seconds(121)).await.expect("the lease is over");
    let settled = |state| Settled {
        state,
        attempts: 1,
        next_at: now,
        outcome: None,
        attempt: None,
        words: None,
    };
    let tx = app.app.db.begin(town).await.expect("a transaction");
    let late = queue::settle(&tx, &first, &settled(State::Dead), now)
        .await
        .expect("an answer");
    let own = queue::settle(&tx, &second, &settled(State::Sent), now)
        .await
        .expect("an answer");
    let again = queue::settle(&tx, &second, &settled(State::Dead), now)
        .await
        .expect("an answer");
    assert_eq!((late, own, again), (false, true, false));
}
