//! A category's questions: a JSON Schema (draft 2020-12) of the answers, with a few words of ours on each property.
//!
//! * `x-danger`: `[{answer, call, message}]`: this answer stops the form, the person must call. A report that arrives
//!   with it nevertheless is never refused, a refused danger would be a lost one: it counts as `danger`.
//! * `x-severity`: `[{answer, severity}]`: this answer makes the report `high` or `danger`.
//! * `x-personal`: true: the answer is personal data.
//! * `x-title`, `x-help`, `x-enum-labels`, `x-order`: for the form.

use geo_dedup::Severity;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::problem::FieldErrors;
use crate::text::{Locale, Localized};

/// The European emergency number, where a town names none of its own.
const EMERGENCY: &str = "112";

/// A number to call at once, because of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CallNow {
    /// Digits to dial.
    #[schema(example = "112")]
    pub number: String,
    /// Why, and what to do until help comes; in the language of the report.
    pub message: String,
}

/// The questions of one category, ready to check answers.
pub struct Questions {
    schema: Value,
    validator: Option<jsonschema::Validator>,
}

impl Questions {
    /// Compiles a schema; an empty one asks nothing.
    ///
    /// # Errors
    /// When it is not a JSON Schema.
    pub fn compile(schema: Value) -> Result<Self, String> {
        let asks = schema.get("properties").is_some();
        let validator = if asks {
            Some(jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())?)
        } else {
            None
        };
        Ok(Self { schema, validator })
    }

    /// The schema as the town wrote it.
    #[must_use]
    pub const fn schema(&self) -> &Value {
        &self.schema
    }

    /// Notes what is wrong with answers, each under `answers.<question>`.
    pub fn check(&self, answers: &Map<String, Value>, errors: &mut FieldErrors) {
        let Some(validator) = &self.validator else {
            for name in answers.keys() {
                errors.add(format!("answers.{name}"), "unknown_question");
            }
            return;
        };
        let whole = Value::Object(answers.clone());
        for error in validator.iter_errors(&whole) {
            let path = error.instance_path().to_string().replace('/', ".");
            errors.add_with(
                format!("answers{path}"),
                "answer",
                vec![("detail", error.to_string().into())],
            );
        }
    }

    /// Where to call at once, by the answers.
    #[must_use]
    pub fn calls(&self, answers: &Map<String, Value>, locale: Locale) -> Vec<CallNow> {
        let message = |stop: &Value| {
            let text = stop.get("message").cloned().unwrap_or_default();
            serde_json::from_value::<Localized>(text).unwrap_or_default()
        };
        let calls = self.stops(answers).map(|stop| CallNow {
            number: stop.get("call").and_then(Value::as_str).unwrap_or(EMERGENCY).to_owned(),
            message: message(stop).get(locale).to_owned(),
        });
        calls.collect()
    }

    /// The highest severity that the answers state.
    #[must_use]
    pub fn severity(&self, answers: &Map<String, Value>) -> Severity {
        if self.stops(answers).next().is_some() {
            return Severity::Danger;
        }
        let stated = answers.iter().flat_map(|(name, answer)| {
            self.words_on(name, "x-severity")
                .filter(move |word| word.get("answer") == Some(answer))
        });
        stated
            .map(|word| match word.get("severity").and_then(Value::as_str) {
                Some("danger") => Severity::Danger,
                Some("high") => Severity::High,
                _ => Severity::Normal,
            })
            .max()
            .unwrap_or(Severity::Normal)
    }

    /// Names of the questions whose answers are personal data.
    #[must_use]
    pub fn personal(&self) -> Vec<&str> {
        let properties = self
            .schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let personal = properties.filter(|(_, property)| property.get("x-personal") == Some(&Value::Bool(true)));
        personal.map(|(name, _)| name.as_str()).collect()
    }

    /// The stops that the answers reach.
    fn stops<'a>(&'a self, answers: &'a Map<String, Value>) -> impl Iterator<Item = &'a Value> {
        answers.iter().flat_map(|(name, answer)| {
            self.words_on(name, "x-danger")
                .filter(move |stop| stop.get("answer") == Some(answer))
        })
    }

    fn words_on(&self, question: &str, word: &str) -> impl Iterator<Item = &Value> {
        let property = self
            .schema
            .get("properties")
            .and_then(|properties| properties.get(question));
        property
            .and_then(|property| property.get(word))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_stops_the_form_is_a_danger_and_says_whom_to_call() {
        let schema = json!({"type": "object", "properties": {"cable": {
            "type": "string", "enum": ["none", "live"],
            "x-danger": [{"answer": "live", "call": "0199001717", "message": {"fr": "N'y touchez pas.", "en": "Do not touch it."}}],
        }}});
        let questions = Questions::compile(schema).unwrap();
        let answers = |word: &str| json!({"cable": word}).as_object().cloned().unwrap_or_default();
        let mut errors = FieldErrors::default();
        questions.check(&answers("live"), &mut errors);
        assert!(errors.check(()).is_ok(), "a danger is never refused");
        assert_eq!(questions.severity(&answers("live")), Severity::Danger);
        assert_eq!(questions.severity(&answers("none")), Severity::Normal);
        let calls = questions.calls(&answers("live"), Locale::En);
        assert_eq!(
            (calls[0].number.as_str(), calls[0].message.as_str()),
            ("0199001717", "Do not touch it.")
        );
        assert!(questions.calls(&answers("none"), Locale::En).is_empty());
    }
}
