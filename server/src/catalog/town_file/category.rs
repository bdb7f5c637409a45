//! What a town file says of categories and of who gets what.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::calendar::Delay;
use crate::catalog::closing::CloseBy;
use crate::catalog::gates::GateRule;
use crate::catalog::policy::PolicyDocument;
use crate::catalog::time_window::TimeWindow;
use crate::text::Localized;

/// What can be reported, or a group of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    /// Short name in the API: lower-case letters, digits, hyphens; 2 to 60.
    pub code: String,
    /// Code of its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it is a group, which takes no report.
    #[serde(default)]
    pub is_group: bool,
    /// Name.
    pub label: Localized,
    /// One sentence that tells it from its neighbours.
    #[serde(default)]
    pub description: Localized,
    /// Words by which it is found, in all languages.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Name of an icon at `/icons/{name}.svg`.
    #[serde(default = "other_icon")]
    pub icon: String,
    /// Questions, see [`crate::catalog::questions`]; `{}` asks nothing.
    #[serde(default = "no_questions")]
    pub questions: Value,
    /// Code of the service in charge; left out: the town's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Promised delay; left out: the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Who closes towards residents.
    #[serde(default = "by_crew")]
    pub close_by: CloseBy,
    /// Whether finishing needs a photo.
    #[serde(default)]
    pub proof_photo: bool,
    /// Never public; the answer says only "received".
    #[serde(default)]
    pub sensitive: bool,
    /// The acknowledgement carries the sentence on implicit decisions.
    #[serde(default)]
    pub formal_request: bool,
    /// Only staff may use it.
    #[serde(default)]
    pub agent_only: bool,
    /// Of a new alert: 1 low, 2 normal, 3 high, 4 urgent.
    #[serde(default = "normal_priority")]
    pub priority: i16,
    /// Danger: people are told to call this number. The form stops there; a report that arrives nevertheless is taken in, as
    /// a danger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_number: Option<String>,
    /// Code of the body that is competent instead of the town: nothing is taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_body: Option<String>,
    /// Shown with the number or with who is competent.
    #[serde(default)]
    pub redirect_message: Localized,
    /// When reports become one alert.
    #[serde(default)]
    pub dedup: PolicyDocument,
    /// Days after a rejection during which it is shown with its reason.
    #[serde(default = "rejected_days")]
    pub rejected_days: i32,
    /// Where and when it is closed, or open only there and then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateEntry>,
}

fn other_icon() -> String {
    "other".to_owned()
}

fn no_questions() -> Value {
    Value::Object(serde_json::Map::new())
}

const fn by_crew() -> CloseBy {
    CloseBy::Crew
}

const fn normal_priority() -> i16 {
    2
}

const fn rejected_days() -> i32 {
    30
}

/// Where and when a category is closed, or open only there and then. A condition that is left out always holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateEntry {
    /// What it does.
    pub rule: GateRule,
    /// Condition: this sector (code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// Condition: these days of the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<SeasonEntry>,
    /// Condition: from this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Condition: before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Why it is closed.
    pub message: Localized,
    /// Where to go instead.
    #[serde(default)]
    pub instead: Localized,
}

/// Days of the year, both included, `MM-DD`; may run over New Year.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeasonEntry {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// One routing rule; what is left out applies to all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteEntry {
    /// Code of a category or group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Code of a sector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// Hours by the town's wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<TimeWindow>,
    /// Code of the body that it is handed over to; one with a zone: only inside that zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Code of the service in charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Code of the crew proposed at dispatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crew: Option<String>,
}
