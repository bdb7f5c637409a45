//! A crew's actions on its tasks: each has the client's own id, so that a tablet may send its queue again without harm.

use chrono::{DateTime, NaiveDate, Utc};
use geo_dedup::LonLat;
use uuid::Uuid;

use super::model::Task;
use super::queries;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::photo;
use crate::flow::status::advance::{advance, remark};
use crate::flow::status::event::{By, Details, Material};
use crate::flow::status::machine::Given;
use crate::flow::status::queries::proofs::{Proof, dispatched_at, of_alert};
use crate::flow::status::triage;
use crate::flow::status::vocabulary::Step;
use crate::http::problem::{Kind, Problem};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a crew does about a task.
    Action {
        /// Says yes.
        Accept = "accept",
        /// Begins, or goes on.
        Start = "start",
        /// Stops before the end.
        Pause = "pause",
        /// Has repaired it; with a photo where the category demands one.
        Done = "done",
        /// Has removed the danger, not the defect.
        MadeSafe = "made_safe",
        /// Was there and saw nothing.
        NotFound = "not_found",
        /// Was there: somebody else's job.
        NotOurs = "not_ours",
        /// Cannot go on without material; with the day to look again.
        NeedMaterial = "need_material",
        /// Saw a danger.
        Dangerous = "dangerous",
        /// Has something to say.
        Note = "note",
    }
}

impl Action {
    /// The step of the alert that it is; none for a yes and a note.
    #[must_use]
    pub const fn step(self) -> Option<Step> {
        match self {
            Self::Accept | Self::Note => None,
            Self::Start => Some(Step::Start),
            Self::Pause => Some(Step::Pause),
            Self::Done => Some(Step::Finish),
            Self::MadeSafe => Some(Step::MakeSafe),
            Self::NotFound => Some(Step::NotFound),
            Self::NotOurs => Some(Step::NotOurs),
            Self::NeedMaterial => Some(Step::NeedMaterial),
            Self::Dangerous => Some(Step::Dangerous),
        }
    }
}

/// An action as the tablet sends it.
#[derive(Clone, Copy, Debug)]
pub struct Done<'a> {
    /// The tablet's own id of it.
    pub id: Uuid,
    /// SHA-256 of what was sent.
    pub request_hash: &'a [u8],
    /// What.
    pub action: Action,
    /// Clock of the tablet.
    pub client_at: DateTime<Utc>,
    /// Where the crew stood at that moment.
    pub place: Option<LonLat>,
    /// In words, for the next in line.
    pub reason: Option<&'a str>,
    /// When to look again.
    pub review_date: Option<NaiveDate>,
    /// For colleagues.
    pub note: Option<&'a str>,
    /// For residents.
    pub public_note: Option<&'a str>,
    /// Time worked.
    pub minutes: Option<i32>,
    /// What was used up or is needed.
    pub material: &'a [Material],
    /// Photos that prove it.
    pub proof_photos: u32,
    /// Somebody saw it again after the crew had left: residents hear of the repair only after a person looked.
    pub reported_since: bool,
}

/// Refuses what comes too late. A word about a task that is over still reaches the colleagues; anything else would change
/// what others have now.
///
/// # Errors
/// [`Kind::Conflict`] when the crew no longer has the task.
pub fn require_live(task: &Task, alert: &Alert, action: Action) -> Result<(), Problem> {
    if task.is_live() || action == Action::Note {
        return Ok(());
    }
    let ended = Problem::new(Kind::Conflict).with("reason", "task_ended");
    // What the crew wants to say of it belongs to the alert that this one was merged into.
    Err(match alert.merged_into {
        Some(survivor) => ended.with("merged_into", survivor.to_string()),
        None => ended,
    })
}

/// Takes a crew's action in. The caller has locked the alert, knows that it is no replay, and that it may still count.
///
/// What a crew that was offline planned is held to the day on which it acted, not to the day on which it was heard.
///
/// # Errors
/// [`Kind::IllegalStep`], [`Kind::Invalid`].
pub async fn act(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    task: &Task,
    done: &Done<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let client_at = done.client_at.min(now);
    let details = Details {
        id: Some(done.id),
        request_hash: Some(done.request_hash),
        client_at: Some(done.client_at),
        place: done.place,
        task_id: Some(task.id),
        note: done.note,
        public_note: done.public_note,
        minutes: done.minutes,
        material: done.material,
        quiet: false,
    };
    let by = by.with(details);
    match (done.action.step(), done.action) {
        (Some(step), _) => {
            let given = Given {
                reason: done.reason,
                review_date: done.review_date,
                proof_photos: done.proof_photos,
                hold_delivery: done.reported_since,
                ..Given::on(town.day_at(client_at))
            };
            advance(tx, town, alert, step, given, by, now).await
        }
        (None, Action::Accept) => {
            queries::accept(tx, task.id).await?;
            crate::audit::changed(tx, town.id, &[("task", task.id)], now).await?;
            remark(tx, alert, Action::Accept.as_str(), None, &by, now).await
        }
        (None, _) => triage::note(tx, alert, &by, now).await,
    }
}

/// How many photos prove what an action did: see [`claim`].
///
/// # Errors
/// [`Kind::Invalid`] when one of the ids is no proof that the alert has.
pub async fn proofs(tx: &mut Tx, alert: &Alert, action: Uuid, photo_ids: &[Uuid]) -> Result<u32, Problem> {
    let there = of_alert(tx, alert.id).await?;
    if photo_ids.iter().any(|id| there.iter().all(|photo| photo.id != *id)) {
        return Err(Problem::field("photo_ids", "unknown_photo"));
    }
    claim(tx, alert.id, (action, photo_ids), &there).await
}

/// The photos that an action names are its own from now on, unless another named them before. Returns how many of those
/// that are `there` prove what it did: those it names, and those that nobody names and that came since the alert was last
/// given to a crew, because a crew may send its photo first. What another action showed before that proves nothing now.
///
/// # Errors
/// When the database refuses.
pub async fn claim(
    tx: &mut Tx,
    alert_id: Uuid,
    (action, named): (Uuid, &[Uuid]),
    there: &[Proof],
) -> Result<u32, Problem> {
    let since = dispatched_at(tx, alert_id).await?;
    photo::queries::claim(tx, tx.town(), action, named).await?;
    let proves = |photo: &&Proof| {
        let free = photo.action_id.is_none_or(|of| of == action);
        let recent = since.is_none_or(|since| photo.uploaded_at > since);
        if named.contains(&photo.id) || photo.action_id == Some(action) {
            free || recent
        } else {
            free && recent
        }
    };
    Ok(u32::try_from(there.iter().filter(proves).count()).unwrap_or(u32::MAX))
}
