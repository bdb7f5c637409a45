//! Cells of a bounding box.

use h3o::{CellIndex, LatLng, Resolution};

use super::{
    CellRange,
    cover::{EARTH_RADIUS, MARGIN, cells_within, reach, search_resolution},
    lat_lng,
};
use crate::{
    error::InvalidBox,
    measure::{LonLat, Metres},
};

/// Ranges of stored cells that hold **every** place of a bounding box (its edges included); sorted and merged, at most
/// `max_ranges` of them.
///
/// # Parameters
///
/// * `min_lon`, `min_lat`, `max_lon`, `max_lat`: degrees, in the order of a GeoJSON `bbox`: west, south, east, north, and not
///   latitude first. They are edges along meridians and parallels, not corners of a polygon with great circles between them. A
///   west greater than the east is no mistake but crosses the antimeridian.
/// * `max_ranges`: a budget, not a number of cells nor a resolution. More ranges follow the box more closely; around thirty is
///   good for an index scan.
///
/// # Returns
///
/// At least one range. Places outside the box may be inside a range: compare the coordinates after the search.
///
/// # Steps
///
/// From the few cells around a box of a city's size, or the 122 coarsest, downwards, a cell is dropped when its centre is
/// farther from the box than its [reach](super::covering) (then no descendant has a place in the box), kept whole when its reach
/// lies inside, and otherwise replaced by its children, level by level, as long as the ranges stay within `max_ranges`.
///
/// # Complexity
///
/// Each level measures the seven children of the cells that the edge crosses and sorts what is left. As a level has more than
/// twice the ranges of the one before, the last counts: a small multiple of `max_ranges` cells, whatever the size of the box.
///
/// # Errors
///
/// [`InvalidBox`] when a corner is not a place, south lies above north, or `max_ranges` is 0.
///
/// # Examples
///
/// ```
/// use geo_dedup::{LonLat, cell};
///
/// let ranges = cell::bbox_covering(3.33, 48.85, 3.36, 48.87, 32)?;
/// let inside = cell::h3_15(&LonLat::new(3.3522, 48.8566)?);
/// assert!(ranges.len() <= 32 && ranges.iter().any(|range| range.contains(inside)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bbox_covering(
    min_lon: f64,
    min_lat: f64,
    max_lon: f64,
    max_lat: f64,
    max_ranges: usize,
) -> Result<Vec<CellRange>, InvalidBox> {
    let bounds = Bounds::new(LonLat::new(min_lon, min_lat)?, LonLat::new(max_lon, max_lat)?)?;
    if max_ranges == 0 {
        return Err(InvalidBox::NoRanges);
    }
    let around = bounds.cells_around().filter(|(_, cells)| cells.len() <= max_ranges);
    let (coarsest, cells) = around.unwrap_or_else(|| (Resolution::Zero, CellIndex::base_cells().collect()));
    let mut whole = Vec::new();
    let mut partial = bounds.sift(cells.into_iter(), &mut whole);
    let mut ranges = ranges_of(&whole, &partial);
    for resolution in Resolution::range(coarsest, Resolution::Fifteen).skip(1) {
        // A level has more than twice the ranges of the one before: looking whether it fits would cost more than all so far.
        if ranges.len() * 2 > max_ranges {
            break;
        }
        let children = partial.iter().flat_map(|cell| cell.children(resolution));
        partial = bounds.sift(children, &mut whole);
        let finer = ranges_of(&whole, &partial);
        if finer.len() > max_ranges {
            break;
        }
        ranges = finer;
    }
    Ok(close_gaps(ranges, max_ranges))
}

fn ranges_of(whole: &[CellIndex], partial: &[CellIndex]) -> Vec<CellRange> {
    CellRange::merge(whole.iter().chain(partial).copied().map(CellRange::of).collect())
}

/// Joins ranges across the smallest gaps until they are few enough: only needed for boxes as large as continents.
fn close_gaps(mut ranges: Vec<CellRange>, max_ranges: usize) -> Vec<CellRange> {
    while ranges.len() > max_ranges {
        let gaps = ranges.iter().zip(ranges.iter().skip(1)).enumerate();
        let narrowest = gaps.min_by_key(|(_, (before, after))| after.first.saturating_sub(before.last));
        let Some((before, _)) = narrowest else { break };
        let joined = ranges.remove(before + 1);
        if let Some(range) = ranges.get_mut(before) {
            range.last = joined.last;
        }
    }
    ranges
}

/// Boxes up to this far from their middle to a corner, in metres, are searched from the middle.
const SMALL_BOX_M: f64 = 100_000.0;
/// Beyond this latitude, in radians, they are not.
const POLAR: f64 = 1.45;

