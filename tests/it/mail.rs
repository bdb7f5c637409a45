//! Everyone hears, once: with a real relay that refuses, hangs, breaks off, and a worker that is killed.

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
    let before: Vec<Mail> = relay
        .mails()
        .into_iter()
        .filter(|mail| mail.to == "roads@town.test")
        .collect();
    assert_eq!(before.len(), 1, "one notice for six reports");
    send(json!({"cable": "live"})).await;
    app.run_due(Utc::now()).await;
    let after: Vec<Mail> = relay
        .mails()
        .into_iter()
        .filter(|mail| mail.to == "roads@town.test")
        .collect();
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
        let path = app.path_of(answer["follow"]["url"].as_str().expect("a link"));
        let page = app.anyone().get(path);
        let secret = answer["follow"]["secret"].as_str().expect("a secret");
        let followed = page.header("X-Follow-Secret", secret).send().await.expect(200);
        assert_eq!(followed["place"], "14 rue du Large");
        read += &format!("{followed}{answer}");
    }
    assert!(
        read.contains("+33199000041") && read.contains("2 quai du Large"),
        "{read}"
    );
    assert!(!read.contains("Durand"), "{read}");
}

/// A worker of the same installation, after somebody gave it a relay.
async fn work_with(app: &TestApp, relay: &Relay, now: DateTime<Utc>) {
    let mut set_up = app.app.clone();
    set_up.mailer = Some(Arc::new(Smtp::new(&relay.url().into()).expect("a relay")));
    let handlers = Arc::new(vigie::work::handlers());
    let rest = Duration::from_secs(3600);
    let worker = Worker::new(set_up.db.clone(), set_up, handlers, rest, Arc::new(Notify::new()));
    worker.run_due(now).await.expect("the job queue");
}

/// A town that has no relay yet starts all the same: what it owes is neither lost nor called sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_relay_mails_wait_and_go_when_there_is_one() {
    let app = TestApp::setup().sends_only().start().await;
    report(&app, 2).await;
    let now = Utc::now();
    // Many more looks than the schedule has tries.
    for look in 0..20 {
        app.run_due(now + TimeDelta::minutes(11 * look)).await;
    }
    let owed = waiting(&app, "due").await;
    assert!(owed >= 2, "{owed}");
    assert_eq!((waiting(&app, "sent").await, waiting(&app, "dead").await), (0, 0));
    let read = "SELECT count(*) AS value FROM vault.access_event";
    assert_eq!(
        number(&mut app.db.admin().await, read).await,
        0,
        "nobody's address was read"
    );
    vigie::server::count_what_waits(&app.app, now).await.expect("counted");
    let metrics = app.app.metrics.render().expect("metrics");
    assert!(metrics.contains(&format!("vigie_messages_waiting {owed}")), "{metrics}");

    let relay = Relay::start();
    work_with(&app, &relay, now + TimeDelta::hours(5)).await;
    assert_eq!(to_people(&relay.mails()).len(), 2);
    assert_eq!(waiting(&app, "due").await, 0);
}

