//! Every migration can be taken back, everything in the schema is explained, and the code's picture of it is true.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use vigie::db::{migrate, roles};
use vigie_tests::cluster::cluster;
use vigie_tests::database::{TestDb, texts, with_user};
use vigie_tests::{repository, wait_for};

/// Ours, not PostGIS's and not the migration tool's.
const OUR_TABLES: &str = "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname IN ('public', 'vault') \
    AND c.relname <> '__diesel_schema_migrations' \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";

fn dump(db: &TestDb) -> String {
    let output = cluster()
        .program("pg_dump")
        .args([
            "--schema-only",
            "--exclude-table=__diesel_schema_migrations",
            "--dbname",
            &db.admin_url(),
        ])
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    // Newer versions put a random word into these two lines.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Each alone, up and down: what the whole way back hides, a step shows.
#[test]
fn each_down_takes_back_what_its_up_brought_and_nothing_else() {
    let db = TestDb::empty();
    wait_for(async || {
        let mut conn = db.admin().await;
        roles::ensure(&mut conn, &roles::Passwords::default())
            .await
            .expect("roles");
        roles::prepare_database(&mut conn).await.expect("a prepared database");
        conn.batch_execute("SET ROLE vigie_owner").await.expect("the owner");
    });
    let up = || {
        wait_for(async || {
            migrate::up(&db.admin_url(), &roles::Passwords::default())
                .await
                .expect("up")
        })
    };
    let step = || wait_for(async || migrate::step_up(&db.admin_url()).await.expect("up"));
    let mut before = Vec::new();
    let mut reached = dump(&db);
    while let Some(version) = step() {
        before.push((version, std::mem::replace(&mut reached, dump(&db))));
    }
    assert!(before.len() > 30, "there are migrations");
    for (version, before) in before.iter().rev() {
        wait_for(async || migrate::step_down(&db.admin_url()).await.expect("down"));
        let (wanted, found) = (pieces(before), pieces(&dump(&db)));
        let apart: Vec<&String> = wanted.symmetric_difference(&found).collect();
        assert!(
            apart.is_empty(),
            "the down.sql of {version} is not its up.sql taken back: {apart:#?}"
        );
    }
    assert_eq!(up().len(), before.len());
    assert_eq!(
        pieces(&reached),
        pieces(&dump(&db)),
        "the second time makes another schema"
    );
    assert_eq!(up(), Vec::<String>::new(), "a third time has nothing to do");
}

/// What a dump makes, piece by piece. A column that comes back stands behind the others, which PostgreSQL cannot help and nothing
/// here relies on: a table's lines count in any order.
fn pieces(dump: &str) -> BTreeSet<String> {
    let piece = |text: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        if text.contains("; Type: TABLE; ") {
            lines = lines.iter().map(|line| line.trim_end_matches(',')).collect();
            lines.sort_unstable();
        }
        lines.join("\n").trim_end().to_owned()
    };
    dump.split("\n--\n-- Name: ").map(piece).collect()
}

/// The login of deploy/README.md: no superuser, may make roles, owns the database.
#[test]
fn a_login_that_may_make_roles_is_enough() {
    let db = TestDb::empty();
    let (name, login) = (db.name(), format!("{}_migrator", db.name()));
    let as_admin = |sql: &str| wait_for(async || db.admin().await.batch_execute(sql).await.expect("the superuser"));
    // Other tests made the four roles; from 16 on who makes a role gets this much of it.
    as_admin(&format!(
        "CREATE EXTENSION postgis; CREATE ROLE {login} LOGIN CREATEROLE; ALTER DATABASE {name} OWNER TO {login}; \
         DO $$ BEGIN IF current_setting('server_version_num')::integer >= 160000 THEN \
         EXECUTE 'GRANT vigie_owner, vigie_app, vigie_vault, vigie_public TO {login} \
         WITH ADMIN TRUE, INHERIT FALSE, SET FALSE'; END IF; END $$"
    ));
    let url = with_user(&db.admin_url(), &login);
    let up = || wait_for(async || migrate::up(&url, &roles::Passwords::default()).await.expect("up"));
    assert!(!up().is_empty(), "there are migrations");
    assert_eq!(up(), Vec::<String>::new(), "a second start has nothing to do");
    as_admin(&format!(
        "ALTER DATABASE {name} OWNER TO CURRENT_USER; DROP OWNED BY {login}; DROP ROLE {login}"
    ));
}

