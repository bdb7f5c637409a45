//! A new alert by the rules of its town: who has it, when it is due, what people may expect. The same for a report that
//! opens one and for reports that a person splits off.

use chrono::{DateTime, TimeDelta, Utc};
use geo_dedup::LonLat;
use geo_dedup::cell::h3_15;
use uuid::Uuid;

use super::queries::place::NewAlert;
use crate::catalog::calendar::due_at;
use crate::catalog::model::{Category, Town};
use crate::db::space::to_point;
use crate::flow::dispatch::routing::{Route, route_in};
use crate::flow::report::expected::{Expectation, Outlook, expected_by};
use crate::http::problem::Problem;

/// What a new alert follows from.
pub struct Opening<'a> {
    /// Town.
    pub town: &'a Town,
    /// Category of its first report.
    pub category: &'a Category,
    /// Place of its first report.
    pub place: LonLat,
    /// Address of its first report.
    pub address: Option<String>,
    /// Highest that a report states, 0 to 2.
    pub severity: i16,
    /// near_boundary...
    pub flags: Vec<String>,
    /// What closing took here for this category.
    pub past: &'a [TimeDelta],
    /// Received time of its first report: the promise counts from it.
    pub opened_at: DateTime<Utc>,
    /// The present: who has it by the hour.
    pub now: DateTime<Utc>,
}

impl Opening<'_> {
    /// Who has it: the town's rules over category, place and hour.
    #[must_use]
    pub fn route(&self) -> Route {
        route_in(self.town, self.category.id, self.place, self.now)
    }

    /// Its row.
    ///
    /// # Errors
    /// When the town has no service, or a delay that no calendar can reach.
    pub fn alert(self, id: Uuid) -> Result<NewAlert, Problem> {
        let (town, category, opened_at) = (self.town, self.category, self.opened_at);
        let service = town.services.get(&self.route().service);
        let service = service.or_else(|| town.service_of(category));
        let service = service.ok_or_else(|| Problem::internal("the town has no service"))?;
        let delay = category.delay.unwrap_or(service.delay);
        let due_at = due_at(&service.calendar, delay, opened_at).map_err(Problem::internal)?;
        let expectation = expected_by(&Outlook {
            past: self.past,
            since: opened_at,
            due: due_at,
            now: self.now,
            time_zone: town.time_zone,
        });
        let (expected_from, expected_to) = match expectation {
            Expectation::Range { from, to } => (Some(from), Some(to)),
            Expectation::NoEstimate { .. } => (None, None),
        };
        Ok(NewAlert {
            jurisdiction_id: town.id.0,
            id,
            reference: String::new(),
            category_id: category.id,
            status: "new",
            open: true,
            priority: priority(category, self.severity),
            severity: self.severity,
            service_id: service.id,
            sector_id: town.sector_at(self.place).map(|sector| sector.id),
            anchor: to_point(self.place),
            h3_15: h3_15(&self.place).to_i64(),
            address: self.address,
            opened_at,
            last_report_at: opened_at,
            due_at,
            expected_from,
            expected_to,
            status_at: opened_at,
            flags: self.flags,
        })
    }
}

/// The priority of an alert of this category: a danger raises it to urgent, a higher severity to high.
#[must_use]
pub fn priority(category: &Category, severity: i16) -> i16 {
    match severity {
        2.. => 4,
        1 => category.priority.max(3),
        _ => category.priority,
    }
}
