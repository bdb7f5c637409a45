//! SQL of those who follow: a row for each of them who is told, and the end of it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::TownId;
use crate::db::functions::gen_random_uuid;
use crate::db::schema::{follower, notification};
use crate::flow::notification::model::{Channel, Recipient};
use crate::flow::notification::template::Template;
use crate::http::problem::Problem;

/// Adds a row for each of these followers who did not stop their messages and does not read in the app; returns how many. A
/// macro because the types of diesel's queries have no short name.
macro_rules! add_for {
    ($followers:expr, $conn:expr, ($alert_id:expr, $event_id:expr), ($template:expr, $detail:expr), ($at:expr, $now:expr)) => {{
        let rows = $followers
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
                $alert_id.into_sql::<diesel::sql_types::Uuid>(),
                $event_id.into_sql::<diesel::sql_types::Uuid>(),
                $template.as_str().into_sql::<Text>(),
                follower::channel,
                follower::locale,
                $detail.into_sql::<Jsonb>(),
                $at.into_sql::<Timestamptz>(),
                $now.into_sql::<Timestamptz>(),
            ));
        diesel::insert_into(notification::table)
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
            .execute(&mut &*$conn)
            .await?
    }};
}

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
    let theirs = follower::table.filter(
        follower::jurisdiction_id
            .eq(town.0)
            .and(follower::alert_id.eq(alert_id)),
    );
    let added = add_for!(theirs, conn, (alert_id, event_id), (template, detail), (now, now));
    Ok(added)
}

/// Adds a row for everyone who follows by one of these reports by another way than the app, some left out; not to be sent
/// before `at`.
///
/// # Errors
/// When the database refuses.
#[expect(
    clippy::too_many_arguments,
    reason = "each one is a plain column of the row; a struct would only repeat them"
)]
pub async fn add_for_reports(
    conn: &AsyncPgConnection,
    town: TownId,
    (reports, except): (&[Uuid], &[Uuid]),
    (alert_id, event_id): (Uuid, Uuid),
    template: Template,
    detail: &Value,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, Problem> {
    let theirs = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::report_id.eq_any(reports)),
        )
        .filter(follower::id.ne_all(except));
    let added = add_for!(theirs, conn, (alert_id, event_id), (template, detail), (at, now));
    Ok(added)
}

/// Ends a follower; `false` when there is none with that token. What was due is not sent any more: the worker looks again.
///
/// # Errors
/// When the database refuses.
pub async fn unsubscribe(
    conn: &AsyncPgConnection,
    town: TownId,
    follower_id: Uuid,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let own = follower::table
        .filter(follower::jurisdiction_id.eq(town.0).and(follower::id.eq(follower_id)))
        .filter(follower::unsubscribe_hash.eq(token_hash));
    let kept = diesel::dsl::case_when(follower::ended_at.is_null(), now.into_sql::<Timestamptz>().nullable())
        .otherwise(follower::ended_at);
    let ended = diesel::update(own)
        .set(follower::ended_at.eq(kept))
        .execute(&mut &*conn)
        .await?;
    Ok(ended > 0)
}
