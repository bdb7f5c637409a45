//! Reads the whole catalogue. Its tables are readable without a town: every server holds every town's in memory.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use geo_dedup::CategoryId;
use postgis_diesel::types::{MultiPolygon, Point};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::closing::CategoryRules;
use super::gates::{Gate, GateRule, month_day};
use super::model::{Body, Catalogue, Category, Crew, Sector, Service, Town};
use super::policy::PolicyDocument;
use super::questions::Questions;
use super::routes::RoutingRule;
use crate::db::TownId;
use crate::db::schema::{
    body, catalogue_version, category, category_gate, crew, jurisdiction, routing_rule, sector, service,
};
use crate::db::space::to_territory;
use crate::http::problem::Problem;

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
    let mut crews = by_town(crews, |row: &CrewRow| row.0);
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
type CrewRow = (i32, Uuid, String, String, Uuid, Option<Uuid>, bool);

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
            .select((
                crew::jurisdiction_id,
                crew::id,
                crew::code,
                crew::name,
                crew::service_id,
                crew::sector_id,
                crew::active,
            ))
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

fn build_town(row: TownRow, default_service_id: Uuid, parts: Parts) -> Result<Town, Problem> {
    let categories = build_categories(parts.categories)?;
    let zoned: HashSet<Uuid> = parts
        .bodies
        .iter()
        .filter(|row| row.zone.is_some())
        .map(|row| row.id)
        .collect();
    let rules = parts.rules.into_iter().map(|row| build_rule(row, &zoned));
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    Ok(Town {
        id: TownId(row.id),
        time_zone: row
            .time_zone
            .parse()
            .map_err(|error| unreadable("jurisdiction.time_zone", &row.slug, error))?,
        locales: row.locales,
        boundary: to_territory(&row.boundary),
        area_km2: row.area_km2,
        postal_address: row.postal_address,
        phone: row.phone,
        email: row.email,
        emergency_numbers: document("jurisdiction.emergency_numbers", &row.slug, row.emergency_numbers)?,
        implicit_decision: document("jurisdiction.implicit_decision", &row.slug, row.implicit_decision)?,
        not_watched: document("jurisdiction.not_watched", &row.slug, row.not_watched)?,
        notice: document("jurisdiction.notice", &row.slug, row.notice)?,
        notice_version: row.notice_version,
        slug: row.slug,
        name: row.name,
        default_service_id,
        sectors: parts.sectors.into_iter().map(build_sector).collect(),
        bodies: parts
            .bodies
            .into_iter()
            .map(|row| Ok((row.id, build_body(row)?)))
            .collect::<Result<_, Problem>>()?,
        services: parts
            .services
            .into_iter()
            .map(|row| Ok((row.id, build_service(row)?)))
            .collect::<Result<_, Problem>>()?,
        crews: parts
            .crews
            .into_iter()
            .map(build_crew)
            .map(|crew| (crew.id, crew))
            .collect(),
        categories,
        gates: parts.gates.into_iter().map(build_gate).collect::<Result<_, _>>()?,
        routing: rules,
    })
}

fn build_crew((_, id, code, name, service_id, sector_id, active): CrewRow) -> Crew {
    Crew {
        id,
        code,
        name,
        service_id,
        sector_id,
        active,
    }
}

fn build_sector((_, id, code, name, boundary): SectorRow) -> Sector {
    let boundary = to_territory(&boundary);
    Sector {
        id,
        code,
        name,
        boundary,
    }
}

fn build_body(row: BodyRow) -> Result<Body, Problem> {
    Ok(Body {
        id: row.id,
        name: document("body.name", &row.code, row.name)?,
        code: row.code,
        kind: row.kind,
        postal_address: row.postal_address,
        phone: row.phone,
        email: row.email,
        website: row.website,
        hand_over: row.hand_over,
        zone: row.zone.as_ref().map(to_territory),
    })
}

