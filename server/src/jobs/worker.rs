//! Claims due jobs and runs their handlers, until told to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio::sync::{Notify, watch};

use super::clock::Clock;
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
pub struct Handlers<S> {
    by_kind: BTreeMap<&'static str, Handler<S>>,
    heavy: BTreeSet<&'static str>,
}

impl<S> Handlers<S> {
    /// A table of handlers.
    #[must_use]
    pub fn new(handlers: impl IntoIterator<Item = (&'static str, Handler<S>)>) -> Self {
        Self {
            by_kind: handlers.into_iter().collect(),
            heavy: BTreeSet::new(),
        }
    }

    /// The same, with these kinds as heavy: each takes long, and many come at once.
    #[must_use]
    pub fn heavy(mut self, kinds: impl IntoIterator<Item = &'static str>) -> Self {
        self.heavy.extend(kinds);
        self
    }

    /// The kinds that there are, without heavy ones or with them.
    fn kinds(&self, light: bool) -> Vec<&'static str> {
        let kinds = self.by_kind.keys().copied();
        kinds.filter(|kind| !(light && self.heavy.contains(kind))).collect()
    }
}

/// A worker over a state `S` that its handlers need.
pub struct Worker<S> {
    db: Db,
    state: S,
    handlers: Arc<Handlers<S>>,
    rest: Duration,
    wake: Arc<Notify>,
    light: bool,
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
            light: false,
        }
    }

    /// The same without the heavy kinds: it is free for what is urgent while the others have their hands full.
    #[must_use]
    pub const fn light(mut self) -> Self {
        self.light = true;
        self
    }

    /// Works until `stop` says so; a job that was begun is finished.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let clock = Clock::real();
        while !*stop.borrow() {
            // Registered before looking, so that no wake-up between the look and the wait is lost.
            let woken = self.wake.notified();
            match self.run_next(&clock).await {
                Ok(false) => {}
                Ok(true) => continue,
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
        self.run_by(&Clock::at(now)).await
    }

    /// The same by a clock that may go on meanwhile.
    ///
    /// # Errors
    /// As [`Worker::run_due`].
    pub async fn run_by(&self, clock: &Clock) -> Result<usize, Problem> {
        let mut ran = 0;
        while self.run_next(clock).await? {
            ran += 1;
        }
        Ok(ran)
    }

    /// Runs the next job that is due, if there is one.
    ///
    /// # Errors
    /// As [`Worker::run_due`].
    pub async fn run_next(&self, clock: &Clock) -> Result<bool, Problem> {
        let kinds = self.handlers.kinds(self.light);
        let job = queue::claim(&mut *self.db.conn().await?, &kinds, clock).await?;
        let Some(job) = job else { return Ok(false) };
        self.run_one(job, clock.now()).await?;
        Ok(true)
    }

    async fn run_one(&self, job: Job, now: DateTime<Utc>) -> Result<(), Problem> {
        let Some(handler) = self.handlers.by_kind.get(job.kind.as_str()) else {
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
        let recorded = match outcome {
            Ok(Outcome::Done) => queue::finish(&mut conn, &job).await?,
            Ok(Outcome::Again(at)) => queue::postpone(&mut conn, &job, at).await?,
            Err(error) => {
                tracing::warn!(job = job.id, kind = job.kind, attempt = job.attempts + 1, %error, "job failed");
                queue::fail(&mut conn, &job, &error.to_string(), job.clock.now()).await?
            }
        };
        if !recorded {
            tracing::warn!(
                job = job.id,
                kind = job.kind,
                "a job took longer than its lease, and another worker has it"
            );
        }
        Ok(())
    }
}
