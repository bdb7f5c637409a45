//! Days and instants as clients send them: of years that somebody can mean. Others would be too much for the database, or for
//! the arithmetic on the way there.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::de::{Deserialize, Deserializer, Error};

const YEARS: RangeInclusive<i32> = 2000..=2200;
/// The same for people.
pub(super) const RANGE: &str = "2000-01-01 – 2200-12-31";
/// What is wrong with another year, for whoever puts serde's errors into words.
pub(super) const OUTSIDE: &str = "outside the years 2000 to 2200";

/// Whether somebody can mean it.
pub fn is_meant(when: &impl Datelike) -> bool {
    YEARS.contains(&when.year())
}

/// A day as typed (`2026-05-04`).
#[must_use]
pub fn day(text: &str) -> Option<NaiveDate> {
    text.parse::<NaiveDate>().ok().filter(is_meant)
}

/// For serde: a day that may be left out.
///
/// # Errors
/// When it is none, or of another year.
pub fn day_if_given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    let day = Option::<NaiveDate>::deserialize(from)?;
    if day.as_ref().is_none_or(is_meant) {
        Ok(day)
    } else {
        Err(D::Error::custom(OUTSIDE))
    }
}

/// For serde: an instant.
///
/// # Errors
/// When it is none, or of another year.
pub fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    let at = DateTime::<Utc>::deserialize(from)?;
    if is_meant(&at) {
        Ok(at)
    } else {
        Err(D::Error::custom(OUTSIDE))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Asked {
        #[serde(default, deserialize_with = "day_if_given")]
        day: Option<NaiveDate>,
    }

    #[test]
    fn days_are_of_years_that_somebody_can_mean() {
        for text in ["2000-01-01", "2026-05-04", "2200-12-31"] {
            assert!(day(text).is_some(), "{text}");
            let asked: Asked = serde_json::from_value(serde_json::json!({"day": text})).unwrap();
            assert_eq!(asked.day, day(text));
        }
        for text in ["1999-12-31", "2201-01-01", "+262142-12-31", "-5000-01-01", "soon", ""] {
            assert!(day(text).is_none(), "{text}");
            let asked = serde_json::from_value::<Asked>(serde_json::json!({"day": text}));
            assert!(asked.is_err(), "{text}");
        }
        for nothing in [serde_json::json!({}), serde_json::json!({"day": null})] {
            assert_eq!(serde_json::from_value::<Asked>(nothing).unwrap().day, None);
        }
    }

    #[derive(Debug, serde::Deserialize)]
    struct Said {
        #[serde(deserialize_with = "instant")]
        at: DateTime<Utc>,
    }

    #[test]
    fn so_are_instants() {
        let said = |at: &str| serde_json::from_value::<Said>(serde_json::json!({"at": at}));
        assert_eq!(said("2026-05-04T12:00:00Z").unwrap().at.hour(), 12);
        for at in [
            "-5000-01-01T00:00:00Z",
            "+262142-12-31T23:59:59Z",
            "1999-12-31T23:59:59Z",
        ] {
            assert!(said(at).is_err(), "{at}");
        }
    }
}
