//! SQL of the dispatch stage.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::{Answer, HandOver, Task, TaskState};
use crate::db::Tx;
use crate::db::schema::{hand_over, task};
use crate::flow::status::vocabulary::Step;
use crate::http::problem::{Kind, Problem};

/// States of a task that a crew still has.
const LIVE: [&str; 2] = [TaskState::Open.as_str(), TaskState::Accepted.as_str()];
/// States of a hand-over that still stands.
const STANDING: [&str; 2] = ["sent", Answer::Accepted.as_str()];

/// A task on its way to the database.
#[derive(Debug, Insertable)]
#[diesel(table_name = task, treat_none_as_default_value = false)]
pub struct NewTask<'a> {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Alert.
    pub alert_id: Uuid,
    /// Crew.
    pub crew_id: Uuid,
    /// Day.
    pub planned_on: Option<NaiveDate>,
    /// Part of the day.
    pub shift: Option<&'a str>,
    /// Order in the crew's day.
    pub rank: i32,
    /// From whoever dispatches.
    pub instructions: Option<&'a str>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Option<Uuid>,
}

/// What of a task can be planned anew; `None` keeps what is there.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = task)]
pub struct Plan<'a> {
    /// Day.
    pub planned_on: Option<NaiveDate>,
    /// Part of the day.
    pub shift: Option<&'a str>,
    /// Order in the crew's day.
    pub rank: Option<i32>,
    /// Whether a re-planned round leaves it in its place.
    pub locked: Option<bool>,
    /// From whoever dispatched it.
    pub instructions: Option<&'a str>,
}

impl Plan<'_> {
    /// Whether it changes anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.planned_on.is_none()
            && self.shift.is_none()
            && self.rank.is_none()
            && self.locked.is_none()
            && self.instructions.is_none()
    }
}

/// Adds a task.
///
/// # Errors
/// When the database refuses.
pub async fn add_task(tx: &mut Tx, new: &NewTask<'_>) -> Result<(), Problem> {
    diesel::insert_into(task::table).values(new).execute(&mut **tx).await?;
    Ok(())
}

/// Reads a task.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn find_task(tx: &mut Tx, id: Uuid) -> Result<Task, Problem> {
    let town = tx.town();
    let found = task::table.find((town.0, id)).select(Task::as_select());
    let found = found.first(&mut **tx).await.optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// The task of an alert that a crew still has.
///
/// # Errors
/// When the database refuses.
pub async fn live_task(tx: &mut Tx, alert_id: Uuid) -> Result<Option<Task>, Problem> {
    let town = tx.town();
    let found = task::table
        .filter(task::jurisdiction_id.eq(town.0).and(task::alert_id.eq(alert_id)))
        .filter(task::state.eq_any(LIVE))
        .select(Task::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// Plans a task anew.
///
/// # Errors
/// When the database refuses.
pub async fn plan(tx: &mut Tx, id: Uuid, plan: &Plan<'_>) -> Result<(), Problem> {
    let town = tx.town();
    if !plan.is_empty() {
        diesel::update(task::table.find((town.0, id)))
            .set(plan)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// A crew says yes.
///
/// # Errors
/// When the database refuses.
pub async fn accept(tx: &mut Tx, id: Uuid) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(task::table.find((town.0, id)))
        .set(task::state.eq(TaskState::Accepted.as_str()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What a step of an alert means for its task and its hand-over.
///
/// # Errors
/// When the database refuses.
pub async fn after_step(tx: &mut Tx, alert_id: Uuid, step: Step, now: DateTime<Utc>) -> Result<(), Problem> {
    match step {
        Step::Finish | Step::NotFound | Step::NotOurs => end_task(tx, alert_id, TaskState::Ended, now).await,
        Step::Resume | Step::Reject | Step::Transfer => end_task(tx, alert_id, TaskState::Withdrawn, now).await,
        Step::TakeBack => {
            end_task(tx, alert_id, TaskState::Withdrawn, now).await?;
            end_hand_over(tx, alert_id).await
        }
        _ => Ok(()),
    }
}

/// Ends the task that a crew still has, if there is one.
///
/// # Errors
/// When the database refuses.
pub async fn end_task(tx: &mut Tx, alert_id: Uuid, state: TaskState, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    let live = task::table
        .filter(task::jurisdiction_id.eq(town.0).and(task::alert_id.eq(alert_id)))
        .filter(task::state.eq_any(LIVE));
    let ended: Vec<Uuid> = diesel::update(live)
        .set((task::state.eq(state.as_str()), task::ended_at.eq(now)))
        .returning(task::id)
        .get_results(&mut **tx)
        .await?;
    // One at most: an alert has one live task.
    for id in ended {
        crate::audit::changed(tx, town, &[("task", id)], now).await?;
    }
    Ok(())
}

/// Gives a crew the task of an alert back that was withdrawn.
///
/// # Errors
/// When the database refuses.
pub async fn give_back(tx: &mut Tx, id: Uuid, state: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(task::table.find((town.0, id)))
        .set((task::state.eq(state), task::ended_at.eq(None::<DateTime<Utc>>)))
        .execute(&mut **tx)
        .await?;
    crate::audit::changed(tx, town, &[("task", id)], now).await
}

async fn end_hand_over(tx: &mut Tx, alert_id: Uuid) -> Result<(), Problem> {
    let town = tx.town();
    let standing = hand_over::table
        .filter(
            hand_over::jurisdiction_id
                .eq(town.0)
                .and(hand_over::alert_id.eq(alert_id)),
        )
        .filter(hand_over::state.eq_any(STANDING));
    diesel::update(standing)
        .set(hand_over::state.eq("taken_back"))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that an alert was handed over; returns the hand-over's id.
///
/// # Errors
/// When the database refuses.
pub async fn add_hand_over(
    tx: &mut Tx,
    alert_id: Uuid,
    body_id: Uuid,
    sent_by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let id = Uuid::now_v7();
    let town = tx.town();
    diesel::insert_into(hand_over::table)
        .values((
            hand_over::jurisdiction_id.eq(town.0),
            hand_over::id.eq(id),
            hand_over::alert_id.eq(alert_id),
            hand_over::body_id.eq(body_id),
            hand_over::sent_at.eq(now),
            hand_over::sent_by.eq(sent_by),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(id)
}

/// The hand-over of an alert that still stands.
///
/// # Errors
/// When the database refuses.
pub async fn standing_hand_over(tx: &mut Tx, alert_id: Uuid) -> Result<Option<HandOver>, Problem> {
    let town = tx.town();
    let found = hand_over::table
        .filter(
            hand_over::jurisdiction_id
                .eq(town.0)
                .and(hand_over::alert_id.eq(alert_id)),
        )
        .filter(hand_over::state.eq_any(STANDING))
        .order(hand_over::sent_at.desc())
        .select(HandOver::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// Writes down what a body answered.
///
/// # Errors
/// When the database refuses.
pub async fn answer_hand_over(
    tx: &mut Tx,
    id: Uuid,
    answer: Answer,
    reference: Option<&str>,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(hand_over::table.find((town.0, id)))
        .set((
            hand_over::state.eq(answer.as_str()),
            hand_over::reference.eq(reference),
            hand_over::note.eq(note),
            hand_over::answered_at.eq(now),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
