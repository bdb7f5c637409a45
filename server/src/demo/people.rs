//! The demo's staff: each role of the town, with passwords that are no secret.

use anyhow::Context;
use chrono::{DateTime, Utc};
use vigie_fixtures as invented;

use crate::app::App;
use crate::db::TownId;
use crate::http::problem::FieldErrors;
use crate::people::policy::{Grant, Role};
use crate::people::staff::{NewPerson, Origin, create, prepare};
use crate::text::Locale;

/// Everybody's password in the demo.
pub const PASSWORD: &str = "goelands-sur-le-toit";
/// Every crew member's PIN in the demo.
pub const PIN: &str = "739164";

/// What to sign in with, for whoever tries the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Role, for the reader.
    pub role: &'static str,
    /// Name to sign in with.
    pub email: String,
    /// Code of the crew, for somebody who also has the PIN.
    pub crew: Option<String>,
}

/// One account of each role, in the order of the flow.
#[must_use]
pub fn accounts(town: &invented::Town) -> Vec<Account> {
    let order = [
        invented::Role::FrontDesk,
        invented::Role::Supervisor,
        invented::Role::Secretariat,
        invented::Role::Crew,
        invented::Role::Admin,
    ];
    let first = |role: invented::Role| town.staff.iter().find(|user| user.role == role);
    let account = |user: &invented::StaffUser| Account {
        role: role(user.role).as_str(),
        email: user.email.clone(),
        crew: user.crew.clone().filter(|_| user.role == invented::Role::Crew),
    };
    order.into_iter().filter_map(first).map(account).collect()
}

/// Adds the staff; who is there already keeps what they have.
///
/// # Errors
/// When the database refuses, or a person names a service, sector or crew that the town has not.
pub async fn add(app: &App, town: TownId, staff: &[invented::StaffUser], now: DateTime<Utc>) -> anyhow::Result<()> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let known = catalogue.town(town).context("the town was installed just now")?;
    for user in staff {
        let crew = user.role == invented::Role::Crew;
        let person = NewPerson {
            email: user.email.clone(),
            name: user.display_name.clone(),
            locale: Locale::from_tag(&user.locale).unwrap_or_default(),
            password: Some(PASSWORD.to_owned()),
            pin: crew.then(|| PIN.to_owned()),
        };
        let person = prepare(&app.passwords, person, FieldErrors::default()).await?;
        let service = |code: &String| known.services.values().find(|entry| entry.code == *code);
        let sector = |code: &String| known.sectors.iter().find(|entry| entry.code == *code);
        let team = |code: &String| known.crews.values().find(|entry| entry.code == *code);
        let grant = Grant {
            role: role(user.role),
            service_id: user.service.as_ref().and_then(service).map(|entry| entry.id),
            sector_id: user.sector.as_ref().and_then(sector).map(|entry| entry.id),
            crew_id: user.crew.as_ref().and_then(team).map(|entry| entry.id),
        };
        let mut tx = app.db.begin(town).await?;
        create(&mut tx, &person, &[grant], Origin::OPERATOR, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

pub(super) const fn role(role: invented::Role) -> Role {
    match role {
        invented::Role::Crew => Role::Crew,
        invented::Role::FrontDesk => Role::FrontDesk,
        invented::Role::Secretariat => Role::Secretariat,
        invented::Role::Supervisor => Role::Supervisor,
        invented::Role::Admin => Role::Admin,
    }
}
