//! SQL of followers whose reports change their alert.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{follower, notification, report};
use crate::flow::notification::model::State;
use crate::http::problem::Problem;

/// Lets everyone who follows by these reports follow another alert, who stopped their messages too.
///
/// # Errors
/// When the database refuses.
pub async fn follow_to(conn: &AsyncPgConnection, town: TownId, reports: &[Uuid], alert: Uuid) -> Result<(), Problem> {
    let own = follower::table.filter(
        follower::jurisdiction_id
            .eq(town.0)
            .and(follower::report_id.eq_any(reports)),
    );
    diesel::update(own)
        .set(follower::alert_id.eq(alert))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Those of these reports whose author chose none of these categories.
///
/// # Errors
/// When the database refuses.
pub async fn of_other_categories(
    conn: &AsyncPgConnection,
    town: TownId,
    reports: &[Uuid],
    categories: &[Uuid],
) -> Result<Vec<Uuid>, Problem> {
    let found = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::id.eq_any(reports)))
        .filter(report::category_id.ne_all(categories))
        .select(report::id)
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// How many follow by these reports, by channel, some left out.
///
/// # Errors
/// When the database refuses.
pub async fn count(
    conn: &AsyncPgConnection,
    town: TownId,
    reports: &[Uuid],
    except: &[Uuid],
) -> Result<Vec<(String, i64)>, Problem> {
    let counted = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::report_id.eq_any(reports)),
        )
        .filter(follower::ended_at.is_null().and(follower::id.ne_all(except)))
        .group_by(follower::channel)
        .select((follower::channel, count_star()))
        .load(&mut &*conn)
        .await?;
    Ok(counted)
}

/// Calls off what of an event nobody has begun to send to these reports' followers; returns them.
///
/// # Errors
/// When the database refuses.
pub async fn call_off(
    conn: &AsyncPgConnection,
    town: TownId,
    event_id: Uuid,
    reports: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Problem> {
    let theirs = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::report_id.eq_any(reports)),
        )
        .select(follower::id.nullable());
    let untouched = notification::leased_until
        .is_null()
        .or(notification::leased_until.lt(now));
    let rows = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::event_id.eq(event_id)),
        )
        .filter(notification::state.eq(State::Due.as_str()))
        .filter(notification::attempts.eq(0).and(untouched))
        .filter(notification::follower_id.eq_any(theirs));
    let called_off: Vec<Option<Uuid>> = diesel::update(rows)
        .set((
            notification::state.eq(State::Cancelled.as_str()),
            notification::outcome.eq("undone"),
        ))
        .returning(notification::follower_id)
        .get_results(&mut &*conn)
        .await?;
    Ok(called_off.into_iter().flatten().collect())
}
