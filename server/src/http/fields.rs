//! Reads the fields of a JSON object one by one and notes every fault, so that a client hears of all at once.
//!
//! `null` counts as not given. Unknown names are ignored: an older server must accept what a newer app sends.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::problem::FieldErrors;
use super::when::is_meant;

/// An object that is being read, with the faults found so far.
pub struct Fields<'a, 'e> {
    object: &'a Map<String, Value>,
    prefix: String,
    errors: &'e mut FieldErrors,
}

impl<'a, 'e> Fields<'a, 'e> {
    /// Reads an object; the names of its fields are reported behind `prefix` (empty at the top).
    pub fn new(object: &'a Map<String, Value>, prefix: &str, errors: &'e mut FieldErrors) -> Self {
        Self {
            object,
            prefix: prefix.to_owned(),
            errors,
        }
    }

    /// The value of a field, unless missing or null.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, name: &str, code: &'static str) {
        self.errors.add(self.path(name), code);
    }

    /// Notes a fault of a field, with a value for its words.
    pub fn fault_with(&mut self, name: &str, code: &'static str, arg: &'static str, value: impl ToString) {
        self.errors
            .add_with(self.path(name), code, vec![(arg, value.to_string().into())]);
    }

    /// A text of at most so many characters; blank counts as not given.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let text = match self.raw(name)? {
            Value::String(text) => text.trim(),
            _ => {
                self.fault(name, "not_text");
                return None;
            }
        };
        if text.chars().count() > most {
            self.fault_with(name, "too_long", "most", most);
            return None;
        }
        // NUL cannot be stored as text; other control characters have no business in a letter either.
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.fault(name, "control_characters");
            return None;
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A text that must be given.
    pub fn required_text(&mut self, name: &str, most: usize) -> Option<String> {
        if self.raw(name).is_none() {
            self.fault(name, "required");
        }
        self.text(name, most)
    }

    /// A number inside a range.
    pub fn number(&mut self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.raw(name)?;
        match value.as_f64().filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => {
                let range = format!("{} – {}", range.start(), range.end());
                self.fault_with(name, "out_of_range", "range", range);
                None
            }
        }
    }

    /// One word of a vocabulary.
    pub fn word<T: FromStr + Copy + std::fmt::Display>(&mut self, name: &str, all: &[T]) -> Option<T> {
        let value = self.raw(name)?;
        let word = value.as_str().and_then(|text| text.parse().ok());
        if word.is_none() {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            self.fault_with(name, "not_one_of", "words", words.join(", "));
        }
        word
    }

    /// A time with its offset (RFC 3339).
    pub fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let value = self.raw(name)?;
        let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let time = time.map(|time| time.to_utc()).filter(is_meant);
        if time.is_none() {
            self.fault(name, "not_a_time");
        }
        time
    }

    /// A UUID.
    pub fn uuid(&mut self, name: &str) -> Option<Uuid> {
        let value = self.raw(name)?;
        let id = value.as_str().and_then(|text| text.parse().ok());
        if id.is_none() {
            self.fault(name, "not_a_uuid");
        }
        id
    }

    /// A UUID of version 7 that the client made.
    pub fn client_id(&mut self, name: &str) -> Option<Uuid> {
        let id = self.uuid(name)?;
        if id.get_version_num() != 7 {
            self.fault(name, "not_a_uuid_v7");
            return None;
        }
        Some(id)
    }

    /// An object inside the object.
    pub fn object(&mut self, name: &str) -> Option<&'a Map<String, Value>> {
        let value = self.raw(name)?;
        let object = value.as_object();
        if object.is_none() {
            self.fault(name, "not_an_object");
        }
        object
    }

    /// Full name of a field, as reported.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }
}
