//! How many people reported the same thing, said coarsely: an exact number would let a neighbour watch it move and infer who
//! reported, and means nothing more to a reader.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The public form of an alert's number of reports: `1`, `2-5` or `6+`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReportedBy {
    /// One report.
    #[serde(rename = "1")]
    One,
    /// Two to five reports.
    #[serde(rename = "2-5")]
    TwoToFive,
    /// Six reports or more.
    #[serde(rename = "6+")]
    SixOrMore,
}

impl ReportedBy {
    /// The bucket of a number of reports, `None` when nobody reported it: an alert that a crew raised itself.
    #[must_use]
    pub const fn of(reports: u64) -> Option<Self> {
        match reports {
            0 => None,
            1 => Some(Self::One),
            2..=5 => Some(Self::TwoToFive),
            6.. => Some(Self::SixOrMore),
        }
    }

    /// The text that is stored with an answer and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::TwoToFive => "2-5",
            Self::SixOrMore => "6+",
        }
    }
}

impl fmt::Display for ReportedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
#[path = "buckets_tests.rs"]
mod tests;
