//! The neutral transaction: pgbench on tables of its own, on the same PostgreSQL.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench_db::Postgres;
use crate::cpu::Cpu;
use crate::load::Done;

/// Name of its database.
pub const DATABASE: &str = "bench_baseline";

/// The baseline in a folder: `pgbench_schema.sql` makes the tables, `pgbench_b1.sql` is the transaction.
pub struct Baseline<'a> {
    postgres: &'a Postgres,
    folder: &'a Path,
}

impl<'a> Baseline<'a> {
    /// Makes its tables anew.
    pub async fn prepare(postgres: &'a Postgres, folder: &'a Path) -> Self {
        drop(postgres.fresh(DATABASE).await);
        let status = Command::new(postgres.programs().join("psql"))
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-d", &postgres.url(DATABASE), "-f"])
            .arg(folder.join("pgbench_schema.sql"))
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .status()
            .expect("psql");
        assert!(status.success(), "the baseline's tables were not made");
        Self { postgres, folder }
    }

    /// One turn of it.
    pub async fn turn(&self, clients: usize, turn: Duration) -> Done {
        pgbench(
            self.postgres,
            DATABASE,
            &self.folder.join("pgbench_b1.sql"),
            clients,
            turn,
        )
        .await
    }
}

/// Runs a script with pgbench for a while.
pub async fn pgbench(postgres: &Postgres, database: &str, script: &Path, clients: usize, turn: Duration) -> Done {
    let before = Cpu::of_database(postgres.postmaster);
    let mut command = Command::new(postgres.programs().join("pgbench"));
    command
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .args(["--client", &clients.to_string(), "--time", &turn.as_secs().to_string()])
        .arg("--file")
        .arg(script)
        .arg(postgres.url(database));
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("pgbench ends")
        .expect("pgbench");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let figure = |before: &str| -> f64 {
        let rest = said
            .split(before)
            .nth(1)
            .unwrap_or_else(|| panic!("no {before} in {said}"));
        let figure = rest.split_whitespace().next().and_then(|figure| figure.parse().ok());
        figure.expect("a figure")
    };
    let operations = figure("actually processed:");
    Done {
        operations: operations as u64,
        seconds: operations / figure("tps ="),
        cpu: Cpu::of_database(postgres.postmaster).since(before),
        p99_ms: f64::NAN,
    }
}
