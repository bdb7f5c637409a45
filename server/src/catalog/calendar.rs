//! When a service works, and what its promises mean in time: "five working days" becomes an instant.
//!
//! Hours are local times of the town and are turned into instants day by day, so that a day of 23 or 25 hours counts as it
//! is. A local time that a clock change skips becomes the first instant after the gap, one that happens twice the first of
//! the two: opening and closing use the same rule, so spans never overlap.

use std::ops::Range;

use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDate, NaiveTime, Offset, TimeDelta, Timelike};
use chrono::{TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::holidays::HolidaySet;

/// How far ahead an opening is looked for: 40 years, beyond every promise, so that every search ends.
const HORIZON_DAYS: usize = 40 * 366;
const MINUTES_PER_DAY: u16 = 24 * 60;

/// Why hours make no calendar, or a calendar no due date.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// No weekday has opening hours: nothing would ever be due.
    #[error("the service is never open")]
    NeverOpen,
    /// A time of day that is not `HH:MM` between 00:00 and 24:00.
    #[error("{0:?} is not a time of day from 00:00 to 24:00")]
    TimeOfDay(String),
    /// A closing time that does not come after its opening time, or hours that overlap or are out of order.
    #[error("opening hours of one day must be in order and apart")]
    Order,
    /// A name that is not in the IANA time zone database.
    #[error("{0:?} is not a time zone")]
    TimeZone(String),
    /// The answer lies more than 40 years ahead, or outside what an instant can say.
    #[error("the date lies too far ahead")]
    BeyondHorizon,
}

/// A local time in minutes after midnight, 0 to 1440; written `HH:MM`, where 24:00 is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// 24:00, the end of the day.
    pub const MIDNIGHT_AHEAD: Self = Self(MINUTES_PER_DAY);

    /// The minute of the day that a wall clock shows, seconds left out.
    #[must_use]
    pub fn shown(clock: NaiveTime) -> Self {
        // At most 23 x 60 + 59.
        Self((clock.hour() * 60 + clock.minute()) as u16)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = CalendarError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts = text
            .strip_suffix(":00")
            .filter(|rest| rest.contains(':'))
            .unwrap_or(&text);
        let two_digits = |part: &str| {
            let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        parts
            .split_once(':')
            .and_then(|(hour, minute)| Some((two_digits(hour)?, two_digits(minute)?)))
            .filter(|&(_, minute)| minute < 60)
            .map(|(hour, minute)| hour * 60 + minute)
            .filter(|&minutes| minutes <= MINUTES_PER_DAY)
            .map(Self)
            .ok_or(CalendarError::TimeOfDay(text))
    }
}

/// One stretch of opening hours within a day, local time, the closing time not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// Opens at.
    pub opens: TimeOfDay,
    /// Closes at, later than `opens`.
    pub closes: TimeOfDay,
}

/// When a service works. What the column `service.calendar` holds:
///
/// ```json
/// {"time_zone": "Europe/Paris",
///  "weekly": [[{"opens": "08:30", "closes": "12:00"}, {"opens": "13:30", "closes": "17:00"}], [], [], [], [], [], []],
///  "holidays": "france",
///  "closed": ["2027-05-07"]}
/// ```
///
/// `weekly` goes from Monday to Sunday, an empty list is a closed day; `holidays` is `none`, `france` (when left out) or
/// `alsace_moselle`; `closed` are further days off. Whatever was read opens on some weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct WorkingCalendar {
    time_zone: Tz,
    weekly: [Vec<OpeningHours>; 7],
    holidays: HolidaySet,
    closed: Vec<NaiveDate>,
}

/// The JSON form, before it is held against the rules.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    time_zone: String,
    weekly: [Vec<OpeningHours>; 7],
    #[serde(default)]
    holidays: HolidaySet,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed: Vec<NaiveDate>,
}

impl From<WorkingCalendar> for Stored {
    fn from(calendar: WorkingCalendar) -> Self {
        let WorkingCalendar {
            time_zone,
            weekly,
            holidays,
            closed,
        } = calendar;
        Self {
            time_zone: time_zone.name().to_owned(),
            weekly,
            holidays,
            closed,
        }
    }
}

impl TryFrom<Stored> for WorkingCalendar {
    type Error = CalendarError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored {
            time_zone,
            weekly,
            holidays,
            closed,
        } = stored;
        match time_zone.parse() {
            Ok(zone) => Self::new(zone, weekly, holidays, closed),
            Err(_) => Err(CalendarError::TimeZone(time_zone)),
        }
    }
}

/// A delay as services promise it, counted in their own calendar. In JSON: `{"working_days": 5}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// Days on which the service opens; the day of receipt does not count.
    WorkingDays(u32),
    /// Hours during which the service is open.
    WorkingHours(u32),
    /// Hours on the clock, nights and holidays included.
    Hours(u32),
}

