//! A place as JSON says it, at every interface.

use geo_dedup::{InvalidPosition, LonLat};
use serde::{Deserialize, Serialize};

/// A GeoJSON point: longitude, latitude, WGS 84, 6 decimals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PointBody {
    /// Always `Point`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub kind: PointType,
    /// Longitude, latitude; degrees.
    #[schema(example = json!([2.352222, 48.856614]))]
    pub coordinates: [f64; 2],
}

/// The type of a GeoJSON point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum PointType {
    /// The only one.
    Point,
}

impl PointBody {
    /// A point of these degrees, rounded.
    #[must_use]
    pub fn of(lon: f64, lat: f64) -> Self {
        let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
        Self {
            kind: PointType::Point,
            coordinates: [rounded(lon), rounded(lat)],
        }
    }

    /// As a position.
    ///
    /// # Errors
    /// When it is none on Earth.
    pub fn position(&self) -> Result<LonLat, InvalidPosition> {
        let [lon, lat] = self.coordinates;
        LonLat::new(lon, lat)
    }
}
