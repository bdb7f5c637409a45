//! SQL on `staff_user` and `role_grant`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::functions::set_config;
use crate::db::schema::{role_grant, staff_user};
use crate::db::{TownId, Tx};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Grant, Role};

diesel::define_sql_function! {
    /// In lower case.
    fn lower(value: Text) -> Text;
}

/// A person of the staff.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = staff_user)]
pub struct Person {
    /// Identity.
    pub id: Uuid,
    /// Work address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Hash of the password, if there is one.
    pub password_hash: Option<String>,
    /// Hash of the PIN, if there is one.
    pub pin_hash: Option<String>,
    /// Language.
    pub locale: String,
    /// Epoch of the sessions.
    pub session_epoch: i32,
    /// From when on the person cannot sign in.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// A grant with its identity.
#[derive(Clone, Debug)]
pub struct GrantRow {
    /// Identity.
    pub id: Uuid,
    /// Person.
    pub staff_user_id: Uuid,
    /// What is granted.
    pub grant: Grant,
}

/// A grant's columns as read.
pub type GrantColumns = (Uuid, Uuid, String, Option<Uuid>, Option<Uuid>, Option<Uuid>);

/// What is read of a grant.
pub const GRANT_COLUMNS: (
    role_grant::id,
    role_grant::staff_user_id,
    role_grant::role,
    role_grant::service_id,
    role_grant::sector_id,
    role_grant::crew_id,
) = (
    role_grant::id,
    role_grant::staff_user_id,
    role_grant::role,
    role_grant::service_id,
    role_grant::sector_id,
    role_grant::crew_id,
);

/// A grant from its columns.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn grant_row(columns: GrantColumns) -> Result<GrantRow, Problem> {
    let (id, staff_user_id, role, service_id, sector_id, crew_id) = columns;
    Ok(GrantRow {
        id,
        staff_user_id,
        grant: Grant {
            role: role.parse().map_err(Problem::internal)?,
            service_id,
            sector_id,
            crew_id,
        },
    })
}

/// The person with that address, in its normal form.
///
/// # Errors
/// When the database is away.
pub async fn by_email(conn: &mut AsyncPgConnection, email: &str) -> Result<Option<Person>, Problem> {
    let found = staff_user::table.filter(lower(staff_user::email).eq(email));
    Ok(found.select(Person::as_select()).first(conn).await.optional()?)
}

/// A person.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn person(conn: &mut AsyncPgConnection, id: Uuid) -> Result<Person, Problem> {
    let found = staff_user::table.find(id).select(Person::as_select());
    found
        .first(conn)
        .await
        .optional()?
        .ok_or_else(|| Problem::new(Kind::NotFound))
}

/// A person, locked until the transaction ends: whatever changes their epoch, password or PIN comes one after the other.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Person, Problem> {
    let found = staff_user::table.find(id).select(Person::as_select()).for_update();
    found
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(|| Problem::new(Kind::NotFound))
}

