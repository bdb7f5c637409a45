//! Alerts as staff read them: the queue, counts on a map, one alert with everything about it, and what is late.

pub mod cells;
pub mod desk;
pub mod detail;
pub mod filter;
mod geojson;
mod history;
pub(super) mod narrow;
mod operations;
pub mod oversight;
pub mod queue;
mod reasons;
pub mod scope;
pub mod suggestions;
pub mod summary;

pub use geojson::{CollectionType, FeatureType, Format, GEOJSON, wants_geojson};
pub use scope::in_scope;
