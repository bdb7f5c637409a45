//! What every request of staff about an alert or a task is held against: its words, time, material and photos, and how it is
//! known again.

use geo_dedup::LonLat;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::status::event::Material;
use crate::http::point::PointBody;
use crate::http::problem::{FieldErrors, Problem};

/// Longest words of a request, characters.
const LONGEST: usize = 4_000;
/// Most photos of one action.
const MOST_PHOTOS: usize = 20;
/// A position that is worse says nothing of where the crew stood.
const WORST_ACCURACY_M: f64 = 1_000.0;

/// What a step of the desk, an action of a crew and an action that a tablet froze have in common. Their wire types stand
/// apart, since serde cannot refuse unknown fields of a part that is shared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'a> {
    /// In words, for the next in line.
    pub reason: Option<&'a str>,
    /// For colleagues.
    pub note: Option<&'a str>,
    /// For residents.
    pub public_note: Option<&'a str>,
    /// Time worked.
    pub minutes: Option<i32>,
    /// What was used up or is needed.
    pub material: &'a [Material],
    /// Photos of the repair.
    pub photo_ids: &'a [Uuid],
    /// Where the crew stood.
    pub position: Option<&'a PointBody>,
    /// Of the position, metres.
    pub accuracy: Option<f64>,
}

impl Sent<'_> {
    /// Holds every field against its range; the position, if one that says something was sent.
    pub fn check(&self, errors: &mut FieldErrors) -> Option<LonLat> {
        words(errors, "reason", self.reason);
        words(errors, "note", self.note);
        words(errors, "public_note", self.public_note);
        work(errors, self.minutes, self.material);
        if self.photo_ids.len() > MOST_PHOTOS {
            errors.add("photo_ids", "too_many_photos");
        }
        let known = |metres: f64| metres.is_finite() && metres >= 0.0;
        if !self.accuracy.is_none_or(known) {
            errors.add("accuracy", "accuracy");
        }
        let place = self.position.map(PointBody::position).transpose();
        let place = place.unwrap_or_else(|_| {
            errors.add("position", "action_position");
            None
        });
        place.filter(|_| self.accuracy.is_none_or(|metres| metres <= WORST_ACCURACY_M))
    }
}

/// Holds words of a request against the longest that are stored.
pub fn words(errors: &mut FieldErrors, field: &'static str, words: Option<&str>) {
    // PostgreSQL stores no NUL in a text.
    if words.is_some_and(|words| words.chars().count() > LONGEST || words.contains('\0')) {
        errors.add(field, "text");
    }
}

/// Holds time worked and material against their ranges.
pub fn work(errors: &mut FieldErrors, minutes: Option<i32>, material: &[Material]) {
    if minutes.is_some_and(|minutes| !(0..=100_000).contains(&minutes)) {
        errors.add("minutes", "minutes");
    }
    let wrong = |item: &Material| {
        let unit = item.unit.as_deref().unwrap_or_default();
        let said = !item.name.trim().is_empty() && item.name.chars().count() <= 200 && unit.chars().count() <= 40;
        let storable = !item.name.contains('\0') && !unit.contains('\0');
        !(said && storable && item.quantity.is_finite() && item.quantity >= 0.0)
    };
    if material.len() > 100 || material.iter().any(wrong) {
        errors.add("material", "material");
    }
}

/// SHA-256 of an action as understood: what it is about, and its body.
///
/// # Errors
/// Never with bodies of ours.
pub fn request_hash(about: Uuid, body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let json = serde_json::to_vec(body).map_err(Problem::internal)?;
    let mut digest = Sha256::new();
    digest.update(about.as_bytes());
    digest.update(json);
    Ok(digest.finalize().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::point::PointType;

    fn faults(sent: &Sent<'_>) -> Vec<(String, &'static str)> {
        let mut errors = FieldErrors::default();
        sent.check(&mut errors);
        let named = errors.into_problem().errors.into_iter();
        named.map(|error| (error.field.into_owned(), error.code)).collect()
    }

    #[test]
    fn everything_out_of_range_is_named_at_once() {
        let long = "a".repeat(LONGEST + 1);
        let nowhere = PointBody {
            kind: PointType::Point,
            coordinates: [0.0, 91.0],
        };
        let lamp = |quantity| Material {
            name: "lamp".to_owned(),
            quantity,
            unit: None,
        };
        let (wrong, right) = ([lamp(-1.0)], [lamp(0.0)]);
        let photos = [Uuid::nil(); MOST_PHOTOS + 1];
        let sent = Sent {
            reason: Some(&long),
            note: Some("a\0b"),
            public_note: Some("in order"),
            minutes: Some(-1),
            material: &wrong,
            photo_ids: &photos,
            position: Some(&nowhere),
            accuracy: Some(f64::NAN),
        };
        let named = faults(&sent);
        let expected = [
            ("reason", "text"),
            ("note", "text"),
            ("minutes", "minutes"),
            ("material", "material"),
            ("photo_ids", "too_many_photos"),
            ("accuracy", "accuracy"),
            ("position", "action_position"),
        ];
        assert_eq!(named, expected.map(|(field, code)| (field.to_owned(), code)));
        let most = Sent {
            minutes: Some(100_000),
            material: &right,
            photo_ids: &photos[..MOST_PHOTOS],
            ..Sent::default()
        };
        assert!(faults(&most).is_empty());
    }

    #[test]
    fn a_position_that_says_nothing_is_not_kept() {
        let here = PointBody::of(2.35, 48.85);
        let place = |accuracy| {
            let sent = Sent {
                position: Some(&here),
                accuracy,
                ..Sent::default()
            };
            sent.check(&mut FieldErrors::default())
        };
        assert!(place(None).is_some() && place(Some(1_000.0)).is_some());
        assert!(place(Some(1_000.5)).is_none());
    }
}
