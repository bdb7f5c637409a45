//! Merging, and taking it back: what follows, what refuses, who hears.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merged_alert_leads_to_its_survivor_everywhere() {
    let mut desk = Desk::open().await;
    let (first, joined, other) = (desk.report(0.0).await, desk.report(1.0).await, desk.report(200.0).await);
    desk.app.run_due(Utc::now()).await;
    assert_eq!(first.alert, joined.alert);
    let before = desk.alert(&first.alert).await;
    let done = desk.merge(&first.alert, &other.alert).await;
    assert_eq!(
        (done["kind"].as_str(), done["preview"].as_bool()),
        (Some("merge"), Some(false))
    );
    assert_eq!(done["reports"], json!([first.id, joined.id]));
    assert_eq!(done["told"]["email"], 2);

    let survivor = desk.alert(&other.alert).await;
    assert_eq!(survivor["report_count"], 3);
    assert_eq!(survivor["opened_at"], before["opened_at"], "since the first of all");
    assert_eq!(reports(&survivor).len(), 3);
    let merges = survivor["memberships"].as_array().expect("decisions").iter();
    assert_eq!(
        merges
            .filter(|row| row["decision"] == "merge" && row["operation_id"] == done["id"])
            .count(),
        2
    );
    assert_eq!(survivor["operations"][0]["reason"], "one hole");
    assert_eq!(survivor["operations"][0]["by_name"], "supervisor");

    let merged = desk.alert(&first.alert).await;
    assert_eq!(
        (merged["open"].as_bool(), merged["report_count"].as_i64()),
        (Some(false), Some(0))
    );
    assert_eq!(merged["merged_into"], json!(other.alert));
    assert_eq!(merged["survivor"]["reference"], survivor["reference"]);
    assert_eq!(merged["allowed"], json!([]), "no step of its own any more");

    found_and_followed(&mut desk, &before, &first, &other.alert).await;
    what_follows_reaches_all(&mut desk, &first.alert, &other.alert).await;
}

/// References and words lead staff, the follow secret leads its author to the survivor; the log holds all of it.
async fn found_and_followed(desk: &mut Desk, before: &Value, first: &Sent, survivor: &str) {
    // By reference of the alert, of a report, and by a word that only the merged reports had.
    for sought in [
        before["reference"].as_str().expect("a reference"),
        &first.reference,
        "mot1",
    ] {
        let found = desk
            .supervisor
            .get(&format!("/v1/alerts?q={sought}"))
            .send()
            .await
            .expect(200);
        assert_eq!(found["items"][0]["id"], json!(survivor), "{sought}");
    }
    let closed = desk.supervisor.get("/v1/alerts?open=false").send().await.expect(200);
    assert_eq!(
        closed["items"],
        json!([]),
        "what was merged away is no alert of its own"
    );
    let followed = desk.app.anyone().get(&format!("/v1/reports/{}", first.id));
    let followed = followed
        .header("X-Follow-Secret", &first.secret)
        .send()
        .await
        .expect(200);
    assert_eq!(followed["alert"]["id"], json!(survivor));
    assert_eq!(
        desk.count(&format!("follower WHERE alert_id = '{}'", survivor)).await,
        3
    );
    let gone = format!("change WHERE tombstone AND entity_id = '{}'", first.alert);
    assert_eq!(desk.count(&gone).await, 1);
    let verdicts = format!(
        "verdict WHERE same AND alert_id = '{}' AND by_user IS NOT NULL",
        survivor
    );
    assert_eq!(desk.count(&verdicts).await, 2);
    assert_eq!(desk.count("audit_event WHERE action = 'merge_alert'").await, 2);
}

