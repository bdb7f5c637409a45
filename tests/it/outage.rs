//! The database goes away: people hear "not now" quickly, and nobody has to restart anything afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::db::connect::{Patience, await_server};
use vigie_tests::database::{TestDb, number, with_database};
use vigie_tests::people::{Answer, Person};
use vigie_tests::proxy::{Line, Proxy};
use vigie_tests::server::TestApp;

/// All reports.
const REPORTS: &str = "SELECT count(*) AS value FROM report";
/// What the product promises: an answer within two seconds. A busy machine gets a little more to carry it.
const PROMISE: Duration = Duration::from_millis(2_000);
const SLACK: Duration = Duration::from_millis(400);

async fn unavailable(person: &Person, path: &str) -> Answer {
    let began = Instant::now();
    let answer = person.get(path).send().await;
    let took = began.elapsed();
    answer.problem("unavailable");
    assert_eq!(answer.status, 503);
    let wait: u64 = answer
        .header("retry-after")
        .expect("Retry-After")
        .parse()
        .expect("seconds");
    assert!((1..=60).contains(&wait), "Retry-After: {wait}");
    assert!(took < PROMISE + SLACK, "{path} took {took:?}");
    answer
}

async fn recovers(person: &Person, path: &str) {
    // The pool may still hold connections that died; each is found out once.
    for _ in 0..20 {
        if person.get(path).send().await.status == 200 {
            return;
        }
    }
    panic!("{path} does not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_cut_then_back() {
    let app = TestApp::setup().proxied().start().await;
    let (anyone, line) = (app.anyone(), app.proxy.as_ref().expect("a proxy"));
    anyone.get("/readyz").send().await.expect(200);
    line.set(Line::Cut);
    for _ in 0..3 {
        unavailable(&anyone, "/readyz").await;
    }
    anyone.get("/healthz").send().await.expect(200);
    line.set(Line::Up);
    recovers(&anyone, "/readyz").await;
    anyone.get("/readyz").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_stalled_then_back() {
    let app = TestApp::setup().proxied().start().await;
    let (anyone, line) = (app.anyone(), app.proxy.as_ref().expect("a proxy"));
    anyone.get("/readyz").send().await.expect(200);
    line.set(Line::Stalled);
    for _ in 0..3 {
        unavailable(&anyone, "/readyz").await;
    }
    line.set(Line::Up);
    recovers(&anyone, "/readyz").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_never_there() {
    let app = TestApp::setup().proxied().start().await;
    app.proxy.as_ref().expect("a proxy").set(Line::Cut);
    unavailable(&app.anyone(), "/readyz").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_ended_by_the_operator_cost_nothing() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    anyone.get("/readyz").send().await.expect(200);
    let sql = "SELECT count(pg_terminate_backend(pid)) AS value FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(number(&mut app.db.admin().await, sql).await > 0);
    recovers(&anyone, "/readyz").await;
}

/// Sends the report until it is taken; each answer before is "not now", however far the database had come, or that it still
/// works on what was sent before.
async fn sent_until_taken(person: &Person, report: Value) -> usize {
    for refused in 0..200 {
        let answer = person.send("/v1/reports", report.clone()).await;
        if answer.status == 201 {
            return refused;
        }
        assert!(answer.header("retry-after").is_some());
        answer.problem(if answer.status == 409 {
            "in_flight"
        } else {
            "unavailable"
        });
    }
    panic!("never taken");
}

/// The line breaks in the middle of submits, at their begin, their statements and their commits; who sends again with the same
/// id is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submits_cut_in_the_middle_are_there_once_when_sent_again() {
    let app = TestApp::setup().proxied().start().await;
    let line = app.proxy.as_ref().expect("a proxy");
    let people: Vec<Person> = (0..6).map(|_| app.anyone()).collect();
    let submits = people.iter().enumerate().map(async |(n, person)| {
        let mut refused = 0;
        for m in 0..20_u32 {
            let place = app
                .town
                .point(f64::from(m) * 80.0, f64::from(u8::try_from(n).expect("few")) * 80.0);
            let report = json!({"id": Uuid::now_v7(), "category": "pothole", "position": place, "accuracy_m": 5});
            refused += sent_until_taken(person, report).await;
        }
        refused
    });
    let breaks = async {
        for broken in [Line::Cut, Line::Stalled].repeat(8) {
            let before = number(&mut app.db.admin().await, REPORTS).await;
            // Some work gets through between two breaks, or all of it is done.
            while number(&mut app.db.admin().await, REPORTS).await < (before + 4).min(120) {
                tokio::task::yield_now().await;
            }
            line.set(broken);
            tokio::task::yield_now().await;
            line.set(Line::Cut);
            line.set(Line::Up);
        }
    };
    let (refused, ()) = tokio::join!(join_all(submits), breaks);
    assert!(
        refused.iter().sum::<usize>() > 0,
        "no submit was in the middle of anything"
    );
    assert_eq!(number(&mut app.db.admin().await, REPORTS).await, 120);
}

/// As `vigie migrate` when a machine starts: the database may come up later, and everything else waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_comes_late_is_waited_for() {
    let db = TestDb::new();
    let proxy = Proxy::to(&db.admin_url());
    let url = proxy.url(&db.admin_url());
    let patience = Patience {
        every: Duration::from_millis(10),
        longest: Duration::from_secs(60),
    };
    proxy.set(Line::Cut);
    let tries = AtomicUsize::new(0);
    let third_time = |_: &str, _: Duration| {
        if tries.fetch_add(1, Ordering::Relaxed) == 2 {
            proxy.set(Line::Up);
        }
    };
    await_server(&url, patience, third_time).await.expect("it comes");
    assert_eq!(tries.load(Ordering::Relaxed), 3);

    let wrong = with_database(&url, "atlantis");
    let wrong = await_server(&wrong, patience, |_, _| panic!("who refuses is not asked again")).await;
    assert!(wrong.expect_err("no such database").to_string().contains("atlantis"));
    proxy.set(Line::Cut);
    let none = Patience {
        longest: Duration::ZERO,
        ..patience
    };
    let away = await_server(&url, none, |_, _| panic!("there is no second try")).await;
    away.expect_err("nobody is there");
}
