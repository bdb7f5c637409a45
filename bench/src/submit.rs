//! Submits without photo: half of the reports anywhere, half near one of a few hundred places, in 25 towns, the density and
//! the spread that the baseline's own random places have.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::town::Town;

use crate::baseline::{self, Baseline};
use crate::bench_db::Postgres;
use crate::load::{self, Done, median};
use crate::replay::{Recording, SESSIONS};
use crate::server::Server;

const DATABASE: &str = "bench_submit";
const TOWNS: u8 = 25;
const WARM_UP: Duration = Duration::from_secs(5);
/// Places where things happen again and again, in each town.
const SPOTS: u32 = 390;
/// Standard deviation of what people say is there, metres.
const SPREAD_M: f64 = 60.0;
/// Half of the side in which places are drawn, metres; the town reaches a little farther.
const REACH_M: f64 = 2_400.0;
const DESCRIPTION: &str = "Trou dans la chaussée devant l'école, une quarantaine de centimètres de large et profond, un cycliste \
    est tombé ce matin ; plusieurs voitures font un écart. Merci de le signaler ou de le reboucher vite.";

/// Runs the comparison and prints its tables.
pub async fn run(
    folder: &Path,
    baseline: Option<&Path>,
    clients: &[usize],
    contact: bool,
    rounds: usize,
    turn: Duration,
) {
    let postgres = Postgres::start(folder).await;
    let (conn, towns) = postgres.with_towns(DATABASE, TOWNS).await;
    drop(conn);
    fill(&postgres, folder, &towns, contact).await;
    let own = Recording::make(&postgres, DATABASE, folder, &towns, contact).await;
    let server = Server::start(&postgres, DATABASE, &folder.join("data"));
    let reporters = Reporters::new(&server.url, towns, contact);
    // Prepared statements and caches: nobody's turn.
    reporters.turn(8, WARM_UP, &server).await;
    if let Some(folder) = baseline {
        let baseline = Baseline::prepare(&postgres, folder).await;
        baseline.turn(8, WARM_UP).await;
        postgres.analyze(baseline::DATABASE).await;
        for &clients in clients {
            heading(&format!("{clients} clients, against the baseline"));
            let mut pairs = Vec::new();
            for round in 1..=rounds {
                postgres.settle().await;
                let ours = reporters.turn(clients, turn, &server).await;
                postgres.settle().await;
                let theirs = baseline.turn(clients, turn).await;
                row(&round.to_string(), ours, theirs);
                pairs.push((ours, theirs));
            }
            medians(&pairs);
        }
    }
    heading(&format!(
        "{SESSIONS} clients, against our own statements replayed without our server"
    ));
    let mut pairs = Vec::new();
    for round in 1..=rounds {
        postgres.settle().await;
        let ours = reporters.turn(SESSIONS, turn, &server).await;
        let theirs = own.turn(&postgres).await;
        row(&round.to_string(), ours, theirs);
        pairs.push((ours, theirs));
    }
    medians(&pairs);
}

/// Reports from before the first turn, and the planner's statistics of them, which come by themselves within minutes: until
/// then plans are those of empty tables.
async fn fill(postgres: &Postgres, folder: &Path, towns: &[Town], contact: bool) {
    let server = Server::start(postgres, DATABASE, &folder.join("data"));
    let reporters = Reporters::new(&server.url, towns.to_vec(), contact);
    reporters.turn(8, 2 * WARM_UP, &server).await;
    drop(server);
    postgres.analyze(DATABASE).await;
}

fn heading(what: &str) {
    println!("\n### {what}\n");
    println!("| round | submits/s | CPU-ms per submit | of it the server | p99 ms | other/s | CPU-ms each | ratio |");
    println!("|---|---|---|---|---|---|---|---|");
}

fn row(name: &str, ours: Done, theirs: Done) {
    println!(
        "| {name} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} | {:.2} |",
        ours.per_second(),
        ours.cpu_ms(),
        ours.server_ms(),
        ours.p99_ms,
        theirs.per_second(),
        theirs.cpu_ms(),
        ours.per_second() / theirs.per_second(),
    );
}

fn medians(pairs: &[(Done, Done)]) {
    let of = |figure: &dyn Fn(&(Done, Done)) -> f64| median(pairs.iter().map(figure).collect());
    println!(
        "| median | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} | {:.2} |",
        of(&|pair| pair.0.per_second()),
        of(&|pair| pair.0.cpu_ms()),
        of(&|pair| pair.0.server_ms()),
        of(&|pair| pair.0.p99_ms),
        of(&|pair| pair.1.per_second()),
        of(&|pair| pair.1.cpu_ms()),
        of(&|pair| pair.0.per_second() / pair.1.per_second()),
    );
}

/// People with a phone each.
#[derive(Clone)]
pub struct Reporters {
    http: Client,
    url: String,
    towns: Arc<Vec<Town>>,
    contact: bool,
    random: Arc<Mutex<ChaCha8Rng>>,
}

impl Reporters {
    /// Reporters who talk to a server.
    pub fn new(url: &str, towns: Vec<Town>, contact: bool) -> Self {
        Self {
            http: Client::builder().no_proxy().build().expect("a client"),
            url: format!("{url}/v1/reports"),
            towns: Arc::new(towns),
            contact,
            random: Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(1))),
        }
    }

    async fn turn(&self, clients: usize, turn: Duration, server: &Server) -> Done {
        let me = self.clone();
        let work = move |_| {
            let me = me.clone();
            async move { me.submit().await }
        };
        load::turn(clients, turn, || server.cpu(), work).await
    }

    /// One report, accepted.
    pub async fn submit(&self) {
        let body = self.body();
        // Another report at the same place at the same instant is told to come again: that is part of the work.
        loop {
            let answer = self.http.post(&self.url).json(&body).send().await.expect("an answer");
            match answer.status().as_u16() {
                201 => {
                    answer.bytes().await.expect("the acknowledgement");
                    return;
                }
                503 => {}
                status => panic!("{status}: {}", answer.text().await.unwrap_or_default()),
            }
        }
    }

    fn body(&self) -> Value {
        let mut random = self.random.lock().expect("no panic");
        let town = &self.towns[random.random_range(0..self.towns.len())];
        let (east, north) = place(&mut random);
        let category = ["pothole", "street-light", "fly-tipping"][random.random_range(0..3)];
        let secret: u128 = random.random();
        let mut body = json!({
            "id": Uuid::now_v7(),
            "category": category,
            "position": town.point(east, north),
            "accuracy_m": 8,
            "description": DESCRIPTION,
            "follow_secret": format!("{secret:032x}"),
        });
        if self.contact {
            body["contact"] = json!({"email": format!("r{}@example.org", secret % 200_000), "preferred": "email"});
        }
        body
    }
}

/// Metres east and north of a town's middle.
fn place(random: &mut ChaCha8Rng) -> (f64, f64) {
    if random.random_bool(0.5) {
        return (
            random.random_range(-REACH_M..REACH_M),
            random.random_range(-REACH_M..REACH_M),
        );
    }
    let spot = random.random_range(0..SPOTS);
    let side = |prime: u32| f64::from((spot * prime) % 4_200) - 2_100.0;
    // Box-Muller, cut at five standard deviations.
    let radius = (-2.0 * random.random_range(1e-9..1.0_f64).ln()).sqrt().min(5.0) * SPREAD_M;
    let angle = random.random_range(0.0..std::f64::consts::TAU);
    (side(7_919) + radius * angle.cos(), side(104_729) + radius * angle.sin())
}
