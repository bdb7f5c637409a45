//! Reads a report from JSON: every field that is wrong is named, all at once.

use chrono::{DateTime, TimeDelta, Utc};
use geo_dedup::LonLat;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::model::{Channel, ContactWay, PositionSource, Submission};
use crate::http::fields::Fields;
use crate::http::problem::{FieldErrors, Problem};
use crate::text::Locale;
use crate::vault::Contact;

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

/// Longest description, characters (Open311's own limit).
pub const MAX_DESCRIPTION: usize = 4_000;
/// Longest address, characters.
pub const MAX_ADDRESS: usize = 300;
/// A clock may run ahead of ours by so much.
pub const CLOCK_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// A device may have been without network for so long.
pub const LONGEST_OFFLINE: TimeDelta = TimeDelta::days(90);
/// A follow secret has at least 128 bits, so 22 characters of base64url.
const FOLLOW_SECRET: std::ops::RangeInclusive<usize> = 22..=128;

/// A report as far as it could be read, and what is wrong with it.
pub struct Read {
    /// What stands where it can be judged further: its place, its category and its language were read.
    pub submission: Option<Submission>,
    /// Every wrong field.
    pub errors: FieldErrors,
}

impl Read {
    /// The report, if nothing is wrong with it.
    ///
    /// # Errors
    /// [`crate::http::problem::Kind::Invalid`] naming every wrong field.
    pub fn whole(self) -> Result<Submission, Problem> {
        match self.submission {
            Some(submission) => self.errors.check(submission),
            None => Err(self.errors.into_problem()),
        }
    }
}

/// Reads a report. `ways` are those in which people can be told here; `locale` is the language of the request, for when the
/// report names none; `photo_hashes` are of the photos that came in the same request.
pub fn read(
    object: &Map<String, Value>,
    channels: &[Channel],
    ways: &[ContactWay],
    locale: Locale,
    photo_hashes: &[Vec<u8>],
    now: DateTime<Utc>,
) -> Read {
    let mut errors = FieldErrors::default();
    let mut fields = Fields::new(object, "", &mut errors);
    let id = fields.client_id("id");
    let category = fields.required_text("category", 60);
    let accuracy_m = fields.number("accuracy_m", 0.0..=100_000.0);
    let position_source = fields.word("position_source", PositionSource::ALL);
    let address = fields.text("address", MAX_ADDRESS);
    let description = fields.text("description", MAX_DESCRIPTION);
    let observed_at = fields.time("observed_at");
    if observed_at.is_some_and(|at| at > now + CLOCK_AHEAD) {
        fields.fault("observed_at", "in_future");
    } else if observed_at.is_some_and(|at| at < now - LONGEST_OFFLINE) {
        fields.fault("observed_at", "too_old");
    }
    let channel = fields
        .word("channel", channels)
        .or_else(|| channels.first().copied())
        .unwrap_or(Channel::App);
    if !channels.contains(&channel) {
        fields.fault("channel", "channel_not_yours");
    }
    let locale = fields
        .text("locale", 35)
        .map_or(Some(locale), |tag| Locale::from_tag(&tag));
    if locale.is_none() {
        fields.fault("locale", "unknown_locale");
    }
    let answers = fields.object("answers").cloned().unwrap_or_default();
    let follow_secret = follow_secret(&mut fields);
    let joins = fields.uuid("joins");
    let not_same = ids(&mut fields, "not_same");
    let contact = fields.object("contact");
    let position = position(&mut fields);
    let (way, contact) = contact.map_or((ContactWay::None, Contact::default()), |object| {
        read_contact(object, ways, &mut errors)
    });
    let known = category.zip(position).zip(locale);
    let submission = known.map(|((category, position), locale)| Submission {
        id,
        category,
        position,
        accuracy_m,
        position_source: position_source.unwrap_or(PositionSource::Unknown),
        address,
        description,
        answers,
        observed_at,
        channel,
        locale,
        way,
        contact,
        follow_secret,
        joins,
        not_same,
        request_hash: request_hash(object, photo_hashes),
        source_ref: None,
    });
    Read { submission, errors }
}

