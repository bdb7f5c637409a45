//! What every command by staff reads first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::db::schema::{session, staff_user};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Role, Staff};

/// First statement of every command by staff: the session still runs, the person is not disabled, and these are the
/// grants, all read in the command's own transaction. A revoked session, role or tablet counts at once.
///
/// On a tablet only the grants of the role crew count: six digits in front of colleagues open no more than that.
///
/// # Errors
/// [`Kind::Unauthenticated`] when the session ended or belongs to another town than the transaction's.
pub async fn authorise(tx: &mut Tx, token: StaffToken, now: DateTime<Utc>) -> Result<Staff, Problem> {
    let refused = || Problem::new(Kind::Unauthenticated);
    if token.town != tx.town() {
        return Err(refused());
    }
    let town = tx.town();
    let alive = session::table
        .inner_join(staff_user::table)
        .filter(
            session::jurisdiction_id
                .eq(town.0)
                .and(session::id.eq(token.session_id)),
        )
        .filter(session::staff_user_id.eq(token.staff_user_id))
        .filter(session::ended_at.is_null().and(session::expires_at.gt(now)))
        .filter(
            staff_user::disabled_at
                .is_null()
                .and(staff_user::session_epoch.eq(token.epoch)),
        )
        .select(session::device_id)
        .first::<Option<Uuid>>(&mut **tx)
        .await
        .optional()?;
    let device_id = alive.ok_or_else(refused)?;
    let grants = super::staff::grants(tx, Some(token.staff_user_id)).await?;
    let counts = |role: Role| device_id.is_none() || role == Role::Crew;
    Ok(Staff {
        staff_user_id: token.staff_user_id,
        session_id: token.session_id,
        device_id,
        town,
        grants: grants
            .into_iter()
            .map(|row| row.grant)
            .filter(|grant| counts(grant.role))
            .collect(),
    })
}
