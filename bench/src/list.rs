//! What is read by place, in 25 towns with as many open alerts as asked for: what a resident asks before reporting, tiles, and the
//! desk's list by map window, against the same rows read by a bare query with a spatial index, without rights, without JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{Array, BigInt, Double, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use geo_dedup::LonLat;
use geo_dedup::cell::h3_15;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Client;
use vigie_tests::town::{Role, Town};

use crate::baseline::against_query;
use crate::bench_db::Postgres;
use crate::load;
use crate::server::Server;
use crate::tiles;

const DATABASE: &str = "bench_list";
const TOWNS: u8 = 25;
/// Side of a window, metres.
const WINDOW_M: f64 = 250.0;
const REACH_M: f64 = 2_400.0;
const FILL: &str = "INSERT INTO alert (jurisdiction_id, id, reference, category_id, status, open, priority, service_id, \
    anchor, h3_15, address, opened_at, last_report_at, due_at, status_at) \
    SELECT $1, gen_random_uuid(), 'A-' || n, $2, 'new', true, 2, $3, \
    ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography, cell, n || ' rue du Large', \
    now() - n * interval '7 seconds', now(), now() + interval '5 days', now() \
    FROM unnest($4, $5, $6, $7) AS t (n, cell, lon, lat)";
/// As the projection would, but for the places, which it moves by a few metres.
const PUBLISH: &str = "INSERT INTO public_alert (jurisdiction_id, alert_id, category_id, status, open, point, h3_15, opened_on, \
    reported_by, photo_ids) SELECT jurisdiction_id, id, category_id, 'received', true, anchor, h3_15, opened_at::date, '1', \
    ARRAY[gen_random_uuid()] FROM alert";
const INDEX: &str = "CREATE INDEX bench_geometry ON alert USING gist ((anchor::geometry)) WHERE open";

/// Runs the comparison and prints its table.
pub async fn run(folder: &Path, alerts: i64, clients: usize, rounds: usize, turn: Duration) {
    let postgres = Postgres::start(folder).await;
    let (mut conn, towns) = postgres.with_towns(DATABASE, TOWNS).await;
    fill(&mut conn, &towns, alerts).await;
    let server = Server::start(&postgres, DATABASE, &folder.join("data"));
    let windows = Arc::new(Windows::open(&mut conn, &server, towns).await);
    let bare = bare_query(folder, &windows.towns);
    let rows = windows.look().await;
    println!("\n### {clients} clients, {alerts} open alerts, about {rows} rows in a window\n");
    let looking = windows.clone();
    let work = move |_| {
        let windows = looking.clone();
        async move {
            windows.look().await;
        }
    };
    let (query, turns) = ((&postgres, DATABASE, bare.as_path()), (clients, rounds, turn));
    against_query("list", query, &server, turns, work).await;
    nearby(&windows, &server, alerts, rounds, turn).await;
    let (on, at) = ((DATABASE, &mut conn), (folder, &server));
    tiles::run(&postgres, on, at, &windows.towns, (clients, rounds, turn)).await;
}

/// What a resident asks before reporting, one at a time (what an answer takes) and by eight (what the machine bears).
async fn nearby(windows: &Arc<Windows>, server: &Server, alerts: i64, rounds: usize, turn: Duration) {
    println!("\n### \"Is it this one?\" around a place, {alerts} public alerts\n");
    println!("| clients | round | answers/s | CPU-ms per answer | p99 ms |");
    println!("|---|---|---|---|---|");
    for clients in [1, 8] {
        for round in 1..=rounds {
            let looking = windows.clone();
            let work = move |_| {
                let windows = looking.clone();
                async move {
                    windows.ask().await;
                }
            };
            let asked = load::turn(clients, turn, || server.cpu(), work).await;
            println!(
                "| {clients} | {round} | {:.0} | {:.2} | {:.1} |",
                asked.per_second(),
                asked.cpu_ms(),
                asked.p99_ms,
            );
        }
    }
}