/// The same longitude in -180..180 degrees.
fn within_half_turn(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

/// A box on the sphere, in radians; `width` is the way from west to east, 0..=2π.
struct Bounds {
    west: f64,
    width: f64,
    south: f64,
    north: f64,
    corners: [LatLng; 4],
}

impl Bounds {
    fn new(south_west: LonLat, north_east: LonLat) -> Result<Self, InvalidBox> {
        let (west, south) = (south_west.lon(), south_west.lat());
        let (east, north) = (north_east.lon(), north_east.lat());
        if south > north {
            return Err(InvalidBox::SouthAboveNorth(south, north));
        }
        let width = if west > east { east - west + 360.0 } else { east - west };
        let corner = |lon, lat| LatLng::new(lat, lon).unwrap_or_default();
        Ok(Self {
            west: west.to_radians(),
            width: width.to_radians(),
            south: south.to_radians(),
            north: north.to_radians(),
            corners: [
                corner(west, south),
                corner(west, north),
                corner(east, south),
                corner(east, north),
            ],
        })
    }

    /// The cells around a small box: a dozen, of about its size. `None` for a large one, and near the poles, where the box's
    /// corners need not be its farthest places from the middle.
    fn cells_around(&self) -> Option<(Resolution, Vec<CellIndex>)> {
        let middle = (self.west + self.width / 2.0, f64::midpoint(self.south, self.north));
        let centre = LonLat::new(within_half_turn(middle.0.to_degrees()), middle.1.to_degrees()).ok()?;
        let to = |corner: &LatLng| corner.distance_m(lat_lng(&centre));
        let radius = Metres::new(self.corners.iter().map(to).fold(0.0, f64::max)).ok()?;
        let plain = self.width < std::f64::consts::FRAC_PI_2 && self.south.abs().max(self.north.abs()) < POLAR;
        if !plain || radius.get() > SMALL_BOX_M {
            return None;
        }
        let resolution = search_resolution(radius);
        Some((resolution, cells_within(&centre, radius, resolution)))
    }

    /// Sorts cells into those wholly inside (added to `whole`) and those partly inside (returned); drops the others.
    fn sift(&self, cells: impl Iterator<Item = CellIndex>, whole: &mut Vec<CellIndex>) -> Vec<CellIndex> {
        let mut partial = Vec::new();
        for cell in cells {
            let centre = LatLng::from(cell);
            let reach = reach(cell.resolution()) * MARGIN;
            if self.depth(centre) >= reach {
                whole.push(cell);
            } else if self.distance(centre) <= reach {
                partial.push(cell);
            }
        }
        partial
    }

    /// Angle from the western edge eastwards to a longitude, 0..2π.
    fn eastwards(&self, lng: f64) -> f64 {
        (lng - self.west).rem_euclid(std::f64::consts::TAU)
    }

    /// Distance in metres from a place to the nearest place of the box; 0 inside.
    fn distance(&self, place: LatLng) -> f64 {
        let (lat, lng) = (place.lat_radians(), place.lng_radians());
        let east = self.eastwards(lng);
        if east <= self.width {
            return EARTH_RADIUS * (self.south - lat).max(lat - self.north).max(0.0);
        }
        // Outside the box's longitudes, the nearest place lies on one of its two side meridians.
        let from_east = east - self.width;
        let from_west = std::f64::consts::TAU - east;
        let corner = self
            .corners
            .iter()
            .map(|corner| corner.distance_m(place))
            .fold(f64::INFINITY, f64::min);
        corner
            .min(self.to_side(lat, from_east))
            .min(self.to_side(lat, from_west))
    }

    /// Distance in metres to a side meridian `turn` radians away, where its nearest point lies between the corners; infinite
    /// otherwise, and then a corner is nearest.
    fn to_side(&self, lat: f64, turn: f64) -> f64 {
        if turn >= std::f64::consts::FRAC_PI_2 {
            return f64::INFINITY;
        }
        let foot = lat.sin().atan2(lat.cos() * turn.cos());
        if (self.south..=self.north).contains(&foot) {
            EARTH_RADIUS * (lat.cos() * turn.sin()).clamp(-1.0, 1.0).asin()
        } else {
            f64::INFINITY
        }
    }

    /// How deep inside the box a place lies: a lower bound, in metres, of its distance to the outside; 0 on the edge or outside.
    fn depth(&self, place: LatLng) -> f64 {
        let (lat, lng) = (place.lat_radians(), place.lng_radians());
        let east = self.eastwards(lng);
        if east > self.width {
            return 0.0;
        }
        // Past a pole, every longitude is met: it counts as an edge unless the box goes all the way round.
        let round = self.width >= std::f64::consts::TAU - 1e-9;
        let sides = if round {
            f64::INFINITY
        } else {
            let turn = east.min(self.width - east).min(std::f64::consts::FRAC_PI_2);
            (lat.cos() * turn.sin()).clamp(0.0, 1.0).asin()
        };
        let pole = std::f64::consts::FRAC_PI_2;
        let up = if round && self.north >= pole {
            f64::INFINITY
        } else {
            self.north - lat
        };
        let down = if round && self.south <= -pole {
            f64::INFINITY
        } else {
            lat - self.south
        };
        EARTH_RADIUS * sides.min(up).min(down).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_to_a_box_is_never_more_than_to_any_of_its_places() {
        let bounds = Bounds::new(LonLat::new(170.0, 60.0).unwrap(), LonLat::new(-170.0, 80.0).unwrap()).unwrap();
        for (lon, lat) in [
            (0.0, 85.0),
            (160.0, 70.0),
            (-160.0, 59.0),
            (180.0, 50.0),
            (-10.0, -20.0),
        ] {
            let outside = LatLng::new(lat, lon).unwrap();
            let mut nearest = f64::INFINITY;
            for i in 0..=200 {
                for j in 0..=200 {
                    let inside = LatLng::new(60.0 + f64::from(j) * 0.1, 170.0 + f64::from(i) * 0.1);
                    nearest = nearest.min(inside.unwrap().distance_m(outside));
                }
            }
            let distance = bounds.distance(outside);
            assert!(
                distance <= nearest * 1.000_001 && distance >= nearest * 0.98,
                "{lon} {lat}"
            );
        }
    }
}
