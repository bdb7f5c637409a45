//! The invented town as a town file.

use anyhow::Context;
use chrono::NaiveTime;
use chrono_tz::Tz;
use serde_json::json;
use vigie_fixtures as invented;

use super::categories::categories;
use super::routing::routes;
use crate::catalog::calendar::{Delay, WorkingCalendar};
use crate::catalog::model::{EmergencyNumber, Notices, OnCall};
use crate::catalog::town_file::{
    BodyEntry, BodyKind, CrewEntry, HandOverWay, RouteEntry, SectorEntry, ServiceEntry, Territory, TownFile,
};
use crate::text::{Locale, Localized};

/// Minutes in which somebody on call must answer before the next in line is called.
const ON_CALL_MINUTES: u32 = 10;
const FRENCH_NOTICE: &str = include_str!("notice.fr.txt");
const ENGLISH_NOTICE: &str = include_str!("notice.en.txt");

/// Writes the town as a town file.
///
/// # Errors
/// When the invented town says what a town file cannot.
pub fn town_file(town: &invented::Town) -> anyhow::Result<TownFile> {
    let zone: Tz = town.time_zone.parse().context("the town's time zone")?;
    let mut routing = Vec::new();
    for rule in &town.routing {
        routing.extend(routes(town, rule)?);
    }
    // What no rule takes: the default service, and its crew where one is named.
    routing.extend(town.default_route.crew.as_ref().map(|crew| RouteEntry {
        service: Some(town.default_route.service.clone()),
        crew: Some(crew.clone()),
        ..RouteEntry::default()
    }));
    Ok(TownFile {
        slug: town.slug.clone(),
        name: town.name.fr.clone(),
        time_zone: zone.name().to_owned(),
        locales: town.locales.iter().filter_map(|tag| Locale::from_tag(tag)).collect(),
        boundary: ring(&town.boundary),
        postal_address: town.town_hall.postal_address.to_string(),
        phone: town.town_hall.phone.clone(),
        email: town.town_hall.email.clone(),
        emergency_numbers: town.emergency_numbers.iter().map(emergency).collect(),
        implicit_decision: text(&town.implicit_decision),
        not_watched: text(&town.not_an_emergency_service),
        notice: Localized {
            fr: FRENCH_NOTICE.replace("{town}", &town.name.fr),
            en: ENGLISH_NOTICE.replace("{town}", &town.name.en),
        },
        notice_version: 1,
        default_service: town.default_route.service.clone(),
        sectors: town.sectors.iter().map(sector).collect(),
        bodies: town.bodies.iter().map(body).collect(),
        services: town
            .services
            .iter()
            .map(|entry| service(entry, zone))
            .collect::<Result<_, _>>()?,
        crews: town.crews.iter().map(crew).collect(),
        categories: categories(town, zone)?,
        routing,
    })
}

pub(super) fn text(pair: &invented::Localized) -> Localized {
    Localized {
        fr: pair.fr.clone(),
        en: pair.en.clone(),
    }
}

fn ring(positions: &[invented::Position]) -> Territory {
    Territory::Polygon(vec![positions.to_vec()])
}

fn emergency(entry: &invented::EmergencyNumber) -> EmergencyNumber {
    EmergencyNumber {
        number: entry.number.clone(),
        label: text(&entry.label),
    }
}

fn sector(entry: &invented::Sector) -> SectorEntry {
    SectorEntry {
        code: entry.code.clone(),
        name: entry.name.fr.clone(),
        boundary: ring(&entry.ring),
    }
}

fn body(entry: &invented::Body) -> BodyEntry {
    let mut row = BodyEntry {
        code: entry.code.clone(),
        kind: match entry.kind {
            invented::BodyKind::Town => BodyKind::Town,
            invented::BodyKind::Intercommunality => BodyKind::Epci,
            invented::BodyKind::Department => BodyKind::Departement,
            invented::BodyKind::WaterOperator => BodyKind::Water,
            invented::BodyKind::PowerOperator => BodyKind::Power,
            invented::BodyKind::GasOperator => BodyKind::Gas,
            invented::BodyKind::Landlord => BodyKind::Landlord,
        },
        name: text(&entry.name),
        postal_address: Some(entry.postal_address.to_string()),
        phone: Some(entry.phone.clone()),
        email: Some(entry.email.clone()),
        website: Some(entry.website.clone()),
        hand_over: HandOverWay::None,
        zone: entry.territory.as_deref().map(ring),
    };
    match &entry.hand_over {
        invented::HandOver::Own => {}
        invented::HandOver::Email { address } => {
            row.hand_over = HandOverWay::Email;
            row.email = Some(address.clone());
        }
        invented::HandOver::Phone { number } => {
            row.hand_over = HandOverWay::Call;
            row.phone = Some(number.clone());
        }
        invented::HandOver::Portal { url } => {
            row.hand_over = HandOverWay::Portal;
            row.website = Some(url.clone());
        }
    }
    row
}

fn service(entry: &invented::Service, zone: Tz) -> anyhow::Result<ServiceEntry> {
    Ok(ServiceEntry {
        code: entry.code.clone(),
        name: text(&entry.name),
        postal_address: entry.postal_address.to_string(),
        phone: entry.phone.clone(),
        email: Some(entry.email.clone()),
        calendar: calendar(&entry.calendar, zone).with_context(|| format!("the calendar of {}", entry.code))?,
        delay: delay(entry.delay),
        notices: match entry.notification {
            invented::NotificationMode::Instant => Notices::Instant,
            invented::NotificationMode::Digest => Notices::Digest,
            invented::NotificationMode::None => Notices::None,
        },
        notice_hours: Vec::new(),
        // A service that wants no messages must look by itself: within a day, and answer within three.
        consult_hours: (entry.notification == invented::NotificationMode::None).then_some(24),
        answer_hours: (entry.notification == invented::NotificationMode::None).then_some(72),
        on_call: entry.on_call.iter().map(|phone| on_call(phone)).collect(),
    })
}

fn on_call(phone: &str) -> OnCall {
    OnCall {
        phone: Some(phone.to_owned()),
        email: None,
        minutes: ON_CALL_MINUTES,
    }
}

fn calendar(calendar: &invented::Calendar, zone: Tz) -> anyhow::Result<WorkingCalendar> {
    let day = |hours: &Vec<invented::OpeningHours>| -> Vec<_> {
        let span = |h: &invented::OpeningHours| json!({"opens": clock(h.opens), "closes": clock(h.closes)});
        hours.iter().map(span).collect()
    };
    let holidays = if calendar.closed_on_french_holidays {
        "france"
    } else {
        "none"
    };
    let weekly: Vec<_> = calendar.weekly.iter().map(day).collect();
    let document = json!({"time_zone": zone.name(), "weekly": weekly, "holidays": holidays});
    Ok(serde_json::from_value(document)?)
}

pub(super) fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

pub(super) const fn delay(delay: invented::Delay) -> Delay {
    match delay {
        invented::Delay::WorkingDays(days) => Delay::WorkingDays(days),
        invented::Delay::WorkingHours(hours) => Delay::WorkingHours(hours),
        invented::Delay::Hours(hours) => Delay::Hours(hours),
    }
}

fn crew(entry: &invented::Crew) -> CrewEntry {
    CrewEntry {
        code: entry.code.clone(),
        name: entry.name.fr.clone(),
        service: entry.service.clone(),
        sector: entry.sector.clone(),
        vehicle: Some(entry.vehicle.fr.clone()),
        skills: Vec::new(),
    }
}
