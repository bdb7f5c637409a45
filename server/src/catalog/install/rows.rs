//! What a town file says, as rows. Codes were checked before: one that is not known is a defect of ours.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use geo::ChamberlainDuquetteArea;
use postgis_diesel::types::{MultiPolygon, Point};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Ids, Known};
use crate::catalog::gates::GateRule;
use crate::catalog::town_file::{
    BodyEntry, CategoryEntry, CrewEntry, GateEntry, RouteEntry, SectorEntry, ServiceEntry, TownFile,
};
use crate::db::TownId;
use crate::db::schema::{body, category, category_gate, crew, jurisdiction, routing_rule, sector, service};
use crate::db::space::from_territory;
use crate::http::problem::Problem;

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = jurisdiction)]
pub struct JurisdictionRow {
    pub slug: String,
    name: String,
    time_zone: String,
    locales: Vec<String>,
    boundary: MultiPolygon<Point>,
    area_km2: f64,
    postal_address: String,
    phone: String,
    email: String,
    emergency_numbers: Value,
    implicit_decision: Value,
    not_watched: Value,
    notice: Value,
    notice_version: i32,
}

pub fn jurisdiction(file: &TownFile) -> JurisdictionRow {
    let boundary = file.boundary.to_geometry();
    JurisdictionRow {
        slug: file.slug.clone(),
        name: file.name.clone(),
        time_zone: file.time_zone.clone(),
        locales: file.locales.iter().map(|locale| locale.as_str().to_owned()).collect(),
        // On the sphere, within half a per cent of the spheroid: enough to compare two territories.
        area_km2: boundary.chamberlain_duquette_unsigned_area() / 1e6,
        boundary: from_territory(&boundary),
        postal_address: file.postal_address.clone(),
        phone: file.phone.clone(),
        email: file.email.clone(),
        emergency_numbers: json(&file.emergency_numbers),
        implicit_decision: json(&file.implicit_decision),
        not_watched: json(&file.not_watched),
        notice: json(&file.notice),
        notice_version: file.notice_version,
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = sector, primary_key(jurisdiction_id, id))]
pub struct SectorRow {
    jurisdiction_id: i32,
    id: Uuid,
    code: String,
    name: String,
    boundary: MultiPolygon<Point>,
}

pub fn sector(town: TownId, id: Uuid, entry: &SectorEntry) -> SectorRow {
    SectorRow {
        jurisdiction_id: town.0,
        id,
        code: entry.code.clone(),
        name: entry.name.clone(),
        boundary: from_territory(&entry.boundary.to_geometry()),
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = body, primary_key(jurisdiction_id, id), treat_none_as_null = true)]
pub struct BodyRow {
    jurisdiction_id: i32,
    id: Uuid,
    code: String,
    kind: &'static str,
    name: Value,
    postal_address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    website: Option<String>,
    hand_over: &'static str,
    zone: Option<MultiPolygon<Point>>,
}

pub fn body(town: TownId, id: Uuid, entry: &BodyEntry) -> BodyRow {
    BodyRow {
        jurisdiction_id: town.0,
        id,
        code: entry.code.clone(),
        kind: entry.kind.as_str(),
        name: json(&entry.name),
        postal_address: entry.postal_address.clone(),
        phone: entry.phone.clone(),
        email: entry.email.clone(),
        website: entry.website.clone(),
        hand_over: entry.hand_over.as_str(),
        zone: entry.zone.as_ref().map(|zone| from_territory(&zone.to_geometry())),
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = service, primary_key(jurisdiction_id, id), treat_none_as_null = true)]
pub struct ServiceRow {
    jurisdiction_id: i32,
    id: Uuid,
    code: String,
    name: Value,
    postal_address: String,
    phone: String,
    email: Option<String>,
    calendar: Value,
    delay: Value,
    notices: String,
    notice_hours: Value,
    consult_hours: Option<i32>,
    answer_hours: Option<i32>,
    on_call: Value,
}

pub fn service(town: TownId, id: Uuid, entry: &ServiceEntry) -> Result<ServiceRow, Problem> {
    let notices: String = serde_json::from_value(json(&entry.notices)).map_err(Problem::internal)?;
    Ok(ServiceRow {
        jurisdiction_id: town.0,
        id,
        code: entry.code.clone(),
        name: json(&entry.name),
        postal_address: entry.postal_address.clone(),
        phone: entry.phone.clone(),
        email: entry.email.clone(),
        calendar: json(&entry.calendar),
        delay: json(&entry.delay),
        notices,
        notice_hours: json(&entry.notice_hours),
        consult_hours: entry.consult_hours,
        answer_hours: entry.answer_hours,
        on_call: json(&entry.on_call),
    })
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = crew, primary_key(jurisdiction_id, id), treat_none_as_null = true)]
pub struct CrewRow {
    jurisdiction_id: i32,
    id: Uuid,
    code: String,
    name: String,
    service_id: Uuid,
    sector_id: Option<Uuid>,
    vehicle: Option<String>,
    skills: Vec<String>,
    active: bool,
}

