//! Many people at once, two servers, spots on the corners of cells: still one open alert per spot, and every report in
//! exactly one.

use std::collections::BTreeSet;
use std::sync::Arc;

use geo_dedup::LonLat;
use geo_dedup::cell::LOCK_RESOLUTION;
use h3o::{LatLng, Resolution};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;
use vigie_tests::database::{number, texts};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::Town;

const ROUNDS: usize = 20;
const AT_ONCE: usize = 50;

/// Corners of lock cells inside the town, far from each other: three cells meet in each, so people a step apart hold
/// different ones.
fn corners(town: &Town) -> Vec<LonLat> {
    let resolution = Resolution::try_from(LOCK_RESOLUTION).expect("a resolution");
    let mut found: Vec<LonLat> = Vec::new();
    for east in -11..=11 {
        for north in -11..=11 {
            let (lon, lat) = town.lon_lat(f64::from(east) * 200.0, f64::from(north) * 200.0);
            let cell = LatLng::new(lat, lon).expect("a place").to_cell(resolution);
            let corner = LatLng::from(cell.vertexes().next().expect("a corner"));
            let corner = LonLat::new(corner.lng(), corner.lat()).expect("a place");
            let apart = |other: &LonLat| {
                let (x, y) = (
                    (other.lon() - corner.lon()) * 76_500.0,
                    (other.lat() - corner.lat()) * 111_195.0,
                );
                x.hypot(y) > 600.0
            };
            if found.iter().all(apart) {
                found.push(corner);
            }
        }
    }
    assert!(found.len() >= ROUNDS, "only {} corners", found.len());
    found.truncate(ROUNDS);
    found
}

/// Within two metres of the corner, on all sides of it.
fn near(corner: LonLat, n: usize) -> Value {
    let angle = n as f64 * 2.4;
    let radius = 2.0 * (n as f64 / AT_ONCE as f64);
    let lon = corner.lon() + radius * angle.cos() / 76_500.0;
    let lat = corner.lat() + radius * angle.sin() / 111_195.0;
    json!({"type": "Point", "coordinates": [lon, lat]})
}

/// A person whose app retries what the server could not take at the moment: the id makes that harmless.
async fn report(person: Person, body: Value, start: Arc<Barrier>) -> Value {
    start.wait().await;
    for _ in 0..500 {
        let answer = person.send("/v1/reports", body.clone()).await;
        if answer.status == 503 || (answer.status == 409 && answer.json()["type"] == "/problems/in_flight") {
            continue;
        }
        return answer.expect(201);
    }
    panic!("five hundred times not now");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_on_the_corner_of_cells_make_one_alert() {
    let app = TestApp::start().await;
    let second = app.second_process();
    let people = [app.anyone(), second.instead(&app.anyone())];
    for (round, corner) in corners(&app.town).into_iter().enumerate() {
        let start = Arc::new(Barrier::new(AT_ONCE));
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..AT_ONCE {
            let id = Uuid::now_v7().to_string();
            let body = json!({"id": id, "category": "pothole", "position": near(corner, n), "accuracy_m": 5});
            tasks.spawn(report(people[n % 2].clone(), body, start.clone()));
        }
        let told = tasks.join_all().await;
        let alerts: BTreeSet<String> = told.iter().map(|told| told["alert"]["id"].to_string()).collect();
        assert_eq!(alerts.len(), 1, "round {round}: {alerts:?}");
        let opened = told.iter().filter(|told| told["alert"]["relation"] == "opened").count();
        assert_eq!(opened, 1, "round {round}");
    }
    let mut conn = app.db.admin().await;
    let rounds = i64::try_from(ROUNDS).expect("few");
    let reports = rounds * i64::try_from(AT_ONCE).expect("few");
    assert_eq!(
        number(&mut conn, "SELECT count(*) AS value FROM alert WHERE open").await,
        rounds
    );
    assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM report").await, reports);
    assert_eq!(
        number(&mut conn, "SELECT sum(report_count)::bigint AS value FROM alert").await,
        reports
    );
    // One decision for each report, the counts of the alerts are the reports they have, and each person follows once.
    let twice = "SELECT report_id::text AS value FROM membership GROUP BY report_id HAVING count(*) <> 1";
    assert_eq!(texts(&mut conn, twice).await, Vec::<String>::new());
    let wrong = "SELECT a.id::text AS value FROM alert a WHERE report_count <> \
        (SELECT count(*) FROM report r WHERE r.jurisdiction_id = a.jurisdiction_id AND r.alert_id = a.id)";
    assert_eq!(texts(&mut conn, wrong).await, Vec::<String>::new());
}

/// The same person's app sends again and again because it hears nothing: one report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_report_sent_many_times_at_once_is_one() {
    let app = TestApp::start().await;
    let second = app.second_process();
    let people = [app.anyone(), second.instead(&app.anyone())];
    let body = json!({"id": Uuid::now_v7().to_string(), "category": "pothole", "position": app.town.point(0.0, 0.0)});
    let start = Arc::new(Barrier::new(AT_ONCE));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..AT_ONCE {
        tasks.spawn(report(people[n % 2].clone(), body.clone(), start.clone()));
    }
    let told = tasks.join_all().await;
    assert!(told.iter().all(|again| *again == told[0]), "everybody hears the same");
    assert_eq!(
        number(&mut app.db.admin().await, "SELECT count(*) AS value FROM report").await,
        1
    );
}
