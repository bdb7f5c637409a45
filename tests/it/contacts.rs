//! What the staff learns of who reported: what a purpose opens, and never a link that acts in the person's place.

use chrono::{Timelike, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::vault::{self, Contact};
use vigie_tests::database::{connect, number, texts, try_number};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

/// Line by line: what for, and what was read.
const TRAIL: &str =
    "SELECT purpose || ': ' || array_to_string(fields, ' ') AS value FROM vault.access_event ORDER BY id";

/// A report by somebody without an account, with how to tell them.
pub async fn reported(app: &TestApp, contact: Value) -> Value {
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 5, "locale": "en",
        "contact": contact});
    app.anyone().send("/v1/reports", report).await.expect(201)
}

/// A person of whom everything is known.
async fn sealed(app: &TestApp) -> Uuid {
    let everything = Contact {
        email: Some("camille@example.test".into()),
        phone: Some("+33199000041".into()),
        name: Some("C. Martin".into()),
        postal_address: Some("2 quai du Large".into()),
        answers: Some(json!({"plate": "AB-123-CD"}).to_string()),
    };
    let tx = app.app.db.begin(app.town.id).await.expect("a transaction");
    let subject = vault::put(&tx, &app.app.keys, &everything).await.expect("sealed");
    tx.commit().await.expect("kept");
    subject
}

#[tokio::test]
async fn a_purpose_opens_what_it_needs_and_nothing_else() {
    let app = TestApp::start().await;
    let told = reported(&app, json!({"email": "camille@example.test"})).await;
    let (report, subject) = (told["id"].as_str().expect("an id"), sealed(&app).await);
    let theirs = format!("UPDATE report SET subject_id = '{subject}' WHERE id = '{report}'");
    let mut db = app.db.admin().await;
    db.batch_execute(&theirs).await.expect("their report");
    let (desk, path) = (
        app.staff(Role::FrontDesk).await,
        format!("/v1/reports/{report}/contact"),
    );
    for (purpose, opened) in [
        ("call_back", json!({"phone": "+33199000041", "name": "C. Martin"})),
        (
            "letter",
            json!({"name": "C. Martin", "postal_address": "2 quai du Large"}),
        ),
        ("follow_up", json!({"email": "camille@example.test"})),
        ("handle", json!({"answers": {"plate": "AB-123-CD"}})),
    ] {
        let mut read = desk.send(&path, json!({"purpose": purpose})).await.expect(200);
        let fields = read.as_object_mut().expect("a contact");
        fields.retain(|_, value| !value.is_null());
        assert_eq!(read, opened, "{purpose}");
    }
    // What the worker reads for is nothing that a person may say.
    for not_theirs in ["notify_email", "notify", "curiosity"] {
        desk.send(&path, json!({"purpose": not_theirs}))
            .await
            .problem("invalid");
    }
    let trail = [
        "call_back: name phone",
        "letter: name postal_address",
        "follow_up: email",
        "handle: answers",
    ];
    assert_eq!(texts(&mut db, TRAIL).await, trail);
}

#[tokio::test]
async fn a_purpose_that_opens_nothing_of_a_person_is_noted_too() {
    let app = TestApp::start().await;
    let told = reported(&app, json!({"email": "camille@example.test"})).await;
    let path = format!("/v1/reports/{}/contact", told["id"].as_str().expect("an id"));
    let desk = app.staff(Role::FrontDesk).await;
    let read = desk.send(&path, json!({"purpose": "letter"})).await.expect(200);
    assert!(!read.to_string().contains("camille"), "{read}");
    assert_eq!(texts(&mut app.db.admin().await, TRAIL).await, ["letter: "]);
}

