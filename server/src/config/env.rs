//! Reads settings one by one and remembers every fault, so that the operator hears of all of them at once.
//!
//! A setting `NAME` may also be given as `NAME_FILE`, the path of a file that holds it: secrets stay out of the
//! environment.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use crate::db::connect;

/// One setting that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// What is wrong and what is expected; never the value of a secret.
    pub complaint: String,
}

/// All settings that are wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s):", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|fault| write!(f, "\n  {}: {}", fault.name, fault.complaint))
    }
}

impl std::error::Error for Faults {}

/// Names and values, and the faults found in them so far.
#[derive(Debug, Default)]
pub struct Environment {
    values: BTreeMap<String, String>,
    faults: Vec<Fault>,
    asked: Vec<&'static str>,
}

impl Environment {
    /// The process's own.
    #[must_use]
    pub fn of_process() -> Self {
        Self::of(std::env::vars())
    }

    /// Any other.
    pub fn of(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            values: values.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            faults: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// The value, unless anything was wrong with the settings that it was read from; the others are not looked at.
    ///
    /// # Errors
    /// All faults.
    pub fn finish_part<T>(&mut self, value: T) -> Result<T, Faults> {
        let faults = std::mem::take(&mut self.faults);
        if faults.is_empty() {
            Ok(value)
        } else {
            Err(Faults(faults))
        }
    }

    /// The value, unless anything was wrong.
    ///
    /// # Errors
    /// All faults, a misspelt `VIGIE_...` name among them.
    pub fn finish<T>(&mut self, value: T) -> Result<T, Faults> {
        let unknown = self.values.keys().filter(|name| {
            let base = name.strip_suffix("_FILE").unwrap_or(name);
            name.starts_with("VIGIE_") && !self.asked.contains(&base) && !ELSEWHERE.contains(&base)
        });
        let unknown: Vec<String> = unknown.cloned().collect();
        for name in unknown {
            self.fault(&name, "no such setting".to_owned());
        }
        self.finish_part(value)
    }

    /// Names asked for so far: what the sample must document.
    #[must_use]
    pub fn asked(&self) -> &[&'static str] {
        &self.asked
    }

    fn fault(&mut self, name: &str, complaint: String) {
        self.faults.push(Fault {
            name: name.to_owned(),
            complaint,
        });
    }

    fn get(&mut self, name: &'static str) -> Option<String> {
        self.asked.push(name);
        let file = self.read_file(name);
        match (self.values.get(name).cloned(), file) {
            (Some(_), Some(_)) => {
                self.fault(name, format!("give either {name} or {name}_FILE, not both"));
                None
            }
            (value, file) => value.or(file),
        }
    }

    /// What the file of a setting holds. An empty one sets nothing, as an empty variable: the units name the file of every
    /// secret, and systemd makes an empty one where there is none.
    fn read_file(&mut self, name: &str) -> Option<String> {
        let path = self.values.get(&format!("{name}_FILE")).cloned()?;
        match std::fs::read_to_string(&path) {
            Ok(value) => Some(value.trim_end().to_owned()).filter(|value| !value.is_empty()),
            Err(error) => {
                self.fault(name, format!("cannot read the file {path}: {error}"));
                None
            }
        }
    }

    /// A text.
    pub fn text(&mut self, name: &'static str, default: &str) -> String {
        self.get(name).unwrap_or_else(|| default.to_owned())
    }

    /// A text that must be given.
    pub fn required(&mut self, name: &'static str) -> String {
        self.get(name).unwrap_or_else(|| {
            self.fault(name, "must be given".to_owned());
            String::new()
        })
    }

    /// A text that is never printed.
    pub fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    /// A database's URL, never printed.
    pub fn database(&mut self, name: &'static str) -> Option<SecretString> {
        let url = self.get(name)?;
        if let Err(complaint) = connect::check(&url) {
            self.fault(name, complaint);
        }
        Some(url.into())
    }

    /// One of a few words.
    pub fn choice(&mut self, name: &'static str, default: &str, words: &[&str]) -> String {
        let value = self.text(name, default);
        if !words.contains(&value.as_str()) {
            self.fault(name, format!("is {value:?}; expected one of {}", words.join(", ")));
        }
        value
    }

    /// Anything that can be read from a text.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str, default: &str) -> T {
        let value = self.text(name, default);
        value.parse().unwrap_or_else(|error| {
            self.fault(name, format!("is {value:?}: {error}"));
            self.default(name, default)
        })
    }

