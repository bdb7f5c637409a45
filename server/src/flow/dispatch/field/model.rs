//! An action as a tablet froze it, and what became of it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db::schema::field_action;
use crate::flow::dispatch::act::Action;
use crate::flow::request::Sent;
use crate::flow::status::event::Material;
use crate::http::point::PointBody;
use crate::http::problem::Problem;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a crew does in the street.
    FieldKind {
        /// Says yes to a task.
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
        /// Says that it is of another category.
        Requalify = "requalify",
        /// Gives it to another crew.
        HandOver = "hand_over",
        /// Reports something else that it saw on its way.
        NewAlert = "new_alert",
    }
}

impl FieldKind {
    /// The same as an action on a task; none for what only tablets send.
    #[must_use]
    pub const fn action(self) -> Option<Action> {
        match self {
            Self::Accept => Some(Action::Accept),
            Self::Start => Some(Action::Start),
            Self::Pause => Some(Action::Pause),
            Self::Done => Some(Action::Done),
            Self::MadeSafe => Some(Action::MadeSafe),
            Self::NotFound => Some(Action::NotFound),
            Self::NotOurs => Some(Action::NotOurs),
            Self::NeedMaterial => Some(Action::NeedMaterial),
            Self::Dangerous => Some(Action::Dangerous),
            Self::Note => Some(Action::Note),
            Self::Requalify | Self::HandOver | Self::NewAlert => None,
        }
    }
}

vocabulary! {
    /// What became of an action.
    Outcome {
        /// It took effect.
        Applied = "applied",
        /// Somebody was first: it is kept on the alert as a further field report.
        Superseded = "superseded",
        /// A person of the service decides.
        Waiting = "waiting",
        /// It is not possible as it is; corrected, it is sent under a new id.
        Refused = "refused",
        /// A person laid it aside.
        Dismissed = "dismissed",
    }
}

vocabulary! {
    /// Why an action did not simply take effect.
    Reason {
        /// The alert was merged into another: it took effect there.
        Merged = "merged",
        /// Reports left the alert since: somebody should look whether it concerns them too.
        Split = "split",
        /// The task went to somebody else meanwhile.
        Reassigned = "reassigned",
        /// The alert is closed.
        Closed = "closed",
        /// It stands there already.
        Already = "already",
        /// The alert's status does not allow it.
        NotPossible = "not_possible",
        /// Another category was set meanwhile.
        ChangedMeanwhile = "changed_meanwhile",
        /// It took effect, and a photo that it promised never came.
        PhotoMissing = "photo_missing",
        /// Somebody reported it again after the crew had left: nobody is told of the repair before a person looked.
        ReportedSince = "reported_since",
        /// The agent is not of the task's crew.
        OutsideRights = "outside_rights",
        /// No such task here.
        UnknownTask = "unknown_task",
        /// Something lacks or is out of range.
        Incomplete = "incomplete",
        /// The id was used for something else.
        IdTaken = "id_taken",
    }
}

/// What a crew did, as the tablet froze it at that moment.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldAction {
    /// The tablet's own id of it (UUIDv7): sent again, it counts once.
    pub id: Uuid,
    /// Order on that tablet.
    #[schema(minimum = 0)]
    pub seq: i64,
    /// Who did it; somebody of the task's crew.
    pub agent_id: Uuid,
    /// What.
    pub kind: FieldKind,
    /// Task; all but `new_alert` have one.
    pub task_id: Option<Uuid>,
    /// Version of the alert that the tablet showed.
    pub base_version: Option<i32>,
    /// Clock of the tablet.
    #[serde(deserialize_with = "crate::http::when::instant")]
    pub client_at: DateTime<Utc>,
    /// Where the crew stood at that moment; kept with this action and nowhere else.
    pub position: Option<PointBody>,
    /// Of the position, metres; a position worse than 1 km is not kept.
    #[schema(minimum = 0)]
    pub accuracy: Option<f64>,
    /// For the next in line.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    /// When to look again, for `need_material`.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub review_date: Option<NaiveDate>,
    /// For colleagues.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
    /// For residents.
    #[schema(max_length = 4000)]
    pub public_note: Option<String>,
    /// Time worked.
    #[schema(minimum = 0, maximum = 100_000)]
    pub minutes: Option<i32>,
    /// What was used up or is needed.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub material: Vec<Material>,
    /// Photos of the repair: there already, or to follow by `/v1/uploads`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub photo_ids: Vec<Uuid>,
    /// Code of the category that it really is, for `requalify`.
    pub category: Option<String>,
    /// Code of the category that the tablet showed, for `requalify`.
    pub from_category: Option<String>,
    /// Crew that it is given to, for `hand_over`.
    pub crew_id: Option<Uuid>,
    /// For `new_alert`: the body of `POST /v1/reports`, without contact.
    #[schema(value_type = Option<Object>)]
    pub report: Option<Map<String, Value>>,
}

impl FieldAction {
    /// What it has in common with an action over the network.
    #[must_use]
    pub fn sent(&self) -> Sent<'_> {
        Sent {
            reason: self.reason.as_deref(),
            note: self.note.as_deref(),
            public_note: self.public_note.as_deref(),
            minutes: self.minutes,
            material: &self.material,
            photo_ids: &self.photo_ids,
            position: self.position.as_ref(),
            accuracy: self.accuracy,
        }
    }
}

/// An action as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = field_action, treat_none_as_default_value = false)]
pub struct StoredAction {
    /// Town.
    pub jurisdiction_id: i32,
    /// The tablet's own id of it.
    pub id: Uuid,
    /// Tablet.
    pub device_id: Option<Uuid>,
    /// Order on that tablet.
    pub seq: i64,
    /// Who did it.
    pub agent_id: Uuid,
    /// Whose session brought it.
    pub sent_by: Uuid,
    /// Code of a [`FieldKind`].
    pub kind: String,
    /// Task.
    pub task_id: Option<Uuid>,
    /// Alert that it came to.
    pub alert_id: Option<Uuid>,
    /// What was sent.
    pub payload: Value,
    /// Its digest.
    pub request_hash: Vec<u8>,
    /// Clock of the tablet.
    pub client_at: DateTime<Utc>,
    /// When it arrived first.
    pub received_at: DateTime<Utc>,
    /// Code of an [`Outcome`].
    pub outcome: String,
    /// Code of a [`Reason`].
    pub reason: Option<String>,
    /// What lacked.
    pub problem: Option<Value>,
    /// Somebody should look at it.
    pub review: bool,
    /// When a person decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who.
    pub decided_by: Option<Uuid>,
    /// Why.
    pub decision_note: Option<String>,
}

impl StoredAction {
    /// What was sent.
    ///
    /// # Errors
    /// Never with what this version stored.
    pub fn action(&self) -> Result<FieldAction, Problem> {
        serde_json::from_value(self.payload.clone()).map_err(Problem::internal)
    }
}
