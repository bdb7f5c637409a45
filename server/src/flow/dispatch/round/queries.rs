//! SQL of rounds.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use geo_dedup::LonLat;
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::functions::{hashtextextended, pg_advisory_xact_lock, pg_advisory_xact_lock_shared};
use crate::db::schema::{alert, round, task};
use crate::db::space::{from_point, to_point};
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::model::{Task, TaskState};
use crate::http::problem::Problem;

/// States of a task that a crew still has.
const LIVE: [&str; 2] = [TaskState::Open.as_str(), TaskState::Accepted.as_str()];

/// The tasks that a crew still has.
macro_rules! live_of {
    ($town:expr, $crew_id:expr) => {
        task::table
            .filter(task::jurisdiction_id.eq($town.0).and(task::crew_id.eq($crew_id)))
            .filter(task::state.eq_any(LIVE))
    };
}

/// A day that somebody had put in order.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = round)]
pub struct Round {
    /// Who asked for it last.
    pub planned_by: Uuid,
    start: Option<Point>,
}

impl Round {
    /// Where the way begins, as that person said.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn start(&self) -> Result<Option<LonLat>, Problem> {
        let start = self.start.as_ref().map(from_point).transpose();
        start.map_err(Problem::internal)
    }
}

/// Holds that nobody puts a day of this crew in order until the transaction ends: what is asked of its days stays true.
///
/// # Errors
/// When the database refuses.
pub async fn hold_days(tx: &mut Tx, crew_id: Uuid) -> Result<(), Problem> {
    let key = days_key(tx, crew_id);
    diesel::select(pg_advisory_xact_lock_shared(key))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Holds that nobody gives this crew a task, plans one of its tasks for another day or puts a day of it in order until the
/// transaction ends. First the tasks' rows: who changes one may be waiting for the days, and must not be waited for by who
/// has them.
///
/// # Errors
/// When the database refuses.
pub async fn hold_days_alone(tx: &mut Tx, crew_id: Uuid) -> Result<(), Problem> {
    let tasks = live_of!(tx.town(), crew_id).order(task::id).select(task::id);
    tasks.for_no_key_update().load::<Uuid>(&mut **tx).await?;
    let key = days_key(tx, crew_id);
    diesel::select(pg_advisory_xact_lock(key)).execute(&mut **tx).await?;
    Ok(())
}

fn days_key(tx: &Tx, crew_id: Uuid) -> hashtextextended<String, i64> {
    hashtextextended(format!("days {} {crew_id}", tx.town().0), 0)
}

/// The day in order to which a task of this crew belongs: that for which it is planned; what is left over from before today
/// or has no day belongs to the first one from today on.
///
/// # Errors
/// When the database refuses.
pub async fn ordered_day(
    tx: &mut Tx,
    crew_id: Uuid,
    planned_on: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Option<NaiveDate>, Problem> {
    let town = tx.town();
    let ahead = planned_on.filter(|day| *day >= today);
    Ok(round::table
        .filter(round::jurisdiction_id.eq(town.0).and(round::crew_id.eq(crew_id)))
        .filter(round::day.between(ahead.unwrap_or(today), ahead.unwrap_or(NaiveDate::MAX)))
        .select(min(round::day))
        .first(&mut **tx)
        .await?)
}

/// A day that somebody had put in order.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut Tx, crew_id: Uuid, day: NaiveDate) -> Result<Option<Round>, Problem> {
    let town = tx.town();
    let found = round::table.find((town.0, crew_id, day)).select(Round::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// Notes that a day is being put in order.
///
/// # Errors
/// When the database refuses.
pub async fn keep(
    tx: &mut Tx,
    (crew_id, day): (Uuid, NaiveDate),
    planned_by: Uuid,
    start: Option<LonLat>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = tx.town();
    let planned = (
        round::planned_at.eq(now),
        round::planned_by.eq(planned_by),
        round::start.eq(start.map(to_point)),
    );
    diesel::insert_into(round::table)
        .values((
            round::jurisdiction_id.eq(town.0),
            round::crew_id.eq(crew_id),
            round::day.eq(day),
            planned,
        ))
        .on_conflict((round::jurisdiction_id, round::crew_id, round::day))
        .do_update()
        .set(planned)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that the machine planned it anew.
///
/// # Errors
/// When the database refuses.
pub async fn touch(tx: &mut Tx, crew_id: Uuid, day: NaiveDate, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(round::table.find((town.0, crew_id, day)))
        .set(round::planned_at.eq(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A crew's open tasks of a day with their alerts, in the order in which they stand now, `most` of them. With `loose` also
/// those that are left over from before today, and those without a day.
///
/// # Errors
/// When the database refuses.
pub async fn of_day(
    tx: &mut Tx,
    crew_id: Uuid,
    day: NaiveDate,
    loose: Option<NaiveDate>,
    most: i64,
) -> Result<Vec<(Task, Alert)>, Problem> {
    let of_task = alert::jurisdiction_id
        .eq(task::jurisdiction_id)
        .and(alert::id.eq(task::alert_id));
    // Before no day lies none.
    let left_over = task::planned_on.lt(loose).assume_not_null();
    let dayless = task::planned_on.is_null().and(loose.is_some().into_sql::<Bool>());
    let planned = task::planned_on.eq(day).assume_not_null();
    let found = live_of!(tx.town(), crew_id)
        .inner_join(alert::table.on(of_task))
        .filter(planned.or(left_over).or(dayless))
        .order((
            task::rank,
            task::planned_on.asc().nulls_last(),
            alert::priority.desc(),
            alert::due_at,
            task::id,
        ))
        .limit(most)
        .select((Task::as_select(), Alert::as_select()));
    Ok(found.load(&mut **tx).await?)
}

/// Gives tasks their places.
///
/// # Errors
/// When the database refuses.
pub async fn set_ranks(tx: &mut Tx, ids: &[Uuid], ranks: &[i32]) -> Result<(), Problem> {
    // An update from two lists side by side is beyond the query builder.
    diesel::sql_query(
        "UPDATE task SET rank = placed.rank FROM unnest($2, $3) AS placed (id, rank) \
         WHERE task.jurisdiction_id = $1 AND task.id = placed.id",
    )
    .bind::<Integer, _>(tx.town().0)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(ranks)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The place after all tasks that a crew has.
///
/// # Errors
/// When the database refuses.
pub async fn last_rank(tx: &mut Tx, crew_id: Uuid) -> Result<i32, Problem> {
    let last: Option<i32> = live_of!(tx.town(), crew_id)
        .select(max(task::rank))
        .first(&mut **tx)
        .await?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Where a crew ended its latest task since an instant: the place of the work, since nobody follows where a crew is.
///
/// # Errors
/// When the database refuses.
pub async fn last_ended(tx: &mut Tx, crew_id: Uuid, since: DateTime<Utc>) -> Result<Option<LonLat>, Problem> {
    let town = tx.town();
    let of_task = alert::jurisdiction_id
        .eq(task::jurisdiction_id)
        .and(alert::id.eq(task::alert_id));
    let place: Option<Point> = task::table
        .inner_join(alert::table.on(of_task))
        .filter(task::jurisdiction_id.eq(town.0).and(task::crew_id.eq(crew_id)))
        .filter(task::state.eq(TaskState::Ended.as_str()).and(task::ended_at.ge(since)))
        .order(task::ended_at.desc())
        .select(alert::anchor)
        .first(&mut **tx)
        .await
        .optional()?;
    place.as_ref().map(from_point).transpose().map_err(Problem::internal)
}

/// Crews with days in order that are over.
///
/// # Errors
/// When the database refuses.
pub async fn crews_of_ended(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Uuid>, Problem> {
    let ended = round::table.filter(round::jurisdiction_id.eq(tx.town().0).and(round::day.lt(today)));
    let crews = ended.select(round::crew_id).distinct().order(round::crew_id);
    Ok(crews.load(&mut **tx).await?)
}

/// Forgets a crew's days that are over: what they were stands in the audit trail.
///
/// # Errors
/// When the database refuses.
pub async fn forget_ended(tx: &mut Tx, crew_id: Uuid, today: NaiveDate) -> Result<(), Problem> {
    let of_crew = round::jurisdiction_id.eq(tx.town().0).and(round::crew_id.eq(crew_id));
    diesel::delete(round::table.filter(of_crew).filter(round::day.lt(today)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The tasks that are left over from before today or have no day, and have a place all the same.
///
/// # Errors
/// When the database refuses.
pub async fn loose_with_place(tx: &mut Tx, crew_id: Uuid, today: NaiveDate) -> Result<Vec<Uuid>, Problem> {
    let left_over = task::planned_on.lt(today).assume_not_null();
    let found = live_of!(tx.town(), crew_id)
        .filter(left_over.or(task::planned_on.is_null()))
        .filter(task::rank.ne(0))
        .select(task::id);
    Ok(found.load(&mut **tx).await?)
}
