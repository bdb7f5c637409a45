//! Alerts of a tile: rows found by place, drawn here. Its statements are planned once.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Text};
use diesel_async::RunQueryDsl;
use geo_dedup::cell::{CellRange, bbox_covering};
use postgis_diesel::types::Point;
use uuid::Uuid;

use super::TilePath;
use super::mvt::{MARGIN, Points, Tag};
use crate::base_map::tile_bounds;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::schema::{alert, public_alert};
use crate::db::window::{Rows, Window, Within};
use crate::http::problem::Problem;
use crate::people::policy::{Operation, Staff};
use crate::views::alerts::cells::ancestor_bits;
use crate::views::alerts::scope::in_scope;

/// Name of the layer.
const LAYER: &str = "alerts";
/// From this zoom on each alert is a point; before, a cell with a count.
const POINTS_FROM: i16 = 14;
/// From a zoom to the resolution of cells that are some 30 pixels wide in it.
const COARSER: i16 = 2;
/// Most ranges of a tile's window: the more, the fewer rows beside it are read in vain.
const MAX_RANGES: usize = 128;
/// Most points of a tile: more are not told apart on a screen.
const MOST_POINTS: i64 = 20_000;

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
    let window = Window::of("public_alert", town.id, Rows::Open, &ranges(path)?);
    let window = Some(&window);
    if path.z < POINTS_FROM {
        let query = public_alert::table.group_by(cell(path)).select(counted("point"));
        let cells = Within { window, query }.load(&mut &**tx).await?;
        return Ok(draw_cells(cells, path));
    }
    let query = public_alert::table.limit(MOST_POINTS).select(PublicRow::as_select());
    let rows: Vec<PublicRow> = Within { window, query }.load(&mut &**tx).await?;
    let mut points = Points::new(LAYER, &["id", "category", "status"], path);
    for row in rows {
        let id = Some(Tag::Own(row.alert_id.to_string()));
        let tags = [id, category_tag(town, row.category_id), Some(Tag::Shared(&row.status))];
        points.add((row.point.x, row.point.y), tags);
    }
    Ok(points.into_tile())
}

/// What is in a person's scope.
pub(super) async fn staff(tx: &Tx, town: &Town, staff: &Staff, path: &TilePath) -> Result<Vec<u8>, Problem> {
    let window = Window::of("alert", town.id, Rows::Open, &ranges(path)?);
    let window = Some(&window);
    let scope = in_scope(staff, Operation::ReadAlert);
    if path.z < POINTS_FROM {
        let all = alert::table.group_by(cell(path)).select(counted("anchor")).into_boxed();
        let query = match scope {
            Some(scope) => all.filter(scope),
            None => all,
        };
        let cells = Within { window, query }.load(&mut &**tx).await?;
        return Ok(draw_cells(cells, path));
    }
    let all = alert::table
        .limit(MOST_POINTS)
        .select(StaffRow::as_select())
        .into_boxed();
    let query = match scope {
        Some(scope) => all.filter(scope),
        None => all,
    };
    let rows = Within { window, query }.load(&mut &**tx).await?;
    Ok(draw_staff(town, rows, path))
}

fn draw_staff(town: &Town, rows: Vec<StaffRow>, path: &TilePath) -> Vec<u8> {
    let keys = ["id", "category", "status", "reference", "priority", "crew"];
    let mut points = Points::new(LAYER, &keys, path);
    for row in rows {
        let crew = row.crew_id.map(|crew| crew.to_string());
        let tags = [
            Some(Tag::Own(row.id.to_string())),
            category_tag(town, row.category_id),
            Some(Tag::Shared(&row.status)),
            Some(Tag::Own(row.reference)),
            Some(Tag::Number(row.priority.into())),
            crew.as_deref().map(Tag::Shared),
        ];
        points.add((row.anchor.x, row.anchor.y), tags);
    }
    points.into_tile()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = public_alert)]
struct PublicRow {
    alert_id: Uuid,
    category_id: Uuid,
    status: String,
    point: Point,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = alert)]
struct StaffRow {
    id: Uuid,
    reference: String,
    category_id: Uuid,
    status: String,
    priority: i16,
    crew_id: Option<Uuid>,
    anchor: Point,
}

fn category_tag(town: &Town, id: Uuid) -> Option<Tag<'_>> {
    town.category_by_id(id).map(|category| Tag::Shared(&category.code))
}

/// Where everything lies that a tile shows.
fn ranges(path: &TilePath) -> Result<Vec<CellRange>, Problem> {
    let [west, south, east, north] = tile_bounds(path.z, path.x, path.y);
    let (dx, dy) = ((east - west) * MARGIN, (north - south) * MARGIN);
    bbox_covering(
        (west - dx).max(-180.0),
        (south - dy).max(-90.0),
        (east + dx).min(180.0),
        (north + dy).min(90.0),
        MAX_RANGES,
    )
    .map_err(Problem::internal)
}

/// Alerts of a cell: how many, and where they lie on average (longitude, latitude).
type Counted = (BigInt, Double, Double);

/// The cell that an alert is counted in.
fn cell(path: &TilePath) -> SqlLiteral<BigInt> {
    let resolution = u8::try_from((path.z - COARSER).clamp(2, 11)).unwrap_or(11);
    let (mask, bits) = ancestor_bits(resolution);
    sql(&format!("(h3_15 & {mask}) | {bits}"))
}

fn counted(place: &str) -> SqlLiteral<Counted> {
    sql(&format!(
        "count(*), avg(ST_X({place}::geometry)), avg(ST_Y({place}::geometry))"
    ))
}

fn draw_cells(cells: Vec<(i64, f64, f64)>, path: &TilePath) -> Vec<u8> {
    let mut points = Points::new(LAYER, &["count"], path);
    for (count, lon, lat) in cells {
        points.add((lon, lat), [Some(Tag::Number(count))]);
    }
    points.into_tile()
}
