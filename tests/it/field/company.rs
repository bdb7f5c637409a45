//! What a company may answer by its link, and what comes of each.

use chrono::{TimeDelta, Utc};
use serde_json::json;
use vigie_fixtures::Subject;

use super::Street;
use super::contractor::{html, jpeg, new_id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn material_words_and_nothing_found_take_effect() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let link = street.link(&given).await;
    let lacking = |fields: &[(&'static str, &str)]| {
        let mut all: Vec<(&'static str, String)> = vec![("id", new_id())];
        all.extend(fields.iter().map(|(name, text)| (*name, (*text).to_owned())));
        all
    };
    for (fields, words) in [
        (lacking(&[("outcome", "need_material")]), "Must be given."),
        (
            lacking(&[("outcome", "need_material"), ("review_date", "2020-01-01")]),
            "This date has passed",
        ),
        (lacking(&[("outcome", "note"), ("words", " ")]), "Write a word"),
        (
            lacking(&[("outcome", "done"), ("minutes", "many")]),
            "Between 0 and 100,000 minutes.",
        ),
        (lacking(&[("words", "no outcome")]), "Must be given."),
    ] {
        let fields: Vec<(&'static str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let answer = street.fill_in(&link, &fields, &[]).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(html(&answer).contains(words), "{words}: {answer}");
    }
    let broken = [("id", &*new_id()), ("outcome", "done"), ("words", "kept words")];
    let photos = [jpeg(3, Subject::Pothole), b"no picture at all".to_vec()];
    let answer = street.fill_in(&link, &broken, &photos).await;
    assert_eq!(answer.status, 422);
    let page = html(&answer);
    assert!(page.contains("Photo no. 2: ") && page.contains("kept words"), "{page}");
    assert_eq!(street.status(&given.alert).await, "dispatched");

    let later = (Utc::now() + TimeDelta::days(20)).date_naive().to_string();
    let material = [
        ("id", &*new_id()),
        ("outcome", "need_material"),
        ("review_date", &*later),
        ("words", "a mast"),
    ];
    assert_eq!(street.fill_in(&link, &material, &[]).await.status, 303);
    assert_eq!(street.status(&given.alert).await, "on_hold");
    let missing = [("id", &*new_id()), ("outcome", "not_found")];
    let not_now = street.fill_in(&link, &missing, &[]).await;
    assert_eq!(not_now.status, 409, "what waits cannot be missing: {not_now}");
    assert!(html(&not_now).contains("does not allow it"));
    let note = [("id", &*new_id()), ("outcome", "note"), ("words", "it comes on Monday")];
    assert_eq!(street.fill_in(&link, &note, &[]).await.status, 303);
    let history = street.history(&given.alert).await;
    assert_eq!(history[history.len() - 2..], ["need_material", "note"]);

    let given = street.task().await;
    let link = street.link(&given).await;
    let missing = [
        ("id", &*new_id()),
        ("outcome", "not_found"),
        ("words", "the lamp is lit"),
    ];
    assert_eq!(street.fill_in(&link, &missing, &[]).await.status, 303);
    assert_eq!(street.status(&given.alert).await, "qualified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_danger_what_is_missing_and_somebody_elses_job_are_heard() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let link = street.link(&given).await;
    let page = html(&street.open_link(&link).await);
    for said in ["There is a danger", "Not our job", "What is missing"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let french = html(&street.app.anyone().get(&link).send().await);
    assert!(french.contains("Il y a un danger") && french.contains("pas de notre ressort"));
    let danger = [("id", &*new_id()), ("outcome", "dangerous"), ("words", "bare wires")];
    assert_eq!(street.fill_in(&link, &danger, &[]).await.status, 303);
    let read = street.read(&given.alert).await;
    assert_eq!((&read["status"], &read["severity"]), (&json!("dispatched"), &json!(2)));
    let later = (Utc::now() + TimeDelta::days(20)).date_naive().to_string();
    let missing = [
        ("id", &*new_id()),
        ("outcome", "need_material"),
        ("review_date", &*later),
        ("material", "2 lamps\r\na mast"),
    ];
    assert_eq!(street.fill_in(&link, &missing, &[]).await.status, 303);
    let read = street.read(&given.alert).await;
    let history = read["history"].as_array().expect("a history");
    let waits = history.iter().find(|event| event["step"] == "need_material");
    let listed =
        json!([{"name": "lamps", "quantity": 2.0, "unit": null}, {"name": "a mast", "quantity": 1.0, "unit": null}]);
    assert_eq!(waits.expect("its step")["material"], listed);

    let given = street.task().await;
    let link = street.link(&given).await;
    let elsewhere = [("id", &*new_id()), ("outcome", "not_ours"), ("words", "a private road")];
    assert_eq!(street.fill_in(&link, &elsewhere, &[]).await.status, 303);
    assert_eq!(street.status(&given.alert).await, "new");
    assert!(html(&street.open_link(&link).await).contains("This task has ended"));
}
