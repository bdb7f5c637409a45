//! The catalogue as the rules read it: one immutable picture of every town, rebuilt when something in it changed.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use geo::{BoundingRect, Contains, Distance, Haversine, HaversineClosestPoint, MultiPolygon};
use geo_dedup::{CategoryId, LonLat, Policy};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::{Delay, WorkingCalendar, local_date};
use super::closing::CategoryRules;
use super::gates::Gate;
use super::questions::Questions;
use super::routes::RoutingRule;
use crate::db::TownId;
use crate::text::Localized;

/// Every town, at one version.
#[derive(Default)]
pub struct Catalogue {
    /// Version that was read; see the table `catalogue_version`.
    pub version: i64,
    towns: HashMap<TownId, Arc<Town>>,
}

/// How a position lies to a town.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lies {
    /// In its territory.
    Inside,
    /// Outside, by so many metres.
    Outside(f64),
}

impl Catalogue {
    /// A picture of these towns.
    #[must_use]
    pub fn new(version: i64, towns: Vec<Town>) -> Self {
        Self {
            version,
            towns: towns.into_iter().map(|town| (town.id, Arc::new(town))).collect(),
        }
    }

    /// A town.
    #[must_use]
    pub fn town(&self, id: TownId) -> Option<&Arc<Town>> {
        self.towns.get(&id)
    }

    /// A town by its short name.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<Town>> {
        self.towns.values().find(|town| town.slug == slug)
    }

    /// All towns, by number.
    #[must_use]
    pub fn towns(&self) -> Vec<&Arc<Town>> {
        let mut towns: Vec<_> = self.towns.values().collect();
        towns.sort_by_key(|town| town.id);
        towns
    }

    /// Towns whose territory holds the position or lies within `margin_m` of it: inside before outside, smaller before
    /// larger, nearer before farther.
    #[must_use]
    pub fn around(&self, position: LonLat, margin_m: f64) -> Vec<(&Arc<Town>, Lies)> {
        let mut found: Vec<_> = self
            .towns
            .values()
            .filter_map(|town| Some((town, town.lies(position, margin_m)?)))
            .collect();
        found.sort_by(|(a, a_lies), (b, b_lies)| {
            let rank = |town: &Town, lies: &Lies| match lies {
                Lies::Inside => (0.0, town.area_km2),
                Lies::Outside(metres) => (1.0 + metres, town.area_km2),
            };
            rank(a, a_lies)
                .partial_cmp(&rank(b, b_lies))
                .unwrap_or(std::cmp::Ordering::Equal)
                .then(a.id.cmp(&b.id))
        });
        found
    }
}

/// A town and everything its people set up.
pub struct Town {
    /// Number.
    pub id: TownId,
    /// Short name.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Time zone.
    pub time_zone: Tz,
    /// Languages, best first.
    pub locales: Vec<String>,
    /// Territory; x is longitude.
    pub boundary: MultiPolygon<f64>,
    /// Of the territory.
    pub area_km2: f64,
    /// Of the town hall.
    pub postal_address: String,
    /// Of the town hall.
    pub phone: String,
    /// Sender of messages.
    pub email: String,
    /// Given with every acknowledgement.
    pub emergency_numbers: Vec<EmergencyNumber>,
    /// Sentence on implicit decisions.
    pub implicit_decision: Localized,
    /// Sentence saying that nobody watches day and night.
    pub not_watched: Localized,
    /// Data-protection notice.
    pub notice: Localized,
    /// Its version.
    pub notice_version: i32,
    /// Owner of what no rule sends elsewhere.
    pub default_service_id: Uuid,
    /// Parts of the territory.
    pub sectors: Vec<Sector>,
    /// Outside bodies.
    pub bodies: HashMap<Uuid, Body>,
    /// Services.
    pub services: HashMap<Uuid, Service>,
    /// Crews.
    pub crews: HashMap<Uuid, Crew>,
    /// Categories, groups among them, in the order of lists; a category's number for geo-dedup is its place here.
    pub categories: Vec<Category>,
    /// Where and when categories are closed.
    pub gates: Vec<Gate>,
    /// Routing rules.
    pub routing: Vec<RoutingRule>,
}

impl Town {
    /// The box around the territory: west, south, east, north; degrees.
    #[must_use]
    pub fn bounds(&self) -> [f64; 4] {
        let rect = self.boundary.bounding_rect();
        rect.map_or([-180.0, -90.0, 180.0, 90.0], |rect| {
            [rect.min().x, rect.min().y, rect.max().x, rect.max().y]
        })
    }

