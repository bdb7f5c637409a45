//! A database of its own for a test.

use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use vigie::db::roles;

use crate::cluster::cluster;
use crate::wait_for;

/// A fresh database, dropped with this value. `KEEP_DB=1` keeps those of failed tests and prints their URLs.
pub struct TestDb {
    name: String,
}

impl TestDb {
    /// A migrated one: a clone of the template.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn new() -> Self {
        Self::create(&format!("TEMPLATE {}", cluster().template()))
    }

    /// One without anything in it.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn empty() -> Self {
        Self::create("TEMPLATE template0")
    }

    fn create(how: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "vigie_test_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        maintenance(&format!("CREATE DATABASE {name} {how}")).expect("a database for the test");
        Self { name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// URL of the superuser, whom row level security does not hold.
    #[must_use]
    pub fn admin_url(&self) -> String {
        cluster().admin_url(&self.name)
    }

    /// URL of the application's login.
    #[must_use]
    pub fn app_url(&self) -> String {
        with_user(&self.admin_url(), roles::APP)
    }

    /// URL of the vault's login.
    #[must_use]
    pub fn vault_url(&self) -> String {
        with_user(&self.admin_url(), roles::VAULT)
    }

    /// A connection of the superuser: for setting up and for looking behind the scenes.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn admin(&self) -> AsyncPgConnection {
        connect(&self.admin_url()).await
    }
}

impl Default for TestDb {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("KEEP_DB").is_some() {
            eprintln!("kept: {}", self.admin_url());
            return;
        }
        if let Err(error) = maintenance(&format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("{} stays behind: {error}", self.name);
        }
    }
}

/// Connects.
///
/// # Panics
/// When the server refuses.
pub async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url)
        .await
        .unwrap_or_else(|error| panic!("connecting to {url}: {error}"))
}

fn maintenance(sql: &str) -> diesel::QueryResult<()> {
    let url = cluster().admin_url("postgres");
    wait_for(async || connect(&url).await.batch_execute(sql).await)
}

/// The first column, which the query names `value`, as texts.
///
/// # Panics
/// When the query fails.
pub async fn texts(conn: &mut AsyncPgConnection, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let rows: Vec<Row> = diesel::sql_query(query)
        .load(conn)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}

/// The one number that the query names `value`.
///
/// # Panics
/// When the query fails or finds no row.
pub async fn number(conn: &mut AsyncPgConnection, query: &str) -> i64 {
    try_number(conn, query)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The one number that the query names `value`, or what the database said.
///
/// # Errors
/// When the query fails or finds no row.
pub async fn try_number(conn: &mut AsyncPgConnection, query: &str) -> diesel::QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        value: i64,
    }
    let row: Row = diesel::sql_query(query).get_result(conn).await?;
    Ok(row.value)
}

/// The same URL for another database.
#[must_use]
pub fn with_database(url: &str, database: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("postgres://user@host/database");
    format!("{server}/{database}")
}

/// The same URL for another login.
#[must_use]
pub fn with_user(url: &str, user: &str) -> String {
    let (_, rest) = url.split_once('@').expect("postgres://user@host/database");
    format!("postgres://{user}@{rest}")
}
