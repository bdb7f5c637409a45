//! Reads the whole catalogue. Its tables are readable without a town: every server holds every town's in memory.

mod build;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use postgis_diesel::types::{MultiPolygon, Point};
use serde_json::Value;
use uuid::Uuid;

use super::model::Catalogue;
use crate::db::schema::{
    body, catalogue_version, category, category_gate, crew, jurisdiction, routing_rule, sector, service,
};
use crate::http::problem::Problem;
use build::build_town;

#[derive(Queryable, Selectable)]
#[diesel(table_name = jurisdiction)]
struct TownRow {
    id: i32,
    slug: String,
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
    default_service_id: Option<Uuid>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = service)]
struct ServiceRow {
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = category)]
struct CategoryRow {
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
    close_by: String,
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
    active: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = category_gate)]
struct GateRow {
    jurisdiction_id: i32,
    category_id: Uuid,
    rule: String,
    sector_id: Option<Uuid>,
    season_from: Option<String>,
    season_to: Option<String>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    message: Value,
    instead: Value,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = routing_rule)]
struct RuleRow {
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

/// The number that grows with every change of the catalogue.
///
/// # Errors
/// When the database refuses.
pub async fn version(conn: &AsyncPgConnection) -> Result<i64, Problem> {
    Ok(catalogue_version::table
        .select(catalogue_version::version)
        .first(&mut &*conn)
        .await?)
}

/// Reads everything, in one snapshot of the database.
///
/// # Errors
/// When the database refuses, or a town holds a document that this program cannot read (the log names it).
pub async fn load(conn: &mut AsyncPgConnection) -> Result<Catalogue, Problem> {
    let rows = conn
        .build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| read_rows(conn).await)
        .await?;
    let Rows {
        version,
        towns,
        sectors,
        bodies,
        services,
        crews,
        categories,
        gates,
        rules,
    } = rows;
    let mut sectors = by_town(sectors, |row: &SectorRow| row.0);
    let mut bodies = by_town(bodies, |row: &BodyRow| row.jurisdiction_id);
    let mut services = by_town(services, |row: &ServiceRow| row.jurisdiction_id);
    let mut crews = by_town(crews, |row: &CrewRow| row.jurisdiction_id);
    let mut categories = by_town(categories, |row: &CategoryRow| row.jurisdiction_id);
    let mut gates = by_town(gates, |row: &GateRow| row.jurisdiction_id);
    let mut rules = by_town(rules, |row: &RuleRow| row.jurisdiction_id);
    let mut built = Vec::new();
    for row in towns {
        let id = row.id;
        let parts = Parts {
            sectors: sectors.remove(&id).unwrap_or_default(),
            bodies: bodies.remove(&id).unwrap_or_default(),
            services: services.remove(&id).unwrap_or_default(),
            crews: crews.remove(&id).unwrap_or_default(),
            categories: categories.remove(&id).unwrap_or_default(),
            gates: gates.remove(&id).unwrap_or_default(),
            rules: rules.remove(&id).unwrap_or_default(),
        };
        // A town without a service yet is being installed: it takes no report.
        if let Some(default_service_id) = row.default_service_id {
            built.push(build_town(row, default_service_id, parts)?);
        }
    }
    Ok(Catalogue::new(version, built))
}

type SectorRow = (i32, Uuid, String, String, MultiPolygon<Point>);

#[derive(Queryable, Selectable)]
#[diesel(table_name = crew)]
struct CrewRow {
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = body)]
struct BodyRow {
    jurisdiction_id: i32,
    id: Uuid,
    code: String,
    kind: String,
    name: Value,
    postal_address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    website: Option<String>,
    hand_over: String,
    zone: Option<MultiPolygon<Point>>,
}

struct Rows {
    version: i64,
    towns: Vec<TownRow>,
    sectors: Vec<SectorRow>,
    bodies: Vec<BodyRow>,
    services: Vec<ServiceRow>,
    crews: Vec<CrewRow>,
    categories: Vec<CategoryRow>,
    gates: Vec<GateRow>,
    rules: Vec<RuleRow>,
}

struct Parts {
    sectors: Vec<SectorRow>,
    bodies: Vec<BodyRow>,
    services: Vec<ServiceRow>,
    crews: Vec<CrewRow>,
    categories: Vec<CategoryRow>,
    gates: Vec<GateRow>,
    rules: Vec<RuleRow>,
}

async fn read_rows(conn: &mut AsyncPgConnection) -> Result<Rows, Problem> {
    Ok(Rows {
        version: version(conn).await?,
        towns: jurisdiction::table
            .order(jurisdiction::id)
            .select(TownRow::as_select())
            .load(conn)
            .await?,
        sectors: sector::table
            .order(sector::code)
            .select((
                sector::jurisdiction_id,
                sector::id,
                sector::code,
                sector::name,
                sector::boundary,
            ))
            .load(conn)
            .await?,
        bodies: body::table
            .order(body::code)
            .select(BodyRow::as_select())
            .load(conn)
            .await?,
        services: service::table
            .order(service::code)
            .select(ServiceRow::as_select())
            .load(conn)
            .await?,
        crews: crew::table
            .order(crew::code)
            .select(CrewRow::as_select())
            .load(conn)
            .await?,
        categories: category::table
            .order((category::position, category::code))
            .select(CategoryRow::as_select())
            .load(conn)
            .await?,
        gates: category_gate::table
            .order(category_gate::id)
            .select(GateRow::as_select())
            .load(conn)
            .await?,
        rules: routing_rule::table
            .order(routing_rule::id)
            .select(RuleRow::as_select())
            .load(conn)
            .await?,
    })
}

fn by_town<T>(rows: Vec<T>, town: impl Fn(&T) -> i32) -> HashMap<i32, Vec<T>> {
    let mut grouped: HashMap<i32, Vec<T>> = HashMap::new();
    for row in rows {
        grouped.entry(town(&row)).or_default().push(row);
    }
    grouped
}
