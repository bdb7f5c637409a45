//! Rows that were not taken in, and why.

use std::path::Path;

use anyhow::Context;

use super::row::Row;
use crate::http::problem::{Kind, Problem};

/// Why a row was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No position, or none on Earth.
    BadCoordinates,
    /// The position lies outside the town.
    OutsideTerritory,
    /// The town has no such category.
    UnknownCategory,
    /// A report with this id is there already.
    DuplicateId,
    /// No time, or one that cannot be read.
    BadTime,
    /// The line is not UTF-8.
    NotUtf8,
    /// What the intake said, by its code.
    Other(String),
}

impl Reason {
    /// Its word in the report.
    pub fn as_str(&self) -> &str {
        match self {
            Self::BadCoordinates => "bad_coordinates",
            Self::OutsideTerritory => "outside_territory",
            Self::UnknownCategory => "unknown_category",
            Self::DuplicateId => "duplicate_id",
            Self::BadTime => "bad_time",
            Self::NotUtf8 => "not_utf8",
            Self::Other(code) => code,
        }
    }

    /// What a refusal of the intake means for a row.
    pub fn of(problem: &Problem) -> Self {
        let first = problem.errors.first().map_or("", |error| error.code);
        match (problem.kind, first) {
            (Kind::IdTaken, _) => Self::DuplicateId,
            (Kind::Invalid, "outside_territory" | "swapped") => Self::OutsideTerritory,
            (Kind::Invalid, "unknown_category") => Self::UnknownCategory,
            (Kind::Invalid, code) => Self::Other(code.to_owned()),
            (kind, _) => Self::Other(kind.slug().to_owned()),
        }
    }
}

/// A row that was not taken in.
pub struct Refused {
    /// The row.
    pub row: Row,
    /// Why.
    pub reason: Reason,
}

/// Writes them, with line, id and reason.
pub fn write(path: &Path, refused: &[Refused]) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_path(path).with_context(|| format!("writing {}", path.display()))?;
    out.write_record(["line", "id", "reason", "lat", "lon", "category", "observed_at"])?;
    for Refused { row, reason } in refused {
        let line = row.line.to_string();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        out.write_record([
            line.as_str(),
            &text(&row.id),
            reason.as_str(),
            &text(&row.lat),
            &text(&row.lon),
            &text(&row.category),
            &text(&row.observed_at),
        ])?;
    }
    out.flush().with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_intake_becomes_a_reason() {
        assert_eq!(Reason::of(&Problem::new(Kind::IdTaken)), Reason::DuplicateId);
        let outside = Problem::field("position", "outside_territory");
        assert_eq!(Reason::of(&outside), Reason::OutsideTerritory);
        let closed = Problem::field("category", "category_closed");
        assert_eq!(Reason::of(&closed).as_str(), "category_closed");
        assert_eq!(Reason::of(&Problem::new(Kind::Unavailable)).as_str(), "unavailable");
    }
}
