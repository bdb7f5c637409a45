//! Alerts and tasks as GeoJSON (RFC 7946): a point each, everything else as properties.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;
use serde::Serialize;
use uuid::Uuid;

use super::summary::AlertSummary;
use crate::http::point::PointBody;

/// Its media type.
pub const GEOJSON: &str = "application/geo+json";

/// Whether the client wants GeoJSON: by `?format=geojson`, or by its `Accept`.
#[must_use]
pub fn wants_geojson(request: &HttpRequest, format: Option<Format>) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    match format {
        Some(format) => format == Format::Geojson,
        None => accept.is_some_and(|accept| accept.contains(GEOJSON)),
    }
}

/// Form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A page of objects.
    Json,
    /// A feature collection.
    Geojson,
}

/// The type of a collection.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub enum CollectionType {
    /// The only one.
    FeatureCollection,
}

/// The type of a feature.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub enum FeatureType {
    /// The only one.
    Feature,
}

/// Points with properties.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertCollection {
    /// Always `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: CollectionType,
    /// One for each.
    features: Vec<AlertFeature>,
    /// Cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// One alert or task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertFeature {
    /// Always `Feature`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: FeatureType,
    /// Identity.
    id: Uuid,
    /// Where.
    geometry: PointBody,
    /// The rest.
    properties: AlertSummary,
}

impl AlertCollection {
    /// A page.
    pub fn of(items: Vec<AlertSummary>, next: Option<String>) -> Self {
        let features = items.into_iter().map(|alert| AlertFeature {
            kind: FeatureType::Feature,
            id: alert.id,
            geometry: alert.position,
            properties: alert,
        });
        Self {
            kind: CollectionType::FeatureCollection,
            features: features.collect(),
            next,
        }
    }
}
