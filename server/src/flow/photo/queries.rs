//! SQL of the photo stage, and the little that it must know of the report or alert that a photo belongs to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decode::Derived;
use super::model::{Photo, Received, Refusal, Subject};
use crate::db::TownId;
use crate::db::schema::{alert, follower, photo, public_id, report};
use crate::http::problem::Problem;
use crate::people::policy::Target;

/// Reads a photo.
///
/// # Errors
/// When the database refuses.
pub async fn find(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Option<Photo>, Problem> {
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq(id)))
        .select(Photo::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// The photos of a report, in the order in which they came, refused ones too.
///
/// # Errors
/// When the database refuses.
pub async fn of_report(conn: &AsyncPgConnection, town: TownId, report_id: Uuid) -> Result<Vec<Photo>, Problem> {
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::report_id.eq(report_id)))
        .order((photo::uploaded_at, photo::id))
        .select(Photo::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// The photos of an alert: those of the reports that belong to it now, and its proofs.
///
/// # Errors
/// When the database refuses.
pub async fn of_alert(conn: &AsyncPgConnection, town: TownId, alert_id: Uuid) -> Result<Vec<Photo>, Problem> {
    let reports = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::alert_id.eq(alert_id)))
        .select(report::id.nullable());
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0))
        .filter(photo::alert_id.eq(alert_id).or(photo::report_id.eq_any(reports)))
        .order((photo::uploaded_at, photo::id))
        .select(Photo::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// The photo of a subject that has these bytes, if one was taken in before.
///
/// # Errors
/// When the database refuses.
pub async fn same_bytes(
    conn: &AsyncPgConnection,
    town: TownId,
    subject: Subject,
    sha256: &[u8],
) -> Result<Option<Photo>, Problem> {
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::sha256.eq(sha256)))
        .filter(photo::report_id.is_not_distinct_from(subject.report_id()))
        .filter(photo::alert_id.is_not_distinct_from(subject.alert_id()))
        .order(photo::id)
        .select(Photo::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Takes an id for ever; whether it was free. Waits for another transaction that is just taking it.
///
/// # Errors
/// When the database refuses.
pub async fn reserve_id(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<bool, Problem> {
    let taken = diesel::insert_into(public_id::table)
        .values((
            public_id::id.eq(id),
            public_id::kind.eq("photo"),
            public_id::jurisdiction_id.eq(town.0),
        ))
        .on_conflict_do_nothing()
        .execute(&mut &*conn)
        .await?;
    Ok(taken == 1)
}

/// Adds a photo whose bytes are in the store.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &AsyncPgConnection,
    town: TownId,
    id: Uuid,
    subject: Subject,
    uploaded_by: Option<Uuid>,
    received: &Received,
    now: DateTime<Utc>,
) -> Result<Photo, Problem> {
    let (width, height) = received.upright();
    let added = diesel::insert_into(photo::table)
        .values((
            photo::jurisdiction_id.eq(town.0),
            photo::id.eq(id),
            photo::report_id.eq(subject.report_id()),
            photo::alert_id.eq(subject.alert_id()),
            photo::kind.eq(subject.kind()),
            photo::state.eq("received"),
            photo::sha256.eq(&received.sha256),
            photo::media_type.eq(received.sniffed.kind.media_type()),
            photo::original_bytes.eq(received.size),
            photo::width.eq(width),
            photo::height.eq(height),
            photo::uploaded_at.eq(now),
            photo::uploaded_by.eq(uploaded_by),
        ))
        .returning(Photo::as_returning())
        .get_result(&mut &*conn)
        .await?;
    Ok(added)
}

/// What is known of a report or alert that somebody sends or looks at a photo of.
#[derive(Clone, Debug)]
pub struct Standing {
    /// For the policy.
    pub target: Target,
    /// Alert concerned.
    pub alert_id: Uuid,
    /// Category of the alert and, for a report, the one that its author chose.
    pub categories: Vec<Uuid>,
    /// SHA-256 of the report's follow secret.
    pub follow_hash: Option<Vec<u8>>,
}

/// Reads it; `None` when there is no such report or alert.
///
/// # Errors
/// When the database refuses.
pub async fn standing(conn: &AsyncPgConnection, town: TownId, of: Subject) -> Result<Option<Standing>, Problem> {
    let (alert_id, entered_by, follow_hash, chosen) = match of {
        Subject::Alert(id) => (id, None, None, None),
        Subject::Report(id) => {
            let found = report::table
                .filter(report::jurisdiction_id.eq(town.0).and(report::id.eq(id)))
                .select((
                    report::alert_id,
                    report::entered_by,
                    report::follow_hash,
                    report::category_id,
                ))
                .first::<(Uuid, Option<Uuid>, Vec<u8>, Uuid)>(&mut &*conn)
                .await
                .optional()?;
            let Some((alert_id, entered_by, hash, chosen)) = found else {
                return Ok(None);
            };
            (alert_id, entered_by, Some(hash), Some(chosen))
        }
    };
    let found = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq(alert_id)))
        .select((alert::service_id, alert::sector_id, alert::crew_id, alert::category_id))
        .first::<(Uuid, Option<Uuid>, Option<Uuid>, Uuid)>(&mut &*conn)
        .await
        .optional()?;
    Ok(found.map(|(service_id, sector_id, crew_id, category_id)| Standing {
        target: Target {
            service_id: Some(service_id),
            sector_id,
            crew_id,
            entered_by,
        },
        alert_id,
        categories: chosen.into_iter().chain([category_id]).collect(),
        follow_hash,
    }))
}

