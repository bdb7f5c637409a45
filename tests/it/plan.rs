//! Searches by place use their indexes: as the application, with row level security forced, on 200,000 alerts. Only plans
//! are held here, never times.

use chrono::{TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Double, Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use geo_dedup::cell::{covering, h3_15};
use geo_dedup::{LonLat, Metres, Observation, Policy, Timestamp};
use uuid::Uuid;
use vigie::catalog::cache::CatalogueCache;
use vigie::catalog::model::Catalogue;
use vigie::db::schema::alert;
use vigie::db::window::{Rows, Window, Within};
use vigie::db::{Db, Tx};
use vigie::flow::alert::model::Alert;
use vigie::flow::alert::queries::candidates::around;
use vigie::people::policy::{Grant, Role, Staff};
use vigie::views::alerts::filter::{Filter, QueueQuery};
use vigie::views::alerts::queue::page;
use vigie_tests::database::{TestDb, number};
use vigie_tests::town::Town;

const ALERTS: i64 = 200_000;
/// Half of them open: far more than any town has, so that an index on "open" alone would not help.
const FILL: &str = "INSERT INTO alert (jurisdiction_id, id, reference, category_id, status, open, priority, service_id, \
    anchor, h3_15, opened_at, last_report_at, due_at, status_at, closed_at) \
    SELECT $1, gen_random_uuid(), 'A-' || n, $2, CASE WHEN n % 2 = 0 THEN 'new' ELSE 'resolved' END, n % 2 = 0, 2, $3, \
    ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography, cell, now() - interval '2 days', now(), now(), now(), \
    CASE WHEN n % 2 = 0 THEN NULL ELSE now() - interval '1 day' END \
    FROM unnest($4, $5, $6, $7) AS t (n, cell, lon, lat)";
const FILL_REPORTS: &str = "INSERT INTO report (jurisdiction_id, id, reference, alert_id, category_id, place, h3_15, \
    position_source, observed_at, received_at, channel, locale, follow_hash, code_hash, request_hash, answer, notice_version) \
    SELECT jurisdiction_id, gen_random_uuid(), 'R' || reference, id, category_id, anchor, h3_15, 'gps', opened_at, opened_at, \
    'app', 'fr', '', '', '', '{}', 1 FROM alert";

/// A word that every alert has, and one that few share.
const FILL_WORDS: &str = "INSERT INTO alert_word (jurisdiction_id, word, alert_id) \
    SELECT jurisdiction_id, unnest(ARRAY['rue', 'numero' || abs(hashtext(reference)) % 10000]), id FROM alert";

/// `EXPLAIN` of a query of diesel's.
struct Explain<T>(T);

impl<T: QueryFragment<Pg>> QueryFragment<Pg> for Explain<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("EXPLAIN ");
        self.0.walk_ast(out)
    }
}

impl<T> QueryId for Explain<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: Query> Query for Explain<T> {
    type SqlType = Text;
}

async fn plan<T>(conn: &mut AsyncPgConnection, query: T) -> String
where
    T: QueryFragment<Pg> + Query + Send,
{
    let lines: Vec<String> = Explain(query).load(conn).await.expect("a plan");
    lines.join("\n")
}

/// 200,000 alerts all over the town, one report each.
async fn crowded() -> (TestDb, Town) {
    let db = TestDb::new();
    let mut conn = db.admin().await;
    let town = Town::install(&mut conn, 0).await;
    // Without the tables' checks and their order on disk it fills twice as fast; what is in them is right all the same.
    conn.batch_execute("SET session_replication_role = replica")
        .await
        .expect("a quick fill");
    let numbers: Vec<i64> = (0..ALERTS).collect();
    for chunk in numbers.chunks(20_000) {
        let places: Vec<(f64, f64)> = chunk.iter().map(|n| spread(&town, *n)).collect();
        let cell = |(lon, lat): &(f64, f64)| h3_15(&LonLat::new(*lon, *lat).expect("a place")).to_i64();
        diesel::sql_query(FILL)
            .bind::<Integer, _>(town.id.0)
            .bind::<SqlUuid, _>(town.categories["pothole"])
            .bind::<SqlUuid, _>(town.services["roads"])
            .bind::<Array<BigInt>, _>(chunk.to_vec())
            .bind::<Array<BigInt>, _>(places.iter().map(cell).collect::<Vec<_>>())
            .bind::<Array<Double>, _>(places.iter().map(|place| place.0).collect::<Vec<_>>())
            .bind::<Array<Double>, _>(places.iter().map(|place| place.1).collect::<Vec<_>>())
            .execute(&mut conn)
            .await
            .expect("alerts");
    }
    diesel::sql_query(FILL_REPORTS)
        .execute(&mut conn)
        .await
        .expect("reports");
    diesel::sql_query(FILL_WORDS).execute(&mut conn).await.expect("words");
    conn.batch_execute("ANALYZE").await.expect("statistics");
    assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM alert").await, ALERTS);
    (db, town)
}

/// The n-th place of a sequence that fills the square evenly (additive recurrence with the plastic number).
fn spread(town: &Town, n: i64) -> (f64, f64) {
    let side = |factor: f64| ((n as f64 * factor).fract() - 0.5) * 4_900.0;
    town.lon_lat(side(0.754_877_666_246_692_8), side(0.569_840_290_998_053_2))
}

async fn scans(tx: &mut Tx, kind: &str, table: &str) -> i64 {
    let sql = format!("SELECT {kind} AS value FROM pg_stat_xact_user_tables WHERE relname = '{table}'");
    number(tx, &sql).await
}

