use serde_json::{Value, json};

use super::*;

fn demo() -> Value {
    let file = crate::demo::town::town_file(&vigie_fixtures::Town::ingeville()).unwrap();
    serde_json::to_value(file).unwrap()
}

fn faults_of(document: &Value) -> Vec<String> {
    let file = read(&document.to_string()).unwrap();
    check(&file).0.into_iter().map(|fault| fault.path).collect()
}

#[test]
fn both_invented_towns_can_be_installed() {
    for town in [
        vigie_fixtures::Town::ingeville(),
        vigie_fixtures::Town::petit_ingeville(),
    ] {
        let file = crate::demo::town::town_file(&town).unwrap();
        assert_eq!(check(&file), Faults::default(), "{}", town.slug);
    }
}

#[test]
fn a_town_file_says_the_same_after_writing_and_reading() {
    let document = demo();
    let file = read(&document.to_string()).unwrap();
    assert_eq!(serde_json::to_value(file).unwrap(), document);
}

#[test]
fn every_fault_is_named_with_its_path() {
    let mut document = demo();
    document["slug"] = json!("Ingéville");
    document["default_service"] = json!("nobody");
    document["sectors"][1]["boundary"] =
        json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]});
    document["bodies"][2]["email"] = json!(null);
    document["services"][0]["on_call"] = json!([{"minutes": 10}, {"email": "nobody", "minutes": 10}]);
    document["crews"][0]["sector"] = json!("moon");
    document["categories"][1]["group"] = json!("not-yet");
    document["categories"][1]["priority"] = json!(9);
    document["categories"][2]["code"] = document["categories"][1]["code"].clone();
    document["categories"][3]["dedup"]["radius_m"] = json!(9_000.0);
    document["routing"][0] = json!({"category": "chaussee"});
    let faults = faults_of(&document);
    for path in [
        "slug",
        "default_service",
        "sectors[1].boundary",
        "bodies[2].email",
        "services[0].on_call[0]",
        "services[0].on_call[1].email",
        "crews[0].sector",
        "categories[2].code",
        "categories[1].group",
        "categories[1].priority",
        "categories[3].dedup",
        "routing[0]",
    ] {
        assert!(faults.contains(&path.to_owned()), "{path} is missing in {faults:?}");
    }
}

#[test]
fn a_service_that_hears_of_nothing_needs_both_deadlines() {
    let (consult, answer) = ("services[0].consult_hours", "services[0].answer_hours");
    let at_night = json!([{"from": "18:00", "to": "08:00", "notices": "none"}]);
    for (notices, hours, given, missing) in [
        ("none", json!([]), [json!(null), json!(null)], vec![consult, answer]),
        ("none", json!([]), [json!(24), json!(null)], vec![answer]),
        ("instant", at_night.clone(), [json!(null), json!(72)], vec![consult]),
        ("digest", at_night, [json!(24), json!(72)], vec![]),
        ("digest", json!([]), [json!(null), json!(null)], vec![]),
    ] {
        let mut document = demo();
        let service = &mut document["services"][0];
        service["notices"] = json!(notices);
        service["notice_hours"] = hours;
        [service["consult_hours"], service["answer_hours"]] = given;
        assert_eq!(faults_of(&document), missing, "{}", document["services"][0]);
    }
}

#[test]
fn a_word_that_is_not_known_is_refused_with_its_place() {
    let mut document = demo();
    document["services"][1]["colour"] = json!("blue");
    let faults = read(&document.to_string()).unwrap_err();
    assert!(faults.to_string().contains("services[1].colour"), "{faults}");
}

#[test]
fn severity_of_answers_stands_beside_the_question() {
    let document = demo();
    let said = document["categories"].as_array().unwrap().iter();
    let words = said
        .flat_map(|category| category["questions"]["properties"].as_object())
        .flatten();
    let count = words.filter(|(_, question)| question["x-severity"].is_array()).count();
    assert!(count >= 3, "{count} questions state a severity");
}
