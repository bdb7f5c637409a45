//! SQL of the notification stage. Here: who reads, and one notification.

pub mod call;
pub mod desk;
pub mod followers;
pub mod queue;
pub mod regroup;
pub mod waiting;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{follower, notification, report, role_grant, staff_user};
use crate::flow::notification::model::Notification;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::Role;

/// Who follows, and by which report.
#[derive(Clone, Debug, Queryable)]
pub struct Reader {
    /// Follower.
    pub id: Uuid,
    /// Person in the vault.
    pub subject_id: Option<Uuid>,
    /// Unsubscribed.
    pub ended_at: Option<DateTime<Utc>>,
    /// Report.
    pub report_id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Received time.
    pub received_at: DateTime<Utc>,
    /// SHA-256 of the report's follow secret.
    pub follow_hash: Vec<u8>,
    /// Category of the report.
    pub category_id: Uuid,
    /// The report's place in its author's own words.
    pub address: Option<String>,
    /// The report's place.
    pub place: Point,
}

/// A follower and their report.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn reader(conn: &AsyncPgConnection, town: TownId, follower_id: Uuid) -> Result<Reader, Problem> {
    let own = report::jurisdiction_id
        .eq(follower::jurisdiction_id)
        .and(report::id.eq(follower::report_id));
    let found = follower::table
        .inner_join(report::table.on(own))
        .filter(follower::jurisdiction_id.eq(town.0).and(follower::id.eq(follower_id)))
        .select((
            follower::id,
            follower::subject_id,
            follower::ended_at,
            report::id,
            report::reference,
            report::received_at,
            report::follow_hash,
            report::category_id,
            report::address,
            report::place,
        ))
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Addresses of the supervisors of a service.
///
/// # Errors
/// When the database refuses.
pub async fn supervisors(
    conn: &AsyncPgConnection,
    town: TownId,
    service_id: Option<Uuid>,
) -> Result<Vec<String>, Problem> {
    let of_service = role_grant::service_id
        .is_null()
        .or(role_grant::service_id.eq(service_id));
    let found = role_grant::table
        .inner_join(staff_user::table)
        .filter(
            role_grant::jurisdiction_id
                .eq(town.0)
                .and(role_grant::role.eq(Role::Supervisor.as_str())),
        )
        .filter(role_grant::revoked_at.is_null().and(staff_user::disabled_at.is_null()))
        .filter(of_service)
        .select(staff_user::email)
        .distinct()
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// A notification.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn find(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Notification, Problem> {
    let found = notification::table
        .filter(notification::jurisdiction_id.eq(town.0).and(notification::id.eq(id)))
        .select(Notification::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}
