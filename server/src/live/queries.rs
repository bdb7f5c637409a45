//! SQL of the live stream.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Event;
use crate::db::TownId;
use crate::db::change_log::{Change, Place};
use crate::db::schema::{alert, task};
use crate::http::problem::Problem;
use crate::people::policy::Target;

/// The alerts of the tasks that changed.
pub(super) async fn alerts_of_tasks(
    conn: &AsyncPgConnection,
    town: TownId,
    changes: &[Change],
) -> Result<Vec<Uuid>, Problem> {
    let tasks = changes.iter().filter(|change| change.entity == "task");
    let tasks: Vec<Uuid> = tasks.map(|change| change.entity_id).collect();
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let theirs = task::table.filter(task::jurisdiction_id.eq(town.0).and(task::id.eq_any(tasks)));
    Ok(theirs.select(task::alert_id).load(&mut &*conn).await?)
}

type Row = (Uuid, i32, String, Option<Uuid>, Uuid, Option<Uuid>, Option<Uuid>);

/// How these alerts stand now.
pub(super) async fn events(
    conn: &AsyncPgConnection,
    town: TownId,
    ids: &[Uuid],
    place: &Place,
) -> Result<Vec<Event>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq_any(ids)))
        .select((
            alert::id,
            alert::version,
            alert::status,
            alert::merged_into,
            alert::service_id,
            alert::sector_id,
            alert::crew_id,
        ))
        .load(&mut &*conn)
        .await?;
    let event = |(alert_id, version, status, merged_into, service, sector_id, crew_id): Row| Event {
        place: place.clone(),
        alert_id,
        version,
        status,
        merged_into,
        target: Target {
            service_id: Some(service),
            sector_id,
            crew_id,
            entered_by: None,
        },
        left: Vec::new(),
    };
    Ok(rows.into_iter().map(event).collect())
}
