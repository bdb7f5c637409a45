//! What happens to a day in order by itself: something urgent has it planned anew; when it is over, what is left of it goes
//! into the next one.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use uuid::Uuid;

use super::plan::order_day;
use super::queries;
use crate::app::App;
use crate::audit::{self, Actor, Entry};
use crate::catalog::model::Town;
use crate::db::{TownId, Tx};
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::queries::live_task;
use crate::http::problem::{Kind, Problem};
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job, enqueue, queue};

/// Plans a crew's day anew: payload `{"crew_id", "day"}`.
const REPLAN_ROUND: &str = "replan_round";
/// Brings what is left of days that are over into the next ones; comes back by itself.
const END_ROUNDS: &str = "end_rounds";
/// How often it looks.
const EVERY: TimeDelta = TimeDelta::minutes(15);
/// A crew that ended its latest task longer ago than this begins where its round begins.
const STILL_THERE: TimeDelta = TimeDelta::hours(6);

/// What the worker does for rounds.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 2] {
    [
        (REPLAN_ROUND, |app, job, now| Box::pin(replan(app, job, now))),
        (END_ROUNDS, |app, job, now| Box::pin(end_rounds(app, job, now))),
    ]
}

/// Leaves a town's returning job where it is missing; called for every town when a worker starts.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_recurring(conn: &AsyncPgConnection, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    queue::ensure(conn, town, END_ROUNDS, now).await
}

/// Where a task that a crew is just being given stands: at the end of a day that was put in order, else where its priority
/// puts it. Nobody puts a day of the crew in order until the transaction ends.
///
/// # Errors
/// When the database refuses.
pub async fn rank_of_new(
    tx: &mut Tx,
    town: &Town,
    crew_id: Uuid,
    planned_on: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<i32, Problem> {
    queries::hold_days(tx, crew_id).await?;
    let today = town.day_at(now);
    match queries::ordered_day(tx, crew_id, planned_on, today).await? {
        Some(_) => queries::last_rank(tx, crew_id).await,
        None => Ok(0),
    }
}

/// The alert was urgent before, or is not: nothing. Otherwise leaves the job if a crew has it in a day that was put in order.
///
/// # Errors
/// When the database refuses.
pub async fn call_if_urgent(
    tx: &mut Tx,
    town: &Town,
    alert: &Alert,
    was_urgent: bool,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if was_urgent || !alert.is_urgent() {
        return Ok(());
    }
    let Some(task) = live_task(tx, alert.id).await? else {
        return Ok(());
    };
    queries::hold_days(tx, task.crew_id).await?;
    let today = town.day_at(now);
    if let Some(day) = queries::ordered_day(tx, task.crew_id, task.planned_on, today).await? {
        call(tx, (task.crew_id, day), now).await?;
    }
    Ok(())
}

async fn call(tx: &Tx, (crew_id, day): (Uuid, NaiveDate), now: DateTime<Utc>) -> Result<(), Problem> {
    let payload = json!({"crew_id": crew_id, "day": day});
    enqueue(tx, tx.town(), REPLAN_ROUND, payload, now).await
}

/// Works in the database only. Harmless to repeat.
async fn end_rounds(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let Some(town) = catalogue.town(job.town()) else {
        return Ok(Outcome::Done);
    };
    let today = town.day_at(now);
    let crews = queries::crews_of_ended(&mut app.db.begin(town.id).await?, today).await?;
    for crew_id in crews {
        let mut tx = app.db.begin(town.id).await?;
        queries::hold_days_alone(&mut tx, crew_id).await?;
        match queries::ordered_day(&mut tx, crew_id, None, today).await? {
            Some(day) => call(&tx, (crew_id, day), now).await?,
            None => give_up_places(&mut tx, crew_id, today, now).await?,
        }
        queries::forget_ended(&mut tx, crew_id, today).await?;
        tx.commit().await?;
    }
    app.wake.notify_one();
    Ok(Outcome::Again(now + EVERY))
}

/// A place in a day that is over says nothing among tasks that nobody has put in order.
async fn give_up_places(tx: &mut Tx, crew_id: Uuid, today: NaiveDate, now: DateTime<Utc>) -> Result<(), Problem> {
    let left = queries::loose_with_place(tx, crew_id, today).await?;
    if left.is_empty() {
        return Ok(());
    }
    queries::set_ranks(tx, &left, &vec![0; left.len()]).await?;
    audit::all_changed(tx, tx.town(), "task", &left, now).await
}

/// Works in the database only. Harmless to repeat.
async fn replan(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let (crew_id, day): (Uuid, NaiveDate) = (job.arg("crew_id")?, job.arg("day")?);
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let Some(town) = catalogue.town(job.town()) else {
        return Ok(Outcome::Done);
    };
    let today = town.day_at(now);
    // A day that is over stays as it was: what is left of it is today's.
    let day = day.max(today);
    let mut tx = app.db.begin(job.town()).await?;
    queries::hold_days_alone(&mut tx, crew_id).await?;
    let Some(round) = queries::find(&mut tx, crew_id, day).await? else {
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
    let ordered = match order_day(&mut tx, town, (crew_id, day), start, now).await {
        // It has grown beyond what is ordered at once, and stays as it is.
        Err(problem) if problem.kind == Kind::Conflict => return Ok(Outcome::Done),
        ordered => ordered?,
    };
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
