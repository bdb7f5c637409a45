//! SQL of urgent calls: who of a service's on-call chain took one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::notification;
use crate::flow::notification::model::{Notification, Recipient, State};
use crate::http::problem::Problem;

/// Whether somebody of a service's on-call chain took the event.
///
/// # Errors
/// When the database refuses.
pub async fn somebody_took(
    conn: &AsyncPgConnection,
    town: TownId,
    event_id: Uuid,
    service_id: Uuid,
) -> Result<bool, Problem> {
    let taken = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::event_id.eq(event_id)),
        )
        .filter(notification::service_id.eq(service_id))
        .filter(notification::recipient.eq(Recipient::OnCall.as_str()))
        .filter(notification::outcome.eq("acknowledged"));
    let taken = diesel::select(diesel::dsl::exists(taken))
        .get_result(&mut &*conn)
        .await?;
    Ok(taken)
}

/// Notes that somebody took an urgent call, and calls off what was still to be sent of its chain; `false` when it was taken
/// before.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &AsyncPgConnection,
    town: TownId,
    call: &Notification,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let service = call.service_id.unwrap_or_default();
    if somebody_took(conn, town, call.event_id, service).await? {
        return Ok(false);
    }
    let own = notification::table.filter(
        notification::jurisdiction_id
            .eq(town.0)
            .and(notification::id.eq(call.id)),
    );
    diesel::update(own)
        .set((
            notification::outcome.eq("acknowledged"),
            notification::state.eq(State::Sent.as_str()),
            notification::sent_at.eq(now),
        ))
        .execute(&mut &*conn)
        .await?;
    let others = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::event_id.eq(call.event_id)),
        )
        .filter(notification::service_id.eq(service))
        .filter(notification::recipient.eq(Recipient::OnCall.as_str()))
        .filter(notification::state.eq(State::Due.as_str()));
    diesel::update(others)
        .set(notification::state.eq(State::Cancelled.as_str()))
        .execute(&mut &*conn)
        .await?;
    Ok(true)
}
