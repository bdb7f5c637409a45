//! Suggested pairs, "not the same", scope, counts, and reasons in words.

use super::*;

/// Puts a suggestion that the machine might make.
async fn suggest(desk: &mut Desk, later: &str, earlier: &str, posterior: f32) {
    let reasons = json!([{"alert_id": earlier, "posterior": posterior, "barrier": null, "features":
        [{"feature": "distance", "value": 12.3, "unit": "m", "log_odds": 2.1}]}]);
    let sql = format!(
        "WITH made AS (INSERT INTO alert_link (jurisdiction_id, from_alert, to_alert, kind, posterior, reasons, at) \
         VALUES ({}, '{later}', '{earlier}', 'suggested', {posterior}, '{reasons}', now()) RETURNING 1) \
         SELECT count(*) AS value FROM made",
        desk.app.town.id.0
    );
    assert_eq!(number(&mut desk.db, &sql).await, 1);
}

/// The probabilities of a page, to one decimal.
fn posteriors(page: &Value) -> Vec<f64> {
    let items = page["items"].as_array().expect("items").iter();
    items
        .map(|item| (item["posterior"].as_f64().expect("a number") * 10.0).round() / 10.0)
        .collect()
}

async fn suggested(desk: &Desk, query: &str) -> Value {
    desk.supervisor
        .get(&format!("/v1/alerts/suggestions{query}"))
        .header("Accept-Language", "en")
        .send()
        .await
        .expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suggestions_are_answered_by_merging_or_not_the_same() {
    let mut desk = Desk::open().await;
    let mut alerts = Vec::new();
    for n in 0..4 {
        alerts.push(desk.report(200.0 * f64::from(n)).await.alert);
    }
    suggest(&mut desk, &alerts[1], &alerts[0], 0.4).await;
    suggest(&mut desk, &alerts[2], &alerts[0], 0.7).await;
    suggest(&mut desk, &alerts[3], &alerts[2], 0.5).await;
    let page = suggested(&desk, "?limit=2").await;
    assert_eq!(posteriors(&page), [0.7, 0.5]);
    assert_eq!(
        page["items"][0]["reasons"][0]["features"][0]["label"],
        "12 m apart (speaks for it)"
    );
    let next = page["next"].as_str().expect("more");
    assert_eq!(
        posteriors(&suggested(&desk, &format!("?limit=2&cursor={next}")).await),
        [0.4]
    );

    // Not the same: withdrawn, remembered of every report, and nobody but staff hears of it.
    let apart = format!("/v1/alerts/{}/not-same", alerts[2]);
    let done = desk.ask(&apart, json!({"as": alerts[0]})).await.expect(200);
    assert_eq!(
        done["told"],
        json!({"app": 0, "email": 0, "sms": 0, "call": 0, "letter": 0})
    );
    assert_eq!(posteriors(&suggested(&desk, "").await), [0.5, 0.4]);
    assert_eq!(desk.count("verdict WHERE NOT same").await, 2);
    let tie = format!("alert_link WHERE kind = 'suggested' AND from_alert = '{}'", alerts[2]);
    assert_eq!(desk.count(&format!("{tie} AND state = 'dismissed'")).await, 1);
    // Even if the machine had the same idea again.
    suggest(&mut desk, &alerts[0], &alerts[2], 0.9).await;
    assert_eq!(
        posteriors(&suggested(&desk, "").await),
        [0.5, 0.4],
        "a person's word is not overridden"
    );
    // Who merges them all the same is warned.
    let preview = desk
        .ask(
            &format!("/v1/alerts/{}/merge?preview=true", alerts[2]),
            json!({"into": alerts[0]}),
        )
        .await;
    let preview = preview.expect(200);
    let warned = |code: &str| {
        preview["warnings"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["code"] == code))
    };
    assert!(warned("contradicts_verdict"), "{preview}");
    desk.undo(&done).await.expect(200);
    assert_eq!(
        posteriors(&suggested(&desk, "").await),
        [0.9, 0.5, 0.4],
        "taken back, it counts no longer"
    );

    merged_pairs_stand_once(&desk, &alerts).await;
    let secretariat = desk.app.staff(Role::Secretariat).await;
    let listed = secretariat.get("/v1/alerts/suggestions").send().await;
    listed.problem("forbidden");
}

