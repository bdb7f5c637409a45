//! What a tablet holds, and that it misses nothing.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::{Value, json};

use super::{Given, Street, outcome};

fn ids(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().expect("a list");
    items
        .iter()
        .map(|item| item[name].as_str().expect("an id").to_owned())
        .collect()
}

/// Asks until nothing more is to be had: other tests of the same cluster hold the horizon back for a moment.
async fn caught_up(street: &Street, cursor: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = std::time::Instant::now();
    loop {
        let answer = street.crew.sync(Some(cursor)).await;
        if wanted(&answer) {
            return answer;
        }
        assert!(began.elapsed().as_secs() < 30, "never came: {answer}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tablet_gets_everything_once_and_then_what_changes() {
    let mut street = Street::open().await;
    let (one, two) = (street.task().await, street.task().await);
    let first = street.crew.sync(None).await;
    assert_eq!(first["reset"], true);
    assert_eq!(first["has_more"], false);
    let mut held = ids(&first["tasks"], "id");
    held.sort();
    let mut given = vec![one.task.clone(), two.task.clone()];
    given.sort();
    assert_eq!(held, given);
    let task = &first["tasks"][0];
    assert_eq!(task["reports"][0]["description"], "au coin de la rue");
    assert!(task["allowed"].as_array().expect("steps").contains(&json!("start")));
    // The other crew holds nothing of it.
    assert_eq!(street.others.sync(None).await["tasks"], json!([]));

    // One is withdrawn, the other gets words: only that comes, and comes again as long as the old cursor is sent.
    street
        .step(&one.alert, json!({"step": "take_back", "reason": "not now"}))
        .await
        .expect(200);
    let cursor = first["cursor"].as_str().expect("a cursor").to_owned();
    let receipt = street
        .crew
        .does(&two, "note", json!({"note": "behind the kiosk"}))
        .await;
    assert_eq!(outcome(&receipt), ("applied", ""));
    let noted = |answer: &Value| {
        let notes = answer["tasks"][0]["notes"].as_array();
        let noted = notes.is_some_and(|notes| notes.iter().any(|note| note["note"] == "behind the kiosk"));
        noted && !answer["gone"].as_array().expect("a list").is_empty()
    };
    for _ in 0..2 {
        let delta = caught_up(&street, &cursor, noted).await;
        assert_eq!(delta["reset"], false);
        assert_eq!(ids(&delta["tasks"], "id"), std::slice::from_ref(&two.task));
        assert_eq!(
            delta["gone"],
            json!([{"task_id": one.task, "reason": "withdrawn", "merged_into": null}])
        );
    }
    let delta = caught_up(&street, &cursor, noted).await;
    let cursor = delta["cursor"].as_str().expect("a cursor");
    let nothing = caught_up(&street, cursor, |answer| answer["tasks"] == json!([])).await;
    assert_eq!(nothing["gone"], json!([]));
}

/// To whom a task may be handed over: who has the cherry picker is part of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crew_is_known_by_its_vehicle_and_by_what_it_can_do() {
    let mut street = Street::open().await;
    let equipped = "UPDATE crew SET vehicle = 'N 12', skills = '{lifting,welding}' WHERE code = 'cleaning-1'";
    street.db.batch_execute(equipped).await.expect("a vehicle");
    let held = street.crew.sync(None).await;
    let crews = held["crews"].as_array().expect("crews").iter();
    let told: Vec<_> = crews
        .map(|crew| (&crew["name"], &crew["vehicle"], &crew["skills"]))
        .collect();
    let (cleaning, roads) = (json!("cleaning-1"), json!("roads-1"));
    let (vehicle, skills) = (json!("N 12"), json!(["lifting", "welding"]));
    assert_eq!(
        told,
        [(&cleaning, &vehicle, &skills), (&roads, &Value::Null, &json!([]))]
    );
}

/// Far more than a crew has: nothing is left out, and what happens between two pages comes after them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_comes_in_pages() {
    const MORE: usize = 450;
    let mut street = Street::open().await;
    let given = street.task().await;
    let more = format!(
        "WITH more AS (INSERT INTO alert SELECT (jsonb_populate_record(a, \
             jsonb_build_object('id', gen_random_uuid(), 'reference', 'T-' || n))).* \
             FROM alert a, generate_series(1, {MORE}) n WHERE a.id = '{}' RETURNING id) \
         INSERT INTO task SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'alert_id', more.id))).* \
             FROM task t, more WHERE t.id = '{}'",
        given.alert, given.task
    );
    street.db.batch_execute(&more).await.expect("more tasks");
    let mut page = street.crew.sync(None).await;
    assert_eq!((&page["reset"], &page["has_more"]), (&json!(true), &json!(true)));
    let mut held = ids(&page["tasks"], "id");
    let late = street.task().await;
    let mut pages = 1;
    while page["has_more"] == true {
        let cursor = page["cursor"].as_str().expect("a cursor").to_owned();
        page = street.crew.sync(Some(&cursor)).await;
        assert_eq!(page["reset"], false, "what came before stays");
        held.extend(ids(&page["tasks"], "id"));
        pages += 1;
    }
    assert!(pages > 2, "{pages}");
    let cursor = page["cursor"].as_str().expect("a cursor");
    let changed = |answer: &Value| ids(&answer["tasks"], "id").contains(&late.task);
    caught_up(&street, cursor, changed).await;
    let there = held.len();
    held.sort();
    held.dedup();
    assert_eq!(held.len(), there, "each comes once");
    held.retain(|task| *task != late.task);
    assert_eq!(held.len(), MORE + 1);
}

