//! People's words on pairs, as training data without personal data: what the features said and what the person said, nothing
//! that leads back to a place, a day, a report or a person.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use geo_dedup::{Context, Timestamp, decide};
use serde::Serialize;

use super::queries::candidates::{candidate_of, observation, report_row};
use super::queries::operation::{Word, words};
use super::queries::survivor;
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
    /// Probability that geo-dedup gives the pair today.
    pub posterior: f64,
    /// Version of the weights that gave it.
    pub weights_version: u32,
    /// Value of each feature that spoke.
    pub features: BTreeMap<&'static str, f64>,
    /// What each added to the log-odds.
    pub log_odds: BTreeMap<&'static str, f64>,
}

/// The words that stand on reports of a town, the latest on each pair, in no telling order; those undone do not count.
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
    let Some(row) = report_row(tx, town.id, word.report_id).await? else {
        return Ok(None);
    };
    let alert = survivor(tx, word.alert_id).await?;
    let own = town.category_by_id(row.category_id());
    let (Some(own), Some(other)) = (own, town.category_by_id(alert.category_id)) else {
        return Ok(None);
    };
    let report = observation(town, &row)?;
    let mut candidate = candidate_of(tx, town, &alert).await?;
    // Compared with the others: with itself it would always be the same.
    candidate
        .members
        .retain(|member| member.report.0 != word.report_id.as_u128());
    if candidate.members.is_empty() {
        return Ok(None);
    }
    let context = Context::at(Timestamp(now.timestamp_millis()));
    let outcome = decide(&report, std::slice::from_ref(&candidate), &context, &own.policy);
    let Some(scored) = outcome.scored.into_iter().next() else {
        return Ok(None);
    };
    let rounded = |value: f64| (value * 1_000.0).round() / 1_000.0;
    Ok(Some(Judged {
        same: word.same,
        by: if word.by_staff { "staff" } else { "resident" },
        category: own.code.clone(),
        alert_category: other.code.clone(),
        posterior: rounded(scored.posterior),
        weights_version: outcome.weights_version,
        features: scored
            .reasons
            .iter()
            .map(|reason| (reason.feature.name(), rounded(reason.value)))
            .collect(),
        log_odds: scored
            .reasons
            .iter()
            .map(|reason| (reason.feature.name(), rounded(reason.log_odds)))
            .collect(),
    }))
}
