//! A town's base map: what lies under the markers when nothing of the outside may be asked.
//!
//! The town gives GeoJSON once (streets, water, parks, its boundary; from its own survey or an open one), and it is cut into
//! vector tiles there and then: a tile is one row by its key afterwards. Table: `base_tile`.

pub mod queries;

use std::f64::consts::PI;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::db::Tx;
use crate::http::problem::Problem;
use crate::vocabulary::vocabulary;

#[cfg(test)]
#[path = "base_map_tests.rs"]
mod tests;

/// Zooms that are cut; closer ones are drawn from the last.
pub const ZOOMS: std::ops::RangeInclusive<i16> = 10..=15;
/// Where Mercator's map ends, degrees of latitude.
const MERCATOR_END: f64 = 85.051_128;

vocabulary! {
    /// Layers of the base map.
    Layer {
        /// Areas: kind park, wood, built...
        Land = "land",
        /// Water, as lines or areas.
        River = "river",
        /// Streets, as lines with a name.
        Street = "street",
        /// The town's territory.
        Boundary = "boundary",
    }
}

/// Something on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Where it is drawn.
    pub layer: Layer,
    /// What it is: main, residential, park...
    pub kind: String,
    /// What it is called.
    pub name: Option<String>,
    /// GeoJSON geometry.
    pub geometry: Value,
    /// West, south, east, north; degrees.
    pub bounds: [f64; 4],
}

/// Why a map cannot be used.
#[derive(Debug, Error)]
pub enum BadMap {
    /// No JSON.
    #[error("not a GeoJSON FeatureCollection: {0}")]
    Json(#[from] serde_json::Error),
    /// A feature lacks something.
    #[error("feature {0}: {1}")]
    Feature(usize, &'static str),
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    geometry: Value,
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    layer: Layer,
    #[serde(default)]
    kind: String,
    name: Option<String>,
}

/// Reads a GeoJSON FeatureCollection whose features have the properties `layer`, `kind` and `name`.
///
/// # Errors
/// [`BadMap`], naming the feature.
pub fn read(geojson: &str) -> Result<Vec<Feature>, BadMap> {
    let collection: Collection = serde_json::from_str(geojson)?;
    let each = collection.features.into_iter().enumerate();
    each.map(|(number, wire)| {
        let bounds = bounds(&wire.geometry).ok_or(BadMap::Feature(number, "no position on Mercator's map"))?;
        Ok(Feature {
            layer: wire.properties.layer,
            kind: wire.properties.kind,
            name: wire.properties.name,
            geometry: wire.geometry,
            bounds,
        })
    })
    .collect()
}

/// The box around every position of a geometry, however nested.
fn bounds(geometry: &Value) -> Option<[f64; 4]> {
    let mut found: Option<[f64; 4]> = None;
    let mut left = vec![geometry.get("coordinates")?];
    while let Some(next) = left.pop() {
        let parts = next.as_array()?;
        let position = parts
            .first()
            .and_then(Value::as_f64)
            .zip(parts.get(1).and_then(Value::as_f64));
        let Some((lon, lat)) = position else {
            left.extend(parts);
            continue;
        };
        if !(-180.0..=180.0).contains(&lon) || lat.abs() > MERCATOR_END {
            return None;
        }
        let [west, south, east, north] = found.unwrap_or([lon, lat, lon, lat]);
        found = Some([west.min(lon), south.min(lat), east.max(lon), north.max(lat)]);
    }
    found
}

/// Tiles by column and row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileRange {
    /// First and last column.
    pub x: (i32, i32),
    /// First and last row.
    pub y: (i32, i32),
}

/// A place on Mercator's map, each from 0 to 1: from the west, from the north. Latitudes beyond its end lie on it.
///
/// Source of the formula: the slippy map tilenames of Web Mercator (EPSG:3857).
#[must_use]
pub fn on_map(lon: f64, lat: f64) -> (f64, f64) {
    let radians = lat.clamp(-MERCATOR_END, MERCATOR_END).to_radians();
    ((lon + 180.0) / 360.0, (1.0 - radians.tan().asinh() / PI) / 2.0)
}

/// The tiles of a zoom that a box touches.
#[must_use]
pub fn tiles([west, south, east, north]: [f64; 4], zoom: i16) -> TileRange {
    let side = f64::from(2_i32.pow(u32::try_from(zoom).unwrap_or_default()));
    let ((left, top), (right, bottom)) = (on_map(west, north), on_map(east, south));
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the tiles that there are")]
    let tile = |place: f64| (place * side).floor().clamp(0.0, side - 1.0) as i32;
    TileRange {
        x: (tile(left), tile(right)),
        y: (tile(top), tile(bottom)),
    }
}

/// The box of a tile: west, south, east, north; degrees.
#[must_use]
pub fn tile_bounds(zoom: i16, x: i32, y: i32) -> [f64; 4] {
    let side = f64::from(2_i32.pow(u32::try_from(zoom).unwrap_or_default()));
    let lon = |column: i32| f64::from(column) / side * 360.0 - 180.0;
    let lat = |row: i32| (PI * (1.0 - 2.0 * f64::from(row) / side)).sinh().atan().to_degrees();
    [lon(x), lat(y + 1), lon(x + 1), lat(y)]
}

/// Cuts a town's map and puts it in place of the one before. Returns how many tiles there are.
///
/// # Errors
/// When the database refuses, as for a geometry that is none.
pub async fn replace(tx: &mut Tx, features: &[Feature]) -> Result<usize, Problem> {
    queries::clear(tx).await?;
    queries::stage(tx, features).await?;
    let around = features.iter().map(|feature| feature.bounds);
    let around = around.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
    let mut cut = 0;
    for zoom in ZOOMS {
        if let Some(around) = around {
            cut += queries::cut(tx, zoom, tiles(around, zoom)).await?;
        }
    }
    Ok(cut)
}
