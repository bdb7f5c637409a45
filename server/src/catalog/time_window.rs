//! Hours of the week in which something else applies: another route, another kind of notice.

use chrono::{Datelike, Days, NaiveDateTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::calendar::TimeOfDay;

/// Hours of some weekdays by the town's wall clock. In JSON: `{"days": [6, 7], "from": "18:00", "to": "08:00"}`; `days` are
/// 1 (Monday) to 7, all of them when left out. A window whose end is not after its start runs into the next morning and
/// belongs to the day on which it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct TimeWindow {
    /// By weekday, Monday first.
    days: [bool; 7],
    from: TimeOfDay,
    to: TimeOfDay,
}

/// Why hours make no window.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimeWindowError {
    /// An empty list, or a number that is not a weekday.
    #[error("days are numbers from 1 (Monday) to 7, at least one")]
    Days,
    /// It starts when it ends, or starts at 24:00.
    #[error("a window starts before midnight and ends at another time")]
    Hours,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default = "whole_week")]
    days: Vec<usize>,
    from: TimeOfDay,
    to: TimeOfDay,
}

fn whole_week() -> Vec<usize> {
    (1..=7).collect()
}

impl From<TimeWindow> for Stored {
    fn from(TimeWindow { days, from, to }: TimeWindow) -> Self {
        let days = (1..=7).filter(|&day| days[day - 1]).collect();
        Self { days, from, to }
    }
}

impl TryFrom<Stored> for TimeWindow {
    type Error = TimeWindowError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { days: listed, from, to } = stored;
        let mut days = [false; 7];
        for day in listed {
            let place = day.checked_sub(1).and_then(|place| days.get_mut(place));
            *place.ok_or(TimeWindowError::Days)? = true;
        }
        if days == [false; 7] {
            return Err(TimeWindowError::Days);
        }
        if from == to || from == TimeOfDay::MIDNIGHT_AHEAD {
            return Err(TimeWindowError::Hours);
        }
        Ok(Self { days, from, to })
    }
}

impl TimeWindow {
    /// Whether a local time lies in it; its start does, its end does not.
    #[must_use]
    pub fn contains(&self, local: NaiveDateTime) -> bool {
        let time = TimeOfDay::shown(local.time());
        let starts_on = |back: u64| {
            let day = local.checked_sub_days(Days::new(back));
            day.is_some_and(|day| self.days[day.weekday().num_days_from_monday() as usize])
        };
        if self.from < self.to {
            starts_on(0) && self.from <= time && time < self.to
        } else {
            starts_on(0) && self.from <= time || starts_on(1) && time < self.to
        }
    }
}

#[cfg(test)]
#[path = "time_window_tests.rs"]
mod tests;
