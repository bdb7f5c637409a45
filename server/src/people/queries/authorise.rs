//! What every command by staff reads first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::db::schema::{catalogue_version, role_grant, session, staff_user};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Grant, Role, Staff};

use super::staff::{GRANT_COLUMNS, GrantColumns, grant_row};

/// Version of the catalogue, the session's tablet, a grant.
type Row = (i64, Option<Uuid>, Option<GrantColumns>);

/// First statement of every command by staff: the session still runs, the person is not disabled, and these are the
/// grants, all read in the command's own transaction. A revoked session, role or tablet counts at once.
///
/// On a tablet only the grants of the role crew count: six digits in front of colleagues open no more than that.
///
/// # Errors
/// [`Kind::Unauthenticated`] when the session ended or belongs to another town than the transaction's.
pub async fn authorise(tx: &mut Tx, token: StaffToken, now: DateTime<Utc>) -> Result<Staff, Problem> {
    Ok(authorise_at(tx, token, now).await?.0)
}

/// The same, with the version of the catalogue that this transaction sees.
///
/// # Errors
/// As [`authorise`].
pub async fn authorise_at(tx: &mut Tx, token: StaffToken, now: DateTime<Utc>) -> Result<(Staff, i64), Problem> {
    let refused = || Problem::new(Kind::Unauthenticated);
    if token.town != tx.town() {
        return Err(refused());
    }
    let town = tx.town();
    let live_grants = role_grant::jurisdiction_id
        .eq(session::jurisdiction_id)
        .and(role_grant::staff_user_id.eq(session::staff_user_id))
        .and(role_grant::revoked_at.is_null());
    let rows: Vec<Row> = session::table
        .inner_join(staff_user::table)
        .left_join(role_grant::table.on(live_grants))
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
        .order((role_grant::granted_at, role_grant::id))
        .select((
            catalogue_version::table
                .select(catalogue_version::version)
                .single_value()
                .assume_not_null(),
            session::device_id,
            GRANT_COLUMNS.nullable(),
        ))
        .load(&mut **tx)
        .await?;
    let Some(&(version, device_id, _)) = rows.as_slice().first() else {
        return Err(refused());
    };
    let counts = |grant: &Grant| device_id.is_none() || grant.role == Role::Crew;
    let grants: Result<Vec<_>, _> = rows
        .into_iter()
        .filter_map(|(.., grant)| grant)
        .map(grant_row)
        .collect();
    let staff = Staff {
        staff_user_id: token.staff_user_id,
        session_id: token.session_id,
        device_id,
        town,
        grants: grants?.into_iter().map(|row| row.grant).filter(counts).collect(),
    };
    Ok((staff, version))
}
