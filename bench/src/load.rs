//! Many clients at once for a while, each with one connection, and what they got done.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::cpu::Cpu;

/// What a turn did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Operations that succeeded.
    pub operations: u64,
    /// How long the turn was.
    pub seconds: f64,
    /// CPU time that was used meanwhile.
    pub cpu: Cpu,
    /// 99 of 100 answers came within it, milliseconds.
    pub p99_ms: f64,
}

impl Done {
    /// CPU milliseconds of the server alone per operation.
    pub fn server_ms(&self) -> f64 {
        self.cpu.server.as_secs_f64() * 1_000.0 / self.operations as f64
    }

    /// Operations per second.
    pub fn per_second(&self) -> f64 {
        self.operations as f64 / self.seconds
    }

    /// CPU milliseconds of server and PostgreSQL per operation.
    pub fn cpu_ms(&self) -> f64 {
        (self.cpu.server + self.cpu.database).as_secs_f64() * 1_000.0 / self.operations as f64
    }
}

/// Lets `clients` work for `turn`: `work(client)` makes one client's next operation until the time is over.
///
/// # Panics
/// When an operation fails: a benchmark of errors measures nothing.
pub async fn turn<W, F>(clients: usize, turn: Duration, cpu: impl Fn() -> Cpu, work: W) -> Done
where
    W: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let before = cpu();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let work = work.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            while start.elapsed() < turn {
                let began = Instant::now();
                work(client).await;
                took.push(began.elapsed());
            }
            took
        });
    }
    let mut took: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let seconds = start.elapsed().as_secs_f64();
    took.sort_unstable();
    let p99 = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
    Done {
        operations: took.len() as u64,
        seconds,
        cpu: cpu().since(before),
        p99_ms: p99.as_secs_f64() * 1_000.0,
    }
}

/// Median of figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 {
        figures[middle]
    } else {
        f64::midpoint(figures[middle - 1], figures[middle])
    }
}
