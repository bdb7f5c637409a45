//! The covering's promise, against brute force: no place within the radius, or within the box, is outside the ranges.

#![expect(
    clippy::unwrap_used,
    reason = "the builders of a test may panic like the test itself"
)]

use geo::{Destination, Haversine, Point};
use geo_dedup::{
    LonLat, Metres,
    cell::{self, Cell15, CellRange},
};
use h3o::{CellIndex, LatLng, Resolution};
use proptest::prelude::*;

fn place(lon: f64, lat: f64) -> LonLat {
    LonLat::new((lon + 180.0).rem_euclid(360.0) - 180.0, lat.clamp(-90.0, 90.0)).unwrap()
}

fn from_h3(place_h3: LatLng) -> LonLat {
    place(place_h3.lng(), place_h3.lat())
}

/// The place at a bearing (degrees) and distance (metres) from another.
fn away(from: &LonLat, bearing: f64, metres: f64) -> LonLat {
    let to = Haversine.destination(Point::new(from.lon(), from.lat()), bearing, metres);
    place(to.x(), to.y())
}

fn covered(ranges: &[CellRange], stored: Cell15) -> bool {
    ranges.iter().any(|range| range.contains(stored))
}

/// Any resolution from `coarsest` to 15.
fn resolution(coarsest: u8) -> impl Strategy<Value = Resolution> {
    (coarsest..=15).prop_map(|level| Resolution::try_from(level).unwrap())
}

/// Evenly spread over the sphere.
fn anywhere() -> impl Strategy<Value = LonLat> {
    (-180.0..=180.0, -1.0..=1.0_f64).prop_map(|(lon, z)| place(lon, z.asin().to_degrees()))
}

/// Places where an index is most likely to be wrong.
fn tricky() -> impl Strategy<Value = LonLat> {
    let vertex = (anywhere(), resolution(5), 0..6_usize).prop_map(|(near, resolution, corner)| {
        let boundary = LatLng::new(near.lat(), near.lon())
            .unwrap()
            .to_cell(resolution)
            .boundary();
        from_h3(boundary[corner % boundary.len()])
    });
    let edge = (anywhere(), resolution(5), 0..6_usize, 0.0..=1.0).prop_map(|(near, resolution, side, along)| {
        let boundary = LatLng::new(near.lat(), near.lon())
            .unwrap()
            .to_cell(resolution)
            .boundary();
        let from = from_h3(boundary[side % boundary.len()]);
        let to = from_h3(boundary[(side + 1) % boundary.len()]);
        let turn = (to.lon() - from.lon() + 540.0).rem_euclid(360.0) - 180.0;
        place(from.lon() + along * turn, from.lat() + along * (to.lat() - from.lat()))
    });
    let pentagon =
        (resolution(0), 0..12_usize, 0.0..360.0, 0.0..3_000.0).prop_map(|(level, which, bearing, metres)| {
            away(&from_h3(level.pentagons().nth(which).unwrap().into()), bearing, metres)
        });
    let antimeridian = (-0.001..0.001, -89.0..89.0).prop_map(|(lon, lat)| place(180.0 + lon, lat));
    let pole = (-180.0..180.0, 0.0..0.01, any::<bool>())
        .prop_map(|(lon, off, north)| place(lon, if north { 90.0 - off } else { off - 90.0 }));
    prop_oneof![vertex, edge, pentagon, antimeridian, pole, anywhere()]
}

/// From one metre to the largest search radius, and on to five kilometres; small ones as often as large ones.
fn radius() -> impl Strategy<Value = f64> {
    prop_oneof![1.0..=250.0, (0.0..=5_000_f64.ln()).prop_map(f64::exp)]
}