impl WorkingCalendar {
    /// A calendar of local hours, Monday to Sunday.
    ///
    /// # Errors
    /// [`CalendarError::Order`] when the hours of a day overlap or run backwards, [`CalendarError::NeverOpen`] when no
    /// weekday has any.
    pub fn new(
        time_zone: Tz,
        weekly: [Vec<OpeningHours>; 7],
        holidays: HolidaySet,
        closed: Vec<NaiveDate>,
    ) -> Result<Self, CalendarError> {
        let runs = |hours: &OpeningHours| hours.opens < hours.closes;
        let apart = |pair: &[OpeningHours]| pair[0].closes <= pair[1].opens;
        if !weekly
            .iter()
            .all(|day| day.iter().all(runs) && day.windows(2).all(apart))
        {
            return Err(CalendarError::Order);
        }
        if weekly.iter().all(Vec::is_empty) {
            return Err(CalendarError::NeverOpen);
        }
        Ok(Self {
            time_zone,
            weekly,
            holidays,
            closed,
        })
    }

    /// Whether the service is open at an instant.
    #[must_use]
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.spans_from(at)
            .and_then(|mut spans| spans.next())
            .is_some_and(|span| span.contains(&at))
    }

    /// The first instant from `at` on, `at` itself included, at which the service is open.
    ///
    /// # Errors
    /// [`CalendarError::BeyondHorizon`].
    pub fn next_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        self.add_working_hours(at, 0)
    }

    /// The instant at which the service has been open for `hours` since `at`.
    ///
    /// # Errors
    /// [`CalendarError::BeyondHorizon`].
    pub fn add_working_hours(&self, at: DateTime<Utc>, hours: u32) -> Result<DateTime<Utc>, CalendarError> {
        let mut left = TimeDelta::hours(i64::from(hours));
        for span in self.spans_from(at).into_iter().flatten() {
            let begin = span.start.max(at);
            let length = span.end - begin;
            if left <= length {
                return Ok(begin + left);
            }
            left -= length;
        }
        Err(CalendarError::BeyondHorizon)
    }

    /// The end of the opening hours of the `days`-th working day after the local day of `at`, which does not count itself.
    /// Zero days: the end of this working day, or of the next one when this one is over or none.
    ///
    /// # Errors
    /// [`CalendarError::BeyondHorizon`].
    pub fn add_working_days(&self, at: DateTime<Utc>, days: u32) -> Result<DateTime<Utc>, CalendarError> {
        let today = local_date(self.time_zone, at).ok_or(CalendarError::BeyondHorizon)?;
        let later_days = usize::try_from(days).map_err(|_| CalendarError::BeyondHorizon)?;
        let mut closings = self
            .working_days(today)
            .filter_map(|(date, spans)| Some((date, spans.last()?.end)))
            .filter(|&(date, closing)| if days == 0 { closing > at } else { date > today });
        closings
            .nth(later_days.saturating_sub(1))
            .map(|(_, closing)| closing)
            .ok_or(CalendarError::BeyondHorizon)
    }

    /// The spans that end after `at`, in order. They start a day early: a clock change at midnight can put an instant on
    /// the date before.
    fn spans_from(&self, at: DateTime<Utc>) -> Option<impl Iterator<Item = Range<DateTime<Utc>>> + '_> {
        let first = local_date(self.time_zone, at)?.pred_opt()?;
        let spans = self.working_days(first).flat_map(|(_, spans)| spans);
        Some(spans.filter(move |span| span.end > at))
    }

    /// The days from `first` on on which the service opens at all, each with its spans in order.
    fn working_days(&self, first: NaiveDate) -> impl Iterator<Item = (NaiveDate, Vec<Range<DateTime<Utc>>>)> + '_ {
        let days = first.iter_days().take(HORIZON_DAYS);
        days.map(|date| (date, self.spans_on(date)))
            .filter(|(_, spans)| !spans.is_empty())
    }

    fn spans_on(&self, date: NaiveDate) -> Vec<Range<DateTime<Utc>>> {
        if self.holidays.contains(date) || self.closed.contains(&date) {
            return Vec::new();
        }
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.weekly[weekday]
            .iter()
            .filter_map(|hours| Some(self.instant(date, hours.opens)?..self.instant(date, hours.closes)?))
            .filter(|span| !span.is_empty())
            .collect()
    }

    fn instant(&self, date: NaiveDate, time: TimeOfDay) -> Option<DateTime<Utc>> {
        let minutes = TimeDelta::minutes(i64::from(time.0));
        let local = date.and_time(NaiveTime::MIN).checked_add_signed(minutes)?;
        match self.time_zone.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at.to_utc()),
            MappedLocalTime::None => GapInfo::new(&local, &self.time_zone)?.end.map(|at| at.to_utc()),
        }
    }
}

/// The instant by which a promise made at `from` must be kept.
///
/// # Errors
/// [`CalendarError::BeyondHorizon`] when the delay reaches more than 40 years ahead.
pub fn due_at(calendar: &WorkingCalendar, delay: Delay, from: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
    match delay {
        Delay::WorkingDays(days) => calendar.add_working_days(from, days),
        Delay::WorkingHours(hours) => calendar.add_working_hours(from, hours),
        Delay::Hours(hours) => from
            .checked_add_signed(TimeDelta::hours(i64::from(hours)))
            .ok_or(CalendarError::BeyondHorizon),
    }
}

/// The local date at an instant, `None` at the ends of what chrono can say.
#[must_use]
pub fn local_date(time_zone: Tz, at: DateTime<Utc>) -> Option<NaiveDate> {
    let offset = time_zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    at.naive_utc().checked_add_offset(offset).map(|local| local.date())
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