/// What happens to the survivor afterwards.
async fn what_follows_reaches_all(desk: &mut Desk, merged: &str, survivor: &str) {
    // What happens to the survivor reaches those who came with the merge, once each.
    desk.step(survivor, json!({"step": "reject", "reason": "private"}))
        .await
        .expect(200);
    assert_eq!(desk.count("notification WHERE template = 'rejected'").await, 3);
    // "It is this one", said of the alert that was merged away, means the survivor; that one is closed by now.
    let reopened = desk.step(survivor, json!({"step": "reopen"})).await;
    reopened.expect(200);
    desk.app.projected().await;
    let late = desk.report_with(0.0, json!({"joins": merged})).await;
    assert_eq!(late.alert, survivor);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_is_told_once_after_ten_minutes() {
    let mut desk = Desk::open().await;
    let (first, other) = (desk.report(0.0).await, desk.report(200.0).await);
    desk.merge(&first.alert, &other.alert).await;
    let now = Utc::now();
    desk.app.run_due(now).await;
    assert_eq!(
        (desk.told("merged", "due").await, desk.told("merged", "sent").await),
        (1, 0),
        "it waits"
    );
    desk.app.run_due(now + HEARD).await;
    desk.app.run_due(now + HEARD * 2).await;
    assert_eq!(
        (desk.told("merged", "due").await, desk.told("merged", "sent").await),
        (0, 1)
    );
    let only = "notification n JOIN follower f ON f.id = n.follower_id WHERE n.template = 'merged'";
    assert_eq!(desk.count(&format!("{only} AND f.report_id = '{}'", first.id)).await, 1);
    assert_eq!(desk.count(only).await, 1, "those of the survivor hear nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_puts_everything_back_and_nobody_hears() {
    let mut desk = Desk::open().await;
    let first = desk
        .report_with(0.0, json!({"category": "street-light", "answers": {"cable": "live"}}))
        .await;
    let other = desk.report_with(200.0, json!({"category": "street-light"})).await;
    let task = json!({"crew_id": desk.app.town.crews["roads-1"]});
    desk.step(&first.alert, json!({"step": "qualify"})).await.expect(200);
    desk.ask(&format!("/v1/alerts/{}/dispatch", first.alert), task)
        .await
        .expect(201);
    desk.app.run_due(Utc::now()).await;
    let before = desk.picture([&first.alert, &other.alert]).await;
    let done = desk.merge(&first.alert, &other.alert).await;
    assert!(!done["task_withdrawn"].is_null(), "{done}");
    assert_eq!(done["alerts"][1]["severity"], 2, "a danger is not lost");
    assert_eq!(done["alerts"][1]["priority"], 4);
    assert_eq!(desk.count("task WHERE state = 'withdrawn'").await, 1);
    assert_eq!(
        desk.count("notification WHERE template = 'service_raised_severity'")
            .await,
        1
    );
    assert_ne!(desk.picture([&first.alert, &other.alert]).await, before);

    let undone = desk.undo(&done).await.expect(200);
    assert_eq!(undone["reports"], json!([first.id]));
    assert_eq!(
        (undone["notices_withdrawn"].as_i64(), undone["told"]["email"].as_i64()),
        (Some(1), Some(0))
    );
    assert_eq!(desk.picture([&first.alert, &other.alert]).await, before, "exactly back");
    desk.app.run_due(Utc::now() + HEARD).await;
    assert_eq!(
        (
            desk.told("merged", "cancelled").await,
            desk.told("merged", "sent").await
        ),
        (1, 0)
    );
    assert_eq!(desk.told("moved", "due").await + desk.told("moved", "sent").await, 0);
    let shown = desk.alert(&first.alert).await;
    assert_eq!(shown["operations"][0]["undone_by"], undone["id"]);
    assert_eq!(shown["survivor"], Value::Null);
    assert_eq!(desk.undo(&done).await.problem("conflict")["reason"], "undone");
    assert_eq!(desk.undo(&undone).await.problem("conflict")["reason"], "is_undo");
    // And again: a pair can be merged after an undo.
    desk.merge(&first.alert, &other.alert).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_after_the_message_left_tells_again() {
    let mut desk = Desk::open().await;
    let (first, other) = (desk.report(0.0).await, desk.report(200.0).await);
    let done = desk.merge(&first.alert, &other.alert).await;
    let later = Utc::now() + HEARD;
    desk.app.run_due(later).await;
    let undone = desk.undo(&done).await.expect(200);
    assert_eq!(
        (undone["notices_withdrawn"].as_i64(), undone["told"]["email"].as_i64()),
        (Some(0), Some(1))
    );
    assert_eq!(undone["message"]["locale"], "fr");
    desk.app.run_due(later).await;
    assert_eq!(
        (desk.told("merged", "sent").await, desk.told("moved", "sent").await),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_built_on_a_merge_stays_or_prevents_its_undo() {
    let mut desk = Desk::open().await;
    let (first, joined, other) = (desk.report(0.0).await, desk.report(1.0).await, desk.report(200.0).await);
    let third = desk.report(500.0).await;
    let done = desk.merge(&first.alert, &other.alert).await;
    // One goes on to a third alert, another one arrives meanwhile.
    desk.ask(&format!("/v1/reports/{}/move", joined.id), json!({"to": third.alert}))
        .await
        .expect(200);
    desk.app.projected().await;
    let came = desk.report_with(200.5, json!({"joins": other.alert})).await;
    assert_eq!(came.alert, other.alert);
    // Closed since: its followers were told so.
    desk.step(&other.alert, json!({"step": "reject", "reason": "private"}))
        .await
        .expect(200);
    assert_eq!(desk.undo(&done).await.problem("conflict")["reason"], "status_since");
    desk.step(&other.alert, json!({"step": "reopen"})).await.expect(200);
    let undone = desk.undo(&done).await.expect(200);
    assert_eq!(
        (&undone["reports"], &undone["stayed"]),
        (&json!([first.id]), &json!([joined.id]))
    );
    let (back, there, elsewhere) = (
        desk.alert(&first.alert).await,
        desk.alert(&other.alert).await,
        desk.alert(&third.alert).await,
    );
    assert_eq!(reports(&back), [first.id.as_str()]);
    assert_eq!(reports(&there), [other.id.as_str(), came.id.as_str()]);
    assert_eq!(reports(&elsewhere).len(), 2);
    assert_eq!(there["status"], "reopened", "steps taken since stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_is_refused_for_its_reason() {
    let mut desk = Desk::open().await;
    let (first, other) = (desk.report(0.0).await, desk.report(200.0).await);
    let merge = |id: &str| format!("/v1/alerts/{id}/merge");
    let into = |id: &str| json!({"into": id});
    let same = desk
        .ask(&merge(&first.alert), into(&first.alert))
        .await
        .problem("invalid");
    assert_eq!(same["errors"][0]["code"], "same_alert");
    let nobody = desk
        .ask(&merge(&first.alert), into(&Uuid::now_v7().to_string()))
        .await
        .problem("invalid");
    assert_eq!(nobody["errors"][0]["code"], "unknown_alert");
    desk.ask(&merge(&Uuid::now_v7().to_string()), into(&first.alert))
        .await
        .problem("not_found");
    // Versions of both are held.
    let stale = desk
        .supervisor
        .post(&merge(&first.alert))
        .header("If-Match", "\"v9\"")
        .json(&into(&other.alert));
    stale.send().await.problem("stale");
    let stale = json!({"into": other.alert, "into_version": 9});
    desk.ask(&merge(&first.alert), stale).await.problem("stale");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_waits_for_whoever_is_at_work() {
    let mut desk = Desk::open().await;
    let (first, other, third) = (
        desk.report(0.0).await,
        desk.report(200.0).await,
        desk.report(400.0).await,
    );
    let merge = |id: &str| format!("/v1/alerts/{id}/merge");
    let into = |id: &str| json!({"into": id});
    // A crew at work hears it from a person first.
    desk.step(&first.alert, json!({"step": "qualify"})).await.expect(200);
    let task = json!({"crew_id": desk.app.town.crews["roads-1"]});
    desk.ask(&format!("/v1/alerts/{}/dispatch", first.alert), task)
        .await
        .expect(201);
    desk.step(&first.alert, json!({"step": "start"})).await.expect(200);
    let at_work = desk
        .ask(&merge(&first.alert), into(&other.alert))
        .await
        .problem("conflict");
    assert_eq!(at_work["reason"], "crew_at_work");
    assert!(at_work["task_id"].is_string() && at_work["crew_id"].is_string());
    // So does an outside body.
    let body = desk.app.town.power_company;
    desk.step(&third.alert, json!({"step": "transfer", "body_id": body}))
        .await
        .expect(200);
    let handed = desk
        .ask(&merge(&third.alert), into(&other.alert))
        .await
        .problem("conflict");
    assert_eq!(
        (&handed["reason"], &handed["body_id"]),
        (&json!("handed_over"), &json!(body))
    );
    // The other way round it works, and what is merged or closed takes nothing.
    desk.merge(&other.alert, &first.alert).await;
    let merged = desk
        .ask(&merge(&third.alert), into(&other.alert))
        .await
        .problem("conflict");
    assert_eq!(
        (&merged["reason"], &merged["merged_into"]),
        (&json!("merged"), &json!(first.alert))
    );
    let again = desk
        .ask(&merge(&other.alert), into(&third.alert))
        .await
        .problem("conflict");
    assert_eq!(again["reason"], "merged");
    let step = desk
        .step(&other.alert, json!({"step": "qualify"}))
        .await
        .problem("conflict");
    assert_eq!(step["merged_into"], json!(first.alert));
    closed_alerts_and_other_roles(&mut desk, &first.alert, &third.alert).await;
}

/// What is closed takes nothing, and a merge is nobody's but a supervisor's.
async fn closed_alerts_and_other_roles(desk: &mut Desk, first: &str, third: &str) {
    let merge = |id: &str| format!("/v1/alerts/{id}/merge");
    let into = |id: &str| json!({"into": id});
    let closed = desk.report(600.0).await;
    desk.step(&closed.alert, json!({"step": "reject", "reason": "private"}))
        .await
        .expect(200);
    let refused = desk.ask(&merge(third), into(&closed.alert)).await.problem("conflict");
    assert_eq!(refused["reason"], "closed");
    for role in [Role::Crew, Role::FrontDesk, Role::Secretariat, Role::Admin] {
        let person = desk.app.staff(role).await;
        person.send(&merge(third), into(first)).await.problem("forbidden");
    }
}
