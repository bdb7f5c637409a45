//! SQL of the membership log: each decision that put a report into an alert, and why.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use geo_dedup::{Outcome, Scored};
use serde_json::{Value, json};
use uuid::Uuid;

use super::operation::StoredOperation;
use crate::db::TownId;
use crate::db::schema::membership;
use crate::http::problem::Problem;

/// Most rows of one statement, which may have so many values and no more.
const MOST_ROWS: usize = 1_000;

/// What speaks for and against a report's place, as the log keeps it.
#[derive(Clone, Debug)]
pub struct Why {
    /// Probability of the best candidate; `None` without one.
    pub posterior: Option<f32>,
    /// Candidates with features and contributions, see [`reasons`].
    pub reasons: Value,
    /// Of the policy that was followed; `None` where nothing was compared.
    pub policy_version: Option<i32>,
    /// Of the weights that were used; `None` where nothing was compared.
    pub weights_version: Option<i32>,
}

impl Default for Why {
    /// Nothing was compared.
    fn default() -> Self {
        Self {
            posterior: None,
            reasons: json!([]),
            policy_version: None,
            weights_version: None,
        }
    }
}

impl From<&Outcome> for Why {
    fn from(outcome: &Outcome) -> Self {
        let version = |version: u32| Some(i32::try_from(version).unwrap_or(i32::MAX));
        #[expect(clippy::cast_possible_truncation, reason = "a probability")]
        let posterior = outcome.scored.as_slice().first().map(|best| best.posterior as f32);
        Self {
            posterior,
            reasons: reasons(&outcome.scored),
            policy_version: version(outcome.policy_version),
            weights_version: version(outcome.weights_version),
        }
    }
}

/// The best few candidates with their features, as stored and shown.
#[must_use]
pub fn reasons(scored: &[Scored]) -> Value {
    let rounded = |number: f64| (number * 1_000.0).round() / 1_000.0;
    let candidates = scored.iter().take(5).map(|scored| {
        let features = scored.reasons.iter().map(|reason| {
            json!({"feature": reason.feature.name(), "value": rounded(reason.value), "unit": reason.feature.unit(),
                   "log_odds": rounded(reason.log_odds)})
        });
        json!({"alert_id": Uuid::from_u128(scored.alert.0), "posterior": rounded(scored.posterior),
               "barrier": scored.barrier.map(|barrier| barrier.name()), "features": features.collect::<Vec<_>>()})
    });
    candidates.collect()
}

/// One decision to remember.
pub struct Decided<'a> {
    /// Town.
    pub town: TownId,
    /// Report.
    pub report_id: Uuid,
    /// Alert that it went to.
    pub alert_id: Uuid,
    /// Code of the decision.
    pub decision: &'a str,
    /// geo-dedup's reasons.
    pub outcome: &'a Outcome,
    /// When.
    pub at: DateTime<Utc>,
}

/// Adds the decision on a new report.
///
/// # Errors
/// When the database refuses.
pub async fn remember(conn: &AsyncPgConnection, decided: &Decided<'_>) -> Result<(), Problem> {
    let why = Why::from(decided.outcome);
    diesel::insert_into(membership::table)
        .values((
            membership::jurisdiction_id.eq(decided.town.0),
            membership::report_id.eq(decided.report_id),
            membership::alert_id.eq(decided.alert_id),
            membership::decision.eq(decided.decision),
            membership::posterior.eq(why.posterior),
            membership::reasons.eq(why.reasons),
            membership::policy_version.eq(why.policy_version),
            membership::weights_version.eq(why.weights_version),
            membership::at.eq(decided.at),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Adds that reports left an alert for another one by a person's operation, each with its reasons.
///
/// # Errors
/// When the database refuses.
pub async fn remember_going(
    conn: &AsyncPgConnection,
    operation: &StoredOperation,
    reports: &[Uuid],
    (from, to): (Uuid, Uuid),
    why: &HashMap<Uuid, Why>,
) -> Result<(), Problem> {
    for reports in reports.chunks(MOST_ROWS) {
        let row = |report: &Uuid| {
            let why = why.get(report).cloned().unwrap_or_default();
            (
                membership::jurisdiction_id.eq(operation.jurisdiction_id),
                membership::report_id.eq(*report),
                membership::alert_id.eq(to),
                membership::from_alert_id.eq(from),
                membership::decision.eq(&operation.kind),
                membership::posterior.eq(why.posterior),
                membership::reasons.eq(why.reasons),
                membership::policy_version.eq(why.policy_version),
                membership::weights_version.eq(why.weights_version),
                membership::operation_id.eq(operation.id),
                membership::by_user.eq(operation.by_user),
                membership::at.eq(operation.at),
            )
        };
        diesel::insert_into(membership::table)
            .values(reports.iter().map(row).collect::<Vec<_>>())
            .execute(&mut &*conn)
            .await?;
    }
    Ok(())
}

/// Why reports were in an alert when they were there last.
///
/// # Errors
/// When the database refuses.
pub async fn why_there(
    conn: &AsyncPgConnection,
    town: TownId,
    reports: &[Uuid],
    alert_id: Uuid,
) -> Result<HashMap<Uuid, Why>, Problem> {
    type Row = (Uuid, Option<f32>, Value, Option<i32>, Option<i32>);
    let rows: Vec<Row> = membership::table
        .filter(
            membership::jurisdiction_id
                .eq(town.0)
                .and(membership::report_id.eq_any(reports)),
        )
        .filter(membership::alert_id.eq(alert_id))
        .order(membership::id)
        .select((
            membership::report_id,
            membership::posterior,
            membership::reasons,
            membership::policy_version,
            membership::weights_version,
        ))
        .load(&mut &*conn)
        .await?;
    // Of several stays the last remains.
    let why = |(report, posterior, reasons, policy_version, weights_version): Row| {
        let why = Why {
            posterior,
            reasons,
            policy_version,
            weights_version,
        };
        (report, why)
    };
    Ok(rows.into_iter().map(why).collect())
}
