//! The worker's part: decode what came in, remove originals in time, remove bytes that nothing names.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use futures_util::{FutureExt, TryStreamExt};
use serde_json::json;
use uuid::Uuid;

use super::decode::{DecodeError, Derived};
use super::model::{Photo, PhotoState, Refusal};
use super::queries;
use super::store::{Key, Part};
use super::tus::EXPIRE_UPLOADS;
use crate::app::App;
use crate::audit::{self, Actor, Entry};
use crate::auth::secret::digest;
use crate::db::{TownId, Tx};
use crate::flow::notification::fan_out;
use crate::flow::notification::template::Template;
use crate::flow::report;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, Job, queue};
use crate::text::Locale;

/// Decodes one photo: payload `{"photo_id"}`.
pub const PROCESS_PHOTO: &str = "process_photo";
/// Removes the originals of a town that have been kept long enough; comes back by itself.
pub const PURGE_ORIGINALS: &str = "purge_originals";
/// Removes a town's bytes that no row names; comes back by itself.
pub const SWEEP_ORPHANS: &str = "sweep_orphans";

/// Tries to find the original of a photo in the store before it is given up.
const TRIES: i32 = 3;
/// Originals are looked through this often.
const PURGE_EVERY: TimeDelta = TimeDelta::hours(1);
/// Orphans are looked for this often, and only among what is older: its row may be on its way.
const SWEEP_EVERY: TimeDelta = TimeDelta::days(1);
/// What was put within this time stays, even where a row says that it may go: the same bytes may just be coming in again.
const IN_FLIGHT: TimeDelta = TimeDelta::minutes(10);

/// What the worker does for photos.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 3] {
    [
        (PROCESS_PHOTO, |app, job, now| process(app, job, now).boxed()),
        (PURGE_ORIGINALS, |app, job, now| purge_for_ever(app, job, now).boxed()),
        (SWEEP_ORPHANS, |app, job, now| sweep_for_ever(app, job, now).boxed()),
    ]
}

/// Leaves a town's returning jobs where they are missing; called for every town by [`crate::work::ensure_recurring`].
///
/// # Errors
/// When the database refuses.
pub async fn ensure_recurring(conn: &AsyncPgConnection, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    for kind in [PURGE_ORIGINALS, SWEEP_ORPHANS, EXPIRE_UPLOADS] {
        queue::ensure(conn, town, kind, now).await?;
    }
    Ok(())
}

async fn process(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let id: Uuid = job.arg("photo_id")?;
    let found = queries::find(&*app.db.begin(job.town()).await?, job.town(), id).await?;
    let Some(photo) = found else { return Ok(Outcome::Done) };
    if photo.state()? != PhotoState::Received {
        return Ok(Outcome::Done);
    }
    match app.photos.get(&Key::original(photo.town(), &photo.sha256)).await? {
        Some(original) => decode(&app, &photo, original, now).await?,
        None if job.attempts + 1 < TRIES => return Err(Problem::internal("the photo's original is not in the store")),
        None => refuse(&app, &photo, Refusal::Failed, now).await?,
    }
    Ok(Outcome::Done)
}

async fn decode(app: &App, photo: &Photo, original: Bytes, now: DateTime<Utc>) -> Result<(), Problem> {
    match app.decoder.derive(original).await {
        Ok(derived) => keep(app, photo, &derived, now).await,
        Err(DecodeError::Refused(why)) => {
            refuse(app, photo, why.into(), now).await?;
            // What cannot be made anew is not kept either.
            remove_original(app, photo, None, now).await
        }
        Err(DecodeError::Failed(cause)) => Err(Problem::internal(cause)),
    }
}

async fn keep(app: &App, photo: &Photo, derived: &Derived, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = photo.town();
    let hash = digest(&derived.large.jpeg);
    let (large, small) = (Key::of(town, Part::Large, &hash), Key::of(town, Part::Small, &hash));
    app.photos.put(&large, derived.large.jpeg.clone()).await?;
    app.photos.put(&small, derived.small.jpeg.clone()).await?;
    let tx = app.db.begin(town).await?;
    if queries::set_ready(&tx, town, photo.id, &hash, derived).await? {
        audit::changed(&tx, town, &[("photo", photo.id)], now).await?;
        reexamine(&tx, photo, now).await?;
        tx.commit().await?;
        app.metrics.photo(PhotoState::Ready.as_str());
    }
    Ok(())
}

/// What the photo shows was not known when its report was placed.
async fn reexamine(tx: &Tx, photo: &Photo, now: DateTime<Utc>) -> Result<(), Problem> {
    let Some(report_id) = photo.report_id else {
        return Ok(());
    };
    match report::queries::find(tx, photo.town(), report_id).await? {
        Some(report) => report::later::reexamine(tx, photo.town(), report.alert_id, now).await,
        None => Ok(()),
    }
}

