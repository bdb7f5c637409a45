//! What may be sent, for the catalogue that clients keep.

use serde::Serialize;

use super::decode::{MAX_BYTES, MAX_PIXELS, MAX_SIDE, PhotoKind};
use super::model::MAX_PER_REPORT;
use crate::app::App;

/// Photos that are taken in.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PhotoFormats {
    /// Media types.
    #[schema(example = json!(["image/jpeg", "image/png", "image/webp", "image/heic"]))]
    pub accepted: Vec<&'static str>,
    /// Whether this server can convert HEIC, an iPhone's own format; without, send JPEG.
    pub heic: bool,
    /// Most bytes of a photo.
    pub max_bytes: usize,
    /// Most pixels of a photo.
    pub max_pixels: u64,
    /// Most pixels of a side.
    pub max_side: u32,
    /// Most photos of a report.
    pub max_per_report: usize,
}

/// What this server takes in. The first call tries the HEIC converter out; later ones remember.
pub async fn photo_formats(app: &App) -> PhotoFormats {
    let heic = app.decoder.heic_available().await;
    let mut kinds = vec![PhotoKind::Jpeg, PhotoKind::Png, PhotoKind::WebP];
    kinds.extend(heic.then_some(PhotoKind::Heic));
    PhotoFormats {
        accepted: kinds.into_iter().map(PhotoKind::media_type).collect(),
        heic,
        max_bytes: MAX_BYTES,
        max_pixels: MAX_PIXELS,
        max_side: MAX_SIDE,
        max_per_report: MAX_PER_REPORT,
    }
}
