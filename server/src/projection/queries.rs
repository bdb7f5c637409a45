//! SQL of the projection.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::db::TownId;
use crate::db::change_log::Place;
use crate::db::schema::{alert, photo, public_alert, report};
use crate::flow::alert::model::Alert;
use crate::http::problem::Problem;

/// Where the projection stands; nobody else moves it until the transaction ends.
pub async fn lock_state(conn: &AsyncPgConnection, town: TownId) -> Result<Place, Problem> {
    diesel::sql_query(
        "INSERT INTO projection_state (jurisdiction_id, txid, change_id) VALUES ($1, '0', 0) ON CONFLICT DO NOTHING",
    )
    .bind::<Integer, _>(town.0)
    .execute(&mut &*conn)
    .await?;
    let state = "SELECT txid::text AS txid, change_id FROM projection_state WHERE jurisdiction_id = $1 FOR UPDATE";
    Ok(diesel::sql_query(state)
        .bind::<Integer, _>(town.0)
        .get_result(&mut &*conn)
        .await?)
}

/// Keeps how far it came.
pub async fn set_state(conn: &AsyncPgConnection, town: TownId, place: &Place) -> Result<(), Problem> {
    diesel::sql_query("UPDATE projection_state SET txid = $2::xid8, change_id = $3 WHERE jurisdiction_id = $1")
        .bind::<Integer, _>(town.0)
        .bind::<Text, _>(place.txid())
        .bind::<BigInt, _>(place.change_id())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// These alerts.
pub async fn alerts(conn: &AsyncPgConnection, town: TownId, ids: &[Uuid]) -> Result<Vec<Alert>, Problem> {
    let those = alert::table.filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq_any(ids)));
    Ok(those.select(Alert::as_select()).load(&mut &*conn).await?)
}

/// A photo that a person released.
#[derive(Clone, Debug)]
pub struct Released {
    /// Which.
    pub id: Uuid,
    /// What it shows.
    pub alert_id: Uuid,
}

/// The released photos of these alerts: of their reports, earliest first, then the proofs of repair.
pub async fn released(conn: &AsyncPgConnection, town: TownId, alerts: &[Uuid]) -> Result<Vec<Released>, Problem> {
    let public = || {
        photo::jurisdiction_id
            .eq(town.0)
            .and(photo::released_at.is_not_null())
            .and(photo::state.eq("ready"))
    };
    let of_report = report::jurisdiction_id
        .eq(photo::jurisdiction_id)
        .and(photo::report_id.eq(report::id.nullable()));
    let evidence: Vec<(Uuid, Uuid)> = photo::table
        .inner_join(report::table.on(of_report))
        .filter(public().and(report::alert_id.eq_any(alerts)))
        .order((photo::uploaded_at, photo::id))
        .select((photo::id, report::alert_id))
        .load(&mut &*conn)
        .await?;
    let proofs: Vec<(Uuid, Uuid)> = photo::table
        .filter(public().and(photo::alert_id.eq_any(alerts)))
        .order((photo::uploaded_at, photo::id))
        .select((photo::id, photo::alert_id.assume_not_null()))
        .load(&mut &*conn)
        .await?;
    let each = evidence.into_iter().chain(proofs);
    Ok(each.map(|(id, alert_id)| Released { id, alert_id }).collect())
}

/// What the public may know of an alert.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = public_alert, treat_none_as_default_value = false)]
pub struct PublicAlert {
    /// Town.
    pub jurisdiction_id: i32,
    /// Alert.
    pub alert_id: Uuid,
    /// Category.
    pub category_id: Uuid,
    /// What residents are told.
    pub status: &'static str,
    /// Whether a report may join.
    pub open: bool,
    /// Public place.
    pub point: Point,
    /// Its cell.
    pub h3_15: i64,
    /// Day of the first report.
    pub opened_on: NaiveDate,
    /// Day it was closed.
    pub closed_on: Option<NaiveDate>,
    /// How many reported it, coarsely.
    pub reported_by: Option<&'static str>,
    /// Released photos.
    pub photo_ids: Vec<Uuid>,
}

/// Writes public rows.
pub async fn show(conn: &AsyncPgConnection, rows: &[PublicAlert]) -> Result<(), Problem> {
    if rows.is_empty() {
        return Ok(());
    }
    diesel::insert_into(public_alert::table)
        .values(rows)
        .on_conflict((public_alert::jurisdiction_id, public_alert::alert_id))
        .do_update()
        .set((
            public_alert::category_id.eq(excluded(public_alert::category_id)),
            public_alert::status.eq(excluded(public_alert::status)),
            public_alert::open.eq(excluded(public_alert::open)),
            public_alert::point.eq(excluded(public_alert::point)),
            public_alert::h3_15.eq(excluded(public_alert::h3_15)),
            public_alert::opened_on.eq(excluded(public_alert::opened_on)),
            public_alert::closed_on.eq(excluded(public_alert::closed_on)),
            public_alert::reported_by.eq(excluded(public_alert::reported_by)),
            public_alert::photo_ids.eq(excluded(public_alert::photo_ids)),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Takes public rows away.
pub async fn hide(conn: &AsyncPgConnection, town: TownId, ids: &[Uuid]) -> Result<(), Problem> {
    let gone = public_alert::table.filter(
        public_alert::jurisdiction_id
            .eq(town.0)
            .and(public_alert::alert_id.eq_any(ids)),
    );
    diesel::delete(gone).execute(&mut &*conn).await?;
    Ok(())
}
