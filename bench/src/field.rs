//! A crew's day: what a tablet's first sync and a morning of changes weigh and cost, and how long it takes until a thousand
//! listeners have heard of a change.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::ACCEPT_ENCODING;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use vigie::live::MOST_OF_SESSION;
use vigie_tests::town::{Role, Town};

use crate::bench_db::Postgres;
use crate::load;
use crate::server::Server;

const DATABASE: &str = "bench_field";
/// Tasks of the shift.
const TASKS: usize = 200;
const LISTENERS: usize = 1_000;
/// Changes that are told.
const CHANGES: usize = 20;

/// Runs it and prints its tables.
pub async fn run(folder: &Path, rounds: usize, turn: Duration) {
    let postgres = Postgres::start(folder).await;
    let (mut conn, towns) = postgres.with_towns(DATABASE, 1).await;
    let server = Server::start(&postgres, DATABASE, &folder.join("data"));
    let town = towns.into_iter().next().expect("a town");
    let app = server.app();
    let day = Arc::new(Day {
        http: Client::builder().no_proxy().build().expect("a client"),
        url: server.url.clone(),
        supervisor: town.session(&mut conn, &app, Role::Supervisor).await,
        crew: town.session(&mut conn, &app, Role::Crew).await,
        town,
    });
    let alerts = day.begin().await;
    postgres.analyze(DATABASE).await;
    weights(&day, &alerts).await;
    costs(&day, &server, rounds, turn).await;
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS.div_ceil(MOST_OF_SESSION) {
        listeners.push(day.town.session(&mut conn, &app, Role::Supervisor).await);
    }
    fan_out(&day, &alerts, &listeners).await;
}

