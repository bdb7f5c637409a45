//! The model: what a pair's features become in the regression, and what its solution becomes in the weights.

use std::collections::BTreeMap;

use geo_dedup::{AddressRelation, Curve, InvalidWeights, WeightSet, Weights};

use crate::pairs::Pair;

/// Kinds with weights of their own, where enough is known.
pub const KINDS: [&str; 8] = [
    "graffiti",
    "pothole",
    "sidewalk",
    "sign",
    "street_light",
    "tree",
    "vehicle",
    "waste",
];
const METRES: [f64; 7] = [0.0, 8.0, 20.0, 35.0, 50.0, 70.0, 100.0];
const DAYS: [f64; 11] = [0.0, 0.05, 0.25, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 120.0, 250.0];
const NUMBERS: [f64; 5] = [0.0, 10.0, 30.0, 50.0, 60.0];

/// Where each feature's columns begin in a block; the first column of a block is its constant.
const DISTANCE: usize = 1;
const AGE: usize = DISTANCE + METRES.len();
const GAP: usize = AGE + DAYS.len();
const CROSSING: usize = GAP + NUMBERS.len();
const OTHER_STREET: usize = CROSSING + 1;
const CATEGORY: usize = OTHER_STREET + 1;
const HERE: usize = CATEGORY + 1;
const AROUND: usize = HERE + 1;
const BLOCK: usize = AROUND + 1;
/// A block for all kinds, and one for each: how it differs.
pub const WIDTH: usize = BLOCK * (1 + KINDS.len());
/// The ridge counts a kind's difference 1 / SHARE² as dearly as the common part: shrinkage.
const SHARE: f64 = 0.5;

/// The columns of a pair.
pub fn columns(pair: &Pair, kind: &str) -> Vec<(usize, f64)> {
    let mut own = vec![(0, 1.0)];
    tents(&METRES, pair.metres, DISTANCE, &mut own);
    tents(&DAYS, pair.days, AGE, &mut own);
    match pair.address {
        AddressRelation::NumberGap(gap) => tents(&NUMBERS, f64::from(gap), GAP, &mut own),
        AddressRelation::SameCrossing => own.push((CROSSING, 1.0)),
        AddressRelation::OtherStreet => own.push((OTHER_STREET, 1.0)),
        AddressRelation::Unknown => {}
    }
    own.push((CATEGORY, f64::from(u8::from(pair.other_category))));
    own.push((HERE, f64::from(pair.past.0).ln_1p()));
    own.push((AROUND, f64::from(pair.past.1).ln_1p()));
    own.retain(|(_, x)| *x != 0.0);
    if let Some(number) = KINDS.iter().position(|name| *name == kind) {
        let share = |column| if column == 0 { 1.0 } else { SHARE };
        let of_kind: Vec<_> = own
            .iter()
            .map(|(column, x)| (BLOCK * (number + 1) + column, x * share(*column)))
            .collect();
        own.extend(of_kind);
    }
    own
}

/// The two knots around a quantity share it.
fn tents(knots: &[f64], quantity: f64, first: usize, columns: &mut Vec<(usize, f64)>) {
    let next = knots.partition_point(|knot| *knot <= quantity);
    if next == 0 || next == knots.len() {
        columns.push((first + next.saturating_sub(1), 1.0));
        return;
    }
    let part = (quantity - knots[next - 1]) / (knots[next] - knots[next - 1]);
    columns.push((first + next - 1, 1.0 - part));
    columns.push((first + next, part));
}

/// What the solution is brought to the scale of the file with.
pub struct Scale {
    /// Multiplies all log-odds.
    pub slope: f64,
    /// The solution's score that becomes `join`.
    pub threshold: f64,
    /// Log-odds of the default join threshold.
    pub join: f64,
}

