//! SQL of the alert stage.

pub mod candidates;
pub mod membership;
pub mod operation;
pub mod own_word;
pub mod place;

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use geo_dedup::LonLat;
use geo_dedup::cell::{LockCell, anchor_lock_cell};
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::db::functions;
use crate::db::schema::{alert, public_alert};
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

/// Reads alerts, by their ids.
///
/// # Errors
/// When the database refuses.
pub async fn by_id(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, Alert>, Problem> {
    let town = tx.town();
    let found: Vec<Alert> = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq_any(ids)))
        .select(Alert::as_select())
        .load(&mut **tx)
        .await?;
    Ok(found.into_iter().map(|alert| (alert.id, alert)).collect())
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

/// Several alerts that are changed together.
pub struct Together {
    /// In the order asked for.
    pub alerts: Vec<Alert>,
    cells: Vec<LockCell>,
}

impl Together {
    /// Holds that an alert may have its anchor there: the cell is locked.
    ///
    /// # Errors
    /// When it is not, because somebody was quicker; asked again, the request takes that cell too.
    pub fn holds(&self, place: &Point) -> Result<(), Problem> {
        if self.cells.contains(&cell_of(place)?) {
            return Ok(());
        }
        Err(Problem::unavailable("what was to be locked changed meanwhile"))
    }
}

/// Reads alerts to change them together: first the locks of all their anchors' cells and of the cells of places to which an
/// anchor may go, in one sorted taking, then the rows in the order of their ids.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Unavailable`] when one of them moved between the look and the lock.
pub async fn lock_together(tx: &mut Tx, ids: &[Uuid], places: &[Point]) -> Result<Together, Problem> {
    let town = tx.town();
    let mut cells = places.iter().map(cell_of).collect::<Result<Vec<_>, _>>()?;
    for id in ids {
        cells.push(cell_of(&find(tx, *id).await?.anchor)?);
    }
    cells.sort_unstable();
    cells.dedup();
    lock_cells(tx, town, &cells).await?;
    let rows: Vec<Alert> = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq_any(ids)))
        .order(alert::id)
        .select(Alert::as_select())
        .for_update()
        .load(&mut **tx)
        .await?;
    let found = ids.iter().map(|id| rows.iter().find(|row| row.id == *id).cloned());
    let alerts: Option<Vec<Alert>> = found.collect();
    let together = Together {
        alerts: alerts.ok_or_else(|| Problem::new(Kind::NotFound))?,
        cells,
    };
    together
        .alerts
        .iter()
        .try_for_each(|alert| together.holds(&alert.anchor))?;
    Ok(together)
}

fn cell_of(place: &Point) -> Result<LockCell, Problem> {
    from_point(place)
        .map(|place| anchor_lock_cell(&place))
        .map_err(Problem::internal)
}

/// The alert itself, or the one that it was merged into, however often.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn survivor(tx: &mut Tx, id: Uuid) -> Result<Alert, Problem> {
    let mut found = find(tx, id).await?;
    while let Some(next) = found.merged_into {
        found = find(tx, next).await?;
    }
    Ok(found)
}

/// Whether the public may know of an alert.
///
/// # Errors
/// When the database refuses.
pub async fn is_public(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<bool, Problem> {
    let row = public_alert::table.filter(
        public_alert::jurisdiction_id
            .eq(town.0)
            .and(public_alert::alert_id.eq(id)),
    );
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(&mut &*conn).await?)
}
