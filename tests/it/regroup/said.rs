//! What the author of a report answers to "is it this one?".

use super::*;

/// Two holes a step apart, where nobody joins unasked: so many metres east.
async fn two_holes(desk: &mut Desk, east: f64) -> (Sent, Sent) {
    let asks = "WITH asks AS (UPDATE category SET dedup = '{\"joins_silently\": false}' WHERE code = 'pothole' RETURNING 1) \
        SELECT count(*) AS value FROM asks";
    assert_eq!(number(&mut desk.db, asks).await, 1);
    let (first, second) = (desk.report(east).await, desk.report(east + 1.0).await);
    assert_ne!(first.alert, second.alert);
    (first, second)
}

/// Says a word on an alert, as the author of a report.
async fn says(desk: &Desk, report: &Sent, word: &str, alert: &str) -> Answer {
    let path = format!("/v1/reports/{}/{word}", report.id);
    let request = desk.app.anyone().post(&path).header("X-Follow-Secret", &report.secret);
    request.json(&json!({"alert": alert})).send().await
}

/// The later alert of each suggested pair, and whether an author says that they are the same.
async fn pairs(desk: &Desk, query: &str) -> (Vec<(String, bool)>, Value) {
    let path = format!("/v1/alerts/suggestions{query}");
    let page = desk.supervisor.get(&path).send().await.expect(200);
    let pair = |item: &Value| {
        let later = item["alert"]["id"].as_str().expect("an id").to_owned();
        (later, item["said_same"] == true)
    };
    let items = page["items"].as_array().expect("items");
    (items.iter().map(pair).collect(), page["next"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_this_one_comes_first_in_the_list_of_who_merges() {
    let mut desk = Desk::open().await;
    let (first, second) = two_holes(&mut desk, 0.0).await;
    let (_, likelier) = two_holes(&mut desk, 400.0).await;
    let sure = format!(
        "WITH sure AS (UPDATE alert_link SET posterior = 1 WHERE from_alert = '{}' RETURNING 1) SELECT count(*) AS value FROM sure",
        likelier.alert
    );
    assert_eq!(number(&mut desk.db, &sure).await, 1);
    let silent = |sent: &Sent| (sent.alert.clone(), false);
    assert_eq!(pairs(&desk, "").await.0, [silent(&likelier), silent(&second)]);

    let kept = says(&desk, &second, "same", &first.alert).await.expect(200);
    assert_eq!(kept, json!({"alert": first.alert, "same": true}));
    let said = (second.alert.clone(), true);
    assert_eq!(pairs(&desk, "").await.0, [said.clone(), silent(&likelier)]);
    let (page, next) = pairs(&desk, "?limit=1").await;
    assert_eq!(page, [said]);
    let rest = format!("?limit=1&cursor={}", next.as_str().expect("more"));
    assert_eq!(pairs(&desk, &rest).await.0, [silent(&likelier)]);
    assert_eq!(says(&desk, &second, "same", &first.alert).await.expect(200), kept);
    assert_eq!(desk.count("verdict WHERE same AND by_user IS NULL").await, 1);

    // Who merges answers it; the author's word again changes nothing, another one is settled.
    desk.merge(&second.alert, &first.alert).await;
    assert_eq!(pairs(&desk, "").await.0, [silent(&likelier)]);
    assert_eq!(says(&desk, &second, "same", &first.alert).await.expect(200), kept);
    let late = says(&desk, &second, "not-same", &first.alert).await;
    assert_eq!(late.problem("conflict")["reason"], "settled");
    assert_eq!(desk.count("verdict WHERE by_user IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_withdraws_the_suggestion() {
    let mut desk = Desk::open().await;
    let (first, second) = two_holes(&mut desk, 0.0).await;
    let kept = says(&desk, &second, "not-same", &first.alert).await.expect(200);
    assert_eq!(kept, json!({"alert": first.alert, "same": false}));
    assert_eq!(pairs(&desk, "").await.0, []);
    assert_eq!(desk.count("alert_link WHERE state = 'dismissed'").await, 1);
    assert_eq!(says(&desk, &second, "not-same", &first.alert).await.expect(200), kept);
    assert_eq!(desk.count("verdict WHERE NOT same AND by_user IS NULL").await, 1);
    let preview = format!("/v1/alerts/{}/merge?preview=true", second.alert);
    let preview = desk.ask(&preview, json!({"into": first.alert})).await.expect(200);
    assert!(
        preview["warnings"].to_string().contains("contradicts_verdict"),
        "{preview}"
    );

    // Whoever looks again may have been wrong.
    says(&desk, &second, "same", &first.alert).await.expect(200);
    assert_eq!(pairs(&desk, "").await.0, [(second.alert.clone(), true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_takes_the_secret_and_an_alert_that_was_suggested() {
    let mut desk = Desk::open().await;
    let (first, second) = two_holes(&mut desk, 0.0).await;
    for word in ["same", "not-same"] {
        let path = format!("/v1/reports/{}/{word}", second.id);
        let body = json!({"alert": first.alert});
        let anyone = desk.app.anyone();
        anyone.send(&path, body.clone()).await.problem("not_found");
        let foreign = anyone.post(&path).header("X-Follow-Secret", &first.secret);
        foreign.json(&body).send().await.problem("not_found");
        // The first was asked nothing, and nobody is asked of what is nowhere.
        for (report, alert) in [(&first, second.alert.clone()), (&second, Uuid::now_v7().to_string())] {
            let refused = says(&desk, report, word, &alert).await.problem("invalid");
            let error = &refused["errors"][0];
            assert_eq!(
                (&error["field"], &error["code"]),
                (&json!("alert"), &json!("not_suggested"))
            );
        }
    }
    assert_eq!(desk.count("verdict").await, 0);
}
