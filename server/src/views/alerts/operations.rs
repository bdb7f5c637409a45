//! Corrections that concerned an alert, as its detail lists them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{alert_operation, staff_user};
use crate::flow::alert::operation::{OperationKind, Trace};
use crate::http::problem::Problem;

/// Most operations of one alert in an answer.
const MOST: i64 = 500;

/// A person's correction of the grouping.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OperationBody {
    /// Identity, by which it is undone.
    pub id: Uuid,
    /// What was done.
    pub kind: OperationKind,
    /// Alert that reports left, or the first of two that are not the same.
    pub alert_id: Uuid,
    /// Alert that they went to, or the second.
    pub other_id: Uuid,
    /// Reports that changed their alert.
    pub reports: Vec<Uuid>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Who.
    pub by_user: Uuid,
    /// Their name.
    pub by_name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Operation that it took back.
    pub undoes: Option<Uuid>,
    /// Operation that took it back.
    pub undone_by: Option<Uuid>,
}

type Row = (
    Uuid,
    String,
    Uuid,
    Uuid,
    Value,
    Option<String>,
    Uuid,
    String,
    DateTime<Utc>,
    Option<Uuid>,
);

/// The operations that concerned an alert, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn read(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<OperationBody>, Problem> {
    let town = tx.town();
    let rows: Vec<Row> = alert_operation::table
        .inner_join(staff_user::table.on(staff_user::id.eq(alert_operation::by_user)))
        .filter(alert_operation::jurisdiction_id.eq(town.0))
        .filter(
            alert_operation::alert_id
                .eq(alert_id)
                .or(alert_operation::other_id.eq(alert_id)),
        )
        .order((alert_operation::at, alert_operation::id))
        .limit(MOST)
        .select((
            alert_operation::id,
            alert_operation::kind,
            alert_operation::alert_id,
            alert_operation::other_id,
            alert_operation::detail,
            alert_operation::reason,
            alert_operation::by_user,
            staff_user::name,
            alert_operation::at,
            alert_operation::undoes,
        ))
        .load(&mut **tx)
        .await?;
    let undone: Vec<(Uuid, Uuid)> = rows
        .iter()
        .filter_map(|row| row.9.map(|undoes| (undoes, row.0)))
        .collect();
    rows.into_iter().map(|row| body(row, &undone)).collect()
}

fn body(row: Row, undone: &[(Uuid, Uuid)]) -> Result<OperationBody, Problem> {
    let (id, kind, alert_id, other_id, detail, reason, by_user, by_name, at, undoes) = row;
    let trace: Trace = serde_json::from_value(detail).map_err(Problem::internal)?;
    Ok(OperationBody {
        id,
        kind: kind.parse().map_err(Problem::internal)?,
        alert_id,
        other_id,
        reports: trace.reports,
        reason,
        by_user,
        by_name,
        at,
        undoes,
        undone_by: undone.iter().find(|(of, _)| *of == id).map(|(_, by)| *by),
    })
}
