//! H3 cells: the one index of every place, and the ranges of it that a search must read.
//!
//! A place is stored as its cell of resolution 15 ([`Cell15`], about 0.9 m²), a 64-bit number whose digits run from the
//! coarsest to the finest level. All descendants of a coarser cell therefore share their leading bits, and **no other
//! index of resolution 15 lies between them**: "inside this cell" is one [`CellRange`], a `BETWEEN` on one column.
//!
//! The coarser cells of a place are always the *ancestors of its stored cell*, never a second look-up at another
//! resolution. The two differ: hexagons do not nest, so a place near an edge may lie in one hexagon and descend from its
//! neighbour. [`covering`], [`lock_cells`] and [`bbox_covering`] take that overhang into account; the bound they rest on is
//! explained at [`covering`].

mod bounds;
mod cover;

use std::{fmt, str::FromStr};

use h3o::{CellIndex, LatLng, Resolution};

pub use self::{
    bounds::bbox_covering,
    cover::{LOCK_RESOLUTION, anchor_lock_cell, covering, lock_cells},
};
use crate::{error::InvalidCell, measure::LonLat};

/// Bits of one digit of an H3 index.
const DIGIT_BITS: u32 = 3;
/// The digits of all fifteen levels.
const ALL_DIGITS: u64 = 0o777_777_777_777_777;
/// The last child (digit 6) at all fifteen levels.
const LAST_CHILDREN: u64 = 0o666_666_666_666_666;
/// Where the resolution stands in the index, and its width.
const RESOLUTION_SHIFT: u32 = 52;
const RESOLUTION_MASK: u64 = 0b1111 << RESOLUTION_SHIFT;

/// The H3 cell of resolution 15 that a place is stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell15(CellIndex);

impl Cell15 {
    /// The index as a database `bigint`. The highest bit of an H3 cell is 0, so it is positive and keeps its order.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        bigint(self.0)
    }

    /// The ancestor at a resolution (0..=15), as the usual H3 text; `None` beyond 15.
    #[must_use]
    pub fn parent_name(self, resolution: u8) -> Option<String> {
        self.ancestor(Resolution::try_from(resolution).ok()?)
            .map(|cell| cell.to_string())
    }

    fn ancestor(self, resolution: Resolution) -> Option<CellIndex> {
        self.0.parent(resolution)
    }
}

impl TryFrom<i64> for Cell15 {
    type Error = InvalidCell;

    /// Reads back what [`Cell15::to_i64`] wrote.
    fn try_from(index: i64) -> Result<Self, InvalidCell> {
        let refused = || InvalidCell(index.to_string());
        let bits = u64::try_from(index).map_err(|_| refused())?;
        match CellIndex::try_from(bits) {
            Ok(cell) if cell.resolution() == Resolution::Fifteen => Ok(Self(cell)),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Cell15 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A cell of [`LOCK_RESOLUTION`]: who changes alerts around a place holds the locks of the cells around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockCell(CellIndex);

impl LockCell {
    /// The index as a positive database `bigint`, the key of an advisory lock.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        bigint(self.0)
    }
}

/// An inclusive range of resolution-15 indexes, as database `bigint`s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRange {
    /// The smallest index of the range.
    pub first: i64,
    /// The largest index of the range.
    pub last: i64,
}

impl CellRange {
    /// Whether a stored place lies in the range.
    #[must_use]
    pub fn contains(&self, cell: Cell15) -> bool {
        (self.first..=self.last).contains(&cell.to_i64())
    }

    /// All descendants of a cell, from the one with only first children to the one with only last children.
    fn of(cell: CellIndex) -> Self {
        let finer = 15 - u32::from(u8::from(cell.resolution()));
        let below = ALL_DIGITS & !(ALL_DIGITS << (DIGIT_BITS * finer));
        let prefix = (u64::from(cell) & !RESOLUTION_MASK & !below) | (15_u64 << RESOLUTION_SHIFT);
        Self {
            first: prefix.cast_signed(),
            last: (prefix | (LAST_CHILDREN & below)).cast_signed(),
        }
    }

    /// Whether no cell lies between the end of this range and the start of the later one.
    fn touches(&self, later: &Self) -> bool {
        later.first <= self.last.saturating_add(1)
            || CellIndex::try_from(self.last.cast_unsigned())
                .ok()
                .and_then(CellIndex::succ)
                .is_some_and(|next| later.first <= bigint(next))
    }

    /// Sorts ranges and joins those without a cell between them.
    fn merge(mut ranges: Vec<Self>) -> Vec<Self> {
        ranges.sort_unstable();
        let mut merged: Vec<Self> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(open) if open.touches(&range) => open.last = open.last.max(range.last),
                _ => merged.push(range),
            }
        }
        merged
    }
}

impl FromStr for CellRange {
    type Err = InvalidCell;

    /// Parses the usual text of an H3 cell of any resolution: the range of everything below it.
    ///
    /// ```
    /// use geo_dedup::{LonLat, cell};
    ///
    /// let place = LonLat::new(3.3522, 48.8566)?;
    /// let around: cell::CellRange = cell::public_cell(&place, 9).unwrap().parse()?;
    /// assert!(around.contains(cell::h3_15(&place)));
    /// assert!("not a cell".parse::<cell::CellRange>().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, InvalidCell> {
        text.parse().map(Self::of).map_err(|_| InvalidCell(text.to_owned()))
    }
}

/// The cell that a place is stored under.
#[must_use]
pub fn h3_15(point: &LonLat) -> Cell15 {
    Cell15(lat_lng(point).to_cell(Resolution::Fifteen))
}

/// The range of resolution-15 indexes below a cell of any resolution, given as its H3 index.
///
/// # Errors
///
/// [`InvalidCell`] when the number is not an H3 cell.
pub fn parent_range(cell: i64) -> Result<CellRange, InvalidCell> {
    u64::try_from(cell)
        .ok()
        .and_then(|bits| CellIndex::try_from(bits).ok())
        .map(CellRange::of)
        .ok_or_else(|| InvalidCell(cell.to_string()))
}

/// The text of a place's cell at a resolution of 0..=15 (`None` beyond), for maps and public counts.
///
/// It is the ancestor of the stored cell, so that a count by cell and a filter by cell agree to the last report.
#[must_use]
pub fn public_cell(point: &LonLat, resolution: u8) -> Option<String> {
    h3_15(point).parent_name(resolution)
}

/// The centre of a place's cell at a resolution of 0..=15 (`None` beyond): the same for every place of the cell, so that
/// it tells no more than the cell does.
///
/// ```
/// use geo_dedup::{LonLat, cell};
///
/// let place = LonLat::new(3.3522, 48.8566)?;
/// let centre = cell::cell_centre(&place, 12).unwrap();
/// assert_eq!(cell::cell_centre(&centre, 12), Some(centre));
/// assert!(place.distance(&centre).get() < 12.0);
/// # Ok::<(), geo_dedup::InvalidPosition>(())
/// ```
#[must_use]
pub fn cell_centre(point: &LonLat, resolution: u8) -> Option<LonLat> {
    let resolution = Resolution::try_from(resolution).ok()?;
    let centre = LatLng::from(h3_15(point).0.parent(resolution)?);
    LonLat::new(centre.lng(), centre.lat()).ok()
}

fn bigint(cell: CellIndex) -> i64 {
    u64::from(cell).cast_signed()
}

/// The same place in h3o's type. Its constructor only refuses numbers that are not finite, which `LonLat` never holds.
fn lat_lng(point: &LonLat) -> LatLng {
    LatLng::new(point.lat(), point.lon()).unwrap_or_default()
}