/// A person as they are added.
#[derive(Insertable)]
#[diesel(table_name = staff_user)]
pub struct NewRow<'a> {
    /// Identity.
    pub id: Uuid,
    /// Work address, in its normal form.
    pub email: &'a str,
    /// Name.
    pub name: &'a str,
    /// Hash of the password.
    pub password_hash: Option<&'a str>,
    /// Hash of the PIN.
    pub pin_hash: Option<&'a str>,
    /// Language.
    pub locale: &'a str,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Adds a person unless somebody has that address already; whether it did.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, row: &NewRow<'_>) -> Result<bool, Problem> {
    let inserted = diesel::insert_into(staff_user::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(&mut **tx)
        .await?;
    Ok(inserted == 1)
}

/// Live grants in the transaction's town, oldest first: of one person, or of everybody.
///
/// # Errors
/// When the database refuses.
pub async fn grants(tx: &mut Tx, of: Option<Uuid>) -> Result<Vec<GrantRow>, Problem> {
    let mut query = role_grant::table
        .filter(role_grant::jurisdiction_id.eq(tx.town().0))
        .filter(role_grant::revoked_at.is_null())
        .order((role_grant::granted_at, role_grant::id))
        .select(GRANT_COLUMNS)
        .into_boxed();
    if let Some(person) = of {
        query = query.filter(role_grant::staff_user_id.eq(person));
    }
    let rows: Vec<GrantColumns> = query.load(&mut **tx).await?;
    rows.into_iter().map(grant_row).collect()
}

/// Whether an id is that of somebody who works or worked for the transaction's town.
///
/// # Errors
/// When the database refuses.
pub async fn is_known(tx: &mut Tx, person: Uuid) -> Result<bool, Problem> {
    let town = tx.town();
    let ever = role_grant::table.filter(
        role_grant::jurisdiction_id
            .eq(town.0)
            .and(role_grant::staff_user_id.eq(person)),
    );
    Ok(diesel::select(diesel::dsl::exists(ever)).get_result(&mut **tx).await?)
}

/// Adds a grant.
///
/// # Errors
/// When the database refuses.
pub async fn insert_grant(
    tx: &mut Tx,
    row: &GrantRow,
    granted_by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::insert_into(role_grant::table)
        .values((
            role_grant::jurisdiction_id.eq(tx.town().0),
            role_grant::id.eq(row.id),
            role_grant::staff_user_id.eq(row.staff_user_id),
            role_grant::role.eq(row.grant.role.as_str()),
            role_grant::service_id.eq(row.grant.service_id),
            role_grant::sector_id.eq(row.grant.sector_id),
            role_grant::crew_id.eq(row.grant.crew_id),
            role_grant::granted_at.eq(now),
            role_grant::granted_by.eq(granted_by),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Towns where a person has a live grant. Row level security shows a person's own grants of every town to a transaction
/// that names the person; it is named for this one question only.
///
/// # Errors
/// When the database refuses.
pub async fn towns_of(tx: &mut Tx, person: Uuid) -> Result<Vec<TownId>, Problem> {
    name_person(tx, &person.to_string()).await?;
    let towns: Vec<i32> = role_grant::table
        .filter(
            role_grant::staff_user_id
                .eq(person)
                .and(role_grant::revoked_at.is_null()),
        )
        .select(role_grant::jurisdiction_id)
        .distinct()
        .order(role_grant::jurisdiction_id)
        .load(&mut **tx)
        .await?;
    name_person(tx, "").await?;
    Ok(towns.into_iter().map(TownId).collect())
}

/// Names the person whose own rows of every town are asked for; empty: nobody any more.
pub(super) async fn name_person(tx: &mut Tx, value: &str) -> Result<(), Problem> {
    diesel::select(set_config("vigie.staff_user", value, true))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Refuses all access and refresh tokens that a person holds, in every town; the new epoch.
///
/// # Errors
/// When the database refuses.
pub async fn next_epoch(tx: &mut Tx, person: Uuid) -> Result<i32, Problem> {
    let epoch = diesel::update(staff_user::table.find(person))
        .set(staff_user::session_epoch.eq(staff_user::session_epoch + 1))
        .returning(staff_user::session_epoch)
        .get_result(&mut **tx)
        .await?;
    Ok(epoch)
}

/// Stores a new password's hash.
///
/// # Errors
/// When the database refuses.
pub async fn set_password(tx: &mut Tx, person: Uuid, hash: &str) -> Result<(), Problem> {
    diesel::update(staff_user::table.find(person))
        .set(staff_user::password_hash.eq(hash))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Stores a new PIN's hash.
///
/// # Errors
/// When the database refuses.
pub async fn set_pin(tx: &mut Tx, person: Uuid, hash: &str) -> Result<(), Problem> {
    diesel::update(staff_user::table.find(person))
        .set(staff_user::pin_hash.eq(hash))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// From now on the person cannot sign in anywhere.
///
/// # Errors
/// When the database refuses.
pub async fn disable(tx: &mut Tx, person: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    diesel::update(staff_user::table.find(person))
        .set(staff_user::disabled_at.eq(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The person can sign in again, where they have a grant.
///
/// # Errors
/// When the database refuses.
pub async fn enable(tx: &mut Tx, person: Uuid) -> Result<(), Problem> {
    diesel::update(staff_user::table.find(person))
        .set(staff_user::disabled_at.eq(None::<DateTime<Utc>>))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Which grants of the transaction's town end.
#[derive(Clone, Copy, Debug)]
pub enum Ends {
    /// One.
    Grant(Uuid),
    /// All of a person.
    OfPerson(Uuid),
}

/// Ends grants.
///
/// # Errors
/// When the database refuses.
pub async fn revoke(tx: &mut Tx, which: Ends, now: DateTime<Utc>) -> Result<(), Problem> {
    let mut rows = diesel::update(role_grant::table)
        .filter(role_grant::jurisdiction_id.eq(tx.town().0))
        .filter(role_grant::revoked_at.is_null())
        .set(role_grant::revoked_at.eq(now))
        .into_boxed();
    rows = match which {
        Ends::Grant(id) => rows.filter(role_grant::id.eq(id)),
        Ends::OfPerson(person) => rows.filter(role_grant::staff_user_id.eq(person)),
    };
    rows.execute(&mut **tx).await?;
    Ok(())
}

/// Live grants of the role admin over the whole town, as (grant, person), locked in one order: two admins who revoke each
/// other come one after the other.
///
/// # Errors
/// When the database refuses.
pub async fn lock_admins(tx: &mut Tx) -> Result<Vec<(Uuid, Uuid)>, Problem> {
    let rows = role_grant::table
        .filter(role_grant::jurisdiction_id.eq(tx.town().0))
        .filter(role_grant::role.eq(Role::Admin.as_str()))
        .filter(role_grant::revoked_at.is_null())
        .filter(role_grant::service_id.is_null().and(role_grant::sector_id.is_null()))
        .order(role_grant::id)
        .select((role_grant::id, role_grant::staff_user_id))
        .for_update();
    Ok(rows.load(&mut **tx).await?)
}

/// People with a live grant in the transaction's town, by name, from behind `after`.
///
/// # Errors
/// When the database refuses.
pub async fn page(tx: &mut Tx, after: Option<(String, Uuid)>, rows: i64) -> Result<Vec<Person>, Problem> {
    let here = role_grant::table
        .filter(role_grant::jurisdiction_id.eq(tx.town().0))
        .filter(role_grant::revoked_at.is_null())
        .select(role_grant::staff_user_id);
    let mut query = staff_user::table
        .filter(staff_user::id.eq_any(here))
        .order((staff_user::name, staff_user::id))
        .limit(rows)
        .select(Person::as_select())
        .into_boxed();
    if let Some((name, id)) = after {
        let same = staff_user::name.eq(name.clone()).and(staff_user::id.gt(id));
        query = query.filter(staff_user::name.gt(name).or(same));
    }
    Ok(query.load(&mut **tx).await?)
}
