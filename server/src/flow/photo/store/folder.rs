//! Photos in a folder of this machine: written beside, synchronised, renamed, so that a name always has whole bytes.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use super::{Key, PhotoStore, StoreError};
use crate::db::TownId;

/// Begins the name of a file that is being written. One that is old belongs to a process that was killed.
const INCOMING: &str = ".incoming-";
/// Keys in a batch.
const BATCH: usize = 1000;

/// A folder.
#[derive(Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// Opens a folder, made where it is missing; only this user may look into it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: PathBuf) -> Result<Self, StoreError> {
        make_folder(&root)?;
        Ok(Self { root })
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.to_string())
    }
}

impl PhotoStore for FolderStore {
    fn put<'a>(&'a self, key: &'a Key, bytes: Bytes) -> BoxFuture<'a, Result<(), StoreError>> {
        let path = self.path(key);
        Box::pin(blocking(move || write(&path, &bytes)))
    }

    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        let path = self.path(key);
        Box::pin(blocking(move || Ok(there(fs::read(path))?.map(Bytes::from))))
    }

    fn remove<'a>(&'a self, key: &'a Key, not_since: Option<DateTime<Utc>>) -> BoxFuture<'a, Result<bool, StoreError>> {
        let path = self.path(key);
        Box::pin(blocking(move || remove(&path, not_since)))
    }

    fn put_before(&self, town: TownId, before: DateTime<Utc>) -> BoxStream<'_, Result<Vec<Key>, StoreError>> {
        let (send, receive) = mpsc::channel(1);
        let root = self.root.clone();
        // The walk waits while a batch is being worked on, and ends when nobody wants more.
        tokio::task::spawn_blocking(move || {
            if let Err(error) = walk(&root, town, before, &send) {
                let _nobody_listens = send.blocking_send(Err(error.into()));
            }
        });
        stream::unfold(receive, async |mut receive| Some((receive.recv().await?, receive))).boxed()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?;
    Ok(done?)
}

fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    let mut beside = tempfile::Builder::new().prefix(INCOMING).tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    // The name is durable only once the folder is.
    File::open(folder)?.sync_all()
}

fn remove(path: &Path, not_since: Option<DateTime<Utc>>) -> io::Result<bool> {
    if let Some(not_since) = not_since {
        match there(fs::metadata(path))? {
            Some(about) if DateTime::<Utc>::from(about.modified()?) < not_since => {}
            _ => return Ok(false),
        }
    }
    Ok(there(fs::remove_file(path))?.is_some())
}

fn walk(
    root: &Path,
    town: TownId,
    before: DateTime<Utc>,
    send: &mpsc::Sender<Result<Vec<Key>, StoreError>>,
) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    for folder in ["original", "derived"] {
        let folder = format!("{}/{folder}", town.0);
        let Some(entries) = there(fs::read_dir(root.join(&folder)))? else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            let Some(about) = there(entry.metadata())? else {
                continue;
            };
            if DateTime::<Utc>::from(about.modified()?) >= before {
                continue;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(INCOMING) {
                there(fs::remove_file(entry.path()))?;
            } else if let Ok(key) = format!("{folder}/{name}").parse() {
                batch.push(key);
            }
            if batch.len() == BATCH && send.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
        }
    }
    let _nobody_listens = send.blocking_send(Ok(batch));
    Ok(())
}

/// `None` for what is not there: others may have removed it.
fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