async fn fill(conn: &mut AsyncPgConnection, towns: &[Town], alerts: i64) {
    conn.batch_execute("SET session_replication_role = replica")
        .await
        .expect("a quick fill");
    let each = alerts / i64::try_from(towns.len()).expect("few");
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for town in towns {
        let numbers: Vec<i64> = (0..each).collect();
        let places: Vec<(f64, f64)> = numbers.iter().map(|_| somewhere(town, &mut random)).collect();
        let cell = |(lon, lat): &(f64, f64)| h3_15(&LonLat::new(*lon, *lat).expect("a place")).to_i64();
        diesel::sql_query(FILL)
            .bind::<Integer, _>(town.id.0)
            .bind::<SqlUuid, _>(town.categories["pothole"])
            .bind::<SqlUuid, _>(town.services["roads"])
            .bind::<Array<BigInt>, _>(numbers)
            .bind::<Array<BigInt>, _>(places.iter().map(cell).collect::<Vec<_>>())
            .bind::<Array<Double>, _>(places.iter().map(|place| place.0).collect::<Vec<_>>())
            .bind::<Array<Double>, _>(places.iter().map(|place| place.1).collect::<Vec<_>>())
            .execute(conn)
            .await
            .expect("alerts");
        eprintln!("{}: {each} alerts", town.id.0);
    }
    conn.batch_execute(PUBLISH).await.expect("public rows");
    conn.batch_execute(INDEX).await.expect("the bare query's index");
    conn.batch_execute("VACUUM ANALYZE alert, public_alert")
        .await
        .expect("statistics");
}

fn somewhere(town: &Town, random: &mut ChaCha8Rng) -> (f64, f64) {
    town.lon_lat(
        random.random_range(-REACH_M..REACH_M),
        random.random_range(-REACH_M..REACH_M),
    )
}

/// A supervisor of each town, who moves the map.
struct Windows {
    http: Client,
    url: String,
    tokens: Vec<String>,
    towns: Vec<Town>,
}

impl Windows {
    async fn open(conn: &mut AsyncPgConnection, server: &Server, towns: Vec<Town>) -> Self {
        let app = server.app();
        conn.batch_execute("SET session_replication_role = origin")
            .await
            .expect("checks again");
        let mut tokens = Vec::new();
        for town in &towns {
            tokens.push(town.session(conn, &app, Role::Supervisor).await);
        }
        Self {
            http: Client::builder().no_proxy().build().expect("a client"),
            url: format!("{}/v1/alerts", server.url),
            tokens,
            towns,
        }
    }

    /// Asks for a window somewhere; gives the length of the list in rows.
    async fn look(&self) -> usize {
        let mut random = ChaCha8Rng::from_os_rng();
        let number = random.random_range(0..self.towns.len());
        let town = &self.towns[number];
        let (east, north) = (
            random.random_range(-2_000.0..2_000.0),
            random.random_range(-2_000.0..2_000.0),
        );
        let (west, south) = town.lon_lat(east, north);
        let (right, top) = town.lon_lat(east + WINDOW_M, north + WINDOW_M);
        let answer = self
            .http
            .get(format!(
                "{}?format=geojson&limit=500&bbox={west},{south},{right},{top}",
                self.url
            ))
            .bearer_auth(&self.tokens[number])
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap_or_default());
        let text = answer.text().await.expect("a list");
        text.matches("\"Feature\"").count()
    }
}

impl Windows {
    /// Asks what is around a place somewhere.
    async fn ask(&self) {
        let mut random = ChaCha8Rng::from_os_rng();
        let town = &self.towns[random.random_range(0..self.towns.len())];
        let (lon, lat) = town.lon_lat(
            random.random_range(-2_000.0..2_000.0),
            random.random_range(-2_000.0..2_000.0),
        );
        let url = format!("{}/nearby?lat={lat}&lon={lon}&category=pothole", self.url);
        let answer = self.http.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap_or_default());
        let text = answer.text().await.expect("a list");
        assert!(text.contains("distance_m"), "nothing around: {text}");
    }
}

/// The script of the same rows as the superuser: no row level security, no rights, no JSON.
fn bare_query(folder: &Path, towns: &[Town]) -> PathBuf {
    let (first, last) = (&towns[0], &towns[towns.len() - 1]);
    let (west, south) = first.lon_lat(-2_000.0, -2_000.0);
    let (east, north) = first.lon_lat(2_000.0, 2_000.0);
    let (right, top) = first.lon_lat(-2_000.0 + WINDOW_M, -2_000.0 + WINDOW_M);
    let apart = (last.middle.0 - first.middle.0) / (towns.len() - 1) as f64;
    let script = format!(
        "\\set town random(0, {})\n\\set x random(0, 1000000)\n\\set y random(0, 1000000)\n\
         \\set west {west} + :town * {apart} + {} * :x / 1000000.0\n\\set south {south} + {} * :y / 1000000.0\n\
         SELECT a.* FROM alert a WHERE jurisdiction_id = :town + {} AND open AND anchor::geometry && \
         ST_MakeEnvelope(:west, :south, :west + {}, :south + {}, 4326) ORDER BY opened_at DESC, id DESC LIMIT 500;\n",
        towns.len() - 1,
        east - west,
        north - south,
        first.id.0,
        right - west,
        top - south,
    );
    let path = folder.join("window.sql");
    std::fs::write(&path, script).expect("a script");
    path
}
