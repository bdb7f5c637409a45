//! Public holidays of metropolitan France, for ever and without a list to maintain.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// Which public holidays close a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidaySet {
    /// None: an emergency service, or a country that lists its own days as closed.
    None,
    /// The eleven days of article L3133-1 of the Code du travail.
    #[default]
    France,
    /// Those and the two of Bas-Rhin, Haut-Rhin and Moselle (article L3134-13): Good Friday and 26 December.
    AlsaceMoselle,
}

/// Month and day: 1 January, 1 May, 8 May, 14 July, 15 August, 1 November, 11 November, 25 December.
const FIXED: [(u32, u32); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
/// Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
const AFTER_EASTER: [i64; 3] = [1, 39, 50];
const GOOD_FRIDAY: i64 = -2;
const SAINT_STEPHEN: (u32, u32) = (12, 26);

impl HolidaySet {
    /// Whether a local date is a public holiday.
    #[must_use]
    pub fn contains(self, date: NaiveDate) -> bool {
        let day = (date.month(), date.day());
        let from_easter = easter(date.year()).map(|sunday| (date - sunday).num_days());
        let national = FIXED.contains(&day) || from_easter.is_some_and(|days| AFTER_EASTER.contains(&days));
        match self {
            Self::None => false,
            Self::France => national,
            Self::AlsaceMoselle => national || day == SAINT_STEPHEN || from_easter == Some(GOOD_FRIDAY),
        }
    }
}

/// Easter Sunday of a Gregorian year, `None` before 1583, when the calendar began.
///
/// Source: the anonymous algorithm sent to *Nature* (20 April 1876), as in J. Meeus, *Astronomical Algorithms*, chapter 8.
fn easter(year: i32) -> Option<NaiveDate> {
    if year < 1583 {
        return None;
    }
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let lunar_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - lunar_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let correction = (golden + 11 * epact + 22 * to_sunday) / 451;
    let counted = u32::try_from(epact + to_sunday - 7 * correction + 114).ok()?;
    NaiveDate::from_ymd_opt(year, counted / 31, counted % 31 + 1)
}

#[cfg(test)]
#[path = "holidays_tests.rs"]
mod tests;
