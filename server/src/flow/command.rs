//! What every command by staff begins with: the town as set up now, a transaction for it, and a person whose session and
//! grants were read in that transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::alert::model::Alert;
use super::alert::queries::lock;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, Role, Staff, permit};
use crate::people::queries::authorise_at;

/// A command that has begun. Nothing stays of it until its transaction is committed.
pub struct Command {
    /// Its transaction.
    pub tx: Tx,
    /// Who asks.
    pub staff: Staff,
    /// Their town.
    pub town: Arc<Town>,
    /// The present.
    pub now: DateTime<Utc>,
}

impl Command {
    /// Begins one.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] when the session ended.
    pub async fn begin(app: &App, token: StaffToken, now: DateTime<Utc>) -> Result<Self, Problem> {
        let mut catalogue = app.catalogue.get();
        for _ in 0..3 {
            let mut tx = app.db.begin(token.town).await?;
            let (staff, version) = authorise_at(&mut tx, token, now).await?;
            if version == catalogue.version {
                let town = catalogue.town(token.town).cloned();
                let town = town.ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
                return Ok(Self { tx, staff, town, now });
            }
            // Read anew over a connection of its own: with this one given back, the pool cannot run dry on a change.
            tx.rollback().await?;
            catalogue = app.catalogue.fresh(&app.db).await?;
        }
        Err(Problem::unavailable("the catalogue changes faster than it can be read"))
    }

    /// Locks an alert, asks the policy, and holds the version that the client read against it.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is none in the person's scope, [`Kind::Forbidden`], [`Kind::Stale`].
    pub async fn alert(
        &mut self,
        id: Uuid,
        operation: Operation,
        expected: Option<i32>,
    ) -> Result<(Alert, Role), Problem> {
        let alert = lock(&mut self.tx, id).await?;
        let role = permit(&self.staff, operation, &alert.target())?;
        current(&alert, expected)?;
        Ok((alert, role))
    }
}

/// Holds the version that the client read (`If-Match`) against the row.
///
/// # Errors
/// [`Kind::Stale`] when the alert has changed since.
pub fn current(alert: &Alert, expected: Option<i32>) -> Result<(), Problem> {
    if expected.is_some_and(|version| version != alert.version) {
        return Err(Problem::new(Kind::Stale).with("version", alert.version));
    }
    Ok(())
}
