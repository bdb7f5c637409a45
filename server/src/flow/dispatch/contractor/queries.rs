//! SQL of contractors' links.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{contractor_link, report};
use crate::http::problem::Problem;

/// A link as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = contractor_link)]
pub struct Link {
    /// Identity.
    pub id: Uuid,
    /// Task.
    pub task_id: Uuid,
    /// Who has it.
    pub company: String,
}

/// Adds a link.
///
/// # Errors
/// When the database refuses.
pub async fn add(tx: &mut Tx, link: &Link, created_by: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    diesel::insert_into(contractor_link::table)
        .values((
            contractor_link::jurisdiction_id.eq(town.0),
            contractor_link::id.eq(link.id),
            contractor_link::task_id.eq(link.task_id),
            contractor_link::company.eq(&link.company),
            contractor_link::created_at.eq(now),
            contractor_link::created_by.eq(created_by),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Reads a link.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Link>, Problem> {
    let town = tx.town();
    let found = contractor_link::table.find((town.0, id)).select(Link::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// What the reports of an alert answered to its category's questions, oldest first; at most 100.
///
/// # Errors
/// When the database refuses.
pub async fn answers(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<Value>, Problem> {
    let town = tx.town();
    let found = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::alert_id.eq(alert_id)))
        .order((report::received_at, report::id))
        .limit(100)
        .select(report::answers);
    Ok(found.load(&mut **tx).await?)
}
