//! What is an outside body's: the sheet that goes there without a word about who reported, its own reference, who hears of
//! it, and the way back.

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mail, Relay};
use vigie_tests::town::Role;

const BODY: &str = "hand-over@power.test";
const EMAIL: &str = "camille@example.test";
const PHONE: &str = "+33 1 99 00 00 78";
const CALLER: &str = "Camille Martin";
const SAID: &str = "My window is just above it, ring at Martin's.";

/// Two people report one hole: one by themselves, one by telephone.
async fn two_report(app: &TestApp) -> Vec<Value> {
    let report = |more: Value| {
        let mut report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 5,
            "locale": "en", "description": SAID});
        let object = report.as_object_mut().expect("an object");
        object.extend(more.as_object().expect("an object").clone());
        report
    };
    let own = report(json!({"contact": {"email": EMAIL, "preferred": "email"}}));
    let called = report(json!({"channel": "phone", "contact": {"phone": PHONE, "name": CALLER, "preferred": "call"}}));
    let first = app.anyone().send("/v1/reports", own).await.expect(201);
    let agent = app.staff(Role::FrontDesk).await;
    let second = agent.send("/v1/reports", called).await.expect(201);
    assert_eq!(first["alert"]["id"], second["alert"]["id"]);
    vec![first, second]
}

/// Mails that the worker sends now.
async fn mails_now(app: &TestApp, relay: &Relay) -> Vec<Mail> {
    app.run_due(Utc::now()).await;
    relay.mails()
}

/// The one mail to an address.
fn only_to<'a>(mails: &'a [Mail], address: &str) -> &'a Mail {
    let to: Vec<&Mail> = mails.iter().filter(|mail| mail.to == address).collect();
    let all: Vec<(&str, &str)> = mails
        .iter()
        .map(|mail| (mail.to.as_str(), mail.subject.as_str()))
        .collect();
    assert_eq!(to.len(), 1, "{address}: {all:?}");
    to[0]
}

/// The sheet names the alert and the place, and nothing of who reported it or what they said.
fn names_nobody(sheet: &Mail, told: &[Value]) {
    let headers: Vec<String> = sheet
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let all = format!(
        "{}\n{}\n{}\n{}",
        sheet.subject,
        headers.join("\n"),
        sheet.text,
        sheet.html
    );
    let alert = told[0]["alert"]["reference"].as_str().expect("a reference");
    assert!(all.contains(alert), "{all}");
    let digits = PHONE.replace(' ', "");
    for personal in [EMAIL, PHONE, digits.as_str(), CALLER, "Martin", "amille", SAID] {
        assert!(!all.contains(personal), "{personal} in: {all}");
    }
    for report in told {
        let members = [&report["id"], &report["reference"], &report["follow"]["secret"]];
        for member in members.into_iter().filter_map(Value::as_str) {
            assert!(!all.contains(member), "{member} in: {all}");
        }
    }
}

/// Messages of that kind which wait on the desk's list of calls.
async fn calls(person: &Person, template: &str) -> usize {
    let calls = person.get("/v1/calls").send().await.expect(200);
    let items = calls["items"].as_array().expect("items");
    items.iter().filter(|call| call["template"] == template).count()
}

/// What the alert's own page says of the hand-overs, latest first.
async fn hand_overs(person: &Person, alert: &str) -> Vec<Value> {
    let detail = person.get(&format!("/v1/alerts/{alert}")).send().await.expect(200);
    detail["hand_overs"].as_array().expect("hand-overs").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_gets_the_sheet_without_the_reporters_who_hear_who_has_it_and_that_it_is_back() {
    let relay = Relay::start();
    let app = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url()).start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let told = two_report(&app).await;
    let alert = told[0]["alert"]["id"].as_str().expect("an alert").to_owned();
    mails_now(&app, &relay).await;

    // The sheet goes out, and those who follow hear who has it.
    let order = json!({"body_id": app.town.power_company, "note": "Pole 12, the lamp is out."});
    let handed = supervisor.send(&format!("/v1/alerts/{alert}/hand-over"), order).await;
    assert_eq!(handed.expect(200)["status"], "transferred");
    let mails = mails_now(&app, &relay).await;
    let sheet = only_to(&mails, BODY);
    assert!(sheet.text.contains("Pole 12"), "{}", sheet.text);
    names_nobody(sheet, &told);
    let heard = only_to(&mails, EMAIL);
    assert!(heard.text.contains("Power company"), "{}", heard.text);
    assert_eq!(calls(&supervisor, "transferred").await, 1, "who rang is rung");

    // It has it, under a reference of its own, which is shown.
    let answer = format!("/v1/alerts/{alert}/hand-over/answer");
    let accepted = json!({"answer": "accepted", "reference": "PC-4711"});
    supervisor.send(&answer, accepted).await.expect(200);
    let known = hand_overs(&supervisor, &alert).await;
    assert_eq!(known.len(), 1);
    assert_eq!(
        (&known[0]["state"], &known[0]["reference"]),
        (&json!("accepted"), &json!("PC-4711"))
    );
    assert_eq!(app.followed(&told[0]).await.expect(200)["status"], "transferred");

    refused(&app, &relay, &supervisor, &alert).await;
}

/// It says no after all: the town has it again, and everybody is told.
async fn refused(app: &TestApp, relay: &Relay, supervisor: &Person, alert: &str) {
    let answer = format!("/v1/alerts/{alert}/hand-over/answer");
    mails_now(app, relay).await;
    let no = json!({"answer": "refused", "note": "The lamp is the town's own."});
    let back = supervisor.send(&answer, no.clone()).await.expect(200);
    assert_eq!((&back["status"], &back["body_id"]), (&json!("new"), &Value::Null));
    let mails = mails_now(app, relay).await;
    assert!(only_to(&mails, EMAIL).subject.contains("takes your report back"));
    only_to(&mails, "roads@town.test");
    assert_eq!(calls(supervisor, "taken_back").await, 1, "who rang still follows");
    let known = hand_overs(supervisor, alert).await;
    assert_eq!(known[0]["state"], "refused");
    let again = supervisor.send(&answer, no).await.problem("conflict");
    assert_eq!(again["reason"], "not_handed_over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_ends_at_a_body_hands_over_at_once() {
    let relay = Relay::start();
    let app = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url()).start().await;
    route_to_the_power_company(&app).await;
    let told = two_report(&app).await;
    assert_eq!(told[0]["alert"]["status"], "transferred");
    assert_eq!(told[0]["body"]["name"], "Power company");
    let mails = mails_now(&app, &relay).await;
    names_nobody(only_to(&mails, BODY), &told);
    assert!(only_to(&mails, EMAIL).text.contains("Power company"));
}

/// From now on potholes are the power company's, as a town sets its routes.
async fn route_to_the_power_company(app: &TestApp) {
    let route = format!(
        "INSERT INTO routing_rule (jurisdiction_id, id, category_id, body_id) VALUES ({}, gen_random_uuid(), '{}', '{}'); \
         UPDATE catalogue_version SET version = version + 1",
        app.town.id.0, app.town.categories["pothole"], app.town.power_company
    );
    app.db.admin().await.batch_execute(&route).await.expect("a route");
}
