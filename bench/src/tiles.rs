//! A tile of the public's map, against the bare query of the same tile: a spatial index, no rights, no server. Drawn anew
//! each time, as after a change, and again, as on a busy day between two changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Client;
use vigie::base_map::tiles;
use vigie_tests::database::connect;
use vigie_tests::town::Town;

use crate::baseline::against_query;
use crate::bench_db::Postgres;
use crate::server::Server;

const ZOOM: i16 = 14;
const REACH_M: f64 = 2_000.0;
/// Towns whose tiles all fit into the server's memory.
const BUSY: usize = 4;
const STATES: &str = "INSERT INTO projection_state (jurisdiction_id, txid, change_id) \
    SELECT id, '1'::xid8, 0 FROM jurisdiction ON CONFLICT DO NOTHING";
const INDEX: &str = "CREATE INDEX bench_point ON public_alert USING gist ((point::geometry)) WHERE open";

/// Runs the comparison and prints its table.
pub async fn run(
    postgres: &Postgres,
    (database, conn): (&str, &mut AsyncPgConnection),
    (folder, server): (&Path, &Server),
    towns: &[Town],
    (clients, rounds, turn): (usize, usize, Duration),
) {
    conn.batch_execute(INDEX).await.expect("the bare query's index");
    conn.batch_execute("ANALYZE public_alert").await.expect("statistics");
    let bare = bare_query(folder, towns);
    let map = Arc::new(Map {
        http: Client::builder().no_proxy().build().expect("a client"),
        url: server.url.clone(),
        towns: towns.to_vec(),
    });
    let bytes = map.look().await;
    let changes = connect(&postgres.url(database)).await;
    let moved = Arc::new(AtomicBool::new(true));
    let moving = tokio::spawn(move_projection(changes, moved.clone()));
    let what = format!("A tile of the public's map at zoom {ZOOM}, {clients} clients, the first of {bytes} bytes");
    table(
        &format!("{what}, drawn anew"),
        &map,
        (postgres, database, &bare),
        server,
        (clients, rounds, turn),
    )
    .await;
    moved.store(false, Ordering::Relaxed);
    moving.await.expect("it ends");
    let few = Arc::new(Map {
        towns: towns[..BUSY].to_vec(),
        ..(*map).clone()
    });
    table(
        &format!("{what}, in {BUSY} towns between two changes"),
        &few,
        (postgres, database, &bare),
        server,
        (clients, rounds, turn),
    )
    .await;
}

/// Lets the projection of every town move, as changes would, until it is told to stop.
async fn move_projection(mut conn: AsyncPgConnection, moved: Arc<AtomicBool>) {
    conn.batch_execute(STATES).await.expect("states");
    while moved.load(Ordering::Relaxed) {
        conn.batch_execute("UPDATE projection_state SET change_id = change_id + 1")
            .await
            .expect("a change");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn table(
    title: &str,
    map: &Arc<Map>,
    query: (&Postgres, &str, &Path),
    server: &Server,
    turns: (usize, usize, Duration),
) {
    println!("\n### {title}\n");
    let looking = map.clone();
    let work = move |_| {
        let map = looking.clone();
        async move {
            map.look().await;
        }
    };
    against_query("tile", query, server, turns, work).await;
}

/// Somebody who moves the map.
#[derive(Clone)]
struct Map {
    http: Client,
    url: String,
    towns: Vec<Town>,
}

impl Map {
    /// A tile somewhere; its bytes.
    async fn look(&self) -> usize {
        let mut random = ChaCha8Rng::from_os_rng();
        let number = random.random_range(0..self.towns.len());
        let (lon, lat) = self.towns[number].lon_lat(
            random.random_range(-REACH_M..REACH_M),
            random.random_range(-REACH_M..REACH_M),
        );
        let tile = tiles([lon, lat, lon, lat], ZOOM);
        let url = format!(
            "{}/v1/tiles/large-{number}/alerts/{ZOOM}/{}/{}.mvt",
            self.url, tile.x.0, tile.y.0
        );
        let answer = self.http.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap_or_default());
        answer.bytes().await.expect("a tile").len()
    }
}

/// The same tile as the superuser, drawn from the rows that a spatial index finds.
fn bare_query(folder: &Path, towns: &[Town]) -> PathBuf {
    let (first, last) = (&towns[0], &towns[towns.len() - 1]);
    let (west, south) = first.lon_lat(-REACH_M, -REACH_M);
    let (east, north) = first.lon_lat(REACH_M, REACH_M);
    let apart = (last.middle.0 - first.middle.0) / (towns.len() - 1) as f64;
    let rows = tiles([west, south, east, north], ZOOM).y;
    let script = format!(
        "\\set town random(0, {})\n\\set part random(0, 1000000)\n\\set y random({}, {})\n\
         \\set x int(({west} + :town * {apart} + {} * :part / 1000000.0 + 180.0) / 360.0 * 16384)\n\
         SELECT ST_AsMVT(t, 'alerts', 4096, 'shape') FROM (SELECT ST_AsMVTGeom(ST_Transform(a.point::geometry, 3857), \
         ST_TileEnvelope({ZOOM}, :x, :y), 4096, 64, true) AS shape, a.alert_id::text AS id, a.status \
         FROM public_alert a WHERE jurisdiction_id = :town + {} AND open AND a.point::geometry && \
         ST_Transform(ST_TileEnvelope({ZOOM}, :x, :y, margin => 64.0 / 4096), 4326)) AS t;\n",
        towns.len() - 1,
        rows.0,
        rows.1,
        east - west,
        first.id.0,
    );
    let path = folder.join("tile.sql");
    std::fs::write(&path, script).expect("a script");
    path
}
