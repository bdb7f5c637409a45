//! Builds a town from its rows: every document is read here, once, and one that cannot be read is named.

use std::collections::{HashMap, HashSet};

use geo_dedup::CategoryId;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{BodyRow, CategoryRow, CrewRow, GateRow, Parts, RuleRow, SectorRow, ServiceRow, TownRow};
use crate::catalog::closing::CategoryRules;
use crate::catalog::gates::{Gate, GateRule, month_day};
use crate::catalog::model::{Body, Category, Crew, Sector, Service, Town};
use crate::catalog::policy::PolicyDocument;
use crate::catalog::questions::Questions;
use crate::catalog::routes::RoutingRule;
use crate::db::TownId;
use crate::db::space::to_territory;
use crate::http::problem::Problem;

/// A town from its rows.
///
/// # Errors
/// When one of its documents cannot be read.
pub(super) fn build_town(row: TownRow, default_service_id: Uuid, parts: Parts) -> Result<Town, Problem> {
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

fn build_crew(row: CrewRow) -> Crew {
    Crew {
        id: row.id,
        code: row.code,
        name: row.name,
        service_id: row.service_id,
        sector_id: row.sector_id,
        vehicle: row.vehicle,
        skills: row.skills,
        active: row.active,
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
