//! What processes tell each other over the database: that work was left, and that the catalogue changed.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use tokio::sync::Notify;
use vigie::db::Db;
use vigie::http::problem::Problem;
use vigie::jobs::worker::Outcome;
use vigie::jobs::{Clock, Handler, Handlers, Job, Worker, enqueue, queue};
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

type Work = Pin<Box<dyn Future<Output = Result<Outcome, Problem>> + Send>>;

fn falls((): (), _: Job, _: DateTime<Utc>) -> Work {
    Box::pin(async { Ok(std::iter::empty().next().expect("on purpose")) })
}

fn stands((): (), _: Job, _: DateTime<Utc>) -> Work {
    Box::pin(async { Ok(Outcome::Done) })
}

/// B-68: a job that panics failed like any other, and the worker goes on with the next.
#[tokio::test]
async fn a_job_that_panics_does_not_end_its_worker() {
    let app = TestApp::start().await;
    let now = Utc::now();
    let tx = app.app.db.begin(app.town.id).await.expect("a transaction");
    for kind in ["falls", "stands"] {
        enqueue(&tx, app.town.id, kind, json!({}), now).await.expect("a job");
    }
    tx.commit().await.expect("kept");
    let handlers: [(&'static str, Handler<()>); 2] = [("falls", falls), ("stands", stands)];
    let handlers = Arc::new(Handlers::new(handlers));
    let rest = Duration::from_secs(3_600);
    let worker = Worker::new(app.app.db.clone(), (), handlers, rest, Arc::new(Notify::new()));
    assert_eq!(worker.run_due(now).await.expect("the queue"), 2);
    let mut conn = app.db.admin().await;
    let fallen = "SELECT count(*) AS value FROM job WHERE kind = 'falls' AND state = 'due' AND attempts = 1 \
                  AND last_error LIKE '%panicked%'";
    assert_eq!(number(&mut conn, fallen).await, 1, "it comes again");
    let stood = "SELECT count(*) AS value FROM job WHERE kind = 'stands'";
    assert_eq!(number(&mut conn, stood).await, 0);
}

/// Kind of the jobs of these tests.
const SLOW: &str = "slow";

async fn left(app: &TestApp, run_at: DateTime<Utc>) {
    let tx = app.app.db.begin(app.town.id).await.expect("a transaction");
    enqueue(&tx, app.town.id, SLOW, json!({}), run_at).await.expect("a job");
    tx.commit().await.expect("left");
}

async fn claimed(conn: &mut AsyncPgConnection, at: DateTime<Utc>) -> Option<Job> {
    queue::claim(conn, &[SLOW], &Clock::at(at)).await.expect("the queue")
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_records_nothing() {
    let app = TestApp::start().await;
    let start = Utc::now();
    left(&app, start).await;
    let mut conn = app.app.db.conn().await.expect("a connection");
    let first = claimed(&mut conn, start + TimeDelta::seconds(0))
        .await
        .expect("it is due");
    assert!(
        claimed(&mut conn, start + TimeDelta::seconds(119)).await.is_none(),
        "the lease holds"
    );
    let second = claimed(&mut conn, start + TimeDelta::seconds(121))
        .await
        .expect("the lease is over");
    assert_eq!(first.id, second.id);
    assert!(!queue::fail(&mut conn, &first, "late", start).await.expect("an answer"));
    assert!(!queue::postpone(&mut conn, &first, start).await.expect("an answer"));
    assert!(!queue::finish(&mut conn, &first).await.expect("an answer"));
    assert!(
        claimed(&mut conn, start + TimeDelta::seconds(122)).await.is_none(),
        "it is the second one's still"
    );
    assert!(queue::finish(&mut conn, &second).await.expect("an answer"));
}

/// What slow jobs share: the time, which goes on while they work, and how many of them somebody else could have taken.
#[derive(Clone)]
struct Workshop {
    db: Db,
    time: Arc<Mutex<DateTime<Utc>>>,
    taken: Arc<Mutex<usize>>,
}

impl Workshop {
    fn now(&self) -> DateTime<Utc> {
        *self.time.lock().expect("the time")
    }

    fn wait(&self, seconds: i64) {
        *self.time.lock().expect("the time") += TimeDelta::seconds(seconds);
    }
}

/// Takes 91 seconds; after 60 of them another worker looks for work.
async fn slow(workshop: Workshop, _: Job, _: DateTime<Utc>) -> Result<Outcome, Problem> {
    workshop.wait(60);
    let mut conn = workshop.db.conn().await?;
    let found = queue::claim(&mut conn, &[SLOW], &Clock::at(workshop.now())).await?;
    *workshop.taken.lock().expect("a number") += usize::from(found.is_some());
    workshop.wait(31);
    Ok(Outcome::Done)
}

#[tokio::test]
async fn every_job_has_its_lease_from_when_it_was_claimed() {
    let app = TestApp::start().await;
    let start = Utc::now();
    for job in 0..3 {
        left(&app, start + TimeDelta::seconds(91 * job)).await;
    }
    let workshop = Workshop {
        db: app.app.db.clone(),
        time: Arc::new(Mutex::new(start)),
        taken: Arc::default(),
    };
    let handler: Handler<Workshop> = |shop, job, now| Box::pin(slow(shop, job, now));
    let handlers = Handlers::new([(SLOW, handler)]);
    let (rest, wake) = (Duration::from_secs(3600), Arc::new(Notify::new()));
    let worker = Worker::new(app.app.db.clone(), workshop.clone(), Arc::new(handlers), rest, wake);
    let time = workshop.time.clone();
    let clock = Clock::by(move || *time.lock().expect("the time"));
    assert_eq!(worker.run_by(&clock).await.expect("the queue"), 3);
    assert_eq!(*workshop.taken.lock().expect("a number"), 0, "nobody else had them");
}
