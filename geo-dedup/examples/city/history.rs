//! All reports so far, by place.

use std::collections::BTreeMap;

use geo_dedup::{LonLat, Metres, PAST_AROUND, PAST_DAYS, PAST_HERE, cell};

use super::Report;

/// The reports so far by the stored cell of their place.
#[derive(Default)]
pub struct History {
    by_cell: BTreeMap<i64, Vec<usize>>,
}

impl History {
    /// Numbers of the reports in the cells that cover a circle: all within it, and some around.
    pub fn near(&self, point: &LonLat, radius: Metres) -> Vec<usize> {
        let ranges = cell::covering(point, radius);
        let cells = ranges
            .iter()
            .flat_map(|range| self.by_cell.range(range.first..=range.last));
        cells.flat_map(|(_, all)| all.iter().copied()).collect()
    }

    /// How many reports of the family lie on the spot and around it in the past that the context asks for.
    pub fn past(&self, report: &Report, reports: &[Report]) -> (u32, u32) {
        let point = &report.observation.point;
        let mut past = (0, 0);
        for other in self.near(point, PAST_AROUND).iter().filter_map(|one| reports.get(*one)) {
            let days = report.observation.observed_at.days_since(other.observation.observed_at);
            let distance = point.distance(&other.observation.point);
            if other.family == report.family && PAST_DAYS.contains(&days) && distance <= PAST_AROUND {
                past.1 += 1;
                past.0 += u32::from(distance <= PAST_HERE);
            }
        }
        past
    }

    pub fn add(&mut self, point: &LonLat, number: usize) {
        let stored = cell::h3_15(point).to_i64();
        self.by_cell.entry(stored).or_default().push(number);
    }
}
