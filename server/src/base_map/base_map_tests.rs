//! Reading a map and finding its tiles.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn a_feature_says_its_layer_and_lies_on_the_map() {
    let feature = |layer: &str, coordinates: Value| {
        json!({"type": "FeatureCollection", "features": [{"type": "Feature",
            "properties": {"layer": layer, "kind": "main", "name": "Rue du Port"},
            "geometry": {"type": "LineString", "coordinates": coordinates}}]})
        .to_string()
    };
    let found = read(&feature("street", json!([[-4.5, 46.5], [-4.4, 46.6]]))).expect("a street");
    assert_eq!(found[0].bounds, [-4.5, 46.5, -4.4, 46.6]);
    assert_eq!(found[0].name.as_deref(), Some("Rue du Port"));
    assert!(read(&feature("cellar", json!([[0.0, 0.0]]))).is_err());
    assert!(read(&feature("street", json!([[0.0, 89.0]]))).is_err());
    assert!(read(&feature("street", json!([]))).is_err());
    assert!(read("{").is_err());
}

#[test]
fn the_whole_map_is_one_tile_at_zoom_0() {
    let all = TileRange { x: (0, 0), y: (0, 0) };
    assert_eq!(tiles([-180.0, -85.0, 180.0, 85.0], 0), all);
    // Known tile of the middle of London at zoom 10.
    let london = tiles([-0.1276, 51.5072, -0.1276, 51.5072], 10);
    assert_eq!((london.x.0, london.y.0), (511, 340));
}

proptest! {
    #[test]
    fn a_place_lies_in_its_tile(lon in -179.9..179.9_f64, lat in -84.0..84.0_f64, zoom in 0_i16..=18) {
        let range = tiles([lon, lat, lon, lat], zoom);
        prop_assert_eq!(range.x.0, range.x.1);
        let [west, south, east, north] = tile_bounds(zoom, range.x.0, range.y.0);
        prop_assert!((west..=east).contains(&lon) && (south - 1e-9..=north + 1e-9).contains(&lat));
    }
}
