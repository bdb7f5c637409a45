//! The `job` table: add, claim under a lease, finish, fail.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;

use crate::db::TownId;
use crate::db::functions::{hashtextextended, pg_try_advisory_xact_lock};
use crate::db::schema::job;
use crate::http::problem::Problem;
use crate::jobs::Clock;

/// How long a worker may hold a job before another takes it over.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Tries before a job is dead.
pub const MAX_ATTEMPTS: i32 = 12;

/// A claimed job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Order.
    pub id: i64,
    /// Town to set before anything else.
    pub town: i32,
    /// Which handler.
    pub kind: String,
    /// Ids that the handler needs.
    pub payload: Value,
    /// Failures so far.
    pub attempts: i32,
    /// The clock that it runs by.
    pub clock: Clock,
    /// Until when it is this worker's.
    leased_until: Option<DateTime<Utc>>,
}

/// A job's row, as far as a worker needs it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = job)]
struct Row {
    id: i64,
    jurisdiction_id: i32,
    kind: String,
    payload: Value,
    attempts: i32,
    leased_until: Option<DateTime<Utc>>,
}

impl Row {
    fn job(self, clock: &Clock) -> Job {
        Job {
            id: self.id,
            town: self.jurisdiction_id,
            kind: self.kind,
            payload: self.payload,
            attempts: self.attempts,
            clock: clock.clone(),
            leased_until: self.leased_until,
        }
    }
}

impl Job {
    /// Its town.
    #[must_use]
    pub const fn town(&self) -> TownId {
        TownId(self.town)
    }

    /// A member of the payload.
    ///
    /// # Errors
    /// When it is missing or of another form: a defect of whoever wrote the job.
    pub fn arg<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, Problem> {
        let value = self.payload.get(name).cloned().unwrap_or_default();
        serde_json::from_value(value)
            .map_err(|error| Problem::internal(format!("job {} has no {name}: {error}", self.kind)))
    }
}

/// Adds a job on the caller's connection, so that it exists exactly if the caller's change does.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(
    conn: &AsyncPgConnection,
    town: TownId,
    kind: &str,
    payload: impl Serialize,
    run_at: DateTime<Utc>,
) -> Result<(), Problem> {
    let payload = serde_json::to_value(payload).map_err(Problem::internal)?;
    diesel::insert_into(job::table)
        .values((
            job::jurisdiction_id.eq(town.0),
            job::kind.eq(kind),
            job::payload.eq(payload),
            job::run_at.eq(run_at),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Adds a job that comes back by itself, unless the town has one of its kind already.
///
/// # Errors
/// When the database refuses.
pub async fn ensure(conn: &AsyncPgConnection, town: TownId, kind: &str, run_at: DateTime<Utc>) -> Result<(), Problem> {
    // Two workers that start at once: the second leaves it to the first.
    let name = format!("recurring job {} {kind}", town.0);
    let alone: bool = diesel::select(pg_try_advisory_xact_lock(hashtextextended(name, 0)))
        .get_result(&mut &*conn)
        .await?;
    let there = job::table.filter(
        job::jurisdiction_id
            .eq(town.0)
            .and(job::kind.eq(kind))
            .and(job::state.eq("due")),
    );
    let there: bool = diesel::select(diesel::dsl::exists(there))
        .get_result(&mut &*conn)
        .await?;
    if alone && !there {
        enqueue(conn, town, kind, serde_json::json!({}), run_at).await?;
    }
    Ok(())
}

/// Takes the next due job under a lease, which counts from the moment of this claim; several workers never take the same one.
///
/// # Errors
/// When the database refuses.
pub async fn claim(conn: &mut AsyncPgConnection, kinds: &[&str], clock: &Clock) -> Result<Option<Job>, Problem> {
    let now = clock.now();
    let claimed = conn
        .transaction::<_, diesel::result::Error, _>(async |conn| {
            let due = job::table
                .filter(job::state.eq("due"))
                .filter(job::run_at.le(now))
                .filter(job::leased_until.is_null().or(job::leased_until.lt(now)))
                .filter(job::kind.eq_any(kinds))
                .order((job::run_at, job::id))
                .select(job::id)
                .for_update()
                .skip_locked();
            let Some(id) = due.first::<i64>(conn).await.optional()? else {
                return Ok(None);
            };
            diesel::update(job::table.filter(job::id.eq(id)))
                .set(job::leased_until.eq(now + LEASE))
                .returning(Row::as_returning())
                .get_result(conn)
                .await
                .map(Some)
        })
        .await?;
    Ok(claimed.map(|row: Row| row.job(clock)))
}

/// A job's row while the lease by which it was claimed holds; a macro because the types of diesel's queries have no short
/// name.
macro_rules! held {
    ($held:expr) => {
        job::table
            .filter(job::id.eq($held.id))
            .filter(job::leased_until.is_not_distinct_from($held.leased_until))
    };
}

/// A job is done: its row goes. `false`: another worker has taken it over since, and what becomes of it is theirs to say.
///
/// # Errors
/// When the database refuses.
pub async fn finish(conn: &mut AsyncPgConnection, done: &Job) -> Result<bool, Problem> {
    let gone = diesel::delete(held!(done)).execute(conn).await?;
    Ok(gone > 0)
}

/// A job is to be looked at again later; this is no failure. Answers as [`finish`].
///
/// # Errors
/// When the database refuses.
pub async fn postpone(conn: &mut AsyncPgConnection, again: &Job, run_at: DateTime<Utc>) -> Result<bool, Problem> {
    let kept = diesel::update(held!(again))
        .set((job::run_at.eq(run_at), job::leased_until.eq(None::<DateTime<Utc>>)))
        .execute(conn)
        .await?;
    Ok(kept > 0)
}

/// A job failed: tried again after a wait that doubles each time, dead after the last try. Answers as [`finish`].
///
/// # Errors
/// When the database refuses.
pub async fn fail(
    conn: &mut AsyncPgConnection,
    failed: &Job,
    error: &str,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let attempts = failed.attempts + 1;
    let wait = TimeDelta::seconds(1_i64 << attempts.clamp(0, 12));
    let state = if attempts >= MAX_ATTEMPTS { "dead" } else { "due" };
    let kept = diesel::update(held!(failed))
        .set((
            job::state.eq(state),
            job::attempts.eq(attempts),
            job::run_at.eq(now + wait),
            job::leased_until.eq(None::<DateTime<Utc>>),
            job::last_error.eq(error.chars().take(500).collect::<String>()),
        ))
        .execute(conn)
        .await?;
    Ok(kept > 0)
}

/// How many jobs wait whose time has come, and how many are dead.
///
/// # Errors
/// When the database refuses.
pub async fn backlog(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<(i64, i64), Problem> {
    let due = job::table
        .filter(job::state.eq("due").and(job::run_at.le(now)))
        .count()
        .get_result(conn)
        .await?;
    let dead = job::table
        .filter(job::state.eq("dead"))
        .count()
        .get_result(conn)
        .await?;
    Ok((due, dead))
}
