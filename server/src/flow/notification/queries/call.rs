//! SQL of urgent calls: who of a service's on-call chain took one, and which would come too close on each other.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Uuid as SqlUuid};
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

/// The latest call that begins a service's on-call chain for another event, if it is of after `since`: which, and for when.
///
/// # Errors
/// When the database refuses.
pub async fn latest(
    conn: &AsyncPgConnection,
    town: TownId,
    service_id: Uuid,
    event_id: Uuid,
    since: DateTime<Utc>,
) -> Result<Option<(Uuid, DateTime<Utc>)>, Problem> {
    let found = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::created_at.gt(since)),
        )
        .filter(notification::recipient.eq(Recipient::OnCall.as_str()))
        .filter(
            notification::service_id
                .eq(service_id)
                .and(notification::chain_index.eq(0)),
        )
        .filter(notification::event_id.ne(event_id))
        .filter(notification::state.ne(State::Cancelled.as_str()))
        .order(notification::created_at.desc())
        .select((notification::id, notification::created_at))
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Counts one more alert into a call that waits; `false` when it leaves just now.
///
/// # Errors
/// When the database refuses.
pub async fn add_to(conn: &AsyncPgConnection, town: TownId, call: Uuid) -> Result<bool, Problem> {
    let more = "UPDATE notification SET detail = jsonb_set(detail, '{more}', to_jsonb(coalesce((detail->>'more')::int, 0) + 1)) \
        WHERE jurisdiction_id = $1 AND id = $2 AND state = 'due' AND leased_until IS NULL";
    let added = diesel::sql_query(more)
        .bind::<Integer, _>(town.0)
        .bind::<SqlUuid, _>(call)
        .execute(&mut &*conn)
        .await?;
    Ok(added > 0)
}
