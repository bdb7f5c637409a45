//! Composition of the worker: which handler runs which kind of job, collected from the stages.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flow;
use crate::flow::photo::jobs::PROCESS_PHOTO;
use crate::flow::photo::tus::FINISH_UPLOAD;
use crate::http::problem::Problem;
use crate::jobs::{Handler, Handlers};
use crate::projection;

/// Every handler.
#[must_use]
pub fn handlers() -> Handlers<App> {
    let stages: [Vec<(&'static str, Handler<App>)>; 10] = [
        flow::report::later::handlers(),
        flow::report::forget::handlers().into(),
        flow::photo::jobs::handlers().into(),
        flow::photo::tus::receive::handlers().into(),
        flow::alert::reexamine::handlers().into(),
        flow::dispatch::field::job::handlers().into(),
        flow::dispatch::round::job::handlers().into(),
        flow::status::jobs::handlers(),
        flow::notification::jobs::handlers(),
        projection::handlers().into(),
    ];
    // Decoding takes a second of a core each, and a festival sends hundreds of photos in an hour.
    Handlers::new(stages.into_iter().flatten()).heavy([PROCESS_PHOTO, FINISH_UPLOAD])
}

/// Leaves each town's returning jobs where they are missing; called when a worker starts.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_recurring(app: &App, now: DateTime<Utc>) -> Result<(), Problem> {
    for town in app.catalogue.fresh(&app.db).await?.towns() {
        let tx = app.db.begin(town.id).await?;
        flow::report::forget::ensure_recurring(&tx, town.id, now).await?;
        flow::photo::jobs::ensure_recurring(&tx, town.id, now).await?;
        flow::dispatch::round::job::ensure_recurring(&tx, town.id, now).await?;
        flow::status::jobs::ensure_recurring(&tx, town.id, now).await?;
        tx.commit().await?;
    }
    Ok(())
}
