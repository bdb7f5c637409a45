//! Splitting reports off and moving one.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_that_are_split_off_have_an_alert_of_their_own() {
    let mut desk = Desk::open().await;
    let (first, second, third) = (desk.report(0.0).await, desk.report(2.0).await, desk.report(4.0).await);
    desk.app.run_due(Utc::now()).await;
    let path = format!("/v1/alerts/{}/split", first.alert);
    for (body, code) in [
        (json!({"reports": []}), "required"),
        (json!({"reports": [first.id, first.id]}), "twice"),
        (json!({"reports": [Uuid::now_v7()]}), "unknown_report"),
        (json!({"reports": [first.id, second.id, third.id]}), "one_must_stay"),
    ] {
        assert_eq!(
            desk.ask(&path, body).await.problem("invalid")["errors"][0]["code"],
            code
        );
    }
    let before = desk.picture([&first.alert, &first.alert]).await;
    // The opening report leaves: what stays has the place and the date of the earliest that stays.
    let done = desk.split(&first.alert, &[&first.id, &third.id]).await;
    let new = done["alerts"][1]["id"].as_str().expect("an id").to_owned();
    let (left, own) = (desk.alert(&first.alert).await, desk.alert(&new).await);
    assert_eq!(
        (reports(&left), reports(&own)),
        (vec![second.id.as_str()], vec![first.id.as_str(), third.id.as_str()])
    );
    assert_eq!(left["position"], desk.app.town.point(2.0, 0.0));
    assert_eq!(own["position"], desk.app.town.point(0.0, 0.0));
    assert_eq!(
        (left["address"].as_str(), own["address"].as_str()),
        (Some("2 rue du Port"), Some("1 rue du Port"))
    );
    assert_eq!(left["opened_at"], left["reports"][0]["received_at"]);
    assert_eq!(own["opened_at"], own["reports"][0]["received_at"]);
    assert_eq!(
        (&own["status"], &own["service_id"]),
        (&json!("new"), &json!(desk.app.town.services["roads"]))
    );
    assert!(own["due_at"].is_string() && own["reference"] != left["reference"]);
    assert_eq!(own["links"][0]["kind"], "split_from");
    what_a_split_leaves(&mut desk, &first.alert, &new).await;
    let undone = desk.undo(&done).await.expect(200);
    assert_eq!(
        undone["alerts"][1]["merged_into"],
        json!(first.alert),
        "its reference was told: it leads back"
    );
    assert_eq!(desk.picture([&first.alert, &first.alert]).await, before, "exactly back");
    assert_eq!(desk.told("separated", "cancelled").await, 2);
    assert_eq!(desk.alert(&new).await["report_count"], 0);
}

/// Its line in the directory, its followers, the verdicts, and who hears of it.
async fn what_a_split_leaves(desk: &mut Desk, left: &str, new: &str) {
    assert_eq!(
        desk.count(&format!("public_id WHERE id = '{new}' AND kind = 'alert'"))
            .await,
        1
    );
    assert_eq!(desk.count(&format!("follower WHERE alert_id = '{new}'")).await, 2);
    let kept_apart = format!("verdict WHERE NOT same AND alert_id = '{}'", left);
    assert_eq!(desk.count(&kept_apart).await, 2);
    assert_eq!(desk.told("separated", "due").await, 2);
    assert_eq!(
        desk.count(&format!(
            "notification WHERE alert_id = '{new}' AND template = 'service_new_alert'"
        ))
        .await,
        1,
        "its service hears of it like of any new one"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_alert_that_got_more_reports_keeps_them() {
    let mut desk = Desk::open().await;
    let (first, second) = (desk.report(0.0).await, desk.report(2.0).await);
    let done = desk.split(&first.alert, &[&second.id]).await;
    let new = done["alerts"][1]["id"].as_str().expect("an id").to_owned();
    desk.app.projected().await;
    let came = desk.report_with(6.0, json!({"joins": new})).await;
    assert_eq!(came.alert, new);
    desk.undo(&done).await.expect(200);
    let (back, own) = (desk.alert(&first.alert).await, desk.alert(&new).await);
    assert_eq!(reports(&back), [first.id.as_str(), second.id.as_str()]);
    assert_eq!(
        (reports(&own), own["open"].as_bool()),
        (vec![came.id.as_str()], Some(true))
    );
    assert_eq!(own["address"], "3 rue du Port", "it stands where its own report says");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_report_is_moved_and_the_last_one_is_not() {
    let mut desk = Desk::open().await;
    let (first, second, other) = (desk.report(0.0).await, desk.report(2.0).await, desk.report(200.0).await);
    desk.app.run_due(Utc::now()).await;
    let path = format!("/v1/reports/{}/move", second.id);
    let before = desk.picture([&first.alert, &other.alert]).await;
    let done = desk
        .ask(&path, json!({"to": other.alert, "from_version": 2, "to_version": 1}))
        .await
        .expect(200);
    assert_eq!(
        done["warnings"],
        json!([{"code": "far_apart", "label":
        "Les lieux sont trop éloignés pour une seule alerte de cette catégorie."}])
    );
    let words = format!("verdict WHERE report_id = '{}'", second.id);
    assert_eq!(
        desk.count(&format!("{words} AND same AND alert_id = '{}'", other.alert))
            .await,
        1
    );
    assert_eq!(
        desk.count(&format!("{words} AND NOT same AND alert_id = '{}'", first.alert))
            .await,
        1
    );
    assert_eq!(desk.told("moved", "due").await, 1);
    let last = desk
        .ask(&format!("/v1/reports/{}/move", first.id), json!({"to": other.alert}))
        .await;
    assert_eq!(last.problem("conflict")["reason"], "last_report");
    let here = desk.ask(&path, json!({"to": other.alert})).await.problem("invalid");
    assert_eq!(here["errors"][0]["code"], "same_alert");
    desk.ask(
        &format!("/v1/reports/{}/move", Uuid::now_v7()),
        json!({"to": other.alert}),
    )
    .await
    .problem("not_found");
    desk.ask(&path, json!({"to": first.alert, "to_version": 7}))
        .await
        .problem("stale");
    desk.undo(&done).await.expect(200);
    assert_eq!(desk.picture([&first.alert, &other.alert]).await, before, "exactly back");
}
