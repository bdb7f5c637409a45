//! Learns the weights of evidence from real streams of reports and writes the file that the crate includes.
//!
//! ```text
//! STREET_DATA=folder cargo run --release -p geo-dedup --example train > geo-dedup/weights/default.toml
//! ```
//!
//! The folder holds `dedup/boston311_dev.csv.gz` and `dedup/chicago311_2018_dev.csv.gz`. The report goes to standard error: what was seen, and how weights learned on one half-year place the other.
//!
//! What teaches:
//!
//! 1. pairs that the staff linked (few: staff flag what they notice);
//! 2. pairs of reports of which the staff linked one to something else: they looked, and did not link this one;
//! 3. without any label, all pairs seen against the pairs of time-permuted copies: what meets more often than by chance;
//! 4. reports flagged as duplicates of an unnamed other: the likeliest earlier one is taken for it, and those that stayed
//!    unflagged teach that all of theirs are others.

use std::{error::Error, io::Write, path::PathBuf};

use geo_dedup::{Curve, InvalidWeights, Policy, WeightSet, Weights};

#[path = "../city/mod.rs"]
mod city;
mod judge;
mod logistic;
mod model;
mod pairs;
mod stream;

use judge::{Counts, Flags};
use logistic::Row;
use model::Scale;
use pairs::{Pair, pairs};
use stream::Stream;

/// How much a pair counts: linked by the staff, seen, seen next to a link, flagged.
const LINKED: f64 = 1.0;
const SEEN: f64 = 0.08;
const PASSED_OVER: f64 = 0.5;
const BY_CHANCE: f64 = 0.33;
const FLAGGED: f64 = 3.0;
const RIDGE: f64 = 6.7;
/// Copies that chance is learned from.
const COPIES: u64 = 3;

/// A stream whose staff linked reports, with its pairs and those of its copies.
struct Linked {
    stream: Stream,
    pairs: Vec<Pair>,
    chance: Vec<(Vec<city::Report>, Vec<Pair>)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::var("STREET_DATA").map_err(|_| "set STREET_DATA")?).join("dedup");
    let stream = Stream::read(&folder.join("boston311_dev.csv.gz"))?;
    let copies = (0..COPIES).map(|copy| stream.permuted(101 + copy));
    let chance = copies
        .map(|reports| {
            let pairs = pairs(&reports);
            (reports, pairs)
        })
        .collect();
    let linked = Linked {
        pairs: pairs(&stream.city.reports),
        stream,
        chance,
    };
    let flagged = Stream::read(&folder.join("chicago311_2018_dev.csv.gz"))?;
    let flagged_pairs = pairs(&flagged.city.reports);
    eprintln!(
        "{} reports with {} open pairs; {} flagged-or-not reports with {}",
        linked.stream.city.reports.len(),
        linked.pairs.len(),
        flagged.city.reports.len(),
        flagged_pairs.len()
    );
    cross_validate(&linked, &flagged, &flagged_pairs)?;
    let weights = learn(&linked, &|_| true, &flagged, &flagged_pairs, &|_| true)?;
    Ok(write!(std::io::stdout(), "{HEAD}{weights}")?)
}

/// Weights from the part of both streams that is asked for.
fn learn(
    linked: &Linked,
    in_part: &dyn Fn(&city::Report) -> bool,
    flagged: &Stream,
    flagged_pairs: &[Pair],
    flagged_part: &dyn Fn(&city::Report) -> bool,
) -> Result<WeightSet, Box<dyn Error>> {
    let mut rows = linked_rows(linked, in_part);
    let learned = rows.len();
    let mut solution = None;
    for _ in 0..2 {
        rows.truncate(learned);
        rows.extend(flagged_rows(flagged, flagged_pairs, flagged_part, solution.as_deref()));
        solution = Some(logistic::fit(&rows, model::WIDTH, RIDGE));
    }
    let solution = solution.ok_or("nothing was learned")?;
    let scale = scale(linked, in_part, &solution);
    eprintln!("scale: slope {:.3}, threshold {:.3}", scale.slope, scale.threshold);
    let reports = &linked.stream.city.reports;
    let typical = model::typical(linked.pairs.iter().filter(|pair| in_part(&reports[pair.later])));
    Ok(model::weights(&solution, &typical, &scale, &by_hand()?)?)
}

fn same_cluster(stream: &Stream, pair: &Pair) -> bool {
    let cluster = &stream.clusters[pair.later];
    cluster.is_some() && *cluster == stream.clusters[pair.earlier]
}

