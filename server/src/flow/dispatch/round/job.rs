//! Something urgent came: the day of the crew that has it is planned anew, if somebody had put it in order.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::plan::{is_urgent, order_day};
use super::queries;
use crate::app::App;
use crate::audit::{self, Actor, Entry};
use crate::catalog::calendar::local_date;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::queries::live_task;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job, enqueue};

/// Plans a crew's day anew: payload `{"crew_id", "day"}`.
const REPLAN_ROUND: &str = "replan_round";
/// A crew that ended its latest task longer ago than this begins where its round begins.
const STILL_THERE: TimeDelta = TimeDelta::hours(6);

/// What the worker does for rounds.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 1] {
    [(REPLAN_ROUND, |app, job, now| Box::pin(replan(app, job, now)))]
}

/// Where a task that a crew is just being given stands in its day: at the end of one that was put in order, else where its
/// priority puts it.
///
/// # Errors
/// When the database refuses.
pub async fn rank_of_new(tx: &mut Tx, crew_id: Uuid, day: NaiveDate) -> Result<i32, Problem> {
    if queries::is_planned(tx, crew_id, day).await? {
        queries::last_rank(tx, crew_id).await
    } else {
        Ok(0)
    }
}

/// The task of an alert was planned for another day: it stands there as one that the crew is just being given.
///
/// # Errors
/// When the database refuses.
pub async fn came_to_its_day(tx: &mut Tx, town: &Town, alert: &Alert, now: DateTime<Utc>) -> Result<(), Problem> {
    let Some(task) = live_task(tx, alert.id).await? else {
        return Ok(());
    };
    let rank = rank_of_new(tx, task.crew_id, day_of(town, task.planned_on, now)).await?;
    queries::set_ranks(tx, &[task.id], &[rank]).await?;
    call_if_urgent(tx, town, alert, now).await
}

/// Leaves the job if the alert is urgent and a crew has it in a day that was put in order.
///
/// # Errors
/// When the database refuses.
pub async fn call_if_urgent(tx: &mut Tx, town: &Town, alert: &Alert, now: DateTime<Utc>) -> Result<(), Problem> {
    if !is_urgent(alert) {
        return Ok(());
    }
    let Some(task) = live_task(tx, alert.id).await? else {
        return Ok(());
    };
    let day = day_of(town, task.planned_on, now);
    if queries::is_planned(tx, task.crew_id, day).await? {
        let payload = json!({"crew_id": task.crew_id, "day": day});
        enqueue(tx, town.id, REPLAN_ROUND, payload, now).await?;
    }
    Ok(())
}

/// The day in which a crew meets a task: what is left over or has no day is today's.
#[must_use]
pub fn day_of(town: &Town, planned_on: Option<NaiveDate>, now: DateTime<Utc>) -> NaiveDate {
    let today = local_date(town.time_zone, now).unwrap_or_default();
    planned_on.map_or(today, |day| day.max(today))
}

/// Works in the database only. Harmless to repeat.
async fn replan(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let (crew_id, day): (Uuid, NaiveDate) = (job.arg("crew_id")?, job.arg("day")?);
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let Some(town) = catalogue.town(job.town()) else {
        return Ok(Outcome::Done);
    };
    let today = local_date(town.time_zone, now).unwrap_or_default();
    // A day that is over stays as it was: what is left of it is today's.
    let day = day.max(today);
    let mut tx = app.db.begin(job.town()).await?;
    let Some(round) = queries::lock(&mut tx, crew_id, day).await? else {
        return Ok(Outcome::Done);
    };
    let here = if day == today {
        queries::last_ended(&mut tx, crew_id, now - STILL_THERE).await?
    } else {
        None
    };
    let start = match here {
        Some(here) => Some(here),
        None => round.start()?,
    };
    let ordered = order_day(&mut tx, town, (crew_id, day), start, now).await?;
    queries::touch(&mut tx, crew_id, day, now).await?;
    let entry = Entry {
        actor: &Actor::System,
        action: REPLAN_ROUND,
        entity: "crew",
        entity_id: Some(crew_id),
        detail: ordered.detail(day),
        request_id: None,
    };
    audit::record(&tx, town.id, &entry, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(Outcome::Done)
}
