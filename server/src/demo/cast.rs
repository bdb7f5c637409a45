//! Who does the demo's work: one person for each service, crew and desk, each in a session of their own, so that the
//! history says who did what.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use uuid::Uuid;
use vigie_fixtures as invented;

use crate::app::App;
use crate::audit::Actor;
use crate::catalog::model::Town;
use crate::db::TownId;
use crate::flow::status::event::By;
use crate::http::client::Client;
use crate::http::limits::Tally;
use crate::people::policy::Role;
use crate::people::queries::staff::by_email;
use crate::people::session::{self, Mint, Opening};
use crate::text::Locale;

/// Somebody at work.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Account.
    pub user: Uuid,
    /// Session.
    pub session: Uuid,
    /// In which role.
    pub role: Role,
}

impl Person {
    /// As who takes a step.
    #[must_use]
    pub fn by(self, action: &str, historic: bool) -> By<'_> {
        By {
            actor: Actor::Staff {
                staff_user_id: self.user,
                session_id: self.session,
            },
            role: self.role.as_str(),
            historic,
            ..By::system(action)
        }
    }

    /// As who enters a report.
    #[must_use]
    pub const fn enters(self, town: TownId) -> (TownId, Uuid, Uuid) {
        (town, self.user, self.session)
    }
}

/// Everybody.
pub struct Cast {
    /// Enters what callers and visitors say.
    pub desk: Person,
    /// Plans the day.
    pub supervisor: Person,
    /// Secretariats, by service.
    secretariats: BTreeMap<Uuid, Person>,
    /// Crews' people, by crew.
    crews: BTreeMap<Uuid, Person>,
}

impl Cast {
    /// Signs everybody in at `now`.
    ///
    /// # Errors
    /// When the demo's staff is not there, or the database refuses.
    pub async fn sign_in(
        app: &App,
        town: &Town,
        staff: &[invented::StaffUser],
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let service = |code: &String| town.services.values().find(|entry| entry.code == *code);
        let crew = |code: &String| town.crews.values().find(|entry| entry.code == *code);
        let (mut desk, mut supervisor) = (None, None);
        let (mut secretariats, mut crews) = (BTreeMap::new(), BTreeMap::new());
        for user in staff {
            match user.role {
                invented::Role::FrontDesk if desk.is_none() => desk = Some(open(app, town, user, now).await?),
                invented::Role::Supervisor if supervisor.is_none() => {
                    supervisor = Some(open(app, town, user, now).await?);
                }
                invented::Role::Secretariat => {
                    if let Some(service) = user.service.as_ref().and_then(service) {
                        secretariats.insert(service.id, open(app, town, user, now).await?);
                    }
                }
                invented::Role::Crew => {
                    if let Some(crew) = user.crew.as_ref().and_then(crew)
                        && !crews.contains_key(&crew.id)
                    {
                        crews.insert(crew.id, open(app, town, user, now).await?);
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            desk: desk.context("the demo town has no front desk")?,
            supervisor: supervisor.context("the demo town has no supervisor")?,
            secretariats,
            crews,
        })
    }

    /// Who answers for a service.
    #[must_use]
    pub fn secretariat(&self, service: Uuid) -> Person {
        self.secretariats.get(&service).copied().unwrap_or(self.supervisor)
    }

    /// Who goes out with a crew.
    #[must_use]
    pub fn crew(&self, crew: Uuid) -> Person {
        self.crews.get(&crew).copied().unwrap_or(self.supervisor)
    }
}

async fn open(app: &App, town: &Town, user: &invented::StaffUser, now: DateTime<Utc>) -> anyhow::Result<Person> {
    let mut tx = app.db.begin(town.id).await?;
    let person = by_email(&mut tx, &user.email).await?;
    let person = person.with_context(|| format!("{} is not on the staff", user.email))?;
    let client = Client {
        locale: Locale::default(),
        address: None,
        device: None,
        request_id: "demo".to_owned(),
        tally: Tally::default(),
    };
    let opening = Opening {
        person: person.id,
        epoch: person.session_epoch,
        device_id: None,
        client: &client,
    };
    let tokens = session::open(&mut tx, Mint::of(app), opening, now).await?;
    tx.commit().await?;
    Ok(Person {
        user: person.id,
        session: tokens.session_id,
        role: super::people::role(user.role),
    })
}
