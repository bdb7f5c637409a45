//! One connection at a time: a request or a job that asks for a second one while it holds the first waits for whoever waits
//! for it, as soon as all are held so, and the pool stands still. Builds with debug assertions, tests among them, refuse it.
//!
//! What is spawned, or the streamed body of an answer, is no part of the piece of work that began it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

tokio::task_local! {
    /// Connections that the piece of work holds or asks for.
    static HELD: Arc<AtomicUsize>;
}

/// Runs a piece of work that holds one connection at most. Pieces that go on side by side in one task are run by it each,
/// or they would be taken for one.
pub async fn one_at_a_time<F: Future>(work: F) -> F::Output {
    HELD.scope(Arc::default(), work).await
}

/// Stands beside a connection from the asking for it to its end.
pub(super) struct Held(Option<Arc<AtomicUsize>>);

impl Held {
    /// Before a connection is asked for.
    pub(super) fn ask() -> Self {
        let held = HELD.try_with(Arc::clone).ok();
        if let Some(held) = &held {
            debug_assert_eq!(
                held.load(Ordering::Relaxed),
                0,
                "a connection is asked for while another is held: give that one back first"
            );
            held.fetch_add(1, Ordering::Relaxed);
        }
        Self(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(held) = &self.0 {
            held.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
