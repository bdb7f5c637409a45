//! A caller's report as the front desk follows it: entered, not yet seen, late, reminded of, given to another service, taken
//! back.

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::{Value, json};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mail, Relay};
use vigie_tests::town::Role;

/// What a caller says, typed by somebody of the staff.
async fn entered(app: &TestApp, agent: &Person, category: &str, east_m: f64) -> Value {
    let report = json!({
        "category": category,
        "position": app.town.point(east_m, 0.0),
        "accuracy_m": 5,
        "channel": "phone",
        "locale": "en",
        "contact": {"phone": "+33 1 99 00 00 77", "name": "C. Martin", "preferred": "call"},
    });
    agent.send("/v1/reports", report).await.expect(201)
}

/// The desk's list, and one more condition.
async fn listed(person: &Person, more: &str) -> Vec<Value> {
    let page = person.get(&format!("/v1/desk/reports{more}")).send().await.expect(200);
    page["items"].as_array().expect("items").clone()
}

/// The references of a list.
fn references(items: &[Value]) -> Vec<&Value> {
    items.iter().map(|item| &item["reference"]).collect()
}

/// The one entry of the list.
async fn only(person: &Person) -> Value {
    let mut items = listed(person, "").await;
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

/// Mails to a service that the worker sends now.
async fn mails_to(app: &TestApp, relay: &Relay, address: &str) -> Vec<Mail> {
    app.run_due(Utc::now()).await;
    let mails = relay.mails();
    mails.into_iter().filter(|mail| mail.to == address).collect()
}

/// Who has the alert in the phase that it is in.
async fn owner(person: &Person, alert: &str) -> Value {
    let detail = person.get(&format!("/v1/alerts/{alert}")).send().await.expect(200);
    let phases = detail["phases"].as_array().expect("phases");
    let now: Vec<&Value> = phases.iter().filter(|phase| phase["ended_at"].is_null()).collect();
    assert_eq!(now.len(), 1, "{phases:?}");
    now[0]["owner_id"].clone()
}

/// Somebody of the service looks at the alert and settles what it is.
async fn looked_at(app: &TestApp, agent: &Person, alert: &str) {
    assert_eq!(only(agent).await["seen_at"], Value::Null, "nobody has looked yet");
    let desk = agent.post(&format!("/v1/alerts/{alert}/seen")).send().await;
    desk.problem("forbidden");
    let secretariat = app.staff(Role::Secretariat).await;
    secretariat
        .post(&format!("/v1/alerts/{alert}/seen"))
        .send()
        .await
        .expect(204);
    assert!(only(agent).await["seen_at"].is_string());
    let qualified = secretariat
        .request(Method::PATCH, &format!("/v1/alerts/{alert}"))
        .header("If-Match", "*")
        .json(&json!({"priority": 3}))
        .send()
        .await
        .expect(200);
    assert_eq!(qualified["status"], "qualified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_s_report_is_followed_reminded_of_and_taken_back() {
    let relay = Relay::start();
    let app = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url()).start().await;
    let agent = app.staff(Role::FrontDesk).await;

    // A call is typed in and stands in the desk's list, with what the caller may be told.
    let told = entered(&app, &agent, "pothole", 0.0).await;
    let alert = told["alert"]["id"].as_str().expect("an alert").to_owned();
    let row = only(&agent).await;
    assert_eq!(row["reference"], told["reference"]);
    assert_eq!((&row["channel"], &row["mine"]), (&json!("phone"), &json!(true)));
    assert_eq!(
        (&row["alert"]["status"], &row["overdue"]),
        (&json!("new"), &json!(false))
    );
    assert_eq!(
        mails_to(&app, &relay, "roads@town.test").await.len(),
        1,
        "the new alert"
    );

    looked_at(&app, &agent, &alert).await;
    assert_eq!(only(&agent).await["alert"]["status"], "qualified");

    // Its promise passes; the desk reminds the service.
    let late = "UPDATE alert SET due_at = now() - interval '1 hour'";
    app.db
        .admin()
        .await
        .batch_execute(late)
        .await
        .expect("a promise passed");
    assert_eq!(only(&agent).await["overdue"], true);
    let note = json!({"note": "The caller rang again."});
    agent
        .send(&format!("/v1/alerts/{alert}/remind"), note)
        .await
        .expect(200);
    let reminders = mails_to(&app, &relay, "roads@town.test").await;
    assert_eq!(reminders.len(), 1, "{reminders:?}");
    assert!(reminders[0].subject.ends_with("relance"), "{reminders:?}");

    // It is another service's, which hears of it; the roads have it no longer.
    let another = json!({"service_id": app.town.services["cleaning"], "reason": "Rubbish, not a hole."});
    agent
        .send(&format!("/v1/alerts/{alert}/assign"), another)
        .await
        .expect(200);
    assert_eq!(
        only(&agent).await["alert"]["service_id"],
        json!(app.town.services["cleaning"])
    );
    assert_eq!(mails_to(&app, &relay, "cleaning@town.test").await.len(), 1);
    let secretariat = app.staff(Role::Secretariat).await;
    let gone = secretariat.get(&format!("/v1/alerts/{alert}")).send().await;
    gone.problem("not_found");

    taken_back(&app, &relay, &agent, &alert).await;
}

/// The desk takes it back with a reason: it is new again, the agent has it, the service hears.
async fn taken_back(app: &TestApp, relay: &Relay, agent: &Person, alert: &str) {
    let path = format!("/v1/alerts/{alert}/take-back");
    agent.send(&path, json!({"reason": " "})).await.problem("invalid");
    let reason = json!({"reason": "The caller withdraws it."});
    let back = agent.send(&path, reason).await.expect(200);
    assert_eq!(back["status"], "new");
    assert_eq!(owner(agent, alert).await, json!(app.town.staff[&Role::FrontDesk].id));
    assert_eq!(mails_to(app, relay, "cleaning@town.test").await.len(), 1);
    let history = agent
        .get(&format!("/v1/alerts/{alert}/history"))
        .send()
        .await
        .expect(200);
    let reasons: Vec<&Value> = history["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|event| &event["reason"])
        .collect();
    for reason in ["Rubbish, not a hole.", "The caller withdraws it."] {
        assert!(reasons.contains(&&json!(reason)), "{reasons:?}");
    }
}

#[tokio::test]
async fn the_desk_sees_what_colleagues_entered_in_its_scope_page_by_page() {
    let app = TestApp::start().await;
    let (agent, colleague) = (app.staff(Role::FrontDesk).await, app.staff(Role::Supervisor).await);
    let secretariat = app.staff(Role::Secretariat).await;
    let first = entered(&app, &agent, "pothole", 0.0).await;
    let second = entered(&app, &colleague, "fly-tipping", 900.0).await;
    let third = entered(&app, &secretariat, "pothole", -900.0).await;
    let alone = json!({"category": "pothole", "position": app.town.point(1500.0, 0.0), "accuracy_m": 5});
    app.anyone().send("/v1/reports", alone).await.expect(201);
    let of = |told: &Value| told["reference"].clone();
    let (first, second, third) = (of(&first), of(&second), of(&third));

    assert_eq!(references(&listed(&agent, "").await), [&third, &second, &first]);
    assert_eq!(references(&listed(&agent, "?mine=true").await), [&first]);
    assert_eq!(references(&listed(&secretariat, "").await), [&third], "its own entries");

    // Page by page the same, each once.
    let mut path = "/v1/desk/reports?limit=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = agent.get(&path).send().await.expect(200);
        seen.push(page["items"][0]["reference"].clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/desk/reports?limit=1&cursor={next}");
    }
    assert_eq!(seen, [third, second.clone(), first.clone()]);

    // A desk of the roads: what went to the cleaning is not its business.
    let roads = format!(
        "UPDATE role_grant SET service_id = '{}' WHERE staff_user_id = '{}'",
        app.town.services["roads"],
        app.town.staff[&Role::FrontDesk].id
    );
    app.db.admin().await.batch_execute(&roads).await.expect("a limit");
    let now = listed(&agent, "").await;
    assert!(references(&now).contains(&&first) && !references(&now).contains(&&second));
    app.staff(Role::Crew)
        .await
        .get("/v1/desk/reports")
        .send()
        .await
        .problem("forbidden");
}
