//! What ends with people of the desk: calls to make, letters to post, messages that were given up.

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::database::texts;
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mood, Relay};
use vigie_tests::town::Role;

use super::{to_people, work_through};
use crate::contacts::{listed, reported};

/// The one entry of a list.
async fn only(desk: &Person, path: &str) -> Value {
    let mut items = listed(desk, path).await;
    assert_eq!(items.len(), 1, "{path}: {items:?}");
    items.remove(0)
}

fn id(item: &Value) -> &str {
    item["id"].as_str().expect("an id")
}

/// A step that whoever reported hears of.
async fn transferred(app: &TestApp, told: &Value) {
    let steps = format!("/v1/alerts/{}/steps", id(&told["alert"]));
    let transfer = json!({"step": "transfer", "body_id": app.town.power_company});
    let supervisor = app.staff(Role::Supervisor).await;
    supervisor.send(&steps, transfer).await.expect(200);
}

async fn ended(desk: &Person, call: &Value, outcome: &str) -> Answer {
    let path = format!("/v1/calls/{}/outcome", id(call));
    desk.send(&path, json!({"outcome": outcome, "note": "In the evening."}))
        .await
}

#[tokio::test]
async fn a_step_leaves_a_call_and_the_desk_notes_how_it_ended() {
    let app = TestApp::start().await;
    let contact = json!({"phone": "+33199000041", "name": "C. Martin", "preferred": "call"});
    let told = reported(&app, contact).await;
    let desk = app.staff(Role::FrontDesk).await;
    let receipt = only(&desk, "/v1/calls").await;
    assert_eq!(receipt["template"], "acknowledgement");
    ended(&desk, &receipt, "reached").await.expect(204);
    assert_eq!(listed(&desk, "/v1/calls").await, Vec::<Value>::new());
    ended(&desk, &receipt, "reached").await.problem("conflict");

    transferred(&app, &told).await;
    let call = only(&desk, "/v1/calls").await;
    assert_eq!(
        (&call["template"], &call["report_id"]),
        (&json!("transferred"), &told["id"])
    );
    let words = call["text"].as_str().expect("words");
    assert!(
        words.contains(told["reference"].as_str().expect("a reference")),
        "{words}"
    );
    ended(&desk, &call, "no_answer").await.expect(204);
    let waits = listed(&desk, "/v1/calls").await;
    assert_eq!(waits, Vec::<Value>::new(), "not again before some hours");
    let hours = "UPDATE notification SET next_at = next_at - interval '4 hours' WHERE channel = 'call'";
    let mut db = app.db.admin().await;
    db.batch_execute(hours).await.expect("some hours");
    let again = only(&desk, "/v1/calls").await;
    assert_eq!(
        (id(&again), &again["attempts"], &again["outcome"]),
        (id(&call), &json!(1), &json!("no_answer"))
    );
    ended(&desk, &call, "wrong_number").await.expect(204);
    assert_eq!(listed(&desk, "/v1/calls").await, Vec::<Value>::new());
    let dead = only(&desk, "/v1/notifications/dead").await;
    assert_eq!((id(&dead), &dead["outcome"]), (id(&call), &json!("wrong_number")));
    let noted = "SELECT outcome || ' ' || (done_by IS NOT NULL) AS value FROM notification WHERE channel = 'call'";
    let mut noted = texts(&mut db, noted).await;
    noted.sort_unstable();
    assert_eq!(noted, ["reached true", "wrong_number true"]);
}

#[tokio::test]
async fn the_print_queue_holds_a_letter_until_it_is_posted() {
    let app = TestApp::start().await;
    let contact = json!({"name": "C. Martin", "postal_address": "2 quai du Large", "preferred": "letter"});
    let told = reported(&app, contact).await;
    let desk = app.staff(Role::Secretariat).await;
    let letter = only(&desk, "/v1/letters").await;
    assert_eq!(letter["template"], "acknowledgement");
    let path = format!("/v1/letters/{}", id(&letter));
    let posted = format!("{path}/printed");
    let page = desk.get(&path).send().await;
    assert_eq!(page.status, 200, "{page}");
    let sheet = String::from_utf8_lossy(&page.body).into_owned();
    for said in [
        "C. Martin",
        "2 quai du Large",
        told["reference"].as_str().expect("a reference"),
    ] {
        assert!(sheet.contains(said), "{said} is not in:\n{sheet}");
    }
    assert_eq!(
        id(&only(&desk, "/v1/letters").await),
        id(&letter),
        "reading is not posting"
    );

    desk.post(&posted).send().await.expect(204);
    assert_eq!(listed(&desk, "/v1/letters").await, Vec::<Value>::new());
    desk.post(&posted).send().await.problem("conflict");
    desk.get(&path).send().await.problem("conflict");
    transferred(&app, &told).await;
    let next = only(&desk, "/v1/letters").await;
    assert_eq!(
        (&next["template"], &next["report_id"]),
        (&json!("transferred"), &told["id"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_given_up_is_shown_and_sent_by_hand() {
    let mut relay = Relay::start();
    let setup = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url());
    let app = setup.setting("VIGIE_RETRY_SCHEDULE", "5s,1m").start().await;
    relay.set(Mood::Refuse);
    let told = reported(&app, json!({"email": "p0@example.test"})).await;
    let now = Utc::now();
    work_through(&app, now, 5).await;
    relay.set(Mood::Accept);
    work_through(&app, now + TimeDelta::minutes(6), 60).await;
    assert_eq!(to_people(&relay.mails()).len(), 0, "it was given up");

    let supervisor = app.staff(Role::Supervisor).await;
    let given_up = async || {
        let mut dead = listed(&supervisor, "/v1/notifications/dead").await;
        dead.retain(|item| item["recipient"] == "follower");
        dead
    };
    let dead = given_up().await;
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(
        (&dead[0]["channel"], &dead[0]["outcome"], &dead[0]["attempts"]),
        (&json!("email"), &json!("given_up"), &json!(3))
    );
    assert_eq!(dead[0]["report_id"], told["id"]);
    assert!(!json!(dead).to_string().contains("p0@"), "{dead:?}");

    let retry = format!("/v1/notifications/{}/retry", id(&dead[0]));
    supervisor.post(&retry).send().await.expect(202);
    supervisor.post(&retry).send().await.problem("conflict");
    app.run_due(Utc::now()).await;
    let mails = relay.mails();
    let mails = to_people(&mails);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "p0@example.test");
    assert_eq!(given_up().await, Vec::<Value>::new());
}
