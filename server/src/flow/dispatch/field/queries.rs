//! SQL of actions from the street.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::{Outcome, Reason, StoredAction};
use crate::db::Tx;
use crate::db::schema::{alert, alert_operation, field_action, report, staff_user, task};
use crate::flow::dispatch::model::Task;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::Role;
use crate::people::queries::staff::grants;

/// Most actions of one list.
const MOST: i64 = 500;

/// What became of an action, if it was ever here.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<StoredAction>, Problem> {
    let town = tx.town();
    let found = field_action::table.find((town.0, id)).select(StoredAction::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// The same, and nobody else decides on it until the transaction ends.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<StoredAction, Problem> {
    let town = tx.town();
    let found = field_action::table
        .find((town.0, id))
        .select(StoredAction::as_select())
        .for_update();
    let found = found.first(&mut **tx).await.optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Keeps an action with its receipt. Returns false when somebody else was quicker with the same id.
///
/// # Errors
/// When the database refuses.
pub async fn keep(tx: &mut Tx, action: &StoredAction) -> Result<bool, Problem> {
    let kept = diesel::insert_into(field_action::table)
        .values(action)
        .on_conflict_do_nothing()
        .execute(&mut **tx)
        .await?;
    Ok(kept == 1)
}

/// Writes down what a person decided.
///
/// # Errors
/// When the database refuses.
pub async fn decide(
    tx: &mut Tx,
    id: Uuid,
    (outcome, reason): (Outcome, Option<Reason>),
    (by, note): (Uuid, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(field_action::table.find((town.0, id)))
        .set((
            field_action::outcome.eq(outcome.as_str()),
            field_action::reason.eq(reason.map(Reason::as_str)),
            field_action::review.eq(false),
            field_action::decided_at.eq(now),
            field_action::decided_by.eq(by),
            field_action::decision_note.eq(note),
        ))
        .execute(&mut **tx)
        .await?;
    crate::audit::note_changed(tx, town, &[("field_action", id)], now).await
}

/// Writes down to which alert an action came.
///
/// # Errors
/// When the database refuses.
pub async fn lead_to(tx: &mut Tx, id: Uuid, alert_id: Uuid) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(field_action::table.find((town.0, id)))
        .set(field_action::alert_id.eq(alert_id))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The crews of a person who can still work here.
///
/// # Errors
/// When the database refuses.
pub async fn crews_of(tx: &mut Tx, agent: Uuid) -> Result<Vec<Uuid>, Problem> {
    let granted = grants(tx, Some(agent)).await?;
    let known: Option<Option<DateTime<Utc>>> = staff_user::table
        .find(agent)
        .select(staff_user::disabled_at)
        .first(&mut **tx)
        .await
        .optional()?;
    if !matches!(known, Some(None)) {
        return Ok(Vec::new());
    }
    let crews = granted.into_iter().filter(|row| row.grant.role == Role::Crew);
    Ok(crews.filter_map(|row| row.grant.crew_id).collect())
}

/// A task, if it is there.
///
/// # Errors
/// When the database refuses.
pub async fn task(tx: &mut Tx, id: Uuid) -> Result<Option<Task>, Problem> {
    let town = tx.town();
    let found = task::table.find((town.0, id)).select(Task::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// Whether reports left an alert by a split after an instant, and were not brought back.
///
/// # Errors
/// When the database refuses.
pub async fn was_split(tx: &mut Tx, alert_id: Uuid, since: DateTime<Utc>) -> Result<bool, Problem> {
    let town = tx.town();
    let splits: Vec<Uuid> = alert_operation::table
        .filter(alert_operation::jurisdiction_id.eq(town.0))
        .filter(alert_operation::alert_id.eq(alert_id))
        .filter(alert_operation::kind.eq("split").and(alert_operation::at.gt(since)))
        .select(alert_operation::id)
        .load(&mut **tx)
        .await?;
    if splits.is_empty() {
        return Ok(false);
    }
    let undone: Vec<Option<Uuid>> = alert_operation::table
        .filter(alert_operation::jurisdiction_id.eq(town.0))
        .filter(alert_operation::undoes.eq_any(&splits))
        .select(alert_operation::undoes)
        .load(&mut **tx)
        .await?;
    Ok(splits.iter().any(|split| !undone.contains(&Some(*split))))
}

/// Whether somebody saw it after an instant: a report of the alert says so.
///
/// # Errors
/// When the database refuses.
pub async fn seen_since(tx: &mut Tx, alert_id: Uuid, since: DateTime<Utc>) -> Result<bool, Problem> {
    let town = tx.town();
    let seen = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::alert_id.eq(alert_id)))
        .filter(report::observed_at.gt(since));
    Ok(diesel::select(diesel::dsl::exists(seen)).get_result(&mut **tx).await?)
}

/// A condition on alerts.
type Condition = Box<dyn BoxableExpression<alert::table, Pg, SqlType = Nullable<Bool>>>;

/// What a person should look at: what waits first, then what took effect; oldest first. `scope` is which alerts the person may
/// see, none: all of them. What is about no known task is everybody's.
///
/// # Errors
/// When the database refuses.
pub async fn open(tx: &mut Tx, scope: Option<Condition>) -> Result<Vec<StoredAction>, Problem> {
    let town = tx.town();
    let of_task = task::jurisdiction_id
        .eq(field_action::jurisdiction_id)
        .and(field_action::task_id.eq(task::id.nullable()));
    let mut found = field_action::table
        .left_join(task::table.on(of_task))
        .filter(field_action::jurisdiction_id.eq(town.0))
        .filter(
            field_action::outcome
                .eq(Outcome::Waiting.as_str())
                .or(field_action::review),
        )
        .order((field_action::review, field_action::received_at, field_action::id))
        .limit(MOST)
        .select(StoredAction::as_select())
        .into_boxed();
    if let Some(scope) = scope {
        let visible = alert::table
            .into_boxed()
            .filter(alert::jurisdiction_id.eq(town.0))
            .filter(scope);
        found = found.filter(
            task::alert_id
                .nullable()
                .is_null()
                .or(task::alert_id.nullable().eq_any(visible.select(alert::id.nullable()))),
        );
    }
    Ok(found.load(&mut **tx).await?)
}

/// A person should look at actions that took effect, for a reason that showed later; said again it changes nothing. What
/// somebody is to look at for another reason keeps that.
///
/// # Errors
/// When the database refuses.
pub async fn flag(tx: &mut Tx, ids: &[Uuid], reason: Reason, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    let flagged: Vec<Uuid> = diesel::update(field_action::table)
        .filter(
            field_action::jurisdiction_id
                .eq(town.0)
                .and(field_action::id.eq_any(ids)),
        )
        .filter(diesel::dsl::not(field_action::review))
        .filter(field_action::reason.is_distinct_from(reason.as_str()))
        // What waits is a person's already.
        .filter(field_action::outcome.eq_any([Outcome::Applied.as_str(), Outcome::Superseded.as_str()]))
        .set((field_action::review.eq(true), field_action::reason.eq(reason.as_str())))
        .returning(field_action::id)
        .get_results(&mut **tx)
        .await?;
    if flagged.is_empty() {
        return Ok(());
    }
    crate::audit::all_changed(tx, town, "field_action", &flagged, now).await
}