    /// A number inside a range.
    pub fn between<T>(&mut self, name: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr<Err: fmt::Display> + PartialOrd + Copy + fmt::Display,
    {
        let Some(text) = self.get(name) else { return default };
        match text.parse::<T>() {
            Ok(value) if range.contains(&value) => value,
            Ok(value) => {
                self.fault(
                    name,
                    format!("is {value}; expected {} to {}", range.start(), range.end()),
                );
                default
            }
            Err(error) => {
                self.fault(name, format!("is {text:?}: {error}"));
                default
            }
        }
    }

    /// An http or https address, without its last slash.
    pub fn url(&mut self, name: &'static str, default: &str) -> String {
        let value = self.text(name, default);
        if !value.starts_with("http://") && !value.starts_with("https://") {
            self.fault(
                name,
                format!("is {value:?}; expected an address that starts with https://"),
            );
        }
        value.trim_end_matches('/').to_owned()
    }

    /// A path at the public address, if one is given.
    pub fn path(&mut self, name: &'static str) -> Option<String> {
        let value = self.get(name)?;
        let odd = |c: char| c.is_whitespace() || matches!(c, '\\' | '#');
        if value.starts_with('/') && !value.starts_with("//") && !value.contains(odd) {
            return Some(value);
        }
        let expected = "expected a path at VIGIE_PUBLIC_URL, such as /carte/style.json, that your proxy serves";
        self.fault(name, format!("is {value:?}; {expected}: the apps ask no other host"));
        None
    }

    /// Texts between commas.
    pub fn list(&mut self, name: &'static str, default: &str) -> Vec<String> {
        let value = self.text(name, default);
        value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Anything, between commas.
    pub fn parsed_list<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str, default: &str) -> Vec<T> {
        let mut read = Vec::new();
        for part in self.list(name, default) {
            match part.parse() {
                Ok(value) => read.push(value),
                Err(error) => self.fault(name, format!("has {part:?}: {error}")),
            }
        }
        read
    }

    /// A duration: `250ms`, `5s`, `1m`, `2h`.
    pub fn duration(&mut self, name: &'static str, default: &str) -> Duration {
        let value = self.text(name, default);
        read_duration(&value).unwrap_or_else(|| {
            self.fault(
                name,
                format!("is {value:?}; expected a duration such as 250ms, 5s, 1m or 2h"),
            );
            Duration::from_secs(1)
        })
    }

    /// A duration of at least so much.
    pub fn duration_from(&mut self, name: &'static str, default: &str, least: Duration) -> Duration {
        let read = self.duration(name, default);
        if read < least {
            self.fault(name, format!("is too short; expected {} s or more", least.as_secs()));
        }
        read
    }

    /// Durations between commas.
    pub fn durations(&mut self, name: &'static str, default: &str) -> Vec<Duration> {
        let mut read = Vec::new();
        for part in self.list(name, default) {
            match read_duration(&part) {
                Some(duration) => read.push(duration),
                None => self.fault(name, format!("has {part:?}; expected durations such as 5s,1m,2h")),
            }
        }
        read
    }

    /// The default of a setting whose value was wrong: the faults stop the program, so any readable value will do.
    #[expect(
        clippy::panic,
        reason = "a default that does not parse is a mistake in this program, found by any start"
    )]
    fn default<T: FromStr<Err: fmt::Display>>(&self, name: &str, default: &str) -> T {
        default
            .parse()
            .unwrap_or_else(|error| panic!("the default of {name} does not parse: {error}"))
    }
}

/// Names that other parts of the program read: the log filter, and the path that tests set.
const ELSEWHERE: &[&str] = &["VIGIE_LOG", "VIGIE_BIN"];

fn read_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number * 60)),
        "h" => Some(Duration::from_secs(number * 3600)),
        _ => None,
    }
}
