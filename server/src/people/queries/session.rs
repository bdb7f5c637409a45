//! SQL on `session`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::session;
use crate::http::problem::Problem;

/// A session.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = session)]
pub struct SessionRow {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Person.
    pub staff_user_id: Uuid,
    /// Tablet.
    pub device_id: Option<Uuid>,
    /// Hash of the refresh token in force.
    pub token_hash: Vec<u8>,
    /// Hash of the one before.
    pub previous_hash: Option<Vec<u8>>,
    /// When the one in force was made.
    pub rotated_at: DateTime<Utc>,
    /// Sign-in.
    pub started_at: DateTime<Utc>,
    /// Absolute end.
    pub expires_at: DateTime<Utc>,
    /// When it ended before that.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// Password, PIN or rights changed.
    Revoked,
    /// A refresh token was copied.
    Reuse,
    /// The tablet was lost or retired.
    DeviceRevoked,
    /// The person no longer works here.
    Disabled,
}

impl EndReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::Reuse => "reuse",
            Self::DeviceRevoked => "device_revoked",
            Self::Disabled => "disabled",
        }
    }
}

/// Which sessions of the town end.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// One.
    One(Uuid),
    /// All of a person.
    OfPerson(Uuid),
    /// All of a person but this one.
    OtherThan {
        /// Person.
        person: Uuid,
        /// The one that goes on.
        kept: Uuid,
    },
    /// A person's on tablets.
    OnTabletsOf(Uuid),
    /// All on a tablet.
    OnDevice(Uuid),
}

/// Adds a session.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut Tx, row: &SessionRow) -> Result<(), Problem> {
    diesel::insert_into(session::table)
        .values(row)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A session, locked: two refreshes with one token come one after the other.
///
/// # Errors
/// When the database refuses.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<SessionRow>, Problem> {
    let row = session::table
        .filter(session::jurisdiction_id.eq(tx.town().0).and(session::id.eq(id)))
        .select(SessionRow::as_select())
        .for_update();
    Ok(row.first(&mut **tx).await.optional()?)
}

/// Puts a new refresh token in force.
///
/// # Errors
/// When the database refuses.
pub async fn rotate(
    tx: &mut Tx,
    id: Uuid,
    token_hash: Vec<u8>,
    previous_hash: Option<Vec<u8>>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let row = session::table.filter(session::jurisdiction_id.eq(tx.town().0).and(session::id.eq(id)));
    diesel::update(row)
        .set((
            session::token_hash.eq(token_hash),
            session::previous_hash.eq(previous_hash),
            session::rotated_at.eq(now),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends running sessions; how many.
///
/// # Errors
/// When the database refuses.
pub async fn end(tx: &mut Tx, which: Which, reason: EndReason, now: DateTime<Utc>) -> Result<usize, Problem> {
    let mut rows = diesel::update(session::table)
        .filter(
            session::jurisdiction_id
                .eq(tx.town().0)
                .and(session::ended_at.is_null()),
        )
        .set((
            session::ended_at.eq(Some(now)),
            session::end_reason.eq(Some(reason.as_str())),
        ))
        .into_boxed();
    rows = match which {
        Which::One(id) => rows.filter(session::id.eq(id)),
        Which::OfPerson(person) => rows.filter(session::staff_user_id.eq(person)),
        Which::OtherThan { person, kept } => rows
            .filter(session::staff_user_id.eq(person))
            .filter(session::id.ne(kept)),
        Which::OnTabletsOf(person) => rows
            .filter(session::staff_user_id.eq(person))
            .filter(session::device_id.is_not_null()),
        Which::OnDevice(device) => rows.filter(session::device_id.eq(device)),
    };
    Ok(rows.execute(&mut **tx).await?)
}
