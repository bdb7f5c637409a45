//! SQL of the alert stage.

pub mod candidates;
pub mod place;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use geo_dedup::LonLat;
use geo_dedup::cell::{LockCell, anchor_lock_cell};
use uuid::Uuid;

use crate::db::functions;
use crate::db::schema::alert;
use crate::db::space::from_point;
use crate::db::{TownId, Tx};
use crate::flow::alert::model::Alert;
use crate::http::problem::{Kind, Problem};

/// Takes the locks of these cells for the rest of the transaction. The cells come sorted and unique from geo-dedup, so
/// that two transactions never wait for each other in a ring.
///
/// # Errors
/// When the database refuses, or a lock is not had within the lock timeout.
pub async fn lock_cells(conn: &AsyncPgConnection, town: TownId, cells: &[LockCell]) -> Result<(), Problem> {
    if cells.is_empty() {
        return Ok(());
    }
    let cells: Vec<i64> = cells.iter().map(|cell| cell.to_i64()).collect();
    diesel::select(functions::lock_cells(town.0, cells))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Reads an alert.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Alert, Problem> {
    let town = tx.town();
    let found = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq(id)))
        .select(Alert::as_select())
        .first(&mut **tx)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Reads an alert to change it: first the lock of its anchor's cell, then the row, as every writer does. An alert that
/// moved between the look and the lock is looked up again.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Alert, Problem> {
    let town = tx.town();
    let mut seen = find(tx, id).await?;
    loop {
        let anchor: LonLat = from_point(&seen.anchor).map_err(Problem::internal)?;
        lock_cells(tx, town, &[anchor_lock_cell(&anchor)]).await?;
        let locked: Alert = alert::table
            .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq(id)))
            .select(Alert::as_select())
            .for_update()
            .first(&mut **tx)
            .await?;
        if locked.h3_15 == seen.h3_15 {
            return Ok(locked);
        }
        seen = locked;
    }
}
