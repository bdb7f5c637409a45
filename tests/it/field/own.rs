//! What a person of a crew reads of what the server keeps of them.

use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::people::Person;

use super::{Street, hours_ago, outcome};

async fn own(person: &Person, query: &str) -> Value {
    let path = format!("/v1/me/field-actions{query}");
    person.get(&path).send().await.expect(200)
}

fn column<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item[name].as_str().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_reads_what_is_kept_of_them_and_of_nobody_else() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let place = street.app.town.point(10.0, 0.0);
    let began = hours_ago(3);
    let start = json!({"client_at": began, "position": place, "accuracy": 8.0});
    let started = street.crew.does(&given, "start", start).await;
    assert_eq!(outcome(&started), ("applied", ""));
    let refused = street.crew.does(&given, "need_material", json!({"minutes": -1})).await;
    assert_eq!(outcome(&refused), ("refused", "incomplete"));
    // Over the network at once, and too vague to say where it was.
    let note = json!({"id": Uuid::now_v7(), "action": "note", "client_at": hours_ago(0), "note": "a second lamp",
        "position": place, "accuracy": 9.0});
    let path = format!("/v1/tasks/{}/actions", given.task);
    street.crew.person.send(&path, note.clone()).await.expect(200);
    let vague = json!({"position": place, "accuracy": 5_000.0});
    street.crew.does(&given, "done", vague).await;
    let foreign = street.others.does(&given, "done", json!({})).await;
    assert_eq!(outcome(&foreign), ("waiting", "outside_rights"));

    let page = own(&street.crew.person, "").await;
    assert_eq!(
        column(&page, "kind"),
        ["done", "note", "need_material", "start"],
        "{page}"
    );
    assert_eq!(column(&page, "state"), ["applied", "applied", "refused", "applied"]);
    let items = page["items"].as_array().expect("items");
    assert_eq!(items[1]["id"], note["id"]);
    let places: Vec<&Value> = items.iter().map(|item| &item["place"]).collect();
    assert_eq!(places, [&Value::Null, &place, &Value::Null, &place]);
    let first = &items[3];
    assert_eq!((&first["id"], &first["task_id"]), (&started["id"], &json!(given.task)));
    assert_eq!(first["alert_id"], given.alert.as_str());
    let reference = street.read(&given.alert).await["reference"].clone();
    assert_eq!(first["alert_reference"], reference);
    let at: chrono::DateTime<chrono::Utc> = serde_json::from_value(first["at"].clone()).expect("an instant");
    assert!(
        (at - began).abs() < chrono::TimeDelta::milliseconds(1),
        "the tablet's clock"
    );
    assert_eq!(items[2]["reason"], "incomplete");

    let theirs = own(&street.others.person, "").await;
    assert_eq!(column(&theirs, "id"), [foreign["id"].as_str().expect("an id")]);
    assert_eq!(
        own(&street.supervisor, "").await["items"],
        json!([]),
        "whose eyes it passed"
    );
    page_by_page(&street.crew.person, &page).await;
    let anyone = street.app.anyone();
    anyone
        .get("/v1/me/field-actions")
        .send()
        .await
        .problem("unauthenticated");
    let none = street.crew.person.get("/v1/me/field-actions?limit=0").send().await;
    assert_eq!(none.problem("invalid")["errors"][0]["field"], "limit");
}

/// One by one it is the same list.
async fn page_by_page(person: &Person, whole: &Value) {
    let (mut found, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = own(person, &query).await;
        found.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!(json!(found), whole["items"]);
}