/// Bearings, and shares of the radius: on the rim as often as inside.
fn offsets() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.0..360.0, prop_oneof![Just(0.999_999), 0.0..0.999_999]), 16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_place_within_the_radius_is_missed(point in tricky(), radius in radius(), offsets in offsets()) {
        let ranges = cell::covering(&point, Metres::new(radius).unwrap());
        prop_assert!(covered(&ranges, cell::h3_15(&point)));
        for (bearing, share) in offsets {
            let near = away(&point, bearing, radius * share);
            prop_assert!(covered(&ranges, cell::h3_15(&near)), "{near:?} of {point:?}");
        }
    }

    #[test]
    fn ranges_are_few_sorted_and_apart(point in tricky(), radius in radius()) {
        let ranges = cell::covering(&point, Metres::new(radius).unwrap());
        prop_assert!(!ranges.is_empty() && ranges.len() <= 33, "{}", ranges.len());
        prop_assert!(ranges.iter().all(|range| 0 < range.first && range.first <= range.last));
        prop_assert!(ranges.windows(2).all(|pair| pair[0].last < pair[1].first));
    }

    #[test]
    fn whoever_searches_an_anchor_holds_its_lock(point in tricky(), radius in 1.0..=250.0, offsets in offsets()) {
        let locks = cell::lock_cells(&point, Metres::new(radius).unwrap());
        prop_assert!(locks.windows(2).all(|pair| pair[0] < pair[1]), "sorted, without doubles");
        prop_assert!(locks.contains(&cell::anchor_lock_cell(&point)));
        prop_assert!(locks.len() <= 19, "{}", locks.len());
        for (bearing, share) in offsets {
            let anchor = away(&point, bearing, radius * share);
            prop_assert!(locks.contains(&cell::anchor_lock_cell(&anchor)), "{anchor:?} of {point:?}");
        }
    }

    #[test]
    fn a_parent_is_one_range_of_its_descendants_and_of_nothing_else(point in tricky(), level in resolution(0)) {
        let stored = LatLng::new(point.lat(), point.lon()).unwrap().to_cell(Resolution::Fifteen);
        let parent = stored.parent(level).unwrap();
        let range = cell::parent_range(u64::from(parent).cast_signed()).unwrap();
        let text: CellRange = parent.to_string().parse().unwrap();
        prop_assert_eq!(range, text);
        let ends = [range.first, range.last].map(|end| CellIndex::try_from(end.cast_unsigned()).unwrap());
        for inside in ends.into_iter().chain([stored]) {
            prop_assert_eq!(inside.parent(level), Some(parent));
            prop_assert!(range.contains(Cell15::try_from(u64::from(inside).cast_signed()).unwrap()));
        }
        for outside in [ends[0].pred(), ends[1].succ()].into_iter().flatten() {
            prop_assert_ne!(outside.parent(level), Some(parent));
        }
        // The stored cell itself lies in the range exactly when the hierarchy says so.
        let other = LatLng::from(parent.center_child(Resolution::Fifteen).unwrap().succ().unwrap()).to_cell(Resolution::Fifteen);
        let listed = range.contains(Cell15::try_from(u64::from(other).cast_signed()).unwrap());
        prop_assert_eq!(listed, other.parent(level) == Some(parent));
    }

    #[test]
    fn the_bigint_keeps_sign_order_and_identity(one in tricky(), other in tricky()) {
        let (one, other) = (cell::h3_15(&one), cell::h3_15(&other));
        prop_assert!(one.to_i64() > 0);
        prop_assert_eq!(one.cmp(&other), one.to_i64().cmp(&other.to_i64()));
        prop_assert_eq!(Cell15::try_from(one.to_i64()).unwrap(), one);
    }

    #[test]
    fn public_cells_follow_the_hierarchy(point in tricky()) {
        let stored = cell::h3_15(&point);
        for level in 0..=15 {
            let range: CellRange = cell::public_cell(&point, level).unwrap().parse().unwrap();
            prop_assert!(range.contains(stored));
        }
        prop_assert_eq!(cell::public_cell(&point, 16), None);
    }

    #[test]
    fn no_place_in_the_box_is_missed(
        corner in tricky(), width in prop_oneof![0.0..0.05, 0.0..360.0], height in prop_oneof![0.0..0.05, 0.0..180.0],
        budget in 1..64_usize, inside in prop::collection::vec((0.0..=1.0, 0.0..=1.0), 24),
    ) {
        let (west, south) = (corner.lon(), corner.lat());
        let east = place(west + width, 0.0).lon();
        let north = f64::min(south + height, 90.0);
        // Walk from west to east the way the box itself does (equal longitudes: no width).
        let width = if west > east { east - west + 360.0 } else { east - west };
        let ranges = cell::bbox_covering(west, south, east, north, budget).unwrap();
        prop_assert!(!ranges.is_empty() && ranges.len() <= budget, "{}", ranges.len());
        prop_assert!(ranges.windows(2).all(|pair| pair[0].last < pair[1].first));
        for (across, up) in inside {
            let within = place(west + across * width, south + up * (north - south));
            prop_assert!(covered(&ranges, cell::h3_15(&within)), "{within:?}");
        }
    }
}

