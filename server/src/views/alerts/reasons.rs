//! Why the machine, or a person, put a report where it is: codes and numbers as stored, and the same in words.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::http::problem::Problem;
use crate::text::{Locale, Texts};

/// Contributions nearer to zero than this make no difference worth a word.
const NOTHING: f64 = 0.05;

/// An alert that was considered for a report.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CandidateBody {
    /// Alert.
    pub alert_id: Uuid,
    /// Probability that it is the same problem.
    #[schema(minimum = 0, maximum = 1)]
    pub posterior: f64,
    /// Why the report could not join it whatever the probability: not_same, closed, rejected, span, accuracy, default_point,
    /// not_silently.
    pub barrier: Option<String>,
    /// The barrier in words, in the language of the request.
    #[serde(default)]
    pub barrier_label: Option<String>,
    /// What each feature said; their sum gives the probability.
    pub features: Vec<FeatureBody>,
}

/// What one feature of the pair said.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FeatureBody {
    /// prior, distance, category, age, past_here, past_around, address, asset, text, photo, same_sender, verdict.
    pub feature: String,
    /// Measured.
    pub value: f64,
    /// Unit of the value; empty: none.
    pub unit: String,
    /// Weight of evidence, natural logarithm of odds: above zero for, below against.
    pub log_odds: f64,
    /// In words, in the language of the request.
    #[serde(default)]
    pub label: String,
}

/// Stored reasons with their words.
///
/// # Errors
/// Never with what the server stored.
pub fn read(texts: &Texts, locale: Locale, stored: Value) -> Result<Vec<CandidateBody>, Problem> {
    let mut candidates: Vec<CandidateBody> = serde_json::from_value(stored).map_err(Problem::internal)?;
    for candidate in &mut candidates {
        let barrier = candidate.barrier.as_deref();
        candidate.barrier_label = barrier.and_then(|code| texts.find(locale, &id("barrier", code), &[]));
        for feature in &mut candidate.features {
            feature.label = label(texts, locale, feature);
        }
    }
    Ok(candidates)
}

/// A decision of the membership log in words.
#[must_use]
pub fn decision(texts: &Texts, locale: Locale, code: &str) -> String {
    texts.say(locale, &id("decision", code), &[])
}

fn label(texts: &Texts, locale: Locale, feature: &FeatureBody) -> String {
    let street = feature.feature == "address" && feature.value < 0.0;
    let name = if street { "address-street" } else { &feature.feature };
    let reason = texts.say(locale, &id("reason", name), &[("value", rounded(feature.value).into())]);
    let direction = match feature.log_odds {
        odds if odds > NOTHING => "reason-for",
        odds if odds < -NOTHING => "reason-against",
        _ => "reason-neutral",
    };
    texts.say(locale, direction, &[("reason", reason.into())])
}

fn id(kind: &str, code: &str) -> String {
    format!("{kind}-{}", code.replace('_', "-"))
}

/// Two significant places are enough for a reader.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 10.0 { value.round() } else { value }
}

#[cfg(test)]
#[path = "reasons_tests.rs"]
mod tests;
