//! What the report meets: the alerts around, the person's own word on them, and what geo-dedup says.

use chrono::{DateTime, Utc};
use geo_dedup::cell::anchor_lock_cell;
use geo_dedup::{Context, Decision, MAX_RADIUS, Metres, Verdict, VerdictKind};
use uuid::Uuid;

use super::model::Submission;
use super::submit::{Prepared, Sender};
use crate::db::Tx;
use crate::db::space::from_point;
use crate::flow::alert;
use crate::flow::alert::queries::candidates::{Around, around};
use crate::http::problem::Problem;

/// The person's own word on alerts. One that was merged away meanwhile stands for the one that it was merged into.
pub(super) struct Word {
    /// "It is this one."
    pub(super) joins: Option<Uuid>,
    /// "It is none of these."
    not_same: Vec<Uuid>,
}

impl Word {
    /// As verdicts: the alert, and whether it is the same.
    pub(super) fn on_alerts(&self) -> Vec<(Uuid, bool)> {
        let same = self.joins.map(|id| (id, true));
        same.into_iter()
            .chain(self.not_same.iter().map(|id| (*id, false)))
            .collect()
    }
}

/// Reads what is around. The cells of the search are locked, unless the person names an alert: then they are taken here,
/// together with that alert's.
///
/// # Errors
/// When the alert that the person names is none that can be joined, or moved meanwhile.
pub(super) async fn look(
    tx: &mut Tx,
    submission: &Submission,
    sender: &Sender,
    prepared: &Prepared,
    now: DateTime<Utc>,
) -> Result<(Around, Word), Problem> {
    let (town, category) = (&prepared.taker.town, prepared.category()?);
    let joins = match submission.joins {
        Some(id) => Some(hold_named(tx, submission, sender, prepared, id).await?),
        None => None,
    };
    let mut not_same: Vec<Uuid> = Vec::new();
    for id in &submission.not_same {
        let found = alert::queries::survivor(tx, *id).await.map(|alert| alert.id);
        not_same.extend(found.ok().filter(|id| !not_same.contains(id)));
    }
    let named: Vec<Uuid> = not_same.iter().copied().chain(joins).collect();
    let delay_key = (category.id, prepared.sector_id.unwrap_or_default());
    let around = around(tx, town, &prepared.seen, &category.policy, &named, delay_key, now).await?;
    Ok((around, Word { joins, not_same }))
}

/// Takes the locks of the search and of the alert that a person names, in one sorted taking; returns the alert's id, or that
/// of the one that it was merged into.
async fn hold_named(
    tx: &mut Tx,
    submission: &Submission,
    sender: &Sender,
    prepared: &Prepared,
    id: Uuid,
) -> Result<Uuid, Problem> {
    let (town, unknown) = (tx.town(), || Problem::field("joins", "unknown_alert"));
    let anchor = |alert: &alert::model::Alert| from_point(&alert.anchor).map_err(Problem::internal);
    let named = alert::queries::find(tx, id).await.map_err(|_| unknown())?;
    let seen = alert::queries::survivor(tx, id).await?;
    let inside = sender.staff.is_some() || sender.historic;
    if !inside {
        let private = prepared.taker.town.is_sensitive(&[named.category_id]);
        if private || !alert::queries::is_public(tx, town, seen.id).await? {
            return Err(unknown());
        }
    }
    // As it was shown to the person: its survivor may stand a little further away. Measured from the exact place, the
    // answers to a few tries from around would tell a resident where that is.
    let stands = if inside { anchor(&named)? } else { named.public_place()? };
    if stands.distance(&submission.position) > farthest_joined(submission) {
        return Err(Problem::field("joins", "too_far_to_join"));
    }
    let mut cells = prepared.cells()?;
    cells.push(anchor_lock_cell(&anchor(&seen)?));
    cells.sort_unstable();
    cells.dedup();
    alert::queries::lock_cells(tx, town, &cells).await?;
    let held = alert::queries::survivor(tx, id).await?;
    if cells.contains(&anchor_lock_cell(&anchor(&held)?)) {
        return Ok(held.id);
    }
    Err(Problem::unavailable(
        "the alert that was named went elsewhere meanwhile",
    ))
}

/// Somebody who looks at a thing stands beside it: nobody joins an alert at the other end of the town.
fn farthest_joined(submission: &Submission) -> Metres {
    let accuracy = submission.accuracy_m.and_then(|metres| Metres::new(metres).ok());
    MAX_RADIUS.plus(accuracy.unwrap_or(Metres::ZERO).min(MAX_RADIUS))
}

/// Lets geo-dedup decide on the report, with what is around and the person's own word.
///
/// # Errors
/// Never with what was prepared.
pub(super) fn decide(
    prepared: &Prepared,
    word: &Word,
    around: &Around,
    now: DateTime<Utc>,
) -> Result<geo_dedup::Outcome, Problem> {
    let category = prepared.category()?;
    let verdicts = word.on_alerts().into_iter().map(|(id, same)| Verdict {
        alert: geo_dedup::AlertId(id.as_u128()),
        kind: if same { VerdictKind::Same } else { VerdictKind::NotSame },
    });
    let verdicts: Vec<Verdict> = verdicts.collect();
    let context = Context {
        verdicts,
        ..around.context(now)
    };
    Ok(geo_dedup::decide(
        &prepared.seen,
        &around.candidates,
        &context,
        &category.policy,
    ))
}

/// The alert that a decision puts the report into, if any.
pub(super) fn joined<'a>(decision: &Decision, around: &'a Around) -> Option<&'a alert::model::Alert> {
    match decision {
        Decision::Join { alert } | Decision::LateEvidence { alert } => around.alert(*alert),
        Decision::Suggest { .. } | Decision::Open => None,
    }
}
