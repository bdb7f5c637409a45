//! What an event of the history carries besides the step: who, where from, and in whose words.

use chrono::{DateTime, Utc};
use geo_dedup::LonLat;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::Actor;
use crate::http::client::Client;
use crate::people::policy::{Role, Staff};

/// Who takes a step.
#[derive(Clone, Debug)]
pub struct By<'a> {
    /// For the audit trail.
    pub actor: Actor,
    /// In which role: a role's code (`contractor` too, by a link), `reporter` or `system`.
    pub role: &'a str,
    /// Tablet.
    pub device_id: Option<Uuid>,
    /// Operation id of the API, or the job's kind.
    pub action: &'a str,
    /// Of the request, as in the logs.
    pub request_id: Option<&'a str>,
    /// What comes with the step.
    pub details: Details<'a>,
    /// The step was taken in the past and is only written down now: nobody is told of it any more.
    pub historic: bool,
}

/// What comes with a step besides what the machine asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Details<'a> {
    /// The client's own id of its action: a replay is recognised by it.
    pub id: Option<Uuid>,
    /// SHA-256 of the client's action: the same id with another body is a conflict.
    pub request_hash: Option<&'a [u8]>,
    /// Clock of the device.
    pub client_at: Option<DateTime<Utc>>,
    /// Where the crew stood at the moment of the action.
    pub place: Option<LonLat>,
    /// Task it was done for.
    pub task_id: Option<Uuid>,
    /// For colleagues.
    pub note: Option<&'a str>,
    /// For residents.
    pub public_note: Option<&'a str>,
    /// Time worked.
    pub minutes: Option<i32>,
    /// What was used up.
    pub material: &'a [Material],
    /// Followers hear of the next step, which is taken in the same transaction, and not of this one.
    pub quiet: bool,
}

/// Something that was used up or is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// What.
    #[schema(max_length = 200)]
    pub name: String,
    /// How much.
    #[schema(minimum = 0)]
    pub quantity: f64,
    /// Of which unit: pieces, kg, m...
    #[schema(max_length = 40)]
    pub unit: Option<String>,
}

impl<'a> By<'a> {
    /// A person of the staff.
    #[must_use]
    pub fn staff(staff: &Staff, role: Role, action: &'a str, client: &'a Client) -> Self {
        Self {
            actor: staff.actor(),
            role: role.as_str(),
            device_id: staff.device_id,
            action,
            request_id: Some(&client.request_id),
            details: Details::default(),
            historic: false,
        }
    }

    /// A routing rule, a job, a follow-up.
    #[must_use]
    pub fn system(action: &'a str) -> Self {
        Self {
            actor: Actor::System,
            role: "system",
            device_id: None,
            action,
            request_id: None,
            details: Details::default(),
            historic: false,
        }
    }

    /// Who holds the follow secret of a report.
    #[must_use]
    pub fn reporter(action: &'a str) -> Self {
        Self {
            actor: Actor::Reporter,
            role: "reporter",
            ..Self::system(action)
        }
    }

    /// Who holds a contractor's link.
    #[must_use]
    pub fn contractor(action: &'a str, client: &'a Client) -> Self {
        Self {
            actor: Actor::Contractor,
            role: Role::Contractor.as_str(),
            request_id: Some(&client.request_id),
            ..Self::system(action)
        }
    }

    /// The same with details.
    #[must_use]
    pub const fn with(mut self, details: Details<'a>) -> Self {
        self.details = details;
        self
    }

    /// The person, if it is one of the staff.
    #[must_use]
    pub const fn user(&self) -> Option<Uuid> {
        match self.actor {
            Actor::Staff { staff_user_id, .. } => Some(staff_user_id),
            Actor::Anonymous | Actor::Reporter | Actor::Contractor | Actor::System => None,
        }
    }
}
