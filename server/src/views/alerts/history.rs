//! What happened to an alert, in order.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{staff_user, status_event};
use crate::http::problem::Problem;

/// A line of the history.
#[derive(Debug, Serialize, Queryable, utoipa::ToSchema)]
pub struct HistoryEvent {
    /// Identity.
    pub id: Uuid,
    /// What was done: a step, or opened, note, assign, remind, requalify...
    pub step: String,
    /// Status before; none at opening.
    pub from_status: Option<String>,
    /// Status after.
    pub to_status: String,
    /// Why.
    pub reason: Option<String>,
    /// Of a hold.
    pub review_on: Option<NaiveDate>,
    /// For colleagues.
    pub note: Option<String>,
    /// For residents.
    pub public_note: Option<String>,
    /// Time worked.
    pub minutes: Option<i32>,
    /// What was used up: name, quantity, unit.
    #[schema(value_type = Vec<crate::flow::status::event::Material>)]
    pub material: serde_json::Value,
    /// Task it was done for.
    pub task_id: Option<Uuid>,
    /// Service in charge after it.
    pub service_id: Option<Uuid>,
    /// Who, of the staff.
    pub by_user: Option<Uuid>,
    /// Their name.
    pub by_name: Option<String>,
    /// In which role.
    pub by_role: String,
    /// Clock of the device.
    pub client_at: Option<DateTime<Utc>>,
    /// Clock of the server.
    pub at: DateTime<Utc>,
}

/// Most lines of a history in one answer.
const MOST: i64 = 1_000;

/// Reads an alert's history, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn read(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<HistoryEvent>, Problem> {
    let town = tx.town();
    let rows = status_event::table
        .left_join(staff_user::table.on(status_event::by_user.eq(staff_user::id.nullable())))
        .filter(
            status_event::jurisdiction_id
                .eq(town.0)
                .and(status_event::alert_id.eq(alert_id)),
        )
        .order((status_event::at, status_event::id))
        .limit(MOST)
        .select((
            status_event::id,
            status_event::step,
            status_event::from_status,
            status_event::to_status,
            status_event::reason,
            status_event::review_on,
            status_event::note,
            status_event::public_note,
            status_event::minutes,
            status_event::material,
            status_event::task_id,
            status_event::service_id,
            status_event::by_user,
            staff_user::name.nullable(),
            status_event::by_role,
            status_event::client_at,
            status_event::at,
        ));
    Ok(rows.load(&mut **tx).await?)
}
