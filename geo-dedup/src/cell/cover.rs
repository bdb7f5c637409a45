//! Cells around a place.

use h3o::{CellIndex, LatLng, Resolution};

use super::{CellRange, LockCell, h3_15, lat_lng};
use crate::measure::{LonLat, Metres};

/// Radius of H3's sphere, in metres.
pub(super) const EARTH_RADIUS: f64 = h3o::EARTH_RADIUS_KM * 1000.0;

/// Distance between neighbouring centres of resolution 0 on the plane that touches the sphere at a face's centre, in
/// Earth radii: a property of H3's icosahedron, (3 - √5) / 2.
const BASE_SPACING: f64 = 0.381_966_011_250_105;

/// Distances are taken on H3's sphere here, while a database may measure on the ellipsoid: there the sphere's length may
/// exceed the ellipsoid's by 6371 / 6335 (north-south at the equator). One per cent covers it and all rounding.
pub(super) const MARGIN: f64 = 1.01;

/// The finest resolution whose spacing times this is at least the radius is searched. It bounds the number of cells: the
/// disk widened by the reach holds at most 17 cells where they are largest and 33 where they are smallest.
const SPACINGS_PER_RADIUS: f64 = 1.5;

/// The resolution of [`LockCell`]s: 9, cells of about 0.1 km². For the largest search radius ([`crate::MAX_RADIUS`], 250 m)
/// that is a handful of locks; one finer would double them, one coarser would let strangers wait for each other.
pub const LOCK_RESOLUTION: u8 = LOCK as u8;
const LOCK: Resolution = Resolution::Nine;

/// Largest distance between neighbouring centres at a resolution, in metres: the planar spacing, which the projection to
/// the sphere only shortens.
fn spacing(resolution: Resolution) -> f64 {
    EARTH_RADIUS * BASE_SPACING / 7_f64.sqrt().powi(i32::from(u8::from(resolution)))
}

/// Upper bound, in metres, of the distance between a cell's centre and any place whose stored cell descends from it.
pub(super) fn reach(resolution: Resolution) -> f64 {
    spacing(resolution) / (7_f64.sqrt() - 1.0)
}

/// Ranges of stored cells that hold **every** place within `radius` of `point`; sorted and merged.
///
/// # Why nothing is missed
///
/// H3 finds a place's cells on the plane of its icosahedron face, and a child's centre is its parent's centre plus at most
/// one step of the child's grid. The steps shrink by √7 a level, so a descendant's places are at most
/// `s/√7 + s/7 + … = s / (√7 - 1)` away from a cell's centre, where `s` is the spacing of that cell's own grid (the tail of
/// the series beyond resolution 15 exceeds the radius of the last hexagon). This *reach*, 0.608 `s`, is more than the
/// hexagon's own radius of 0.577 `s`: the difference is the overhang by which descendants stick out of their ancestor.
/// Unfolding neighbouring faces along their edges keeps the argument on one plane (around a pentagon the plane lacks a
/// sector, but no cell other than the pentagon itself is close enough to its vertex to be seen across it), and projecting
/// to the sphere only shortens lengths. So whoever lies within `radius` of `point` descends from a cell whose centre is
/// within `radius + reach` of it, and those are the cells taken.
///
/// They are found ring by ring around the point's own cell. A whole ring whose hexagons all lie beyond that distance
/// encloses the disk, so no cell outside it can be one of them.
///
/// # Parameters
///
/// * `point`: the middle of the search. It need not be the centre of a cell, nor is it replaced by one.
/// * `radius`: taken around `point`, not around its cell, and widened by 1 %, so that the guarantee also holds for distances
///   measured on the ellipsoid. The ranges are no circle: **a place outside the radius may well be inside a range**, so measure
///   the exact distance after the search.
///
/// # Returns
///
/// Inclusive ranges of [`Cell15::to_i64`](super::Cell15::to_i64), in rising order, of which no two touch.
///
/// # Complexity
///
/// At most 33 cells (six to sixteen as a rule) whatever the radius, merged into fewer ranges; to find them, the rings around
/// them are measured as well.
///
/// # Examples
///
/// ```
/// use geo_dedup::{LonLat, Metres, cell};
///
/// let here = LonLat::new(3.3522, 48.8566)?;
/// let near = LonLat::new(3.3525, 48.8566)?; // 22 m to the east
/// let ranges = cell::covering(&here, Metres::whole(50));
/// assert!(ranges.iter().any(|range| range.contains(cell::h3_15(&near))));
/// # Ok::<(), geo_dedup::InvalidPosition>(())
/// ```
#[must_use]
pub fn covering(point: &LonLat, radius: Metres) -> Vec<CellRange> {
    let cells = cells_within(point, radius, search_resolution(radius));
    CellRange::merge(cells.into_iter().map(CellRange::of).collect())
}

