//! When people may expect a repair: what really happened to the same category in the same sector, never a wish.
//!
//! - **How long**: the 80th percentile of past treatment times by the nearest-rank rule, the smallest of them that at least
//!   80 % did not exceed (definition 1 of Hyndman and Fan, *Sample Quantiles in Statistical Packages*, 1996). It is a time
//!   that really occurred, and one longer treatment can never move it down.
//! - **Never before the promise**: the service's due instant is a floor. Whoever is told a date can hold the town to it.
//! - **No estimate** rather than a bad one: with fewer than 20 closings; or when the slow fifth takes more than ten times
//!   as long as the quick fifth (P80 > 10 x P20, for a log-normal delay a sigma of 1.37) and a week more besides, since a
//!   ratio alone would refuse "an hour to a day"; or once the days of both the estimate and the promise are over.
//! - **As a range**, the coarser the farther: a day up to 3 days ahead, half a week (Monday to Wednesday, Thursday to
//!   Sunday) up to 14, a week beyond. Each lies within the next, so as days go by the same date is only told more exactly.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::catalog::calendar::local_date;

/// Fewer closings than this say nothing about the next one.
const MIN_CLOSINGS: usize = 20;
/// P80 beyond so many times P20 is no estimate...
const MAX_SPREAD: i32 = 10;
/// ...if they also lie further apart than this.
const NEAR_ENOUGH: TimeDelta = TimeDelta::days(7);
/// Up to so many days ahead the day itself is told.
const DAYS_TOLD_EXACTLY: i64 = 3;
/// Up to so many days ahead half a week is told.
const DAYS_TOLD_BY_HALF_WEEK: i64 = 14;
/// Ten years: beyond is no date to tell anybody.
const LONGEST: TimeDelta = TimeDelta::days(3_650);

/// What is known about an alert and about those like it.
#[derive(Debug, Clone, Copy)]
pub struct Outlook<'a> {
    /// How long treatment took for closed alerts of that category and sector, time on hold left out, in any order.
    /// Negative ones, which clocks that disagree produce, are left out.
    pub past: &'a [TimeDelta],
    /// Since when the alert is being treated: its opening, moved on by the time that it has been on hold.
    pub since: DateTime<Utc>,
    /// What the service promised.
    pub due: DateTime<Utc>,
    /// The present.
    pub now: DateTime<Utc>,
    /// The town's, for local dates.
    pub time_zone: Tz,
}

/// What people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// Local dates, both included.
    Range {
        /// First day.
        from: NaiveDate,
        /// Last day; four in five are repaired by then.
        to: NaiveDate,
    },
    /// Nothing that would hold.
    NoEstimate {
        /// Why.
        reason: NoEstimate,
    },
}

/// Why there is no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoEstimate {
    /// Fewer than 20 closings.
    TooFew,
    /// They took too different times.
    TooWide,
    /// What was expected and what was promised have both passed, and the past says nothing about the rest.
    Overdue,
}

/// When the repair may be expected.
#[must_use]
pub fn expected_by(outlook: &Outlook<'_>) -> Expectation {
    match target(outlook) {
        Ok((today, due, target)) => range(today, due, target),
        Err(reason) => Expectation::NoEstimate { reason },
    }
}

/// Whether followers are owed a notice: what they were told ends later now, or is over and nothing takes its place.
///
/// `previous` is what was last told; when a notice goes out, `current` takes its place, so one slip makes one notice. Waiting
/// alone tells nobody of a delay before the last day they were told is over, nor of an estimate that is merely withdrawn.
#[must_use]
pub fn slipped(previous: Expectation, current: Expectation, today: NaiveDate) -> bool {
    use Expectation::{NoEstimate as Nothing, Range};
    match (previous, current) {
        (Range { to: told, .. }, Range { to, .. }) => to > told,
        (
            Range { to: told, .. },
            Nothing {
                reason: NoEstimate::Overdue,
            },
        ) => today > told,
        (Range { .. }, Nothing { .. }) | (Nothing { .. }, _) => false,
    }
}

/// The local dates of today, of the promise and of the estimate.
fn target(outlook: &Outlook<'_>) -> Result<(NaiveDate, NaiveDate, NaiveDate), NoEstimate> {
    let mut past: Vec<TimeDelta> = outlook
        .past
        .iter()
        .copied()
        .filter(|&took| took >= TimeDelta::zero())
        .collect();
    if past.len() < MIN_CLOSINGS {
        return Err(NoEstimate::TooFew);
    }
    past.sort_unstable();
    let (quick, slow) = (percentile(&past, 20), percentile(&past, 80));
    let wide = slow - quick > NEAR_ENOUGH && slow / MAX_SPREAD > quick;
    if wide || slow > LONGEST {
        return Err(NoEstimate::TooWide);
    }
    let likely = outlook.since.checked_add_signed(slow).ok_or(NoEstimate::TooWide)?;
    let local = |at| local_date(outlook.time_zone, at).ok_or(NoEstimate::TooWide);
    let (today, due) = (local(outlook.now)?, local(outlook.due)?);
    let target = local(likely)?.max(due);
    if target < today {
        Err(NoEstimate::Overdue)
    } else {
        Ok((today, due, target))
    }
}

/// Nearest rank: the smallest value that at least `percent` of 100 of the sorted, non-empty values do not exceed.
fn percentile(sorted: &[TimeDelta], percent: usize) -> TimeDelta {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted[rank.saturating_sub(1)]
}

/// Rounds a date to a day, half a week or a week, but never to before today or the promise.
fn range(today: NaiveDate, due: NaiveDate, target: NaiveDate) -> Expectation {
    let weekday = u64::from(target.weekday().num_days_from_monday());
    let ahead = (target - today).num_days();
    let (first, last) = if ahead <= DAYS_TOLD_EXACTLY {
        (weekday, weekday)
    } else if ahead > DAYS_TOLD_BY_HALF_WEEK {
        (0, 6)
    } else if weekday < 3 {
        (0, 2)
    } else {
        (3, 6)
    };
    let from = target.checked_sub_days(Days::new(weekday - first)).unwrap_or(target);
    let to = target.checked_add_days(Days::new(last - weekday)).unwrap_or(target);
    Expectation::Range {
        from: from.max(due).max(today),
        to,
    }
}

#[cfg(test)]
#[path = "expected_tests.rs"]
mod tests;
