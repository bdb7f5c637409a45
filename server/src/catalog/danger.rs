//! What of a report is a danger that nobody may wait with, and whom to call: by the category itself (a smell of gas), or by
//! an answer to its questions (a live cable). Either way the form stops and says so, and a report that arrives nevertheless
//! is taken in.

use geo_dedup::Severity;
use serde_json::{Map, Value};

use super::model::Category;
use super::questions::CallNow;
use crate::text::Locale;

/// How dangerous a report states the problem to be.
#[must_use]
pub fn severity(category: &Category, answers: &Map<String, Value>) -> Severity {
    if category.call_number.is_some() {
        return Severity::Danger;
    }
    category.questions.severity(answers)
}

/// Where its author must call at once: the category's number, then those of the answers.
#[must_use]
pub fn calls(category: &Category, answers: &Map<String, Value>, locale: Locale) -> Vec<CallNow> {
    let own = category.call_number.as_ref().map(|number| CallNow {
        number: number.clone(),
        message: category.redirect_message.get(locale).to_owned(),
    });
    own.into_iter()
        .chain(category.questions.calls(answers, locale))
        .collect()
}