/// One test for all: filling takes longer than asking.
#[tokio::test]
async fn searches_by_place_use_their_indexes() {
    let (test, town) = crowded().await;
    let db = Db::new(&test.app_url(), &test.vault_url(), 1).expect("a pool");
    candidates_are_found_by_place(&db, &town).await;
    ranges_alone_choose_the_index(&db, &town).await;
    the_list_of_a_box_uses_the_index(&db, &town).await;
    words_are_looked_up(&db, &town).await;
}

/// What submit asks, ten times: after five PostgreSQL may turn to a plan that forgets the values.
async fn candidates_are_found_by_place(db: &Db, town: &Town) {
    let catalogue = CatalogueCache::default().fresh(db).await.expect("the catalogue");
    let model = catalogue.town(town.id).expect("the town");
    let pothole = town.categories["pothole"];
    let mut tx = db.begin(town.id).await.expect("a transaction");
    let mut found = 0;
    for n in 0..10 {
        let (lon, lat) = spread(town, n * 7_919);
        let number = model.dedup_number(pothole);
        let seen = Observation::new(LonLat::new(lon, lat).expect("a place"), number, Timestamp(0));
        let policy = Policy::builder().build().expect("the default policy");
        let now = Utc::now() + TimeDelta::minutes(1);
        let around = around(&tx, model, &seen, &policy, &[], (pothole, Uuid::nil()), now)
            .await
            .expect("alerts around");
        found += around.alerts.len();
    }
    assert!(found > 50, "only {found} alerts around ten places of a crowded town");
    for table in ["alert", "report"] {
        assert_eq!(
            scans(&mut tx, "seq_scan", table).await,
            0,
            "{table} was read from end to end"
        );
        assert!(
            scans(&mut tx, "idx_scan", table).await > 0,
            "{table} was not asked at all"
        );
    }
}

/// What a submit looks at, and a phone's map of 400 by 800 metres: each kind of row by its own index, whatever the plan knows.
async fn ranges_alone_choose_the_index(db: &Db, town: &Town) {
    let (lon, lat) = town.lon_lat(100.0, 100.0);
    let place = LonLat::new(lon, lat).expect("a place");
    for (metres, rows) in [
        (50.0, Rows::OpenOrClosedSince(Utc::now() - TimeDelta::days(3))),
        (450.0, Rows::OpenOrClosedSince(Utc::now() - TimeDelta::days(3))),
        (450.0, Rows::Open),
    ] {
        let ranges = covering(&place, Metres::new(metres).expect("metres"));
        let window = Window::of("alert", town.id, rows, &ranges);
        let within = Within {
            window: Some(&window),
            query: alert::table
                .filter(alert::jurisdiction_id.eq(town.id.0))
                .select(alert::id),
        };
        let mut tx = db.begin_planned(town.id).await.expect("a transaction");
        let plan = plan(&mut tx, within).await;
        assert!(
            plan.contains("alert_open_place") && !plan.contains("Seq Scan"),
            "{plan}"
        );
        assert_eq!(plan.contains("alert_closed_place"), rows != Rows::Open, "{plan}");
    }
}

/// What the queue asks the database, as a supervisor of the whole town or somebody of one service asks it.
async fn listed(db: &Db, town: &Town, service: Option<&str>, asked: QueueQuery) -> (String, usize) {
    let catalogue = CatalogueCache::default().fresh(db).await.expect("the catalogue");
    let model = Catalogue::town(&catalogue, town.id).expect("the town");
    let staff = Staff {
        staff_user_id: Uuid::nil(),
        session_id: Uuid::nil(),
        device_id: None,
        town: town.id,
        grants: vec![Grant {
            role: Role::Supervisor,
            service_id: service.map(|code| town.services[code]),
            sector_id: None,
            crew_id: None,
        }],
    };
    let mut tx = db.begin(town.id).await.expect("a transaction");
    let mut filter = Filter::read(model, asked).expect("a filter");
    filter.look_up(&mut tx).await.expect("a look");
    if filter.window().is_some() {
        tx.plan_once().await.expect("a setting");
    }
    let statement = || page(&staff, &filter, town.id, Utc::now());
    let found: Vec<Alert> = statement().load(&mut *tx).await.expect("a page");
    (plan(&mut tx, statement()).await, found.len())
}

/// The statement of `GET /v1/alerts?bbox=` itself: a phone's map again, and one street corner.
async fn the_list_of_a_box_uses_the_index(db: &Db, town: &Town) {
    for (half, least) in [((200.0, 400.0), 501), ((30.0, 30.0), 5)] {
        let (west, south) = town.lon_lat(-half.0, -half.1);
        let (east, north) = town.lon_lat(half.0, half.1);
        for service in [None, Some("roads")] {
            let asked = QueueQuery {
                bbox: Some(format!("{west},{south},{east},{north}")),
                limit: Some(500),
                ..QueueQuery::default()
            };
            let (plan, found) = listed(db, town, service, asked).await;
            assert!(found >= least, "{found} in the box");
            assert!(
                plan.contains("alert_open_place") && !plan.contains("Seq Scan"),
                "{plan}"
            );
        }
    }
}

/// A few among 200,000 are not searched for one by one, and a word that all have costs no more than a page.
async fn words_are_looked_up(db: &Db, town: &Town) {
    let asked = |words: &str| QueueQuery {
        q: Some(words.to_owned()),
        ..QueueQuery::default()
    };
    for words in ["NUMÉRO7777", "numero777 rue"] {
        let (plan, found) = listed(db, town, None, asked(words)).await;
        assert!(found > 0, "{words}");
        assert!(
            plan.contains("alert_word_search") && !plan.contains("Seq Scan"),
            "{words}: {plan}"
        );
    }
    let (plan, found) = listed(db, town, None, asked("rue")).await;
    assert_eq!(found, 51, "a page and one");
    assert!(
        plan.contains("alert_open_queue") && !plan.contains("Seq Scan on alert "),
        "{plan}"
    );
}
