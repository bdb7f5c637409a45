//! A part of the map, as ranges of stored cells: the database finds them by an index, the exact box comes second.

use geo_dedup::cell::{CellRange, bbox_covering};

use crate::http::problem::Problem;

/// Most ranges of one search: more narrow it better, but each is a look into the index.
const MAX_RANGES: usize = 48;

/// A box: west, south, east, north; degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Smallest longitude.
    pub west: f64,
    /// Smallest latitude.
    pub south: f64,
    /// Largest longitude.
    pub east: f64,
    /// Largest latitude.
    pub north: f64,
}

impl Bounds {
    /// Reads `west,south,east,north`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::field("bbox", "bbox");
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
        match numbers.map_err(|_| wrong())?.as_slice() {
            &[west, south, east, north] if west <= east && south <= north => Ok(Self {
                west,
                south,
                east,
                north,
            }),
            _ => Err(wrong()),
        }
    }

    /// The ranges that hold everything in it.
    pub fn ranges(&self) -> Result<Vec<CellRange>, Problem> {
        bbox_covering(self.west, self.south, self.east, self.north, MAX_RANGES)
            .map_err(|_| Problem::field("bbox", "bbox"))
    }

    /// Whether a place lies in it.
    pub fn holds(&self, lon: f64, lat: f64) -> bool {
        (self.west..=self.east).contains(&lon) && (self.south..=self.north).contains(&lat)
    }
}

/// Reads an H3 cell of any resolution.
pub fn cell(text: &str) -> Result<CellRange, Problem> {
    text.parse().map_err(|_| Problem::field("h3", "h3"))
}
