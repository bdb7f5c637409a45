//! A category's questions: a JSON Schema (draft 2020-12) of the answers, with a few words of ours on each property.
//!
//! * `x-danger`: `[{answer, call, message}]`: this answer stops the form, the person must call.
//! * `x-severity`: `[{answer, severity}]`: this answer makes the report `high` or `danger`.
//! * `x-personal`: true: the answer is personal data.
//! * `x-title`, `x-help`, `x-enum-labels`, `x-order`: for the form.

use geo_dedup::Severity;
use serde_json::{Map, Value};

use crate::http::problem::FieldErrors;

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
        for (name, answer) in answers {
            for stop in self
                .words_on(name, "x-danger")
                .filter(|stop| stop.get("answer") == Some(answer))
            {
                let call = stop.get("call").and_then(Value::as_str).unwrap_or("112").to_owned();
                errors.add_with(format!("answers.{name}"), "danger_call", vec![("number", call.into())]);
            }
        }
    }

    /// The highest severity that the answers state.
    #[must_use]
    pub fn severity(&self, answers: &Map<String, Value>) -> Severity {
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
