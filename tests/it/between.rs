//! What processes tell each other over the database: that work was left, and that the catalogue changed.

use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use vigie_tests::database::number;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::Relay;

/// A busy machine may take its time; a worker that was not woken would take ten hours.
const AT_LAST: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Looks until the number is this one.
async fn becomes(conn: &mut AsyncPgConnection, what: &str, query: &str, wanted: i64) {
    let began = Instant::now();
    loop {
        let found = number(conn, query).await;
        if found == wanted {
            return;
        }
        assert!(began.elapsed() < AT_LAST, "{what}: {found}, not {wanted}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Wake-ups are heard on connections of their own: the worker's, and the server's for who listens to it.
const LISTENING: &str = "SELECT count(*) AS value FROM pg_stat_activity \
    WHERE datname = current_database() AND query = 'LISTEN vigie_job' AND state = 'idle'";
const WAITING: &str = "SELECT count(*) AS value FROM notification WHERE state = 'due' AND channel = 'email'";
const SENT: &str = "SELECT count(*) AS value FROM notification WHERE state = 'sent' AND channel = 'email'";

/// The worker looks by itself only every ten hours, so what it does at once it was woken for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_left_by_one_process_wakes_the_worker_of_another() {
    let relay = Relay::start();
    let setup = TestApp::setup().setting("VIGIE_SMTP_URL", relay.url());
    let app = setup.setting("VIGIE_WORKER_REST", "10h").start().await;
    let mut conn = app.db.admin().await;
    let server = app.second_process();
    let _worker = app.worker_process();
    becomes(&mut conn, "those that listen", LISTENING, 2).await;
    let body = |n: u32| {
        json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "locale": "en",
            "contact": {"email": format!("p{n}@example.test"), "preferred": "email"}})
    };
    // Twice: a worker that only ever looks once, when its connection stands, would pass the first time.
    for n in 1..=2 {
        let resident = server.instead(&app.anyone());
        resident.send("/v1/reports", body(n)).await.expect(201);
        becomes(&mut conn, "mails that wait", WAITING, 0).await;
        becomes(
            &mut conn,
            "acknowledgements sent",
            &format!("{SENT} AND recipient = 'follower'"),
            i64::from(n),
        )
        .await;
    }
    // This process wakes no other: nobody hears of its report before the connection breaks and the worker looks again.
    app.anyone().send("/v1/reports", body(3)).await.expect(201);
    assert_eq!(
        number(&mut conn, &format!("{SENT} AND recipient = 'follower'")).await,
        2
    );
    let cut = "SELECT count(pg_terminate_backend(pid)) AS value FROM pg_stat_activity \
        WHERE datname = current_database() AND query = 'LISTEN vigie_job'";
    assert_eq!(number(&mut conn, cut).await, 2);
    becomes(
        &mut conn,
        "acknowledgements sent",
        &format!("{SENT} AND recipient = 'follower'"),
        3,
    )
    .await;
    becomes(&mut conn, "those that listen again", LISTENING, 2).await;
}

/// Every process keeps the catalogue in memory and holds its version against the database's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_catalogue_counts_in_every_process_at_once() {
    let app = TestApp::start().await;
    let server = app.second_process();
    let people = [app.anyone(), server.instead(&app.anyone())];
    let path = "/v1/catalogue?jurisdiction=large-0";
    let report = |category: &str| json!({"category": category, "position": app.town.point(0.0, 0.0)});
    for person in &people {
        let catalogue = person.get(path).send().await.expect(200);
        assert!(!catalogue.to_string().contains("Nid-de-poule profond"), "{catalogue}");
        person.send("/v1/reports", report("bollard")).await.problem("invalid");
    }
    let mut conn = app.db.admin().await;
    conn.batch_execute(
        "UPDATE category SET label = '{\"fr\": \"Nid-de-poule profond\", \"en\": \"Deep pothole\"}' WHERE code = 'pothole'; \
         INSERT INTO category (jurisdiction_id, id, code, label, service_id, position) \
         SELECT jurisdiction_id, gen_random_uuid(), 'bollard', label, service_id, 9 FROM category WHERE code = 'pothole'",
    )
    .await
    .expect("another catalogue");
    for person in &people {
        person.send("/v1/reports", report("bollard")).await.expect(201);
        let catalogue = person.get(path).send().await.expect(200);
        assert!(catalogue.to_string().contains("Nid-de-poule profond"), "{catalogue}");
    }
}
