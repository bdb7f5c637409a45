//! What an operator sees of the queue, and how jobs that were given up are put back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::TownId;
use crate::db::schema::job;
use crate::http::problem::Problem;

/// The jobs of one kind, of all towns.
#[derive(Debug, QueryableByName)]
pub struct OfKind {
    /// Kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Whose time has come.
    #[diesel(sql_type = BigInt)]
    pub due: i64,
    /// Whose time will come.
    #[diesel(sql_type = BigInt)]
    pub later: i64,
    /// Given up.
    #[diesel(sql_type = BigInt)]
    pub dead: i64,
    /// Since when the oldest is due.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub since: Option<DateTime<Utc>>,
    /// Of the latest job that ever failed.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_error: Option<String>,
}

const BY_KIND: &str = "SELECT kind, \
    count(*) FILTER (WHERE state = 'due' AND run_at <= $1) AS due, \
    count(*) FILTER (WHERE state = 'due' AND run_at > $1) AS later, \
    count(*) FILTER (WHERE state = 'dead') AS dead, \
    min(run_at) FILTER (WHERE state = 'due' AND run_at <= $1) AS since, \
    (array_agg(last_error ORDER BY id DESC) FILTER (WHERE last_error IS NOT NULL))[1] AS last_error \
    FROM job GROUP BY kind ORDER BY kind";

/// What waits and what was given up, by kind.
///
/// # Errors
/// When the database refuses.
pub async fn by_kind(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<Vec<OfKind>, Problem> {
    Ok(diesel::sql_query(BY_KIND)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await?)
}

/// A job that was given up.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = job)]
pub struct Dead {
    /// Number.
    pub id: i64,
    #[diesel(column_name = jurisdiction_id)]
    town: i32,
    /// Kind.
    pub kind: String,
    /// Failures.
    pub attempts: i32,
    /// Of the last failure.
    pub last_error: Option<String>,
    /// When it was left.
    pub created_at: DateTime<Utc>,
}

impl Dead {
    /// Its town.
    #[must_use]
    pub const fn town(&self) -> TownId {
        TownId(self.town)
    }
}

/// Jobs that were given up, the latest first, at most so many: of all, or the one with that number.
///
/// # Errors
/// When the database refuses.
pub async fn dead(conn: &mut AsyncPgConnection, only: Option<i64>, most: i64) -> Result<Vec<Dead>, Problem> {
    let mut found = job::table
        .filter(job::state.eq("dead"))
        .order(job::id.desc())
        .limit(most)
        .select(Dead::as_select())
        .into_boxed();
    if let Some(id) = only {
        found = found.filter(job::id.eq(id));
    }
    Ok(found.load(conn).await?)
}

/// What became of a job that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutBack {
    /// It is tried again, as if it had never failed.
    Due,
    /// Another job waits to do the very same, so it is gone: a returning job that a worker left anew meanwhile.
    Needless,
}

/// The same work, by the same words, waits already.
const REMOVE_NEEDLESS: &str = "DELETE FROM job AS given_up WHERE given_up.id = $1 AND given_up.state = 'dead' \
    AND EXISTS (SELECT FROM job AS other WHERE other.state = 'due' AND other.kind = given_up.kind \
    AND other.jurisdiction_id = given_up.jurisdiction_id AND other.payload = given_up.payload)";

/// Puts a job that was given up back; `None` when no such job is there (any more).
///
/// # Errors
/// When the database refuses.
pub async fn put_back(conn: &AsyncPgConnection, id: i64, now: DateTime<Utc>) -> Result<Option<PutBack>, Problem> {
    let removed = diesel::sql_query(REMOVE_NEEDLESS)
        .bind::<BigInt, _>(id)
        .execute(&mut &*conn)
        .await?;
    if removed > 0 {
        return Ok(Some(PutBack::Needless));
    }
    let given_up = job::table.filter(job::id.eq(id).and(job::state.eq("dead")));
    let revived = diesel::update(given_up)
        .set((
            job::state.eq("due"),
            job::attempts.eq(0),
            job::run_at.eq(now),
            job::leased_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok((revived > 0).then_some(PutBack::Due))
}
