//! A territory in a town file.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::{Deserialize, Serialize};

/// A territory as GeoJSON writes it (RFC 7946): longitude first, rings closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum Territory {
    /// One area: its outer ring, then its holes.
    Polygon(Vec<Vec<[f64; 2]>>),
    /// Several areas.
    MultiPolygon(Vec<Vec<Vec<[f64; 2]>>>),
}

impl Territory {
    /// As geometry; x is longitude.
    #[must_use]
    pub fn to_geometry(&self) -> MultiPolygon<f64> {
        match self {
            Self::Polygon(rings) => MultiPolygon::new(vec![polygon(rings)]),
            Self::MultiPolygon(polygons) => polygons.iter().map(|rings| polygon(rings)).collect(),
        }
    }

    /// From geometry; x is longitude.
    #[must_use]
    pub fn of(geometry: &MultiPolygon<f64>) -> Self {
        let ring = |line: &LineString<f64>| line.coords().map(|c| [c.x, c.y]).collect();
        let rings = |polygon: &Polygon<f64>| {
            std::iter::once(polygon.exterior())
                .chain(polygon.interiors())
                .map(ring)
                .collect()
        };
        let mut polygons: Vec<Vec<_>> = geometry.iter().map(rings).collect();
        match polygons.pop() {
            Some(only) if polygons.is_empty() => Self::Polygon(only),
            Some(last) => {
                polygons.push(last);
                Self::MultiPolygon(polygons)
            }
            None => Self::MultiPolygon(polygons),
        }
    }
}

fn polygon(rings: &[Vec<[f64; 2]>]) -> Polygon<f64> {
    let line = |ring: &Vec<[f64; 2]>| -> LineString<f64> { ring.iter().map(|&[x, y]| Coord { x, y }).collect() };
    let mut lines = rings.iter().map(line);
    let exterior = lines.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Polygon::new(exterior, lines.collect())
}