#[tokio::test]
async fn every_table_and_column_is_explained() {
    let db = TestDb::new();
    let mut conn = db.admin().await;
    let silent_tables = format!(
        "SELECT oid::regclass::text AS value FROM pg_class WHERE oid IN ({OUR_TABLES}) AND obj_description(oid) IS NULL"
    );
    assert_eq!(
        texts(&mut conn, &silent_tables).await,
        Vec::<String>::new(),
        "tables without a comment"
    );
    let silent_columns = format!(
        "SELECT attrelid::regclass || '.' || attname AS value FROM pg_attribute WHERE attrelid IN ({OUR_TABLES}) \
         AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL"
    );
    assert_eq!(
        texts(&mut conn, &silent_columns).await,
        Vec::<String>::new(),
        "columns without a comment"
    );
    let functions = "SELECT p.oid::regprocedure::text AS value FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname IN ('public', 'vault') AND obj_description(p.oid) IS NULL \
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') \
         AND p.proname NOT LIKE 'diesel%'";
    assert_eq!(
        texts(&mut conn, functions).await,
        Vec::<String>::new(),
        "functions without a comment"
    );
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    table_comment: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    key: Vec<String>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

/// The application's tables: the vault has no part in diesel's picture, its two statements are functions.
const COLUMNS: &str = "SELECT c.relname::text AS table_name, obj_description(c.oid) AS table_comment, \
    (SELECT array_agg(k.attname::text ORDER BY array_position(i.indkey::int2[], k.attnum)) FROM pg_index i \
     JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary) AS key, \
    a.attname::text AS name, t.typname::text AS sql_type, NOT a.attnotnull AS nullable, \
    col_description(c.oid, a.attnum) AS comment \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    JOIN pg_type t ON t.oid = a.atttypid \
    WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relname <> '__diesel_schema_migrations' \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
    ORDER BY c.relname, a.attnum";

/// diesel's name of a type. A transaction number is written by the database and read by nobody through diesel.
fn diesel_type(sql_type: &str) -> Option<String> {
    if let Some(element) = sql_type.strip_prefix('_') {
        return diesel_type(element).map(|element| format!("Array<{element}>"));
    }
    if sql_type == "xid8" {
        return None;
    }
    let mut letters = sql_type.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
}

fn render(columns: &[Column]) -> String {
    let mut out = "// Generated from a migrated database by `make bless`; a test holds it. Do not edit.\n".to_owned();
    let mut names = Vec::new();
    for table in columns.chunk_by(|a, b| a.table_name == b.table_name) {
        let head = &table[0];
        names.push(head.table_name.as_str());
        out += "\ndiesel::table! {\n    use diesel::sql_types::*;\n";
        if table.iter().any(|column| column.sql_type == "geography") {
            out += "    use postgis_diesel::sql_types::Geography;\n";
        }
        let comment = head.table_comment.as_deref().unwrap_or_default();
        write!(
            out,
            "\n    /// {comment}\n    {} ({}) {{\n",
            head.table_name,
            head.key.join(", ")
        )
        .expect("a string");
        for column in table {
            let Some(mut sql_type) = diesel_type(&column.sql_type) else {
                continue;
            };
            if column.nullable {
                sql_type = format!("Nullable<{sql_type}>");
            }
            let comment = column.comment.as_deref().unwrap_or_default();
            write!(out, "        /// {comment}\n        {} -> {sql_type},\n", column.name).expect("a string");
        }
        out += "    }\n}\n";
    }
    out += "\ndiesel::allow_tables_to_appear_in_same_query!(\n";
    for name in names {
        writeln!(out, "    {name},").expect("a string");
    }
    out + ");\n"
}

#[tokio::test]
async fn schema_rs_is_the_migrated_schema() {
    let db = TestDb::new();
    let columns: Vec<Column> = diesel::sql_query(COLUMNS)
        .load(&mut db.admin().await)
        .await
        .expect("the columns");
    let (rendered, path) = (render(&columns), schema_rs());
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &rendered).expect("schema.rs");
    }
    let committed = std::fs::read_to_string(&path).expect("schema.rs");
    let first = committed
        .lines()
        .zip(rendered.lines())
        .enumerate()
        .find(|(_, (committed, rendered))| committed != rendered);
    assert!(
        committed == rendered,
        "schema.rs is not the schema, `make bless` writes it; first difference: {first:#?}"
    );
}

fn schema_rs() -> PathBuf {
    repository().join("server/src/db/schema.rs")
}
