//! What a company fills in: as typed, so that nothing is lost when something lacks, and as understood.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use crate::flow::dispatch::act::Action;
use crate::flow::request::{words, work};
use crate::flow::status::event::Material;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::when;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What became of a job that a company was given.
    ContractorOutcome {
        /// Repaired; with a photo where the category demands one.
        Done = "done",
        /// Was there and saw nothing.
        NotFound = "not_found",
        /// Was there: somebody else's job.
        NotOurs = "not_ours",
        /// Cannot go on without material; with the day to look again.
        NeedMaterial = "need_material",
        /// Saw a danger.
        Dangerous = "dangerous",
        /// Has something to say.
        Note = "note",
    }
}

impl ContractorOutcome {
    /// The same as a crew's action.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Done => Action::Done,
            Self::NotFound => Action::NotFound,
            Self::NotOurs => Action::NotOurs,
            Self::NeedMaterial => Action::NeedMaterial,
            Self::Dangerous => Action::Dangerous,
            Self::Note => Action::Note,
        }
    }
}

/// Names of the form's fields, photos left out.
pub const FIELDS: [&str; 6] = ["id", "outcome", "review_date", "material", "minutes", "words"];

/// A form as typed.
#[derive(Clone, Debug, Default)]
pub struct Typed(BTreeMap<String, String>);

/// A form as understood.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// The form's own id: sent again, it counts once.
    pub id: Uuid,
    /// What.
    pub outcome: ContractorOutcome,
    /// When to look again.
    pub review_date: Option<NaiveDate>,
    /// What is missing.
    pub material: Vec<Material>,
    /// Time worked.
    pub minutes: Option<i32>,
    /// For the service.
    pub words: Option<String>,
}

impl Typed {
    /// What was sent.
    #[must_use]
    pub fn of(mut fields: BTreeMap<String, String>) -> Self {
        for text in fields.values_mut() {
            // Browsers end lines as mails do.
            *text = text.replace("\r\n", "\n");
        }
        Self(fields)
    }

    /// A form that nobody filled in yet, or the same under another id.
    #[must_use]
    pub fn fresh(mut self) -> Self {
        self.0.insert("id".to_owned(), Uuid::now_v7().to_string());
        self
    }

    /// A field's text without blanks around it.
    #[must_use]
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", |text| text.trim())
    }

    /// Understands it.
    ///
    /// # Errors
    /// [`crate::http::problem::Kind::Invalid`] with every field that is wrong.
    pub fn said(&self) -> Result<Said, Problem> {
        let mut errors = FieldErrors::default();
        let given = |field| Some(self.get(field)).filter(|text| !text.is_empty());
        let id = Uuid::try_parse(self.get("id"))
            .ok()
            .filter(|id| id.get_version_num() == 7);
        if id.is_none() {
            errors.add("id", "not_a_uuid_v7");
        }
        let outcome = self.get("outcome").parse::<ContractorOutcome>().ok();
        if outcome.is_none() {
            errors.add("outcome", "required");
        }
        let review_date = given("review_date").map(when::day);
        if review_date == Some(None) {
            errors.add("review_date", "not_a_day");
        }
        let minutes = given("minutes").map(str::parse::<i32>).transpose();
        // What is no number is out of range too.
        // What was chosen for another outcome says nothing.
        let waits = outcome == Some(ContractorOutcome::NeedMaterial);
        let material: Vec<Material> = given("material").filter(|_| waits).map(items).unwrap_or_default();
        work(&mut errors, minutes.clone().unwrap_or(Some(-1)), &material);
        words(&mut errors, "words", given("words"));
        if outcome == Some(ContractorOutcome::Note) && given("words").is_none() {
            errors.add("words", "required");
        }
        let (Some(id), Some(outcome), true) = (id, outcome, errors.is_empty()) else {
            return Err(errors.into_problem());
        };
        Ok(Said {
            id,
            outcome,
            review_date: review_date.flatten().filter(|_| waits),
            material,
            minutes: minutes.unwrap_or(None),
            words: given("words").map(str::to_owned),
        })
    }
}

/// One thing on each line, with how many of it before, or one: `10 lamps`, `a mast`.
fn items(text: &str) -> Vec<Material> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let item = |line: &str| {
        let counted = line.split_once(' ').and_then(|(count, what)| {
            let count = count.replace(',', ".").parse::<f64>().ok();
            Some((count.filter(|count| count.is_finite() && *count >= 0.0)?, what.trim()))
        });
        let (quantity, name) = counted.unwrap_or((1.0, line));
        Material {
            name: name.to_owned(),
            quantity,
            unit: None,
        }
    };
    lines.map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        let fields = fields
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Typed::of(fields.collect()).fresh()
    }

    fn faults(fields: &[(&str, &str)]) -> Vec<String> {
        let problem = typed(fields).said().expect_err("something lacks");
        problem
            .errors
            .iter()
            .map(|error| format!("{} {}", error.field, error.code))
            .collect()
    }

    #[test]
    fn everything_that_lacks_is_named_at_once() {
        let wrong = [("review_date", "soon"), ("minutes", "an hour"), ("outcome", "maybe")];
        assert_eq!(
            faults(&wrong),
            ["outcome required", "review_date not_a_day", "minutes minutes"]
        );
        for day in ["+262142-12-31", "-5000-01-01", "1999-12-31"] {
            let wrong = [("outcome", "need_material"), ("review_date", day)];
            assert_eq!(faults(&wrong), ["review_date not_a_day"], "{day}");
        }
        assert_eq!(faults(&[("outcome", "note"), ("words", "  ")]), ["words required"]);
        let long = "a".repeat(4_001);
        assert_eq!(faults(&[("outcome", "done"), ("words", &long)]), ["words text"]);
        let foreign = Typed::of(
            [
                ("id".to_owned(), "1".to_owned()),
                ("outcome".to_owned(), "done".to_owned()),
            ]
            .into(),
        );
        assert_eq!(
            foreign.said().expect_err("no id of ours").errors[0].code,
            "not_a_uuid_v7"
        );
    }

    #[test]
    fn a_filled_form_is_understood() {
        let said = typed(&[
            ("outcome", "need_material"),
            ("review_date", "2026-12-01"),
            ("minutes", " 20 "),
            ("words", "two\r\nlines"),
        ]);
        let said = said.said().expect("it is complete");
        assert_eq!(
            (said.outcome, said.minutes),
            (ContractorOutcome::NeedMaterial, Some(20))
        );
        assert_eq!(said.review_date, NaiveDate::from_ymd_opt(2026, 12, 1));
        assert_eq!(said.words.as_deref(), Some("two\nlines"));
    }

    #[test]
    fn what_is_missing_is_a_list() {
        let missing = |outcome: &str, lines: &str| {
            let fields = [("outcome", outcome), ("review_date", "2026-12-01"), ("material", lines)];
            typed(&fields).said().map(|said| said.material)
        };
        let listed = missing("need_material", "10 lamps\r\n\r\n a mast \n2,5 kg of sand\n").expect("complete");
        let listed: Vec<_> = listed.iter().map(|item| (item.quantity, &*item.name)).collect();
        assert_eq!(listed, [(10.0, "lamps"), (1.0, "a mast"), (2.5, "kg of sand")]);
        assert!(missing("done", "10 lamps").expect("complete").is_empty());
        let long = "a".repeat(201);
        let wrong = missing("need_material", &long).expect_err("too long for a name");
        assert_eq!(
            (&*wrong.errors[0].field, wrong.errors[0].code),
            ("material", "material")
        );
    }
}
