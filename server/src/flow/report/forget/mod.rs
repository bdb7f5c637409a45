//! What is kept for a while only: the marks by which a device that sends again and a recipient who is told too often are
//! recognised, a day at most; and what an Idempotency-Key made, thirty days.

mod queries;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;

use crate::app::App;
use crate::db::TownId;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job, queue};

/// Its job, one of each town.
pub const FORGET_SENDERS: &str = "forget_senders";

/// How often it looks.
const EVERY: TimeDelta = TimeDelta::hours(1);
/// A day, less the time between two looks: so nothing is there for longer than the day that people were promised.
const MARKS_KEPT: TimeDelta = TimeDelta::hours(23);
/// A client that has heard nothing for so long does not send the same again.
const KEYS_KEPT: TimeDelta = TimeDelta::days(30);

/// Kinds of jobs and who runs them.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 1] {
    [(FORGET_SENDERS, |app, job, now| Box::pin(forget_for_ever(app, job, now)))]
}

/// Leaves a town's returning job where it is missing; called for every town when a worker starts.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_recurring(conn: &AsyncPgConnection, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    queue::ensure(conn, town, FORGET_SENDERS, now).await
}

async fn forget_for_ever(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    // Tried again at its next hour whatever went wrong: given up for good, it would break a promise to residents.
    if let Err(error) = forget(&app, job.town(), now).await {
        tracing::error!(town = job.town, %error, "marks of senders could not be removed");
    }
    Ok(Outcome::Again(now + EVERY))
}

/// A few at a time, each in a transaction of its own: whoever works on the same rows does not wait.
async fn forget(app: &App, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    loop {
        let tx = app.db.begin(town).await?;
        let senders = queries::forget_senders(&tx, town, now - MARKS_KEPT).await?;
        let recipients = queries::forget_recipients(&tx, town, now - MARKS_KEPT).await?;
        let keys = queries::forget_keys(&tx, town, now - KEYS_KEPT).await?;
        tx.commit().await?;
        if senders + recipients + keys == 0 {
            return Ok(());
        }
    }
}