    /// How a position lies to the territory; `None` when farther away than `margin_m`.
    #[must_use]
    pub fn lies(&self, position: LonLat, margin_m: f64) -> Option<Lies> {
        let point = geo::Point::new(position.lon(), position.lat());
        let rect = self.boundary.bounding_rect()?;
        // A degree of latitude is about 111 km; near a pole the longitude says nothing, so it only helps at our latitudes.
        let slack = margin_m / 40_000.0;
        let near = (rect.min().x - slack..=rect.max().x + slack).contains(&point.x())
            && (rect.min().y - slack..=rect.max().y + slack).contains(&point.y());
        if !near {
            return None;
        }
        if self.boundary.contains(&point) {
            return Some(Lies::Inside);
        }
        let closest = match self.boundary.haversine_closest_point(&point) {
            geo::Closest::Intersection(closest) | geo::Closest::SinglePoint(closest) => closest,
            geo::Closest::Indeterminate => return None,
        };
        let metres = Haversine.distance(point, closest);
        (metres <= margin_m).then_some(Lies::Outside(metres))
    }

    /// The sector that holds a position.
    #[must_use]
    pub fn sector_at(&self, position: LonLat) -> Option<&Sector> {
        let point = geo::Point::new(position.lon(), position.lat());
        self.sectors.iter().find(|sector| sector.boundary.contains(&point))
    }

    /// Where a position lies, for whoever gave no address: the sector and the town.
    #[must_use]
    pub fn roughly_at(&self, position: LonLat) -> Option<String> {
        let sector = self.sector_at(position)?;
        Some(format!("{}, {}", sector.name, self.name))
    }

    /// Outside bodies whose zone holds a position, in the order of their identities.
    #[must_use]
    pub fn zones_at(&self, position: LonLat) -> Vec<Uuid> {
        let point = geo::Point::new(position.lon(), position.lat());
        let holds = |body: &&Body| body.zone.as_ref().is_some_and(|zone| zone.contains(&point));
        let mut zones: Vec<Uuid> = self.bodies.values().filter(holds).map(|body| body.id).collect();
        zones.sort_unstable();
        zones
    }

    /// The day that it is here at an instant.
    #[must_use]
    pub fn day_at(&self, at: DateTime<Utc>) -> NaiveDate {
        local_date(self.time_zone, at).unwrap_or_default()
    }

    /// A category by its code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// A category by its identity.
    #[must_use]
    pub fn category_by_id(&self, id: Uuid) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// Whether residents and bystanders are told nothing: one of these categories is sensitive, or gone. A report has two,
    /// the one that its author chose and the one that the town gave its alert; either is enough.
    #[must_use]
    pub fn is_sensitive(&self, categories: &[Uuid]) -> bool {
        let sensitive = |id: &Uuid| self.category_by_id(*id).is_none_or(|category| category.sensitive);
        categories.iter().any(sensitive)
    }

    /// geo-dedup's number of a category.
    #[must_use]
    pub fn dedup_number(&self, id: Uuid) -> CategoryId {
        let place = self.categories.iter().position(|category| category.id == id);
        CategoryId(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1))
    }

    /// The service in charge of a category when no rule says otherwise.
    #[must_use]
    pub fn service_of(&self, category: &Category) -> Option<&Service> {
        let id = category.service_id.unwrap_or(self.default_service_id);
        self.services
            .get(&id)
            .or_else(|| self.services.get(&self.default_service_id))
    }
}

/// A number to call in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EmergencyNumber {
    /// As dialled.
    pub number: String,
    /// Whom it reaches.
    pub label: Localized,
}

/// A part of a territory.
#[derive(Clone, Debug)]
pub struct Sector {
    /// Identity.
    pub id: Uuid,
    /// Short name.
    pub code: String,
    /// Name.
    pub name: String,
    /// Territory; x is longitude.
    pub boundary: MultiPolygon<f64>,
}

/// An outside body.
#[derive(Clone, Debug)]
pub struct Body {
    /// Identity.
    pub id: Uuid,
    /// Short name.
    pub code: String,
    /// What it is.
    pub kind: String,
    /// Name.
    pub name: Localized,
    /// For letters.
    pub postal_address: Option<String>,
    /// For the resident and the desk.
    pub phone: Option<String>,
    /// For hand-over sheets.
    pub email: Option<String>,
    /// Where a resident may report himself.
    pub website: Option<String>,
    /// How it takes a case over: email, call, letter, portal, none.
    pub hand_over: String,
    /// Where it is competent; `None`: everywhere.
    pub zone: Option<MultiPolygon<f64>>,
}

