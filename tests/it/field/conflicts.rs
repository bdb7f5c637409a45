//! What a crew did without network meets a world that went on: one test for each line of the table in ARCHITECTURE.md.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Given, Street, hours_ago, outcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_taken_in_order_and_only_once() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let crew = &street.crew;
    let day = [
        crew.action(
            &given,
            "done",
            json!({"seq": 3, "minutes": 25, "note": "new lamp",
            "material": [{"name": "lamp", "quantity": 1.0, "unit": null}]}),
        ),
        crew.action(&given, "accept", json!({"seq": 1})),
        crew.action(
            &given,
            "start",
            json!({"seq": 2, "position": street.app.town.point(0.0, 0.0), "accuracy": 8.0}),
        ),
    ];
    let receipts = crew.send(&day).await;
    for (receipt, action) in receipts.iter().zip(&day) {
        assert_eq!(receipt["id"], action["id"]);
        assert_eq!(outcome(receipt), ("applied", ""), "{receipt}");
        assert_eq!(receipt["replayed"], false);
    }
    assert_eq!(street.status(&given.alert).await, "resolved");
    let told = street.history(&given.alert).await;
    assert_eq!(told[told.len() - 4..], ["accept", "start", "finish", "deliver"]);
    // Sent again, in another order, with something new among it.
    let again = [
        day[2].clone(),
        day[0].clone(),
        street.crew.action(&given, "note", json!({"note": "swept"})),
    ];
    let receipts = street.crew.send(&again).await;
    assert_eq!(receipts[0]["replayed"], true);
    assert_eq!(outcome(&receipts[1]), ("applied", ""));
    assert_eq!(receipts[2]["replayed"], false);
    assert_eq!(street.history(&given.alert).await.len(), told.len() + 1);
    // The same id with other words is another action, and says so.
    let mut other = day[1].clone();
    other["note"] = json!("else");
    let receipts = street.crew.send(&[other]).await;
    assert_eq!(outcome(&receipts[0]), ("refused", "id_taken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_crews_the_first_closes_and_the_second_reports() {
    let mut street = Street::open().await;
    let first = street.task().await;
    // Given to another crew while the first was out of reach; both repair it.
    let second = Given {
        task: street.dispatch(&first.alert, street.others.crew).await,
        alert: first.alert.clone(),
    };
    let closed = street.crew.does(&first, "done", json!({"minutes": 10})).await;
    assert_eq!(outcome(&closed), ("applied", "reassigned"));
    assert_eq!(closed["review"], true, "both crews hear of it");
    let late = street
        .others
        .does(&second, "done", json!({"minutes": 40, "note": "we too"}))
        .await;
    assert_eq!(outcome(&late), ("superseded", "closed"));
    assert_eq!(street.status(&first.alert).await, "resolved");
    assert_eq!(
        street.history(&first.alert).await.last().map(String::as_str),
        Some("field_report")
    );
    // The time is the doer's.
    let by = format!(
        "SELECT by_user::text || ' ' || minutes AS value FROM status_event \
         WHERE alert_id = '{}' AND minutes IS NOT NULL ORDER BY at",
        first.alert
    );
    let by = vigie_tests::database::texts(&mut street.db, &by).await;
    assert_eq!(
        by,
        [format!("{} 10", street.crew.id), format!("{} 40", street.others.id)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_counts_although_it_was_taken_back() {
    let mut street = Street::open().await;
    let given = street.task().await;
    street
        .step(&given.alert, json!({"step": "take_back", "reason": "wrong crew"}))
        .await
        .expect(200);
    let started = street.crew.does(&given, "start", json!({})).await;
    assert_eq!(outcome(&started), ("superseded", "reassigned"), "a plan is moot");
    let done = street.crew.does(&given, "done", json!({"minutes": 5})).await;
    assert_eq!(outcome(&done), ("applied", "reassigned"));
    assert_eq!(street.status(&given.alert).await, "resolved");
    // Reopened, and nobody's yet: the same.
    street.step(&given.alert, json!({"step": "reopen"})).await.expect(200);
    let done = street.crew.does(&given, "done", json!({"minutes": 5})).await;
    assert_eq!(outcome(&done), ("applied", "reassigned"));
    assert_eq!(street.status(&given.alert).await, "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_outside_body_has_waits_for_a_person() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let transfer = json!({"step": "transfer", "body_id": street.app.town.power_company});
    street.step(&given.alert, transfer).await.expect(200);
    let started = street.crew.does(&given, "start", json!({})).await;
    assert_eq!(outcome(&started), ("superseded", "reassigned"));
    let done = street.crew.does(&given, "done", json!({"minutes": 15})).await;
    assert_eq!(outcome(&done), ("waiting", "reassigned"), "{done}");
    assert_eq!(street.status(&given.alert).await, "transferred");
    let danger = street.crew.does(&given, "dangerous", json!({})).await;
    assert_eq!(
        outcome(&danger),
        ("applied", "reassigned"),
        "heard from whoever sees it"
    );
    // As long as the body has it, it is not the crew's to close: the person lays it aside or takes the alert back first.
    let path = format!("/v1/field-actions/{}/decision", done["id"].as_str().expect("an id"));
    let apply = json!({"decision": "apply"});
    street.supervisor.send(&path, apply.clone()).await.problem("conflict");
    let back = json!({"step": "take_back", "reason": "the crew was quicker"});
    street.step(&given.alert, back).await.expect(200);
    let applied = street.supervisor.send(&path, apply).await.expect(200);
    assert_eq!(outcome(&applied), ("applied", "reassigned"));
    assert_eq!(street.status(&given.alert).await, "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_where_reports_left_counts_there_and_is_looked_at() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let split = street.split_again(&given).await;
    let own = split["alerts"][1]["id"].as_str().expect("an id").to_owned();
    let note = json!({"client_at": hours_ago(1), "note": "two lamps"});
    let noted = street.crew.does(&given, "note", note).await;
    assert_eq!(
        (outcome(&noted), &noted["review"]),
        (("applied", "split"), &json!(false))
    );
    let done = street
        .crew
        .does(&given, "done", json!({"client_at": hours_ago(1)}))
        .await;
    assert_eq!((outcome(&done), &done["review"]), (("applied", "split"), &json!(true)));
    assert_eq!(done["alert_id"], given.alert.as_str());
    assert_eq!(street.status(&given.alert).await, "resolved");
    assert_eq!(street.status(&own).await, "new", "nobody said anything of it");
    // What was done after the split knew of it, and a split that was undone never was.
    let given = street.task().await;
    let split = street.split_again(&given).await;
    let later = street.crew.does(&given, "accept", json!({})).await;
    assert_eq!(outcome(&later), ("applied", ""));
    let path = format!("/v1/operations/{}/undo", split["id"].as_str().expect("an id"));
    let slip = json!({"reason": "the same lamp after all"});
    street.supervisor.send(&path, slip).await.expect(200);
    let done = street
        .crew
        .does(&given, "done", json!({"client_at": hours_ago(1)}))
        .await;
    assert_eq!((outcome(&done), &done["review"]), (("applied", ""), &json!(false)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_the_end_is_kept_and_a_danger_waits() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let done = street.crew.does(&given, "done", json!({})).await;
    assert_eq!(outcome(&done), ("applied", ""));
    let day = (chrono::Utc::now() + chrono::TimeDelta::days(3)).date_naive();
    for (kind, more) in [
        ("not_found", json!({})),
        ("not_ours", json!({})),
        ("need_material", json!({"review_date": day})),
        ("made_safe", json!({})),
    ] {
        let receipt = street.crew.does(&given, kind, more).await;
        assert_eq!(outcome(&receipt), ("superseded", "closed"), "{kind}");
    }
    let danger = street.crew.does(&given, "dangerous", json!({"note": "sparks"})).await;
    assert_eq!(outcome(&danger), ("waiting", "closed"));
    assert_eq!(street.status(&given.alert).await, "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_merged_away_is_done_on_the_survivor() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let survivor = street.report("street-light").await;
    street.merge(&given.alert, &survivor).await;
    let noted = street.crew.does(&given, "note", json!({"note": "cable cut"})).await;
    assert_eq!(outcome(&noted), ("applied", "merged"));
    assert_eq!(noted["alert_id"], survivor.as_str());
    let done = street.crew.does(&given, "done", json!({})).await;
    assert_eq!(outcome(&done), ("applied", "merged"));
    assert_eq!(street.status(&survivor).await, "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_outside_the_rights_waits_for_a_person() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let receipt = street
        .others
        .does(&given, "done", json!({"note": "we passed by"}))
        .await;
    assert_eq!(outcome(&receipt), ("waiting", "outside_rights"));
    let unknown = Given {
        task: Uuid::now_v7().to_string(),
        alert: given.alert.clone(),
    };
    let lost = street.crew.does(&unknown, "done", json!({})).await;
    assert_eq!(outcome(&lost), ("waiting", "unknown_task"));
    decided(&street, &given, &receipt, &lost).await;
}

/// The supervisor sees both, lets one count, lays the other aside, and the tablet hears of it.
async fn decided(street: &Street, given: &Given, receipt: &Value, lost: &Value) {
    let list = street.supervisor.get("/v1/field-actions").send().await.expect(200);
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.len(), 2, "{list}");
    let path = |receipt: &Value| format!("/v1/field-actions/{}/decision", receipt["id"].as_str().expect("an id"));
    let cursor = street.others.sync(None).await["cursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    let applied = street
        .supervisor
        .send(&path(receipt), json!({"decision": "apply"}))
        .await
        .expect(200);
    assert_eq!(applied["outcome"], "applied", "{applied}");
    assert_eq!(street.status(&given.alert).await, "resolved");
    street
        .supervisor
        .send(&path(receipt), json!({"decision": "apply"}))
        .await
        .problem("conflict");
    street
        .supervisor
        .send(&path(lost), json!({"decision": "apply"}))
        .await
        .problem("conflict");
    let aside = json!({"decision": "dismiss", "note": "no such task"});
    let aside = street.supervisor.send(&path(lost), aside).await.expect(200);
    assert_eq!(aside["outcome"], "dismissed");
    assert_eq!(
        street.supervisor.get("/v1/field-actions").send().await.expect(200)["items"],
        json!([])
    );
    street
        .crew
        .person
        .get("/v1/field-actions")
        .send()
        .await
        .problem("forbidden");
    // The tablet hears of the decision.
    let began = std::time::Instant::now();
    let heard = loop {
        let heard = street.others.sync(Some(&cursor)).await;
        if heard["receipts"] != json!([]) {
            break heard;
        }
        assert!(began.elapsed().as_secs() < 30, "{heard}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(heard["receipts"][0]["id"], receipt["id"]);
    assert_eq!(heard["receipts"][0]["outcome"], "applied");
    // Sent again it is answered as it was decided.
    let again = street.others.send(&[json!({"id": receipt["id"], "seq": 1})]).await;
    assert_eq!(outcome(&again[0]), ("refused", "incomplete"), "not the same action");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_that_somebody_set_meanwhile_is_not_overwritten() {
    let mut street = Street::open().await;
    let given = street.task().await;
    street.edit(&given.alert, json!({"category": "fly-tipping"})).await;
    let says = json!({"category": "pothole", "from_category": "street-light"});
    let receipt = street.crew.does(&given, "requalify", says).await;
    assert_eq!(outcome(&receipt), ("waiting", "changed_meanwhile"));
    let says = json!({"category": "pothole", "from_category": "fly-tipping"});
    let receipt = street.crew.does(&given, "requalify", says).await;
    assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_of_a_repair_that_was_reported_again_since() {
    let mut street = Street::open().await;
    let given = street.task().await;
    // The crew repaired it five hours ago; somebody saw it again an hour ago, at the same place.
    let again = street
        .report_at(
            "street-light",
            f64::from(street.reports) * 300.0 - 2_400.0,
            hours_ago(1),
        )
        .await;
    assert_eq!(again, given.alert, "the same lamp");
    let done = street
        .crew
        .does(&given, "done", json!({"client_at": hours_ago(5)}))
        .await;
    assert_eq!(outcome(&done), ("applied", "reported_since"));
    assert_eq!(street.status(&given.alert).await, "done", "delivery is a person's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_crew_gets_what_this_one_hands_over_and_what_it_saw_on_its_way() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let over = json!({"crew_id": street.others.crew, "reason": "needs the cherry picker"});
    let receipt = street.crew.does(&given, "hand_over", over).await;
    assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
    let theirs = street.others.sync(None).await;
    assert_eq!(theirs["tasks"][0]["alert"]["id"], given.alert.as_str());
    assert_eq!(theirs["tasks"][0]["instructions"], "needs the cherry picker");
    let seen = json!({"report": {"category": "pothole", "position": street.app.town.point(1_000.0, 1_000.0),
        "description": "deep", "locale": "fr"}});
    let mut action = street.crew.action(&given, "new_alert", seen);
    action["task_id"] = Value::Null;
    let receipts = street.crew.send(&[action.clone()]).await;
    assert_eq!(outcome(&receipts[0]), ("applied", ""), "{}", receipts[0]);
    let again = street.crew.send(&[action]).await;
    assert_eq!(again[0]["alert_id"], receipts[0]["alert_id"]);
    assert_eq!(again[0]["replayed"], true);
    let alert = receipts[0]["alert_id"].as_str().expect("an alert");
    let read = street.read(alert).await;
    assert_eq!(read["reports"][0]["channel"], "field");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_action_that_is_not_possible_does_not_hold_up_the_others() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let proof = street.task_of("pothole").await;
    let crew = &street.crew;
    let batch = [
        json!({"id": Uuid::now_v7(), "kind": "dance"}),
        crew.action(&proof, "done", json!({})),
        crew.action(&given, "need_material", json!({"minutes": -1})),
        crew.action(&given, "start", json!({"client_at": hours_ago(2)})),
    ];
    let receipts = crew.send(&batch).await;
    let outcomes: Vec<_> = receipts.iter().map(outcome).collect();
    let refused = ("refused", "incomplete");
    assert_eq!(outcomes, [refused, refused, refused, ("applied", "")]);
    assert_eq!(receipts[1]["problem"]["errors"][0]["field"], "photo_ids");
    assert_eq!(street.status(&given.alert).await, "in_progress");
    for bad in [json!({"actions": []}), json!({"actions": [{"id": "x"}]})] {
        street
            .crew
            .person
            .send("/v1/sync/actions", bad)
            .await
            .problem("invalid");
    }
    let alone = json!({"actions": [street.crew.action(&given, "pause", json!({}))]});
    street
        .supervisor
        .send("/v1/sync/actions", alone.clone())
        .await
        .expect(200);
    street
        .app
        .anyone()
        .send("/v1/sync/actions", alone)
        .await
        .problem("unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_way_it_is_said_an_action_has_twenty_photos_at_most() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let photos: Vec<Uuid> = (0..21).map(|_| Uuid::now_v7()).collect();
    let named = |errors: &Value| {
        assert_eq!(errors[0]["field"], "photo_ids", "{errors}");
        assert_eq!(errors[0]["code"], "too_many_photos", "{errors}");
    };
    let receipt = street.crew.does(&given, "start", json!({"photo_ids": photos})).await;
    assert_eq!(outcome(&receipt), ("refused", "incomplete"));
    named(&receipt["problem"]["errors"]);
    let action = json!({"id": Uuid::now_v7(), "action": "start", "client_at": hours_ago(0), "photo_ids": photos});
    let path = format!("/v1/tasks/{}/actions", given.task);
    named(&street.crew.person.send(&path, action).await.problem("invalid")["errors"]);
    let step = street
        .step(&given.alert, json!({"step": "start", "photo_ids": photos}))
        .await;
    named(&step.problem("invalid")["errors"]);
    assert_eq!(street.status(&given.alert).await, "dispatched");
}
