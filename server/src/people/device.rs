//! Tablets that crews share: announced by a supervisor, enrolled with a short code, lost and revoked.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::json;
use uuid::Uuid;

use super::credentials::MAX_NAME;
use super::policy::{self, Operation, Staff, Target};
use super::queries::device::{self as rows, DeviceRow};
use super::queries::session::{self, EndReason, Which};
use super::staff::Origin;
use crate::auth::secret::{digest, matches, random_token};
use crate::catalog::model::Town;
use crate::db::{TownId, Tx};
use crate::http::problem::{FieldErrors, Kind, Problem};

#[cfg(test)]
#[path = "device_tests.rs"]
mod tests;

/// How long an enrolment code is good for.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Lets secret scanners recognise a tablet's secret.
const SECRET_PREFIX: &str = "vdv_";

/// An enrolment code: the town's number and 40 random bits, `3-K7QA-M2XP`. Said and typed by people, good for minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// Town of the tablet.
    pub town: TownId,
    symbols: String,
}

impl EnrolmentCode {
    /// A fresh code.
    ///
    /// # Errors
    /// [`Kind::Internal`] when the system has no randomness.
    pub fn random(town: TownId) -> Result<Self, Problem> {
        let mut bits = [0_u8; 5];
        getrandom::fill(&mut bits).map_err(Problem::internal)?;
        Ok(Self {
            town,
            symbols: BASE32_NOPAD.encode(&bits),
        })
    }

    /// Reads what somebody typed: any case, blanks and dashes anywhere behind the town's number, 0, 1 and 8 for the
    /// letters they resemble.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (town, rest) = text.trim().split_once(['-', ' '])?;
        let symbols: String = rest
            .chars()
            .filter(|c| !matches!(c, '-' | ' '))
            .map(|c| match c.to_ascii_uppercase() {
                '0' => 'O',
                '1' => 'I',
                '8' => 'B',
                other => other,
            })
            .collect();
        let is_code = BASE32_NOPAD
            .decode(symbols.as_bytes())
            .is_ok_and(|bits| bits.len() == 5);
        is_code.then_some(Self {
            town: TownId(town.parse().ok()?),
            symbols,
        })
    }

    fn hash(&self) -> Vec<u8> {
        digest(self.to_string().as_bytes())
    }
}

impl std::fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, second) = self.symbols.split_at_checked(4).unwrap_or((&self.symbols, ""));
        write!(f, "{}-{first}-{second}", self.town.0)
    }
}

/// A tablet's secret: which tablet of which town, and 128 random bits.
pub struct DeviceSecret {
    /// Town.
    pub town: TownId,
    /// Tablet.
    pub device_id: Uuid,
    text: String,
}

impl DeviceSecret {
    /// A fresh secret.
    ///
    /// # Errors
    /// [`Kind::Internal`] when the system has no randomness.
    pub fn random(town: TownId, device_id: Uuid) -> Result<Self, Problem> {
        let place = [town.0.to_be_bytes().as_slice(), device_id.as_bytes()].concat();
        let text = format!("{SECRET_PREFIX}{}.{}", BASE64URL_NOPAD.encode(&place), random_token()?);
        Ok(Self { town, device_id, text })
    }

    /// Reads a secret; whether it is the tablet's, the database knows.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] when it is none of ours.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let parts = text.strip_prefix(SECRET_PREFIX).and_then(|rest| rest.split_once('.'));
        let place = parts.and_then(|(place, _)| BASE64URL_NOPAD.decode(place.as_bytes()).ok());
        let place: Option<[u8; 20]> = place.and_then(|bytes| bytes.try_into().ok());
        let Some([t0, t1, t2, t3, device @ ..]) = place else {
            return Err(Problem::new(Kind::Unauthenticated));
        };
        Ok(Self {
            town: TownId(i32::from_be_bytes([t0, t1, t2, t3])),
            device_id: Uuid::from_bytes(device),
            text: text.to_owned(),
        })
    }

    /// The text that the tablet keeps.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// What a tablet belongs to, for the policy: its crew's service and sector.
#[must_use]
pub fn target(town: &Town, crew_id: Option<Uuid>) -> Target {
    let crew = crew_id.and_then(|id| town.crews.get(&id));
    Target {
        service_id: crew.map(|crew| crew.service_id),
        sector_id: crew.and_then(|crew| crew.sector_id),
        crew_id,
        entered_by: None,
    }
}