/// A town stops taking reports of a category while a crew still has work of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_that_takes_no_reports_any_more_keeps_its_name() {
    let mut street = Street::open().await;
    let given = street.task_of("fly-tipping").await;
    let retired = "UPDATE category SET active = false WHERE code = 'fly-tipping'";
    street.db.batch_execute(retired).await.expect("a category less");
    let catalogue = street.crew.person.get("/v1/catalogue?jurisdiction=large-0");
    let catalogue = catalogue.send().await.expect(200);
    let codes = catalogue["categories"].as_array().expect("categories");
    assert!(codes.iter().all(|category| category["code"] != "fly-tipping"));
    let held = street.crew.sync(None).await;
    let task = &held["tasks"][0];
    assert_eq!(task["id"], given.task);
    assert_eq!(
        (&task["alert"]["category"], &task["alert"]["category_label"]),
        (
            &json!("fly-tipping"),
            &json!({"fr": "fly-tipping", "en": "fly-tipping"})
        )
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_late_is_not_skipped() {
    const ROUNDS: usize = 30;
    let mut street = Street::open().await;
    let (early, late) = (street.task().await, street.task().await);
    let first = street.crew.sync(None).await;
    let mut cursor = first["cursor"].as_str().expect("a cursor").to_owned();
    let mut slow = street.app.db.admin().await;
    for _ in 0..ROUNDS {
        cursor = a_late_commit(&mut street, &mut slow, (&early, &late), &cursor).await;
    }
}

/// A transaction that began before another change is still open when the tablet asks, and ends then: both come, and the
/// cursor after them.
async fn a_late_commit(
    street: &mut Street,
    slow: &mut AsyncPgConnection,
    (early, late): (&Given, &Given),
    cursor: &str,
) -> String {
    let (town, alert) = (street.app.town.id.0, &late.alert);
    let note = format!("INSERT INTO change (jurisdiction_id, entity, entity_id) VALUES ({town}, 'alert', '{alert}')");
    slow.batch_execute(&format!("BEGIN; {note}"))
        .await
        .expect("a slow change");
    let receipt = street.crew.does(early, "note", json!({"note": "quicker"})).await;
    assert_eq!(outcome(&receipt), ("applied", ""));
    let meanwhile = street.crew.sync(Some(cursor)).await;
    slow.batch_execute("COMMIT").await.expect("at last");
    let before = ids(&meanwhile["tasks"], "id").contains(&early.task);
    let all = caught_up(street, meanwhile["cursor"].as_str().expect("a cursor"), |answer| {
        let there = ids(&answer["tasks"], "id");
        there.contains(&late.task) && (before || there.contains(&early.task))
    });
    all.await["cursor"].as_str().expect("a cursor").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_is_ours_or_nothing() {
    let mut street = Street::open().await;
    street.task().await;
    let first = street.crew.sync(None).await;
    let cursor = first["cursor"].as_str().expect("a cursor");
    // Another crew's, one from before the database was restored: begun anew. A made-up one: refused.
    assert_eq!(street.others.sync(Some(cursor)).await["reset"], true);
    let forged = format!("A{}", &cursor[1..]);
    for bad in [forged.as_str(), "nonsense", ""] {
        let refused = street.crew.person.get(&format!("/v1/sync?cursor={bad}")).send().await;
        if cursor != bad {
            refused.problem("invalid");
        }
    }
    street.supervisor.get("/v1/sync").send().await.expect(200);
    street
        .app
        .anyone()
        .get("/v1/sync")
        .send()
        .await
        .problem("unauthenticated");
}
