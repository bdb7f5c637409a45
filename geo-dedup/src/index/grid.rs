//! Places in memory, found by cubes of space: no longitude to wrap, no pole, no pentagon.

use std::collections::HashMap;

use crate::{
    measure::{LonLat, Metres},
    observation::CategoryId,
};

/// Edge of a cube, in metres. A search of the usual 110 m reads about three cubes a category; smaller cubes would be more
/// look-ups, larger ones bring more strangers.
const EDGE_M: f64 = 512.0;
/// Mean Earth radius, in metres: the one of [`LonLat::distance`].
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Rounding, in metres: of coordinates within a cube in `f32` (0.06 mm), of the sphere's coordinates in `f64` (a few
/// nanometres), and of the great-circle distance that the caller compares with (less than a micrometre).
const MARGIN_M: f64 = 0.01;

/// A place as the sphere's coordinates: metres from the centre of the Earth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot([f64; 3]);

impl Spot {
    pub(super) fn of(point: &LonLat) -> Self {
        let (sin_lon, cos_lon) = point.lon().to_radians().sin_cos();
        let (sin_lat, cos_lat) = point.lat().to_radians().sin_cos();
        Self([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat].map(|axis| axis * EARTH_RADIUS_M))
    }

    fn cube(self) -> [i32; 3] {
        self.0.map(cube_of)
    }

    /// Coordinates from a cube's lowest corner.
    fn within(self, cube: [i32; 3]) -> [f32; 3] {
        let mut offset = [0.0; 3];
        for ((offset, metres), cube) in offset.iter_mut().zip(self.0).zip(cube) {
            *offset = (metres - f64::from(cube) * EDGE_M) as f32;
        }
        offset
    }
}

/// Which cube along one axis; at most 12,444 to either side.
fn cube_of(metres: f64) -> i32 {
    (metres / EDGE_M).floor() as i32
}

/// One place, side by side with its neighbours.
#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: [f32; 3],
    slot: u32,
}

/// Numbered places ("slots"), by cube and category: in a large index every line of memory that a search reads is far away,
/// so that looking for what is not there costs less than reading past what does not count.
///
/// # Why nothing is missed
///
/// The straight line between two places is never longer than the way over the ground, and none of its three coordinates
/// is longer than the line. So whatever lies within a radius lies in a cube that the box of that radius touches, and at
/// most the radius away in a straight line.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid(HashMap<([i32; 3], CategoryId), Vec<Entry>>);

impl Grid {
    pub(super) fn insert(&mut self, slot: u32, point: &LonLat, category: CategoryId) {
        let spot = Spot::of(point);
        let cube = spot.cube();
        let entry = Entry {
            offset: spot.within(cube),
            slot,
        };
        self.0.entry((cube, category)).or_default().push(entry);
    }

    pub(super) fn remove(&mut self, slot: u32, point: &LonLat, category: CategoryId) {
        let key = (Spot::of(point).cube(), category);
        if let Some(here) = self.0.get_mut(&key) {
            here.retain(|entry| entry.slot != slot);
            if here.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    /// Every slot of these categories within the radius, in the order of cubes; those up to two centimetres farther may be
    /// among them.
    pub(super) fn near(
        &self,
        point: &LonLat,
        radius: Metres,
        categories: impl Iterator<Item = CategoryId> + Clone,
    ) -> Vec<u32> {
        let spot = Spot::of(point);
        let reach = radius.get() + MARGIN_M;
        let limit = (reach * reach) as f32;
        let [xs, ys, zs] = spot.0.map(|axis| cube_of(axis - reach)..=cube_of(axis + reach));
        let mut found = Vec::new();
        // Plain loops: this is the innermost work of a search, and chained iterators copied every offset.
        for x in xs {
            for y in ys.clone() {
                for z in zs.clone() {
                    let cube = [x, y, z];
                    let from = spot.within(cube);
                    for category in categories.clone() {
                        let here = self.0.get(&(cube, category)).map_or(&[][..], Vec::as_slice);
                        let inside = here.iter().filter(|entry| squared(from, entry.offset) <= limit);
                        found.extend(inside.map(|entry| entry.slot));
                    }
                }
            }
        }
        found
    }
}

/// Square of the straight line between two places given from the same corner, in m².
fn squared([x, y, z]: [f32; 3], other: [f32; 3]) -> f32 {
    let (x, y, z) = (x - other[0], y - other[1], z - other[2]);
    x * x + y * y + z * z
}

#[cfg(test)]
mod tests {
    use geo::{Destination, Haversine, Point};
    use proptest::prelude::*;

    use super::*;

    fn destination(from: LonLat, bearing: f64, metres: f64) -> LonLat {
        let to = Haversine.destination(Point::new(from.lon(), from.lat()), bearing, metres);
        LonLat::new(to.x().clamp(-180.0, 180.0), to.y().clamp(-90.0, 90.0)).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Evenly over the sphere, with poles and the antimeridian; just inside the radius, and a little outside.
        #[test]
        fn what_lies_within_the_radius_is_found_and_no_more(
            lon in prop_oneof![4 => -180.0..=180.0, 1 => Just(180.0), 1 => Just(-180.0), 1 => Just(0.0)],
            z in prop_oneof![4 => -1.0..=1.0, 1 => Just(1.0), 1 => Just(-1.0), 1 => Just(0.0)],
            bearing in 0.0..360.0,
            radius in 0.0..250.0_f64,
            share in prop_oneof![4 => 0.0..1.2, 2 => Just(1.0)],
        ) {
            let here = LonLat::new(lon, f64::asin(z).to_degrees()).unwrap();
            let there = destination(here, bearing, radius * share);
            let mut grid = Grid::default();
            grid.insert(7, &there, CategoryId(1));
            let radius = Metres::new(radius).unwrap();
            let found = grid.near(&here, radius, [CategoryId(2), CategoryId(1)].into_iter()) == [7];
            let distance = here.distance(&there);
            prop_assert!(found || distance > radius, "{distance:?} is within {radius:?}");
            prop_assert!(!found || distance.get() <= radius.get() + 0.02, "{distance:?} is beyond {radius:?}");
            prop_assert_eq!(grid.near(&here, radius, std::iter::once(CategoryId(2))), Vec::<u32>::new());
            grid.remove(7, &there, CategoryId(1));
            prop_assert!(grid.0.is_empty());
        }
    }
}
