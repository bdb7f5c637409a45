//! Alerts of a tile, drawn by the database in one statement that is planned once.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use geo_dedup::cell::bbox_covering;
use uuid::Uuid;

use super::TilePath;
use crate::base_map::tile_bounds;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::http::problem::Problem;
use crate::views::alerts::cells::ancestor_bits;

/// From this zoom on each alert is a point; before, a cell with a count.
const POINTS_FROM: i16 = 14;
/// From a zoom to the resolution of cells that are some 30 pixels wide in it.
const COARSER: i16 = 2;
/// Most ranges of a tile's window.
const MAX_RANGES: usize = 48;
/// Most points of a tile: more are not told apart on a screen.
const MOST_POINTS: i32 = 20_000;
/// Beyond a tile's edge, part of its side: markers there reach into it.
const MARGIN: f64 = 64.0 / 4096.0;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    tile: Vec<u8>,
}

/// What a person may read, as parallel arrays of service, sector and crew; `None`: everything in the town.
type Scope = Option<[Vec<Option<Uuid>>; 3]>;

/// The four statements. All take the same values: `$1`, `$2` ranges of cells, `$3` town, `$4` to `$6` the tile, `$7`, `$8`
/// categories with their codes, `$9` most points, `$10`, `$11` bits of a cell's ancestor, `$12` whether all is in scope,
/// `$13` to `$15` the scope.
struct Statements {
    points: String,
    cells: String,
}

static PUBLIC: LazyLock<Statements> =
    LazyLock::new(|| statements("public_alert", "point", "a.alert_id::text AS id", "true"));
static STAFF: LazyLock<Statements> = LazyLock::new(|| {
    let own = "a.id::text AS id, a.reference, a.priority::integer AS priority, a.crew_id::text AS crew";
    let scope = "($12 OR EXISTS (SELECT FROM unnest($13::uuid[], $14::uuid[], $15::uuid[]) AS may (service, sector, crew) \
        WHERE (may.service IS NULL OR may.service = a.service_id) \
          AND (may.sector IS NULL OR a.sector_id IS NULL OR may.sector = a.sector_id) \
          AND (may.crew IS NULL OR may.crew = a.crew_id)))";
    statements("alert", "anchor", own, scope)
});

fn statements(table: &str, place: &str, own: &str, scope: &str) -> Statements {
    // Every row is reached by a range of the index by place, whatever else is asked.
    let narrowed = format!(
        "FROM unnest($1::bigint[], $2::bigint[]) AS part (first, last) CROSS JOIN LATERAL (SELECT * FROM {table} \
         WHERE h3_15 BETWEEN part.first AND part.last AND jurisdiction_id = $3 AND open OFFSET 0) AS a"
    );
    let shape = |point: &str| {
        format!("ST_AsMVTGeom(ST_Transform({point}, 3857), ST_TileEnvelope($4, $5, $6), 4096, 64, true) AS shape")
    };
    let tile = "SELECT COALESCE(ST_AsMVT(t, 'alerts', 4096, 'shape'), ''::bytea) AS tile";
    let points = format!(
        "{tile} FROM (SELECT {}, {own}, c.code AS category, a.status {narrowed} \
         LEFT JOIN unnest($7::uuid[], $8::text[]) AS c (id, code) ON c.id = a.category_id \
         WHERE {scope} LIMIT $9) AS t WHERE shape IS NOT NULL",
        shape(&format!("a.{place}::geometry"))
    );
    // Cells with their number of alerts, drawn where these lie on average.
    let cells = format!(
        "{tile} FROM (SELECT {}, count(*) AS count FROM \
         (SELECT (a.h3_15 & $10) | $11 AS cell, a.{place}::geometry AS place {narrowed} WHERE {scope}) AS a GROUP BY cell) AS t \
         WHERE shape IS NOT NULL",
        shape("ST_SetSRID(ST_MakePoint(avg(ST_X(a.place)), avg(ST_Y(a.place))), 4326)")
    );
    Statements { points, cells }
}

/// How far the projection of a town came: what is public does not change until this does.
pub(super) async fn projected(tx: &Tx) -> Result<String, Problem> {
    #[derive(QueryableByName)]
    struct State {
        #[diesel(sql_type = Text)]
        place: String,
    }
    // Row level security leaves the town's own row, and none before the first projection.
    let state = "SELECT txid::text || ' ' || change_id AS place FROM projection_state WHERE jurisdiction_id = $1";
    let state: Option<State> = diesel::sql_query(state)
        .bind::<Integer, _>(tx.town().0)
        .get_result(&mut &**tx)
        .await
        .optional()?;
    Ok(state.map(|state| state.place).unwrap_or_default())
}

/// What is public; the transaction has the public's rights.
pub(super) async fn public(tx: &Tx, town: &Town, path: &TilePath) -> Result<Vec<u8>, Problem> {
    draw(tx, town, &PUBLIC, None, path).await
}

/// What is in a person's scope.
pub(super) async fn staff(tx: &Tx, town: &Town, scope: Scope, path: &TilePath) -> Result<Vec<u8>, Problem> {
    draw(tx, town, &STAFF, scope, path).await
}

async fn draw(
    tx: &Tx,
    town: &Town,
    statements: &'static Statements,
    scope: Scope,
    path: &TilePath,
) -> Result<Vec<u8>, Problem> {
    let [west, south, east, north] = tile_bounds(path.z, path.x, path.y);
    let (dx, dy) = ((east - west) * MARGIN, (north - south) * MARGIN);
    let around = bbox_covering(
        (west - dx).max(-180.0),
        (south - dy).max(-90.0),
        (east + dx).min(180.0),
        (north + dy).min(90.0),
        MAX_RANGES,
    );
    let ranges = around.map_err(Problem::internal)?;
    let (first, last): (Vec<i64>, Vec<i64>) = ranges.iter().map(|range| (range.first, range.last)).unzip();
    let (ids, codes): (Vec<Uuid>, Vec<String>) = town
        .categories
        .iter()
        .map(|category| (category.id, category.code.clone()))
        .unzip();
    let resolution = u8::try_from((path.z - COARSER).clamp(2, 11)).unwrap_or(11);
    let (mask, bits) = ancestor_bits(resolution);
    let everything = scope.is_none();
    let [services, sectors, crews] = scope.unwrap_or_default();
    let sql = if path.z >= POINTS_FROM {
        &statements.points
    } else {
        &statements.cells
    };
    let row: Row = diesel::sql_query(sql.as_str())
        .bind::<Array<BigInt>, _>(first)
        .bind::<Array<BigInt>, _>(last)
        .bind::<Integer, _>(town.id.0)
        .bind::<Integer, _>(i32::from(path.z))
        .bind::<Integer, _>(path.x)
        .bind::<Integer, _>(path.y)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(codes)
        .bind::<Integer, _>(MOST_POINTS)
        .bind::<BigInt, _>(mask)
        .bind::<BigInt, _>(bits)
        .bind::<Bool, _>(everything)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(services)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(sectors)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(crews)
        .get_result(&mut &**tx)
        .await?;
    Ok(row.tile)
}
