//! SQL of the photos that prove a repair.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{photo, status_event};
use crate::flow::status::vocabulary::Step;
use crate::http::problem::Problem;

/// A photo that somebody sent as proof of a repair.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = photo)]
pub struct Proof {
    /// Identity.
    pub id: Uuid,
    /// Action that named it first, if one did.
    pub action_id: Option<Uuid>,
    /// When it was received.
    pub uploaded_at: DateTime<Utc>,
}

/// The photos that were ever sent as proofs of an alert's repairs, refused ones left out.
///
/// # Errors
/// When the database refuses.
pub async fn of_alert(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<Proof>, Problem> {
    let town = tx.town();
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::alert_id.eq(alert_id)))
        .filter(photo::kind.eq("proof").and(photo::state.ne("refused")))
        .select(Proof::as_select());
    Ok(found.load(&mut **tx).await?)
}

/// When an alert was last given to a crew; none: never.
///
/// # Errors
/// When the database refuses.
pub async fn dispatched_at(tx: &mut Tx, alert_id: Uuid) -> Result<Option<DateTime<Utc>>, Problem> {
    let town = tx.town();
    let given = status_event::table
        .filter(
            status_event::jurisdiction_id
                .eq(town.0)
                .and(status_event::alert_id.eq(alert_id)),
        )
        .filter(status_event::step.eq(Step::Dispatch.as_str()))
        .select(max(status_event::at));
    Ok(given.first(&mut **tx).await?)
}