/// Announces a tablet for a crew.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Forbidden`], or [`Kind::NotFound`] for a crew outside the caller's scope.
pub async fn announce(
    tx: &mut Tx,
    town: &Town,
    staff: &Staff,
    name: &str,
    crew_id: Uuid,
    request_id: &str,
    now: DateTime<Utc>,
) -> Result<(Uuid, EnrolmentCode), Problem> {
    policy::permit_any(staff, Operation::ManageDevices)?;
    check(town, name, crew_id)?;
    policy::permit(staff, Operation::ManageDevices, &target(town, Some(crew_id)))?;
    let actor = staff.actor();
    let origin = Origin {
        actor: &actor,
        request_id: Some(request_id),
    };
    insert(tx, staff.staff_user_id, name, crew_id, origin, now).await
}

/// Announces a tablet by the operator's command, in the name of a person of the town.
///
/// # Errors
/// [`Kind::Invalid`].
pub async fn announce_by_operator(
    tx: &mut Tx,
    town: &Town,
    by: Uuid,
    name: &str,
    crew_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(Uuid, EnrolmentCode), Problem> {
    check(town, name, crew_id)?;
    insert(tx, by, name, crew_id, Origin::OPERATOR, now).await
}

fn check(town: &Town, name: &str, crew_id: Uuid) -> Result<(), Problem> {
    let name = name.trim();
    let mut errors = FieldErrors::default();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        errors.add("name", "name_length");
    }
    if !town.crews.get(&crew_id).is_some_and(|crew| crew.active) {
        errors.add("crew_id", "unknown_crew");
    }
    errors.check(())
}

async fn insert(
    tx: &mut Tx,
    by: Uuid,
    name: &str,
    crew_id: Uuid,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(Uuid, EnrolmentCode), Problem> {
    let (id, code) = (Uuid::now_v7(), EnrolmentCode::random(tx.town())?);
    let row = rows::NewRow {
        jurisdiction_id: tx.town().0,
        id,
        name: name.trim(),
        crew_id,
        code_hash: code.hash(),
        code_expires_at: now + CODE_LIFETIME,
        created_by: by,
        created_at: now,
    };
    rows::insert(tx, &row).await?;
    origin
        .note(tx, "announce_device", ("device", id), json!({"crew_id": crew_id}), now)
        .await?;
    Ok((id, code))
}

/// Enrols the tablet that shows its code, once.
///
/// # Errors
/// [`Kind::WrongCredentials`] for a wrong, used or old code.
pub async fn enrol(
    tx: &mut Tx,
    code: &EnrolmentCode,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(DeviceRow, DeviceSecret), Problem> {
    let waiting = rows::waiting_for(tx, &code.hash(), now).await?;
    let device = waiting.ok_or_else(|| Problem::new(Kind::WrongCredentials))?;
    let secret = DeviceSecret::random(tx.town(), device.id)?;
    rows::enrol(tx, device.id, digest(secret.text.as_bytes()), now).await?;
    origin
        .note(tx, "enrol_device", ("device", device.id), json!({}), now)
        .await?;
    Ok((device, secret))
}

/// The enrolled tablet that shows its secret.
///
/// # Errors
/// [`Kind::Unauthenticated`]; with `reason` = `device_revoked` when the secret is right but the tablet was revoked, so
/// that it forgets what it holds.
pub async fn authenticate(tx: &mut Tx, secret: &DeviceSecret) -> Result<DeviceRow, Problem> {
    let refused = Problem::new(Kind::Unauthenticated);
    let Some(device) = rows::find(tx, secret.device_id).await? else {
        return Err(refused);
    };
    let is_its = |stored: &Vec<u8>| matches(secret.text.as_bytes(), stored);
    if !device.secret_hash.as_ref().is_some_and(is_its) {
        return Err(refused);
    }
    if device.revoked_at.is_some() {
        return Err(refused.with("reason", "device_revoked"));
    }
    Ok(device)
}

/// Revokes a lost or retired tablet: sessions on it end at once. Repeating it changes nothing.
///
/// # Errors
/// [`Kind::Forbidden`], or [`Kind::NotFound`] outside the caller's scope.
pub async fn revoke(
    tx: &mut Tx,
    town: &Town,
    staff: &Staff,
    id: Uuid,
    request_id: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    policy::permit_any(staff, Operation::ManageDevices)?;
    let device = rows::lock(tx, id).await?;
    policy::permit(staff, Operation::ManageDevices, &target(town, device.crew_id))?;
    if device.revoked_at.is_some() {
        return Ok(());
    }
    rows::revoke(tx, id, now).await?;
    let ended = session::end(tx, Which::OnDevice(id), EndReason::DeviceRevoked, now).await?;
    let actor = staff.actor();
    let origin = Origin {
        actor: &actor,
        request_id: Some(request_id),
    };
    origin
        .note(tx, "revoke_device", ("device", id), json!({"sessions": ended}), now)
        .await
}
