//! SQL of uploads.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::LIFETIME;
use crate::db::Tx;
use crate::db::schema::{alert, photo, role_grant, task, upload, upload_piece};
use crate::flow::photo::model::{Refusal, Subject};
use crate::http::problem::Problem;

/// A photo on its way.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = upload)]
pub struct Upload {
    /// Id that the photo will have.
    pub id: Uuid,
    /// Report that it shows.
    pub report_id: Option<Uuid>,
    /// Alert whose repair it proves.
    pub alert_id: Option<Uuid>,
    /// Crew that sends it.
    pub crew_id: Option<Uuid>,
    /// Crew's action that names it and came before it.
    pub promised_by: Option<Uuid>,
    /// Bytes of it; none while it is only promised.
    pub length: Option<i32>,
    /// Bytes that are here.
    pub received: i32,
    /// Why it cannot be used.
    pub refusal: Option<String>,
    /// Who sends it.
    pub created_by: Option<Uuid>,
    /// When what is here is removed.
    pub expires_at: DateTime<Utc>,
}

impl Upload {
    /// What it is a photo of.
    #[must_use]
    pub const fn subject(&self) -> Option<Subject> {
        match (self.report_id, self.alert_id) {
            (Some(id), _) => Some(Subject::Report(id)),
            (None, Some(id)) => Some(Subject::Alert(id)),
            (None, None) => None,
        }
    }

    /// Whether every byte is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.length == Some(self.received)
    }
}

