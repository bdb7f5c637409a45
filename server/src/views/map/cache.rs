//! Tiles of the public's map that were drawn before: on a busy day many phones look at the same few.
//!
//! A tile stays true until the projection moves or the catalogue changes, and both are part of its key: no tile is ever
//! older than what the database would draw, and one that is over is pushed out by newer ones.

use std::io::Write;
use std::sync::Arc;

use actix_web::http::header::{
    AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, ETAG, Encoding, Header, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

use super::{MVT, TilePath};
use crate::http::etag;
use crate::http::problem::Problem;

/// Bytes that all tiles may take, compressed ones included.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// What a tile takes beside its bytes.
const OVERHEAD: u64 = 256;
/// A tile of a town's middle; only a first guess for the size of the table.
const USUAL_BYTES: u64 = 16 * 1024;

/// What a tile is drawn from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Town.
    pub town: i32,
    /// Version of the catalogue.
    pub catalogue: i64,
    /// How far the change log was projected.
    pub projected: String,
    /// Zoom, column, row.
    pub place: (i16, i32, i32),
}

impl Key {
    pub(super) fn of(town: i32, catalogue: i64, projected: String, path: &TilePath) -> Self {
        let place = (path.z, path.x, path.y);
        Self {
            town,
            catalogue,
            projected,
            place,
        }
    }
}

/// A drawn tile.
#[derive(Debug)]
pub(super) struct Drawn {
    tile: Bytes,
    tag: String,
    gzip: OnceCell<Bytes>,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Arc<Drawn>> for Bytewise {
    fn weight(&self, _: &Key, drawn: &Arc<Drawn>) -> u64 {
        let bytes = u64::try_from(drawn.tile.len()).unwrap_or(u64::MAX);
        // The compressed one may come later; a weight never changes.
        bytes.saturating_mul(2).saturating_add(OVERHEAD)
    }
}

/// The tiles of this process.
pub struct TileCache(Cache<Key, Arc<Drawn>, Bytewise>);

impl Default for TileCache {
    fn default() -> Self {
        let usual = usize::try_from(MOST_BYTES / USUAL_BYTES).unwrap_or_default();
        Self(Cache::with_weighter(usual, MOST_BYTES, Bytewise))
    }
}

impl TileCache {
    /// The tile, drawn if it is not there; who asks for it meanwhile waits for the same one. The caller holds no connection.
    pub(super) async fn get(
        &self,
        key: &Key,
        draw: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Arc<Drawn>, Problem> {
        let drawn = async { draw.await.map(|tile| Arc::new(Drawn::of(tile))) };
        self.0.get_or_insert_async(key, drawn).await
    }
}

impl Drawn {
    pub(super) fn of(tile: Vec<u8>) -> Self {
        Self {
            tag: etag::of_bytes(&tile),
            tile: tile.into(),
            gzip: OnceCell::new(),
        }
    }

    /// The tile, compressed once for all who take it so; nothing of one that the client has.
    pub(super) async fn answer(&self, request: &HttpRequest, cache: &'static str) -> Result<HttpResponse, Problem> {
        let mut answer = if self.tile.is_empty() {
            HttpResponse::NoContent()
        } else if etag::client_has(request, &self.tag) {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        answer
            .insert_header((CACHE_CONTROL, cache))
            .insert_header((VARY, "Authorization, Accept-Encoding"));
        if self.tile.is_empty() {
            return Ok(answer.finish());
        }
        answer.insert_header((ETAG, self.tag.clone()));
        if etag::client_has(request, &self.tag) {
            return Ok(answer.finish());
        }
        answer.insert_header((CONTENT_TYPE, MVT));
        if !takes_gzip(request) {
            return Ok(answer.body(self.tile.clone()));
        }
        answer.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip.as_str()));
        let gzip = self.gzip.get_or_try_init(|| compress(self.tile.clone())).await?;
        Ok(answer.body(gzip.clone()))
    }
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let ours = [Encoding::gzip(), Encoding::identity()];
    let chosen = AcceptEncoding::parse(request)
        .ok()
        .filter(|accepted| !accepted.is_empty())
        .and_then(|accepted| accepted.negotiate(ours.iter()));
    chosen == Some(Encoding::gzip())
}

/// Some milliseconds for a full tile: too long for a thread that answers others.
async fn compress(tile: Bytes) -> Result<Bytes, Problem> {
    let compressing = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&tile)?;
        encoder.finish()
    });
    let compressed = compressing.await.map_err(Problem::internal)?;
    Ok(compressed.map_err(Problem::internal)?.into())
}
