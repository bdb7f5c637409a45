//! The alert's row.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use geo_dedup::LonLat;
use geo_dedup::cell::cell_centre;
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::alert;
use crate::db::space::from_point;
use crate::flow::status::vocabulary::Status;
use crate::http::problem::Problem;
use crate::people::policy::Target;

/// The public place of an alert is the centre of its cell of this resolution, about 10 m across from centre to corner.
const PUBLIC_RESOLUTION: u8 = 12;

/// Priority of what is urgent; no other is higher.
pub const URGENT: i16 = 4;
/// Severity of a danger; no other is higher.
pub const DANGER: i16 = 2;

/// An alert as stored.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = alert, primary_key(jurisdiction_id, id))]
pub struct Alert {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Category after qualification.
    pub category_id: Uuid,
    /// Code of its [`Status`].
    pub status: String,
    /// Whether a new report may join it.
    pub open: bool,
    /// 1 low to 4 urgent.
    pub priority: i16,
    /// Highest that a report stated: 0 normal, 1 high, 2 danger.
    pub severity: i16,
    /// Service in charge.
    pub service_id: Uuid,
    /// Crew it was dispatched to.
    pub crew_id: Option<Uuid>,
    /// Outside body that has it.
    pub body_id: Option<Uuid>,
    /// Where it lies.
    pub sector_id: Option<Uuid>,
    /// Its place; longitude, latitude.
    pub anchor: Point,
    /// H3 cell (resolution 15) of the anchor.
    pub h3_15: i64,
    /// Largest distance of a report from the anchor, metres.
    pub extent_m: f32,
    /// As first given.
    pub address: Option<String>,
    /// Reports that belong to it now.
    pub report_count: i32,
    /// Received time of the opening report.
    pub opened_at: DateTime<Utc>,
    /// Received time of the latest.
    pub last_report_at: DateTime<Utc>,
    /// Promise of the service.
    pub due_at: DateTime<Utc>,
    /// First day of the expected range.
    pub expected_from: Option<NaiveDate>,
    /// Last day of the expected range.
    pub expected_to: Option<NaiveDate>,
    /// Since when in this status.
    pub status_at: DateTime<Utc>,
    /// When it stopped being open.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why rejected or on hold (code).
    pub reason: Option<String>,
    /// On hold: when someone looks again.
    pub review_on: Option<NaiveDate>,
    /// Survivor, when merged away.
    pub merged_into: Option<Uuid>,
    /// outside_territory, ping_pong, dangerous...
    pub flags: Vec<String>,
    /// Compare-and-set; the ETag.
    pub version: i32,
}

impl Alert {
    /// Its town.
    #[must_use]
    pub const fn town(&self) -> TownId {
        TownId(self.jurisdiction_id)
    }

    /// Whether nobody may sleep on it: it goes before all that is not, and outside hours the service's on-call chain is
    /// called.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        self.priority >= URGENT || self.severity >= DANGER
    }

    /// Whether its service must hear again of what it knew as `before`: it is more severe, or has become urgent.
    #[must_use]
    pub const fn presses_more_than(&self, before: &Self) -> bool {
        self.severity > before.severity || (self.is_urgent() && !before.is_urgent())
    }

    /// Its status.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn status(&self) -> Result<Status, Problem> {
        self.status.parse().map_err(Problem::internal)
    }

    /// Where the public sees it: whoever asks from wherever, as often as they like, learns the cell and no more.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn public_place(&self) -> Result<LonLat, Problem> {
        let anchor = from_point(&self.anchor).map_err(Problem::internal)?;
        Ok(cell_centre(&anchor, PUBLIC_RESOLUTION).unwrap_or(anchor))
    }

    /// What the policy needs to know of it.
    #[must_use]
    pub const fn target(&self) -> Target {
        Target {
            service_id: Some(self.service_id),
            sector_id: self.sector_id,
            crew_id: self.crew_id,
            entered_by: None,
        }
    }
}
