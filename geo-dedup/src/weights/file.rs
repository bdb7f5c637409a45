//! The text file of the weights: read and written by one table of its fields.

use std::{collections::BTreeMap, fmt};

use super::{Curve, WeightSet, Weights};
use crate::error::{InvalidWeights, WeightsFault};

/// A weight and where it stands.
pub(super) enum Field<'a> {
    Number(&'a mut f64),
    Curve(&'a mut Curve),
}

/// The weights by name, in the order of the file.
pub(super) fn fields(weights: &mut Weights) -> [(&'static str, Field<'_>); 31] {
    use Field::{Curve, Number};
    [
        ("life_days", Number(&mut weights.life_days)),
        ("prior", Number(&mut weights.prior)),
        ("distance_m", Curve(&mut weights.distance_m)),
        ("age_days", Curve(&mut weights.age_days)),
        ("address_gap", Curve(&mut weights.address_gap)),
        ("address_crossing", Number(&mut weights.address_crossing)),
        ("address_other", Number(&mut weights.address_other)),
        ("related_category", Number(&mut weights.related_category)),
        ("past_here", Number(&mut weights.past_here)),
        ("past_here_none", Number(&mut weights.past_here_none)),
        ("past_around", Number(&mut weights.past_around)),
        ("past_around_none", Number(&mut weights.past_around_none)),
        ("stated_prior", Number(&mut weights.stated_prior)),
        ("stated_age_days", Curve(&mut weights.stated_age_days)),
        ("stated_life_days", Number(&mut weights.stated_life_days)),
        ("position_floor_m", Number(&mut weights.position_floor_m)),
        ("unstated_sigma_m", Number(&mut weights.unstated_sigma_m)),
        ("near_share", Number(&mut weights.near_share)),
        ("wide_sigma_m", Number(&mut weights.wide_sigma_m)),
        ("background_m2", Number(&mut weights.background_m2)),
        ("category", Number(&mut weights.category)),
        ("asset_same", Number(&mut weights.asset_same)),
        ("asset_other", Number(&mut weights.asset_other)),
        ("text_none", Number(&mut weights.text_none)),
        ("text_equal", Number(&mut weights.text_equal)),
        ("text_min_trigrams", Number(&mut weights.text_min_trigrams)),
        ("photo_same_bits", Number(&mut weights.photo_same_bits)),
        ("photo_same", Number(&mut weights.photo_same)),
        ("resent", Number(&mut weights.resent)),
        ("resent_minutes", Number(&mut weights.resent_minutes)),
        ("verdict", Number(&mut weights.verdict)),
    ]
}

pub(super) fn parse(text: &str) -> Result<WeightSet, InvalidWeights> {
    let mut version = None;
    let mut sections: BTreeMap<String, Weights> = BTreeMap::new();
    let mut section = None;
    let mut default = Weights::default();
    for (number, line) in (1..).zip(text.lines()) {
        let fault = |fault| InvalidWeights::new(number, fault);
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim().to_owned();
            if section.is_none() != (name == DEFAULT) || sections.contains_key(&name) {
                return Err(fault(WeightsFault::Section));
            }
            if name != DEFAULT {
                sections.insert(name.clone(), default.clone());
            }
            section = Some(name);
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| fault(WeightsFault::Line))?;
        let (key, value) = (key.trim(), value.trim());
        match &section {
            None if key == "version" => version = Some(value.parse().map_err(|_| fault(WeightsFault::Number))?),
            None => return Err(fault(WeightsFault::Name)),
            Some(name) => {
                let weights = sections.get_mut(name).unwrap_or(&mut default);
                set(weights, key, value).map_err(fault)?;
            }
        }
    }
    let version = version.ok_or_else(|| InvalidWeights::new(0, WeightsFault::NoVersion))?;
    default.version = version;
    sections.values_mut().for_each(|weights| weights.version = version);
    Ok(WeightSet::new(default, sections))
}

const DEFAULT: &str = "default";

fn set(weights: &mut Weights, key: &str, value: &str) -> Result<(), WeightsFault> {
    let field = fields(weights).into_iter().find(|(name, _)| *name == key);
    match field.ok_or(WeightsFault::Name)?.1 {
        Field::Number(number) => *number = finite(value)?,
        Field::Curve(curve) => *curve = knots(value)?,
    }
    Ok(())
}

fn finite(text: &str) -> Result<f64, WeightsFault> {
    let number: f64 = text.trim().parse().map_err(|_| WeightsFault::Number)?;
    number.is_finite().then_some(number).ok_or(WeightsFault::Number)
}

/// `[[0, 1.5], [50, -0.5]]`
fn knots(text: &str) -> Result<Curve, WeightsFault> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or(WeightsFault::Curve)?.trim();
    if !(inner.is_empty() || inner.ends_with(']')) {
        return Err(WeightsFault::Curve);
    }
    let pairs = inner.split_terminator(']').map(|pair| {
        let pair = pair.trim_start_matches([',', ' ']).strip_prefix('[');
        let (x, y) = pair.and_then(|pair| pair.split_once(',')).ok_or(WeightsFault::Curve)?;
        Ok((finite(x)?, finite(y)?))
    });
    let knots = pairs.collect::<Result<_, WeightsFault>>()?;
    Curve::new(knots).map_err(|_| WeightsFault::Curve)
}

impl fmt::Display for WeightSet {
    /// Writes the set as [`WeightSet::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version = {}", self.default.version)?;
        write_section(f, DEFAULT, &self.default, None)?;
        for (kind, weights) in &self.kinds {
            write_section(f, kind, weights, Some(&self.default))?;
        }
        Ok(())
    }
}

/// Writes those weights that differ from the defaults.
fn write_section(f: &mut fmt::Formatter<'_>, name: &str, weights: &Weights, default: Option<&Weights>) -> fmt::Result {
    writeln!(f, "\n[{name}]")?;
    let mut own = weights.clone();
    let mut other = default.cloned();
    let mut others = other.as_mut().map(fields).into_iter().flatten();
    for (key, field) in fields(&mut own) {
        match (field, others.next().map(|(_, field)| field)) {
            (Field::Number(one), Some(Field::Number(same))) if one == same => {}
            (Field::Curve(one), Some(Field::Curve(same))) if one == same => {}
            (Field::Number(number), _) => writeln!(f, "{key} = {number}")?,
            (Field::Curve(curve), _) => {
                let knots: Vec<String> = curve.knots().iter().map(|(x, y)| format!("[{x}, {y}]")).collect();
                writeln!(f, "{key} = [{}]", knots.join(", "))?;
            }
        }
    }
    Ok(())
}
