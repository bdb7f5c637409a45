//! One row for each recipient, in the caller's transaction.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::sql_types::{Integer, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::template::Template;
use crate::catalog::model::{Body, Service};
use crate::db::TownId;
use crate::http::problem::Problem;
use crate::jobs::enqueue;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a service is told of.
    ServiceNotice {
        /// An alert is new to it.
        NewAlert = "new_alert",
        /// A danger was seen.
        RaisedSeverity = "raised_severity",
        /// Somebody reminds it.
        Reminder = "reminder",
        /// The front desk took an alert back.
        TakenBack = "alert_taken_back",
        /// A deadline passed.
        Deadline = "deadline",
    }
}

/// Tells every follower of an alert what happened.
///
/// # Errors
/// When the database refuses.
pub async fn followers(
    conn: &AsyncPgConnection,
    town: TownId,
    alert_id: Uuid,
    event_id: Uuid,
    template: Template,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::sql_query(
        "INSERT INTO notification (jurisdiction_id, id, recipient, follower_id, alert_id, event_id, template, channel, \
         locale, detail, next_at, created_at) \
         SELECT $1, gen_random_uuid(), 'follower', id, alert_id, $3, $4, channel, locale, $5, $6, $6 FROM follower \
         WHERE jurisdiction_id = $1 AND alert_id = $2 AND ended_at IS NULL AND channel <> 'app' ON CONFLICT DO NOTHING",
    )
    .bind::<Integer, _>(town.0)
    .bind::<SqlUuid, _>(alert_id)
    .bind::<SqlUuid, _>(event_id)
    .bind::<Text, _>(template.as_str())
    .bind::<Jsonb, _>(detail)
    .bind::<Timestamptz, _>(now)
    .execute(&mut &*conn)
    .await?;
    enqueue(conn, town, "deliver", json!({"event_id": event_id}), now).await
}

/// Tells a service, by its own policy.
///
/// # Errors
/// When the database refuses.
#[expect(clippy::too_many_arguments, reason = "each is a fact of the notice")]
pub async fn service(
    conn: &AsyncPgConnection,
    town: TownId,
    service: &Service,
    _time_zone: Tz,
    alert_id: Uuid,
    event_id: Uuid,
    notice: ServiceNotice,
    _urgent: bool,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::sql_query(
        "INSERT INTO notification (jurisdiction_id, id, recipient, service_id, alert_id, event_id, template, channel, \
         locale, next_at, created_at) VALUES ($1, gen_random_uuid(), 'service', $2, $3, $4, $5, 'email', 'fr', $6, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Integer, _>(town.0)
    .bind::<SqlUuid, _>(service.id)
    .bind::<SqlUuid, _>(alert_id)
    .bind::<SqlUuid, _>(event_id)
    .bind::<Text, _>(notice.as_str())
    .bind::<Timestamptz, _>(now)
    .execute(&mut &*conn)
    .await?;
    enqueue(conn, town, "deliver", json!({"event_id": event_id}), now).await
}

/// Sends an outside body its hand-over sheet.
///
/// # Errors
/// When the database refuses.
pub async fn body(
    conn: &AsyncPgConnection,
    town: TownId,
    body: &Body,
    alert_id: Uuid,
    event_id: Uuid,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::sql_query(
        "INSERT INTO notification (jurisdiction_id, id, recipient, body_id, alert_id, event_id, template, channel, \
         locale, detail, next_at, created_at) \
         VALUES ($1, gen_random_uuid(), 'body', $2, $3, $4, 'hand_over', 'email', 'fr', $5, $6, $6) ON CONFLICT DO NOTHING",
    )
    .bind::<Integer, _>(town.0)
    .bind::<SqlUuid, _>(body.id)
    .bind::<SqlUuid, _>(alert_id)
    .bind::<SqlUuid, _>(event_id)
    .bind::<Jsonb, _>(detail)
    .bind::<Timestamptz, _>(now)
    .execute(&mut &*conn)
    .await?;
    enqueue(conn, town, "deliver", json!({"event_id": event_id}), now).await
}
