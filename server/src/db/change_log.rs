//! Reads the change log: the one source of the public projection, of tablets' syncs and of the live stream.
//!
//! Transactions end in another order than they begin. So nothing is read before every transaction that began earlier has
//! ended: whoever goes on from the last place read never misses what was committed late.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::TownId;
use super::schema::{photo, report};
use crate::http::problem::Problem;

/// Changes read at once.
pub const BATCH: i32 = 500;

/// A place in the change log: transaction, then order within it. Transaction ids are text here: diesel has no `xid8`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = Text)]
    txid: String,
    #[diesel(sql_type = BigInt)]
    change_id: i64,
}

impl Place {
    /// Transaction.
    #[must_use]
    pub fn txid(&self) -> &str {
        &self.txid
    }

    /// Order within it.
    #[must_use]
    pub const fn change_id(&self) -> i64 {
        self.change_id
    }

    /// Whether it lies behind another: as after a database was restored from an older copy.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        let number = |place: &Self| place.txid.parse::<u64>().unwrap_or(u64::MAX);
        number(self) > number(other)
    }
}

/// A line of the change log.
#[derive(Clone, Debug, QueryableByName)]
pub struct Change {
    #[diesel(sql_type = Text)]
    txid: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    /// What kind.
    #[diesel(sql_type = Text)]
    pub entity: String,
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub entity_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    left_service: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    left_sector: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    left_crew: Option<Uuid>,
}

impl Change {
    /// Its place.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            txid: self.txid.clone(),
            change_id: self.id,
        }
    }

    /// Whose an alert was before it went to somebody else: service, sector, crew.
    #[must_use]
    pub fn left(&self) -> Option<(Uuid, Option<Uuid>, Option<Uuid>)> {
        self.left_service
            .map(|service| (service, self.left_sector, self.left_crew))
    }
}

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    identity: String,
}

/// Which log it is: another one after a restore from a backup, whose places mean nothing in this one. PostgreSQL gives a
/// cluster its identifier, a number to each history that branched off, and one to each database, restored ones too.
///
/// # Errors
/// When the database refuses.
pub async fn identity(conn: &AsyncPgConnection) -> Result<String, Problem> {
    let identity = "SELECT system_identifier || '.' || timeline_id || '.' || oid AS identity \
         FROM pg_control_system(), pg_control_checkpoint(), pg_database WHERE datname = current_database()";
    let found: Identity = diesel::sql_query(identity).get_result(&mut &*conn).await?;
    Ok(found.identity)
}

/// The place before which every transaction has ended: what is read from now on knows all that stands before it.
///
/// # Errors
/// When the database refuses.
pub async fn horizon(conn: &AsyncPgConnection) -> Result<Place, Problem> {
    let horizon = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS txid, 0::bigint AS change_id";
    Ok(diesel::sql_query(horizon).get_result(&mut &*conn).await?)
}

/// The next changes, at most [`BATCH`].
///
/// # Errors
/// When the database refuses.
pub async fn next(conn: &AsyncPgConnection, town: TownId, since: &Place) -> Result<Vec<Change>, Problem> {
    let changes = "SELECT txid::text AS txid, id, entity, entity_id, left_service, left_sector, left_crew FROM change \
         WHERE jurisdiction_id = $1 AND (txid, id) > ($2::xid8, $3) AND txid < pg_snapshot_xmin(pg_current_snapshot()) \
         ORDER BY change.txid, id LIMIT $4";
    Ok(diesel::sql_query(changes)
        .bind::<Integer, _>(town.0)
        .bind::<Text, _>(&since.txid)
        .bind::<BigInt, _>(since.change_id)
        .bind::<Integer, _>(BATCH)
        .load(&mut &*conn)
        .await?)
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Whether changes follow, be it that they cannot be read yet.
///
/// # Errors
/// When the database refuses.
pub async fn is_behind(conn: &AsyncPgConnection, town: TownId, since: &Place) -> Result<bool, Problem> {
    let later = "SELECT EXISTS (SELECT FROM change \
         WHERE jurisdiction_id = $1 AND (txid, id) > ($2::xid8, $3)) AS yes";
    let answer: Answer = diesel::sql_query(later)
        .bind::<Integer, _>(town.0)
        .bind::<Text, _>(&since.txid)
        .bind::<BigInt, _>(since.change_id)
        .get_result(&mut &*conn)
        .await?;
    Ok(answer.yes)
}

/// The alerts that changes are about, directly or by a report or photo.
///
/// # Errors
/// When the database refuses.
pub async fn alerts_of(conn: &AsyncPgConnection, town: TownId, changes: &[Change]) -> Result<Vec<Uuid>, Problem> {
    let named = |entity: &str| -> Vec<Uuid> {
        let those = changes.iter().filter(|change| change.entity == entity);
        those.map(|change| change.entity_id).collect()
    };
    let mut ids: BTreeSet<Uuid> = named("alert").into_iter().collect();
    ids.extend(alerts_of_reports(conn, town, &named("report")).await?);
    ids.extend(alerts_of_photos(conn, town, &named("photo")).await?);
    Ok(ids.into_iter().collect())
}

/// The alerts that these reports belong to now.
async fn alerts_of_reports(conn: &AsyncPgConnection, town: TownId, ids: &[Uuid]) -> Result<Vec<Uuid>, Problem> {
    let theirs = report::table.filter(report::jurisdiction_id.eq(town.0).and(report::id.eq_any(ids)));
    Ok(theirs.select(report::alert_id).load(&mut &*conn).await?)
}

/// The alerts that these photos show, by their report or directly.
async fn alerts_of_photos(conn: &AsyncPgConnection, town: TownId, ids: &[Uuid]) -> Result<Vec<Uuid>, Problem> {
    let theirs = photo::table.filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq_any(ids)));
    let found: Vec<(Option<Uuid>, Option<Uuid>)> = theirs
        .select((photo::alert_id, photo::report_id))
        .load(&mut &*conn)
        .await?;
    let (alerts, reports): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let reports: Vec<Uuid> = reports.into_iter().flatten().collect();
    let mut ids: Vec<Uuid> = alerts.into_iter().flatten().collect();
    ids.extend(alerts_of_reports(conn, town, &reports).await?);
    Ok(ids)
}
