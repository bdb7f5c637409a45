//! Who may ask for what, over HTTP: every operation of the description as every role, and other towns' ids.
//!
//! `people/rights.md` is the policy's own table; this one is what the server really does, endpoint by endpoint.

mod objects;

use std::fmt::Write;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::contract::{Operation, contract};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

use self::objects::{Named, Objects};

const ROLES: [Role; 5] = [
    Role::Crew,
    Role::FrontDesk,
    Role::Secretariat,
    Role::Supervisor,
    Role::Admin,
];

/// Calls that end the caller's own session: walked last, and with a session of their own.
const ENDS_SESSION: [&str; 2] = ["sign_out", "sign_out_everywhere"];

/// Operations whose objects this walk cannot make, and where they are tried.
const ELSEWHERE: [(&str, &str); 12] = [
    ("contractor_page", "a signed link: field/contractor.rs"),
    ("answer_contractor_link", "a signed link: field/contractor.rs"),
    ("crew_app", "a file of the app: apps.rs"),
    ("device_agents", "with a tablet's secret: operator.rs"),
    ("photo_file", "a signed link: photos.rs"),
    ("on_call_page", "a signed link: mail/on_call.rs"),
    ("acknowledge_on_call", "a signed link: mail/on_call.rs"),
    ("unsubscribe_page", "a signed link: mail/unsubscribe.rs"),
    ("unsubscribe", "a signed link: mail/unsubscribe.rs"),
    ("list_kept_mail", "on loopback only: mail/kept.rs"),
    ("read_kept_mail", "on loopback only: mail/kept.rs"),
    ("show_kept_mail", "on loopback only: mail/kept.rs"),
];

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
        "sync_actions" => json!({"actions": [{"id": Uuid::now_v7()}]}),
        "decide_field_action" => json!({"decision": "dismiss", "note": "seen"}),
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

/// Asks for an operation, with what is named in its path, and ids that nobody ever gave for the rest.
async fn ask(person: &Person, operation: &Operation, named: &Named, town: &Town) -> Answer {
    let path: Vec<String> = operation
        .path
        .split('/')
        .map(|part| {
            let Some((name, rest)) = part.strip_prefix('{').and_then(|part| part.split_once('}')) else {
                return part.to_owned();
            };
            let known = named.values.iter().find(|(of, _)| *of == name);
            match (known, name) {
                (Some((_, value)), _) => format!("{value}{rest}"),
                // Numbers: of a town, of a tile.
                (None, "town") if operation.path.starts_with("/v1/uploads") => format!("1{rest}"),
                (None, "z" | "x" | "y") => format!("1{rest}"),
                _ => format!("{}{rest}", Uuid::now_v7()),
            }
        })
        .collect();
    let query = match operation.id.as_str() {
        "count_alerts_by_cell" => "?res=9&bbox=-4.51,46.49,-4.49,46.51",
        _ => "",
    };
    let mut request = person.request(operation.method.clone(), &(path.join("/") + query));
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
        request = request.header("If-Match", "*");
    }
    if let Some(secret) = &named.secret {
        request = request.header("X-Follow-Secret", secret);
    }
    if operation.id == "create_upload" {
        request = request.header("Tus-Resumable", "1.0.0");
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

/// Whoever asks: anybody, then a person of each role.
async fn askers(app: &TestApp) -> Vec<(Option<Role>, Person)> {
    let mut people = vec![(None, app.anyone())];
    for role in ROLES {
        people.push((Some(role), app.staff(role).await));
    }
    people
}

/// One row of the table: what each of them may.
async fn rights(
    app: &TestApp,
    operation: &Operation,
    people: &[(Option<Role>, Person)],
    objects: &Objects<'_>,
) -> Vec<&'static str> {
    let mut rights = Vec::new();
    for (role, person) in people {
        let own = match role {
            Some(role) if ENDS_SESSION.contains(&operation.id.as_str()) => app.staff(*role).await,
            _ => person.clone(),
        };
        let named = objects.named(operation, *role).await.unwrap_or_default();
        let answer = ask(&own, operation, &named, &app.town).await;
        assert!(answer.status < 500, "{answer}");
        rights.push(right(&answer));
    }
    rights
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_as_every_role() {
    let app = TestApp::start().await;
    let (people, objects) = (askers(&app).await, Objects::of(&app, &app.town).await);
    let row = |first: &str, cells: Vec<&str>| {
        let cells: String = cells.iter().map(|cell| format!("{cell:<13}")).collect();
        format!("{first:<26}{cells}").trim_end().to_owned()
    };
    let heads = people.iter().map(|(_, person)| person.name()).collect();
    let mut table = row("operation", heads) + "\n";
    for operation in walked() {
        let rights = rights(&app, operation, &people, &objects).await;
        let elsewhere = ELSEWHERE.iter().any(|(id, _)| *id == operation.id);
        let reached = rights.contains(&"may");
        assert!(
            reached != elsewhere,
            "{}: {rights:?}, in the list of exceptions: {elsewhere}",
            operation.id
        );
        writeln!(table, "{}", row(&operation.id, rights)).expect("a string");
    }
    insta::assert_snapshot!("rights", table.trim_end());
}

/// An id of another town is as unknown as one that nobody ever gave: who may do it at home reads that there is none, who may not
/// reads what they would of any id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_towns_do_not_exist() {
    let app = TestApp::start().await;
    let other = Town::install(&mut app.db.admin().await, 1).await;
    let theirs = Objects::of(&app, &other).await;
    let people = askers(&app).await;
    let mut reached = 0;
    for operation in walked().into_iter().filter(|operation| operation.path.contains("{id}")) {
        for (role, person) in &people {
            let Some(named) = theirs.named(operation, *role).await else {
                continue;
            };
            // The follow secret opens a report to whoever has it, in any town.
            let unknown = Named { secret: None, ..named };
            let answer = ask(person, operation, &unknown, &app.town).await;
            let invented = ask(person, operation, &Named::default(), &app.town).await;
            assert_eq!(
                answer.status, invented.status,
                "{role:?} learns that it exists: {answer}"
            );
            assert!(answer.status >= 400, "{role:?}: {answer}");
            reached += usize::from(answer.status == 404);
        }
    }
    assert!(reached > 100, "{reached} requests got as far as looking for the object");
}

