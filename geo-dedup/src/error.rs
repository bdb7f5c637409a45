//! Errors: one small type per thing that can be refused, so that a caller matches on exactly what can happen.

use std::{error::Error, fmt};

/// A longitude or latitude that is not finite or out of range.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvalidPosition {
    /// The longitude given, in degrees; -180..=180 is accepted.
    Longitude(f64),
    /// The latitude given, in degrees; -90..=90 is accepted.
    Latitude(f64),
}

impl fmt::Display for InvalidPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Longitude(lon) => write!(f, "longitude {lon} is not within -180..=180"),
            Self::Latitude(lat) => write!(f, "latitude {lat} is not within -90..=90"),
        }
    }
}

impl Error for InvalidPosition {}

/// A length that is negative, infinite or not a number; it carries what was given, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidLength(pub f64);

impl fmt::Display for InvalidLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a length in metres", self.0)
    }
}

impl Error for InvalidLength {}

/// A text or number that is not an H3 cell (or not one of the resolution asked for).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCell(pub(crate) String);

impl fmt::Display for InvalidCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an H3 cell", self.0)
    }
}

impl Error for InvalidCell {}

/// A bounding box, or a budget of ranges, that no covering exists for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvalidBox {
    /// A corner is not a place.
    Corner(InvalidPosition),
    /// The southern latitude lies north of the northern one (both in degrees, south first).
    SouthAboveNorth(f64, f64),
    /// A covering needs at least one range.
    NoRanges,
}

impl fmt::Display for InvalidBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corner(corner) => write!(f, "corner of the box: {corner}"),
            Self::SouthAboveNorth(south, north) => {
                write!(f, "the box runs from latitude {south} down to {north}")
            }
            Self::NoRanges => write!(f, "a covering needs at least one range"),
        }
    }
}

impl Error for InvalidBox {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Corner(corner) => Some(corner),
            Self::SouthAboveNorth(..) | Self::NoRanges => None,
        }
    }
}

impl From<InvalidPosition> for InvalidBox {
    fn from(corner: InvalidPosition) -> Self {
        Self::Corner(corner)
    }
}

/// Faults on one line.
fn one_after_the_other(f: &mut fmt::Formatter<'_>, faults: &[impl fmt::Display]) -> fmt::Result {
    for (k, fault) in faults.iter().enumerate() {
        let separator = if k == 0 { "" } else { "; " };
        write!(f, "{separator}{fault}")?;
    }
    Ok(())
}

/// Everything that is wrong with a policy, reported together.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidPolicy(pub(crate) Vec<PolicyFault>);

impl InvalidPolicy {
    /// The faults, in the order of the policy's fields; never empty.
    #[must_use]
    pub fn faults(&self) -> &[PolicyFault] {
        &self.0
    }
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        one_after_the_other(f, &self.0)
    }
}

impl Error for InvalidPolicy {}

/// One fault of a policy, named after the field that has it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PolicyFault {
    /// The field's value is not a number between both bounds (in the field's own unit).
    OutOfRange {
        /// Name of the field as in [`crate::PolicyBuilder`].
        field: &'static str,
        /// What was given.
        value: f64,
        /// The smallest value accepted.
        min: f64,
        /// The largest value accepted.
        max: f64,
    },
    /// Suggesting would ask for more certainty than joining.
    SuggestAboveJoin {
        /// The suggest threshold given.
        suggest: f64,
        /// The join threshold given.
        join: f64,
    },
    /// A category stands twice in the list of compatible ones; it carries the category's id.
    DuplicateCategory(i64),
}

impl PolicyFault {
    /// Name of the field that is at fault, as in [`crate::PolicyBuilder`].
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::OutOfRange { field, .. } => field,
            Self::SuggestAboveJoin { .. } => "suggest_threshold",
            Self::DuplicateCategory(_) => "compatible",
        }
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, value, min, max } => write!(f, "{field}: {value} is not within {min}..={max}"),
            Self::SuggestAboveJoin { suggest, join } => {
                write!(f, "suggest_threshold: {suggest} is above join_threshold {join}")
            }
            Self::DuplicateCategory(id) => write!(f, "compatible: category {id} stands twice"),
        }
    }
}

impl Error for PolicyFault {}

/// A text that is no set of weights, or knots that make no curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidWeights {
    line: usize,
    fault: WeightsFault,
}

impl InvalidWeights {
    pub(crate) const fn new(line: usize, fault: WeightsFault) -> Self {
        Self { line, fault }
    }

    /// The line at fault, counted from 1; 0 when it is no single line.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn fault(&self) -> WeightsFault {
        self.fault
    }
}

impl fmt::Display for InvalidWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            WeightsFault::NoVersion => "the version is missing",
            WeightsFault::Section => "a section stands once, and [default] stands first",
            WeightsFault::Line => "neither a section nor `name = value`",
            WeightsFault::Name => "no weight has this name",
            WeightsFault::Number => "not a finite number",
            WeightsFault::Curve => "not a curve [[quantity, log-odds], ...] of rising quantities",
        };
        match self.line {
            0 => f.write_str(what),
            line => write!(f, "line {line}: {what}"),
        }
    }
}

impl Error for InvalidWeights {}

/// What is wrong with a line of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeightsFault {
    /// The version is missing.
    NoVersion,
    /// A section stands twice, or `[default]` is not the first.
    Section,
    /// Neither a section nor `name = value`.
    Line,
    /// No weight has this name.
    Name,
    /// Not a finite number.
    Number,
    /// Not a curve, or its quantities do not rise.
    Curve,
}

/// Everything that is wrong with single weights to be set, reported together.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidOverrides(pub(crate) Vec<OverrideFault>);

impl InvalidOverrides {
    /// The faults, in the order in which the weights were given; never empty.
    #[must_use]
    pub fn faults(&self) -> &[OverrideFault] {
        &self.0
    }
}

impl fmt::Display for InvalidOverrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        one_after_the_other(f, &self.0)
    }
}

impl Error for InvalidOverrides {}

/// One fault of a single weight to be set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OverrideFault {
    /// No weight has this name.
    Unknown(String),
    /// The weight is given twice.
    Twice(String),
    /// A number where the weight is a curve, or the other way round.
    Shape(&'static str),
    /// The value, or a curve's log-odds, is not a number between both bounds.
    OutOfRange {
        /// Name of the weight.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The smallest value accepted.
        min: f64,
        /// The largest value accepted.
        max: f64,
    },
}

impl fmt::Display for OverrideFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "{name}: no weight has this name"),
            Self::Twice(name) => write!(f, "{name}: given twice"),
            Self::Shape(name) => write!(f, "{name}: a number where a curve belongs, or the other way round"),
            Self::OutOfRange { name, value, min, max } => write!(f, "{name}: {value} is not within {min}..={max}"),
        }
    }
}

impl Error for OverrideFault {}
