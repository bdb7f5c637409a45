//! The PostgreSQL of a test run, and the template that every test's database is cloned from.
//!
//! `VIGIE_TEST_DATABASE`, the URL of a superuser, uses a server that runs already. Otherwise a private one is started below
//! the target folder and kept there between runs, so that the next one finds the template made.
//!
//! A clone of a template rather than a schema per test: NOTIFY and advisory locks belong to a database, so one test's
//! wake-ups and cell locks would reach another's. Building from nothing costs about ten clones.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use sha2::{Digest, Sha256};
use vigie::db::embedded::{EmbeddedPostgres, Settings};
use vigie::db::{migrate, roles};

use crate::database::{texts, with_database};
use crate::{repository, target, wait_for};

/// Test runs that may go on at once with a private server each.
const AT_ONCE: usize = 4;

/// A running PostgreSQL with the template.
pub struct Cluster {
    admin: String,
    template: String,
    programs: PathBuf,
    /// Lives as long as the process; the kernel stops the server when that ends, however it ends.
    _postgres: Option<EmbeddedPostgres>,
}

impl Cluster {
    /// URL of the superuser in a database.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        with_database(&self.admin, database)
    }

    /// Name of the migrated database to clone.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// A program of the server's own version, such as `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }
}

/// The cluster of this process, started at the first call.
///
/// # Panics
/// When there is no PostgreSQL to be had, or the migrations fail.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let (admin, programs, postgres) = match std::env::var("VIGIE_TEST_DATABASE") {
            Ok(url) => (url, installed_programs(), None),
            Err(_) => {
                let postgres = private_server();
                (
                    postgres.url("postgres"),
                    postgres.bin_dir().to_path_buf(),
                    Some(postgres),
                )
            }
        };
        let template = format!("vigie_template_{}", digest_of_migrations());
        wait_for(|| prepare(&admin, &template));
        Cluster {
            admin,
            template,
            programs,
            _postgres: postgres,
        }
    })
}

fn installed_programs() -> PathBuf {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .expect("pg_config tells where pg_dump is");
    PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim())
}

/// Another run may hold the first folder, and a throw-away cluster that a power cut broke is made again.
fn private_server() -> EmbeddedPostgres {
    let start = |folder: &Path| EmbeddedPostgres::start(folder, Settings::throwaway(), &|_| {});
    let mut last = None;
    for number in 0..AT_ONCE {
        let folder = target().join(format!("test-pg/{number}"));
        match start(&folder) {
            Ok(server) => return server,
            Err(error @ vigie::db::embedded::EmbeddedError::Start { .. }) => {
                let _ = std::fs::remove_dir_all(folder.join("postgres/data"));
                match start(&folder) {
                    Ok(server) => return server,
                    Err(_) => last = Some(error),
                }
            }
            Err(error) => last = Some(error),
        }
    }
    panic!("no PostgreSQL for the tests: {}", last.expect("at least one try"));
}

fn digest_of_migrations() -> String {
    let mut digest = Sha256::new();
    let mut files = files_below(&repository().join("migrations"));
    files.push(repository().join("server/src/db/roles.rs"));
    for file in files {
        digest.update(file.file_name().expect("a file").as_encoded_bytes());
        digest.update(std::fs::read(&file).expect("a migration"));
    }
    data_encoding::HEXLOWER.encode(&digest.finalize()[..6])
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Makes the template once, whoever comes first, and drops what runs that were killed left behind.
async fn prepare(admin: &str, template: &str) {
    let mut conn = AsyncPgConnection::establish(admin)
        .await
        .expect("the superuser's login");
    conn.batch_execute("SELECT pg_advisory_lock(hashtextextended('vigie test template', 0))")
        .await
        .expect("a lock");
    sweep(&mut conn, template).await;
    let query = format!("SELECT datname::text AS value FROM pg_database WHERE datname = '{template}'");
    if texts(&mut conn, &query).await.is_empty() {
        let building = format!("{template}_building");
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)"))
            .await
            .expect("an old one dropped");
        conn.batch_execute(&format!("CREATE DATABASE {building}"))
            .await
            .expect("a database");
        let url = with_database(admin, &building);
        migrate::up(&url, &roles::Passwords::default())
            .await
            .expect("the migrations");
        conn.batch_execute(&format!("ALTER DATABASE {building} RENAME TO {template}"))
            .await
            .expect("renamed");
        // A clone waits for whoever is connected to its template.
        conn.batch_execute(&format!(
            "ALTER DATABASE {template} IS_TEMPLATE true ALLOW_CONNECTIONS false"
        ))
        .await
        .expect("closed");
    }
}

async fn sweep(conn: &mut AsyncPgConnection, template: &str) {
    let query = "SELECT datname::text AS value FROM pg_database WHERE datname LIKE 'vigie\\_test\\_%' \
                 OR datname LIKE 'vigie\\_template\\_%'";
    for name in texts(conn, query).await {
        let owner = name.strip_prefix("vigie_test_").and_then(|rest| rest.split('_').next());
        let in_use = match owner {
            Some(process) => Path::new("/proc").join(process).exists(),
            None => name.starts_with(template),
        };
        if !in_use {
            // An older template; another run on the same server may just be dropping it too.
            let _ = conn
                .batch_execute(&format!("ALTER DATABASE {name} IS_TEMPLATE false"))
                .await;
            let _ = conn
                .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        }
    }
}
