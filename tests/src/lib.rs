//! What the integration tests stand on: real PostgreSQL, the real server, real peers, and people who use them.
//!
//! * [`cluster`] and [`database`]: one throw-away PostgreSQL per run, a fresh database per test.
//! * [`server`]: the server in this process, or a second one as its own process; the worker is driven by hand.
//! * [`people`]: clients as people; [`contract`] holds every answer they get against the API's description.
//! * [`town`]: a small town in the sea, with staff.
//! * [`secured`]: a PostgreSQL behind TLS.
//! * [`proxy`]: a line to PostgreSQL or to the server that can be cut, stalled and starved.
//! * [`sink`]: a real mail relay, a real S3 server and a gateway for text messages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness: whatever fails here is a failed test, and says where"
)]

pub mod cluster;
pub mod contract;
pub mod database;
pub mod people;
pub mod process;
pub mod proxy;
pub mod secured;
pub mod server;
pub mod sink;
pub mod town;

use std::path::PathBuf;

/// The repository.
#[must_use]
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .canonicalize()
        .expect("the repository's folder")
}

/// Cargo's target folder: test binaries lie in its `debug/deps`.
#[must_use]
pub fn target() -> PathBuf {
    let exe = std::env::current_exe().expect("the path of this program");
    exe.ancestors().nth(3).expect("target/debug/deps/it").to_path_buf()
}

/// The program `vigie`: what `VIGIE_BIN` names, else what the same build made.
#[must_use]
pub fn vigie_binary() -> PathBuf {
    let path = std::env::var_os("VIGIE_BIN").map_or_else(|| target().join("debug/vigie"), PathBuf::from);
    assert!(
        path.exists(),
        "{} is missing: build it first, `make test` does",
        path.display()
    );
    path
}

/// Runs a future to its end on a thread and runtime of its own, so that it works from anywhere: from `Drop`, inside
/// another runtime, and for code that may only block on a multi-thread runtime.
///
/// # Panics
/// When the future does.
pub fn wait_for<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(work())
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
