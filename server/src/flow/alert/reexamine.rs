//! Late facts: a photo that was decoded after its report was placed, a category that was corrected. What they make likely is
//! shown to a person as a suggested pair; nothing is moved behind the back of people who were told otherwise.

use chrono::{DateTime, Utc};
use geo_dedup::{CandidateState, Context, Scored, Timestamp, decide};
use serde_json::json;
use uuid::Uuid;

use super::model::Alert;
use super::queries::candidates::{around, hashes_of, members_of, observation};
use super::queries::find;
use super::queries::operation::kept_apart;
use super::queries::place::{reasons, suggest};
use crate::app::App;
use crate::audit;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::report::later::REEXAMINE_ALERT;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome as Done;
use crate::jobs::{Handler, Job};

/// Most reports of an alert that are compared again, latest first: an alert with more has been found by everybody.
const MOST_REPORTS: usize = 10;

/// Kinds of jobs and who runs them.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 1] {
    [(REEXAMINE_ALERT, |app, job, now| Box::pin(reexamine(app, job, now)))]
}

/// Harmless to repeat.
async fn reexamine(app: App, job: Job, now: DateTime<Utc>) -> Result<Done, Problem> {
    let id: Uuid = job.arg("alert_id")?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let Some(town) = catalogue.town(job.town()) else {
        return Ok(Done::Done);
    };
    let mut tx = app.db.begin(job.town()).await?;
    let alert = find(&mut tx, id).await?;
    if !alert.open {
        return Ok(Done::Done);
    }
    let mut suggested = 0;
    for likely in compared(&tx, town, &alert, now).await? {
        suggested += usize::from(keep(&tx, town, &alert, &likely, now).await?);
    }
    if suggested > 0 {
        audit::changed(&tx, town.id, &[("alert", alert.id)], now).await?;
        let entry = audit::Entry {
            actor: &audit::Actor::System,
            action: REEXAMINE_ALERT,
            entity: "alert",
            entity_id: Some(alert.id),
            detail: json!({"suggested": suggested}),
            request_id: None,
        };
        audit::record(&tx, town.id, &entry, now).await?;
    }
    tx.commit().await?;
    Ok(Done::Done)
}

/// What geo-dedup says now of each of the alert's reports, as of the alert's present category, against all other alerts.
async fn compared(tx: &Tx, town: &Town, alert: &Alert, now: DateTime<Utc>) -> Result<Vec<Scored>, Problem> {
    let Some(category) = town.category_by_id(alert.category_id) else {
        return Err(Problem::internal("the alert's category is not in the catalogue"));
    };
    let rows = members_of(tx, town.id, &[alert.id]).await?;
    let mut hashes = hashes_of(tx, town.id, &rows).await?;
    let mut found = Vec::new();
    for row in rows.iter().take(MOST_REPORTS) {
        let mut seen = observation(town, row)?;
        seen.category = town.dedup_number(alert.category_id);
        seen.photo_hashes = hashes.remove(&row.id()).unwrap_or_default();
        // Present even without a photo of its own: then only what the category changes is seen.
        let delay_key = (category.id, alert.sector_id.unwrap_or_default());
        let mut around = around(tx, town, &seen, &category.policy, &[], delay_key, now).await?;
        around
            .candidates
            .retain(|candidate| candidate.id.0 != alert.id.as_u128() && candidate.state == CandidateState::Open);
        let context = Context {
            at_exact_point: around.at_exact_point,
            past_here: Some(around.past.0),
            past_around: Some(around.past.1),
            ..Context::at(Timestamp(now.timestamp_millis()))
        };
        let outcome = decide(&seen, &around.candidates, &context, &category.policy);
        let likely = |scored: &Scored| scored.posterior >= category.policy.suggest_threshold();
        found.extend(outcome.scored.into_iter().filter(likely));
    }
    Ok(found)
}

/// Keeps a pair for a person's look, unless a person has said that it is not the same.
async fn keep(tx: &Tx, town: &Town, alert: &Alert, likely: &Scored, now: DateTime<Utc>) -> Result<bool, Problem> {
    let other = Uuid::from_u128(likely.alert.0);
    if kept_apart(tx, town.id, (alert.id, other)).await? {
        return Ok(false);
    }
    let reasons = reasons(std::slice::from_ref(likely));
    suggest(tx, (alert, other), likely.posterior, reasons, now).await
}
