//! A category's deduplication policy, as an admin sets it: checked, kept by version, tried on the past first.

pub mod http;
mod preview;
mod queries;
mod trial;

use geo_dedup::{OverrideFault, Policy, PolicyFault, WeightSet};

use crate::catalog::model::{Category, Town};
use crate::catalog::policy::{PolicyDocument, Refused};
use crate::http::problem::{FieldErrors, Kind, Problem};

/// The category of a code; groups have no policy.
fn category<'a>(town: &'a Town, code: &str) -> Result<&'a Category, Problem> {
    let found = town.categories.iter().find(|category| category.code == code);
    found
        .filter(|category| !category.is_group)
        .ok_or_else(|| Problem::new(Kind::NotFound))
}

/// What a document means for a category, under a version; names every field that is wrong.
fn checked(town: &Town, category: &Category, document: &PolicyDocument, version: i32) -> Result<Policy, Problem> {
    let mut errors = FieldErrors::default();
    if !document.kind_is_known() {
        let kinds: Vec<&str> = WeightSet::built_in().kinds().collect();
        errors.add_with("kind", "not_one_of", vec![("words", kinds.join(", ").into())]);
    }
    for code in document.compatible.keys() {
        let other = town.categories.iter().find(|other| other.code == *code);
        if other.is_none_or(|other| other.is_group || other.id == category.id) {
            errors.add(format!("compatible.{code}"), "desk_category");
        }
    }
    let number_of = |code: &str| town.category(code).map(|category| town.dedup_number(category.id));
    let version = u32::try_from(version).unwrap_or_default();
    let built = document.build(version, category.rejected_days, number_of);
    if let Err(refused) = &built {
        note(refused, &mut errors);
    }
    errors.check(())?;
    built.map_err(Problem::internal)
}

fn note(refused: &Refused, errors: &mut FieldErrors) {
    for fault in refused.policy.iter().flat_map(|policy| policy.faults()) {
        match fault {
            PolicyFault::OutOfRange { field, min, max, .. } => out_of_range(errors, (*field).to_owned(), *min, *max),
            PolicyFault::SuggestAboveJoin { .. } => errors.add("suggest_threshold", "suggest_above_join"),
            _ => errors.add(fault.field(), "desk_category"),
        }
    }
    for fault in refused.weights.iter().flat_map(|weights| weights.faults()) {
        match fault {
            OverrideFault::OutOfRange { name, min, max, .. } => {
                out_of_range(errors, format!("weights.{name}"), *min, *max);
            }
            OverrideFault::Shape(name) => errors.add(format!("weights.{name}"), "weight_curve"),
            OverrideFault::Unknown(name) | OverrideFault::Twice(name) => {
                errors.add(format!("weights.{name}"), "unknown_weight");
            }
            _ => errors.add("weights", "unknown_weight"),
        }
    }
}

fn out_of_range(errors: &mut FieldErrors, field: String, min: f64, max: f64) {
    errors.add_with(field, "out_of_range", vec![("range", format!("{min}–{max}").into())]);
}
