//! Replays a stream of street reports through [`geo_dedup::decide`], as a server would live it.
//!
//! ```text
//! replay [--without FEATURE] INPUT.csv > OUTPUT.csv
//! ```
//!
//! The input is a CSV file in order of arrival, with a header and the columns `id, created_at, closed_at, category, family,
//! lat, lon, accuracy_m, address` (times RFC 3339 or plain dates; `closed_at`, `accuracy_m` and `address` may be empty). The
//! output has a row a report, `id,alert_id`: the alert that it ended in, named after the report that opened it.
//!
//! A report is placed with what arrived before it. An alert is closed from the `closed_at` of the report that opened it, and no
//! other report's `closed_at` is read. Categories of one family are taken as compatible, and the family's name chooses the
//! weights; the policies are the defaults otherwise. `--without` silences a feature: distance, age, address, category, past.

use std::{collections::BTreeMap, error::Error, io::Write, path::Path};

use geo_dedup::{Curve, WeightSet, Weights};

#[path = "city/mod.rs"]
mod city;

use city::{City, Town};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (weights, path) = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [path] => (WeightSet::built_in().clone(), path.to_string()),
        ["--without", feature, path] => (without(feature)?, path.to_string()),
        _ => return Err("usage: replay [--without FEATURE] INPUT.csv".into()),
    };
    let city = City::read(Path::new(&path), |_, _| Ok(true))?;
    let openers = Town::new(&city, &city.reports, &weights)?.live()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "id,alert_id")?;
    for (id, opener) in city.ids.iter().zip(openers) {
        writeln!(out, "{id},{}", city.ids.get(opener).ok_or("no such report")?)?;
    }
    Ok(out.flush()?)
}

/// The built-in weights with one feature that says the same of every pair: what it says on average, as far as is known.
fn without(feature: &str) -> Result<WeightSet, Box<dyn Error>> {
    let built_in = WeightSet::built_in();
    let silence = |kind: &str| -> Result<Weights, Box<dyn Error>> {
        let mut weights = built_in.of(kind).clone();
        match feature {
            "distance" => weights.distance_m = Curve::default(),
            "age" => weights.age_days = Curve::default(),
            "address" => {
                weights.address_gap = Curve::default();
                (weights.address_crossing, weights.address_other) = (0.0, 0.0);
            }
            "category" => weights.category = 0.0,
            "past" => {
                (weights.past_here, weights.past_here_none) = (0.0, 0.0);
                (weights.past_around, weights.past_around_none) = (0.0, 0.0);
            }
            "kind" => weights = built_in.of("").clone(),
            other => return Err(format!("no feature is called {other}").into()),
        }
        Ok(weights)
    };
    let kinds = built_in.kinds().map(|kind| Ok((kind.to_owned(), silence(kind)?)));
    let kinds = kinds.collect::<Result<BTreeMap<_, _>, Box<dyn Error>>>()?;
    Ok(WeightSet::new(silence("")?, kinds))
}
