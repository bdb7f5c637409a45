//! What is accepted, what is answered, what is refused. Types and limits only.

use bytes::Bytes;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// Largest file accepted, in bytes.
pub const MAX_BYTES: usize = 15 * 1024 * 1024;
/// Most pixels a photo may declare (width x height).
pub const MAX_PIXELS: u64 = 50_000_000;
/// Longest side a photo may declare, in pixels. Keeps every row and every intermediate picture bounded.
pub const MAX_SIDE: u32 = 16_384;
/// Longest side of the picture shown to people, in pixels.
pub const LARGE_SIDE: u32 = 1600;
/// Longest side of the picture shown in lists, in pixels.
pub const SMALL_SIDE: u32 = 400;

/// The types accepted, recognised by their first bytes and never by a name or a declared content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoKind {
    Jpeg,
    Png,
    #[serde(rename = "webp")]
    WebP,
    Heic,
}

impl PhotoKind {
    /// The registered media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Heic => "image/heic",
        }
    }
}

/// Where the camera says it was, WGS 84. Offered to the reporter as a suggestion, then dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhotoPosition {
    /// Degrees, -180 to 180.
    pub lon: f64,
    /// Degrees, -90 to 90.
    pub lat: f64,
    /// Horizontal error stated by the camera, in metres, when it states one.
    pub accuracy_m: Option<f64>,
}

/// When the camera says the picture was taken. EXIF has local time; the offset is a later addition many cameras omit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureTime {
    pub local: NaiveDateTime,
    /// Minutes east of UTC, -1439 to 1439, when the camera states them.
    pub utc_offset_minutes: Option<i16>,
}

/// What the headers of an acceptable photo say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sniffed {
    pub kind: PhotoKind,
    /// Declared width in pixels, before any rotation.
    pub width: u32,
    /// Declared height in pixels, before any rotation.
    pub height: u32,
    /// EXIF orientation, 1 to 8; 1 (upright) when absent. Always 1 for HEIC, whose rotation is part of the container.
    pub orientation: u8,
    pub position: Option<PhotoPosition>,
    pub taken_at: Option<CaptureTime>,
}

/// One of the pictures made from a photo: baseline JPEG, sRGB assumed, upright, no metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivative {
    pub width: u32,
    pub height: u32,
    pub jpeg: Bytes,
}

/// Everything Vigie keeps of a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Longest side at most [`LARGE_SIDE`]; never enlarged.
    pub large: Derivative,
    /// Longest side at most [`SMALL_SIDE`]; never enlarged.
    pub small: Derivative,
    /// [ThumbHash](https://evanw.github.io/thumbhash/): about 25 bytes that an app draws while the picture loads.
    pub placeholder: Vec<u8>,
    /// 64-bit gradient hash (dHash) of the upright picture: reduced to 9 x 8 grey values, one bit for each pair of
    /// neighbours in a row, set where it grows brighter. The same picture at another size or compression differs by a few
    /// bits (Hamming distance); an unrelated one by about 32.
    pub perceptual_hash: u64,
}

/// Why a photo is refused. Closed list: people's texts (French and English) and the API's problem types hang on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum PhotoRefusal {
    #[serde(rename = "photo_too_large")]
    #[error("the file is larger than 15 MB")]
    TooLarge,
    #[serde(rename = "photo_unsupported_type")]
    #[error("not a JPEG, PNG, WebP or HEIC picture")]
    UnsupportedType,
    #[serde(rename = "photo_too_many_pixels")]
    #[error("the picture has more than 50 megapixels or a side longer than 16,384 pixels")]
    TooManyPixels,
    #[serde(rename = "photo_unreadable")]
    #[error("the picture is damaged or incomplete")]
    Unreadable,
    #[serde(rename = "photo_animated")]
    #[error("the picture is animated")]
    Animated,
    #[serde(rename = "photo_converter_missing")]
    #[error("HEIC pictures cannot be converted on this server")]
    ConverterMissing,
    #[serde(rename = "photo_took_too_long")]
    #[error("the picture took too long to decode")]
    TookTooLong,
}

impl PhotoRefusal {
    /// Every refusal, for catalogues and for the test that each has its texts.
    pub const ALL: [Self; 7] = [
        Self::TooLarge,
        Self::UnsupportedType,
        Self::TooManyPixels,
        Self::Unreadable,
        Self::Animated,
        Self::ConverterMissing,
        Self::TookTooLong,
    ];

    /// Stable identifier used on the wire, in the database and as key of the translated texts.
    pub fn slug(self) -> &'static str {
        match self {
            Self::TooLarge => "photo_too_large",
            Self::UnsupportedType => "photo_unsupported_type",
            Self::TooManyPixels => "photo_too_many_pixels",
            Self::Unreadable => "photo_unreadable",
            Self::Animated => "photo_animated",
            Self::ConverterMissing => "photo_converter_missing",
            Self::TookTooLong => "photo_took_too_long",
        }
    }
}

/// Holds declared dimensions against [`MAX_PIXELS`] and [`MAX_SIDE`]; a side of zero is damage.
pub(super) fn check_dimensions(width: u32, height: u32) -> Result<(), PhotoRefusal> {
    if width == 0 || height == 0 {
        return Err(PhotoRefusal::Unreadable);
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PhotoRefusal::TooManyPixels);
    }
    Ok(())
}