/// Holds the report's or alert's row for the rest of the transaction, so that photos of it are counted one after the other.
///
/// # Errors
/// When the database refuses.
pub async fn hold(conn: &AsyncPgConnection, town: TownId, subject: Subject) -> Result<(), Problem> {
    match subject {
        Subject::Report(id) => {
            report::table
                .filter(report::jurisdiction_id.eq(town.0).and(report::id.eq(id)))
                .select(report::id)
                .for_no_key_update()
                .execute(&mut &*conn)
                .await?
        }
        Subject::Alert(id) => {
            alert::table
                .filter(alert::jurisdiction_id.eq(town.0).and(alert::id.eq(id)))
                .select(alert::id)
                .for_no_key_update()
                .execute(&mut &*conn)
                .await?
        }
    };
    Ok(())
}

/// How many photos of a subject count against its limit: all that were not refused.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &AsyncPgConnection, town: TownId, subject: Subject) -> Result<usize, Problem> {
    let count: i64 = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::state.ne("refused")))
        .filter(photo::report_id.is_not_distinct_from(subject.report_id()))
        .filter(photo::alert_id.is_not_distinct_from(subject.alert_id()))
        .count()
        .get_result(&mut &*conn)
        .await?;
    usize::try_from(count).map_err(Problem::internal)
}

/// A photo was decoded; whether this call was the first to say so.
///
/// # Errors
/// When the database refuses.
pub async fn set_ready(
    conn: &AsyncPgConnection,
    town: TownId,
    id: Uuid,
    derived_sha256: &[u8],
    derived: &Derived,
) -> Result<bool, Problem> {
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
    let changed = diesel::update(photo::table.filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq(id))))
        .filter(photo::state.eq("received"))
        .set((
            photo::state.eq("ready"),
            photo::derived_sha256.eq(derived_sha256),
            photo::placeholder.eq(&derived.placeholder),
            // The column has no unsigned type: the same 64 bits.
            photo::perceptual_hash.eq(derived.perceptual_hash.cast_signed()),
            photo::width.eq(side(derived.large.width)),
            photo::height.eq(side(derived.large.height)),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(changed == 1)
}

/// A photo cannot be used; whether this call was the first to say so.
///
/// # Errors
/// When the database refuses.
pub async fn set_refused(conn: &AsyncPgConnection, town: TownId, id: Uuid, why: Refusal) -> Result<bool, Problem> {
    let changed = diesel::update(photo::table.filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq(id))))
        .filter(photo::state.eq("received"))
        .set((photo::state.eq("refused"), photo::refusal.eq(why.as_str())))
        .execute(&mut &*conn)
        .await?;
    Ok(changed == 1)
}