/// Whoever holds the vault's login gets no more than a purpose opens, and leaves a trace each time.
#[tokio::test]
async fn the_database_itself_holds_to_the_purpose() {
    let app = TestApp::start().await;
    let subject = sealed(&app).await;
    let mut login = connect(&app.db.vault_url()).await;
    let in_town = |town: i32| format!("SELECT set_config('vigie.jurisdiction', '{town}', false)");
    let ask = |purpose: &str| {
        format!("SELECT field AS value FROM vault.reveal('{subject}', '{purpose}', NULL, NULL) ORDER BY field")
    };
    login.batch_execute(&in_town(app.town.id.0)).await.expect("a town");
    assert_eq!(texts(&mut login, &ask("notify_email")).await, ["email"]);
    assert_eq!(texts(&mut login, &ask("letter")).await, ["name", "postal_address"]);
    let invented = login.batch_execute(&ask("curiosity")).await.expect_err("no purpose");
    assert!(
        invented.to_string().contains("access_event_purpose_check"),
        "{invented}"
    );
    let past_it = "SELECT count(*) AS value FROM vault.contact";
    let past_it = try_number(&mut login, past_it).await.expect_err("refused");
    assert!(past_it.to_string().contains("permission denied"), "{past_it}");
    let untrue = "INSERT INTO vault.access_event (jurisdiction_id, subject_id, fields, purpose) \
        SELECT 1, gen_random_uuid(), '{}', 'letter'";
    let untrue = login.batch_execute(untrue).await.expect_err("refused");
    assert!(untrue.to_string().contains("permission denied"), "{untrue}");
    login.batch_execute(&in_town(app.town.id.0 + 1)).await.expect("a town");
    assert_eq!(texts(&mut login, &ask("letter")).await, Vec::<String>::new());
    let mut db = app.db.admin().await;
    let trail = ["notify_email: email", "letter: name postal_address"];
    assert_eq!(texts(&mut db, TRAIL).await, trail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_opens_the_address_and_a_text_message_the_number() {
    let app = TestApp::start().await;
    reported(&app, json!({"email": "camille@example.test"})).await;
    reported(&app, json!({"phone": "+33199000041", "preferred": "sms"})).await;
    app.run_due(Utc::now()).await;
    let mut trail = texts(&mut app.db.admin().await, TRAIL).await;
    trail.sort_unstable();
    assert_eq!(trail, ["notify_email: email", "notify_sms: phone"]);
}

/// Closes every service for now: what is urgent calls whoever is on call.
pub async fn night(app: &TestApp) {
    let hour = (Utc::now().hour() + 12) % 24;
    let hours = json!([{"opens": format!("{hour:02}:00"), "closes": format!("{hour:02}:30")}]);
    let weekly = Value::Array(vec![hours; 7]);
    let closed = format!("UPDATE service SET calendar = jsonb_set(calendar, '{{weekly}}', '{weekly}')");
    app.db.admin().await.batch_execute(&closed).await.expect("a night");
}

/// The entries of a list.
pub async fn listed(desk: &Person, path: &str) -> Vec<Value> {
    let list = desk.get(path).send().await.expect(200);
    list["items"].as_array().expect("a list").clone()
}

/// Words by which the status can be asked for on the telephone, and no others that open anything.
fn says_reference_and_code(text: &str, report: &Value) {
    for said in [&report["reference"], &report["follow"]["phone_code"]] {
        let said = said.as_str().expect("words");
        assert!(text.contains(said), "{said} is missing:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_s_lists_hold_no_link() {
    // Without a gateway and a relay what is to be sent ends on the desk.
    let app = TestApp::setup().sends_only().start().await;
    night(&app).await;
    let called = reported(
        &app,
        json!({"phone": "+33199000041", "name": "C. Martin", "preferred": "call"}),
    )
    .await;
    let written = json!({"name": "C. Martin", "postal_address": "2 quai du Large", "preferred": "letter"});
    let written = reported(&app, written).await;
    let mailed = reported(&app, json!({"email": "camille@example.test"})).await;
    let danger =
        json!({"category": "street-light", "position": app.town.point(300.0, 0.0), "answers": {"cable": "live"}});
    app.anyone().send("/v1/reports", danger).await.expect(201);
    app.run_due(Utc::now()).await;
    let given_up = "UPDATE notification SET state = 'dead', outcome = 'given_up' WHERE channel = 'email'";
    let mut db = app.db.admin().await;
    db.batch_execute(given_up).await.expect("given up");

    let desk = app.staff(Role::FrontDesk).await;
    let (calls, letters) = (listed(&desk, "/v1/calls").await, listed(&desk, "/v1/letters").await);
    let dead = listed(&desk, "/v1/notifications/dead").await;
    assert_eq!((calls.len(), letters.len()), (1, 1));
    let recipients: Vec<&str> = dead.iter().filter_map(|item| item["recipient"].as_str()).collect();
    assert!(
        recipients.contains(&"follower") && recipients.contains(&"on_call"),
        "{dead:?}"
    );
    let print = format!("/v1/letters/{}", letters[0]["id"].as_str().expect("an id"));
    let printed = desk.get(&print).send().await;
    assert_eq!(printed.status, 200, "{printed}");
    let printed = String::from_utf8_lossy(&printed.body).into_owned();
    says_reference_and_code(calls[0]["text"].as_str().expect("words"), &called);
    says_reference_and_code(letters[0]["text"].as_str().expect("words"), &written);
    says_reference_and_code(&printed, &written);

    let seen = json!([calls, letters, dead]).to_string() + &printed;
    for report in [&called, &written, &mailed] {
        let secret = report["follow"]["secret"].as_str().expect("a secret");
        assert!(!seen.contains(secret), "{seen}");
    }
    for link in ["/suivi", "/u/", "/unsubscribe", "/on-call/"] {
        assert!(!seen.contains(link), "{link}:\n{seen}");
    }
    let read = "SELECT count(*) AS value FROM vault.access_event WHERE purpose <> 'letter'";
    assert_eq!(number(&mut db, read).await, 0, "a list reads nobody's contact data");
}
