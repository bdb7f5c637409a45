//! How well a set of weights places a stream: by what the staff linked, and beyond what meets by chance.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    hash::Hash,
    iter::Sum,
};

use geo_dedup::{LonLat, WeightSet};

use crate::{
    city::{City, Report, Town},
    stream::Stream,
};

/// Pairs of reports, counted.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// Pairs that the staff linked, and those of them that share an alert.
    pub linked: f64,
    shared: f64,
    /// Pairs that share an alert, and how many do on time-permuted copies.
    pub made: f64,
    by_chance: f64,
}

impl Counts {
    /// Share of the staff's linked pairs that share an alert.
    pub fn recall(&self) -> f64 {
        self.shared / self.linked.max(1.0)
    }

    /// Share of the pairs made that chance does not explain: an upper bound of precision.
    pub fn beyond_chance(&self) -> f64 {
        (1.0 - self.by_chance / self.made.max(1.0)).max(0.0)
    }

    pub fn f(&self) -> f64 {
        harmonic(self.recall(), self.beyond_chance())
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            linked: sum.linked + one.linked,
            shared: sum.shared + one.shared,
            made: sum.made + one.made,
            by_chance: sum.by_chance + one.by_chance,
        })
    }
}

pub fn harmonic(one: f64, two: f64) -> f64 {
    if one + two > 0.0 {
        2.0 * one * two / (one + two)
    } else {
        0.0
    }
}

/// A hundredth of a degree of latitude and longitude.
pub type Square = (i64, i64);
/// Where a pair counts: a square, and the family.
pub type Block = (Square, usize);

fn square(point: &LonLat) -> Square {
    let whole = |degrees: f64| (degrees * 100.0).floor() as i64;
    (whole(point.lat()), whole(point.lon()))
}

/// Judges weights on a part of a stream, block by block. A group of reports counts where its first one lies.
pub fn judge(
    stream: &Stream,
    in_part: &dyn Fn(&Report) -> bool,
    weights: &WeightSet,
) -> Result<BTreeMap<Block, Counts>, Box<dyn Error>> {
    let all = stream.city.reports.iter().zip(&stream.clusters);
    let (reports, clusters): (Vec<Report>, Vec<Option<&str>>) = all
        .filter(|(report, _)| in_part(report))
        .map(|(report, cluster)| (report.clone(), cluster.as_deref()))
        .unzip();
    let alerts = Town::new(&stream.city, &reports, weights)?.live()?;
    let mut blocks: BTreeMap<Block, Counts> = BTreeMap::new();
    for (block, pairs) in pairs(&reports, |number| Some(alerts[number])) {
        blocks.entry(block).or_default().made += pairs;
    }
    for (block, pairs) in pairs(&reports, |number| clusters[number]) {
        blocks.entry(block).or_default().linked += pairs;
    }
    for (block, pairs) in pairs(&reports, |number| Some((alerts[number], clusters[number]?))) {
        blocks.entry(block).or_default().shared += pairs;
    }
    // The mean of three copies.
    for seed in 1..=3 {
        let mut reports = stream.permuted(seed);
        reports.retain(in_part);
        let alerts = Town::new(&stream.city, &reports, weights)?.live()?;
        for (block, pairs) in pairs(&reports, |number| Some(alerts[number])) {
            blocks.entry(block).or_default().by_chance += pairs / 3.0;
        }
    }
    Ok(blocks)
}

/// Pairs within the groups that the reports fall into.
fn pairs<K: Hash + Eq>(reports: &[Report], group: impl Fn(usize) -> Option<K>) -> Vec<(Block, f64)> {
    let mut groups: HashMap<K, (Block, f64)> = HashMap::new();
    for (number, report) in reports.iter().enumerate() {
        let Some(key) = group(number) else { continue };
        let first = (square(&report.observation.point), report.family);
        groups.entry(key).or_insert((first, 0.0)).1 += 1.0;
    }
    groups
        .into_values()
        .map(|(block, size)| (block, size * (size - 1.0) / 2.0))
        .collect()
}

/// "This report is a duplicate", said by us, by the city's flag, and by both.
#[derive(Clone, Copy, Default)]
pub struct Flags {
    hits: f64,
    said: f64,
    flagged: f64,
}

impl Flags {
    pub fn precision(&self) -> f64 {
        self.hits / self.said.max(1.0)
    }

    pub fn recall(&self) -> f64 {
        self.hits / self.flagged.max(1.0)
    }

    pub fn f1(&self) -> f64 {
        harmonic(self.precision(), self.recall())
    }
}

impl Sum for Flags {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            hits: sum.hits + one.hits,
            said: sum.said + one.said,
            flagged: sum.flagged + one.flagged,
        })
    }
}

/// What is said of the reports of one family from a day on, square by square.
pub fn flags(
    stream: &Stream,
    family: &str,
    since_days: f64,
    weights: &WeightSet,
) -> Result<BTreeMap<Square, Flags>, Box<dyn Error>> {
    let City { reports, families, .. } = &stream.city;
    let openers = Town::new(&stream.city, reports, weights)?.live()?;
    let first = reports.first().ok_or("an empty stream")?.observation.observed_at;
    let mut squares: BTreeMap<Square, Flags> = BTreeMap::new();
    for (number, (report, opener)) in reports.iter().zip(openers).enumerate() {
        let asked = families.get(report.family).is_some_and(|name| name == family);
        if asked && report.observation.observed_at.days_since(first) >= since_days {
            let (joined, flagged) = (opener != number, stream.flags[number]);
            let here = squares.entry(square(&report.observation.point)).or_default();
            here.said += f64::from(u8::from(joined));
            here.flagged += f64::from(u8::from(flagged));
            here.hits += f64::from(u8::from(joined && flagged));
        }
    }
    Ok(squares)
}
