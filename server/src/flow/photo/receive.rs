//! Taking photos in: bytes first, under their content's hash, before any transaction; rows after, inside the caller's.
//!
//! Should the transaction not come to its end, the bytes are orphans and the sweep removes them: never a row without
//! bytes, never a transaction that waits for a disk or a network.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use uuid::Uuid;

use super::decode::DecodeError;
use super::jobs::PROCESS_PHOTO;
use super::model::{Photo, Received, Refusal, Subject};
use super::queries;
use super::store::{Key, StoreError};
use crate::app::App;
use crate::audit;
use crate::auth::secret::digest;
use crate::db::TownId;
use crate::http::problem::{Kind, Problem};
use crate::jobs::enqueue;

/// Why a photo was not taken in.
#[derive(Debug)]
pub enum NotReceived {
    /// The photo's fault.
    Refused(Refusal),
    /// Ours: the store or the decoder is away.
    Failed(Problem),
}

impl From<DecodeError> for NotReceived {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Refused(refusal) => Self::Refused(refusal.into()),
            DecodeError::Failed(cause) => Self::Failed(Problem::unavailable(cause)),
        }
    }
}

impl From<StoreError> for NotReceived {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Reads a photo's headers in the limited process and puts its bytes into the store. To be called before the transaction
/// that writes its row.
///
/// # Errors
/// [`NotReceived`].
pub async fn sniff_and_store(app: &App, town: TownId, bytes: Bytes) -> Result<Received, NotReceived> {
    let received = sniff(app, town, bytes).await;
    match &received {
        Ok(_) => app.metrics.photo("received"),
        Err(NotReceived::Refused(refusal)) => app.metrics.photo(refusal.as_str()),
        Err(NotReceived::Failed(problem)) => {
            tracing::error!(%problem, "a photo could not be taken in");
            app.metrics.photo(Refusal::Failed.as_str());
        }
    }
    received
}

async fn sniff(app: &App, town: TownId, bytes: Bytes) -> Result<Received, NotReceived> {
    let sniffed = app.decoder.sniff(bytes.clone()).await?;
    let size = i32::try_from(bytes.len()).map_err(|_| NotReceived::Refused(Refusal::TooLarge))?;
    let sha256 = hash(bytes.clone()).await.map_err(NotReceived::Failed)?;
    app.photos.put(&Key::original(town, &sha256), bytes).await?;
    Ok(Received { sha256, size, sniffed })
}

/// SHA-256 of a photo's bytes. 15 MB take tens of milliseconds: too long for a thread that answers others.
///
/// # Errors
/// When the server is ending.
pub async fn hash(bytes: Bytes) -> Result<Vec<u8>, Problem> {
    let hashing = tokio::task::spawn_blocking(move || digest(&bytes));
    hashing.await.map_err(Problem::internal)
}

/// The photos of a report on its way in. A bad photo never loses the report, and neither does a store that is away: each
/// photo is taken in or has the reason why not.
pub async fn sniff_and_store_all(
    app: &App,
    town: TownId,
    photos: Vec<Result<Bytes, Refusal>>,
) -> Vec<Result<Received, Refusal>> {
    let each = photos.into_iter().map(async |photo| match photo {
        Err(refusal) => {
            app.metrics.photo(refusal.as_str());
            Err(refusal)
        }
        Ok(bytes) => sniff_and_store(app, town, bytes).await.map_err(|not| match not {
            NotReceived::Refused(refusal) => refusal,
            NotReceived::Failed(_) => Refusal::Failed,
        }),
    });
    futures_util::future::join_all(each).await
}

/// Writes the row of a report's photo and leaves its decoding to the worker, in the caller's transaction. The same bytes
/// sent again for the same report (or the same id with the same bytes) are the photo that is there.
///
/// # Errors
/// [`Kind::IdTaken`] when the id names something else, or when the database refuses.
pub async fn attach_to_report(
    conn: &AsyncPgConnection,
    town: TownId,
    report_id: Uuid,
    photo_id: Option<Uuid>,
    uploaded_by: Option<Uuid>,
    received: &Received,
    now: DateTime<Utc>,
) -> Result<Photo, Problem> {
    attach(
        conn,
        town,
        Subject::Report(report_id),
        photo_id,
        uploaded_by,
        received,
        now,
    )
    .await
    .map(|attached| attached.photo)
}

/// The photo that an upload came to.
pub struct Attached {
    /// As stored.
    pub photo: Photo,
    /// False when it was there before.
    pub is_new: bool,
}

/// The same for a photo of whatever it is about: a report's, or a crew's proof of a repair.
///
/// # Errors
/// As [`attach_to_report`].
pub async fn attach(
    conn: &AsyncPgConnection,
    town: TownId,
    subject: Subject,
    photo_id: Option<Uuid>,
    uploaded_by: Option<Uuid>,
    received: &Received,
    now: DateTime<Utc>,
) -> Result<Attached, Problem> {
    let known = |photo| Attached { photo, is_new: false };
    if photo_id.is_none()
        && let Some(there) = queries::same_bytes(conn, town, subject, &received.sha256).await?
    {
        return Ok(known(there));
    }
    let id = photo_id.unwrap_or_else(Uuid::now_v7);
    if !queries::reserve_id(conn, town, id).await? {
        let there = queries::find(conn, town, id).await?;
        return there
            .filter(|photo| photo.sha256 == received.sha256 && photo.subject().is_ok_and(|of| of == subject))
            .map(known)
            .ok_or_else(|| Problem::new(Kind::IdTaken));
    }
    let photo = queries::insert(conn, town, id, subject, uploaded_by, received, now).await?;
    enqueue(conn, town, PROCESS_PHOTO, json!({"photo_id": id}), now).await?;
    audit::changed(conn, town, &[("photo", id)], now).await?;
    Ok(Attached { photo, is_new: true })
}