fn linked_rows(linked: &Linked, in_part: &dyn Fn(&city::Report) -> bool) -> Vec<Row> {
    let Stream { city, clusters, .. } = &linked.stream;
    let mut rows = Vec::new();
    let mut add = |reports: &[city::Report], pair: &Pair, same, weight| {
        let columns = model::columns(pair, city.kind(reports[pair.later].family));
        rows.push(Row { columns, same, weight });
    };
    for pair in linked.pairs.iter().filter(|pair| in_part(&city.reports[pair.later])) {
        let together = same_cluster(&linked.stream, pair);
        let weight = SEEN + if together { LINKED } else { 0.0 };
        add(&city.reports, pair, true, weight);
        if !together && (clusters[pair.later].is_some() || clusters[pair.earlier].is_some()) {
            add(&city.reports, pair, false, PASSED_OVER);
        }
    }
    for (reports, pairs) in &linked.chance {
        for pair in pairs.iter().filter(|pair| in_part(&reports[pair.later])) {
            add(reports, pair, false, BY_CHANCE / COPIES as f64);
        }
    }
    rows
}

/// Only the family that is flagged nearly completely teaches: elsewhere an unflagged report says little.
fn flagged_rows(
    flagged: &Stream,
    pairs: &[Pair],
    in_part: &dyn Fn(&city::Report) -> bool,
    known: Option<&[f64]>,
) -> Vec<Row> {
    let reports = &flagged.city.reports;
    let kind = |pair: &Pair| flagged.city.kind(reports[pair.later].family);
    let first_guess = |pair: &Pair| {
        let other_street = pair.address == geo_dedup::AddressRelation::OtherStreet;
        -pair.metres - if other_street { 30.0 } else { 0.0 }
    };
    let likelihood = |pair: &Pair| {
        known.map_or_else(
            || first_guess(pair),
            |known| logistic::score(&model::columns(pair, kind(pair)), known),
        )
    };
    let mut rows = Vec::new();
    let taught = |pair: &&Pair| kind(pair) == "pothole" && in_part(&reports[pair.later]);
    let taught: Vec<&Pair> = pairs.iter().filter(taught).collect();
    for of_one in taught.chunk_by(|one, other| one.later == other.later) {
        let same = of_one.first().is_some_and(|pair| flagged.flags[pair.later]);
        let likeliest = of_one
            .iter()
            .max_by(|one, other| likelihood(one).total_cmp(&likelihood(other)));
        let teaching = if same { likeliest.as_slice() } else { &[] };
        let others = if same { &[][..] } else { of_one };
        for pair in teaching.iter().copied().chain(others) {
            rows.push(Row {
                columns: model::columns(pair, kind(pair)),
                same,
                weight: FLAGGED,
            });
        }
    }
    rows
}

/// Brings scores to log-odds of linked pairs against chance, and finds the score that the default join threshold stands
/// for: the one at which the harmonic mean of the linked pairs found and the share beyond chance is largest.
fn scale(linked: &Linked, in_part: &dyn Fn(&city::Report) -> bool, solution: &[f64]) -> Scale {
    let city = &linked.stream.city;
    let scores = |reports: &[city::Report], pairs: &[Pair], wanted: &dyn Fn(&Pair) -> bool| -> Vec<f64> {
        let part = pairs
            .iter()
            .filter(|pair| in_part(&reports[pair.later]) && wanted(pair));
        let mut scores: Vec<f64> = part
            .map(|pair| logistic::score(&model::columns(pair, city.kind(reports[pair.later].family)), solution))
            .collect();
        scores.sort_by(f64::total_cmp);
        scores
    };
    let seen = scores(&city.reports, &linked.pairs, &|_| true);
    let linked_scores = scores(&city.reports, &linked.pairs, &|pair| same_cluster(&linked.stream, pair));
    let copies = linked.chance.iter();
    let chance: Vec<Vec<f64>> = copies
        .map(|(reports, pairs)| scores(reports, pairs, &|_| true))
        .collect();
    let above = |scores: &[f64], threshold: f64| (scores.len() - scores.partition_point(|one| *one < threshold)) as f64;
    let f = |threshold: f64| {
        let by_chance = chance.iter().map(|scores| above(scores, threshold)).sum::<f64>() / COPIES as f64;
        let beyond = 1.0 - by_chance / above(&seen, threshold).max(1.0);
        judge::harmonic(
            above(&linked_scores, threshold) / linked_scores.len().max(1) as f64,
            beyond.max(0.0),
        )
    };
    let steps = (-60..=60).map(|step| f64::from(step) / 20.0);
    let threshold = steps.max_by(|one, other| f(*one).total_cmp(&f(*other))).unwrap_or(0.0);
    let row = |score: &f64, same, weight| Row {
        columns: vec![(0, 1.0), (1, *score)],
        same,
        weight,
    };
    let mut rows: Vec<Row> = linked_scores.iter().map(|score| row(score, true, 1.0)).collect();
    rows.extend(
        chance
            .iter()
            .flatten()
            .map(|score| row(score, false, 1.0 / COPIES as f64)),
    );
    let join = Policy::default().join_threshold();
    Scale {
        slope: logistic::fit(&rows, 2, 1e-6)[1],
        threshold,
        join: (join / (1.0 - join)).ln(),
    }
}