/// The cells to lock before alerts within `radius` of `point` are read or changed; sorted, without doubles.
///
/// Everybody takes them in this order, so that nobody waits in a circle. If an alert's anchor lies within `radius` of
/// `point`, then [`anchor_lock_cell`] of that anchor is among them (the argument of [`covering`], at one fixed resolution);
/// the point's own lock cell always is.
///
/// # Parameters
///
/// * `point`: where the report lies, or the anchor of the alert to be changed.
/// * `radius`: as far as candidates are read, which is [`Policy::search_radius`](crate::Policy::search_radius) with the stated
///   accuracy in it; the policy's own radius would lock too little.
///
/// # Returns
///
/// The cells in the order in which they must be locked. All are taken before the first alert is read: a candidate read before
/// may have changed meanwhile.
///
/// # Complexity
///
/// Up to [`MAX_RADIUS`](crate::MAX_RADIUS) about six cells where they are largest and twice as many where they are smallest;
/// beyond, their number grows with the square of the radius, for their size does not.
///
/// # Examples
///
/// ```
/// use geo_dedup::{LonLat, MAX_RADIUS, cell};
///
/// let report = LonLat::new(3.3522, 48.8566)?;
/// let anchor = LonLat::new(3.3552, 48.8566)?; // 220 m to the east
/// let locks = cell::lock_cells(&report, MAX_RADIUS);
/// assert!(locks.contains(&cell::anchor_lock_cell(&anchor)));
/// # Ok::<(), geo_dedup::InvalidPosition>(())
/// ```
#[must_use]
pub fn lock_cells(point: &LonLat, radius: Metres) -> Vec<LockCell> {
    let mut cells: Vec<_> = cells_within(point, radius, LOCK).into_iter().map(LockCell).collect();
    cells.sort_unstable();
    cells
}

/// The lock cell of a place: the ancestor of its stored cell.
#[must_use]
pub fn anchor_lock_cell(point: &LonLat) -> LockCell {
    LockCell(descent(point, LOCK))
}

/// The finest resolution at which the disk still takes few cells.
pub(super) fn search_resolution(radius: Metres) -> Resolution {
    Resolution::range(Resolution::Zero, Resolution::Fifteen)
        .rev()
        .find(|&resolution| radius.get() <= SPACINGS_PER_RADIUS * spacing(resolution))
        .unwrap_or(Resolution::Zero)
}

/// The cells of one resolution whose descendants may hold a place within `radius`, in no particular order.
pub(super) fn cells_within(point: &LonLat, radius: Metres, resolution: Resolution) -> Vec<CellIndex> {
    let here = lat_lng(point);
    let limit = (radius.get() + reach(resolution)) * MARGIN;
    // A hexagon lies within `spacing / √3` of its centre.
    let beyond = limit + spacing(resolution) / 3_f64.sqrt() * MARGIN;
    let own = descent(point, resolution);
    let mut cells = vec![own];
    for k in 1.. {
        let ring: Vec<(CellIndex, f64)> = own
            .grid_ring::<Vec<_>>(k)
            .into_iter()
            .map(|cell| (cell, LatLng::from(cell).distance_m(here)))
            .collect();
        // An empty ring means that the disk has gone around the Earth.
        if ring.iter().all(|&(_, distance)| distance > beyond) {
            break;
        }
        cells.extend(
            ring.into_iter()
                .filter_map(|(cell, distance)| (distance <= limit).then_some(cell)),
        );
    }
    cells
}

/// The ancestor of a place's stored cell. Every cell has an ancestor at its own resolution and each coarser one, so the
/// look-up in the second branch is never made; it names the cell that contains the place.
fn descent(point: &LonLat, resolution: Resolution) -> CellIndex {
    h3_15(point)
        .ancestor(resolution)
        .unwrap_or_else(|| lat_lng(point).to_cell(resolution))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cells_are_read_whatever_the_radius() {
        let mut most = 0;
        for step in 0..4_000_u32 {
            // A spiral from pole to pole, under every radius from 1 m to 5 km.
            let z = 1.0 - 2.0 * (f64::from(step) + 0.5) / 4_000.0;
            let lon = (f64::from(step) * 137.507_764).rem_euclid(360.0) - 180.0;
            let point = LonLat::new(lon, z.asin().to_degrees()).unwrap();
            let radius = Metres::new(5_000_f64.powf(f64::from(step % 401) / 400.0)).unwrap();
            most = most.max(cells_within(&point, radius, search_resolution(radius)).len());
        }
        assert!((20..=33).contains(&most), "{most}");
    }
}
