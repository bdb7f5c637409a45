//! Single weights that a jurisdiction sets otherwise.

use super::{Curve, Weights, file::Field, file::fields};
use crate::error::{InvalidOverrides, OverrideFault};

/// What a weight is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum OverrideValue {
    /// A number, in the weight's own unit.
    Number(f64),
    /// A curve, for a weight that depends on a quantity.
    Curve(Curve),
}

/// Single weights under other values, with the version that their keeper gave them; [`Weights::overridden`] applies them.
///
/// Names are those of the file `weights/default.toml`, and of the fields of [`Weights`].
///
/// # Examples
///
/// ```
/// use geo_dedup::{Policy, WeightOverrides, Weights};
///
/// // A town of long frontages: other house numbers of one street say less, and crossings count as one place.
/// let own = WeightOverrides::new(3).number("address_other", -0.2).number("address_crossing", 1.5);
/// let policy = Policy::builder().weights(Weights::built_in().overridden(&own)?).build()?;
/// assert_eq!(policy.weights().overrides_version, Some(3));
///
/// let refused = Weights::built_in().overridden(&WeightOverrides::new(4).number("near_share", 1.5)).unwrap_err();
/// assert_eq!(refused.to_string(), "near_share: 1.5 is not within 0..=1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightOverrides {
    version: u32,
    values: Vec<(String, OverrideValue)>,
}

impl WeightOverrides {
    /// No weight yet, under a version that every [`crate::Outcome`] will name.
    #[must_use]
    pub const fn new(version: u32) -> Self {
        Self {
            version,
            values: Vec::new(),
        }
    }

    /// Sets a weight to a number.
    #[must_use]
    pub fn number(self, name: &str, value: f64) -> Self {
        self.set(name, OverrideValue::Number(value))
    }

    /// Sets a weight to a curve.
    #[must_use]
    pub fn curve(self, name: &str, value: Curve) -> Self {
        self.set(name, OverrideValue::Curve(value))
    }

    fn set(mut self, name: &str, value: OverrideValue) -> Self {
        self.values.push((name.to_owned(), value));
        self
    }

    /// The weights set, as they were given.
    #[must_use]
    pub fn values(&self) -> &[(String, OverrideValue)] {
        &self.values
    }
}

impl Weights {
    /// These weights with some of them set otherwise; [`Weights::overrides_version`] then bears the overrides' version.
    ///
    /// # Errors
    ///
    /// [`InvalidOverrides`] names every value at fault: an unknown or repeated name, a number where a curve stands or the
    /// other way round, and what is out of range: log-odds beyond ±30 (nobody is that sure), shares beyond 0..=1, lengths
    /// and times that are not positive.
    pub fn overridden(&self, overrides: &WeightOverrides) -> Result<Self, InvalidOverrides> {
        let mut weights = self.clone();
        weights.overrides_version = Some(overrides.version);
        let mut faults = Vec::new();
        for (nth, (name, value)) in overrides.values.iter().enumerate() {
            let repeated = overrides.values.iter().take(nth).any(|(earlier, _)| earlier == name);
            let done = if repeated {
                Err(OverrideFault::Twice(name.clone()))
            } else {
                set(&mut weights, name, value)
            };
            faults.extend(done.err());
        }
        if faults.is_empty() {
            Ok(weights)
        } else {
            Err(InvalidOverrides(faults))
        }
    }
}

fn set(weights: &mut Weights, name: &str, value: &OverrideValue) -> Result<(), OverrideFault> {
    let field = fields(weights).into_iter().find(|(known, _)| *known == name);
    let (name, field) = field.ok_or_else(|| OverrideFault::Unknown(name.to_owned()))?;
    let (min, max) = range(name);
    let check = |value: f64| {
        let within = (min..=max).contains(&value);
        within
            .then_some(())
            .ok_or(OverrideFault::OutOfRange { name, value, min, max })
    };
    match (field, value) {
        (Field::Number(own), OverrideValue::Number(value)) => {
            check(*value)?;
            *own = *value;
        }
        (Field::Curve(own), OverrideValue::Curve(value)) => {
            value.knots().iter().try_for_each(|(_, log_odds)| check(*log_odds))?;
            *own = value.clone();
        }
        _ => return Err(OverrideFault::Shape(name)),
    }
    Ok(())
}

/// Smallest and largest value of a weight; of a curve, of its log-odds.
fn range(name: &str) -> (f64, f64) {
    match name {
        "near_share" | "related_category" => (0.0, 1.0),
        "life_days" | "stated_life_days" => (0.01, 3650.0),
        "position_floor_m" | "unstated_sigma_m" | "wide_sigma_m" => (0.1, 1000.0),
        "background_m2" => (1.0, 1e8),
        "category" => (0.0, 10.0),
        "text_min_trigrams" => (0.0, 1000.0),
        "photo_same_bits" => (0.0, 64.0),
        "resent_minutes" => (0.0, 1440.0),
        _ => (-30.0, 30.0),
    }
}