/// Learns on one half-year and judges on the other; the flagged stream is cut after four of its six weeks.
fn cross_validate(linked: &Linked, flagged: &Stream, flagged_pairs: &[Pair]) -> Result<(), Box<dyn Error>> {
    const CUT_DAYS: f64 = 28.0;
    let first = flagged
        .city
        .reports
        .first()
        .ok_or("an empty stream")?
        .observation
        .observed_at;
    let early = |report: &city::Report| report.observation.observed_at.days_since(first) < CUT_DAYS;
    // Each is half a year; the last hours of the one in 2011 lie in 2012 by UTC.
    for judged in [2011..=2012, 2015..=2015] {
        let in_part = |report: &city::Report| judged.contains(&(Stream::half(report) / 2));
        let weights = learn(linked, &|report| !in_part(report), flagged, flagged_pairs, &early)?;
        let verdict: Counts = judge::judge(&linked.stream, &in_part, &weights)?.into_values().sum();
        eprintln!(
            "{judged:?}, learned on the other: F {:.3} (linked pairs found {:.3}, beyond chance {:.3}, pairs made {})",
            verdict.f(),
            verdict.recall(),
            verdict.beyond_chance(),
            verdict.made
        );
        let flags = judge::flags(flagged, "pothole", CUT_DAYS, &weights)?;
        let flags: Flags = flags.into_values().sum();
        eprintln!(
            "flags of the last weeks, learned on the first: P {:.3} R {:.3} F1 {:.3}",
            flags.precision(),
            flags.recall(),
            flags.f1()
        );
    }
    Ok(())
}

/// What these streams cannot teach: they have no positions of phones, no texts, photos, inventory numbers or senders.
fn by_hand() -> Result<Weights, Box<dyn Error>> {
    Ok(Weights {
        version: 4,
        stated_prior: -0.8,
        stated_age_days: stated_age_days()?,
        stated_life_days: 10.0,
        position_floor_m: 5.0,
        unstated_sigma_m: 8.0,
        near_share: 0.9,
        wide_sigma_m: 30.0,
        // The circle of 100 m that the pairs come from: there, the prior counts every distance alike.
        background_m2: 31_416.0,
        category: 1.0,
        asset_same: 4.0,
        asset_other: -4.0,
        text_none: -0.3,
        text_equal: 1.5,
        text_min_trigrams: 8.0,
        photo_same_bits: 6.0,
        photo_same: 6.0,
        resent: 4.0,
        resent_minutes: 10.0,
        verdict: 20.0,
        ..Weights::default()
    })
}

/// The density of delays between the reports of one problem that lives ten days, against an even spread. Its shape is the
/// log-normal one of linked reports: half within a tenth of the life, nine in ten within four fifths of it.
fn stated_age_days() -> Result<Curve, InvalidWeights> {
    Curve::new(vec![
        (0.0, 2.2),
        (0.1, 1.5),
        (0.3, 1.1),
        (1.0, 0.0),
        (3.0, -1.4),
        (10.0, -3.5),
        (30.0, -4.5),
    ])
}

const HEAD: &str = "\
# The weights of evidence, by kind of problem. Written by examples/train; see there what teaches.
#
# Log-odds are natural logarithms: +0.7 doubles the odds that two reports mean the same problem, -0.7 halves them. A curve
# is a list of [quantity, log-odds], straight between its knots and level outside. Units: _m metres, _m2 square metres,
# _days days, _minutes minutes, address_gap house numbers; past_* multiplies ln(1 + reports). A kind lists what differs.
#
# Learned: prior, distance_m, age_days, life_days, address_*, related_category, past_*. The others are set by hand; stated_*
# speak where a phone states its accuracy, in place of their namesakes.

";
