//! The directory of ids that clients hold: unique for ever, and each leads to its town.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::schema::public_id;
use super::{Db, TownId};
use crate::http::problem::{Kind, Problem};

/// The town of an id that a client holds; a kind mismatch is as unknown as an unknown id.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn town_of(db: &Db, id: Uuid, kind: &str) -> Result<TownId, Problem> {
    let mut conn = db.conn().await?;
    let found: Option<i32> = public_id::table
        .filter(public_id::id.eq(id).and(public_id::kind.eq(kind)))
        .select(public_id::jurisdiction_id)
        .first(&mut conn)
        .await
        .optional()?;
    found.map(TownId).ok_or_else(|| Problem::new(Kind::NotFound))
}