/// The bound that everything rests on, at every resolution: descendants stay within the reach, and do leave their hexagon.
#[test]
fn descendants_overhang_their_hexagon_but_stay_within_reach() {
    let spacing = |level: u8| h3o::EARTH_RADIUS_KM * 1000.0 * 0.381_966_011_250_105 / 7_f64.sqrt().powi(level.into());
    let mut beyond_hexagon = 0;
    for seed in 0..2_000_u64 {
        let bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (lon, z) = (
            (bits % 36_000) as f64 / 100.0 - 180.0,
            (bits >> 40) as f64 / (1 << 23) as f64 - 1.0,
        );
        let level = (bits % 13) as u8;
        let start = LatLng::new(z.clamp(-1.0, 1.0).asin().to_degrees(), lon).unwrap();
        let ancestor = start.to_cell(Resolution::try_from(level).unwrap());
        // Walk down to the descendant that is always the farthest child.
        let centre = LatLng::from(ancestor);
        let mut cell = ancestor;
        for finer in level + 1..=15 {
            cell = cell
                .children(Resolution::try_from(finer).unwrap())
                .max_by(|one, other| {
                    LatLng::from(*one)
                        .distance_m(centre)
                        .total_cmp(&LatLng::from(*other).distance_m(centre))
                })
                .unwrap();
        }
        let reach = |cell: CellIndex| {
            let corners = cell.boundary();
            let distances = corners.iter().map(|corner| corner.distance_m(centre));
            distances.fold(0.0, f64::max)
        };
        let farthest = reach(cell);
        assert!(
            farthest <= spacing(level) / (7_f64.sqrt() - 1.0),
            "{ancestor}: {farthest}"
        );
        beyond_hexagon += u32::from(farthest > reach(ancestor));
    }
    assert!(
        beyond_hexagon > 100,
        "without any overhang this test would prove nothing: {beyond_hexagon}"
    );
}

#[test]
fn a_search_in_the_hexagon_of_the_point_alone_would_miss_places() {
    // The reason for all this: two places in the same hexagon of resolution 9 whose stored cells have different ancestors.
    let mut strays = 0;
    for step in 0..20_000 {
        let spot = LatLng::new(45.0 + f64::from(step) * 1e-5, 3.0 + f64::from(step % 97) * 1e-4).unwrap();
        let by_place = spot.to_cell(Resolution::Nine);
        let by_descent = spot.to_cell(Resolution::Fifteen).parent(Resolution::Nine).unwrap();
        strays += u32::from(by_place != by_descent);
    }
    assert!(strays > 0);
}

#[test]
fn boxes_that_are_none_are_refused() {
    use geo_dedup::{InvalidBox, InvalidPosition};
    assert_eq!(
        cell::bbox_covering(0.0, 2.0, 1.0, 1.0, 8),
        Err(InvalidBox::SouthAboveNorth(2.0, 1.0))
    );
    assert_eq!(cell::bbox_covering(0.0, 1.0, 1.0, 2.0, 0), Err(InvalidBox::NoRanges));
    let outside = InvalidBox::Corner(InvalidPosition::Latitude(91.0));
    assert_eq!(cell::bbox_covering(0.0, 1.0, 1.0, 91.0, 8), Err(outside));
    assert!(cell::bbox_covering(f64::NAN, 1.0, 1.0, 2.0, 8).is_err());
}

#[test]
fn the_whole_earth_is_one_range() {
    let world = cell::bbox_covering(-180.0, -90.0, 180.0, 90.0, 8).unwrap();
    assert_eq!(world.len(), 1);
}

#[test]
fn a_box_of_a_town_is_followed_closely() {
    // 0.1 by 0.1 degrees is some 87 km2 here; 64 ranges must not read three times as much.
    let ranges = cell::bbox_covering(2.3, 45.0, 2.4, 45.1, 64).unwrap();
    let read = (0..40_000)
        .filter(|step| {
            let spot = place(
                2.2 + f64::from(step % 200) * 0.0015,
                44.9 + f64::from(step / 200) * 0.0015,
            );
            covered(&ranges, cell::h3_15(&spot))
        })
        .count();
    let inside = 40_000 / 9;
    assert!(read >= inside && read < 2 * inside, "{read} of {inside}");
}

#[test]
fn what_is_no_cell_is_refused() {
    assert!(cell::parent_range(-1).is_err());
    assert!(cell::parent_range(0).is_err());
    assert!(Cell15::try_from(i64::MAX).is_err());
    assert!("891fb46622fffff".parse::<CellRange>().is_ok());
    assert!("891fb46622ffff".parse::<CellRange>().is_err());
    let coarse = i64::from_str_radix("891fb46622fffff", 16).unwrap();
    assert!(Cell15::try_from(coarse).is_err(), "a stored cell has resolution 15");
}
