//! Where the bytes are: one trait at the edge of the program, with a folder and an S3-compatible service behind it.
//!
//! A key says what an object is: `<town>/original/<sha256>` or `<town>/derived/<sha256>-<side>.jpg`. Objects never change,
//! so that putting one again only makes it young: what is younger than some age is never swept, which is why a photo
//! whose row is still being written is safe.

mod folder;
mod s3;

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::decode::{LARGE_SIDE, SMALL_SIDE};
use crate::config::{Config, Photos};
use crate::db::TownId;
use crate::http::problem::Problem;

pub use folder::FolderStore;
pub use s3::S3Store;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// As sent; named by its own hash.
    Original,
    /// Longest side [`LARGE_SIDE`]; named by its own hash.
    Large,
    /// Longest side [`SMALL_SIDE`]; named by the hash of the large one.
    Small,
}

/// Name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Town.
    pub town: TownId,
    /// What it is.
    pub part: Part,
    /// SHA-256 that names it.
    pub sha256: [u8; 32],
}

/// A text that names no object of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key of a photo")]
pub struct NotAKey;

impl Key {
    /// Of an original. A hash of another length, which our own rows never hold, names nothing that exists.
    #[must_use]
    pub fn original(town: TownId, sha256: &[u8]) -> Self {
        Self::of(town, Part::Original, sha256)
    }

    /// Of a derivative.
    #[must_use]
    pub fn of(town: TownId, part: Part, sha256: &[u8]) -> Self {
        let sha256 = sha256.try_into().unwrap_or_default();
        Self { town, part, sha256 }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (town, hash) = (self.town.0, HEXLOWER.encode(&self.sha256));
        match self.part {
            Part::Original => write!(f, "{town}/original/{hash}"),
            Part::Large => write!(f, "{town}/derived/{hash}-{LARGE_SIDE}.jpg"),
            Part::Small => write!(f, "{town}/derived/{hash}-{SMALL_SIDE}.jpg"),
        }
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (town, rest) = text.split_once('/').ok_or(NotAKey)?;
        let town = TownId(town.parse().map_err(|_| NotAKey)?);
        let (_, name) = rest.split_once('/').ok_or(NotAKey)?;
        let (hash, _) = name.split_at_checked(64).ok_or(NotAKey)?;
        let sha256 = HEXLOWER.decode(hash.as_bytes()).map_err(|_| NotAKey)?;
        [Part::Original, Part::Large, Part::Small]
            .into_iter()
            .map(|part| Self::of(town, part, &sha256))
            // Only the one way of writing it: two names of one object would be two objects.
            .find(|key| key.to_string() == text)
            .ok_or(NotAKey)
    }
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder's file system.
    #[error("photo folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The S3 service.
    #[error("photo store: {0}")]
    S3(#[from] ::s3::error::S3Error),
    /// The S3 service's answer cannot be understood.
    #[error("photo store answered {0:?}")]
    Answer(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error)
    }
}

/// Keeps bytes under keys.
pub trait PhotoStore: Send + Sync {
    /// Keeps an object, durably. Keeping it again changes nothing but its age.
    ///
    /// # Errors
    /// When the store is away or full.
    fn put<'a>(&'a self, key: &'a Key, bytes: Bytes) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Reads an object; `None` if there is none.
    ///
    /// # Errors
    /// When the store is away.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>>;

    /// Removes an object unless it was put at or after `not_since`; whether one was removed. Removing what is not there
    /// is fine.
    ///
    /// # Errors
    /// When the store is away.
    fn remove<'a>(&'a self, key: &'a Key, not_since: Option<DateTime<Utc>>) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Everything of a town that was put before an instant, in batches of at most 1,000.
    fn put_before(&self, town: TownId, before: DateTime<Utc>) -> BoxStream<'_, Result<Vec<Key>, StoreError>>;
}

/// The store that the settings ask for.
///
/// # Errors
/// When the folder cannot be made or the S3 settings cannot be used.
pub fn open(config: &Config) -> Result<Arc<dyn PhotoStore>, StoreError> {
    Ok(match &config.photos {
        Photos::Folder => Arc::new(FolderStore::open(config.data_dir.join("photos"))?),
        Photos::S3 {
            endpoint,
            region,
            bucket,
            access_key,
            secret_key,
        } => Arc::new(S3Store::new(endpoint, region, bucket, access_key, secret_key)?),
    })
}
