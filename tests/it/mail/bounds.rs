//! Where messages end: no relay, no gateway, too many for one recipient, too many calls in a night.

use super::*;

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
