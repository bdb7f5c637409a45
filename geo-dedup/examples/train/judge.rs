//! How well a set of weights places a stream: by what the staff linked, and beyond what meets by chance.

use std::{collections::HashMap, error::Error, hash::Hash};

use geo_dedup::WeightSet;

use crate::{
    city::{City, Report, Town},
    stream::Stream,
};

/// The figures of one run.
pub struct Verdict {
    /// Share of the staff's linked pairs that share an alert.
    pub recall: f64,
    /// Share of the pairs made that chance does not explain: an upper bound of precision.
    pub beyond_chance: f64,
    /// Pairs made.
    pub made: f64,
}

impl Verdict {
    pub fn f(&self) -> f64 {
        harmonic(self.recall, self.beyond_chance)
    }
}

pub fn harmonic(one: f64, two: f64) -> f64 {
    if one + two > 0.0 {
        2.0 * one * two / (one + two)
    } else {
        0.0
    }
}

/// Judges weights on a part of a stream.
pub fn judge(
    stream: &Stream,
    in_part: &dyn Fn(&Report) -> bool,
    weights: &WeightSet,
) -> Result<Verdict, Box<dyn Error>> {
    let all = stream.city.reports.iter().zip(&stream.clusters);
    let (reports, clusters): (Vec<Report>, Vec<&Option<String>>) = all
        .filter(|(report, _)| in_part(report))
        .map(|(report, cluster)| (report.clone(), cluster))
        .unzip();
    let alerts = Town::new(&stream.city, &reports, weights)?.live()?;
    let linked = |one: &(&&Option<String>, &usize)| one.0.is_some();
    let truth = clusters.iter().filter_map(|cluster| cluster.as_ref());
    let shared = clusters.iter().zip(&alerts).filter(linked);
    let made = pairs(alerts.iter());
    Ok(Verdict {
        recall: pairs(shared) / pairs(truth).max(1.0),
        beyond_chance: (1.0 - by_chance(stream, in_part, weights)? / made.max(1.0)).max(0.0),
        made,
    })
}

/// Pairs made on time-permuted copies: the mean of three.
fn by_chance(stream: &Stream, in_part: &dyn Fn(&Report) -> bool, weights: &WeightSet) -> Result<f64, Box<dyn Error>> {
    let mut made = 0.0;
    for seed in 1..=3 {
        let mut reports = stream.permuted(seed);
        reports.retain(in_part);
        made += pairs(Town::new(&stream.city, &reports, weights)?.live()?.iter()) / 3.0;
    }
    Ok(made)
}

fn pairs<T: Hash + Eq>(groups: impl Iterator<Item = T>) -> f64 {
    let mut sizes: HashMap<T, f64> = HashMap::new();
    groups.for_each(|group| *sizes.entry(group).or_default() += 1.0);
    sizes.values().map(|size| size * (size - 1.0) / 2.0).sum()
}

/// Precision, recall and F1 of "this report is a duplicate" over the reports of one family from a day on.
pub fn flags(
    stream: &Stream,
    family: &str,
    since_days: f64,
    weights: &WeightSet,
) -> Result<(f64, f64, f64), Box<dyn Error>> {
    let City { reports, families, .. } = &stream.city;
    let openers = Town::new(&stream.city, reports, weights)?.live()?;
    let (mut hits, mut said, mut flagged) = (0.0_f64, 0.0_f64, 0.0_f64);
    let first = reports.first().ok_or("an empty stream")?.observation.observed_at;
    for (number, (report, opener)) in reports.iter().zip(openers).enumerate() {
        let asked = families.get(report.family).is_some_and(|name| name == family);
        if asked && report.observation.observed_at.days_since(first) >= since_days {
            let joined = opener != number;
            said += f64::from(u8::from(joined));
            flagged += f64::from(u8::from(stream.flags[number]));
            hits += f64::from(u8::from(joined && stream.flags[number]));
        }
    }
    let (precision, recall) = (hits / said.max(1.0), hits / flagged.max(1.0));
    Ok((precision, recall, harmonic(precision, recall)))
}
