//! SQL of the notification stage.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::model::{Channel, NewNotification, Recipient, State};
use super::template::Template;
use crate::db::TownId;
use crate::db::functions::gen_random_uuid;
use crate::db::schema::{follower, notification};
use crate::http::problem::Problem;

/// Adds a row for everyone who follows the alert by another way than the app, in one statement; returns how many. An event
/// that was told is not told again.
///
/// # Errors
/// When the database refuses.
pub async fn add_for_followers(
    conn: &AsyncPgConnection,
    town: TownId,
    (alert_id, event_id): (Uuid, Uuid),
    template: Template,
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<usize, Problem> {
    let rows = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::alert_id.eq(alert_id)),
        )
        .filter(
            follower::ended_at
                .is_null()
                .and(follower::channel.ne(Channel::App.as_str())),
        )
        .select((
            follower::jurisdiction_id,
            gen_random_uuid(),
            Recipient::Follower.as_str().into_sql::<Text>(),
            follower::id.nullable(),
            alert_id.into_sql::<diesel::sql_types::Uuid>(),
            event_id.into_sql::<diesel::sql_types::Uuid>(),
            template.as_str().into_sql::<Text>(),
            follower::channel,
            follower::locale,
            detail.into_sql::<Jsonb>(),
            now.into_sql::<Timestamptz>(),
            now.into_sql::<Timestamptz>(),
        ));
    let added = diesel::insert_into(notification::table)
        .values(rows)
        .into_columns((
            notification::jurisdiction_id,
            notification::id,
            notification::recipient,
            notification::follower_id,
            notification::alert_id,
            notification::event_id,
            notification::template,
            notification::channel,
            notification::locale,
            notification::detail,
            notification::next_at,
            notification::created_at,
        ))
        .on_conflict_do_nothing()
        .execute(&mut &*conn)
        .await?;
    Ok(added)
}

/// Adds a row; `false` when the same thing was told before.
///
/// # Errors
/// When the database refuses.
pub async fn add(conn: &AsyncPgConnection, row: &NewNotification<'_>) -> Result<bool, Problem> {
    let added = diesel::insert_into(notification::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(&mut &*conn)
        .await?;
    Ok(added > 0)
}

/// Whether a line of the service's daily mail waits already.
///
/// # Errors
/// When the database refuses.
pub async fn digest_waits(conn: &AsyncPgConnection, town: TownId, service_id: Uuid) -> Result<bool, Problem> {
    let waits = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::state.eq(State::Due.as_str())),
        )
        .filter(notification::service_id.eq(service_id))
        .filter(notification::template.eq(Template::ServiceDigest.as_str()));
    let waits = diesel::select(diesel::dsl::exists(waits))
        .get_result(&mut &*conn)
        .await?;
    Ok(waits)
}
