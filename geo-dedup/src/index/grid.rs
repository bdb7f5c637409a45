//! Places in memory, found by cubes of space: no longitude to wrap, no pole, no pentagon.

use rustc_hash::FxHashMap;

use crate::{
    measure::{EARTH_RADIUS_M, LonLat, Metres},
    observation::CategoryId,
};

/// Edge of a cube, in metres. A search of the usual 110 m reads about three cubes; smaller cubes would be more look-ups, larger
/// ones bring more strangers.
const EDGE_M: f64 = 512.0;
/// Steps of a coordinate within a cube: 7.8 mm each.
const STEPS: f64 = 65_536.0;
/// Rounding, in metres: of three coordinates to whole steps (a step each, 13.5 mm along the diagonal), of the sphere's
/// coordinates in `f64` (a few nanometres), and of the great-circle distance that the caller compares with (less than a
/// micrometre).
const MARGIN_M: f64 = 0.015;

/// A place as the sphere's coordinates: metres from the centre of the Earth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot([f64; 3]);

impl Spot {
    pub(super) fn of(point: &LonLat) -> Self {
        let (sin_lon, cos_lon) = point.lon().to_radians().sin_cos();
        let (sin_lat, cos_lat) = point.lat().to_radians().sin_cos();
        Self([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat].map(|axis| axis * EARTH_RADIUS_M))
    }

    fn cube(self) -> Cube {
        Cube(self.0.map(cube_of))
    }

    /// Coordinates from a cube's lowest corner, in steps, rounded down.
    fn within(self, cube: Cube) -> [i32; 3] {
        let mut offset = [0; 3];
        for ((offset, metres), cube) in offset.iter_mut().zip(self.0).zip(cube.0) {
            *offset = floor((metres - f64::from(cube) * EDGE_M) * (STEPS / EDGE_M));
        }
        offset
    }
}

/// Which cube along one axis; at most 12,444 to either side.
fn cube_of(metres: f64) -> i32 {
    floor(metres / EDGE_M)
}

/// The whole number below one that is small (a million at most): a conversion cuts towards zero, hence far above it. The
/// standard library's `floor` is a call on processors of 2003.
fn floor(number: f64) -> i32 {
    const ABOVE: i32 = 1 << 20;
    (number + f64::from(ABOVE)) as i32 - ABOVE
}

/// Room for what most searches find.
const USUALLY_FOUND: usize = 8;

/// A cube of space, by its number along each axis.
#[derive(Clone, Copy, Debug)]
struct Cube([i32; 3]);

impl Cube {
    /// The three numbers side by side; the lower 16 bits tell each from all others.
    fn key(self) -> u64 {
        self.0.iter().fold(0, |key, axis| key << 16 | u64::from(*axis as u16))
    }
}

/// One place, side by side with its neighbours: the less memory each takes, the more of them a read brings.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Coordinates within the cube, in whole steps.
    offset: [u16; 3],
    slot: u32,
}

/// The places of a cube, by category.
#[derive(Clone, Debug, Default)]
struct Places {
    /// What [`tag`] keeps of the categories, in rising order. They stand apart, so that the place of one is counted out of a
    /// line or two of memory; a bisection would wait for a line at each of its steps.
    tags: Vec<u16>,
    entries: Vec<Entry>,
}

impl Places {
    /// Where those begin that bear a tag, if there are any.
    fn begin(&self, wanted: u16) -> usize {
        // Counted in 16 bits, which processors do several at a time.
        let smaller = |some: &[u16]| some.iter().map(|tag| u16::from(*tag < wanted)).sum::<u16>();
        self.tags.chunks(1 << 15).map(|some| usize::from(smaller(some))).sum()
    }

    /// The places that bear a tag, and how many are before them.
    fn of(&self, wanted: u16) -> (usize, impl Iterator<Item = &Entry>) {
        let begin = self.begin(wanted);
        let tagged = self.tags.iter().zip(&self.entries).skip(begin);
        (
            begin,
            tagged
                .take_while(move |(tag, _)| **tag == wanted)
                .map(|(_, entry)| entry),
        )
    }
}

/// Enough of a category to pass by most others.
const fn tag(category: CategoryId) -> u16 {
    category.0 as u16
}

