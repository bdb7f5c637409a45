//! Measures the submit and the list by map window against the ceiling on the same machine, in the same run.
//!
//! Every comparison runs in turns (A B A B ...), so that whatever else the machine does disturbs both alike. What is
//! printed is a Markdown table: operations per second, CPU milliseconds per operation (server and PostgreSQL together, the
//! client that makes the load left out), and the ratio of the two.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool for developers: whatever fails here ends the run, and says where"
)]

mod baseline;
mod bench_db;
mod cpu;
mod field;
mod list;
mod load;
mod replay;
mod server;
mod submit;
mod tiles;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Measures Vigie against the ceiling on the same machine.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Turns of each side.
    #[arg(long, global = true, default_value_t = 3)]
    rounds: usize,
    /// Length of a turn.
    #[arg(long, global = true, default_value_t = 8)]
    seconds: u64,
    /// Folder of the benchmark's PostgreSQL and data.
    #[arg(long, global = true, default_value = "target/bench")]
    folder: PathBuf,
}

#[derive(Subcommand)]
enum What {
    /// Submits without photo, against a pgbench script and against our own statements without our server.
    Submit {
        /// Folder with `pgbench_schema.sql` and `pgbench_b1.sql`: the neutral tables and transaction to compare with.
        #[arg(long)]
        baseline: Option<PathBuf>,
        /// Clients at once, several runs.
        #[arg(long, value_delimiter = ',', default_values_t = [8, 64])]
        clients: Vec<usize>,
        /// Every reporter leaves an e-mail address, so that the vault and the acknowledgement are part of the work.
        #[arg(long)]
        contact: bool,
    },
    /// The desk's queue by map window, against the bare query of the same rows.
    List {
        /// Open alerts in the town.
        #[arg(long, default_value_t = 1_000_000)]
        alerts: i64,
        /// Clients at once.
        #[arg(long, default_value_t = 8)]
        clients: usize,
    },
    /// A crew's day: the sync of a tablet, and what a thousand listeners hear.
    Field,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let Arguments {
        what,
        rounds,
        seconds,
        folder,
    } = Arguments::parse();
    let turn = Duration::from_secs(seconds);
    match what {
        What::Submit {
            baseline,
            clients,
            contact,
        } => submit::run(&folder, baseline.as_deref(), &clients, contact, rounds, turn).await,
        What::Field => field::run(&folder, rounds, turn).await,
        What::List { alerts, clients } => list::run(&folder, alerts, clients, rounds, turn).await,
    }
}
