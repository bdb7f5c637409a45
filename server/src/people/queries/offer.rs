//! SQL on `grant_offer`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::staff::name_person;
use crate::db::schema::grant_offer;
use crate::db::{TownId, Tx};
use crate::http::problem::{Kind, Problem};
use crate::people::offers::Settled;
use crate::people::policy::Grant;

/// Most open offers in a list; a town has a handful.
const MOST: i64 = 1_000;

/// An offer.
#[derive(Clone, Debug)]
pub struct OfferRow {
    /// Town that offers.
    pub town: TownId,
    /// Identity.
    pub id: Uuid,
    /// Address as the admin typed it; none once settled.
    pub email: Option<String>,
    /// What is offered.
    pub grants: Vec<Grant>,
    /// When.
    pub offered_at: DateTime<Utc>,
    /// By which admin.
    pub offered_by: Uuid,
    /// How it ended; none: open.
    pub outcome: Option<Settled>,
}

type Columns = (i32, Uuid, Option<String>, Value, DateTime<Utc>, Uuid, Option<String>);

const COLUMNS: (
    grant_offer::jurisdiction_id,
    grant_offer::id,
    grant_offer::email,
    grant_offer::grants,
    grant_offer::offered_at,
    grant_offer::offered_by,
    grant_offer::outcome,
) = (
    grant_offer::jurisdiction_id,
    grant_offer::id,
    grant_offer::email,
    grant_offer::grants,
    grant_offer::offered_at,
    grant_offer::offered_by,
    grant_offer::outcome,
);

fn offer_row(columns: Columns) -> Result<OfferRow, Problem> {
    let (town, id, email, grants, offered_at, offered_by, outcome) = columns;
    Ok(OfferRow {
        town: TownId(town),
        id,
        email,
        grants: serde_json::from_value(grants).map_err(Problem::internal)?,
        offered_at,
        offered_by,
        outcome: outcome
            .map(|code| code.parse::<Settled>())
            .transpose()
            .map_err(Problem::internal)?,
    })
}

/// An offer as it is made.
pub struct NewOffer<'a> {
    /// Identity.
    pub id: Uuid,
    /// Person.
    pub staff_user_id: Uuid,
    /// Address as the admin typed it.
    pub email: &'a str,
    /// What is offered.
    pub grants: &'a [Grant],
    /// By which admin.
    pub offered_by: Uuid,
}

/// Adds an offer of the transaction's town.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, offer: &NewOffer<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    let grants = serde_json::to_value(offer.grants).map_err(Problem::internal)?;
    diesel::insert_into(grant_offer::table)
        .values((
            grant_offer::jurisdiction_id.eq(town.0),
            grant_offer::id.eq(offer.id),
            grant_offer::staff_user_id.eq(offer.staff_user_id),
            grant_offer::email.eq(offer.email),
            grant_offer::grants.eq(grants),
            grant_offer::offered_at.eq(now),
            grant_offer::offered_by.eq(offer.offered_by),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Open offers of the transaction's town, oldest first: to one person, or to everybody.
///
/// # Errors
/// When the database refuses.
pub async fn open(tx: &mut Tx, to: Option<Uuid>) -> Result<Vec<OfferRow>, Problem> {
    let mut query = grant_offer::table
        .filter(grant_offer::jurisdiction_id.eq(tx.town().0))
        .filter(grant_offer::settled_at.is_null())
        .order((grant_offer::offered_at, grant_offer::id))
        .limit(MOST)
        .select(COLUMNS)
        .into_boxed();
    if let Some(person) = to {
        query = query.filter(grant_offer::staff_user_id.eq(person));
    }
    let rows: Vec<Columns> = query.load(&mut **tx).await?;
    rows.into_iter().map(offer_row).collect()
}

/// What every town offers to a person, open offers only, oldest first. Row level security shows them to a transaction that
/// names the person; it is named for this one question only.
///
/// # Errors
/// When the database refuses.
pub async fn of_person(tx: &mut Tx, person: Uuid) -> Result<Vec<OfferRow>, Problem> {
    name_person(tx, &person.to_string()).await?;
    let rows: Vec<Columns> = grant_offer::table
        .filter(grant_offer::staff_user_id.eq(person))
        .filter(grant_offer::settled_at.is_null())
        .order((grant_offer::offered_at, grant_offer::id))
        .limit(MOST)
        .select(COLUMNS)
        .load(&mut **tx)
        .await?;
    name_person(tx, "").await?;
    rows.into_iter().map(offer_row).collect()
}

/// The town of an offer to a person, be it open or settled, in the same way.
///
/// # Errors
/// [`Kind::NotFound`] when it is no offer to them.
pub async fn town_of(tx: &mut Tx, person: Uuid, id: Uuid) -> Result<TownId, Problem> {
    name_person(tx, &person.to_string()).await?;
    let town: Option<i32> = grant_offer::table
        .filter(grant_offer::staff_user_id.eq(person))
        .filter(grant_offer::id.eq(id))
        .select(grant_offer::jurisdiction_id)
        .first(&mut **tx)
        .await
        .optional()?;
    name_person(tx, "").await?;
    town.map(TownId).ok_or_else(|| Problem::new(Kind::NotFound))
}

/// An offer of the transaction's town, locked: it is settled once.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<OfferRow, Problem> {
    let town = tx.town();
    let row = grant_offer::table
        .filter(grant_offer::jurisdiction_id.eq(town.0).and(grant_offer::id.eq(id)))
        .select(COLUMNS)
        .for_update();
    let found: Option<Columns> = row.first(&mut **tx).await.optional()?;
    offer_row(found.ok_or_else(|| Problem::new(Kind::NotFound))?)
}

/// Ends an offer of the transaction's town; the address that the admin typed goes with it.
///
/// # Errors
/// When the database refuses.
pub async fn settle(tx: &mut Tx, id: Uuid, outcome: Settled, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(grant_offer::table.find((town.0, id)))
        .set((
            grant_offer::settled_at.eq(Some(now)),
            grant_offer::outcome.eq(Some(outcome.as_str())),
            grant_offer::email.eq(None::<String>),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
