//! Installs a town, or brings an installed one to what its file says now.
//!
//! Everything is checked first and every fault is named; then everything is written in one transaction. What has the same
//! code is updated and keeps its identity, so that installing again changes nothing but what the file changed.

mod check;
mod export;
mod queries;
mod rows;
#[cfg(test)]
#[path = "install_tests.rs"]
mod tests;

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use super::town_file::TownFile;
use crate::audit::{self, Actor, Entry};
use crate::db::TownId;
use crate::http::problem::Problem;

pub use check::check;
pub use export::export;

/// Something wrong in a town file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, e.g. `categories[3].service`.
    pub path: String,
    /// What is wrong and what is expected.
    pub complaint: String,
}

/// Everything wrong in a town file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the town file has {} fault(s):", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|fault| write!(f, "\n  {}: {}", fault.path, fault.complaint))
    }
}

impl std::error::Error for Faults {}

/// Why a town was not installed; nothing of it stays then.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file is wrong.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] Problem),
}

impl From<diesel::result::Error> for InstallError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Reads a town file.
///
/// # Errors
/// The first place whose form is wrong.
pub fn read(json: &str) -> Result<TownFile, Faults> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        Faults(vec![Fault {
            path,
            complaint: error.into_inner().to_string(),
        }])
    })
}

/// Installs or updates a town over a connection with the application's rights, outside any transaction.
///
/// # Errors
/// Every fault of the file together, or what the database refused.
pub async fn install(
    conn: &mut AsyncPgConnection,
    file: &TownFile,
    now: DateTime<Utc>,
) -> Result<TownId, InstallError> {
    let faults = check(file);
    if !faults.0.is_empty() {
        return Err(faults.into());
    }
    conn.transaction(async |conn| write(conn, file, now).await).await
}

/// Identities by code, of what is there and of what comes.
type Ids = HashMap<String, Uuid>;

async fn write(conn: &mut AsyncPgConnection, file: &TownFile, now: DateTime<Utc>) -> Result<TownId, InstallError> {
    let town = queries::put_jurisdiction(conn, &rows::jurisdiction(file)).await?;
    queries::set_town(conn, town).await?;
    let mut sectors = queries::sector_ids(conn, town).await?;
    for entry in &file.sectors {
        let row = rows::sector(town, id_of(&mut sectors, &entry.code), entry);
        queries::put_sector(conn, &row).await?;
    }
    let mut bodies = queries::body_ids(conn, town).await?;
    for entry in &file.bodies {
        let row = rows::body(town, id_of(&mut bodies, &entry.code), entry);
        queries::put_body(conn, &row).await?;
    }
    let mut services = queries::service_ids(conn, town).await?;
    for entry in &file.services {
        let row = rows::service(town, id_of(&mut services, &entry.code), entry)?;
        queries::put_service(conn, &row).await?;
    }
    queries::set_default_service(conn, town, id_of(&mut services, &file.default_service)).await?;
    let mut known = Known {
        crews: queries::crew_ids(conn, town).await?,
        categories: queries::category_ids(conn, town).await?,
        sectors,
        bodies,
        services,
    };
    write_crews(conn, town, file, &mut known).await?;
    write_categories(conn, town, file, &mut known).await?;
    write_routing(conn, town, file, &known).await?;
    let entry = Entry {
        actor: &Actor::System,
        action: "install_town",
        entity: "jurisdiction",
        entity_id: None,
        detail: serde_json::json!({"slug": file.slug}),
        request_id: None,
    };
    audit::record(conn, town, &entry, now).await?;
    Ok(town)
}

/// Identities of everything that codes may name.
struct Known {
    sectors: Ids,
    bodies: Ids,
    services: Ids,
    crews: Ids,
    categories: Ids,
}

async fn write_crews(
    conn: &mut AsyncPgConnection,
    town: TownId,
    file: &TownFile,
    known: &mut Known,
) -> Result<(), InstallError> {
    let codes: Vec<&str> = file.crews.iter().map(|entry| entry.code.as_str()).collect();
    queries::retire_crews(conn, town, &codes).await?;
    for entry in &file.crews {
        let id = id_of(&mut known.crews, &entry.code);
        queries::put_crew(conn, &rows::crew(town, id, entry, known)?).await?;
    }
    Ok(())
}

async fn write_categories(
    conn: &mut AsyncPgConnection,
    town: TownId,
    file: &TownFile,
    known: &mut Known,
) -> Result<(), InstallError> {
    let codes: Vec<&str> = file.categories.iter().map(|entry| entry.code.as_str()).collect();
    queries::retire_categories(conn, town, &codes).await?;
    let policies = queries::policies(conn, town).await?;
    queries::clear_gates(conn, town).await?;
    for (position, entry) in (0..).zip(&file.categories) {
        let id = id_of(&mut known.categories, &entry.code);
        let row = rows::category(town, id, position, entry, known, policies.get(&id))?;
        queries::put_category(conn, &row).await?;
        for gate in &entry.gates {
            queries::add_gate(conn, &rows::gate(town, id, gate, known)?).await?;
        }
    }
    Ok(())
}

async fn write_routing(
    conn: &mut AsyncPgConnection,
    town: TownId,
    file: &TownFile,
    known: &Known,
) -> Result<(), InstallError> {
    queries::clear_routing(conn, town).await?;
    // The first of the file has the highest rank.
    for (rank, entry) in (0..).zip(file.routing.iter().rev()) {
        queries::add_rule(conn, &rows::rule(town, rank, entry, known)?).await?;
    }
    Ok(())
}

fn id_of(ids: &mut Ids, code: &str) -> Uuid {
    *ids.entry(code.to_owned()).or_insert_with(Uuid::now_v7)
}
