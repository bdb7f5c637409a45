//! SQL of what is forgotten. Each takes a batch and returns how many it was; none: nothing is left.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{follower, idempotency, report};
use crate::http::problem::Problem;

/// Rows of one transaction.
const BATCH: i64 = 2_000;

/// Forgets from which device older reports came.
pub async fn forget_senders(conn: &AsyncPgConnection, town: TownId, before: DateTime<Utc>) -> Result<usize, Problem> {
    let old: Vec<Uuid> = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::received_at.lt(before)))
        .filter(report::sender_tag.is_not_null())
        .order(report::received_at)
        .limit(BATCH)
        .select(report::id)
        .load(&mut &*conn)
        .await?;
    let rows = report::table.filter(report::jurisdiction_id.eq(town.0).and(report::id.eq_any(old)));
    Ok(diesel::update(rows)
        .set(report::sender_tag.eq(None::<i64>))
        .execute(&mut &*conn)
        .await?)
}

/// Forgets by which mark older followers were counted.
pub async fn forget_recipients(
    conn: &AsyncPgConnection,
    town: TownId,
    before: DateTime<Utc>,
) -> Result<usize, Problem> {
    let old: Vec<Uuid> = follower::table
        .filter(follower::jurisdiction_id.eq(town.0).and(follower::since.lt(before)))
        .filter(follower::contact_mark.is_not_null())
        .order(follower::since)
        .limit(BATCH)
        .select(follower::id)
        .load(&mut &*conn)
        .await?;
    let rows = follower::table.filter(follower::jurisdiction_id.eq(town.0).and(follower::id.eq_any(old)));
    Ok(diesel::update(rows)
        .set(follower::contact_mark.eq(None::<Vec<u8>>))
        .execute(&mut &*conn)
        .await?)
}

/// Forgets what older keys made; the reports stay, and their ids are taken for ever.
pub async fn forget_keys(conn: &AsyncPgConnection, town: TownId, before: DateTime<Utc>) -> Result<usize, Problem> {
    let old: Vec<Vec<u8>> = idempotency::table
        .filter(idempotency::jurisdiction_id.eq(town.0).and(idempotency::at.lt(before)))
        .order(idempotency::at)
        .limit(BATCH)
        .select(idempotency::key_hash)
        .load(&mut &*conn)
        .await?;
    let rows = idempotency::table.filter(
        idempotency::jurisdiction_id
            .eq(town.0)
            .and(idempotency::key_hash.eq_any(old)),
    );
    Ok(diesel::delete(rows).execute(&mut &*conn).await?)
}
