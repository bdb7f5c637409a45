//! What shows of an action only later.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::Reason;
use super::queries;
use crate::app::App;
use crate::flow::photo::tus::PHOTOS_MISSED;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job};

/// What the worker does for actions of crews.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 1] {
    [(PHOTOS_MISSED, |app, job, now| Box::pin(flag(app, job, now)))]
}

/// Puts the actions before a person. Harmless to repeat.
async fn flag(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let actions: Vec<Uuid> = job.arg("field_action_ids")?;
    let mut tx = app.db.begin(job.town()).await?;
    queries::flag(&mut tx, &actions, Reason::PhotoMissing, now).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