/// What a body names of another town is as unknown: nothing of theirs comes into what is ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_cannot_name_what_another_town_has() {
    let app = TestApp::start().await;
    let other = Town::install(&mut app.db.admin().await, 1).await;
    let (own, theirs) = (Objects::of(&app, &app.town).await, Objects::of(&app, &other).await);
    let (alert, report) = (theirs.alert().await, theirs.report_id().await);
    let (service, crew) = (other.services["roads"], other.crews["roads-1"]);
    let (supervisor, admin) = (app.staff(Role::Supervisor).await, app.staff(Role::Admin).await);
    let of_alert = [
        ("merge", "into", json!({"into": alert})),
        ("not-same", "as", json!({"as": alert})),
        ("split", "reports", json!({"reports": [report]})),
        ("dispatch", "crew_id", json!({"crew_id": crew})),
        (
            "assign",
            "service_id",
            json!({"service_id": service, "reason": "theirs"}),
        ),
        ("hand-over", "body_id", json!({"body_id": other.power_company})),
        (
            "steps",
            "body_id",
            json!({"step": "transfer", "body_id": other.power_company}),
        ),
    ];
    for (path, field, body) in of_alert {
        let path = format!("/v1/alerts/{}/{path}", own.alert().await);
        names(field, &supervisor.send(&path, body).await);
    }
    let path = format!("/v1/alerts/{}", own.alert().await);
    let change = supervisor.request(Method::PATCH, &path).header("If-Match", "*");
    names("service_id", &change.json(&json!({"service_id": service})).send().await);
    let path = format!("/v1/reports/{}/move", own.report_id().await);
    names("to", &supervisor.send(&path, json!({"to": alert})).await);
    let truck = json!({"name": "Truck 1", "crew_id": crew});
    names("crew_id", &supervisor.send("/v1/devices", truck).await);
    for (role, of, id) in [("secretariat", "service_id", service), ("crew", "crew_id", crew)] {
        let person = json!({"email": "new@town.test", "name": "New", "locale": "en", "password": "a-password-for-tests-only",
            "grants": [{"role": role, of: id}]});
        names(&format!("grants.0.{of}"), &admin.send("/v1/staff", person).await);
    }
}

/// Holds that an answer refuses what a field names.
fn names(field: &str, answer: &Answer) {
    let problem = answer.problem("invalid");
    assert_eq!(problem["errors"][0]["field"], field, "{answer}");
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_everywhere() {
    let app = TestApp::start().await;
    let stranger = app.anyone().with_token("e30.e30.e30");
    for operation in walked() {
        if operation.document["responses"].get("401").is_some() {
            let answer = ask(&stranger, operation, &Named::default(), &app.town).await;
            assert!(
                [401, 415, 422].contains(&answer.status) || operation.id.starts_with("sign_in"),
                "{answer}"
            );
        }
    }
}