/// A photo becomes public, or is no longer.
///
/// # Errors
/// When the database refuses.
pub async fn set_released(
    conn: &AsyncPgConnection,
    town: TownId,
    id: Uuid,
    released: Option<(DateTime<Utc>, Uuid)>,
) -> Result<(), Problem> {
    diesel::update(photo::table.filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq(id))))
        .set((
            photo::released_at.eq(released.map(|(at, _)| at)),
            photo::released_by.eq(released.map(|(_, by)| by)),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Photos belong to the action that names them first: they prove that one's work.
///
/// # Errors
/// When the database refuses.
pub async fn claim(conn: &AsyncPgConnection, town: TownId, action: Uuid, photos: &[Uuid]) -> Result<(), Problem> {
    if !photos.is_empty() {
        diesel::update(photo::table.filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq_any(photos))))
            .filter(photo::action_id.is_null())
            .set(photo::action_id.eq(action))
            .execute(&mut &*conn)
            .await?;
    }
    Ok(())
}

/// Photos whose original has been kept long enough: those received before `received_before`, and refused ones received
/// before `refused_before`. Oldest first, at most 100.
///
/// # Errors
/// When the database refuses.
pub async fn originals_to_remove(
    conn: &AsyncPgConnection,
    town: TownId,
    received_before: DateTime<Utc>,
    refused_before: DateTime<Utc>,
) -> Result<Vec<Photo>, Problem> {
    let too_old = photo::uploaded_at.lt(received_before);
    let refused = photo::state.eq("refused").and(photo::uploaded_at.lt(refused_before));
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0))
        .filter(photo::original_removed_at.is_null())
        .filter(too_old.or(refused))
        .order(photo::uploaded_at)
        .limit(100)
        .select(Photo::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Whether another photo still needs the same original.
///
/// # Errors
/// When the database refuses.
pub async fn original_shared(conn: &AsyncPgConnection, of: &Photo) -> Result<bool, Problem> {
    let others = photo::table
        .filter(
            photo::jurisdiction_id
                .eq(of.jurisdiction_id)
                .and(photo::sha256.eq(&of.sha256)),
        )
        .filter(photo::id.ne(of.id).and(photo::original_removed_at.is_null()))
        .filter(photo::state.ne("refused"));
    let shared = diesel::select(diesel::dsl::exists(others))
        .get_result(&mut &*conn)
        .await?;
    Ok(shared)
}

/// The original of a photo is gone.
///
/// # Errors
/// When the database refuses.
pub async fn set_original_removed(
    conn: &AsyncPgConnection,
    town: TownId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::update(photo::table.filter(photo::jurisdiction_id.eq(town.0).and(photo::id.eq(id))))
        .filter(photo::original_removed_at.is_null())
        .set(photo::original_removed_at.eq(now))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Which of these hashes still name an original.
///
/// # Errors
/// When the database refuses.
pub async fn known_originals(
    conn: &AsyncPgConnection,
    town: TownId,
    hashes: Vec<&[u8]>,
) -> Result<Vec<Vec<u8>>, Problem> {
    let known = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::sha256.eq_any(hashes)))
        .filter(photo::original_removed_at.is_null())
        .select(photo::sha256)
        .distinct()
        .load(&mut &*conn)
        .await?;
    Ok(known)
}

/// Which of these hashes name derivatives of a photo.
///
/// # Errors
/// When the database refuses.
pub async fn known_derived(
    conn: &AsyncPgConnection,
    town: TownId,
    hashes: Vec<&[u8]>,
) -> Result<Vec<Vec<u8>>, Problem> {
    let known = photo::table
        .filter(
            photo::jurisdiction_id
                .eq(town.0)
                .and(photo::derived_sha256.eq_any(hashes)),
        )
        .select(photo::derived_sha256.assume_not_null())
        .distinct()
        .load(&mut &*conn)
        .await?;
    Ok(known)
}

/// Somebody who follows because of a report.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = follower)]
pub struct ReportFollower {
    /// Identity.
    pub id: Uuid,
    /// Alert followed now.
    pub alert_id: Uuid,
    /// How.
    pub channel: String,
    /// In which language.
    pub locale: String,
}

/// Who is to hear of a report.
///
/// # Errors
/// When the database refuses.
pub async fn followers_of_report(
    conn: &AsyncPgConnection,
    town: TownId,
    report_id: Uuid,
) -> Result<Vec<ReportFollower>, Problem> {
    let found = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::report_id.eq(report_id)),
        )
        .filter(follower::ended_at.is_null())
        .select(ReportFollower::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(found)
}
