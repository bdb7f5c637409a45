//! The second wall between towns: row level security, held even when a query forgets its town.

use std::collections::BTreeSet;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::StreamExt;
use vigie::db::{Db, TownId};
use vigie::http::problem::Problem;
use vigie_tests::database::{TestDb, connect, number, texts, try_number};
use vigie_tests::town::Town;

/// Outside the wall on purpose: a worker reads the town from the job, an id is resolved to its town.
const OUTSIDE: [&str; 2] = ["job", "public_id"];
/// Readable by every server for all towns: it holds the whole catalogue in memory.
const CATALOGUE: [&str; 7] = [
    "sector",
    "body",
    "service",
    "crew",
    "category",
    "category_gate",
    "routing_rule",
];
/// What no login reads row by row: the vault's own asks a function for one person and one purpose.
const UNREAD: &str = "vault.contact";
/// History: never rewritten, never taken away.
const APPEND_ONLY: [&str; 9] = [
    "dedup_policy",
    "membership",
    "alert_operation",
    "verdict",
    "status_event",
    "notification_attempt",
    "change",
    "audit_event",
    "vault.access_event",
];

const TABLES_OF_TOWNS: &str = "SELECT c.oid::regclass::text AS value FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'jurisdiction_id' AND NOT a.attisdropped \
    WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'vault')";

/// Puts one row for each of two towns into every table of towns, made of nothing but the column types. Other
/// constraints would only stand in the way, and the database is thrown away.
const ONE_ROW_EACH: &str = r"
DO $$
DECLARE
    t regclass;
    k record;
    town integer;
    columns text;
    made text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR k IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
        WHERE contype = 'c' AND n.nspname IN ('public', 'vault')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.conrelid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.tab, k.conname);
    END LOOP;
    FOR t IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'jurisdiction_id' AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'vault')
    LOOP
        FOREACH town IN ARRAY ARRAY[1, 2] LOOP
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
                string_agg(CASE
                    WHEN attname = 'jurisdiction_id' THEN town::text
                    WHEN type = 'uuid' THEN 'gen_random_uuid()'
                    WHEN type LIKE '%[]' THEN quote_literal('{}') || '::' || type
                    WHEN type = 'jsonb' THEN quote_literal('{}')
                    WHEN type = 'bytea' THEN quote_literal('') || '::bytea'
                    WHEN type = 'boolean' THEN 'true'
                    WHEN type LIKE 'timestamp%' OR type = 'date' THEN 'now()'
                    WHEN type LIKE 'geography(MultiPolygon%' THEN 'ST_Multi(ST_MakeEnvelope(0, 0, 1, 1, 4326))::geography'
                    WHEN type LIKE 'geography%' THEN 'ST_MakePoint(0, 0)::geography'
                    WHEN type = 'text' THEN quote_literal('x')
                    WHEN type = 'xid8' THEN quote_literal('1') || '::xid8'
                    ELSE '1' END, ', ' ORDER BY attnum)
            INTO columns, made
            FROM (SELECT attname, attnum, format_type(atttypid, atttypmod) AS type FROM pg_attribute
                WHERE attrelid = t AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attidentity = '') a;
            EXECUTE format('INSERT INTO %s (%s) SELECT %s', t, columns, made);
        END LOOP;
    END LOOP;
END $$;";

async fn filled() -> (TestDb, BTreeSet<String>) {
    let db = TestDb::new();
    let mut conn = db.admin().await;
    conn.batch_execute(ONE_ROW_EACH)
        .await
        .expect("a row in every table for two towns");
    let tables = texts(&mut conn, TABLES_OF_TOWNS).await.into_iter().collect();
    (db, tables)
}

/// The tables that some login reads and that the town narrows.
fn readable(tables: &BTreeSet<String>) -> impl Iterator<Item = &String> {
    let behind = |table: &&String| !OUTSIDE.contains(&table.as_str()) && *table != UNREAD;
    tables.iter().filter(behind)
}

