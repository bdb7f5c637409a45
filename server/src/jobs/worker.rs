//! Claims due jobs and runs their handlers, until told to stop.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio::sync::{Notify, watch};

use super::queue::{self, Job};
use crate::db::Db;
use crate::db::held::one_at_a_time;
use crate::http::problem::Problem;

/// What becomes of a job that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its row goes.
    Done,
    /// It comes back at that time.
    Again(DateTime<Utc>),
}

type Work = Pin<Box<dyn Future<Output = Result<Outcome, Problem>> + Send>>;

/// Runs one kind of job.
pub type Handler<S> = fn(S, Job, DateTime<Utc>) -> Work;

/// Which handler runs which kind.
pub struct Handlers<S>(BTreeMap<&'static str, Handler<S>>);

impl<S> Handlers<S> {
    /// A table of handlers.
    #[must_use]
    pub fn new(handlers: impl IntoIterator<Item = (&'static str, Handler<S>)>) -> Self {
        Self(handlers.into_iter().collect())
    }
}

/// A worker over a state `S` that its handlers need.
pub struct Worker<S> {
    db: Db,
    state: S,
    handlers: Arc<Handlers<S>>,
    rest: Duration,
    wake: Arc<Notify>,
}

impl<S: Clone + Send + Sync + 'static> Worker<S> {
    /// A worker that looks for work when woken, and at the latest after `rest`.
    #[must_use]
    pub const fn new(db: Db, state: S, handlers: Arc<Handlers<S>>, rest: Duration, wake: Arc<Notify>) -> Self {
        Self {
            db,
            state,
            handlers,
            rest,
            wake,
        }
    }

    /// Works until `stop` says so; a job that was begun is finished.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            // Registered before looking, so that no wake-up between the look and the wait is lost.
            let woken = self.wake.notified();
            match self.run_due(Utc::now()).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "the worker could not look for work"),
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(self.rest) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Runs everything that is due at `now`, one job after the other; returns how many ran. Tests drive the worker by it.
    ///
    /// # Errors
    /// When the queue cannot be read. A handler's failure is recorded with its job.
    pub async fn run_due(&self, now: DateTime<Utc>) -> Result<usize, Problem> {
        let kinds: Vec<&str> = self.handlers.0.keys().copied().collect();
        let mut ran = 0;
        loop {
            let job = queue::claim(&mut *self.db.conn().await?, &kinds, now).await?;
            let Some(job) = job else { return Ok(ran) };
            ran += 1;
            self.run_one(job, now).await?;
        }
    }

    async fn run_one(&self, job: Job, now: DateTime<Utc>) -> Result<(), Problem> {
        let Some(handler) = self.handlers.0.get(job.kind.as_str()) else {
            return Ok(());
        };
        let work = one_at_a_time(async {
            let work = handler(self.state.clone(), job.clone(), now);
            work.await
        });
        // A job that panics has failed like any other: the worker goes on with the next.
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| Err(Problem::internal("the job panicked")));
        let mut conn = self.db.conn().await?;
        match outcome {
            Ok(Outcome::Done) => queue::finish(&mut conn, job.id).await,
            Ok(Outcome::Again(at)) => queue::postpone(&mut conn, job.id, at).await,
            Err(error) => {
                tracing::warn!(job = job.id, kind = job.kind, attempt = job.attempts + 1, %error, "job failed");
                queue::fail(&mut conn, &job, &error.to_string(), now).await
            }
        }
    }
}