async fn weights(day: &Day, alerts: &[String]) {
    println!("\n### What a tablet loads, a shift of {TASKS} tasks\n");
    println!("| answer | as JSON, bytes | gzip, bytes |");
    println!("|---|---|---|");
    let first = day.sync("").await;
    println!("| first sync | {} | {} |", first.0, first.1);
    for alert in alerts {
        day.supervise(Method::PATCH, &format!("alerts/{alert}"), json!({"priority": 3}))
            .await;
    }
    let delta = loop {
        let delta = day.sync(&first.2).await;
        if delta.3 >= TASKS {
            break delta;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    println!("| all {TASKS} changed since | {} | {} |", delta.0, delta.1);
    let nothing = day.sync(&delta.2).await;
    println!("| nothing changed | {} | {} |", nothing.0, nothing.1);
}

async fn costs(day: &Arc<Day>, server: &Server, rounds: usize, turn: Duration) {
    println!("\n### What it costs, 8 tablets at once\n");
    println!("| answer | round | syncs/s | CPU-ms per sync | p99 ms |");
    println!("|---|---|---|---|---|");
    let cursor = day.sync("").await.2;
    for (name, cursor) in [("first sync", String::new()), ("nothing changed", cursor)] {
        for round in 1..=rounds {
            let asking = (day.clone(), cursor.clone());
            let work = move |_| {
                let (day, cursor) = asking.clone();
                async move {
                    day.fetch(&cursor, "gzip").await;
                }
            };
            let done = load::turn(8, turn, || server.cpu(), work).await;
            println!(
                "| {name} | {round} | {:.0} | {:.2} | {:.0} |",
                done.per_second(),
                done.cpu_ms(),
                done.p99_ms
            );
        }
    }
}

/// Every listener has a stream of its own; a session's share of streams is taken whole.
async fn fan_out(day: &Arc<Day>, alerts: &[String], sessions: &[String]) {
    let heard = Arc::new(AtomicUsize::new(0));
    let mut ears = JoinSet::new();
    let (ready, mut all_ready) = tokio::sync::mpsc::channel(LISTENERS);
    for number in 0..LISTENERS {
        let (heard, ready) = (heard.clone(), ready.clone());
        let (url, token) = (
            format!("{}/v1/live", day.url),
            sessions[number / MOST_OF_SESSION].clone(),
        );
        ears.spawn(async move {
            let live = Client::builder().no_proxy().build().expect("a client");
            let request = live.get(url).bearer_auth(token);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            ready.send(()).await.expect("counted");
            let mut stream = answer.bytes_stream();
            while let Some(Ok(bytes)) = stream.next().await {
                let events = String::from_utf8_lossy(&bytes).matches("event: alert").count();
                heard.fetch_add(events, Ordering::Relaxed);
            }
        });
    }
    drop(ready);
    for _ in 0..LISTENERS {
        all_ready.recv().await.expect("a listener that did not fail");
    }
    let mut took = Vec::new();
    for alert in alerts.iter().take(CHANGES) {
        heard.store(0, Ordering::Relaxed);
        let began = Instant::now();
        day.supervise(Method::PATCH, &format!("alerts/{alert}"), json!({"priority": 2}))
            .await;
        while heard.load(Ordering::Relaxed) < LISTENERS {
            assert!(began.elapsed() < Duration::from_secs(30), "not everybody heard");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    ears.abort_all();
    took.sort_by(f64::total_cmp);
    println!("\n### Until {LISTENERS} listeners have heard of a change, the command included\n");
    println!("| changes | median ms | slowest ms |");
    println!("|---|---|---|");
    println!(
        "| {CHANGES} | {:.0} | {:.0} |",
        took[took.len() / 2],
        took[took.len() - 1]
    );
}

/// A supervisor, a crew and their town.
struct Day {
    http: Client,
    url: String,
    supervisor: String,
    crew: String,
    town: Town,
}

impl Day {
    /// Gives the crew its tasks; the alerts.
    async fn begin(&self) -> Vec<String> {
        let mut alerts = Vec::new();
        for number in 0..TASKS {
            let (column, row) = ((number % 20) as f64, (number / 20) as f64);
            let place = self.town.point(column * 200.0 - 2_000.0, row * 200.0 - 1_000.0);
            let body = json!({"category": "street-light", "position": place, "accuracy_m": 8, "address": format!("{number} rue du Large"),
                "description": "Le lampadaire clignote depuis trois jours, puis s'éteint tout à fait vers minuit.", "locale": "fr"});
            let report = self.http.post(format!("{}/v1/reports", self.url)).json(&body).send();
            let told: Value = report.await.expect("an answer").json().await.expect("JSON");
            let alert = told["alert"]["id"].as_str().expect("an alert").to_owned();
            self.supervise(Method::PATCH, &format!("alerts/{alert}"), json!({"priority": 2}))
                .await;
            let order = json!({"crew_id": self.town.crews["roads-1"], "instructions": "Nacelle nécessaire"});
            self.supervise(Method::POST, &format!("alerts/{alert}/dispatch"), order)
                .await;
            alerts.push(alert);
        }
        alerts
    }

    async fn supervise(&self, method: Method, path: &str, body: Value) {
        let request = self.http.request(method, format!("{}/v1/{path}", self.url));
        let request = request
            .bearer_auth(&self.supervisor)
            .header("If-Match", "*")
            .json(&body);
        let answer = request.send().await.expect("an answer");
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap_or_default()
        );
    }

    async fn fetch(&self, cursor: &str, encoding: &'static str) -> Bytes {
        let query = if cursor.is_empty() {
            String::new()
        } else {
            format!("?cursor={cursor}")
        };
        let request = self
            .http
            .get(format!("{}/v1/sync{query}", self.url))
            .bearer_auth(&self.crew);
        let answer = request
            .header(ACCEPT_ENCODING, encoding)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a body")
    }

    /// Bytes as they are and compressed, the next cursor, and how many tasks came.
    async fn sync(&self, cursor: &str) -> (usize, usize, String, usize) {
        let small = self.fetch(cursor, "gzip").await.len();
        let plain = self.fetch(cursor, "identity").await;
        let answer: Value = serde_json::from_slice(&plain).expect("JSON");
        let tasks = answer["tasks"].as_array().map_or(0, Vec::len);
        let cursor = answer["cursor"].as_str().expect("a cursor").to_owned();
        (plain.len(), small, cursor, tasks)
    }
}
