//! Which town takes a report, or why none does: from the position, the category and the hour. No I/O.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use geo_dedup::LonLat;

use super::model::Submission;
use crate::catalog::gates::shut_by;
use crate::catalog::model::{Catalogue, Category, Lies, Town};
use crate::http::problem::FieldErrors;
use crate::text::Locale;

/// A position outside every territory is still accepted within its accuracy and so many metres.
pub const BORDER_MARGIN_M: f64 = 100.0;

/// A town that takes the report.
pub struct Taker {
    /// Town.
    pub town: Arc<Town>,
    /// Place of the category in [`Town::categories`].
    pub category: usize,
    /// The position lies outside, but close.
    pub near_boundary: bool,
}

impl Taker {
    /// The category.
    #[must_use]
    pub fn category(&self) -> Option<&Category> {
        self.town.categories.get(self.category)
    }
}

/// Finds the smallest town at the position where the category is open. What is wrong is noted otherwise: of several
/// towns' reasons, the smallest town's.
pub fn find_town(
    catalogue: &Catalogue,
    submission: &Submission,
    by_staff: bool,
    only: Option<crate::db::TownId>,
    errors: &mut FieldErrors,
    now: DateTime<Utc>,
) -> Option<Taker> {
    let around: Vec<_> = towns_around(catalogue, submission)
        .into_iter()
        .filter(|(town, _)| only.is_none_or(|id| town.id == id))
        .collect();
    let mut first_refusal: Option<Refusal<'_>> = None;
    for (town, lies) in &around {
        match takes(town, (&submission.category, submission.position), by_staff, now) {
            Ok(category) => {
                let near_boundary = matches!(lies, Lies::Outside(_));
                return Some(Taker {
                    town: Arc::clone(town),
                    category,
                    near_boundary,
                });
            }
            Err(refusal) => {
                // A town that does not know the category says less than one that closed it.
                if first_refusal
                    .as_ref()
                    .is_none_or(|known| matches!(known, Refusal::Unknown))
                {
                    first_refusal = Some(refusal);
                }
            }
        }
    }
    match first_refusal {
        Some(refusal) => refusal.note(submission.locale, errors),
        None => outside(catalogue, submission.position, errors),
    }
    None
}

/// Place of the category in [`Town::categories`], where this town takes such reports from residents here and now.
#[must_use]
pub fn open_in(town: &Town, code: &str, position: LonLat, now: DateTime<Utc>) -> Option<usize> {
    takes(town, (code, position), false, now).ok()
}

/// Towns that may take a report of this place, the smallest that holds it first.
pub fn towns_around<'a>(catalogue: &'a Catalogue, submission: &Submission) -> Vec<(&'a Arc<Town>, Lies)> {
    let margin = submission.accuracy_m.unwrap_or(0.0).min(1_000.0) + BORDER_MARGIN_M;
    catalogue.around(submission.position, margin)
}

enum Refusal<'a> {
    Unknown,
    Closed {
        message: &'a crate::text::Localized,
        instead: &'a crate::text::Localized,
    },
    NotOurs {
        message: &'a crate::text::Localized,
        who: Option<&'a crate::catalog::model::Body>,
    },
}

fn takes<'a>(
    town: &'a Town,
    (code, position): (&str, LonLat),
    by_staff: bool,
    now: DateTime<Utc>,
) -> Result<usize, Refusal<'a>> {
    let found = town
        .categories
        .iter()
        .enumerate()
        .find(|(_, category)| category.code == code);
    let usable =
        found.filter(|(_, category)| category.active && !category.is_group && (by_staff || !category.agent_only));
    let Some((place, category)) = usable else {
        return Err(Refusal::Unknown);
    };
    // A danger is taken in whoever is competent: the answer says whom to call, and a refusal would lose it.
    if let Some(body) = category.redirect_body_id.filter(|_| category.call_number.is_none()) {
        return Err(Refusal::NotOurs {
            message: &category.redirect_message,
            who: town.bodies.get(&body),
        });
    }
    let sector = town.sector_at(position).map(|sector| sector.id);
    match shut_by(&town.gates, category.id, now, town.time_zone, sector) {
        Some(gate) => Err(Refusal::Closed {
            message: &gate.message,
            instead: &gate.instead,
        }),
        None => Ok(place),
    }
}

impl Refusal<'_> {
    fn note(self, locale: Locale, errors: &mut FieldErrors) {
        let say = |text: &crate::text::Localized| text.get(locale).to_owned().into();
        match self {
            Self::Unknown => errors.add("category", "unknown_category"),
            Self::Closed { message, instead } => {
                errors.add_with(
                    "category",
                    "category_closed",
                    vec![("message", say(message)), ("instead", say(instead))],
                );
            }
            Self::NotOurs { message, who } => {
                let name = who.map_or_else(String::new, |body| format!(" {}", body.name.get(locale)));
                let phone = who
                    .and_then(|body| body.phone.clone())
                    .map_or_else(String::new, |phone| format!(" ({phone})"));
                let message = format!("{}{name}{phone}", message.get(locale));
                errors.add_with("category", "category_not_ours", vec![("message", message.into())]);
            }
        }
    }
}

/// Outside every territory: perhaps the two numbers were swapped.
fn outside(catalogue: &Catalogue, position: LonLat, errors: &mut FieldErrors) {
    let swapped = LonLat::new(position.lat(), position.lon()).ok();
    if swapped.is_some_and(|swapped| !catalogue.around(swapped, BORDER_MARGIN_M).is_empty()) {
        errors.add("position", "swapped");
    } else {
        let nearest = catalogue
            .around(position, 20_000.0)
            .first()
            .map(|(town, _)| format!("{} ({})", town.name, town.phone));
        errors.add_with(
            "position",
            "outside_territory",
            vec![("who", nearest.unwrap_or_default().into())],
        );
    }
}
