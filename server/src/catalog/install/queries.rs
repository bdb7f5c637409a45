//! SQL of the installation. Row by row: a town has a few hundred rows, and it is installed once.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::Ids;
use super::rows::{
    BodyRow, CategoryRow, CrewRow, GateRow, JurisdictionRow, RuleRow, SectorRow, ServiceRow, StoredPolicy,
};
use crate::db::TownId;
use crate::db::functions::set_config;
use crate::db::schema::{body, category, category_gate, crew, jurisdiction, routing_rule, sector, service};

pub async fn put_jurisdiction(conn: &mut AsyncPgConnection, row: &JurisdictionRow) -> QueryResult<TownId> {
    diesel::insert_into(jurisdiction::table)
        .values(row)
        .on_conflict(jurisdiction::slug)
        .do_update()
        .set(row)
        .returning(jurisdiction::id)
        .get_result(conn)
        .await
        .map(TownId)
}

/// From here on the transaction works for this town.
pub async fn set_town(conn: &mut AsyncPgConnection, town: TownId) -> QueryResult<()> {
    diesel::select(set_config("vigie.jurisdiction", town.0.to_string(), true))
        .execute(conn)
        .await
        .map(drop)
}

/// What the town calls its own, by code.
macro_rules! ids_by_code {
    ($($name:ident of $table:ident;)+) => {$(
        pub async fn $name(conn: &mut AsyncPgConnection, town: TownId) -> QueryResult<Ids> {
            let rows: Vec<(String, Uuid)> = $table::table
                .filter($table::jurisdiction_id.eq(town.0))
                .select(($table::code, $table::id))
                .load(conn)
                .await?;
            Ok(rows.into_iter().collect())
        }
    )+};
}

ids_by_code! {
    sector_ids of sector;
    body_ids of body;
    service_ids of service;
    crew_ids of crew;
    category_ids of category;
}

/// Adds a row, or brings the one with the same identity to what it says.
macro_rules! put {
    ($($name:ident $row:ident into $table:ident;)+) => {$(
        pub async fn $name(conn: &mut AsyncPgConnection, row: &$row) -> QueryResult<()> {
            diesel::insert_into($table::table)
                .values(row)
                .on_conflict(($table::jurisdiction_id, $table::id))
                .do_update()
                .set(row)
                .execute(conn)
                .await
                .map(drop)
        }
    )+};
}

put! {
    put_sector SectorRow into sector;
    put_body BodyRow into body;
    put_service ServiceRow into service;
    put_crew CrewRow into crew;
    put_category CategoryRow into category;
}

pub async fn set_default_service(conn: &mut AsyncPgConnection, town: TownId, service: Uuid) -> QueryResult<()> {
    diesel::update(jurisdiction::table.filter(jurisdiction::id.eq(town.0)))
        .set(jurisdiction::default_service_id.eq(service))
        .execute(conn)
        .await
        .map(drop)
}

/// Crews that the file no longer names go out of use.
pub async fn retire_crews(conn: &mut AsyncPgConnection, town: TownId, kept: &[&str]) -> QueryResult<()> {
    let gone = crew::table.filter(crew::jurisdiction_id.eq(town.0).and(crew::code.ne_all(kept)));
    diesel::update(gone)
        .set(crew::active.eq(false))
        .execute(conn)
        .await
        .map(drop)
}

/// Categories that the file no longer names go out of use.
pub async fn retire_categories(conn: &mut AsyncPgConnection, town: TownId, kept: &[&str]) -> QueryResult<()> {
    let gone = category::table.filter(category::jurisdiction_id.eq(town.0).and(category::code.ne_all(kept)));
    diesel::update(gone)
        .set(category::active.eq(false))
        .execute(conn)
        .await
        .map(drop)
}

pub async fn policies(conn: &mut AsyncPgConnection, town: TownId) -> QueryResult<HashMap<Uuid, StoredPolicy>> {
    let rows: Vec<(Uuid, Value, i32, i32)> = category::table
        .filter(category::jurisdiction_id.eq(town.0))
        .select((
            category::id,
            category::dedup,
            category::dedup_version,
            category::rejected_days,
        ))
        .load(conn)
        .await?;
    let policies = rows.into_iter().map(|(id, document, version, rejected_days)| {
        let policy = StoredPolicy {
            document,
            version,
            rejected_days,
        };
        (id, policy)
    });
    Ok(policies.collect())
}

pub async fn clear_gates(conn: &mut AsyncPgConnection, town: TownId) -> QueryResult<()> {
    diesel::delete(category_gate::table.filter(category_gate::jurisdiction_id.eq(town.0)))
        .execute(conn)
        .await
        .map(drop)
}

pub async fn add_gate(conn: &mut AsyncPgConnection, row: &GateRow) -> QueryResult<()> {
    diesel::insert_into(category_gate::table)
        .values(row)
        .execute(conn)
        .await
        .map(drop)
}

pub async fn clear_routing(conn: &mut AsyncPgConnection, town: TownId) -> QueryResult<()> {
    diesel::delete(routing_rule::table.filter(routing_rule::jurisdiction_id.eq(town.0)))
        .execute(conn)
        .await
        .map(drop)
}

pub async fn add_rule(conn: &mut AsyncPgConnection, row: &RuleRow) -> QueryResult<()> {
    diesel::insert_into(routing_rule::table)
        .values(row)
        .execute(conn)
        .await
        .map(drop)
}