fn build_service(row: ServiceRow) -> Result<Service, Problem> {
    Ok(Service {
        id: row.id,
        name: document("service.name", &row.code, row.name)?,
        postal_address: row.postal_address,
        phone: row.phone,
        email: row.email,
        calendar: document("service.calendar", &row.code, row.calendar)?,
        delay: document("service.delay", &row.code, row.delay)?,
        notices: document("service.notices", &row.code, row.notices.into())?,
        notice_hours: document("service.notice_hours", &row.code, row.notice_hours)?,
        consult_hours: row.consult_hours,
        answer_hours: row.answer_hours,
        on_call: document("service.on_call", &row.code, row.on_call)?,
        code: row.code,
    })
}

fn build_categories(rows: Vec<CategoryRow>) -> Result<Vec<Category>, Problem> {
    let places: HashMap<String, i64> = rows.iter().map(|row| row.code.clone()).zip(0..).collect();
    let number_of = |code: &str| places.get(code).copied().map(CategoryId);
    rows.into_iter().map(|row| build_category(row, number_of)).collect()
}

fn build_category(row: CategoryRow, number_of: impl Fn(&str) -> Option<CategoryId>) -> Result<Category, Problem> {
    let policy: PolicyDocument = document("category.dedup", &row.code, row.dedup)?;
    let version = u32::try_from(row.dedup_version).unwrap_or_default();
    let policy = policy
        .build(version, row.rejected_days, number_of)
        .map_err(|error| unreadable("category.dedup", &row.code, error))?;
    Ok(Category {
        id: row.id,
        parent_id: row.parent_id,
        is_group: row.is_group,
        label: document("category.label", &row.code, row.label)?,
        description: document("category.description", &row.code, row.description)?,
        keywords: row.keywords,
        icon: row.icon,
        questions: Questions::compile(row.questions)
            .map_err(|error| unreadable("category.questions", &row.code, error))?,
        service_id: row.service_id,
        delay: row
            .delay
            .map(|delay| document("category.delay", &row.code, delay))
            .transpose()?,
        rules: CategoryRules {
            close_by: row
                .close_by
                .parse()
                .map_err(|error| unreadable("category.close_by", &row.code, error))?,
            proof_photo_required: row.proof_photo,
        },
        sensitive: row.sensitive,
        formal_request: row.formal_request,
        agent_only: row.agent_only,
        priority: row.priority,
        call_number: row.call_number,
        redirect_body_id: row.redirect_body_id,
        redirect_message: document("category.redirect_message", &row.code, row.redirect_message)?,
        policy,
        rejected_days: row.rejected_days,
        active: row.active,
        code: row.code,
    })
}

fn build_gate(row: GateRow) -> Result<Gate, Problem> {
    let season = row
        .season_from
        .as_deref()
        .and_then(month_day)
        .zip(row.season_to.as_deref().and_then(month_day));
    Ok(Gate {
        category_id: row.category_id,
        rule: if row.rule == "only" {
            GateRule::Only
        } else {
            GateRule::Closed
        },
        sector_id: row.sector_id,
        season,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        message: document("category_gate.message", "", row.message)?,
        instead: document("category_gate.instead", "", row.instead)?,
    })
}

fn build_rule(row: RuleRow, zoned: &HashSet<Uuid>) -> Result<RoutingRule, Problem> {
    Ok(RoutingRule {
        id: row.id,
        category: row.category_id,
        sector: row.sector_id,
        hours: row
            .hours
            .map(|hours| document("routing_rule.hours", "", hours))
            .transpose()?,
        rank: row.rank,
        body: row.body_id,
        inside_zone: row.body_id.is_some_and(|body| zoned.contains(&body)),
        service: row.service_id,
        crew: row.crew_id,
    })
}

fn document<T: DeserializeOwned>(column: &str, row: &str, value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| unreadable(column, row, error))
}

fn unreadable(column: &str, row: &str, error: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("{column} of {row:?} cannot be read: {error}"))
}