/// A GeoJSON Point (RFC 7946): longitude first; a third number, the altitude, is ignored.
fn position(fields: &mut Fields<'_, '_>) -> Option<LonLat> {
    let Some(value) = fields.raw("position") else {
        fields.fault("position", "required");
        return None;
    };
    let is_point = value.get("type").and_then(Value::as_str) == Some("Point");
    let coordinates = value.get("coordinates").and_then(Value::as_array).filter(|_| is_point);
    let numbers: Option<Vec<f64>> = coordinates.and_then(|list| list.iter().map(Value::as_f64).collect());
    let Some(&[lon, lat, ..]) = numbers.as_deref().filter(|numbers| numbers.len() <= 3) else {
        fields.fault("position", "not_a_point");
        return None;
    };
    let position = LonLat::new(lon, lat).ok();
    if position.is_none() {
        fields.fault("position", "not_on_earth");
    }
    position
}

fn follow_secret(fields: &mut Fields<'_, '_>) -> Option<String> {
    let secret = fields.text("follow_secret", *FOLLOW_SECRET.end())?;
    let of_alphabet = secret
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if of_alphabet && FOLLOW_SECRET.contains(&secret.len()) {
        return Some(secret);
    }
    fields.fault("follow_secret", "weak_secret");
    None
}

fn ids(fields: &mut Fields<'_, '_>, name: &str) -> Vec<Uuid> {
    let Some(value) = fields.raw(name) else {
        return Vec::new();
    };
    let list = value.as_array().filter(|list| list.len() <= 50);
    let ids: Option<Vec<Uuid>> = list.and_then(|list| list.iter().map(|id| id.as_str()?.parse().ok()).collect());
    ids.unwrap_or_else(|| {
        fields.fault(name, "not_a_uuid");
        Vec::new()
    })
}

/// Contact data, and only those that the preferred way needs: a name or a postal address without a letter or a call to
/// make is not kept.
///
/// Where no text messages are sent, who wants one is told by mail if they gave an address, and must choose otherwise if
/// they did not: who was promised word and hears nothing would be worse off than who was asked again.
fn read_contact(object: &Map<String, Value>, ways: &[ContactWay], errors: &mut FieldErrors) -> (ContactWay, Contact) {
    let mut fields = Fields::new(object, "contact", errors);
    let email = fields.text("email", 254);
    if email.as_deref().is_some_and(|email| !looks_like_email(email)) {
        fields.fault("email", "not_an_email");
    }
    let phone = fields.text("phone", 40).map(|phone| normal_phone(&phone));
    if phone.as_deref().is_some_and(|phone| !looks_like_phone(phone)) {
        fields.fault("phone", "not_a_phone");
    }
    let name = fields.text("name", 120);
    let postal_address = fields.text("postal_address", 300);
    let guessed = match (&email, &phone) {
        (Some(_), _) => ContactWay::Email,
        (None, Some(_)) => ContactWay::Sms,
        (None, None) => ContactWay::None,
    };
    let has_sms = ways.contains(&ContactWay::Sms);
    let way = match fields.word("preferred", ways).unwrap_or(guessed) {
        ContactWay::Sms if !has_sms && email.is_some() => ContactWay::Email,
        way => way,
    };
    if way == ContactWay::Sms && !has_sms {
        fields.fault("preferred", "no_sms");
        return (way, Contact::default());
    }
    let missing = match way {
        ContactWay::Email if email.is_none() => Some("email"),
        ContactWay::Sms | ContactWay::Call if phone.is_none() => Some("phone"),
        ContactWay::Letter if postal_address.is_none() => Some("postal_address"),
        _ => None,
    };
    if let Some(missing) = missing {
        fields.fault(missing, "needed_for_way");
    }
    let keep = |wanted: &[ContactWay], value: Option<String>| value.filter(|_| wanted.contains(&way));
    let contact = Contact {
        email: keep(&[ContactWay::Email], email),
        phone: keep(&[ContactWay::Sms, ContactWay::Call], phone),
        name: keep(&[ContactWay::Call, ContactWay::Letter], name),
        postal_address: keep(&[ContactWay::Letter], postal_address),
        answers: None,
    };
    (way, contact)
}

/// Only what a mail relay would refuse at once: the real check is the mail that arrives.
fn looks_like_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = text
        .chars()
        .all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;:\"()[]\\".contains(c));
    plain && !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
}

fn normal_phone(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

fn looks_like_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// serde_json keeps the names of an object sorted, so equal requests have equal bytes whatever the order they came in.
fn request_hash(object: &Map<String, Value>, photo_hashes: &[Vec<u8>]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(Value::Object(object.clone()).to_string().as_bytes());
    for photo in photo_hashes {
        hasher.update(photo);
    }
    hasher.finalize().to_vec()
}
