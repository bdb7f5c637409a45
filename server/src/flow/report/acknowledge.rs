//! The legal acknowledgement (CRPA R112-11-1) as the 201 says it: number, date, service in charge with its address and
//! telephone, and when it should be done.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::buckets::ReportedBy;
use super::model::{DayRange, Relation, Suggested, Withheld};
use super::reference::FollowCode;
use super::submit::Accepted;
use super::tell::service_of;
use crate::app::App;
use crate::auth::secret;
use crate::catalog::model::{Body, EmergencyNumber, Service, Town};
use crate::catalog::questions::CallNow;
use crate::flow::photo::model::PhotoLine;
use crate::flow::status::vocabulary::PublicStatus;
use crate::http::problem::Problem;
use crate::text::Locale;

/// What the author of a report is told at once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Acknowledgement {
    /// Report.
    pub id: Uuid,
    /// What to say on the telephone.
    #[schema(example = "R-7K3M-2Q9X-8")]
    pub reference: String,
    /// When it was received: the legal date.
    pub received_at: DateTime<Utc>,
    /// A danger that cannot wait for anybody to read this: numbers to call at once. Show them before everything else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub call_now: Vec<CallNow>,
    /// How to follow it.
    pub follow: Follow,
    /// No messages follow although some were asked for, and why: show it, with how to follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_withheld: Option<Withheld>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_withheld_text: Option<String>,
    /// Town.
    pub jurisdiction: Jurisdiction,
    /// Service in charge.
    pub service: ServiceContact,
    /// Outside body that has it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyContact>,
    /// The alert that it joined or opened; absent for sensitive categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertTold>,
    /// When it should be done; null: no estimate can be given.
    pub expected_by: Option<DayRange>,
    /// Alerts nearby that may be the same: the app may ask "is it this one?".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggested>,
    /// The photos that came with it: each received, or refused with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<PhotoLine>,
    /// On implicit decisions, where the category is a formal request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implicit_decision: Option<String>,
    /// That nobody watches reports day and night.
    pub not_watched: String,
    /// Numbers for emergencies.
    pub emergency_numbers: Vec<EmergencyNumber>,
    /// Version of the data-protection notice that applies.
    pub notice_version: i32,
    /// near_boundary: the position lies just outside the territory; observed_clamped: the device's clock is ahead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// How to follow a report without an account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Follow {
    /// Address to read it at, with the secret in the header `X-Follow-Secret`.
    pub url: String,
    /// The secret, when the server made it; a client that sent its own keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The same for browsers; it opens by itself where the server made the secret.
    pub page: String,
    /// For the telephone, together with the reference: shows the status only.
    #[schema(example = "4XTR-90KD")]
    pub phone_code: String,
}

/// A town as named to people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Jurisdiction {
    /// Short name.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// A service as named to people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ServiceContact {
    /// Name, in the language of the report.
    pub name: String,
    /// Where to write.
    pub postal_address: String,
    /// Where to call.
    pub phone: String,
}

impl ServiceContact {
    /// Of a service, in a language.
    #[must_use]
    pub fn of(service: &Service, locale: Locale) -> Self {
        Self {
            name: service.name.get(locale).to_owned(),
            postal_address: service.postal_address.clone(),
            phone: service.phone.clone(),
        }
    }
}

/// An outside body as named to people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BodyContact {
    /// Name, in the language of the report.
    pub name: String,
    /// Where to call.
    pub phone: Option<String>,
    /// Where to look.
    pub website: Option<String>,
}

impl BodyContact {
    /// Of a body, in a language.
    #[must_use]
    pub fn of(body: &Body, locale: Locale) -> Self {
        Self {
            name: body.name.get(locale).to_owned(),
            phone: body.phone.clone(),
            website: body.website.clone(),
        }
    }
}

