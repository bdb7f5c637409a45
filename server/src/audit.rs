//! Who did what, and what changed: both written in the transaction that did it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{audit_event, change};
use crate::http::problem::Problem;
use crate::jobs;

/// Who acts, for the audit trail.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody we know.
    Anonymous,
    /// Who holds the follow secret of a report.
    Reporter,
    /// Who holds a contractor's link; a line about the link itself says which company.
    Contractor,
    /// A person of the staff, in a session.
    Staff {
        /// Person.
        staff_user_id: Uuid,
        /// Session.
        session_id: Uuid,
    },
    /// A job or the operator's command.
    System,
}

/// One line of the trail.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Operation id of the API, or the job's kind.
    pub action: &'a str,
    /// Kind of the object.
    pub entity: &'a str,
    /// Object.
    pub entity_id: Option<Uuid>,
    /// What changed, by name; no personal data of reporters.
    pub detail: Value,
    /// Of the request, as in the logs.
    pub request_id: Option<&'a str>,
}

/// Adds a line to the trail.
///
/// # Errors
/// When the database refuses; the caller's change must not stand then.
pub async fn record(
    conn: &AsyncPgConnection,
    town: TownId,
    entry: &Entry<'_>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let (actor, staff_user_id, session_id) = match entry.actor {
        Actor::Anonymous => ("anonymous", None, None),
        Actor::Reporter => ("reporter", None, None),
        Actor::Contractor => ("contractor", None, None),
        Actor::Staff {
            staff_user_id,
            session_id,
        } => ("staff", Some(*staff_user_id), Some(*session_id)),
        Actor::System => ("system", None, None),
    };
    diesel::insert_into(audit_event::table)
        .values((
            audit_event::jurisdiction_id.eq(town.0),
            audit_event::at.eq(now),
            audit_event::actor.eq(actor),
            audit_event::staff_user_id.eq(staff_user_id),
            audit_event::session_id.eq(session_id),
            audit_event::action.eq(entry.action),
            audit_event::entity.eq(entry.entity),
            audit_event::entity_id.eq(entry.entity_id),
            audit_event::detail.eq(&entry.detail),
            audit_event::request_id.eq(entry.request_id),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// How often something was done to an object, by the trail.
///
/// # Errors
/// When the database refuses.
pub async fn times(
    conn: &AsyncPgConnection,
    town: TownId,
    action: &str,
    (entity, id): (&str, Uuid),
) -> Result<i64, Problem> {
    let found = audit_event::table
        .filter(
            audit_event::jurisdiction_id
                .eq(town.0)
                .and(audit_event::entity_id.eq(id)),
        )
        .filter(audit_event::entity.eq(entity).and(audit_event::action.eq(action)))
        .count()
        .get_result(&mut &*conn)
        .await?;
    Ok(found)
}

/// The job that brings what changed to what the public reads.
pub const PROJECT_CHANGES: &str = "project_changes";

/// Notes in the change log that these objects changed, `(entity, id)`, and leaves the job that projects it.
///
/// # Errors
/// When the database refuses.
pub async fn changed<const N: usize>(
    conn: &AsyncPgConnection,
    town: TownId,
    entities: &[(&'static str, Uuid); N],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    note_changed(conn, town, entities, now).await?;
    project_later(conn, town, now).await
}

/// Leaves the job that projects what has changed.
///
/// # Errors
/// When the database refuses.
pub async fn project_later(conn: &AsyncPgConnection, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    jobs::enqueue(conn, town, PROJECT_CHANGES, json!({}), now).await
}

/// Notes in the change log, without the job, that these objects changed: `(entity, id)`. An array, not a slice: the number of rows is part of
/// the statement, which is prepared once for each.
///
/// # Errors
/// When the database refuses.
pub async fn note_changed<const N: usize>(
    conn: &AsyncPgConnection,
    town: TownId,
    entities: &[(&'static str, Uuid); N],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let rows = entities.map(|(entity, id)| {
        (
            change::jurisdiction_id.eq(town.0),
            change::entity.eq(entity),
            change::entity_id.eq(id),
            change::at.eq(now),
        )
    });
    diesel::insert_into(change::table)
        .values(rows)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Notes in the change log that an object is gone from what its readers see: an alert that was merged away.
///
/// # Errors
/// When the database refuses.
pub async fn gone(
    conn: &AsyncPgConnection,
    town: TownId,
    (entity, id): (&'static str, Uuid),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::insert_into(change::table)
        .values((
            change::jurisdiction_id.eq(town.0),
            change::entity.eq(entity),
            change::entity_id.eq(id),
            change::tombstone.eq(true),
            change::at.eq(now),
        ))
        .execute(&mut &*conn)
        .await?;
    project_later(conn, town, now).await
}

/// The same as [`changed`] for many objects of one kind.
///
/// # Errors
/// When the database refuses.
pub async fn all_changed(
    conn: &AsyncPgConnection,
    town: TownId,
    entity: &'static str,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    // One array: the rows of a long list would be more values than a statement may have.
    let noted = "INSERT INTO change (jurisdiction_id, entity, entity_id, at) SELECT $1, $2, id, $4 FROM unnest($3) AS changed (id)";
    diesel::sql_query(noted)
        .bind::<Integer, _>(town.0)
        .bind::<Text, _>(entity)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Timestamptz, _>(now)
        .execute(&mut &*conn)
        .await?;
    project_later(conn, town, now).await
}
