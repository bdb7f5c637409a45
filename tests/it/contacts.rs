//! What the staff learns of who reported: never a link that acts in the person's place.

use chrono::{Timelike, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::database::number;
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

/// A report by somebody without an account, with how to tell them.
async fn reported(app: &TestApp, contact: Value) -> Value {
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 5, "locale": "en",
        "contact": contact});
    app.anyone().send("/v1/reports", report).await.expect(201)
}

/// Closes every service for now: what is urgent calls whoever is on call.
async fn night(app: &TestApp) {
    let hour = (Utc::now().hour() + 12) % 24;
    let hours = json!([{"opens": format!("{hour:02}:00"), "closes": format!("{hour:02}:30")}]);
    let weekly = Value::Array(vec![hours; 7]);
    let closed = format!("UPDATE service SET calendar = jsonb_set(calendar, '{{weekly}}', '{weekly}')");
    app.db.admin().await.batch_execute(&closed).await.expect("a night");
}

async fn listed(desk: &Person, path: &str) -> Vec<Value> {
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