/// The alert as its reporters see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertTold {
    /// Alert.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "A-1Z3F-TB7N-K")]
    pub reference: String,
    /// Its public status.
    pub status: PublicStatus,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_at: Option<DateTime<Utc>>,
    /// On hold: why, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "material")]
    pub reason: Option<String>,
    /// On hold: when somebody looks again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_on: Option<NaiveDate>,
    /// Whether the report joined or opened it.
    pub relation: Relation,
    /// How many reported it: 1, 2-5, 6+.
    #[schema(value_type = String, example = "2-5")]
    pub reported_by: ReportedBy,
    /// For late evidence: when it was closed. Still there? One call reopens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
}

/// Builds the acknowledgement; the same for the first answer and for every retry.
///
/// # Errors
/// When the stored report names what the catalogue no longer has.
pub fn acknowledge(app: &App, accepted: &Accepted) -> Result<Acknowledgement, Problem> {
    let (report, told, town) = (&accepted.report, &accepted.told, &accepted.town);
    let locale = Locale::from_tag(&report.locale).unwrap_or_default();
    let category = town
        .category_by_id(report.category_id)
        .ok_or_else(|| Problem::internal("the category is gone"))?;
    let service = service_of(town, told).ok_or_else(|| Problem::internal("the service is gone"))?;
    let body = told.body_id.and_then(|id| town.bodies.get(&id));
    let of_alert = told.alert_category_id.unwrap_or(category.id);
    let sensitive = town.is_sensitive(&[category.id, of_alert]);
    let alert = AlertTold {
        id: told.alert_id,
        reference: told.alert_reference.clone(),
        status: told.status,
        status_at: told.status_at,
        reason: told.reason.clone(),
        review_on: told.review_on,
        relation: told.relation,
        reported_by: told.reported_by,
        closed_at: told.closed_at,
    };
    Ok(Acknowledgement {
        id: report.id,
        reference: report.reference.clone(),
        received_at: report.received_at,
        call_now: accepted.call_now.clone(),
        follow: follow(app, accepted),
        messages_withheld: told.withheld,
        messages_withheld_text: told
            .withheld
            .map(|why| app.texts.say(locale, &format!("message-withheld-{why}"), &[])),
        jurisdiction: jurisdiction(town),
        service: ServiceContact::of(service, locale),
        body: body.map(|body| BodyContact::of(body, locale)),
        alert: (!sensitive).then_some(alert),
        expected_by: told.expected.filter(|_| !sensitive),
        suggestions: if sensitive {
            Vec::new()
        } else {
            told.suggestions.clone()
        },
        photos: accepted.photos.clone(),
        implicit_decision: category
            .formal_request
            .then(|| town.implicit_decision.get(locale).to_owned()),
        not_watched: town.not_watched.get(locale).to_owned(),
        emergency_numbers: town.emergency_numbers.clone(),
        notice_version: report.notice_version,
        flags: report
            .flags
            .iter()
            .filter(|flag| PUBLIC_FLAGS.contains(&flag.as_str()))
            .cloned()
            .collect(),
    })
}

const PUBLIC_FLAGS: &[&str] = &["near_boundary", "observed_clamped"];

/// A town as named to people.
#[must_use]
pub fn jurisdiction(town: &Town) -> Jurisdiction {
    Jurisdiction {
        slug: town.slug.clone(),
        name: town.name.clone(),
    }
}

fn follow(app: &App, accepted: &Accepted) -> Follow {
    let report = &accepted.report;
    let derived = secret::follow_secret(&app.keys.server, report.id);
    let ours = secret::matches(derived.as_bytes(), &report.follow_hash);
    let opens = if ours { format!(".{derived}") } else { String::new() };
    Follow {
        url: format!("{}/v1/reports/{}", app.config.public_url, report.id),
        page: format!("{}/suivi#{}{opens}", app.config.public_url, report.id),
        secret: ours.then_some(derived),
        phone_code: FollowCode::from_bytes(secret::phone_code(&app.keys.server, report.id)).to_string(),
    }
}
