use proptest::prelude::*;

use super::*;
use crate::base_map::{tile_bounds, tiles};

fn path(z: i16, x: i32, y: i32) -> TilePath {
    let jurisdiction = "town".to_owned();
    TilePath { jurisdiction, z, x, y }
}

fn empty(z: i16, x: i32, y: i32) -> Points {
    Points::new("alerts", &["id", "status", "count"], &path(z, x, y))
}

/// A point as a reader sees it: where, in the tile's units, and its properties as text.
type Read = ((i64, i64), Vec<(String, String)>);

/// What a reader makes of a tile's only layer.
fn read(tile: &[u8]) -> Vec<Read> {
    let tile = Tile::decode(tile).expect("a tile");
    let [layer] = tile.layers.as_slice() else {
        panic!("one layer")
    };
    assert_eq!((layer.version, layer.extent, &*layer.name), (2, 4096, "alerts"));
    let signed = |number: u32| i64::from(number >> 1) ^ -i64::from(number & 1);
    let each = layer.features.iter().map(|feature| {
        assert_eq!((feature.kind, feature.geometry[0]), (1, 9));
        let tags = feature.tags.chunks(2).map(|pair| {
            let value = &layer.values[pair[1] as usize];
            let text = value.text.clone().or(value.number.map(|number| number.to_string()));
            (layer.keys[pair[0] as usize].clone(), text.expect("a value"))
        });
        let at = (signed(feature.geometry[1]), signed(feature.geometry[2]));
        (at, tags.collect())
    });
    each.collect()
}

/// Against PostGIS 3.3: `ST_AsMVTGeom(ST_Transform(point, 3857), ST_TileEnvelope(z, x, y), 4096, 64, true)`.
#[test]
fn a_point_lies_where_postgis_puts_it() {
    for ((z, x, y), place, at) in [
        ((14, 7_987, 5_795), (-4.49, 46.505), (2_683, 2_306)),
        ((15, 15_974, 11_591), (-4.4985, 46.5001), (2_198, 3_171)),
        ((3, 4, 2), (12.5, 55.1), (1_138, 2_157)),
    ] {
        let mut points = empty(z, x, y);
        points.add(place, []);
        assert_eq!(read(&points.into_tile()), [(at, Vec::new())]);
    }
}

#[test]
fn properties_of_many_are_written_once_and_what_is_missing_is_left_out() {
    let mut points = empty(14, 7_987, 5_795);
    let at = (-4.49, 46.505);
    let id = |id: &str| Some(Tag::Own(id.to_owned()));
    points.add(at, [id("a"), Some(Tag::Shared("received")), Some(Tag::Number(3))]);
    points.add(at, [id("b"), Some(Tag::Shared("received")), Some(Tag::Number(3))]);
    points.add(at, [id("c"), None, Some(Tag::Number(-4))]);
    assert_eq!(points.layer.values.len(), 6);
    let told: Vec<String> = read(&points.into_tile())
        .into_iter()
        .map(|(_, tags)| {
            let words = tags.into_iter().map(|(key, value)| format!("{key} {value}"));
            words.collect::<Vec<_>>().join(", ")
        })
        .collect();
    let received = |id: &str| format!("id {id}, status received, count 3");
    assert_eq!(told, [received("a"), received("b"), "id c, count -4".to_owned()]);
}

#[test]
fn what_lies_too_far_outside_is_not_drawn_and_nothing_is_no_tile() {
    let (z, x, y) = (14, 7_987, 5_795);
    let [west, south, east, north] = tile_bounds(z, x, y);
    let unit = (east - west) / 4_096.0;
    let middle = f64::midpoint(south, north);
    let mut points = empty(z, x, y);
    for lon in [west - 65.0 * unit, east + 65.0 * unit, f64::NAN] {
        points.add((lon, middle), []);
    }
    points.add((west, 89.9), []);
    assert!(points.layer.features.is_empty());
    assert_eq!(points.into_tile(), Vec::<u8>::new());
    let mut points = empty(z, x, y);
    for lon in [west - 64.0 * unit, east + 64.0 * unit] {
        points.add((lon, middle), []);
    }
    let columns: Vec<i64> = read(&points.into_tile()).iter().map(|(at, _)| at.0).collect();
    assert_eq!(columns, [-64, 4_160]);
}

proptest! {
    /// The tile that holds a place draws it inside.
    #[test]
    fn every_place_is_inside_its_own_tile(lon in -180.0..180.0_f64, lat in -85.0..85.0_f64, zoom in 0..=18_i16) {
        let range = tiles([lon, lat, lon, lat], zoom);
        let mut points = empty(zoom, range.x.0, range.y.0);
        points.add((lon, lat), []);
        let drawn = read(&points.into_tile());
        prop_assert_eq!(drawn.len(), 1);
        let (x, y) = drawn[0].0;
        prop_assert!((0..=4_096).contains(&x) && (0..=4_096).contains(&y), "{} {}", x, y);
    }
}
