//! Words for people, in their language: every text stands in `locales/<language>/*.ftl` (Fluent), none in code.
//!
//! A missing text is a defect that a test finds (`text_tests`: both languages have the same messages with the same
//! variables); at run time the message's id is shown rather than nothing.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use unic_langid::{LanguageIdentifier, langid};

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;

const FRENCH: &[&str] = &[
    include_str!("../../locales/fr/problems.ftl"),
    include_str!("../../locales/fr/people.ftl"),
    include_str!("../../locales/fr/pages.ftl"),
    include_str!("../../locales/fr/photos.ftl"),
    include_str!("../../locales/fr/notifications.ftl"),
    include_str!("../../locales/fr/desk.ftl"),
    include_str!("../../locales/fr/field.ftl"),
    include_str!("../../locales/fr/contractor.ftl"),
];
const ENGLISH: &[&str] = &[
    include_str!("../../locales/en/problems.ftl"),
    include_str!("../../locales/en/people.ftl"),
    include_str!("../../locales/en/pages.ftl"),
    include_str!("../../locales/en/photos.ftl"),
    include_str!("../../locales/en/notifications.ftl"),
    include_str!("../../locales/en/desk.ftl"),
    include_str!("../../locales/en/field.ftl"),
    include_str!("../../locales/en/contractor.ftl"),
];

/// A language in which Vigie speaks to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// French, the language of a request that names none.
    #[default]
    Fr,
    /// English.
    En,
}

impl Locale {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// The code that is stored and sent: `fr` or `en`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// Reads a language tag (`fr`, `fr-FR`, `en_GB`); `None` if we don't speak it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL
            .into_iter()
            .find(|locale| primary.eq_ignore_ascii_case(locale.as_str()))
    }

    /// The best of an `Accept-Language` header (RFC 9110, 12.5.4); French when it names none of ours.
    #[must_use]
    pub fn negotiate(header: &str) -> Self {
        let mut best = (0.0_f32, Self::default());
        for part in header.split(',') {
            let mut pieces = part.split(';');
            let Some(locale) = pieces.next().and_then(Self::from_tag) else {
                continue;
            };
            let quality = pieces
                .find_map(|piece| piece.trim().strip_prefix("q=")?.trim().parse().ok())
                .unwrap_or(1.0);
            if quality > best.0 {
                best = (quality, locale);
            }
        }
        best.1
    }
}

/// Names and values of a message's variables.
pub type Args<'a> = [(&'static str, Arg<'a>)];

/// Numbers above this are shown as they are: nobody counts so far, and the plural rules do not either.
const MOST: f64 = 1e12;

/// The value of a message's variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg<'a> {
    /// Shown as it is.
    Words(Cow<'a, str>),
    /// Shown as the language writes it, without grouping; a text may choose singular or plural by it.
    Number(f64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(words: &'a str) -> Self {
        Self::Words(words.into())
    }
}

impl From<String> for Arg<'_> {
    fn from(words: String) -> Self {
        Self::Words(words.into())
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<f64> for Arg<'_> {
    /// Two decimals are enough for a reader.
    fn from(number: f64) -> Self {
        if number.abs() < MOST {
            // Zero has no sign for a reader.
            Self::Number((number * 100.0).round() / 100.0 + 0.0)
        } else {
            Self::Words(number.to_string().into())
        }
    }
}

/// All texts, parsed once.
pub struct Texts {
    french: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

impl Texts {
    /// Parses the texts that are built into the program.
    #[must_use]
    pub fn load() -> Self {
        let mut french = bundle(langid!("fr"), FRENCH);
        french.set_formatter(Some(with_comma));
        Self {
            french,
            english: bundle(langid!("en"), ENGLISH),
        }
    }

    /// A message in a language, its variables filled in.
    #[must_use]
    pub fn say(&self, locale: Locale, id: &str, args: &Args<'_>) -> String {
        self.find(locale, id, args).unwrap_or_else(|| id.to_owned())
    }

    /// A message that may not exist.
    #[must_use]
    pub fn find(&self, locale: Locale, id: &str, args: &Args<'_>) -> Option<String> {
        let bundle = self.bundle(locale);
        let pattern = bundle.get_message(id)?.value()?;
        let mut fluent = FluentArgs::new();
        for (name, value) in args {
            let value = match value {
                Arg::Words(words) => FluentValue::from(words.as_ref()),
                Arg::Number(number) => FluentValue::from(*number),
            };
            fluent.set(*name, value);
        }
        let mut errors = Vec::new();
        Some(bundle.format_pattern(pattern, Some(&fluent), &mut errors).into_owned())
    }

    /// A day in words: "1er mai 2026", "1 May 2026".
    #[must_use]
    pub fn day(&self, locale: Locale, day: NaiveDate) -> String {
        let month = self.say(locale, &format!("message-month-{}", day.month()), &[]);
        // The year is a name and no quantity.
        let args: [(&'static str, Arg<'_>); 3] = [
            ("day", day.day().into()),
            ("month", month.into()),
            ("year", day.year().to_string().into()),
        ];
        self.say(locale, "message-date-long", &args)
    }

    const fn bundle(&self, locale: Locale) -> &FluentBundle<FluentResource> {
        match locale {
            Locale::Fr => &self.french,
            Locale::En => &self.english,
        }
    }
}

/// French writes a comma where the library has a point.
fn with_comma<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(number.as_string().replace('.', ",")),
        _ => None,
    }
}

fn bundle(language: LanguageIdentifier, sources: &[&str]) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The marks around inserted values confuse mail clients and tests alike, and our two languages run one way.
    bundle.set_use_isolating(false);
    for source in sources {
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// A text that a town wrote in several languages: `{"fr": "...", "en": "..."}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Localized {
    /// French.
    #[serde(default)]
    pub fr: String,
    /// English; empty: the French is used.
    #[serde(default)]
    pub en: String,
}

impl Localized {
    /// The text in a language, or in the other one when it is missing.
    #[must_use]
    pub fn get(&self, locale: Locale) -> &str {
        let (first, second) = match locale {
            Locale::Fr => (&self.fr, &self.en),
            Locale::En => (&self.en, &self.fr),
        };
        if first.is_empty() { second } else { first }
    }

    /// Whether it says nothing in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fr.is_empty() && self.en.is_empty()
    }
}
