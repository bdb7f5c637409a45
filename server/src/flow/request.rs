//! What every request of staff about an alert or a task is held against: its words, time and material, and how it is known
//! again.

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::status::event::Material;
use crate::http::problem::{FieldErrors, Problem};

/// Longest words of a request, characters.
const LONGEST: usize = 4_000;

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