/// One that was promised before the gateway was taken away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_gateway_a_text_message_is_given_up_where_the_desk_sees_it() {
    let app = TestApp::setup().sends_only().start().await;
    report(&app, 1).await;
    let promised = "UPDATE notification SET channel = 'sms' WHERE recipient = 'follower'";
    app.db.admin().await.batch_execute(promised).await.expect("a promise");
    app.run_due(Utc::now()).await;
    let desk = app.staff(Role::FrontDesk).await;
    let dead = desk.get("/v1/notifications/dead").send().await.expect(200);
    let items = dead["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{dead}");
    assert_eq!(
        (&items[0]["channel"], &items[0]["outcome"]),
        (&json!("sms"), &json!("no_gateway"))
    );
    assert!(
        !app.app.config.data_dir.join("sms").exists(),
        "no number lies in a file"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_gateway_who_is_on_call_is_called_by_mail() {
    let relay = Relay::start();
    let setup = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url());
    let app = setup.sends_only().start().await;
    // Closed today, and the days around it, whatever the town's clock says.
    let today = i64::from(Utc::now().weekday().num_days_from_monday());
    let hours = |day: i64| match (day - today).rem_euclid(7) {
        0 | 1 | 6 => json!([]),
        _ => json!([{"opens": "00:00", "closes": "24:00"}]),
    };
    let weekly: Value = (0..7).map(hours).collect();
    let chain = json!([
        {"phone": "+33199000020", "email": "first@town.test", "minutes": 10},
        {"email": "second@town.test", "minutes": 10},
    ]);
    let night =
        format!("UPDATE service SET calendar = jsonb_set(calendar, '{{weekly}}', '{weekly}'), on_call = '{chain}'");
    app.db.admin().await.batch_execute(&night).await.expect("a night");
    let report =
        json!({"category": "street-light", "position": app.town.point(0.0, 0.0), "answers": {"cable": "live"}});
    app.anyone().send("/v1/reports", report).await.expect(201);
    let now = Utc::now();
    let called = |mails: Vec<Mail>| -> Vec<String> {
        let calls = mails.into_iter().filter(|mail| mail.text.contains("/on-call/"));
        calls.map(|mail| mail.to).collect()
    };
    app.run_due(now).await;
    assert_eq!(called(relay.mails()), ["first@town.test"]);
    app.run_due(now + TimeDelta::minutes(11)).await;
    assert_eq!(called(relay.mails()), ["second@town.test"]);
    let calls = "SELECT count(*) AS value FROM notification \
        WHERE recipient = 'on_call' AND channel = 'email' AND state = 'sent'";
    assert_eq!(number(&mut app.db.admin().await, calls).await, 2);
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

/// A report by somebody without an account, with how to tell them.
async fn with_contact(app: &TestApp, east_m: f64, contact: Value) -> Value {
    let report = json!({"category": "pothole", "position": app.town.point(east_m, 0.0), "accuracy_m": 5, "locale": "en",
        "contact": contact});
    app.anyone().send("/v1/reports", report).await.expect(201)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_of_what_somebody_else_reports_without_end() {
    let relay = Relay::start();
    let setup = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url());
    let app = setup.setting("VIGIE_MESSAGES_PER_RECIPIENT", "2").start().await;
    let mut told = Vec::new();
    for n in 0..4 {
        let contact = json!({"email": if n % 2 == 0 { "victim@example.test" } else { "Victim@example.test" }});
        told.push(with_contact(&app, f64::from(n) * 300.0, contact).await);
    }
    let withheld: Vec<&Value> = told.iter().map(|answer| &answer["messages_withheld"]).collect();
    assert_eq!(
        withheld,
        [&Value::Null, &Value::Null, &json!("recipient"), &json!("recipient")]
    );
    assert!(
        told[2]["messages_withheld_text"]
            .as_str()
            .is_some_and(|text| text.len() > 20)
    );
    let other = with_contact(&app, 0.0, json!({"email": "p1@example.test"})).await;
    assert_eq!(other["messages_withheld"], Value::Null);
    app.run_due(Utc::now()).await;
    assert_eq!(to_people(&relay.mails()).len(), 3);
    // What happens to all of them is told twice to that address, as its first two reports were.
    let supervisor = app.staff(Role::Supervisor).await;
    for answer in &told {
        let steps = format!("/v1/alerts/{}/steps", answer["alert"]["id"].as_str().expect("an id"));
        let refused = json!({"step": "reject", "reason": "A private road."});
        supervisor.send(&steps, refused).await.expect(200);
    }
    app.run_due(Utc::now()).await;
    let mails = relay.mails();
    let victims = to_people(&mails)
        .iter()
        .filter(|mail| mail.to.starts_with(['v', 'V']))
        .count();
    assert_eq!(victims, 2, "{mails:#?}");
}

#[tokio::test]
async fn a_town_sends_so_many_text_messages_in_an_hour() {
    let app = TestApp::setup().setting("VIGIE_SMS_PER_HOUR", "2").start().await;
    let mut withheld = Vec::new();
    for n in 0..3 {
        let contact = json!({"phone": format!("+3363998000{n}")});
        withheld.push(with_contact(&app, 0.0, contact).await["messages_withheld"].clone());
    }
    assert_eq!(withheld, [Value::Null, Value::Null, json!("town")]);
    let by_mail = with_contact(&app, 0.0, json!({"email": "p1@example.test"})).await;
    assert_eq!(by_mail["messages_withheld"], Value::Null, "mails go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_of_dangers_calls_once_in_five_minutes() {
    let app = TestApp::start().await;
    // Open for half an hour a day, at the other end of it.
    let hour = (Utc::now().hour() + 12) % 24;
    let hours = json!([{"opens": format!("{hour:02}:00"), "closes": format!("{hour:02}:30")}]);
    let weekly = Value::Array(vec![hours; 7]);
    let closed = format!("UPDATE service SET calendar = jsonb_set(calendar, '{{weekly}}', '{weekly}')");
    app.db.admin().await.batch_execute(&closed).await.expect("a night");
    for n in 0..5 {
        let report = json!({"category": "street-light", "position": app.town.point(f64::from(n) * 300.0, 0.0),
            "accuracy_m": 5, "answers": {"cable": "live"}});
        app.anyone().send("/v1/reports", report).await.expect(201);
    }
    let now = Utc::now();
    app.run_due(now).await;
    assert_eq!(texts_sent(&app).len(), 1);
    app.run_due(now + TimeDelta::minutes(6)).await;
    let sent = texts_sent(&app);
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(
        sent.iter().any(|text| text.contains("Autres alertes urgentes : 3")),
        "{sent:?}"
    );
    let chains = "SELECT count(*) AS value FROM notification WHERE recipient = 'on_call' AND chain_index = 0";
    assert_eq!(number(&mut app.db.admin().await, chains).await, 2);
}
