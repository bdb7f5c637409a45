//! What follows a report a moment later, so that whoever reports waits for nothing but their own report: the words by which
//! staff will find its alert, and the notice to the service. The submit's transaction holds the promise: one job.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::queries;
use crate::app::App;
use crate::audit;
use crate::db::TownId;
use crate::flow::alert::queries::place;
use crate::flow::notification::fan_out::{self, OwedNotice};
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{self, Handler, Job};

/// Its job: payload [`Later`].
const REPORT_RECEIVED: &str = "report_received";
/// Looks at an alert again after a late fact; the alert stage's work.
pub const REEXAMINE_ALERT: &str = "reexamine_alert";

/// What a job is to do for a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Later {
    /// Which.
    pub report: Uuid,
    /// What its service hears, if anything.
    pub notice: Option<OwedNotice>,
}

/// Kinds of jobs and who runs them.
#[must_use]
pub fn handlers() -> Vec<(&'static str, Handler<App>)> {
    vec![(REPORT_RECEIVED, |app, job, now| Box::pin(follow_up(app, job, now)))]
}

/// Has an alert compared with its neighbours again, because something was learned that its placing did not know.
///
/// # Errors
/// When the database refuses.
pub async fn reexamine(conn: &AsyncPgConnection, town: TownId, alert: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    jobs::enqueue(conn, town, REEXAMINE_ALERT, json!({"alert_id": alert}), now).await
}

/// Leaves the job in the submit's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn leave(conn: &AsyncPgConnection, town: TownId, later: &Later, now: DateTime<Utc>) -> Result<(), Problem> {
    jobs::enqueue(conn, town, REPORT_RECEIVED, later, now).await
}

/// Harmless to repeat.
async fn follow_up(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let later: Later = serde_json::from_value(job.payload.clone()).map_err(Problem::internal)?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let tx = app.db.begin(job.town()).await?;
    if let Some(report) = queries::find(&tx, job.town(), later.report).await? {
        let said = [report.address.as_deref(), report.description.as_deref()];
        place::add_words(&tx, job.town(), report.alert_id, said).await?;
    }
    if let Some((notice, town)) = later.notice.as_ref().zip(catalogue.town(job.town())) {
        fan_out::service_owed(&tx, town, notice).await?;
    }
    audit::project_later(&tx, job.town(), now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(Outcome::Done)
}
