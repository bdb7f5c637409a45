//! SQL on `device`, and who may use one.

use chrono::{DateTime, NaiveTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{device, role_grant, staff_user};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::Role;

/// A tablet.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = device)]
pub struct DeviceRow {
    /// Identity.
    pub id: Uuid,
    /// What is written on it.
    pub name: String,
    /// Crew.
    pub crew_id: Option<Uuid>,
    /// When the enrolment code dies.
    pub code_expires_at: Option<DateTime<Utc>>,
    /// Hash of its secret, once enrolled.
    pub secret_hash: Option<Vec<u8>>,
    /// When the code was made.
    pub created_at: DateTime<Utc>,
    /// When the code was used.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// Last sign-in, to the day.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Lost or retired.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A tablet as it is announced.
#[derive(Insertable)]
#[diesel(table_name = device)]
pub struct NewRow<'a> {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// What is written on it.
    pub name: &'a str,
    /// Crew.
    pub crew_id: Uuid,
    /// Hash of the enrolment code.
    pub code_hash: Vec<u8>,
    /// When the code dies.
    pub code_expires_at: DateTime<Utc>,
    /// Who announces it.
    pub created_by: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Adds a tablet.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, row: &NewRow<'_>) -> Result<(), Problem> {
    diesel::insert_into(device::table)
        .values(row)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The town's tablets, newest first; the oldest of very many are left out.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut Tx, at_most: i64) -> Result<Vec<DeviceRow>, Problem> {
    let rows = device::table
        .filter(device::jurisdiction_id.eq(tx.town().0))
        .order((device::created_at.desc(), device::id.desc()))
        .limit(at_most)
        .select(DeviceRow::as_select());
    Ok(rows.load(&mut **tx).await?)
}

/// A tablet, locked.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<DeviceRow, Problem> {
    let row = device::table
        .filter(device::jurisdiction_id.eq(tx.town().0).and(device::id.eq(id)))
        .select(DeviceRow::as_select())
        .for_update();
    row.first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(|| Problem::new(Kind::NotFound))
}

/// A tablet.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<DeviceRow>, Problem> {
    let row = device::table
        .filter(device::jurisdiction_id.eq(tx.town().0).and(device::id.eq(id)))
        .select(DeviceRow::as_select());
    Ok(row.first(&mut **tx).await.optional()?)
}

/// The tablet that waits for this enrolment code, locked: a code is good once.
///
/// # Errors
/// When the database refuses.
pub async fn waiting_for(tx: &mut Tx, code_hash: &[u8], now: DateTime<Utc>) -> Result<Option<DeviceRow>, Problem> {
    let row = device::table
        .filter(
            device::jurisdiction_id
                .eq(tx.town().0)
                .and(device::code_hash.eq(code_hash)),
        )
        .filter(device::code_expires_at.gt(now))
        .filter(device::enrolled_at.is_null().and(device::revoked_at.is_null()))
        .select(DeviceRow::as_select())
        .for_update();
    Ok(row.first(&mut **tx).await.optional()?)
}

/// Gives an announced tablet its secret; the code is used up.
///
/// # Errors
/// When the database refuses.
pub async fn enrol(tx: &mut Tx, id: Uuid, secret_hash: Vec<u8>, now: DateTime<Utc>) -> Result<(), Problem> {
    let row = device::table.filter(device::jurisdiction_id.eq(tx.town().0).and(device::id.eq(id)));
    diesel::update(row)
        .set((
            device::code_hash.eq(None::<Vec<u8>>),
            device::secret_hash.eq(secret_hash),
            device::enrolled_at.eq(now),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that the tablet is lost or retired; an unused code dies with it.
///
/// # Errors
/// When the database refuses.
pub async fn revoke(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let row = device::table.filter(device::jurisdiction_id.eq(tx.town().0).and(device::id.eq(id)));
    diesel::update(row)
        .set((device::code_hash.eq(None::<Vec<u8>>), device::revoked_at.eq(now)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes the day of a sign-in on a tablet; the hour is nobody's business.
///
/// # Errors
/// When the database refuses.
pub async fn seen(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let day = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let row = device::table.filter(device::jurisdiction_id.eq(tx.town().0).and(device::id.eq(id)));
    diesel::update(row)
        .set(device::last_seen_at.eq(day))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A crew's people who can sign in on its tablets, by name: a live grant for the crew, a PIN, not disabled.
///
/// # Errors
/// When the database refuses.
pub async fn agents(tx: &mut Tx, crew: Uuid) -> Result<Vec<(Uuid, String)>, Problem> {
    let members = role_grant::table
        .filter(role_grant::jurisdiction_id.eq(tx.town().0))
        .filter(
            role_grant::role
                .eq(Role::Crew.as_str())
                .and(role_grant::crew_id.eq(crew)),
        )
        .filter(role_grant::revoked_at.is_null())
        .select(role_grant::staff_user_id);
    let rows = staff_user::table
        .filter(staff_user::id.eq_any(members))
        .filter(
            staff_user::pin_hash
                .is_not_null()
                .and(staff_user::disabled_at.is_null()),
        )
        .order((staff_user::name, staff_user::id))
        .select((staff_user::id, staff_user::name));
    Ok(rows.load(&mut **tx).await?)
}
