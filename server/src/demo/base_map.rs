//! The invented town's streets, gardens and river, as a base map.

use serde_json::{Value, json};
use vigie_fixtures as invented;

use crate::app::App;
use crate::base_map::{self, Feature};
use crate::db::TownId;

/// Cuts it into tiles, unless that was done.
///
/// # Errors
/// When the database refuses.
pub async fn add(app: &App, town: TownId, map: &invented::Town) -> anyhow::Result<()> {
    let mut tx = app.db.begin(town).await?;
    if base_map::queries::version(&tx).await?.is_none() {
        base_map::replace(&mut tx, &features(map)?).await?;
    }
    Ok(tx.commit().await?)
}

fn features(map: &invented::Town) -> Result<Vec<Feature>, base_map::BadMap> {
    let feature = |layer: &str, kind: &str, name: Option<&str>, geometry: Value| {
        json!({"type": "Feature", "geometry": geometry,
            "properties": {"layer": layer, "kind": kind, "name": name}})
    };
    let area = |ring: &[invented::Position]| json!({"type": "Polygon", "coordinates": [ring]});
    let line = |positions: &[invented::Position]| json!({"type": "LineString", "coordinates": positions});
    let mut all = vec![
        feature("land", "built", None, area(&map.boundary)),
        feature("boundary", "town", Some(&map.name.fr), line(&map.boundary)),
    ];
    all.extend(
        map.parks
            .iter()
            .map(|park| feature("land", "park", Some(&park.name), area(&park.ring))),
    );
    all.extend(
        map.river
            .iter()
            .map(|river| feature("river", "river", Some(&river.name), line(&river.line))),
    );
    let streets = map.streets.iter();
    all.extend(streets.map(|street| feature("street", kind(street.kind), Some(&street.name), line(&street.line))));
    base_map::read(&json!({"type": "FeatureCollection", "features": all}).to_string())
}

/// Main streets are drawn wider.
const fn kind(street: invented::StreetKind) -> &'static str {
    match street {
        invented::StreetKind::Avenue | invented::StreetKind::Departmental => "main",
        _ => "residential",
    }
}
