//! People's words on pairs, as training data without personal data: what the features said and what the person said, nothing
//! that leads back to a place, a day, a report or a person.
//!
//! The machine's own rules have no part in it: neither how long an alert has been closed, nor how far it looks, nor which
//! categories it compares. Where people contradict just these there is most to learn.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use geo_dedup::{AlertId, CandidateState, Context, Contribution, Feature, Verdict, VerdictKind, decide};
use serde::Serialize;

use super::queries::candidates::{candidate, context_of, hashes_of, observation, rows_of, to_member};
use super::queries::find;
use super::queries::operation::{Word, words};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::http::problem::Problem;

/// A person's word on a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// Whether it is the same thing.
    pub same: bool,
    /// `resident` or `staff`.
    pub by: &'static str,
    /// Code of the report's category.
    pub category: String,
    /// Code of the alert's category.
    pub alert_category: String,
    /// Probability that geo-dedup's weights of today give the pair, without the person's word.
    pub posterior: f64,
    /// Version of the weights that gave it.
    pub weights_version: u32,
    /// Value of each feature that spoke, but the person's word.
    pub features: BTreeMap<&'static str, f64>,
    /// What each added to the log-odds.
    pub log_odds: BTreeMap<&'static str, f64>,
}

/// The words that stand on reports of a town, the latest on each pair, in no telling order; those undone do not count. Each
/// report is compared with those that the alert had when the word was said, but for those that came or went by the same
/// operation.
///
/// # Errors
/// When the database refuses.
pub async fn export(tx: &mut Tx, town: &Town, now: DateTime<Utc>) -> Result<Vec<Judged>, Problem> {
    let mut judged = Vec::new();
    for word in words(tx, town.id).await? {
        judged.extend(one(tx, town, &word, now).await?);
    }
    // The order in which people spoke would tell the days.
    judged.sort_by(|a, b| {
        let key = |one: &Judged| (one.category.clone(), one.alert_category.clone(), one.same);
        key(a).cmp(&key(b)).then(a.posterior.total_cmp(&b.posterior))
    });
    Ok(judged)
}

async fn one(tx: &mut Tx, town: &Town, word: &Word, now: DateTime<Utc>) -> Result<Option<Judged>, Problem> {
    let alert = find(tx, word.alert_id).await?;
    let mut ids = word.members.clone();
    ids.push(word.report_id);
    let rows = rows_of(tx, town.id, &ids).await?;
    let hashes = hashes_of(tx, town.id, &rows).await?;
    let Some(row) = rows.iter().find(|row| row.id() == word.report_id) else {
        return Ok(None);
    };
    let own = town.category_by_id(row.category_id());
    let (Some(own), Some(other)) = (own, town.category_by_id(alert.category_id)) else {
        return Ok(None);
    };
    let mut report = observation(town, row)?;
    report.photo_hashes = hashes.get(&row.id()).cloned().unwrap_or_default();
    let mut candidate = candidate(town, &alert, &[], &hashes)?;
    // Wherever they are now. Compared as if it took reports still: after a closure, ages would be counted from it.
    let members = rows.iter().filter(|other| other.id() != word.report_id);
    candidate.members = members
        .map(|member| to_member(town, member, &hashes))
        .collect::<Result<_, Problem>>()?;
    candidate.state = CandidateState::Open;
    let context = Context {
        // Whatever the word was: only what a person names is compared beyond the policy's radius and categories.
        verdicts: vec![Verdict {
            alert: AlertId(alert.id.as_u128()),
            kind: VerdictKind::Same,
        }],
        ..context_of(tx, town, &report, &own.policy, now).await?
    };
    let outcome = decide(&report, std::slice::from_ref(&candidate), &context, &own.policy);
    let weights_version = outcome.weights_version;
    Ok(outcome.scored.into_iter().next().map(|scored| {
        let spoke: Vec<Contribution> = scored.reasons.into_iter().filter(without_the_word).collect();
        let odds: f64 = spoke.iter().map(|reason| reason.log_odds).sum();
        Judged {
            same: word.same,
            by: if word.by_staff { "staff" } else { "resident" },
            category: own.code.clone(),
            alert_category: other.code.clone(),
            posterior: rounded(1.0 / (1.0 + (-odds).exp())),
            weights_version,
            features: by_name(&spoke, |reason| reason.value),
            log_odds: by_name(&spoke, |reason| reason.log_odds),
        }
    }))
}

/// What is to be learned is no feature to learn it from.
fn without_the_word(reason: &Contribution) -> bool {
    reason.feature != Feature::Verdict
}

fn by_name(spoke: &[Contribution], number: impl Fn(&Contribution) -> f64) -> BTreeMap<&'static str, f64> {
    let named = |reason: &Contribution| (reason.feature.name(), rounded(number(reason)));
    spoke.iter().map(named).collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
