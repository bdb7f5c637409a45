//! The benchmark's PostgreSQL: private, durable as a town's, with databases made anew for each run.

use std::path::Path;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use vigie::db::embedded::{EmbeddedPostgres, Settings};
use vigie::db::{migrate, roles};
use vigie_tests::database::{connect, number, with_user};
use vigie_tests::town::Town;

use crate::cpu;

/// A running server.
pub struct Postgres {
    server: EmbeddedPostgres,
    /// Process whose children are the sessions.
    pub postmaster: u32,
}

impl Postgres {
    /// Starts it below `folder`.
    pub async fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("the benchmark's folder");
        let settings = Settings {
            max_connections: 200,
            ..Settings::durable()
        };
        let server = EmbeddedPostgres::start(folder, settings, &|said| eprintln!("{said}")).expect("a PostgreSQL");
        let mut conn = connect(&server.url("postgres")).await;
        let session = number(&mut conn, "SELECT pg_backend_pid()::bigint AS value").await;
        let postmaster = cpu::parent(u32::try_from(session).expect("a process id"));
        Self { server, postmaster }
    }

    /// URL of the superuser in a database.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// Folder of `psql` and `pgbench` of the same version.
    pub fn programs(&self) -> &Path {
        self.server.bin_dir()
    }

    /// An empty database of this name, whatever was there before.
    pub async fn fresh(&self, database: &str) -> AsyncPgConnection {
        let mut conn = connect(&self.url("postgres")).await;
        for sql in [
            format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"),
            format!("CREATE DATABASE {database} TEMPLATE template0"),
        ] {
            conn.batch_execute(&sql).await.expect("a fresh database");
        }
        connect(&self.url(database)).await
    }

    /// A migrated database with so many small towns.
    pub async fn with_towns(&self, database: &str, towns: u8) -> (AsyncPgConnection, Vec<Town>) {
        let mut conn = self.fresh(database).await;
        migrate::up(&self.url(database), &roles::Passwords::default())
            .await
            .expect("the migrations");
        let mut installed = Vec::new();
        for town in 0..towns {
            installed.push(Town::install(&mut conn, town).await);
        }
        (conn, installed)
    }

    /// A copy of a database that nobody is connected to.
    pub async fn copy(&self, from: &str, to: &str) {
        let mut conn = connect(&self.url("postgres")).await;
        for sql in [
            format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)"),
            format!("CREATE DATABASE {to} TEMPLATE {from}"),
        ] {
            conn.batch_execute(&sql).await.expect("a copy of the database");
        }
    }

    /// Writes what is only in memory, so that a turn does not pay for the one before it.
    pub async fn settle(&self) {
        let mut conn = connect(&self.url("postgres")).await;
        conn.batch_execute("CHECKPOINT").await.expect("a checkpoint");
    }

    /// Gives the planner the statistics that autovacuum would give it within minutes.
    pub async fn analyze(&self, database: &str) {
        let mut conn = connect(&self.url(database)).await;
        conn.batch_execute("VACUUM ANALYZE").await.expect("statistics");
    }

    /// URLs of the two logins that a server uses.
    pub fn logins(&self, database: &str) -> (String, String) {
        let url = self.url(database);
        (with_user(&url, roles::APP), with_user(&url, roles::VAULT))
    }
}