/// Numbered places ("slots") by cube, in each by category. In a large index every look-up waits for memory that is far away:
/// so all categories share a cube's list, in which those of one stand side by side.
///
/// # Why nothing is missed
///
/// The straight line between two places is never longer than the way over the ground, and none of its three coordinates
/// is longer than the line. So whatever lies within a radius lies in a cube that the box of that radius touches, and at
/// most the radius away in a straight line.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid(FxHashMap<u64, Places>);

impl Grid {
    pub(super) fn insert(&mut self, slot: u32, point: &LonLat, category: CategoryId) {
        let spot = Spot::of(point);
        let cube = spot.cube();
        let entry = Entry {
            // A place may lie a rounding error outside the cube that it was found to be in.
            offset: spot
                .within(cube)
                .map(|steps| steps.clamp(0, i32::from(u16::MAX)) as u16),
            slot,
        };
        let here = self.0.entry(cube.key()).or_default();
        let begin = here.begin(tag(category));
        here.tags.insert(begin, tag(category));
        here.entries.insert(begin, entry);
    }

    pub(super) fn remove(&mut self, slot: u32, point: &LonLat, category: CategoryId) {
        let key = Spot::of(point).cube().key();
        if let Some(here) = self.0.get_mut(&key) {
            let (begin, mut own) = here.of(tag(category));
            let nth = own.position(|entry| entry.slot == slot);
            std::mem::drop(own);
            if let Some(nth) = nth {
                here.tags.remove(begin + nth);
                here.entries.remove(begin + nth);
            }
            if here.tags.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    /// Every slot of these categories within the radius, in the order of cubes; those up to three centimetres farther may be
    /// among them, and those of a category that has its lower 16 bits in common with one of these.
    pub(super) fn near(
        &self,
        point: &LonLat,
        radius: Metres,
        categories: impl Iterator<Item = CategoryId>,
    ) -> Vec<u32> {
        let mut tags: Vec<u16> = categories.map(tag).collect();
        tags.sort_unstable();
        tags.dedup();
        let spot = Spot::of(point);
        let reach = radius.get() + MARGIN_M;
        let limit = (reach * STEPS / EDGE_M).powi(2) as i64;
        let [xs, ys, zs] = spot.0.map(|axis| cube_of(axis - reach)..=cube_of(axis + reach));
        let mut found = Vec::with_capacity(USUALLY_FOUND);
        // Plain loops: this is the innermost work of a search.
        for x in xs {
            for y in ys.clone() {
                for z in zs.clone() {
                    let cube = Cube([x, y, z]);
                    let Some(here) = self.0.get(&cube.key()) else { continue };
                    let from = spot.within(cube);
                    for wanted in &tags {
                        for entry in here.of(*wanted).1 {
                            if squared(from, entry.offset) <= limit {
                                found.push(entry.slot);
                            }
                        }
                    }
                }
            }
        }
        found
    }
}

/// Square of the straight line between two places given from the same corner, in steps.
fn squared([x, y, z]: [i32; 3], other: [u16; 3]) -> i64 {
    let [other_x, other_y, other_z] = other.map(i32::from);
    let square = |length: i32| i64::from(length) * i64::from(length);
    square(x - other_x) + square(y - other_y) + square(z - other_z)
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

    #[test]
    fn every_cube_has_a_key_of_its_own() {
        let far = cube_of(EARTH_RADIUS_M) + 1;
        let axis = [-far, 1 - far, -2, -1, 0, 1, 2, 4, far - 1, far];
        let cubes = axis
            .iter()
            .flat_map(|x| axis.iter().flat_map(move |y| axis.map(|z| Cube([*x, *y, z]))));
        let keys: std::collections::BTreeSet<u64> = cubes.map(Cube::key).collect();
        assert_eq!(keys.len(), axis.len().pow(3));
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
            prop_assert!(!found || distance.get() <= radius.get() + 0.03, "{distance:?} is beyond {radius:?}");
            prop_assert_eq!(grid.near(&here, radius, std::iter::once(CategoryId(2))), Vec::<u32>::new());
            grid.remove(7, &there, CategoryId(1));
            prop_assert!(grid.0.is_empty());
        }
    }
}
