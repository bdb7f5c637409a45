//! SQL of the policies.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::{alert, category, dedup_policy, report};
use crate::db::{TownId, Tx};
use crate::flow::alert::queries::candidates::MemberRow;
use crate::http::problem::Problem;
use crate::people::policy::Target;

/// A version of a policy.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = dedup_policy)]
pub struct Kept {
    pub version: i32,
    pub document: Value,
    pub since: DateTime<Utc>,
}

/// The versions of a category's policy, latest first.
pub async fn versions(conn: &AsyncPgConnection, town: TownId, category: Uuid) -> Result<Vec<Kept>, Problem> {
    let kept = dedup_policy::table
        .filter(dedup_policy::jurisdiction_id.eq(town.0))
        .filter(dedup_policy::category_id.eq(category))
        .order(dedup_policy::version.desc())
        .limit(100)
        .select(Kept::as_select());
    Ok(kept.load(&mut &*conn).await?)
}

/// The present version and document.
pub async fn present(tx: &mut Tx, id: Uuid) -> Result<(i32, Value), Problem> {
    let town = tx.town();
    Ok(category::table
        .filter(category::jurisdiction_id.eq(town.0).and(category::id.eq(id)))
        .select((category::dedup_version, category::dedup))
        .first(&mut **tx)
        .await?)
}

/// The same, kept from change until the transaction ends.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<(i32, Value), Problem> {
    let town = tx.town();
    Ok(category::table
        .filter(category::jurisdiction_id.eq(town.0).and(category::id.eq(id)))
        .select((category::dedup_version, category::dedup))
        .for_update()
        .first(&mut **tx)
        .await?)
}

/// Sets a policy.
pub async fn set(tx: &mut Tx, id: Uuid, version: i32, document: &Value) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(category::table.filter(category::jurisdiction_id.eq(town.0).and(category::id.eq(id))))
        .set((category::dedup.eq(document), category::dedup_version.eq(version)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A report of the past.
#[derive(Queryable)]
pub struct Past {
    pub seen: MemberRow,
    pub reference: String,
    pub received_at: DateTime<Utc>,
    /// When the alert that it belongs to was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Of that alert.
    service_id: Uuid,
    sector_id: Option<Uuid>,
    crew_id: Option<Uuid>,
}

impl Past {
    /// What the policy needs to know of its alert.
    pub const fn target(&self) -> Target {
        Target {
            service_id: Some(self.service_id),
            sector_id: self.sector_id,
            crew_id: self.crew_id,
            entered_by: None,
        }
    }
}

/// The reports of these categories since a time, the latest first, at most `most`.
pub async fn past(
    conn: &AsyncPgConnection,
    town: TownId,
    categories: &[Uuid],
    since: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Past>, Problem> {
    let own_alert = alert::jurisdiction_id
        .eq(report::jurisdiction_id)
        .and(alert::id.eq(report::alert_id));
    let rows = report::table
        .inner_join(alert::table.on(own_alert))
        .filter(
            report::jurisdiction_id
                .eq(town.0)
                .and(report::category_id.eq_any(categories)),
        )
        .filter(report::received_at.ge(since))
        .order((report::received_at.desc(), report::id.desc()))
        .limit(most)
        .select((
            MemberRow::as_select(),
            report::reference,
            report::received_at,
            alert::closed_at,
            alert::service_id,
            alert::sector_id,
            alert::crew_id,
        ));
    Ok(rows.load(&mut &*conn).await?)
}
