//! The one frame a decoding process answers with.
//!
//! ```text
//! "VPH1" | u32 big endian: length of the header | header, JSON | large JPEG | small JPEG
//! ```
//! The pictures follow only an answer `derived`; their lengths stand in the header. The reader treats the writer as
//! hostile (a decoder that was taken over can write anything), so every length, dimension and coordinate is checked.

use std::io::{self, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::model::{Derivative, Derived, LARGE_SIDE, PhotoRefusal, SMALL_SIDE, Sniffed, check_dimensions};

const MAGIC: &[u8; 4] = b"VPH1";
const PREFIX: usize = MAGIC.len() + 4;
/// Most bytes a frame may have: two JPEGs of 1600 and 400 px come nowhere near it, even from noise.
pub const MAX_FRAME: usize = 12 * 1024 * 1024;
/// A ThumbHash has at most 25 bytes (5 of header, 19 of AC terms, rounded up).
const MAX_PLACEHOLDER: usize = 25;

/// What a decoding process found.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Refused(PhotoRefusal),
    Sniffed(Sniffed),
    Derived(Derived),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Header {
    Refused {
        reason: PhotoRefusal,
    },
    Sniffed(Sniffed),
    Derived {
        large: Picture,
        small: Picture,
        placeholder: Vec<u8>,
        perceptual_hash: u64,
    },
}

#[derive(Serialize, Deserialize)]
struct Picture {
    width: u32,
    height: u32,
    length: usize,
}

impl Picture {
    fn of(derivative: &Derivative) -> Self {
        Self {
            width: derivative.width,
            height: derivative.height,
            length: derivative.jpeg.len(),
        }
    }
}

/// Writes the answer as one frame.
///
/// # Errors
/// The reader is gone.
pub fn write(mut out: impl Write, answer: &Answer) -> io::Result<()> {
    let (header, pictures) = match answer {
        Answer::Refused(reason) => (Header::Refused { reason: *reason }, None),
        Answer::Sniffed(sniffed) => (Header::Sniffed(sniffed.clone()), None),
        Answer::Derived(derived) => (
            Header::Derived {
                large: Picture::of(&derived.large),
                small: Picture::of(&derived.small),
                placeholder: derived.placeholder.clone(),
                perceptual_hash: derived.perceptual_hash,
            },
            Some((&derived.large.jpeg, &derived.small.jpeg)),
        ),
    };
    let header = serde_json::to_vec(&header)?;
    let length = u32::try_from(header.len()).map_err(io::Error::other)?;
    let mut start = Vec::with_capacity(PREFIX + header.len());
    start.extend_from_slice(MAGIC);
    start.extend_from_slice(&length.to_be_bytes());
    start.extend_from_slice(&header);
    out.write_all(&start)?;
    if let Some((large, small)) = pictures {
        out.write_all(large)?;
        out.write_all(small)?;
    }
    out.flush()
}

/// Reads a complete frame; `None` when anything about it is not as [`write`] would have written it.
pub fn read(frame: &Bytes) -> Option<Answer> {
    let length = frame
        .strip_prefix(MAGIC)?
        .first_chunk::<4>()
        .copied()
        .map(u32::from_be_bytes)?;
    let end = PREFIX.checked_add(usize::try_from(length).ok()?)?;
    let header: Header = serde_json::from_slice(frame.get(PREFIX..end)?).ok()?;
    let blobs = frame.slice(end..);
    match header {
        Header::Refused { reason } => blobs.is_empty().then_some(Answer::Refused(reason)),
        Header::Sniffed(sniffed) => (blobs.is_empty() && plausible(&sniffed)).then_some(Answer::Sniffed(sniffed)),
        Header::Derived {
            large,
            small,
            placeholder,
            perceptual_hash,
        } => {
            if large.length.checked_add(small.length)? != blobs.len() || placeholder.len() > MAX_PLACEHOLDER {
                return None;
            }
            let split = large.length;
            let large = derivative(&large, LARGE_SIDE, blobs.slice(..split))?;
            let small = derivative(&small, SMALL_SIDE, blobs.slice(split..))?;
            Some(Answer::Derived(Derived {
                large,
                small,
                placeholder,
                perceptual_hash,
            }))
        }
    }
}

fn derivative(picture: &Picture, side: u32, jpeg: Bytes) -> Option<Derivative> {
    let sized = (1..=side).contains(&picture.width) && (1..=side).contains(&picture.height);
    let framed = jpeg.starts_with(&[0xFF, 0xD8, 0xFF]) && jpeg.ends_with(&[0xFF, 0xD9]);
    (sized && framed).then_some(Derivative {
        width: picture.width,
        height: picture.height,
        jpeg,
    })
}

fn plausible(sniffed: &Sniffed) -> bool {
    let placed = sniffed.position.is_none_or(|position| {
        position.lon.abs() <= 180.0
            && position.lat.abs() <= 90.0
            && position
                .accuracy_m
                .is_none_or(|metres| metres.is_finite() && metres >= 0.0)
    });
    placed && check_dimensions(sniffed.width, sniffed.height).is_ok() && (1..=8).contains(&sniffed.orientation)
}
