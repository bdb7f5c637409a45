//! The town file: everything that `vigie admin create-jurisdiction` needs to know of a town, as JSON.
//!
//! Codes tie the parts together (`"service": "voirie"`). Lists are in the order that people see; of the routing rules the
//! first of two equally specific ones wins. Installing a file again updates what has the same code; a crew or category
//! that is no longer in the file is kept for history and goes out of use. `vigie admin export-town` writes one.

mod category;
mod territory;

use serde::{Deserialize, Serialize};

pub use category::{CategoryEntry, GateEntry, RouteEntry, SeasonEntry};
pub use territory::Territory;

use super::calendar::{Delay, WorkingCalendar};
use super::model::{EmergencyNumber, NoticeHours, Notices, OnCall};
use crate::text::{Locale, Localized};

/// A town and all that it sets up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TownFile {
    /// Short name in addresses: lower-case letters, digits, hyphens; 2 to 60.
    pub slug: String,
    /// As written on its letters.
    pub name: String,
    /// IANA name, e.g. `Europe/Paris`.
    pub time_zone: String,
    /// Languages spoken to people, best first.
    pub locales: Vec<Locale>,
    /// Territory.
    pub boundary: Territory,
    /// Of the town hall; printed in acknowledgements.
    pub postal_address: String,
    /// Of the town hall.
    pub phone: String,
    /// Sender and reply address of messages.
    pub email: String,
    /// Given with every acknowledgement.
    #[serde(default)]
    pub emergency_numbers: Vec<EmergencyNumber>,
    /// Sentence on implicit decisions, for formal requests.
    #[serde(default)]
    pub implicit_decision: Localized,
    /// Sentence saying that nobody watches reports day and night.
    #[serde(default)]
    pub not_watched: Localized,
    /// Data-protection notice.
    pub notice: Localized,
    /// Version of the notice, from 1; grows whenever its words change.
    pub notice_version: i32,
    /// Code of the service that owns what no rule sends elsewhere.
    pub default_service: String,
    /// Parts of the territory.
    #[serde(default)]
    pub sectors: Vec<SectorEntry>,
    /// Outside bodies.
    #[serde(default)]
    pub bodies: Vec<BodyEntry>,
    /// Services, at least one.
    pub services: Vec<ServiceEntry>,
    /// Crews.
    #[serde(default)]
    pub crews: Vec<CrewEntry>,
    /// Groups and categories; a group stands before what belongs to it.
    pub categories: Vec<CategoryEntry>,
    /// Who gets what.
    #[serde(default)]
    pub routing: Vec<RouteEntry>,
}

/// A part of the territory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectorEntry {
    /// Short name, unique in the town.
    pub code: String,
    /// As people say it.
    pub name: String,
    /// Where it is.
    pub boundary: Territory,
}

/// An outside body.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyEntry {
    /// Short name, unique in the town.
    pub code: String,
    /// What it is.
    pub kind: BodyKind,
    /// Name.
    pub name: Localized,
    /// For letters and for the resident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<String>,
    /// For the resident and the desk; needed for `call`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where hand-over sheets go; needed for `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where a resident may report himself; needed for `portal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// How it takes a case over.
    pub hand_over: HandOverWay,
    /// Where it is competent; left out: everywhere in the town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Territory>,
}

crate::vocabulary::vocabulary! {
    /// What kind of organisation a body is.
    BodyKind {
        /// The commune.
        Town = "town",
        /// Joint authority of communes.
        Epci = "epci",
        /// Département.
        Departement = "departement",
        /// Region.
        Region = "region",
        /// State service.
        State = "state",
        /// Water and sewers.
        Water = "water",
        /// Electricity.
        Power = "power",
        /// Gas.
        Gas = "gas",
        /// Telephone and fibre.
        Telecom = "telecom",
        /// Public transport.
        Transport = "transport",
        /// Owner of housing.
        Landlord = "landlord",
        /// Any other.
        Other = "other",
    }
}

crate::vocabulary::vocabulary! {
    /// How a body takes a case over; call and letter become a task for the desk.
    HandOverWay {
        /// A sheet by e-mail.
        Email = "email",
        /// A telephone call.
        Call = "call",
        /// A letter.
        Letter = "letter",
        /// The body's own web form.
        Portal = "portal",
        /// Nothing is handed over.
        None = "none",
    }
}

/// A service of the town.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceEntry {
    /// Short name, unique in the town.
    pub code: String,
    /// Name.
    pub name: Localized,
    /// Printed in acknowledgements.
    pub postal_address: String,
    /// Printed in acknowledgements.
    pub phone: String,
    /// Where its own notices go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Opening hours and holidays, see [`WorkingCalendar`].
    pub calendar: WorkingCalendar,
    /// Promised delay where the category has none, e.g. `{"working_days": 5}`.
    pub delay: Delay,
    /// How it hears of new alerts.
    pub notices: Notices,
    /// Hours in which that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notice_hours: Vec<NoticeHours>,
    /// With notices `none`, at some hours too: hours until somebody must have looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consult_hours: Option<i32>,
    /// With notices `none`, at some hours too: hours until a step of the service must have told whoever reported something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_hours: Option<i32>,
    /// Who is called for what is urgent outside hours, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_call: Vec<OnCall>,
}

/// A team that goes out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrewEntry {
    /// Short name, unique in the town.
    pub code: String,
    /// As people say it.
    pub name: String,
    /// Code of its service.
    pub service: String,
    /// Code of its sector; left out: the whole town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// Plate or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<String>,
    /// Free words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
}
