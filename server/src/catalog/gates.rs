//! Where and when a category is closed. Pure: the time and the sector are passed in.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::text::Localized;

#[cfg(test)]
#[path = "gates_tests.rs"]
mod tests;

/// What a gate does inside its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateRule {
    /// The category is shut inside the conditions.
    Closed,
    /// The category is shut outside the conditions.
    Only,
}

/// One gate of one category. A condition that is not given always holds.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Category.
    pub category_id: Uuid,
    /// What it does.
    pub rule: GateRule,
    /// Holds in this sector.
    pub sector_id: Option<Uuid>,
    /// Holds between these days of the year, `(month, day)`, both inclusive; may run over New Year.
    pub season: Option<((u32, u32), (u32, u32))>,
    /// Holds from this instant.
    pub valid_from: Option<DateTime<Utc>>,
    /// Holds before this instant.
    pub valid_to: Option<DateTime<Utc>>,
    /// Why it is closed.
    pub message: Localized,
    /// Where to go instead.
    pub instead: Localized,
}

impl Gate {
    /// Whether its conditions hold at this time in this sector.
    #[must_use]
    pub fn holds(&self, now: DateTime<Utc>, time_zone: Tz, sector: Option<Uuid>) -> bool {
        let here = self.sector_id.is_none_or(|id| sector == Some(id));
        let begun = self.valid_from.is_none_or(|from| from <= now);
        let lasts = self.valid_to.is_none_or(|to| now < to);
        let local = now.with_timezone(&time_zone).date_naive();
        let today = (local.month(), local.day());
        let in_season = self.season.is_none_or(|(from, to)| {
            if from <= to {
                (from..=to).contains(&today)
            } else {
                today >= from || today <= to
            }
        });
        here && begun && lasts && in_season
    }
}

/// The gate that shuts a category here and now, if any does: one `Closed` whose conditions hold, or an `Only` when the
/// category has such gates and none of them holds (a pilot in two sectors has two).
#[must_use]
pub fn shut_by(
    gates: &[Gate],
    category: Uuid,
    now: DateTime<Utc>,
    time_zone: Tz,
    sector: Option<Uuid>,
) -> Option<&Gate> {
    let of_category = || gates.iter().filter(|gate| gate.category_id == category);
    let holds = |gate: &&Gate| gate.holds(now, time_zone, sector);
    let closed = of_category().filter(|gate| gate.rule == GateRule::Closed).find(holds);
    closed.or_else(|| {
        let mut only = of_category().filter(|gate| gate.rule == GateRule::Only);
        let first = only.clone().next()?;
        (!only.any(|gate| gate.holds(now, time_zone, sector))).then_some(first)
    })
}

/// Reads a day of the year, `MM-DD`: month, then day.
#[must_use]
pub fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}