pub fn crew(town: TownId, id: Uuid, entry: &CrewEntry, known: &Known) -> Result<CrewRow, Problem> {
    Ok(CrewRow {
        jurisdiction_id: town.0,
        id,
        code: entry.code.clone(),
        name: entry.name.clone(),
        service_id: of(&known.services, &entry.service)?,
        sector_id: named(&known.sectors, entry.sector.as_ref())?,
        vehicle: entry.vehicle.clone(),
        skills: entry.skills.clone(),
        active: true,
    })
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = category, primary_key(jurisdiction_id, id), treat_none_as_null = true)]
pub struct CategoryRow {
    jurisdiction_id: i32,
    id: Uuid,
    code: String,
    parent_id: Option<Uuid>,
    is_group: bool,
    label: Value,
    description: Value,
    keywords: Vec<String>,
    icon: String,
    questions: Value,
    service_id: Option<Uuid>,
    delay: Option<Value>,
    close_by: &'static str,
    proof_photo: bool,
    sensitive: bool,
    formal_request: bool,
    agent_only: bool,
    priority: i16,
    call_number: Option<String>,
    redirect_body_id: Option<Uuid>,
    redirect_message: Value,
    dedup: Value,
    dedup_version: i32,
    rejected_days: i32,
    position: i32,
    active: bool,
}

/// The policy that a category has now.
pub struct StoredPolicy {
    pub document: Value,
    pub version: i32,
    pub rejected_days: i32,
}

pub fn category(
    town: TownId,
    id: Uuid,
    position: i32,
    entry: &CategoryEntry,
    known: &Known,
    stored: Option<&StoredPolicy>,
) -> Result<CategoryRow, Problem> {
    let dedup = json(&entry.dedup);
    // Each decision names the version of the policy that it followed, so another policy is another version.
    let dedup_version = stored.map_or(1, |stored| {
        let same = stored.document == dedup && stored.rejected_days == entry.rejected_days;
        stored.version + i32::from(!same)
    });
    Ok(CategoryRow {
        jurisdiction_id: town.0,
        id,
        code: entry.code.clone(),
        parent_id: named(&known.categories, entry.group.as_ref())?,
        is_group: entry.is_group,
        label: json(&entry.label),
        description: json(&entry.description),
        keywords: entry.keywords.clone(),
        icon: entry.icon.clone(),
        questions: entry.questions.clone(),
        service_id: named(&known.services, entry.service.as_ref())?,
        delay: entry.delay.as_ref().map(json),
        close_by: entry.close_by.as_str(),
        proof_photo: entry.proof_photo,
        sensitive: entry.sensitive,
        formal_request: entry.formal_request,
        agent_only: entry.agent_only,
        priority: entry.priority,
        call_number: entry.call_number.clone(),
        redirect_body_id: named(&known.bodies, entry.redirect_body.as_ref())?,
        redirect_message: json(&entry.redirect_message),
        dedup,
        dedup_version,
        rejected_days: entry.rejected_days,
        position,
        active: true,
    })
}

#[derive(Insertable)]
#[diesel(table_name = category_gate)]
pub struct GateRow {
    jurisdiction_id: i32,
    id: Uuid,
    category_id: Uuid,
    rule: &'static str,
    sector_id: Option<Uuid>,
    season_from: Option<String>,
    season_to: Option<String>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    message: Value,
    instead: Value,
}

pub fn gate(town: TownId, category_id: Uuid, entry: &GateEntry, known: &Known) -> Result<GateRow, Problem> {
    Ok(GateRow {
        jurisdiction_id: town.0,
        id: Uuid::now_v7(),
        category_id,
        rule: match entry.rule {
            GateRule::Closed => "closed",
            GateRule::Only => "only",
        },
        sector_id: named(&known.sectors, entry.sector.as_ref())?,
        season_from: entry.season.as_ref().map(|season| season.from.clone()),
        season_to: entry.season.as_ref().map(|season| season.to.clone()),
        valid_from: entry.from,
        valid_to: entry.to,
        message: json(&entry.message),
        instead: json(&entry.instead),
    })
}

#[derive(Insertable)]
#[diesel(table_name = routing_rule)]
pub struct RuleRow {
    jurisdiction_id: i32,
    id: Uuid,
    category_id: Option<Uuid>,
    sector_id: Option<Uuid>,
    hours: Option<Value>,
    rank: i32,
    body_id: Option<Uuid>,
    service_id: Option<Uuid>,
    crew_id: Option<Uuid>,
}

pub fn rule(town: TownId, rank: i32, entry: &RouteEntry, known: &Known) -> Result<RuleRow, Problem> {
    Ok(RuleRow {
        jurisdiction_id: town.0,
        id: Uuid::now_v7(),
        category_id: named(&known.categories, entry.category.as_ref())?,
        sector_id: named(&known.sectors, entry.sector.as_ref())?,
        hours: entry.hours.as_ref().map(json),
        rank,
        body_id: named(&known.bodies, entry.body.as_ref())?,
        service_id: named(&known.services, entry.service.as_ref())?,
        crew_id: named(&known.crews, entry.crew.as_ref())?,
    })
}

fn named(ids: &Ids, code: Option<&String>) -> Result<Option<Uuid>, Problem> {
    code.map(|code| of(ids, code)).transpose()
}

fn of(ids: &Ids, code: &str) -> Result<Uuid, Problem> {
    let unknown = || Problem::internal(format!("the code {code:?} was not checked"));
    ids.get(code).copied().ok_or_else(unknown)
}

/// Our own documents always have a JSON form.
fn json(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}
