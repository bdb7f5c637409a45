//! Streams with labels, and their time-permuted copies.

use std::{collections::BTreeMap, error::Error, path::Path};

use chrono::{DateTime, Datelike, Utc};

use crate::city::{City, Report};

/// A city's reports with what its staff said about them.
pub struct Stream {
    pub city: City,
    /// Which reports the staff linked: those with the same text, where there is one.
    pub clusters: Vec<Option<String>>,
    /// Reports that the staff called a duplicate of another.
    pub flags: Vec<bool>,
}

#[derive(serde::Deserialize)]
struct Label {
    #[serde(default)]
    cluster_id: Option<String>,
    is_duplicate: u8,
    #[serde(default)]
    citizen: Option<u8>,
    #[serde(default)]
    placeholder: Option<u8>,
}

impl Stream {
    /// Reads what citizens sent from a real place.
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let (mut clusters, mut flags) = (Vec::new(), Vec::new());
        let city = City::read(path, |record, header| {
            let label: Label = record.deserialize(Some(header))?;
            let wanted = label.citizen != Some(0) && label.placeholder != Some(1);
            if wanted {
                clusters.push(label.cluster_id);
                flags.push(label.is_duplicate == 1);
            }
            Ok(wanted)
        })?;
        Ok(Self { city, clusters, flags })
    }

    /// The half-year of a report: years doubled, and one more from July on.
    pub fn half(report: &Report) -> i32 {
        let at = DateTime::<Utc>::from_timestamp_millis(report.observation.observed_at.0).unwrap_or_default();
        at.year() * 2 + i32::from(at.month() > 6)
    }

    /// The same reports in the same places, with the times (and how long each stayed open) exchanged within category and
    /// half-year, in order of time: what meets there meets by chance.
    pub fn permuted(&self, seed: u64) -> Vec<Report> {
        let mut reports = self.city.reports.clone();
        let mut groups: BTreeMap<(i64, i32), Vec<usize>> = BTreeMap::new();
        for (number, report) in reports.iter().enumerate() {
            let group = (report.observation.category.0, Self::half(report));
            groups.entry(group).or_default().push(number);
        }
        let mut random = Random(seed);
        for group in groups.values() {
            let mut from = group.clone();
            for last in (1..from.len()).rev() {
                from.swap(last, random.below(last + 1));
            }
            for (to, from) in group.iter().zip(from) {
                reports[*to].observation.observed_at = self.city.reports[from].observation.observed_at;
                reports[*to].closed = self.city.reports[from].closed;
            }
        }
        reports.sort_by_key(|report| report.observation.observed_at);
        reports
    }
}

/// SplitMix64: a run must give the same file again.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
