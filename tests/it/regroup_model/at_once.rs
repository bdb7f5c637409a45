//! The same at once, without a model.

use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;
use vigie_tests::database::{number, texts};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

use super::invariants::invariants;
use super::{APART_M, Dice, PEOPLE, SPOTS, report_body, text};

/// One of three people who act at once, each seeing only what the database says at the moment.
async fn storm(app: Arc<TestApp>, person: Person, seed: u64, start: Arc<Barrier>) {
    let (mut dice, mut db) = (Dice(seed), app.db.admin().await);
    start.wait().await;
    for n in 0..60 {
        let alerts = texts(
            &mut db,
            "SELECT id::text AS value FROM alert WHERE merged_into IS NULL ORDER BY id",
        )
        .await;
        let reports = texts(&mut db, "SELECT id::text AS value FROM report ORDER BY id").await;
        let operations = texts(&mut db, "SELECT id::text AS value FROM alert_operation ORDER BY id").await;
        let mut alert = || dice.pick(&alerts).unwrap_or_default();
        let (one, other) = (alert(), alert());
        let (report, operation) = (dice.pick(&reports), dice.pick(&operations));
        let (path, body) = match dice.below(10) {
            0..=3 => {
                let number = usize::try_from(seed).expect("small") * 1_000 + n;
                ("/v1/reports".to_owned(), report_body(&app, dice.below(SPOTS), number))
            }
            4 => (
                format!("/v1/alerts/{one}/steps"),
                json!({"step": "reject", "reason": "private"}),
            ),
            5 => (format!("/v1/alerts/{one}/steps"), json!({"step": "reopen"})),
            6 => (format!("/v1/alerts/{one}/merge"), json!({"into": other})),
            7 => (
                format!("/v1/alerts/{one}/split"),
                json!({"reports": [report.unwrap_or_default()]}),
            ),
            8 => (
                format!("/v1/reports/{}/move", report.unwrap_or_default()),
                json!({"to": other}),
            ),
            _ => (
                format!("/v1/operations/{}/undo", operation.unwrap_or_default()),
                json!({}),
            ),
        };
        let answer = person.send(&path, body).await;
        let understood = [200, 201, 404, 409, 422, 503].contains(&answer.status);
        assert!(understood, "{answer}");
    }
}

/// I3: on each spot the next report joins an open alert that has reports of this spot and no others, if there is one.
async fn joins_what_it_can(app: &TestApp, db: &mut AsyncPgConnection) {
    for spot in 0..SPOTS {
        let (lon, lat) = app.town.lon_lat(spot as f64 * APART_M, 0.0);
        let elsewhere = format!("ST_Distance(r.place, ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)::geography) > 50");
        let joinable = format!(
            "SELECT a.id::text AS value FROM alert a JOIN report r ON r.alert_id = a.id WHERE a.open \
             GROUP BY a.id HAVING NOT bool_or({elsewhere})"
        );
        let joinable = texts(db, &joinable).await;
        let body = report_body(app, spot, 9_000 + spot);
        let told = app.anyone().send("/v1/reports", body).await.expect(201);
        let opened = matches!(told["alert"]["relation"].as_str(), Some("opened" | "suggested"));
        assert_eq!(opened, joinable.is_empty(), "{joinable:?} {told}");
        assert!(
            opened || joinable.contains(&text(&told["alert"]["id"])),
            "{joinable:?} {told}"
        );
    }
}

