//! SQL of rounds.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use geo_dedup::LonLat;
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{alert, round, task};
use crate::db::space::{from_point, to_point};
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::model::{Task, TaskState};
use crate::http::problem::Problem;

/// States of a task that a crew still has.
const LIVE: [&str; 2] = [TaskState::Open.as_str(), TaskState::Accepted.as_str()];

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

/// Whether a crew's day was put in order.
///
/// # Errors
/// When the database refuses.
pub async fn is_planned(tx: &mut Tx, crew_id: Uuid, day: NaiveDate) -> Result<bool, Problem> {
    let town = tx.town();
    let found = round::table.find((town.0, crew_id, day));
    Ok(diesel::select(exists(found)).get_result(&mut **tx).await?)
}

/// Reads a round for planning it anew: nobody else plans it meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn lock(tx: &mut Tx, crew_id: Uuid, day: NaiveDate) -> Result<Option<Round>, Problem> {
    let town = tx.town();
    let found = round::table.find((town.0, crew_id, day)).select(Round::as_select());
    Ok(found.for_update().first(&mut **tx).await.optional()?)
}

/// Notes that a day is being put in order: nobody else plans it meanwhile.
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

/// A crew's open tasks of a day with their alerts, in the order in which they stand now, held until the transaction ends.
/// With `loose` also those that are left over from before today, and those without a day.
///
/// # Errors
/// When the database refuses.
pub async fn of_day(
    tx: &mut Tx,
    crew_id: Uuid,
    day: NaiveDate,
    loose: Option<NaiveDate>,
) -> Result<Vec<(Task, Alert)>, Problem> {
    let town = tx.town();
    let mine = task::jurisdiction_id
        .eq(town.0)
        .and(task::crew_id.eq(crew_id))
        .and(task::state.eq_any(LIVE));
    let planned = task::planned_on.eq(day).assume_not_null();
    let of_day = match loose {
        Some(today) => {
            let left_over = task::planned_on.lt(today).assume_not_null();
            let ids = task::table
                .filter(mine)
                .filter(planned.or(left_over).or(task::planned_on.is_null()));
            ids.order(task::id)
                .select(task::id)
                .for_no_key_update()
                .load::<Uuid>(&mut **tx)
                .await?
        }
        None => {
            let ids = task::table.filter(mine).filter(planned);
            ids.order(task::id)
                .select(task::id)
                .for_no_key_update()
                .load::<Uuid>(&mut **tx)
                .await?
        }
    };
    let of_task = alert::jurisdiction_id
        .eq(task::jurisdiction_id)
        .and(alert::id.eq(task::alert_id));
    let found = task::table
        .inner_join(alert::table.on(of_task))
        .filter(task::jurisdiction_id.eq(town.0).and(task::id.eq_any(of_day)))
        .order((
            task::rank,
            task::planned_on.asc().nulls_last(),
            alert::priority.desc(),
            alert::due_at,
            task::id,
        ))
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
    let town = tx.town();
    let last: Option<i32> = task::table
        .filter(task::jurisdiction_id.eq(town.0).and(task::crew_id.eq(crew_id)))
        .filter(task::state.eq_any(LIVE))
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
