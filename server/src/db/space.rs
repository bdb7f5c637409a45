//! Between the database's geography and the types of the rules. Longitude first, everywhere.

use geo_dedup::LonLat;
use postgis_diesel::types::{MultiPolygon, Point, Polygon};

/// WGS 84.
const SRID: u32 = 4326;

/// A position as the database holds it.
#[must_use]
pub fn to_point(position: LonLat) -> Point {
    // The SRID is always given: PostGIS would silently fill in a missing one.
    Point {
        x: position.lon(),
        y: position.lat(),
        srid: Some(SRID),
    }
}

/// A position from the database.
///
/// # Errors
/// When the row holds something that is no position on Earth, which a column of ours cannot.
pub fn from_point(point: &Point) -> Result<LonLat, geo_dedup::InvalidPosition> {
    LonLat::new(point.x, point.y)
}

/// A territory as the rules read it: x is longitude.
#[must_use]
pub fn to_territory(stored: &MultiPolygon<Point>) -> geo::MultiPolygon<f64> {
    stored.polygons.iter().map(polygon).collect()
}

/// A territory as the database holds it.
#[must_use]
pub fn from_territory(territory: &geo::MultiPolygon<f64>) -> MultiPolygon<Point> {
    let ring = |line: &geo::LineString<f64>| -> Vec<Point> {
        line.coords()
            .map(|c| Point {
                x: c.x,
                y: c.y,
                srid: Some(SRID),
            })
            .collect()
    };
    let polygons = territory.iter().map(|polygon| {
        let mut rings = vec![ring(polygon.exterior())];
        rings.extend(polygon.interiors().iter().map(ring));
        Polygon {
            rings,
            srid: Some(SRID),
        }
    });
    MultiPolygon {
        polygons: polygons.collect(),
        srid: Some(SRID),
    }
}

fn polygon(stored: &Polygon<Point>) -> geo::Polygon<f64> {
    let mut rings = stored
        .rings
        .iter()
        .map(|ring| ring.iter().map(|p| (p.x, p.y)).collect::<geo::LineString<f64>>());
    let exterior = rings.next().unwrap_or_else(|| geo::LineString::new(Vec::new()));
    geo::Polygon::new(exterior, rings.collect())
}
