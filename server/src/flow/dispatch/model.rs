//! Tasks and hand-overs as stored.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::db::schema::{hand_over, task};
use crate::http::problem::Problem;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Part of a day.
    Shift {
        /// Until noon.
        Morning = "morning",
        /// From noon on.
        Afternoon = "afternoon",
        /// At night.
        Night = "night",
    }
}

vocabulary! {
    /// Where a task stands.
    TaskState {
        /// The crew has not said yes yet.
        Open = "open",
        /// The crew has it.
        Accepted = "accepted",
        /// The crew is through with it.
        Ended = "ended",
        /// It was given to somebody else, or is no longer to be done.
        Withdrawn = "withdrawn",
    }
}

vocabulary! {
    /// What an outside body says to a hand-over.
    Answer {
        /// It has it.
        Accepted = "accepted",
        /// It will not take it.
        Refused = "refused",
    }
}

/// An alert given to a crew.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = task)]
pub struct Task {
    /// Identity.
    pub id: Uuid,
    /// Alert.
    pub alert_id: Uuid,
    /// Crew.
    pub crew_id: Uuid,
    /// Day, if planned.
    pub planned_on: Option<NaiveDate>,
    /// Code of a [`Shift`].
    pub shift: Option<String>,
    /// Order in the crew's day; lower first.
    pub rank: i32,
    /// A re-planned round leaves it in its place.
    pub locked: bool,
    /// From whoever dispatched it.
    pub instructions: Option<String>,
    /// Code of a [`TaskState`].
    pub state: String,
    /// When dispatched.
    pub created_at: DateTime<Utc>,
    /// When ended or withdrawn.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Task {
    /// Whether the crew still has it.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Its part of the day, if planned.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn shift(&self) -> Result<Option<Shift>, Problem> {
        let shift = self.shift.as_deref().map(str::parse::<Shift>).transpose();
        shift.map_err(Problem::internal)
    }

    /// Where it stands.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn state(&self) -> Result<TaskState, Problem> {
        self.state.parse().map_err(Problem::internal)
    }
}

/// An alert given to an outside body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = hand_over)]
pub struct HandOver {
    /// Identity.
    pub id: Uuid,
    /// Body.
    pub body_id: Uuid,
    /// sent, accepted, refused, taken_back.
    pub state: String,
    /// The body's own reference.
    pub reference: Option<String>,
    /// What the body answered.
    pub note: Option<String>,
    /// When the sheet was sent.
    pub sent_at: DateTime<Utc>,
    /// When it answered.
    pub answered_at: Option<DateTime<Utc>>,
}
