//! Many people at once, two servers, spots on the corners of cells: still one open alert per spot, and every report in
//! exactly one, also when somebody closes the alert at the same instant.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use geo_dedup::LonLat;
use geo_dedup::cell::LOCK_RESOLUTION;
use h3o::{LatLng, Resolution};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;
use vigie_tests::database::{number, texts};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

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

/// How an alert is closed while people report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Close {
    /// Rejected: nothing joins it any more.
    Rejected,
    /// Delivered: what was seen before joins it as late evidence.
    Resolved,
}

/// Opens the alert of a spot and brings it to where one step closes it. Returns its path and that step.
async fn opened(app: &TestApp, supervisor: &Person, corner: LonLat, close: Close) -> (String, Value) {
    let body = json!({"category": "pothole", "position": near(corner, 0), "accuracy_m": 5});
    let told = app.anyone().send("/v1/reports", body).await.expect(201);
    let id = told["alert"]["id"].as_str().expect("an alert").to_owned();
    let steps = format!("/v1/alerts/{id}/steps");
    if close == Close::Rejected {
        let step = json!({"id": Uuid::now_v7(), "step": "reject", "reason": "A private road."});
        return (id, step);
    }
    let transfer = json!({"step": "transfer", "body_id": app.town.power_company});
    supervisor.send(&steps, transfer).await.expect(200);
    (id, json!({"id": Uuid::now_v7(), "step": "deliver"}))
}

/// Takes a step, as a console does that sends again when the server could not at the moment: its id makes that harmless.
async fn step(person: Person, alert: String, body: Value, start: Arc<Barrier>) {
    start.wait().await;
    for _ in 0..500 {
        let answer = person.send(&format!("/v1/alerts/{alert}/steps"), body.clone()).await;
        if answer.status != 503 {
            answer.expect(200);
            return;
        }
    }
    panic!("five hundred times not now");
}

/// Every second report and the close come through the other server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_at_the_same_instant_leaves_no_report_behind() {
    let app = TestApp::start().await;
    let second = app.second_process();
    let people = [app.anyone(), second.instead(&app.anyone())];
    let supervisor = second.instead(&app.staff(Role::Supervisor).await);
    let mut conn = app.db.admin().await;
    for (round, corner) in corners(&app.town).into_iter().enumerate() {
        let close = [Close::Rejected, Close::Resolved][round % 2];
        let (alert, body) = opened(&app, &supervisor, corner, close).await;
        let start = Arc::new(Barrier::new(AT_ONCE + 1));
        let mut tasks = tokio::task::JoinSet::new();
        // In the middle, so that the close meets reports before and behind it in the queue for the lock.
        for n in 0..=AT_ONCE {
            if n == AT_ONCE / 2 {
                let (supervisor, alert, body) = (supervisor.clone(), alert.clone(), body.clone());
                let start = start.clone();
                tasks.spawn(async move {
                    step(supervisor, alert, body, start).await;
                    Value::Null
                });
            } else {
                let id = Uuid::now_v7().to_string();
                let body = json!({"id": id, "category": "pothole", "position": near(corner, n), "accuracy_m": 5});
                tasks.spawn(report(people[n % 2].clone(), body, start.clone()));
            }
        }
        let told: Vec<Value> = tasks
            .join_all()
            .await
            .into_iter()
            .filter(|told| !told.is_null())
            .collect();
        one_alert_closed(&mut conn, &alert, &told, round).await;
    }
    nobody_was_left_behind(&mut conn).await;
}

/// What people were told in a round: all are in the closed alert or in one that was opened after it.
async fn one_alert_closed(conn: &mut AsyncPgConnection, closed: &str, told: &[Value], round: usize) {
    assert_eq!(told.len(), AT_ONCE, "round {round}");
    let elsewhere: BTreeSet<&str> = told
        .iter()
        .filter_map(|told| told["alert"]["id"].as_str())
        .filter(|id| *id != closed)
        .collect();
    assert!(elsewhere.len() <= 1, "round {round}: {elsewhere:?}");
    let opened = |told: &&Value| matches!(told["alert"]["relation"].as_str(), Some("opened" | "suggested"));
    let openings = told.iter().filter(opened).count();
    assert_eq!(
        openings,
        elsewhere.len(),
        "round {round}: the new alert was opened once"
    );
    let open = format!("SELECT count(*) AS value FROM alert WHERE open AND id <> '{closed}'");
    let still_open = format!(
        "{open} AND id = ANY ('{{{}}}')",
        elsewhere.iter().copied().collect::<Vec<_>>().join(",")
    );
    assert_eq!(number(conn, &still_open).await, elsewhere.len() as i64, "round {round}");
    let gone = format!("SELECT count(*) AS value FROM alert WHERE NOT open AND id = '{closed}'");
    assert_eq!(number(conn, &gone).await, 1, "round {round}: the close was taken");
    // What each was told is where the report is.
    for told in told {
        let (report, alert) = (
            &told["id"].as_str().expect("an id"),
            &told["alert"]["id"].as_str().expect("an alert"),
        );
        let there = format!("SELECT count(*) AS value FROM report WHERE id = '{report}' AND alert_id = '{alert}'");
        assert_eq!(number(conn, &there).await, 1, "round {round}: {told}");
    }
}

/// Held against the order of the transactions, which one lock put in a row, and against the times that people read.
async fn nobody_was_left_behind(conn: &mut AsyncPgConnection) {
    let rounds = i64::try_from(ROUNDS).expect("few");
    let reports = rounds * i64::try_from(AT_ONCE + 1).expect("few");
    assert_eq!(number(conn, "SELECT count(*) AS value FROM report").await, reports);
    assert_eq!(
        number(conn, "SELECT sum(report_count)::bigint AS value FROM alert").await,
        reports
    );
    let twice = "SELECT report_id::text AS value FROM membership GROUP BY report_id HAVING count(*) <> 1";
    assert_eq!(texts(conn, twice).await, Vec::<String>::new());
    let wrong = "SELECT a.id::text AS value FROM alert a WHERE report_count <> \
        (SELECT count(*) FROM report r WHERE r.jurisdiction_id = a.jurisdiction_id AND r.alert_id = a.id)";
    assert_eq!(texts(conn, wrong).await, Vec::<String>::new());
    let joined = "SELECT r.id::text AS value FROM report r JOIN alert a ON a.id = r.alert_id AND NOT a.open \
        JOIN change said ON said.entity = 'report' AND said.entity_id = r.id \
        JOIN status_event e ON e.alert_id = a.id AND e.step IN ('reject', 'deliver') \
        JOIN change done ON done.entity = 'status_event' AND done.entity_id = e.id";
    let behind = format!(
        "{joined} WHERE NOT 'late_evidence' = ANY (r.flags) AND (said.txid > done.txid OR r.received_at >= a.closed_at)"
    );
    assert_eq!(
        texts(conn, &behind).await,
        Vec::<String>::new(),
        "joined what was closed"
    );
    let early = format!(
        "{joined} WHERE 'late_evidence' = ANY (r.flags) \
         AND (said.txid < done.txid OR r.observed_at >= a.closed_at OR a.status = 'rejected')"
    );
    assert_eq!(
        texts(conn, &early).await,
        Vec::<String>::new(),
        "late evidence was seen before the close, and came after"
    );
    let checked = format!("SELECT count(*) AS value FROM ({joined}) AS j");
    assert!(
        number(conn, &checked).await >= rounds,
        "the closed alerts' reports were looked at"
    );
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