/// What was suggested of the one is suggested of the survivor, each pair once.
async fn merged_pairs_stand_once(desk: &Desk, alerts: &[String]) {
    desk.merge(&alerts[2], &alerts[0]).await;
    let left = suggested(desk, "").await;
    assert_eq!(posteriors(&left), [0.5, 0.4]);
    let pair = [&left["items"][0]["alert"]["id"], &left["items"][0]["other"]["id"]];
    assert_eq!(pair, [&json!(alerts[3]), &json!(alerts[0])]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_of_one_service_corrects_that_service_only() {
    let mut desk = Desk::open().await;
    let roads = desk.report(0.0).await;
    let cleaning = desk.report_with(200.0, json!({"category": "fly-tipping"})).await;
    let grant = format!(
        "WITH g AS (UPDATE role_grant SET service_id = '{}' WHERE role = 'supervisor' RETURNING 1) SELECT count(*) AS value FROM g",
        desk.app.town.services["roads"]
    );
    assert_eq!(number(&mut desk.db, &grant).await, 1);
    suggest(&mut desk, &cleaning.alert, &roads.alert, 0.6).await;
    assert_eq!(suggested(&desk, "").await["items"], json!([]), "both must lie in scope");
    let out = desk
        .ask(
            &format!("/v1/alerts/{}/merge", roads.alert),
            json!({"into": cleaning.alert}),
        )
        .await;
    assert_eq!(out.problem("invalid")["errors"][0]["code"], "unknown_alert");
    let from = desk
        .ask(
            &format!("/v1/alerts/{}/merge", cleaning.alert),
            json!({"into": roads.alert}),
        )
        .await;
    from.problem("not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_report_is_where_it_is_is_said_in_words() {
    let mut desk = Desk::open().await;
    let first = desk.report(0.0).await;
    desk.report(1.0).await;
    for (language, open, joined, metre) in [
        ("en", "Opens the alert", "Joined by the machine", "m apart"),
        ("fr", "Ouvre l’alerte", "Rattaché automatiquement", "À "),
    ] {
        let request = desk
            .supervisor
            .get(&format!("/v1/alerts/{}", first.alert))
            .header("Accept-Language", language);
        let answer = request.send().await;
        assert!(
            answer
                .header("vary")
                .is_some_and(|names| names.to_ascii_lowercase().contains("accept-language"))
        );
        let shown = answer.expect(200);
        let label = |n: usize| shown["memberships"][n]["label"].as_str().unwrap_or_default().to_owned();
        assert!(
            label(0).starts_with(open) && label(1).starts_with(joined),
            "{} {}",
            label(0),
            label(1)
        );
        let features = shown["memberships"][1]["reasons"][0]["features"]
            .as_array()
            .expect("features");
        let distance = features
            .iter()
            .find(|feature| feature["feature"] == "distance")
            .expect("a distance");
        assert!(
            distance["label"].as_str().is_some_and(|label| label.contains(metre)),
            "{distance}"
        );
    }
}

/// Why a report was put where it is, by the latest decision: which, and what it was compared with.
async fn latest_why(desk: &Desk, alert: &str, report: &str) -> (Value, Value) {
    let shown = desk.alert(alert).await;
    let mut decisions = shown["memberships"].as_array().expect("decisions").iter();
    let latest = decisions.rfind(|one| one["report_id"] == report);
    let latest = latest.expect("a decision");
    (latest["decision"].clone(), latest["reasons"].clone())
}

/// What a feature measured.
fn measured(reasons: &Value, feature: &str) -> f64 {
    let mut features = reasons[0]["features"].as_array().expect("features").iter();
    let told = features.rfind(|told| told["feature"] == feature);
    told.and_then(|told| told["value"].as_f64()).expect("a value")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_keeps_what_speaks_for_it_and_an_undo_what_spoke_before() {
    let mut desk = Desk::open().await;
    let (first, second, other) = (desk.report(0.0).await, desk.report(1.0).await, desk.report(60.0).await);
    assert_eq!(first.alert, second.alert);
    let (_, before) = latest_why(&desk, &first.alert, &second.id).await;
    assert!((measured(&before, "distance") - 1.0).abs() < 0.5, "{before}");

    // Against the report that was there, not against the one that came along.
    let merge = desk.merge(&first.alert, &other.alert).await;
    let (decision, why) = latest_why(&desk, &other.alert, &second.id).await;
    assert_eq!((&decision, &why[0]["alert_id"]), (&json!("merge"), &json!(other.alert)));
    assert!((measured(&why, "distance") - 59.0).abs() < 1.0, "{why}");
    assert!((measured(&why, "verdict") - 1.0).abs() < 0.1, "a person's word: {why}");
    let versioned = "membership WHERE posterior > 0.5 AND policy_version = 1 AND weights_version > 0 AND decision =";
    assert_eq!(desk.count(&format!("{versioned} 'merge'")).await, 2);

    desk.undo(&merge).await.expect(200);
    let undone = latest_why(&desk, &first.alert, &second.id).await;
    assert_eq!(
        undone,
        (json!("undo"), before),
        "it is there again for what put it there"
    );
    let moved = json!({"to": other.alert});
    desk.ask(&format!("/v1/reports/{}/move", second.id), moved)
        .await
        .expect(200);
    let (decision, why) = latest_why(&desk, &other.alert, &second.id).await;
    assert_eq!(decision, "move");
    assert!((measured(&why, "distance") - 59.0).abs() < 1.0, "{why}");
    assert_eq!(desk.count(&format!("{versioned} 'move'")).await, 1);
    let split = desk.split(&other.alert, &[&second.id]).await;
    let opened = split["alerts"][1]["id"].as_str().expect("an id").to_owned();
    let parted = latest_why(&desk, &opened, &second.id).await;
    assert_eq!(
        parted,
        (json!("split"), json!([])),
        "there was nothing to compare it with"
    );
}

/// Counting rule: an alert that was merged away does not count, and each report counts once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_alerts_do_not_count() {
    let mut desk = Desk::open().await;
    let (first, other) = (desk.report(0.0).await, desk.report(200.0).await);
    let count = async |desk: &Desk, open: bool| -> i64 {
        let town: &Town = &desk.app.town;
        let ((west, south), (east, north)) = (town.lon_lat(-900.0, -900.0), town.lon_lat(900.0, 900.0));
        let path = format!("/v1/alerts/cells?res=7&bbox={west},{south},{east},{north}&open={open}");
        let cells = desk.supervisor.get(&path).send().await.expect(200);
        let cells = cells["cells"].as_array().expect("cells").iter();
        cells.map(|cell| cell["count"].as_i64().expect("a number")).sum()
    };
    assert_eq!((count(&desk, true).await, count(&desk, false).await), (2, 0));
    desk.merge(&first.alert, &other.alert).await;
    assert_eq!((count(&desk, true).await, count(&desk, false).await), (1, 0));
    let sum = number(&mut desk.db, "SELECT sum(report_count)::bigint AS value FROM alert").await;
    assert_eq!(sum, desk.count("report").await);
}
