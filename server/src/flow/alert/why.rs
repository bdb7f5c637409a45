//! What speaks for and against a person's correction: each report that goes is scored once against the alert that it goes to,
//! so that the membership log says of every decision on what it rests.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use geo_dedup::{Context, Timestamp, Verdict, VerdictKind, decide};
use uuid::Uuid;

use super::model::Alert;
use super::queries::candidates::{candidate, hashes_of, members_of, observation};
use super::queries::membership::Why;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::http::problem::Problem;

/// Scores reports that are about to leave an alert for another one against the reports that this one has without them; an
/// alert that was opened for them has none, so nothing speaks. The rows are locked already, and those that would come last of
/// very many are left out. What was reported here in months before is not counted: it weighs on whether to join unasked, and
/// a person has decided.
///
/// # Errors
/// When the database refuses.
pub async fn of_going(
    tx: &Tx,
    town: &Town,
    reports: &[Uuid],
    (from, to): (Uuid, &Alert),
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, Why>, Problem> {
    let rows = members_of(tx, town.id, &[from, to.id]).await?;
    let mut hashes = hashes_of(tx, town.id, &rows).await?;
    let mut there = candidate(town, to, &rows, &hashes)?;
    // The alert's row counts those that come already.
    there.reports = u32::try_from(there.members.len()).map_err(Problem::internal)?;
    let there = Some(there).filter(|there| !there.members.is_empty());
    let said = there.iter().map(|there| Verdict {
        alert: there.id,
        kind: VerdictKind::Same,
    });
    let context = Context {
        verdicts: said.collect(),
        ..Context::at(Timestamp(now.timestamp_millis()))
    };
    let mut why = HashMap::new();
    for row in rows.iter().filter(|row| reports.contains(&row.id())) {
        let Some(category) = town.category_by_id(row.category_id()) else {
            continue;
        };
        let mut seen = observation(town, row)?;
        seen.photo_hashes = hashes.remove(&row.id()).unwrap_or_default();
        let outcome = decide(&seen, &there, &context, &category.policy);
        why.insert(row.id(), Why::from(&outcome));
    }
    Ok(why)
}
