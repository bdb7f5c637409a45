//! The tables of RESULTS.md: how the built-in weights place real streams, by family, with intervals, and without each feature.
//!
//! ```text
//! STREET_DATA=folder cargo run --release -p geo-dedup --example prove
//! ```
//!
//! The folder holds the files that the example `train` reads. Intervals hold 90 % of 1,000 draws, with replacement, of squares
//! of a hundredth of a degree: problems of one neighbourhood are no independent witnesses.

use std::{
    collections::BTreeMap,
    error::Error,
    io::Write,
    path::{Path, PathBuf},
};

use geo_dedup::{Curve, WeightSet, Weights};

#[path = "../city/mod.rs"]
mod city;
#[path = "../train/judge.rs"]
mod judge;
#[path = "../train/stream.rs"]
mod stream;

use judge::{Block, Counts, flags, judge};
use stream::{Random, Stream};

const DRAWS: usize = 1_000;
/// The flagged stream is judged from its fifth week on: what the first reports repeat lies before the file.
const WARM_UP_DAYS: f64 = 28.0;
const FLAGGED: &str = "pothole";
/// The families that the mean is taken over.
const FAMILIES: [&str; 5] = ["graffiti", "abandoned_vehicle", "sign_signal", "tree", "sidewalk"];
const FEATURES: [&str; 6] = ["distance", "age", "address", "category", "past", "kind"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::var("STREET_DATA").map_err(|_| "set STREET_DATA")?).join("dedup");
    let linked = Stream::read(Path::new(&folder.join("boston311_dev.csv.gz")))?;
    let flagged = Stream::read(Path::new(&folder.join("chicago311_2018_dev.csv.gz")))?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| weights | F | mean of five families | F1 of flags |\n|---|---|---|---|"
    )?;
    let everything = judge(&linked, &|_| true, WeightSet::built_in())?;
    for feature in [None].into_iter().chain(FEATURES.map(Some)) {
        let weights = feature.map_or_else(|| Ok(WeightSet::built_in().clone()), without)?;
        let blocks = match feature {
            None => everything.clone(),
            Some(_) => judge(&linked, &|_| true, &weights)?,
        };
        let all: Counts = blocks.values().copied().sum();
        let (_, _, f1) = flags(&flagged, FLAGGED, WARM_UP_DAYS, &weights)?;
        let name = feature.map_or_else(|| "all".to_owned(), |name| format!("without {name}"));
        writeln!(
            out,
            "| {name} | {:.3} | {:.3} | {f1:.3} |",
            all.f(),
            mean(&linked, &blocks)
        )?;
    }
    writeln!(
        out,
        "\n| family | linked pairs | found | beyond chance | F | 90 % interval of F | pairs made |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    let families = linked.city.families.iter().enumerate();
    for (family, name) in families
        .map(|(number, name)| (Some(number), name.as_str()))
        .chain([(None, "all")])
    {
        let of_family = |block: &Block| family.is_none_or(|family| block.2 == family);
        let part: Vec<(Block, Counts)> = everything
            .iter()
            .filter(|(block, _)| of_family(block))
            .map(|(block, counts)| (*block, *counts))
            .collect();
        let counts: Counts = part.iter().map(|(_, counts)| *counts).sum();
        if counts.linked >= 15.0 {
            let (low, high) = interval(&part);
            writeln!(
                out,
                "| {name} | {} | {:.3} | {:.3} | {:.3} | {low:.3} to {high:.3} | {} |",
                counts.linked,
                counts.recall(),
                counts.beyond_chance(),
                counts.f(),
                counts.made
            )?;
        }
    }
    Ok(())
}

/// The mean of F over those of the five families with enough linked pairs.
fn mean(stream: &Stream, blocks: &BTreeMap<Block, Counts>) -> f64 {
    let families = stream.city.families.iter().enumerate();
    let asked = families.filter(|(_, name)| FAMILIES.contains(&name.as_str()));
    let counted = asked.map(|(family, _)| -> Counts {
        let own = blocks.iter().filter(|(block, _)| block.2 == family);
        own.map(|(_, counts)| *counts).sum()
    });
    let told: Vec<f64> = counted
        .filter(|counts| counts.linked >= 15.0)
        .map(|counts| counts.f())
        .collect();
    told.iter().sum::<f64>() / told.len().max(1) as f64
}

/// 5 % and 95 % of F over draws of the squares.
fn interval(part: &[(Block, Counts)]) -> (f64, f64) {
    let mut squares: BTreeMap<(i64, i64), Vec<Counts>> = BTreeMap::new();
    for ((lat, lon, _), counts) in part {
        squares.entry((*lat, *lon)).or_default().push(*counts);
    }
    let squares: Vec<Counts> = squares.into_values().map(|all| all.into_iter().sum()).collect();
    let mut random = Random(1);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn = (0..squares.len()).map(|_| squares[random.below(squares.len())]);
            drawn.sum::<Counts>().f()
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    (draws[DRAWS / 20], draws[DRAWS - DRAWS / 20 - 1])
}

/// The built-in weights with one feature that says of every pair what it says of the average one.
fn without(feature: &str) -> Result<WeightSet, Box<dyn Error>> {
    let built_in = WeightSet::built_in();
    let kinds = built_in
        .kinds()
        .map(|kind| Ok((kind.to_owned(), silenced(kind, feature)?)));
    let kinds = kinds.collect::<Result<BTreeMap<_, _>, Box<dyn Error>>>()?;
    Ok(WeightSet::new(silenced("", feature)?, kinds))
}

fn silenced(kind: &str, feature: &str) -> Result<Weights, Box<dyn Error>> {
    let mut weights = WeightSet::built_in().of(kind).clone();
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
        "kind" => weights = Weights::built_in(),
        other => return Err(format!("no feature is called {other}").into()),
    }
    Ok(weights)
}
