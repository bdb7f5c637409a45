//! Who gets an alert: the town's rules over category, sector and time, down to an owner that is always there.
//!
//! Of the rules that apply the most specific wins, compared in this order: the zone of a body before anywhere (whose ground
//! it is decides before what lies on it), the nearer category (its own before its group's,
//! a group's before all), a named sector before any, stated hours before always, the higher rank, and last the lower id, so
//! that the answer never depends on the order in which rules were read.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDateTime, Utc};
use geo_dedup::LonLat;
use uuid::Uuid;

use crate::catalog::model::Town;
use crate::catalog::routes::{CategoryNode, RoutingRule};

/// What is to be routed.
#[derive(Debug, Clone, Copy)]
pub struct Routable<'a> {
    /// The alert's category first, then its groups up to the root.
    pub lineage: &'a [CategoryNode],
    /// The sector it lies in, none outside all of them.
    pub sector: Option<Uuid>,
    /// Bodies whose zone holds it, see [`crate::catalog::model::Town::zones_at`].
    pub zones: &'a [Uuid],
    /// What the town's wall clock shows.
    pub local_time: NaiveDateTime,
}

/// Who has it from now on. The service is there even when an outside body does the work: it reminds the body, answers
/// residents, and takes the alert back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Outside body to hand over to.
    pub body: Option<Uuid>,
    /// The owner.
    pub service: Uuid,
    /// Crew proposed at dispatch.
    pub crew: Option<Uuid>,
    /// What decided it.
    pub because: Because,
}

/// What decided a route, for the desk that asks why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// A rule.
    Rule(Uuid),
    /// No rule applies; a category or group names its service.
    Category(Uuid),
    /// Nothing says anything: the town's default service.
    Default,
}

/// Where a town's rules send what is reported there and then.
#[must_use]
pub fn route_in(town: &Town, category: Uuid, position: LonLat, now: DateTime<Utc>) -> Route {
    let mut lineage: Vec<CategoryNode> = Vec::new();
    let mut next = town.category_by_id(category);
    while let Some(node) = next {
        lineage.push(CategoryNode {
            id: node.id,
            service: node.service_id,
        });
        // The tree is checked when it is installed; a ring would only end the look upwards here.
        let parent = node.parent_id.filter(|id| lineage.iter().all(|seen| seen.id != *id));
        next = parent.and_then(|id| town.category_by_id(id));
    }
    let what = Routable {
        lineage: &lineage,
        sector: town.sector_at(position).map(|sector| sector.id),
        zones: &town.zones_at(position),
        local_time: now.with_timezone(&town.time_zone).naive_local(),
    };
    route(&town.routing, town.default_service_id, &what)
}

/// Finds the owner. `default_service` is the town's, of what nobody else claims.
#[must_use]
pub fn route(rules: &[RoutingRule], default_service: Uuid, what: &Routable<'_>) -> Route {
    let own = what.lineage.iter().find_map(|node| Some((node.id, node.service?)));
    let best = rules.iter().filter_map(|rule| Some((specificity(rule, what)?, rule)));
    let best = best.max_by_key(|&(specificity, _)| specificity);
    let (service, because) = match own {
        Some((category, service)) => (service, Because::Category(category)),
        None => (default_service, Because::Default),
    };
    match best {
        Some((_, rule)) => Route {
            body: rule.body,
            service: rule.service.unwrap_or(service),
            crew: rule.crew,
            because: Because::Rule(rule.id),
        },
        None => Route {
            body: None,
            service,
            crew: None,
            because,
        },
    }
}

/// Compares rules that apply; the greater wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Specificity {
    inside_zone: bool,
    /// Steps up the tree, fewer is nearer; past the root for a rule on all categories.
    category_distance: Reverse<usize>,
    names_sector: bool,
    states_hours: bool,
    rank: i32,
    id: Reverse<Uuid>,
}

/// How closely a rule fits, `None` when it does not apply.
fn specificity(rule: &RoutingRule, what: &Routable<'_>) -> Option<Specificity> {
    let distance = match rule.category {
        Some(category) => what.lineage.iter().position(|node| node.id == category)?,
        None => what.lineage.len(),
    };
    let in_sector = rule.sector.is_none() || rule.sector == what.sector;
    let in_hours = rule.hours.as_ref().is_none_or(|hours| hours.contains(what.local_time));
    let in_zone = !rule.inside_zone || rule.body.is_some_and(|body| what.zones.contains(&body));
    (in_sector && in_hours && in_zone).then_some(Specificity {
        inside_zone: rule.inside_zone,
        category_distance: Reverse(distance),
        names_sector: rule.sector.is_some(),
        states_hours: rule.hours.is_some(),
        rank: rule.rank,
        id: Reverse(rule.id),
    })
}

#[cfg(test)]
#[path = "routing_tests.rs"]
mod tests;
