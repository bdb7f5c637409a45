//! The questions of an invented category, with what its answers say of severity written beside each question.

use serde_json::{Value, json};
use vigie_fixtures as invented;

/// The category's JSON Schema with `x-severity` on the questions that have one.
#[must_use]
pub fn with_severity(category: &invented::Category) -> Value {
    let mut schema = category.questions.clone();
    for stated in &category.severity_answers {
        let severity = match stated.severity {
            invented::Severity::Normal => "normal",
            invented::Severity::High => "high",
            invented::Severity::Danger => "danger",
        };
        let word = json!({"answer": stated.answer, "severity": severity});
        let question = schema
            .get_mut("properties")
            .and_then(|properties| properties.get_mut(&stated.question))
            .and_then(Value::as_object_mut);
        if let Some(question) = question {
            let words = question.entry("x-severity").or_insert_with(|| json!([]));
            if let Some(words) = words.as_array_mut() {
                words.push(word);
            }
        }
    }
    schema
}