/// The weights of all kinds. `typical` holds the mean of each column of a block over the pairs seen, by which a feature's
/// log-odds are centred: what is unknown then says what the average says.
pub fn weights(
    solution: &[f64],
    typical: &[f64],
    scale: &Scale,
    by_hand: &Weights,
) -> Result<WeightSet, InvalidWeights> {
    let block = |kind: Option<usize>| -> Vec<f64> {
        let share = |column| if column == 0 { 1.0 } else { SHARE };
        let own = |column| kind.map_or(0.0, |kind| share(column) * solution[BLOCK * (kind + 1) + column]);
        (0..BLOCK).map(|column| solution[column] + own(column)).collect()
    };
    let default = of_block(&block(None), typical, scale, by_hand)?;
    let kinds = KINDS.iter().enumerate().map(|(number, kind)| {
        let weights = of_block(&block(Some(number)), typical, scale, by_hand)?;
        Ok(((*kind).to_owned(), weights))
    });
    Ok(WeightSet::new(default, kinds.collect::<Result<BTreeMap<_, _>, _>>()?))
}

/// The means that [`weights`] centres by: over the pairs in which the feature is known.
pub fn typical<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Vec<f64> {
    let mut sums = vec![0.0; BLOCK];
    let mut known_address = 0.0;
    for pair in pairs {
        for (column, x) in columns(pair, "") {
            sums[column] += x;
        }
        known_address += f64::from(u8::from(pair.address != AddressRelation::Unknown));
    }
    let all = sums[0].max(1.0);
    for (column, sum) in sums.iter_mut().enumerate() {
        *sum /= if (GAP..CATEGORY).contains(&column) {
            f64::max(known_address, 1.0)
        } else {
            all
        };
    }
    sums
}

fn of_block(block: &[f64], typical: &[f64], scale: &Scale, by_hand: &Weights) -> Result<Weights, InvalidWeights> {
    let mean = |from: usize, to: usize| -> f64 { (from..to).map(|column| block[column] * typical[column]).sum() };
    let scaled = |value: f64| round(value * scale.slope);
    let curve = |knots: &[f64], values: &[f64], mean: f64| {
        let values = values.iter().map(|value| scaled(value - mean));
        Curve::new(knots.iter().copied().zip(values).collect())
    };
    let (distance, age) = (mean(DISTANCE, AGE), mean(AGE, GAP));
    let address = mean(GAP, CATEGORY);
    let (here, around) = (mean(HERE, AROUND), mean(AROUND, BLOCK));
    let centre = block[0] + distance + age + address + here + around;
    let ages = curve(&DAYS, &falling(&block[AGE..GAP]), age)?;
    Ok(Weights {
        life_days: life(&ages),
        prior: round(scale.join + (centre - scale.threshold) * scale.slope),
        distance_m: curve(&METRES, &falling(&block[DISTANCE..AGE]), distance)?,
        age_days: ages,
        address_gap: curve(&NUMBERS, &falling(&block[GAP..CROSSING]), address)?,
        address_crossing: scaled(block[CROSSING] - address),
        address_other: scaled(block[OTHER_STREET] - address),
        related_category: round((block[CATEGORY] * scale.slope).exp().min(1.0)),
        past_here: scaled(block[HERE]),
        past_here_none: scaled(-here),
        past_around: scaled(block[AROUND]),
        past_around_none: scaled(-around),
        ..by_hand.clone()
    })
}

/// The nearest curve (least squares over knots) that never rises: neighbours that rise are pooled.
fn falling(values: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for value in values {
        pools.push((*value, 1));
        while let [.., (before, n), (last, m)] = pools.as_slice()
            && before < last
        {
            let pooled = (before * *n as f64 + last * *m as f64) / (n + m) as f64;
            let size = n + m;
            pools.truncate(pools.len() - 2);
            pools.push((pooled, size));
        }
    }
    pools
        .into_iter()
        .flat_map(|(value, size)| std::iter::repeat_n(value, size))
        .collect()
}

/// The expected life: the age that by itself speaks against a pair as much as one log-odd.
fn life(ages: &Curve) -> f64 {
    let mut quarters = (1..=480).map(|quarter| f64::from(quarter) / 4.0);
    quarters.find(|days| ages.at(*days) <= -1.0).unwrap_or(120.0)
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
