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
    io::{StdoutLock, Write},
    path::{Path, PathBuf},
};

use geo_dedup::{Curve, WeightSet, Weights};

#[path = "../city/mod.rs"]
mod city;
#[path = "../train/judge.rs"]
mod judge;
#[path = "../train/stream.rs"]
mod stream;

use judge::{Block, Counts, Flags, flags, judge};
use stream::{Random, Stream};

const DRAWS: usize = 1_000;
/// The flagged stream is judged from its fifth week on: what the first reports repeat lies before the file.
const WARM_UP_DAYS: f64 = 28.0;
const FLAGGED: &str = "pothole";
/// The families that the mean is taken over.
const FAMILIES: [&str; 5] = ["graffiti", "abandoned_vehicle", "sign_signal", "tree", "sidewalk"];
/// A family with fewer linked pairs is not judged by itself.
const FEW_LINKED: f64 = 15.0;
const FEATURES: [&str; 6] = ["distance", "age", "address", "category", "past", "kind"];

/// What was counted in one square, by family.
type Families = BTreeMap<usize, Counts>;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::var("STREET_DATA").map_err(|_| "set STREET_DATA")?).join("dedup");
    let linked = Stream::read(Path::new(&folder.join("boston311_dev.csv.gz")))?;
    let flagged = Stream::read(Path::new(&folder.join("chicago311_2018_dev.csv.gz")))?;
    let mut out = std::io::stdout().lock();
    let everything = by_square(judge(&linked, &|_| true, WeightSet::built_in())?);
    let flags: Vec<Flags> = flags(&flagged, FLAGGED, WARM_UP_DAYS, WeightSet::built_in())?
        .into_values()
        .collect();
    let five = five_families(&linked, &everything);
    without_each(&mut out, (&linked, &flagged), &five)?;
    writeln!(out, "\n| figure | all weights | 90 % interval |\n|---|---|---|")?;
    told(&mut out, "F", &everything, f_of_all)?;
    told(&mut out, "mean F of five families", &everything, |drawn| {
        mean(&five, drawn)
    })?;
    told(&mut out, "F1 of flags", &flags, f1)?;
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
        let of_family = |square: &Families| -> Option<Counts> {
            family.map_or_else(
                || Some(square.values().copied().sum()),
                |family| square.get(&family).copied(),
            )
        };
        let squares: Vec<Counts> = everything.iter().filter_map(of_family).collect();
        let counts: Counts = squares.iter().copied().sum();
        if counts.linked >= FEW_LINKED {
            let (low, high) = interval(&squares, |drawn| drawn.iter().copied().copied().sum::<Counts>().f());
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

/// The table of the figures with all weights and without each feature.
fn without_each(
    out: &mut StdoutLock<'_>,
    (linked, flagged): (&Stream, &Stream),
    five: &[usize],
) -> Result<(), Box<dyn Error>> {
    writeln!(
        out,
        "| weights | F | mean of five families | F1 of flags |\n|---|---|---|---|"
    )?;
    for feature in [None].into_iter().chain(FEATURES.map(Some)) {
        let weights = feature.map_or_else(|| Ok(WeightSet::built_in().clone()), without)?;
        let squares = by_square(judge(linked, &|_| true, &weights)?);
        let squares: Vec<&Families> = squares.iter().collect();
        let flags: Flags = flags(flagged, FLAGGED, WARM_UP_DAYS, &weights)?.into_values().sum();
        let name = feature.map_or_else(|| "all".to_owned(), |name| format!("without {name}"));
        writeln!(
            out,
            "| {name} | {:.3} | {:.3} | {:.3} |",
            f_of_all(&squares),
            mean(five, &squares),
            flags.f1()
        )?;
    }
    Ok(())
}

fn by_square(blocks: BTreeMap<Block, Counts>) -> Vec<Families> {
    let mut squares: BTreeMap<_, Families> = BTreeMap::new();
    for ((square, family), counts) in blocks {
        squares.entry(square).or_default().insert(family, counts);
    }
    squares.into_values().collect()
}

/// Those of the five families with enough linked pairs.
fn five_families(stream: &Stream, squares: &[Families]) -> Vec<usize> {
    let families = stream.city.families.iter().enumerate();
    let asked = families.filter(|(_, name)| FAMILIES.contains(&name.as_str()));
    let squares: Vec<&Families> = squares.iter().collect();
    asked
        .map(|(family, _)| family)
        .filter(|family| of_family(*family, &squares).linked >= FEW_LINKED)
        .collect()
}

fn of_family(family: usize, squares: &[&Families]) -> Counts {
    squares.iter().filter_map(|square| square.get(&family)).copied().sum()
}

fn f_of_all(squares: &[&Families]) -> f64 {
    let all = squares.iter().flat_map(|square| square.values()).copied();
    all.sum::<Counts>().f()
}

/// The mean of F over families.
fn mean(families: &[usize], squares: &[&Families]) -> f64 {
    let each = families.iter().map(|family| of_family(*family, squares).f());
    each.sum::<f64>() / families.len().max(1) as f64
}

fn f1(squares: &[&Flags]) -> f64 {
    squares.iter().copied().copied().sum::<Flags>().f1()
}

/// A line of a figure with its interval.
fn told<T>(out: &mut StdoutLock<'_>, name: &str, squares: &[T], figure: impl Fn(&[&T]) -> f64) -> std::io::Result<()> {
    let (low, high) = interval(squares, &figure);
    let all: Vec<&T> = squares.iter().collect();
    writeln!(out, "| {name} | {:.3} | {low:.3} to {high:.3} |", figure(&all))
}

/// 5 % and 95 % of a figure over draws of the squares.
fn interval<T>(squares: &[T], figure: impl Fn(&[&T]) -> f64) -> (f64, f64) {
    let mut random = Random(1);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn = (0..squares.len()).map(|_| &squares[random.below(squares.len())]);
            figure(&drawn.collect::<Vec<_>>())
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
