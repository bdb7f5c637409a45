//! What the public may read: `public_alert`, kept from the change log and from nothing else.
//!
//! A command notes what it changed and leaves a job; the job reads the log from where the last one ended, up to where every
//! transaction has ended, and writes the public row of each alert that it names. So no command needs to know what the
//! public sees, nothing is skipped when transactions end out of order, and the table can be made anew from the start.
//! Tables: `public_alert`, `projection_state`.

mod queries;

use chrono::{DateTime, TimeDelta, Utc};
use geo_dedup::cell::h3_15;

use crate::app::App;
use crate::audit::PROJECT_CHANGES;
use crate::catalog::model::Town;
use crate::db::change_log;
use crate::db::space::to_point;
use crate::flow::alert::model::Alert;
use crate::flow::report::buckets::ReportedBy;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job};
use queries::{PublicAlert, Released};

/// Before changes that were not yet to be read are looked at again.
const SOON: TimeDelta = TimeDelta::milliseconds(200);

/// Kinds of jobs and who runs them.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 1] {
    [(PROJECT_CHANGES, |app, job, now| Box::pin(project(app, job, now)))]
}

/// Harmless to repeat: what was projected before is projected again from the same rows.
async fn project(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    Ok(if advance(&app, job.town()).await? {
        Outcome::Again(now + SOON)
    } else {
        Outcome::Done
    })
}

/// Projects a town's next changes. Returns whether some are left, or could not be read yet because a transaction that began
/// before them is still open.
///
/// # Errors
/// When the database refuses.
pub async fn advance(app: &App, town: crate::db::TownId) -> Result<bool, Problem> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let Some(town) = catalogue.town(town) else {
        return Ok(false);
    };
    let tx = app.db.begin(town.id).await?;
    let since = queries::lock_state(&tx, town.id).await?;
    let changes = change_log::next(&tx, town.id, &since).await?;
    let Some(last) = changes.last() else {
        return change_log::is_behind(&tx, town.id, &since).await;
    };
    let end = last.place();
    let ids = change_log::alerts_of(&tx, town.id, &changes).await?;
    let alerts = queries::alerts(&tx, town.id, &ids).await?;
    let released = queries::released(&tx, town.id, &ids).await?;
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for alert in &alerts {
        match public(town, alert, &released)? {
            Some(row) => shown.push(row),
            None => hidden.push(alert.id),
        }
    }
    queries::show(&tx, &shown).await?;
    queries::hide(&tx, town.id, &hidden).await?;
    queries::set_state(&tx, town.id, &end).await?;
    let behind = change_log::is_behind(&tx, town.id, &end).await?;
    tx.commit().await?;
    Ok(behind)
}

/// The public row of an alert; `None` when the public knows nothing of it: of a sensitive category, or merged into another.
fn public(town: &Town, alert: &Alert, released: &[Released]) -> Result<Option<PublicAlert>, Problem> {
    if alert.merged_into.is_some() || town.is_sensitive(&[alert.category_id]) {
        return Ok(None);
    }
    let place = alert.public_place()?;
    let day = |at: DateTime<Utc>| town.day_at(at);
    let photos = released.iter().filter(|photo| photo.alert_id == alert.id);
    Ok(Some(PublicAlert {
        jurisdiction_id: alert.jurisdiction_id,
        alert_id: alert.id,
        category_id: alert.category_id,
        status: alert.status()?.public_status().as_str(),
        open: alert.open,
        point: to_point(place),
        h3_15: h3_15(&place).to_i64(),
        opened_on: day(alert.opened_at),
        closed_on: alert.closed_at.map(day),
        reported_by: u64::try_from(alert.report_count)
            .ok()
            .and_then(ReportedBy::of)
            .map(ReportedBy::as_str),
        photo_ids: photos.map(|photo| photo.id).collect(),
    }))
}
