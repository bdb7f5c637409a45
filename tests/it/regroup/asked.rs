//! Previews, requests that are sent again, who is told nothing, and what a crew reads.

use super::*;

/// How many rows there are in each table that a correction writes.
const TABLES: &str = "SELECT coalesce(string_agg(n::text, ' '), '') AS value FROM (SELECT (xpath('/row/n/text()', \
        query_to_xml(format('SELECT count(*) AS n FROM %I', t), false, true, '')))[1] AS n FROM unnest(ARRAY['alert', \
        'alert_operation', 'membership', 'verdict', 'notification', 'job', 'audit_event', 'change', 'status_event', \
        'public_id', 'alert_link']) AS t) AS counts";

/// How many by which way, and the words.
fn says_who_hears_what(preview: &Value, first: &Sent) {
    assert_eq!(
        preview["told"],
        json!({"app": 0, "email": 2, "sms": 1, "call": 0, "letter": 0})
    );
    let message = &preview["message"];
    assert_eq!(message["locale"], "en");
    assert!(
        message["subject"]
            .as_str()
            .is_some_and(|text| text.contains("put together")),
        "{message}"
    );
    assert!(
        message["sms"]
            .as_str()
            .is_some_and(|text| text.contains(&first.reference)),
        "{message}"
    );
    assert_eq!(preview["alerts"][1]["report_count"], 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_says_everything_and_writes_nothing() {
    let mut desk = Desk::open().await;
    let (first, second, other) = (desk.report(0.0).await, desk.report(1.0).await, desk.report(200.0).await);
    let texter = json!({"contact": {"phone": "+33 6 39 98 00 01", "preferred": "sms"}});
    desk.report_with(0.5, texter).await;
    let merge = desk
        .ask(
            &format!("/v1/alerts/{}/merge", first.alert),
            json!({"into": other.alert}),
        )
        .await
        .expect(200);
    desk.undo(&merge).await.expect(200);
    let (before, rows) = (
        desk.value(TABLES).await,
        desk.picture([&first.alert, &other.alert]).await,
    );
    let asked: Vec<(String, Value)> = vec![
        (
            format!("/v1/alerts/{}/merge", first.alert),
            json!({"into": other.alert}),
        ),
        (
            format!("/v1/alerts/{}/split", first.alert),
            json!({"reports": [second.id]}),
        ),
        (format!("/v1/reports/{}/move", second.id), json!({"to": other.alert})),
        (
            format!("/v1/alerts/{}/not-same", first.alert),
            json!({"as": other.alert}),
        ),
    ];
    for (path, body) in &asked {
        let preview = desk
            .supervisor
            .post(&format!("{path}?preview=true"))
            .header("Accept-Language", "en")
            .json(body);
        let preview = preview.send().await;
        assert!(preview.header("etag").is_none());
        let preview = preview.expect(200);
        assert_eq!(preview["preview"], true);
        assert_eq!(desk.value(TABLES).await, before, "{path}");
        assert_eq!(desk.picture([&first.alert, &other.alert]).await, rows, "{path}");
        if path.ends_with("merge") {
            says_who_hears_what(&preview, &first);
        }
    }
    // A preview refuses what the command refuses.
    let undo = format!(
        "/v1/operations/{}/undo?preview=true",
        merge["id"].as_str().unwrap_or_default()
    );
    assert_eq!(desk.ask(&undo, json!({})).await.problem("conflict")["reason"], "undone");
    let real = desk.merge(&first.alert, &other.alert).await;
    let undo = format!(
        "/v1/operations/{}/undo?preview=true",
        real["id"].as_str().unwrap_or_default()
    );
    assert_eq!(desk.ask(&undo, json!({})).await.expect(200)["notices_withdrawn"], 3);
    assert_eq!(desk.alert(&first.alert).await["merged_into"], json!(other.alert));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_is_sent_again_is_done_once() {
    let mut desk = Desk::open().await;
    let (first, second, other) = (desk.report(0.0).await, desk.report(1.0).await, desk.report(200.0).await);
    let moves = json!({"id": Uuid::now_v7(), "to": other.alert});
    let path = format!("/v1/reports/{}/move", second.id);
    let once = desk.ask(&path, moves.clone()).await.expect(200);
    let again = desk.ask(&path, moves.clone()).await.expect(200);
    assert_eq!((&once["id"], &once["reports"]), (&again["id"], &again["reports"]));
    assert_eq!(once["told"], again["told"]);
    let other_body = json!({"id": moves["id"], "to": other.alert, "reason": "another"});
    desk.ask(&path, other_body).await.problem("id_taken");
    let merge = json!({"id": Uuid::now_v7(), "into": other.alert});
    let path = format!("/v1/alerts/{}/merge", first.alert);
    let once = desk.ask(&path, merge.clone()).await.expect(200);
    let again = desk.ask(&path, merge).await.expect(200);
    assert_eq!((&once["id"], &once["at"]), (&again["id"], &again["at"]));
    let undo = json!({"id": Uuid::now_v7()});
    let path = format!("/v1/operations/{}/undo", once["id"].as_str().expect("an id"));
    let once = desk.ask(&path, undo.clone()).await.expect(200);
    assert_eq!(desk.ask(&path, undo).await.expect(200)["id"], once["id"]);
    assert_eq!(desk.count("alert_operation").await, 3);
    assert_eq!(desk.count("public_id WHERE kind = 'operation'").await, 3);
    // An id that names something else is taken.
    let taken = json!({"id": first.id, "into": other.alert});
    desk.ask(&format!("/v1/alerts/{}/merge", first.alert), taken)
        .await
        .problem("id_taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stopped_messages_and_who_reported_something_sensitive_hears_nothing() {
    let mut desk = Desk::open().await;
    let (first, other) = (desk.report(0.0).await, desk.report(200.0).await);
    let ended = format!(
        "WITH ended AS (UPDATE follower SET ended_at = now() WHERE report_id = '{}' RETURNING 1) SELECT count(*) AS value FROM ended",
        first.id
    );
    assert_eq!(number(&mut desk.db, &ended).await, 1);
    let done = desk.merge(&first.alert, &other.alert).await;
    assert_eq!((&done["told"]["email"], &done["message"]), (&json!(0), &Value::Null));
    assert_eq!(
        desk.count(&format!("follower WHERE alert_id = '{}'", other.alert))
            .await,
        2,
        "they follow, silent"
    );
    let quiet = json!({"category": "nuisance"});
    let (one, two) = (
        desk.report_with(800.0, quiet.clone()).await,
        desk.report_with(1_100.0, quiet).await,
    );
    assert_eq!(desk.merge(&one.alert, &two.alert).await["told"]["email"], 0);
    assert_eq!(
        desk.count("notification WHERE template IN ('merged', 'moved', 'separated')")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crew_whose_task_was_withdrawn_is_led_to_the_survivor() {
    let mut desk = Desk::open().await;
    let (first, other) = (desk.report(0.0).await, desk.report(200.0).await);
    desk.step(&first.alert, json!({"step": "qualify"})).await.expect(200);
    let dispatched = json!({"crew_id": desk.app.town.crews["roads-1"]});
    let task = desk
        .ask(&format!("/v1/alerts/{}/dispatch", first.alert), dispatched)
        .await
        .expect(201);
    let task = task["task"]["id"]
        .as_str()
        .or(task["id"].as_str())
        .expect("a task")
        .to_owned();
    desk.merge(&first.alert, &other.alert).await;
    let crew = desk.app.staff(Role::Crew).await;
    let listed = crew.get("/v1/tasks").send().await.expect(200);
    assert_eq!(listed["items"], json!([]));
    let act =
        |action: &str| json!({"id": Uuid::now_v7(), "action": action, "client_at": Utc::now(), "note": "It was big."});
    let path = format!("/v1/tasks/{task}/actions");
    let refused = crew.send(&path, act("start")).await.problem("conflict");
    assert_eq!(
        (&refused["reason"], &refused["merged_into"]),
        (&json!("task_ended"), &json!(other.alert))
    );
    crew.send(&path, act("note")).await.expect(200);
    let history = desk.alert(&other.alert).await;
    let notes: Vec<&Value> = history["history"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| &line["note"])
        .collect();
    assert!(
        notes.contains(&&json!("It was big.")),
        "what the crew says reaches those who go on: {notes:?}"
    );
}
