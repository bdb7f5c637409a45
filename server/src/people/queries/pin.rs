//! SQL on `pin_wait`: wrong PINs of a person on the tablets of the transaction's town.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::pin_wait;
use crate::http::problem::Problem;

/// Wrong PINs in a row, and the instant of the last one. Whoever counts by it has locked the person.
///
/// # Errors
/// When the database refuses.
pub async fn failures(tx: &mut Tx, person: Uuid) -> Result<(i32, Option<DateTime<Utc>>), Problem> {
    let town = tx.town();
    let row = pin_wait::table
        .find((town.0, person))
        .select((pin_wait::failures, pin_wait::failed_at));
    let found: Option<(i32, DateTime<Utc>)> = row.first(&mut **tx).await.optional()?;
    Ok(found.map_or((0, None), |(failures, at)| (failures, Some(at))))
}

/// Counts a PIN as wrong until [`clear`] says that it was right.
///
/// # Errors
/// When the database refuses.
pub async fn count(tx: &mut Tx, person: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    diesel::insert_into(pin_wait::table)
        .values((
            pin_wait::jurisdiction_id.eq(town.0),
            pin_wait::staff_user_id.eq(person),
            pin_wait::failures.eq(1),
            pin_wait::failed_at.eq(now),
        ))
        .on_conflict((pin_wait::jurisdiction_id, pin_wait::staff_user_id))
        .do_update()
        .set((
            pin_wait::failures.eq(pin_wait::failures + 1),
            pin_wait::failed_at.eq(now),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets wrong PINs after a right one, or with a new one.
///
/// # Errors
/// When the database refuses.
pub async fn clear(tx: &mut Tx, person: Uuid) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(pin_wait::table.find((town.0, person)))
        .set(pin_wait::failures.eq(0))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
