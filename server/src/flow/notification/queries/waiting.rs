//! SQL of channels that are not there, or not the ones that were meant.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::notification;
use crate::flow::notification::model::{Channel, Recipient, State};
use crate::http::problem::Problem;

/// How many messages could not go yet: their channel is away, or there is none.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &AsyncPgConnection, town: TownId) -> Result<i64, Problem> {
    let held_up = notification::attempts.gt(0).or(notification::outcome.eq("no_relay"));
    let waiting = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::state.eq(State::Due.as_str())),
        )
        .filter(notification::channel.eq_any([Channel::Email.as_str(), Channel::Sms.as_str()]))
        .filter(held_up);
    let counted = waiting.count().get_result(&mut &*conn).await?;
    Ok(counted)
}

/// A notification goes by another channel than was meant.
///
/// # Errors
/// When the database refuses.
pub async fn goes_by(conn: &AsyncPgConnection, town: TownId, id: Uuid, channel: Channel) -> Result<(), Problem> {
    diesel::update(notification::table.filter(notification::jurisdiction_id.eq(town.0).and(notification::id.eq(id))))
        .set(notification::channel.eq(channel.as_str()))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Whether a link of a service's on-call chain was called for an event, by whichever channel.
///
/// # Errors
/// When the database refuses.
pub async fn was_called(
    conn: &AsyncPgConnection,
    town: TownId,
    (event_id, service_id): (Uuid, Uuid),
    index: i32,
) -> Result<bool, Problem> {
    let call = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::event_id.eq(event_id)),
        )
        .filter(notification::service_id.eq(service_id))
        .filter(notification::recipient.eq(Recipient::OnCall.as_str()))
        .filter(notification::chain_index.eq(index));
    let called = diesel::select(diesel::dsl::exists(call))
        .get_result(&mut &*conn)
        .await?;
    Ok(called)
}