/// A service of the town.
#[derive(Clone, Debug)]
pub struct Service {
    /// Identity.
    pub id: Uuid,
    /// Short name.
    pub code: String,
    /// Name.
    pub name: Localized,
    /// Printed in acknowledgements.
    pub postal_address: String,
    /// Printed in acknowledgements.
    pub phone: String,
    /// Where its own notices go.
    pub email: Option<String>,
    /// Opening hours and holidays.
    pub calendar: WorkingCalendar,
    /// Promised delay where the category has none.
    pub delay: Delay,
    /// How it hears of new alerts.
    pub notices: Notices,
    /// Hours in which that differs.
    pub notice_hours: Vec<NoticeHours>,
    /// With `Notices::None`, at some hours too: hours until somebody must have looked.
    pub consult_hours: Option<i32>,
    /// With `Notices::None`, at some hours too: hours until a step of the service must have told whoever reported something.
    pub answer_hours: Option<i32>,
    /// Who is called for what is urgent outside hours, in order.
    pub on_call: Vec<OnCall>,
}

/// How a service hears of new alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notices {
    /// At once.
    Instant,
    /// Once a day, together.
    Digest,
    /// Not at all: it looks by itself, within deadlines.
    None,
}

impl Notices {
    /// Whether a service with this policy, and these hours of their own, hears of nothing at some hours or at all: both
    /// deadlines stand with it then.
    #[must_use]
    pub fn leave_unheard(self, hours: &[NoticeHours]) -> bool {
        self == Self::None || hours.iter().any(|hours| hours.notices == Self::None)
    }
}

/// Hours of the day with another kind of notices, local time; may run over midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeHours {
    /// From, `HH:MM`.
    pub from: chrono::NaiveTime,
    /// To, `HH:MM`.
    pub to: chrono::NaiveTime,
    /// How it hears then.
    pub notices: Notices,
}

/// One link of the on-call chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// Number that gets the text message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Address that gets a mail instead: without a number, or where there is no gateway for text messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Minutes to acknowledge before the next in line is called.
    pub minutes: u32,
}

/// A team that goes out.
#[derive(Clone, Debug)]
pub struct Crew {
    /// Identity.
    pub id: Uuid,
    /// Short name.
    pub code: String,
    /// Name.
    pub name: String,
    /// Service.
    pub service_id: Uuid,
    /// Sector; `None`: the whole town.
    pub sector_id: Option<Uuid>,
    /// Its vehicle: plate or name.
    pub vehicle: Option<String>,
    /// What it can do, in free words.
    pub skills: Vec<String>,
    /// Whether it still goes out.
    pub active: bool,
}

/// What can be reported, or a group of it.
pub struct Category {
    /// Identity.
    pub id: Uuid,
    /// Short name.
    pub code: String,
    /// Group.
    pub parent_id: Option<Uuid>,
    /// Whether it is a group, which takes no report.
    pub is_group: bool,
    /// Name.
    pub label: Localized,
    /// Explanation.
    pub description: Localized,
    /// For search.
    pub keywords: Vec<String>,
    /// Icon's name.
    pub icon: String,
    /// Questions.
    pub questions: Questions,
    /// Service in charge, if not the town's default.
    pub service_id: Option<Uuid>,
    /// Promised delay, if not the service's.
    pub delay: Option<Delay>,
    /// What the status machine needs to know of it.
    pub rules: CategoryRules,
    /// Never public.
    pub sensitive: bool,
    /// The acknowledgement carries the sentence on implicit decisions.
    pub formal_request: bool,
    /// Only staff may use it.
    pub agent_only: bool,
    /// Of a new alert, 1 to 4.
    pub priority: i16,
    /// Danger: the form stops and says to call this number; a report that arrives is taken in as a danger, see
    /// [`super::danger`].
    pub call_number: Option<String>,
    /// Not the town's job: who is competent.
    pub redirect_body_id: Option<Uuid>,
    /// Shown with the number or with who is competent.
    pub redirect_message: Localized,
    /// When reports become one alert.
    pub policy: Policy,
    /// Days after a rejection during which it is shown with its reason.
    pub rejected_days: i32,
    /// Whether it takes reports at all.
    pub active: bool,
}
