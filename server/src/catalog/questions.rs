//! A category's questions: a JSON Schema (draft 2020-12) of the answers, with a few words of ours on each property.
//!
//! * `x-danger`: `[{answer, call, message}]`: this answer stops the form, the person must call. A report that arrives
//!   with it nevertheless is never refused, a refused danger would be a lost one: it counts as `danger`.
//! * `x-severity`: `[{answer, severity}]`: this answer makes the report `high` or `danger`.
//! * `x-personal`: true: the answer is personal data, and stands in the vault with the contact data.
//! * `x-title`, `x-help`, `x-enum-labels`, `x-order`: for the form.

use geo_dedup::Severity;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::problem::FieldErrors;
use crate::text::{Locale, Localized};

/// The European emergency number, where a town names none of its own.
const EMERGENCY: &str = "112";

/// A number to call at once, because of the category or of an answer.
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

    /// Answers that stay with the report, and those that are personal data and go into the vault.
    #[must_use]
    pub fn split(&self, answers: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
        let personal = self.personal();
        let each = answers.iter().map(|(name, answer)| (name.clone(), answer.clone()));
        let (personal, plain): (Vec<_>, Vec<_>) = each.partition(|(name, _)| personal.contains(&name.as_str()));
        (plain.into_iter().collect(), personal.into_iter().collect())
    }

    /// Stored answers without personal ones: a category may mark a question after reports have answered it.
    #[must_use]
    pub fn impersonal(&self, answers: Value) -> Value {
        match answers {
            Value::Object(answers) => Value::Object(self.split(&answers).0),
            other => other,
        }
    }

    /// Questions and answers in words, for somebody who is to learn what is the matter and nothing of who said so: what was
    /// chosen, counted or has a form that the town prescribed, such as the number on a lamp post. Personal answers and free
    /// words are left out. `yes_no` are the words for a plain yes and no.
    #[must_use]
    pub fn told(&self, answers: &Map<String, Value>, locale: Locale, yes_no: (&str, &str)) -> Vec<(String, String)> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        let mut asked: Vec<(&String, &Value)> = properties.into_iter().flatten().collect();
        asked.sort_by_key(|(_, property)| property.get("x-order").and_then(Value::as_i64));
        let told = asked.into_iter().filter_map(|(name, property)| {
            let personal = property.get("x-personal") == Some(&Value::Bool(true));
            let answer = answers.get(name).filter(|_| !personal)?;
            let title = localized(property.get("x-title")).unwrap_or_default();
            let title = if title.is_empty() { name } else { title.get(locale) };
            Some((title.to_owned(), in_words(property, answer, locale, yes_no)?))
        });
        told.collect()
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

fn localized(text: Option<&Value>) -> Option<Localized> {
    serde_json::from_value(text?.clone()).ok()
}

/// An answer in words; `None` for free text.
fn in_words(property: &Value, answer: &Value, locale: Locale, yes_no: (&str, &str)) -> Option<String> {
    match answer {
        Value::Bool(yes) => Some(if *yes { yes_no.0 } else { yes_no.1 }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(word) => {
            let prescribed = |schema: &Value| schema.get("enum").is_some() || schema.get("pattern").is_some();
            if !prescribed(property) && !property.get("items").is_some_and(prescribed) {
                return None;
            }
            let label = property
                .get("x-enum-labels")
                .and_then(|labels| localized(labels.get(word)));
            let label = label.filter(|label| !label.is_empty());
            Some(label.map_or_else(|| word.clone(), |label| label.get(locale).to_owned()))
        }
        Value::Array(several) => {
            let words = several.iter().filter_map(|one| in_words(property, one, locale, yes_no));
            let words: Vec<String> = words.collect();
            (!words.is_empty()).then(|| words.join(", "))
        }
        Value::Null | Value::Object(_) => None,
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

    #[test]
    fn free_words_and_personal_answers_are_told_to_nobody_else() {
        let both = |text: &str| json!({"fr": text, "en": text});
        let schema = json!({"type": "object", "properties": {
            "say": {"type": "string", "x-title": both("Anything else?")},
            "plate": {"type": "string", "pattern": "^[A-Z]+$", "x-personal": true, "x-title": both("Plate")},
            "post": {"type": "string", "pattern": "^[A-Z]{2}$", "x-order": 3, "x-title": both("Post")},
            "size": {"type": "string", "enum": ["bag"], "x-order": 1, "x-title": both("Size"),
                "x-enum-labels": {"bag": both("A few bags")}},
            "waste": {"type": "array", "items": {"type": "string", "enum": ["paint", "gas"]}, "x-order": 2},
            "smell": {"type": "boolean", "x-order": 4, "x-title": both("Smell")},
        }});
        let questions = Questions::compile(schema).expect("a schema");
        let answers = json!({"say": "Camille Durand", "plate": "AB", "post": "LT", "size": "bag",
            "waste": ["paint", "gas"], "smell": false});
        let told = questions.told(answers.as_object().expect("answers"), Locale::En, ("yes", "no"));
        let told: Vec<(&str, &str)> = told.iter().map(|(q, a)| (q.as_str(), a.as_str())).collect();
        let expected = [
            ("Size", "A few bags"),
            ("waste", "paint, gas"),
            ("Post", "LT"),
            ("Smell", "no"),
        ];
        assert_eq!(told, expected);
        let (plain, personal) = questions.split(answers.as_object().expect("answers"));
        assert_eq!(Value::Object(personal), json!({"plate": "AB"}));
        assert_eq!((plain.len(), plain.get("plate")), (5, None));
    }
}
