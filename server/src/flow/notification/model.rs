//! What a notification is made of.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::notification;
use crate::flow::report::buckets::ReportedBy;
use crate::flow::status::vocabulary::PublicStatus;
use crate::http::problem::Problem;
use crate::text::Locale;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// By which way somebody hears.
    Channel {
        /// Reads by the follow link; nothing is sent.
        App = "app",
        /// Electronic mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// Somebody of the desk calls.
        Call = "call",
        /// Somebody of the desk prints and posts a letter.
        Letter = "letter",
    }
}

vocabulary! {
    /// Who hears.
    Recipient {
        /// Who reported it.
        Follower = "follower",
        /// The service in charge.
        Service = "service",
        /// The outside body that gets it.
        Body = "body",
        /// Whoever of the service is on call.
        OnCall = "on_call",
        /// The supervisors of the service.
        Supervisor = "supervisor",
    }
}

vocabulary! {
    /// Where a notification stands.
    State {
        /// To be sent or done.
        Due = "due",
        /// The channel took it, or a person did it.
        Sent = "sent",
        /// Given up; the desk sees it.
        Dead = "dead",
        /// Not to be sent any more.
        Cancelled = "cancelled",
    }
}

/// What a message says beyond what is read when it is sent. Callers fill in what they know and pass it as JSON; unknown
/// members are ignored. Never contact data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Why rejected, on hold, taken back: the code of a reason or words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the service wrote for residents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_note: Option<String>,
    /// Hand-over: what the town tells the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// On hold: when somebody looks again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_on: Option<NaiveDate>,
    /// Planned for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_on: Option<NaiveDate>,
    /// Transferred to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_id: Option<Uuid>,
    /// First day of the expected range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_from: Option<NaiveDate>,
    /// Last day of the expected range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_to: Option<NaiveDate>,
    /// Acknowledgement: whether the report joined an alert that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<bool>,
    /// Acknowledgement: how many reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<ReportedBy>,
    /// Acknowledgement: where the alert stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PublicStatus>,
    /// On call: how many further alerts the call is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<u32>,
    /// When the alert was closed: late evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
}

/// A notification as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = notification)]
pub struct Notification {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity; makes the Message-ID.
    pub id: Uuid,
    /// Kind of recipient.
    pub recipient: String,
    /// For recipient follower.
    pub follower_id: Option<Uuid>,
    /// For recipient service, on call, supervisor.
    pub service_id: Option<Uuid>,
    /// For recipient body.
    pub body_id: Option<Uuid>,
    /// For recipient on call: whose turn.
    pub chain_index: Option<i32>,
    /// About which alert.
    pub alert_id: Uuid,
    /// What happened.
    pub event_id: Uuid,
    /// Which message.
    pub template: String,
    /// How.
    pub channel: String,
    /// In which language.
    pub locale: String,
    /// See [`Detail`].
    pub detail: serde_json::Value,
    /// Where it stands.
    pub state: String,
    /// Tries so far.
    pub attempts: i32,
    /// Not before.
    pub next_at: DateTime<Utc>,
    /// When promised.
    pub created_at: DateTime<Utc>,
    /// Call, letter, on call: how it ended; a refused address.
    pub outcome: Option<String>,
    /// Until when it is with whoever read this row.
    pub leased_until: Option<DateTime<Utc>>,
}

impl Notification {
    /// Its town.
    #[must_use]
    pub const fn town(&self) -> TownId {
        TownId(self.jurisdiction_id)
    }

    /// Its language.
    #[must_use]
    pub fn locale(&self) -> Locale {
        Locale::from_tag(&self.locale).unwrap_or_default()
    }

    /// What it says. A detail of another form says nothing rather than stopping the message.
    #[must_use]
    pub fn detail(&self) -> Detail {
        serde_json::from_value(self.detail.clone()).unwrap_or_default()
    }

    /// Its channel.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn channel(&self) -> Result<Channel, Problem> {
        self.channel.parse().map_err(Problem::internal)
    }

    /// Its recipient.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn recipient(&self) -> Result<Recipient, Problem> {
        self.recipient.parse().map_err(Problem::internal)
    }

    /// Its message.
    ///
    /// # Errors
    /// When a row names a message that this version does not have.
    pub fn template(&self) -> Result<super::template::Template, Problem> {
        self.template.parse().map_err(Problem::internal)
    }
}

/// A notification to be written.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = notification, treat_none_as_default_value = false)]
pub struct NewNotification<'a> {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Kind of recipient.
    pub recipient: &'a str,
    /// For recipient follower.
    pub follower_id: Option<Uuid>,
    /// For recipient service, on call, supervisor.
    pub service_id: Option<Uuid>,
    /// For recipient body.
    pub body_id: Option<Uuid>,
    /// For recipient on call: whose turn.
    pub chain_index: Option<i32>,
    /// About which alert.
    pub alert_id: Uuid,
    /// What happened.
    pub event_id: Uuid,
    /// Which message.
    pub template: &'a str,
    /// How.
    pub channel: &'a str,
    /// In which language.
    pub locale: &'a str,
    /// See [`Detail`].
    pub detail: serde_json::Value,
    /// Not before.
    pub next_at: DateTime<Utc>,
    /// When promised.
    pub created_at: DateTime<Utc>,
}
