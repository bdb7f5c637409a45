//! An alert in a list.

use chrono::{DateTime, NaiveDate, Utc};
use geo_dedup::cell::Cell15;
use serde::Serialize;
use uuid::Uuid;

use crate::catalog::model::Town;
use crate::flow::alert::model::Alert;
use crate::flow::status::vocabulary::{Phase, PublicStatus, Status};
use crate::http::point::PointBody;
use crate::http::problem::Problem;

/// The H3 cells that an alert lies in.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Cells {
    /// Resolution 9, about 0.1 km².
    pub res9: String,
    /// Resolution 11, about 2,000 m².
    pub res11: String,
}

/// An alert, as lists and commands answer it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AlertSummary {
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Code of the category.
    pub category: String,
    /// Name of its icon.
    pub icon: String,
    /// Where it stands.
    pub status: Status,
    /// What residents are told of it.
    pub public_status: PublicStatus,
    /// Part of the work that it is in.
    pub phase: Phase,
    /// Whether work or an answer is still due.
    pub open: bool,
    /// 1 low, 2 normal, 3 high, 4 urgent.
    #[schema(minimum = 1, maximum = 4)]
    pub priority: i16,
    /// Highest that a report stated: 0 normal, 1 high, 2 danger.
    #[schema(minimum = 0, maximum = 2)]
    pub severity: i16,
    /// Service in charge.
    pub service_id: Uuid,
    /// Crew it was dispatched to.
    pub crew_id: Option<Uuid>,
    /// Outside body that has it.
    pub body_id: Option<Uuid>,
    /// Where it lies.
    pub sector_id: Option<Uuid>,
    /// Its place.
    pub position: PointBody,
    /// Its H3 cells.
    pub h3: Cells,
    /// As first given.
    pub address: Option<String>,
    /// Reports that belong to it.
    #[schema(minimum = 0)]
    pub report_count: i32,
    /// When the first report arrived.
    pub opened_at: DateTime<Utc>,
    /// When the latest arrived.
    pub last_report_at: DateTime<Utc>,
    /// Promise of the service.
    pub due_at: DateTime<Utc>,
    /// First day of the range told to residents.
    pub expected_from: Option<NaiveDate>,
    /// Last day of that range.
    pub expected_to: Option<NaiveDate>,
    /// Since when in this status.
    pub status_at: DateTime<Utc>,
    /// When it stopped being open.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why rejected or on hold.
    pub reason: Option<String>,
    /// On hold: when somebody looks again.
    pub review_on: Option<NaiveDate>,
    /// outside_territory, ping_pong, dangerous...
    pub flags: Vec<String>,
    /// Alert that it was merged into: its own reference leads there.
    pub merged_into: Option<Uuid>,
    /// Version; the ETag is `"v<version>"`.
    pub version: i32,
}

impl AlertSummary {
    /// A row in words.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn of(town: &Town, row: &Alert) -> Result<Self, Problem> {
        Self::from_row(town, row.clone())
    }

    /// The same without a copy, for lists.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn from_row(town: &Town, row: Alert) -> Result<Self, Problem> {
        let status = row.status()?;
        let cell = Cell15::try_from(row.h3_15).map_err(Problem::internal)?;
        let name = |resolution| cell.parent_name(resolution).unwrap_or_default();
        let category = town.category_by_id(row.category_id);
        Ok(Self {
            id: row.id,
            reference: row.reference,
            category: category.map(|category| category.code.clone()).unwrap_or_default(),
            icon: category.map(|category| category.icon.clone()).unwrap_or_default(),
            status,
            public_status: status.public_status(),
            phase: status.phase(),
            open: row.open,
            priority: row.priority,
            severity: row.severity,
            service_id: row.service_id,
            crew_id: row.crew_id,
            body_id: row.body_id,
            sector_id: row.sector_id,
            position: PointBody::of(row.anchor.x, row.anchor.y),
            h3: Cells {
                res9: name(9),
                res11: name(11),
            },
            address: row.address,
            report_count: row.report_count,
            opened_at: row.opened_at,
            last_report_at: row.last_report_at,
            due_at: row.due_at,
            expected_from: row.expected_from,
            expected_to: row.expected_to,
            status_at: row.status_at,
            closed_at: row.closed_at,
            reason: row.reason,
            review_on: row.review_on,
            flags: row.flags,
            merged_into: row.merged_into,
            version: row.version,
        })
    }
}
