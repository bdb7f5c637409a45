//! Photos in an S3-compatible service. The bucket exists already and is private; its name stands in the path, because
//! services of one's own rarely have a wildcard certificate.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use s3::Bucket;
use s3::Region;
use s3::creds::Credentials;
use s3::error::S3Error;
use secrecy::{ExposeSecret, SecretString};

use super::{Key, Part, PhotoStore, StoreError};
use crate::db::TownId;

/// After which a request is given up: a photo of 15 MB over a slow line takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Keys in a page.
const PAGE: usize = 1000;

/// A bucket.
pub struct S3Store {
    bucket: Box<Bucket>,
}

impl S3Store {
    /// A bucket of a service. No request is made yet.
    ///
    /// # Errors
    /// When the settings are of no use.
    pub fn new(
        endpoint: &str,
        region: &str,
        bucket: &str,
        access_key: &str,
        secret_key: &SecretString,
    ) -> Result<Self, StoreError> {
        let region = Region::Custom {
            region: region.to_owned(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
        };
        let secret_key = Some(secret_key.expose_secret());
        let credentials =
            Credentials::new(Some(access_key), secret_key, None, None, None).map_err(S3Error::Credentials)?;
        let bucket = Bucket::new(bucket, region, credentials)?.with_path_style();
        Ok(Self {
            bucket: bucket.with_request_timeout(PATIENCE)?,
        })
    }

    async fn put_at(&self, key: &Key) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some((head, _)) = there(self.bucket.head_object(key.to_string()).await)? else {
            return Ok(None);
        };
        let stated = head.last_modified.unwrap_or_default();
        match DateTime::parse_from_rfc2822(&stated) {
            Ok(at) => Ok(Some(at.to_utc())),
            Err(_) => Err(StoreError::Answer(stated)),
        }
    }

    async fn page(
        &self,
        town: TownId,
        before: DateTime<Utc>,
        from: Option<String>,
    ) -> Result<(Vec<Key>, Option<String>), StoreError> {
        let prefix = format!("{}/", town.0);
        let (listed, _) = self.bucket.list_page(prefix, None, from, None, Some(PAGE)).await?;
        let mut keys = Vec::with_capacity(listed.contents.len());
        for object in listed.contents {
            let put_at = DateTime::parse_from_rfc3339(&object.last_modified);
            let put_at = put_at.map_err(|_| StoreError::Answer(object.last_modified.clone()))?;
            if put_at < before
                && let Ok(key) = object.key.parse()
            {
                keys.push(key);
            }
        }
        let next = listed.next_continuation_token.filter(|_| listed.is_truncated);
        Ok((keys, next))
    }
}

impl PhotoStore for S3Store {
    fn put<'a>(&'a self, key: &'a Key, bytes: Bytes) -> BoxFuture<'a, Result<(), StoreError>> {
        // An original is never to be shown by the service itself, whatever its type.
        let media_type = if key.part == Part::Original {
            "application/octet-stream"
        } else {
            "image/jpeg"
        };
        Box::pin(async move {
            let stored = self
                .bucket
                .put_object_with_content_type(key.to_string(), &bytes, media_type);
            stored.await?;
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        Box::pin(async move {
            let object = there(self.bucket.get_object(key.to_string()).await)?;
            Ok(object.map(s3::request::ResponseData::into_bytes))
        })
    }

    fn remove<'a>(&'a self, key: &'a Key, not_since: Option<DateTime<Utc>>) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            // The service says the same for what was there and what was not, so look first.
            let Some(put_at) = self.put_at(key).await? else {
                return Ok(false);
            };
            if not_since.is_some_and(|not_since| put_at >= not_since) {
                return Ok(false);
            }
            self.bucket.delete_object(key.to_string()).await?;
            Ok(true)
        })
    }

    fn put_before(&self, town: TownId, before: DateTime<Utc>) -> BoxStream<'_, Result<Vec<Key>, StoreError>> {
        stream::try_unfold(Some(None), move |at: Option<Option<String>>| async move {
            let Some(from) = at else { return Ok(None) };
            let (keys, next) = self.page(town, before, from).await?;
            Ok(Some((keys, next.map(Some))))
        })
        .boxed()
    }
}

fn there<T>(result: Result<T, S3Error>) -> Result<Option<T>, S3Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(S3Error::HttpFailWithBody(404, _)) => Ok(None),
        Err(error) => Err(error),
    }
}
