//! What a person said, once it was read and checked; and what they are told.

use chrono::{DateTime, NaiveDate, Utc};
use geo_dedup::{LonLat, Metres};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::buckets::ReportedBy;
use crate::flow::photo::model::Refusal;
use crate::flow::status::vocabulary::PublicStatus;
use crate::text::Locale;
use crate::vault::Contact;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How a report came.
    Channel {
        /// The resident's app.
        App = "app",
        /// The web page.
        Web = "web",
        /// A telephone call, typed by the desk.
        Phone = "phone",
        /// A visit, typed by the desk.
        Desk = "desk",
        /// A letter, typed by the desk.
        Mail = "mail",
        /// An e-mail, typed by the desk.
        Email = "email",
        /// A text message, typed by the desk.
        Sms = "sms",
        /// A partner's program.
        Partner = "partner",
        /// An agent in the street.
        Field = "field",
        /// An older system.
        Import = "import",
    }
}

impl Channel {
    /// Channels that anybody may state; the others need a sign-in.
    pub const PUBLIC: &[Self] = &[Self::App, Self::Web];
    /// Channels that staff may state.
    pub const STAFF: &[Self] = &[
        Self::Phone,
        Self::Desk,
        Self::Mail,
        Self::Email,
        Self::Sms,
        Self::Field,
        Self::App,
        Self::Web,
    ];
}

vocabulary! {
    /// Where a position came from.
    PositionSource {
        /// The device's receiver.
        Gps = "gps",
        /// A pin on a map.
        Map = "map",
        /// A typed address.
        Address = "address",
        /// The photo's EXIF.
        Exif = "exif",
        /// Nobody said.
        Unknown = "unknown",
    }
}

/// A pin that somebody sets by hand lies within this of what they mean in two cases of three, as phones mean it.
const PIN_ACCURACY: Metres = Metres::whole(10);

impl PositionSource {
    /// How accurate a position from there is taken to be where reports are compared: as stated in metres, and a pin on a map
    /// that states nothing as of ten. What is stored stays as it was stated.
    #[must_use]
    pub fn accuracy(self, stated: Option<f64>) -> Option<Metres> {
        match stated {
            Some(metres) => Metres::new(metres).ok(),
            None => (self == Self::Map).then_some(PIN_ACCURACY),
        }
    }
}

vocabulary! {
    /// How a person wants to be told.
    ContactWay {
        /// Reads by the follow link.
        App = "app",
        /// E-mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// A call by the desk.
        Call = "call",
        /// A printed letter.
        Letter = "letter",
        /// Not at all.
        None = "none",
    }
}

impl ContactWay {
    /// The ways where there is no gateway for text messages.
    pub const WITHOUT_SMS: &[Self] = &[Self::App, Self::Email, Self::Call, Self::Letter, Self::None];

    /// The ways in which people can be told, with a gateway for text messages or without.
    #[must_use]
    pub const fn offered(has_sms: bool) -> &'static [Self] {
        if has_sms { Self::ALL } else { Self::WITHOUT_SMS }
    }
}

/// A report as read from a request; every field is of its form, nothing was looked up yet.
#[derive(Clone)]
pub struct Submission {
    /// The client's own id.
    pub id: Option<Uuid>,
    /// Code of the category.
    pub category: String,
    /// Place.
    pub position: LonLat,
    /// Stated accuracy, metres.
    pub accuracy_m: Option<f64>,
    /// Where the position came from.
    pub position_source: PositionSource,
    /// Address in words.
    pub address: Option<String>,
    /// What is wrong, in words.
    pub description: Option<String>,
    /// Answers to the category's questions.
    pub answers: Map<String, Value>,
    /// When the person saw it, by their clock.
    pub observed_at: Option<DateTime<Utc>>,
    /// How it came.
    pub channel: Channel,
    /// Language of the person.
    pub locale: Locale,
    /// How they want to be told.
    pub way: ContactWay,
    /// Where.
    pub contact: Contact,
    /// The client's own follow secret.
    pub follow_secret: Option<String>,
    /// "It is this one."
    pub joins: Option<Uuid>,
    /// "It is none of these."
    pub not_same: Vec<Uuid>,
    /// SHA-256 of the request as understood.
    pub request_hash: Vec<u8>,
    /// Id in the system it was imported from.
    pub source_ref: Option<String>,
}

vocabulary! {
    /// What became of a report, as its author is told.
    Relation {
        /// It opened a new alert.
        Opened = "opened",
        /// It joined an alert that was there.
        Joined = "joined",
        /// It was seen before the repair of a closed alert: still there?
        LateEvidence = "late_evidence",
        /// It opened a new alert, and others nearby may be the same thing.
        Suggested = "suggested",
    }
}

vocabulary! {
    /// Why no messages follow a report whose author asked for some.
    Withheld {
        /// This address or number is told of very many reports just now.
        Recipient = "recipient",
        /// Very many text messages leave the town just now.
        Town = "town",
    }
}

/// A rounded range of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayRange {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// What the 201 said of counts and dates; stored with the report, so that a retry says the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Alert it belongs to.
    pub alert_id: Uuid,
    /// Its reference.
    pub alert_reference: String,
    /// Its category, which the town may have corrected.
    #[serde(default)]
    pub alert_category_id: Option<Uuid>,
    /// Its public status.
    pub status: PublicStatus,
    /// Since when; nothing in answers that were given before it was told.
    #[serde(default)]
    pub status_at: Option<DateTime<Utc>>,
    /// On hold: why, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// On hold: when somebody looks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<NaiveDate>,
    /// Joined or opened.
    pub relation: Relation,
    /// How many reported it.
    pub reported_by: ReportedBy,
    /// When it should be done; `None`: no estimate.
    pub expected: Option<DayRange>,
    /// Service in charge.
    pub service_id: Uuid,
    /// Outside body that has it.
    pub body_id: Option<Uuid>,
    /// For late evidence: when it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Alerts nearby that may be the same thing.
    pub suggestions: Vec<Suggested>,
    /// Why its author gets no messages, if they asked for some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// The photos that came with it, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<PhotoTold>,
}

/// What was said of a photo that came with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoTold {
    /// Its identity, unless refused.
    pub id: Option<Uuid>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
}

/// An alert nearby that may be the same thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Suggested {
    /// Alert.
    pub id: Uuid,
    /// Its reference.
    pub reference: String,
    /// Its public status.
    pub status: PublicStatus,
    /// For a rejected one: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
