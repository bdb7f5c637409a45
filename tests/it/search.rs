//! Staff find alerts by what people said of them.

use chrono::Utc;
use serde_json::{Value, json};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

/// References of the alerts that are found.
async fn found(person: &Person, words: &str) -> Vec<String> {
    let path: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let page = person.get(&format!("/v1/alerts?q={path}")).send().await.expect(200);
    let items = page["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["reference"].as_str().expect("a reference").to_owned())
        .collect()
}

#[tokio::test]
async fn an_alert_is_found_by_words_and_by_references() {
    let app = TestApp::start().await;
    let report = async |east: f64, address: &str, description: &str| -> Value {
        let body = json!({"category": "pothole", "position": app.town.point(east, 0.0), "accuracy_m": 5,
            "address": address, "description": description});
        app.anyone().send("/v1/reports", body).await.expect(201)
    };
    let hole = report(0.0, "12 rue de l'Église", "Gros trou devant l'école").await;
    let other = report(900.0, "3 quai du Large", "Trou profond").await;
    let joined = report(1.0, "12 rue de l'Église", "Danger pour les vélos").await;
    let reference = |told: &Value| told["alert"]["reference"].as_str().expect("a reference").to_owned();
    let (hole, other_alert) = (reference(&hole), reference(&other));
    assert_eq!(reference(&joined), hole);
    app.run_due(Utc::now()).await;
    let supervisor = app.staff(Role::Supervisor).await;
    for words in ["ecole", "ÉCOLE", "eglise 12", "trou ecole", "vel", "dang vélos rue"] {
        assert_eq!(found(&supervisor, words).await, std::slice::from_ref(&hole), "{words}");
    }
    assert_eq!(found(&supervisor, "trou").await.len(), 2);
    for words in ["glise", "ecole quai", "100%"] {
        assert_eq!(found(&supervisor, words).await, Vec::<String>::new(), "{words}");
    }
    supervisor.get("/v1/alerts?q=__").send().await.problem("invalid");
    // As people say them on the telephone: the alert's reference, or the one of their own report.
    let own = joined["reference"].as_str().expect("a reference");
    for said in [hole.clone(), hole.to_lowercase(), own.to_owned(), own.replace('-', " ")] {
        assert_eq!(found(&supervisor, &said).await, std::slice::from_ref(&hole), "{said}");
    }
    assert_eq!(found(&supervisor, &other_alert).await, [other_alert]);
}

#[tokio::test]
async fn words_stay_in_their_town_and_in_the_scope() {
    let app = TestApp::start().await;
    let elsewhere = Town::install(&mut app.db.admin().await, 1).await;
    let body = json!({"category": "fly-tipping", "position": app.town.point(0.0, 0.0), "description": "Matelas"});
    let told = app.anyone().send("/v1/reports", body).await.expect(201);
    let reference = told["alert"]["reference"].as_str().expect("a reference").to_owned();
    let own = told["reference"].as_str().expect("a reference");
    app.run_due(Utc::now()).await;
    assert_eq!(
        found(&app.staff(Role::Supervisor).await, "matelas").await,
        std::slice::from_ref(&reference)
    );
    // The secretariat of the roads has nothing to do with it, the next town even less.
    for person in [
        app.staff(Role::Secretariat).await,
        app.signed_in(&elsewhere, Role::Supervisor).await,
    ] {
        for words in ["matelas", &reference, own] {
            assert_eq!(found(&person, words).await, Vec::<String>::new(), "{words}");
        }
    }
}
