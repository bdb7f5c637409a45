//! What a person's correction of the grouping is, and what is kept of it so that it can be taken back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Alert;
use crate::http::client::Client;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a person does to the grouping.
    OperationKind {
        /// All reports of an alert go to another one; its reference leads there.
        Merge = "merge",
        /// Some reports leave into an alert of their own.
        Split = "split",
        /// One report goes to another alert.
        Move = "move",
        /// Two alerts are not the same: the machine neither joins nor suggests them again.
        NotSame = "not_same",
        /// Takes one of the others back.
        Undo = "undo",
    }
}

vocabulary! {
    /// Something that a person should know before two alerts become one. It stops nothing.
    Warning {
        /// Their categories differ.
        OtherCategory = "other_category",
        /// Their services differ.
        OtherService = "other_service",
        /// They lie further apart than alerts of that category grow by themselves.
        FarApart = "far_apart",
        /// Somebody said that they are not the same.
        ContradictsVerdict = "contradicts_verdict",
    }
}

/// What an operation changes of an alert besides what follows from its reports: as it was, or as it became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// 0 to 2.
    pub severity: i16,
    /// 1 to 4.
    pub priority: i16,
    /// Promise of the service.
    pub due_at: DateTime<Utc>,
    /// Flags.
    pub flags: Vec<String>,
    /// Whether it was open.
    pub open: bool,
    /// Longitude and latitude of its anchor, degrees.
    pub anchor: [f64; 2],
    /// Cell of the anchor.
    pub h3_15: i64,
}

impl Marks {
    /// Those of an alert now.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        Self {
            severity: alert.severity,
            priority: alert.priority,
            due_at: alert.due_at,
            flags: alert.flags.clone(),
            open: alert.open,
            anchor: [alert.anchor.x, alert.anchor.y],
            h3_15: alert.h3_15,
        }
    }
}

/// An alert before and after an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Before.
    pub before: Marks,
    /// After.
    pub after: Marks,
}

/// A task that a crew no longer has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Task.
    pub id: Uuid,
    /// Code of its state before.
    pub state: String,
}

/// How many followers are told, by their channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Told {
    /// Read by the follow link; nothing is sent.
    pub app: i64,
    /// By e-mail.
    pub email: i64,
    /// By text message.
    pub sms: i64,
    /// Called by the desk.
    pub call: i64,
    /// Written to by the desk.
    pub letter: i64,
}

impl Told {
    /// Those to whom something is sent or said.
    #[must_use]
    pub const fn sent(self) -> i64 {
        self.email + self.sms + self.call + self.letter
    }
}

/// What is kept of an operation: ids, numbers and codes, nothing of what people wrote.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// Reports that went, by their ids.
    pub reports: Vec<Uuid>,
    /// Undo: reports that stayed, since somebody moved them meanwhile.
    pub stayed: Vec<Uuid>,
    /// The alert that they left.
    pub from: Option<Change>,
    /// The alert that they went to; none when it was opened for them.
    pub to: Option<Change>,
    /// Task of the alert that was merged away.
    pub task: Option<Withdrawn>,
    /// Whether a suggestion that they are the same was answered by it.
    pub suggested: bool,
    /// Who is told.
    pub told: Told,
    /// Undo: messages that had not left and do not leave any more.
    pub notices_withdrawn: i64,
    /// What spoke against it.
    pub warnings: Vec<Warning>,
}

/// An operation as its answer needs it.
#[derive(Clone, Debug)]
pub struct Done {
    /// Identity.
    pub id: Uuid,
    /// What was done.
    pub kind: OperationKind,
    /// The alert that reports left, then the one that they went to, as they stand now.
    pub alerts: [Alert; 2],
    /// What is kept.
    pub trace: Trace,
    /// When.
    pub at: DateTime<Utc>,
}

/// What comes with every operation.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Identity of the operation: the client's own, so that it can be sent again, or ours.
    pub id: Uuid,
    /// SHA-256 of the request.
    pub hash: &'a [u8],
    /// In the person's words.
    pub reason: Option<&'a str>,
    /// Versions of the two alerts that the client read.
    pub expected: [Option<i32>; 2],
    /// Where it came from.
    pub client: &'a Client,
}