/// Marks a photo as refused and tells who sent it, in one transaction.
async fn refuse(app: &App, photo: &Photo, why: Refusal, now: DateTime<Utc>) -> Result<(), Problem> {
    let town = photo.town();
    let tx = app.db.begin(town).await?;
    if !queries::set_refused(&tx, town, photo.id, why).await? {
        return Ok(());
    }
    let entry = Entry {
        actor: &Actor::System,
        action: PROCESS_PHOTO,
        entity: "photo",
        entity_id: Some(photo.id),
        detail: json!({"refusal": why}),
        request_id: None,
    };
    audit::record(&tx, town, &entry, now).await?;
    audit::changed(&tx, town, &[("photo", photo.id)], now).await?;
    tell_reporter(app, &tx, photo, why, now).await?;
    tx.commit().await?;
    app.metrics.photo(why.as_str());
    app.wake.notify_one();
    Ok(())
}

/// A crew's proof has no reporter: the crew sees its photo refused where it looks at it.
async fn tell_reporter(app: &App, tx: &Tx, photo: &Photo, why: Refusal, now: DateTime<Utc>) -> Result<(), Problem> {
    let Some(report_id) = photo.report_id else {
        return Ok(());
    };
    for follower in queries::followers_of_report(tx, photo.town(), report_id).await? {
        let locale = Locale::from_tag(&follower.locale).unwrap_or_default();
        let detail = json!({"reason": why.text(&app.texts, locale)});
        fan_out::one_follower(
            tx,
            photo.town(),
            follower.id,
            &follower.channel,
            &follower.locale,
            follower.alert_id,
            photo.id,
            Template::PhotoRefused,
            detail,
            now,
        )
        .await?;
    }
    Ok(())
}

/// Removes a photo's original unless another photo needs the same bytes, and notes that this photo has none any more.
async fn remove_original(
    app: &App,
    photo: &Photo,
    not_since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = photo.town();
    let shared = queries::original_shared(&*app.db.begin(town).await?, photo).await?;
    if !shared {
        let original = Key::original(town, &photo.sha256);
        app.photos.remove(&original, not_since).await?;
    }
    let tx = app.db.begin(town).await?;
    queries::set_original_removed(&tx, town, photo.id, now).await?;
    tx.commit().await
}

async fn purge_for_ever(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    // Tried again at its next hour whatever went wrong: given up for good, it would break a promise to residents.
    if let Err(error) = purge(&app, job.town(), now).await {
        tracing::error!(town = job.town, %error, "originals of photos could not be removed");
    }
    Ok(Outcome::Again(now + PURGE_EVERY))
}

async fn purge(app: &App, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    let kept = TimeDelta::hours(app.config.original_photo_hours.into());
    loop {
        let tx = app.db.begin(town).await?;
        let due = queries::originals_to_remove(&tx, town, now - kept, now - PURGE_EVERY).await?;
        drop(tx);
        for photo in &due {
            if photo.state()? == PhotoState::Received {
                refuse(app, photo, Refusal::Failed, now).await?;
            }
            remove_original(app, photo, Some(now - IN_FLIGHT), now).await?;
        }
        if due.is_empty() {
            return Ok(());
        }
    }
}

async fn sweep_for_ever(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    match app.decoder.clear_scratch((now - SWEEP_EVERY).into()) {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "folders of broken-off conversions removed"),
        Err(error) => tracing::error!(%error, "the decoder's scratch folder could not be read"),
    }
    match sweep(&app, job.town(), now).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(town = job.town, removed, "bytes of photos without a row removed"),
        Err(error) => tracing::error!(town = job.town, %error, "the photo store could not be swept"),
    }
    Ok(Outcome::Again(now + SWEEP_EVERY))
}

/// Removes what is older than a day and named by no row; returns how much.
async fn sweep(app: &App, town: TownId, now: DateTime<Utc>) -> Result<usize, Problem> {
    let before = now - SWEEP_EVERY;
    let mut batches = app.photos.put_before(town, before);
    let mut removed = 0;
    while let Some(batch) = batches.try_next().await? {
        for key in orphans(app, town, batch).await? {
            removed += usize::from(app.photos.remove(&key, Some(before)).await?);
        }
    }
    Ok(removed)
}

async fn orphans(app: &App, town: TownId, keys: Vec<Key>) -> Result<Vec<Key>, Problem> {
    let hashes = |original: bool| {
        let of_kind = keys.iter().filter(move |key| (key.part == Part::Original) == original);
        of_kind.map(|key| key.sha256.as_slice()).collect()
    };
    let tx = app.db.begin(town).await?;
    let originals = queries::known_originals(&tx, town, hashes(true)).await?;
    let derived = queries::known_derived(&tx, town, hashes(false)).await?;
    drop(tx);
    let named = |key: &Key| {
        let known = if key.part == Part::Original {
            &originals
        } else {
            &derived
        };
        known.iter().any(|hash| hash.as_slice() == key.sha256)
    };
    Ok(keys.iter().filter(|key| !named(key)).cloned().collect())
}
