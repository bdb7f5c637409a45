//! Territories that overlap, as a borough's within its city: a report goes to the smallest with that category open, and the catalogue
//! of the place says so before.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::people::Answer;
use vigie_tests::server::TestApp;
use vigie_tests::town::Town;

/// A borough within a city that has the same categories; in the borough street lights are no category, and nuisances are closed.
struct Both {
    app: TestApp,
}

impl Both {
    async fn found() -> Self {
        let app = TestApp::start().await;
        let mut conn = app.db.admin().await;
        let city = Town::install(&mut conn, 1).await;
        let borough = app.town.id.0;
        let overlap = format!(
            "UPDATE jurisdiction city SET area_km2 = 100 * borough.area_km2, \
                 boundary = ST_Multi(ST_Envelope(ST_Collect(ST_Expand(borough.boundary::geometry, 0.05), city.boundary::geometry)))::geography \
                 FROM jurisdiction borough WHERE borough.id = {borough} AND city.id = {city}; \
             UPDATE category SET active = false WHERE jurisdiction_id = {borough} AND code = 'street-light'; \
             INSERT INTO category_gate (jurisdiction_id, id, category_id, rule, message, instead) \
                 SELECT {borough}, gen_random_uuid(), id, 'closed', '{{\"fr\": \"Pas ici.\"}}', '{{\"fr\": \"À la ville.\"}}' \
                 FROM category WHERE jurisdiction_id = {borough} AND code = 'nuisance'",
            city = city.id.0
        );
        conn.batch_execute(&overlap).await.expect("a city around the borough");
        Self { app }
    }

    async fn submits(&self, category: &str) -> Answer {
        let report = json!({"category": category, "position": self.app.town.point(0.0, 0.0), "accuracy_m": 5});
        self.app.anyone().send("/v1/reports", report).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_smallest_territory_with_the_category_open_takes_the_report() {
    let both = Both::found().await;
    let (borough, city) = ("large-0", "large-1");
    let (lon, lat) = both.app.town.lon_lat(0.0, 0.0);
    let path = format!("/v1/catalogue?lat={lat}&lon={lon}");
    let catalogue = both.app.anyone().get(&path).send().await.expect(200);
    assert_eq!(catalogue["jurisdiction"]["slug"], borough);
    for (category, taker) in [
        ("pothole", borough),
        ("street-light", city),
        ("nuisance", city),
        ("fly-tipping", borough),
    ] {
        let offered: Vec<&Value> = catalogue["categories"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|offered| offered["code"] == category)
            .collect();
        assert_eq!(offered.len(), 1, "{category} once");
        assert_eq!(offered[0]["open"], true, "{category}");
        let other = &offered[0]["taken_by"]["jurisdiction"]["slug"];
        assert_eq!(
            *other,
            if taker == city { json!(city) } else { Value::Null },
            "{category}"
        );
        let told = both.submits(category).await.expect(201);
        assert_eq!(told["jurisdiction"]["slug"], taker, "{category}");
    }
}

/// Where the city shuts it too, the borough's own words say why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_takes_is_closed_in_the_words_of_the_smallest() {
    let both = Both::found().await;
    let shut = "UPDATE category SET active = false WHERE code IN ('nuisance', 'street-light')";
    both.app.db.admin().await.batch_execute(shut).await.expect("shut");
    let reopened = format!(
        "UPDATE category SET active = true WHERE code = 'nuisance' AND jurisdiction_id = {}",
        both.app.town.id.0
    );
    both.app
        .db
        .admin()
        .await
        .batch_execute(&reopened)
        .await
        .expect("the borough's");
    let (lon, lat) = both.app.town.lon_lat(0.0, 0.0);
    let path = format!("/v1/catalogue?lat={lat}&lon={lon}");
    let catalogue = both.app.anyone().get(&path).send().await.expect(200);
    let categories = catalogue["categories"].as_array().expect("a list");
    let nuisance = categories.iter().find(|offered| offered["code"] == "nuisance");
    let nuisance = nuisance.expect("it is told, as closed");
    assert_eq!(
        (&nuisance["open"], &nuisance["message"]["fr"]),
        (&json!(false), &json!("Pas ici."))
    );
    assert!(!categories.iter().any(|offered| offered["code"] == "street-light"));
    both.submits("nuisance").await.problem("invalid");
    both.submits("street-light").await.problem("invalid");
}