/// What the public reads is what the alerts are: those merged away gone, the others with status, days and number as they stand.
async fn the_public_reads_it(app: &TestApp, db: &mut AsyncPgConnection) {
    app.projected().await;
    let day = |at: &str| format!("coalesce(({at} AT TIME ZONE 'Europe/Paris')::date::text, '-')");
    let expected = format!(
        "SELECT concat_ws(' ', a.id, CASE a.status WHEN 'rejected' THEN 'refused' ELSE 'received' END, a.open, {}, {}, \
           CASE WHEN r.n = 1 THEN '1' WHEN r.n < 6 THEN '2-5' ELSE '6+' END) AS value \
         FROM alert a JOIN (SELECT alert_id, count(*) AS n FROM report GROUP BY 1) r ON r.alert_id = a.id \
         WHERE a.merged_into IS NULL ORDER BY a.id",
        day("a.opened_at"),
        day("a.closed_at")
    );
    let public = "SELECT concat_ws(' ', alert_id, status, open, opened_on, coalesce(closed_on::text, '-'), reported_by) AS value \
        FROM public_alert ORDER BY alert_id";
    let expected = texts(db, &expected).await;
    assert!(expected.len() > 1, "there is something to read: {expected:?}");
    assert_eq!(texts(db, public).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_people_at_once_leave_everything_true() {
    let app = Arc::new(TestApp::start().await);
    let start = Arc::new(Barrier::new(PEOPLE));
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 1..=PEOPLE as u64 {
        let person = app.staff(Role::Supervisor).await;
        tasks.spawn(storm(app.clone(), person, seed, start.clone()));
    }
    tasks.join_all().await;
    let mut db = app.db.admin().await;
    invariants(&mut db, &[]).await;
    assert!(
        number(&mut db, "SELECT count(*) AS value FROM alert_operation").await > 5,
        "they did something"
    );
    the_public_reads_it(&app, &mut db).await;
    joins_what_it_can(&app, &mut db).await;
    invariants(&mut db, &[]).await;
}

/// Sends when all are ready, and again while the server cannot at the moment.
async fn send(start: &Barrier, person: Person, path: String, body: Value) -> Answer {
    start.wait().await;
    loop {
        let answer = person.send(&path, body.clone()).await;
        if answer.status != 503 {
            return answer;
        }
    }
}

/// A into B, while somebody reports at A and B is closed: one order or another, and nothing in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_while_a_report_joins_and_the_survivor_closes() {
    let app = TestApp::start().await;
    let second = app.second_process();
    let people = [
        app.staff(Role::Supervisor).await,
        second.instead(&app.staff(Role::Supervisor).await),
    ];
    let mut db = app.db.admin().await;
    for round in 0..12 {
        let place = |n: usize| app.town.point(f64::from(round) * 150.0 - 900.0, n as f64 * 600.0);
        let body = |n: usize| json!({"category": "pothole", "position": place(n), "accuracy_m": 5});
        let a = text(&app.anyone().send("/v1/reports", body(0)).await.expect(201)["alert"]["id"]);
        let b = text(&app.anyone().send("/v1/reports", body(1)).await.expect(201)["alert"]["id"]);
        let start = Barrier::new(3);
        let anyone = second.instead(&app.anyone());
        let close = json!({"id": Uuid::now_v7(), "step": "reject", "reason": "private"});
        let (merged, joined, closed) = tokio::join!(
            send(
                &start,
                people[round as usize % 2].clone(),
                format!("/v1/alerts/{a}/merge"),
                json!({"into": b})
            ),
            send(&start, anyone, "/v1/reports".to_owned(), body(0)),
            send(
                &start,
                people[(round as usize + 1) % 2].clone(),
                format!("/v1/alerts/{b}/steps"),
                close
            ),
        );
        assert_eq!((joined.status, closed.status), (201, 200), "{joined} {closed}");
        assert!([200, 409].contains(&merged.status), "{merged}");
        // Merged first: what A had is in B and B is closed. Closed first: the merge was refused and A is as it was.
        let state = format!("SELECT (merged_into IS NOT NULL)::int::bigint AS value FROM alert WHERE id = '{a}'");
        assert_eq!(number(&mut db, &state).await == 1, merged.status == 200);
        let report = text(&joined.json()["id"]);
        let there = texts(
            &mut db,
            &format!("SELECT alert_id::text AS value FROM report WHERE id = '{report}'"),
        )
        .await;
        if merged.status == 409 {
            assert_eq!(there, std::slice::from_ref(&a), "A took it, and stands");
        } else {
            assert_ne!(
                there,
                std::slice::from_ref(&a),
                "nothing is left in what was merged away"
            );
        }
        invariants(&mut db, &[]).await;
    }
}
