//! The neutral transaction: pgbench on tables of its own, on the same PostgreSQL.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench_db::Postgres;
use crate::cpu::Cpu;
use crate::load::{self, Done, median};
use crate::server::Server;

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

/// Turns of the server's work and of the bare query in a script, one after the other, as a table; `what` one answer is.
pub async fn against_query<W, F>(
    what: &str,
    (postgres, database, script): (&Postgres, &str, &Path),
    server: &Server,
    (clients, rounds, turn): (usize, usize, Duration),
    work: W,
) where
    W: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    println!("| round | {what}s/s | CPU-ms per {what} | p99 ms | bare query/s | CPU-ms each | ratio |");
    println!("|---|---|---|---|---|---|---|");
    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let ours = load::turn(clients, turn, || server.cpu(), work.clone()).await;
        let theirs = pgbench(postgres, database, script, clients, turn).await;
        let ratio = ours.per_second() / theirs.per_second();
        println!(
            "| {round} | {:.0} | {:.2} | {:.0} | {:.0} | {:.2} | {ratio:.2} |",
            ours.per_second(),
            ours.cpu_ms(),
            ours.p99_ms,
            theirs.per_second(),
            theirs.cpu_ms(),
        );
        ratios.push(ratio);
    }
    println!("| median | | | | | | {:.2} |", median(ratios));
}

/// Runs a script with pgbench for a while.
async fn pgbench(postgres: &Postgres, database: &str, script: &Path, clients: usize, turn: Duration) -> Done {
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