/// Notes the photos that a crew's action says will come. Those that are on their way already go on, as this action's unless
/// another promised them.
///
/// # Errors
/// When the database refuses.
pub async fn promise(
    tx: &mut Tx,
    alert_id: Uuid,
    photos: &[Uuid],
    action: Uuid,
    (by, crew_id): (Uuid, Uuid),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = tx.town();
    let row = |id: &Uuid| {
        (
            upload::jurisdiction_id.eq(town.0),
            upload::id.eq(*id),
            upload::alert_id.eq(alert_id),
            upload::crew_id.eq(crew_id),
            upload::promised_by.eq(action),
            upload::created_by.eq(by),
            upload::created_at.eq(now),
            upload::expires_at.eq(now + LIFETIME * 4),
        )
    };
    let rows: Vec<_> = photos.iter().map(row).collect();
    if !rows.is_empty() {
        let on_their_way = upload::jurisdiction_id.eq(town.0).and(upload::id.eq_any(photos));
        diesel::update(upload::table.filter(on_their_way))
            .filter(upload::alert_id.eq(alert_id).and(upload::promised_by.is_null()))
            .set(upload::promised_by.eq(action))
            .execute(&mut **tx)
            .await?;
        diesel::insert_into(upload::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Announces a photo of so many bytes that nobody has announced yet.
///
/// # Errors
/// When the database refuses.
pub async fn announce(
    tx: &mut Tx,
    id: Uuid,
    subject: Subject,
    length: i32,
    (by, crew_id): (Option<Uuid>, Option<Uuid>),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = tx.town();
    diesel::insert_into(upload::table)
        .values((
            upload::jurisdiction_id.eq(town.0),
            upload::id.eq(id),
            upload::report_id.eq(subject.report_id()),
            upload::alert_id.eq(subject.alert_id()),
            upload::crew_id.eq(crew_id),
            upload::length.eq(length),
            upload::created_by.eq(by),
            upload::created_at.eq(now),
            upload::expires_at.eq(now + LIFETIME),
        ))
        .on_conflict_do_nothing()
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What was promised begins now, for the alert that the promised one is by now.
///
/// # Errors
/// When the database refuses.
pub async fn begin(tx: &mut Tx, id: Uuid, subject: Subject, length: i32, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    diesel::update(upload::table.find((town.0, id)))
        .set((
            upload::alert_id.eq(subject.alert_id()),
            upload::length.eq(length),
            upload::expires_at.eq(now + LIFETIME),
        ))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Photos of a subject that are announced or promised, and cannot be seen to be useless yet.
///
/// # Errors
/// When the database refuses.
pub async fn coming(tx: &mut Tx, subject: Subject) -> Result<usize, Problem> {
    let town = tx.town();
    let count: i64 = upload::table
        .filter(upload::jurisdiction_id.eq(town.0).and(upload::refusal.is_null()))
        .filter(upload::report_id.is_not_distinct_from(subject.report_id()))
        .filter(upload::alert_id.is_not_distinct_from(subject.alert_id()))
        .count()
        .get_result(&mut **tx)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Whether two people go out with the same crew.
///
/// # Errors
/// When the database refuses.
pub async fn share_a_crew(tx: &mut Tx, one: Uuid, other: Uuid) -> Result<bool, Problem> {
    let town = tx.town();
    let crews = |person: Uuid| {
        role_grant::table
            .filter(
                role_grant::jurisdiction_id
                    .eq(town.0)
                    .and(role_grant::staff_user_id.eq(person)),
            )
            .filter(role_grant::role.eq("crew").and(role_grant::revoked_at.is_null()))
            .select(role_grant::crew_id)
    };
    let theirs: Vec<Option<Uuid>> = crews(other).load(&mut **tx).await?;
    let own: Vec<Option<Uuid>> = crews(one).load(&mut **tx).await?;
    Ok(own.iter().any(|crew| crew.is_some() && theirs.contains(crew)))
}

/// An upload, if it was announced.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Upload>, Problem> {
    let town = tx.town();
    let found = upload::table.find((town.0, id)).select(Upload::as_select());
    Ok(found.first(&mut **tx).await.optional()?)
}

/// The same, and nobody else writes to it until the transaction ends.
///
/// # Errors
/// When the database refuses.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Upload>, Problem> {
    let town = tx.town();
    let found = upload::table
        .find((town.0, id))
        .select(Upload::as_select())
        .for_update();
    Ok(found.first(&mut **tx).await.optional()?)
}

/// Adds a piece where the last one ended. The caller has locked the upload and knows that it fits.
///
/// # Errors
/// When the database refuses.
pub async fn add_piece(tx: &mut Tx, id: Uuid, starts_at: i32, bytes: &[u8], now: DateTime<Utc>) -> Result<(), Problem> {
    let town = tx.town();
    let ends_at = starts_at + i32::try_from(bytes.len()).map_err(Problem::internal)?;
    diesel::insert_into(upload_piece::table)
        .values((
            upload_piece::jurisdiction_id.eq(town.0),
            upload_piece::upload_id.eq(id),
            upload_piece::starts_at.eq(starts_at),
            upload_piece::bytes.eq(bytes),
        ))
        .execute(&mut **tx)
        .await?;
    diesel::update(upload::table.find((town.0, id)))
        .set((upload::received.eq(ends_at), upload::expires_at.eq(now + LIFETIME)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// All bytes that are here, in their order.
///
/// # Errors
/// When the database refuses.
pub async fn bytes(tx: &mut Tx, id: Uuid) -> Result<Vec<u8>, Problem> {
    let town = tx.town();
    let pieces: Vec<Vec<u8>> = upload_piece::table
        .filter(
            upload_piece::jurisdiction_id
                .eq(town.0)
                .and(upload_piece::upload_id.eq(id)),
        )
        .order(upload_piece::starts_at)
        .select(upload_piece::bytes)
        .load(&mut **tx)
        .await?;
    Ok(pieces.concat())
}

/// Forgets an upload and its bytes.
///
/// # Errors
/// When the database refuses.
pub async fn remove(tx: &mut Tx, id: Uuid) -> Result<(), Problem> {
    let town = tx.town();
    diesel::delete(upload::table.find((town.0, id)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Keeps why an upload cannot be used, and its bytes no longer.
///
/// # Errors
/// When the database refuses.
pub async fn refuse(tx: &mut Tx, id: Uuid, refusal: Refusal) -> Result<(), Problem> {
    let town = tx.town();
    let pieces = upload_piece::table.filter(
        upload_piece::jurisdiction_id
            .eq(town.0)
            .and(upload_piece::upload_id.eq(id)),
    );
    diesel::delete(pieces).execute(&mut **tx).await?;
    diesel::update(upload::table.find((town.0, id)))
        .set(upload::refusal.eq(refusal.as_str()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A photo that is there.
pub struct Ended {
    /// What it is of.
    pub subject: Subject,
    /// Its bytes as they were sent.
    pub length: i32,
    /// Who sent it.
    pub by: Option<Uuid>,
}

type EndedRow = (Option<Uuid>, Option<Uuid>, i32, Option<Uuid>);

/// The photo of an id, if it is there.
///
/// # Errors
/// When the database refuses.
pub async fn ended(tx: &mut Tx, id: Uuid) -> Result<Option<Ended>, Problem> {
    let town = tx.town();
    let found: Option<EndedRow> = photo::table
        .find((town.0, id))
        .select((
            photo::report_id,
            photo::alert_id,
            photo::original_bytes,
            photo::uploaded_by,
        ))
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(found.and_then(|(report, alert, length, by)| {
        let subject = report.map(Subject::Report).or(alert.map(Subject::Alert))?;
        Some(Ended { subject, length, by })
    }))
}

/// The alert that a task is about, or the one that it was merged into, and the task's crew.
///
/// # Errors
/// When the database refuses.
pub async fn task(tx: &mut Tx, id: Uuid) -> Result<Option<(Uuid, Uuid)>, Problem> {
    let town = tx.town();
    let found: Option<(Uuid, Uuid)> = task::table
        .find((town.0, id))
        .select((task::alert_id, task::crew_id))
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(match found {
        Some((alert, crew)) => Some((survivor(tx, alert).await?, crew)),
        None => None,
    })
}

/// The alert itself, or the one that it was merged into, however often.
///
/// # Errors
/// When the database refuses.
pub async fn survivor(tx: &mut Tx, mut alert_id: Uuid) -> Result<Uuid, Problem> {
    let town = tx.town();
    // A chain of merges ends: an alert is merged into one that stands.
    while let Some(next) = alert::table
        .find((town.0, alert_id))
        .select(alert::merged_into)
        .first::<Option<Uuid>>(&mut **tx)
        .await?
    {
        alert_id = next;
    }
    Ok(alert_id)
}

/// Removes what nobody went on with; the crew's action that promised each. What is whole stays: it was acknowledged.
///
/// # Errors
/// When the database refuses.
pub async fn expire(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Option<Uuid>>, Problem> {
    let town = tx.town();
    let old = upload::table
        .filter(upload::jurisdiction_id.eq(town.0).and(upload::expires_at.lt(now)))
        .filter(
            upload::length
                .is_null()
                .or(upload::length.ne(upload::received.nullable()))
                .or(upload::refusal.is_not_null()),
        );
    let removed = diesel::delete(old).returning(upload::promised_by);
    Ok(removed.get_results(&mut **tx).await?)
}

/// Uploads that are whole and did not become photos for a while: the store was away for longer than the job tried.
///
/// # Errors
/// When the database refuses.
pub async fn left_over(tx: &mut Tx, before: DateTime<Utc>) -> Result<Vec<Uuid>, Problem> {
    let town = tx.town();
    let whole = upload::table
        .filter(
            upload::jurisdiction_id
                .eq(town.0)
                .and(upload::expires_at.lt(before + LIFETIME)),
        )
        .filter(
            upload::length
                .eq(upload::received.nullable())
                .and(upload::refusal.is_null()),
        )
        .select(upload::id);
    Ok(whole.load(&mut **tx).await?)
}
