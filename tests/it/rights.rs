//! Who may ask for what, over HTTP: every operation of the description as every role, and other towns' ids.
//!
//! `people/rights.md` is the policy's own table; this one is what the server really does, endpoint by endpoint.

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::contract::{Operation, contract};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

const ROLES: [Role; 5] = [
    Role::Crew,
    Role::FrontDesk,
    Role::Secretariat,
    Role::Supervisor,
    Role::Admin,
];

/// Calls that end the caller's own session: walked last, and with a session of their own.
const ENDS_SESSION: [&str; 2] = ["sign_out", "sign_out_everywhere"];

/// A body that gets as far as looking for the object. `{}` for what is not listed.
fn body(operation: &str, town: &Town) -> Value {
    match operation {
        "act_on_task" => json!({"id": Uuid::now_v7(), "action": "start", "client_at": "2026-11-22T08:00:00Z"}),
        "dispatch_alert" => json!({"crew_id": town.crews["roads-1"]}),
        "assign_alert" => json!({"service_id": town.services["roads"], "reason": "theirs"}),
        "hand_over_alert" => json!({"body_id": town.power_company}),
        "create_contractor_link" => json!({"company": "Travaux du Large"}),
        "answer_hand_over" => json!({"answer": "accepted", "reference": "X-1"}),
        "take_back_alert" => json!({"reason": "it waits"}),
        "preview_dedup_policy" => json!({"policy": {}}),
        "take_step" => json!({"step": "reject", "reason": "nothing there"}),
        "merge_alert" => json!({"into": Uuid::now_v7()}),
        "split_alert" => json!({"reports": [Uuid::now_v7()]}),
        "move_report" => json!({"to": Uuid::now_v7()}),
        "keep_alerts_apart" => json!({"as": Uuid::now_v7()}),
        "report_same" | "report_not_same" => json!({"alert": Uuid::now_v7()}),
        "add_grant" => json!({"role": "front_desk"}),
        "record_call_outcome" => json!({"outcome": "reached"}),
        "announce_device" => json!({"name": "Truck 1", "crew_id": town.crews["roads-1"]}),
        "reveal_contact" => json!({"purpose": "call_back"}),
        "reset_password" => json!({"password": "a-password-for-tests-only"}),
        "create_staff" => json!({"email": format!("{}@town.test", Uuid::now_v7()), "name": "New", "locale": "en",
            "password": "a-password-for-tests-only", "grants": [{"role": "front_desk"}]}),
        _ => json!({}),
    }
}

/// Asks for an operation with `id` in every varying part of its path.
async fn ask(person: &Person, operation: &Operation, id: Uuid, town: &Town) -> Answer {
    let path: Vec<String> = operation
        .path
        .split('/')
        .map(|part| {
            let Some((name, rest)) = part.strip_prefix('{').and_then(|part| part.split_once('}')) else {
                return part.to_owned();
            };
            match name {
                // Numbers: of a town, of a tile.
                "town" if operation.path.starts_with("/v1/uploads") => format!("1{rest}"),
                "z" | "x" | "y" => format!("1{rest}"),
                _ => format!("{id}{rest}"),
            }
        })
        .collect();
    let mut request = person.request(operation.method.clone(), &path.join("/"));
    if operation.method != Method::GET {
        let takes_json = operation
            .document
            .pointer("/requestBody/content/application~1json")
            .is_some();
        request = if takes_json {
            request.json(&body(&operation.id, town))
        } else {
            request
        };
        request = request.header("If-Match", "\"v1\"");
    }
    if operation.path.starts_with("/v1/uploads/") {
        request = request
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Offset", "0")
            .header("X-HTTP-Method-Override", "HEAD");
        if operation.method != Method::GET {
            request = request.body("application/offset+octet-stream", "x");
        }
    }
    request.send().await
}

fn walked() -> Vec<&'static Operation> {
    let (last, first): (Vec<_>, Vec<_>) = contract()
        .operations
        .iter()
        .partition(|operation| ENDS_SESSION.contains(&operation.id.as_str()));
    first.into_iter().chain(last).collect()
}

/// What an answer says about the right alone.
fn right(answer: &Answer) -> &'static str {
    match answer.status {
        401 => "sign in",
        403 => "no",
        // Allowed or not, a stranger's id tells nothing.
        404 => "unknown id",
        _ => "may",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_as_every_role() {
    let app = TestApp::start().await;
    let mut people = vec![app.anyone()];
    for role in ROLES {
        people.push(app.staff(role).await);
    }
    let heads: Vec<&str> = people.iter().map(Person::name).collect();
    let mut table = format!(
        "{:<26}{}\n",
        "operation",
        heads.iter().map(|name| format!("{name:<13}")).collect::<String>()
    );
    for operation in walked() {
        write!(table, "{:<26}", operation.id).unwrap();
        for (place, person) in people.iter().enumerate() {
            let own = match place.checked_sub(1) {
                Some(role) if ENDS_SESSION.contains(&operation.id.as_str()) => app.staff(ROLES[role]).await,
                _ => person.clone(),
            };
            let answer = ask(&own, operation, Uuid::now_v7(), &app.town).await;
            assert!(answer.status < 500, "{answer}");
            write!(table, "{:<13}", right(&answer)).unwrap();
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    insta::assert_snapshot!("rights", table);
}

/// An id of another town is as unknown as one that nobody ever gave, whoever asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_towns_do_not_exist() {
    let app = TestApp::start().await;
    let other = Town::install(&mut app.db.admin().await, 1).await;
    let report = json!({"category": "pothole", "position": other.point(0.0, 0.0)});
    let theirs = app.anyone().send("/v1/reports", report).await.expect(201);
    let ids = [
        theirs["alert"]["id"].clone(),
        theirs["id"].clone(),
        json!(other.staff[&Role::Supervisor].id),
    ];
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    let mut reached = 0;
    for role in ROLES {
        let person = app.staff(role).await;
        for operation in walked().into_iter().filter(|operation| operation.path.contains("{id}")) {
            for id in &ids {
                let answer = ask(&person, operation, *id, &app.town).await;
                let told = answer.status < 400;
                assert!(!told, "{role} reached {} of another town: {answer}", operation.id);
                let hidden = [401, 403, 404, 415, 422].contains(&answer.status);
                assert!(hidden, "{role} learns that it exists: {answer}");
                reached += usize::from(answer.status == 404);
            }
        }
    }
    assert!(reached > 0, "no request got as far as looking for the object");
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_everywhere() {
    let app = TestApp::start().await;
    let stranger = app.anyone().with_token("e30.e30.e30");
    for operation in walked() {
        if operation.document["responses"].get("401").is_some() {
            let answer = ask(&stranger, operation, Uuid::now_v7(), &app.town).await;
            assert!(
                [401, 415, 422].contains(&answer.status) || operation.id.starts_with("sign_in"),
                "{answer}"
            );
        }
    }
}
