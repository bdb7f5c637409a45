//! How many alerts lie in each H3 cell of a part of the map.

use actix_web::{HttpResponse, get, web};
use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::narrow::Bounds;
use super::scope::as_arrays;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, permit_any};

/// Finest resolution that counts are given at: cells of about 2,000 m².
pub const FINEST: u8 = 11;
/// Most cells of an answer.
pub const MOST: i32 = 5_000;
/// Where the resolution stands in an index, and how wide a level's digit is.
const RESOLUTION_SHIFT: u32 = 52;
const DIGIT_BITS: u32 = 3;

/// Query parameters.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CellsQuery {
    /// Resolution of the cells, 0 to 11.
    #[param(minimum = 0, maximum = 11)]
    pub res: u8,
    /// West, south, east, north; degrees. Cells at its edge are counted whole or in part, as they are stored.
    #[param(example = "2.33,48.85,2.36,48.87")]
    pub bbox: String,
    /// Open ones (true, the default) or closed ones (false).
    pub open: Option<bool>,
}

/// Alerts of one cell.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CellCount {
    /// H3 index, as text.
    pub h3: String,
    /// Alerts in it.
    pub count: i64,
}

/// Counts by cell.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CellCounts {
    /// Of the cells.
    pub res: u8,
    /// Cells with an alert in them, fullest first; at most 5,000.
    pub cells: Vec<CellCount>,
}

/// Alerts of one cell, as counted.
#[derive(QueryableByName)]
pub struct CellRow {
    #[diesel(sql_type = BigInt)]
    cell: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl CellCounts {
    /// What was counted.
    #[must_use]
    pub fn of(res: u8, rows: Vec<CellRow>) -> Self {
        let cells = rows.into_iter().map(|row| CellCount {
            h3: format!("{:x}", row.cell),
            count: row.count,
        });
        Self {
            res,
            cells: cells.collect(),
        }
    }
}

/// The ancestor of a stored cell is the cell with another resolution and its finer digits all ones: two bit operations.
/// Open or closed is part of the text, not a value: the indexes by place are of either.
macro_rules! count {
    ($open:literal) => {
        concat!(
            "SELECT (a.h3_15 & $1) | $2 AS cell, count(*) AS count \
             FROM unnest($3, $4) AS part (first, last) \
             JOIN alert a ON a.h3_15 BETWEEN part.first AND part.last \
             WHERE a.jurisdiction_id = $5 AND ",
            $open,
            " AND ($6 OR EXISTS (SELECT FROM unnest($7, $8, $9) AS may (service, sector, crew) \
                WHERE (may.service IS NULL OR may.service = a.service_id) \
                  AND (may.sector IS NULL OR a.sector_id IS NULL OR may.sector = a.sector_id) \
                  AND (may.crew IS NULL OR may.crew = a.crew_id))) \
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $10"
        )
    };
}
const COUNT_OPEN: &str = count!("a.open");
const COUNT_CLOSED: &str = count!("NOT a.open AND a.merged_into IS NULL");

/// The mask that keeps what an ancestor shares with a stored cell, and the bits that it has besides.
#[must_use]
pub const fn ancestor_bits(resolution: u8) -> (i64, i64) {
    let finer = (1_u64 << (DIGIT_BITS * (15 - resolution as u32))) - 1;
    let level = 0b1111_u64 << RESOLUTION_SHIFT;
    let own = ((resolution as u64) << RESOLUTION_SHIFT) | finer;
    ((!(level | finer)).cast_signed(), own.cast_signed())
}

/// Counts the alerts in the person's scope by H3 cell. An alert that was merged away is none: its reports count where they are.
#[utoipa::path(operation_id = "count_alerts_by_cell", tag = "desk", params(CellsQuery),
    responses((status = 200, description = "Counts by cell.", body = CellCounts), StaffRead))]
#[get("/v1/alerts/cells")]
pub async fn count_alerts_by_cell(
    app: web::Data<App>,
    token: StaffToken,
    query: web::Query<CellsQuery>,
) -> Result<HttpResponse, Problem> {
    let res = query.res;
    if res > FINEST {
        return Err(Problem::field("res", "resolution"));
    }
    let ranges = Bounds::parse(&query.bbox)?.ranges()?;
    let Command {
        mut tx, staff, town, ..
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::ReadAlert)?;
    let scope = as_arrays(&staff, Operation::ReadAlert);
    let everything = scope.is_none();
    let [services, sectors, crews] = scope.unwrap_or_default();
    let (mask, bits) = ancestor_bits(res);
    let (first, last): (Vec<i64>, Vec<i64>) = ranges.iter().map(|range| (range.first, range.last)).unzip();
    let count = if query.open.unwrap_or(true) {
        COUNT_OPEN
    } else {
        COUNT_CLOSED
    };
    let rows: Vec<CellRow> = diesel::sql_query(count)
        .bind::<BigInt, _>(mask)
        .bind::<BigInt, _>(bits)
        .bind::<Array<BigInt>, _>(first)
        .bind::<Array<BigInt>, _>(last)
        .bind::<Integer, _>(town.id.0)
        .bind::<Bool, _>(everything)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(services)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(sectors)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(crews)
        .bind::<Integer, _>(MOST)
        .load(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(CellCounts::of(res, rows)))
}

#[cfg(test)]
#[path = "cells_tests.rs"]
mod tests;
