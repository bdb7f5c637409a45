//! What an admin may give and take: the rules of grants, and how somebody's rights end, in the admin's town and nowhere
//! else.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::offers;
use super::policy::{self, Grant, Operation, Role, Staff};
use super::queries::session::{self as sessions, EndReason, Which};
use super::queries::staff::{self as rows, Ends, GrantRow};
use super::staff::{Origin, note};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::http::problem::{FieldErrors, Kind, Problem};

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;

/// Lets through who manages the people of the whole town. An admin of one service would otherwise give themselves the
/// others.
///
/// # Errors
/// [`Kind::Forbidden`].
pub fn require_town_admin(staff: &Staff) -> Result<(), Problem> {
    policy::permit_any(staff, Operation::ManagePeople)?;
    let whole_town = |grant: &Grant| {
        policy::reach(grant.role, Operation::ManagePeople) != policy::Reach::No
            && grant.service_id.is_none()
            && grant.sector_id.is_none()
    };
    if staff.grants.iter().any(whole_town) {
        Ok(())
    } else {
        Err(Problem::new(Kind::Forbidden))
    }
}

/// Notes what is wrong with grants for this town; `at` names the field of a grant's part.
pub fn check(errors: &mut FieldErrors, town: &Town, grants: &[Grant], at: impl Fn(usize, &str) -> String) {
    for (place, grant) in grants.iter().enumerate() {
        let mut wrong = |part: &str, code| errors.add(at(place, part), code);
        if matches!(grant.role, Role::Contractor | Role::Signatory | Role::Dpo) {
            wrong("role", "role_reserved");
        }
        if (grant.role == Role::Crew) != grant.crew_id.is_some() {
            wrong("crew_id", "crew_needed");
        } else if grant.crew_id.is_some_and(|id| !town.crews.contains_key(&id)) {
            wrong("crew_id", "unknown_crew");
        }
        if grant.service_id.is_some_and(|id| !town.services.contains_key(&id)) {
            wrong("service_id", "unknown_service");
        }
        let is_sector = |id: Uuid| town.sectors.iter().any(|sector| sector.id == id);
        if grant.sector_id.is_some_and(|id| !is_sector(id)) {
            wrong("sector_id", "unknown_sector");
        }
    }
}

/// The live grants of a person of this town.
///
/// # Errors
/// [`Kind::NotFound`] when they have none: people of other towns do not exist here.
pub async fn held(tx: &mut Tx, person: Uuid) -> Result<Vec<GrantRow>, Problem> {
    let held = rows::grants(tx, Some(person)).await?;
    if held.is_empty() {
        return Err(Problem::new(Kind::NotFound));
    }
    Ok(held)
}

/// Takes a grant away. The person's sessions in this town end: what they may do here has changed. Those in other towns go
/// on.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] with `reason` = `last_admin` when nobody else could give it back.
pub async fn revoke(
    tx: &mut Tx,
    person: Uuid,
    grant: Uuid,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let admins = rows::lock_admins(tx).await?;
    let held = held(tx, person).await?;
    let row = held.iter().find(|row| row.id == grant);
    let row = row.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let left: Vec<Uuid> = admins
        .iter()
        .filter(|(id, _)| *id != grant)
        .map(|(_, person)| *person)
        .collect();
    keep_an_admin(&admins, &left)?;
    // Locked first: a session that is just being opened is ended too, or opens without the grant.
    rows::lock(tx, person).await?;
    rows::revoke(tx, Ends::Grant(grant), now).await?;
    sessions::end(tx, Which::OfPerson(person), EndReason::Revoked, now).await?;
    let detail = json!({"grant_id": grant, "grant": row.grant});
    note(tx, origin, "revoke_grant", person, detail, now).await
}

/// Somebody leaves: their grants, sessions and open offers in this town end. Their account is closed, unless they work for
/// another town too: there nothing changes.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] with `reason` = `last_admin`.
pub async fn disable(tx: &mut Tx, person: Uuid, origin: Origin<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    let admins = rows::lock_admins(tx).await?;
    let held = held(tx, person).await?;
    let left: Vec<Uuid> = admins.iter().map(|(_, id)| *id).filter(|id| *id != person).collect();
    keep_an_admin(&admins, &left)?;
    rows::lock(tx, person).await?;
    rows::revoke(tx, Ends::OfPerson(person), now).await?;
    sessions::end(tx, Which::OfPerson(person), EndReason::Disabled, now).await?;
    offers::withdraw_all(tx, person, origin, now).await?;
    let elsewhere = !rows::towns_of(tx, person).await?.is_empty();
    if !elsewhere {
        rows::disable(tx, person, now).await?;
        rows::next_epoch(tx, person).await?;
    }
    let grants: Vec<Uuid> = held.iter().map(|row| row.id).collect();
    note(tx, origin, "disable_staff", person, json!({"grant_ids": grants}), now).await
}

/// A town that had an admin keeps one. `before`: (grant, person) of all admins; `left`: who would remain.
fn keep_an_admin(before: &[(Uuid, Uuid)], left: &[Uuid]) -> Result<(), Problem> {
    if !before.is_empty() && left.is_empty() {
        return Err(Problem::new(Kind::Conflict).with("reason", "last_admin"));
    }
    Ok(())
}