/// The role that reads a table at all: the vault's tables have one of their own.
async fn reader(db: &TestDb, table: &str) -> AsyncPgConnection {
    connect(&if table.starts_with("vault.") {
        db.vault_url()
    } else {
        db.app_url()
    })
    .await
}

async fn count(conn: &mut AsyncPgConnection, table: &str) -> i64 {
    number(conn, &format!("SELECT count(*) AS value FROM {table}")).await
}

async fn set_town(conn: &mut AsyncPgConnection, town: i32) {
    let sql = format!("SELECT set_config('vigie.jurisdiction', '{town}', false)");
    conn.batch_execute(&sql).await.expect("a town");
}

#[tokio::test]
async fn every_table_of_towns_stands_behind_the_wall() {
    let db = TestDb::new();
    let unwalled = format!(
        "SELECT value FROM ({TABLES_OF_TOWNS}) t JOIN pg_class c ON c.oid = t.value::regclass \
         WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    );
    let unwalled: BTreeSet<String> = texts(&mut db.admin().await, &unwalled).await.into_iter().collect();
    assert_eq!(unwalled, OUTSIDE.map(str::to_owned).into());
}

#[tokio::test]
async fn without_a_town_there_is_nothing_to_see() {
    let (db, tables) = filled().await;
    assert!(tables.len() > 30, "{tables:?}");
    for table in readable(&tables) {
        let expected = if CATALOGUE.contains(&table.as_str()) { 2 } else { 0 };
        assert_eq!(count(&mut reader(&db, table).await, table).await, expected, "{table}");
    }
}

#[tokio::test]
async fn with_a_town_there_is_that_town_only() {
    let (db, tables) = filled().await;
    for table in readable(&tables).filter(|table| !CATALOGUE.contains(&table.as_str())) {
        let mut conn = reader(&db, table).await;
        set_town(&mut conn, 1).await;
        let theirs = format!("SELECT count(*) AS value FROM {table} WHERE jurisdiction_id <> 1");
        assert_eq!(
            (count(&mut conn, table).await, number(&mut conn, &theirs).await),
            (1, 0),
            "{table}"
        );
    }
}

#[tokio::test]
async fn nothing_can_be_written_over_the_wall() {
    let (db, tables) = filled().await;
    let mut conn = connect(&db.app_url()).await;
    set_town(&mut conn, 1).await;
    for table in tables.iter().filter(|table| !OUTSIDE.contains(&table.as_str())) {
        let moved = conn
            .batch_execute(&format!("UPDATE {table} SET jurisdiction_id = 2"))
            .await;
        assert!(moved.is_err(), "{table}: a row went to another town");
    }
    let mut admin = db.admin().await;
    for table in &tables {
        let theirs = format!("SELECT count(*) AS value FROM {table} WHERE jurisdiction_id = 2");
        assert_eq!(number(&mut admin, &theirs).await, 1, "{table}");
    }
}

#[tokio::test]
async fn the_application_cannot_read_the_vault() {
    let (db, tables) = filled().await;
    let mut conn = connect(&db.app_url()).await;
    set_town(&mut conn, 1).await;
    let vault: Vec<&String> = tables.iter().filter(|table| table.starts_with("vault.")).collect();
    assert!(vault.len() >= 3, "{vault:?}");
    for table in vault {
        let error = try_number(&mut conn, &format!("SELECT count(*) AS value FROM {table}"))
            .await
            .expect_err(table);
        assert!(error.to_string().contains("permission denied"), "{table}: {error}");
    }
}

#[tokio::test]
async fn the_vault_s_login_reads_nothing_else() {
    let (db, tables) = filled().await;
    let mut conn = connect(&db.vault_url()).await;
    set_town(&mut conn, 1).await;
    let not_theirs = |table: &&String| !table.starts_with("vault.") || *table == UNREAD;
    for table in tables.iter().filter(not_theirs) {
        let read = try_number(&mut conn, &format!("SELECT count(*) AS value FROM {table}")).await;
        assert!(read.is_err(), "{table}");
    }
}

#[tokio::test]
async fn history_is_never_rewritten() {
    let (db, _) = filled().await;
    let mut admin = db.admin().await;
    for table in APPEND_ONLY {
        let mut conn = reader(&db, table).await;
        set_town(&mut conn, 1).await;
        for sql in [
            format!("UPDATE {table} SET jurisdiction_id = 1"),
            format!("DELETE FROM {table}"),
        ] {
            let error = conn.batch_execute(&sql).await.expect_err(&sql);
            assert!(error.to_string().contains("permission denied"), "{sql}: {error}");
            // Not even who owns everything, by mistake.
            let error = admin.batch_execute(&sql).await.expect_err(&sql);
            assert!(error.to_string().contains("append-only"), "{sql}: {error}");
        }
    }
}

#[tokio::test]
async fn nothing_is_deleted_but_what_may_be() {
    let db = TestDb::new();
    let deletable = "SELECT c.oid::regclass::text AS value FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'vault') AND has_table_privilege('vigie_app', c.oid, 'DELETE')";
    let deletable: BTreeSet<String> = texts(&mut db.admin().await, deletable).await.into_iter().collect();
    assert_eq!(
        deletable,
        [
            "alert_link",
            "alert_word",
            "category_gate",
            "idempotency",
            "job",
            "public_alert",
            "base_tile",
            "round",
            "upload",
            "upload_piece",
            "routing_rule"
        ]
        .map(str::to_owned)
        .into()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooled_connection_never_carries_a_town_over() {
    const TRANSACTIONS: i32 = 1_000;
    let test = TestDb::new();
    let mut admin = test.admin().await;
    let mut towns = Vec::new();
    for number in 0..2 {
        towns.push(Town::install(&mut admin, number).await.id);
    }
    let db = Db::new(&test.app_url(), &test.vault_url(), 2).expect("a pool of two");
    let visits = (0..TRANSACTIONS).map(|turn| visit(db.clone(), towns.clone(), turn));
    let wrong: Vec<String> = futures_util::stream::iter(visits)
        .buffer_unordered(16)
        .filter_map(async |seen| seen.err())
        .collect()
        .await;
    assert_eq!(wrong, Vec::<String>::new());
}

/// Two connections for everybody, on a machine that may be busy: whoever is told "not now" asks again.
async fn patiently<T, F: Future<Output = Result<T, Problem>>>(ask: impl Fn() -> F) -> Result<T, String> {
    for _ in 0..50 {
        match ask().await {
            Err(problem) if problem.to_string().starts_with("unavailable") => {}
            answer => return answer.map_err(|error| error.to_string()),
        }
    }
    Err("fifty times not now".to_owned())
}

/// A transaction for one of the towns, committed, dropped or failed in turn; every seventh visit has no town at all.
async fn visit(db: Db, towns: Vec<TownId>, turn: i32) -> Result<(), String> {
    const SEEN: &str = "SELECT coalesce(max(jurisdiction_id), 0)::bigint * 1000 + count(DISTINCT jurisdiction_id) AS value \
                        FROM role_grant";
    if turn % 7 == 0 {
        let mut conn = patiently(|| db.conn()).await?;
        let seen = number(&mut conn, SEEN).await;
        return if seen == 0 {
            Ok(())
        } else {
            Err(format!("visit {turn} without a town saw {seen}"))
        };
    }
    let town = towns[usize::try_from(turn).expect("positive") % towns.len()];
    let mut tx = patiently(|| db.begin(town)).await?;
    let seen = number(&mut tx, SEEN).await;
    tokio::task::yield_now().await;
    match turn % 3 {
        0 => tx.commit().await.map_err(|error| error.to_string())?,
        1 => drop(tx),
        _ => assert!(try_number(&mut tx, "SELECT 1 / 0 AS value").await.is_err()),
    }
    if seen == i64::from(town.0) * 1000 + 1 {
        Ok(())
    } else {
        Err(format!("visit {turn} for {town:?} saw {seen}"))
    }
}
