//! The on-call chain: one link after the other is called until somebody takes it.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::fan_out;
use super::queries;
use crate::app::App;
use crate::audit::{self, Actor, Entry};
use crate::db::TownId;
use crate::http::problem::{Kind, Problem};
use crate::jobs::Job;
use crate::jobs::worker::Outcome;

/// Job `on_call`: the time of one link is over. Calls the next unless somebody took it.
///
/// # Errors
/// When the database refuses.
pub async fn escalate(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let (alert, event): (Uuid, Uuid) = (job.arg("alert")?, job.arg("event")?);
    let (service, index): (Uuid, usize) = (job.arg("service")?, job.arg("index")?);
    let town = app.catalogue.town(&app.db, job.town()).await?;
    let Some(service) = town.services.get(&service) else {
        return Ok(Outcome::Done);
    };
    let tx = app.db.begin(job.town()).await?;
    if queries::call::somebody_took(&tx, job.town(), event, service.id).await? {
        return Ok(Outcome::Done);
    }
    fan_out::call_out(&tx, job.town(), service, alert, event, index, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(Outcome::Done)
}

/// Somebody on call takes it: nobody else is called. Harmless to repeat.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn take(
    app: &App,
    town: TownId,
    notification: Uuid,
    request_id: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let tx = app.db.begin(town).await?;
    let call = queries::find(&tx, town, notification).await?;
    let Some(service) = call.service_id else {
        return Err(Problem::new(Kind::NotFound));
    };
    if queries::call::take(&tx, town, &call, now).await? {
        let entry = Entry {
            actor: &Actor::Anonymous,
            action: "acknowledge_on_call",
            entity: "alert",
            entity_id: Some(call.alert_id),
            detail: json!({"service_id": service, "chain_index": call.chain_index}),
            request_id: Some(request_id),
        };
        audit::record(&tx, town, &entry, now).await?;
    }
    tx.commit().await
}
