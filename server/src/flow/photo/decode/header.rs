//! Type and dimensions from the headers, without decoding a pixel.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ImageDecoder, Limits};

use super::heif;
use super::model::{MAX_BYTES, PhotoKind, PhotoRefusal, check_dimensions};

/// Most scans of a JPEG. Each one is a pass over the whole picture, and a scan costs a few bytes: without a limit a small
/// file keeps a decoder busy for hours. Encoders write about 10.
const MAX_SCANS: usize = 100;
/// Memory a header may need: a colour profile or a palette, nothing bigger.
const HEADER_MEMORY: u64 = 8 * 1024 * 1024;

/// A file that may be decoded: its type is accepted and what it declares is within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub kind: PhotoKind,
    /// Pixels, before any rotation.
    pub width: u32,
    /// Pixels, before any rotation.
    pub height: u32,
}

/// Reads type and dimensions.
///
/// # Errors
/// The refusal that applies: size, type, animation, dimensions, or headers that cannot be read.
pub fn read(bytes: &[u8]) -> Result<Header, PhotoRefusal> {
    if bytes.len() > MAX_BYTES {
        return Err(PhotoRefusal::TooLarge);
    }
    let kind = identify(bytes)?;
    let (width, height) = match kind {
        PhotoKind::Jpeg => jpeg(bytes)?,
        PhotoKind::Png => png(bytes)?,
        PhotoKind::WebP => webp(bytes)?,
        PhotoKind::Heic => heif::dimensions(bytes).ok_or(PhotoRefusal::Unreadable)?,
    };
    check_dimensions(width, height)?;
    Ok(Header { kind, width, height })
}

/// Tells the type by the first bytes.
///
/// # Errors
/// [`PhotoRefusal::UnsupportedType`], or [`PhotoRefusal::Animated`] for a HEIF sequence.
pub fn identify(bytes: &[u8]) -> Result<PhotoKind, PhotoRefusal> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Ok(PhotoKind::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(PhotoKind::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(PhotoKind::WebP),
        _ => heif::identify(bytes).unwrap_or(Err(PhotoRefusal::UnsupportedType)),
    }
}

fn jpeg(bytes: &[u8]) -> Result<(u32, u32), PhotoRefusal> {
    let header = turbojpeg::read_header(bytes).map_err(|_| PhotoRefusal::Unreadable)?;
    if jpeg_scans(bytes) > MAX_SCANS {
        return Err(PhotoRefusal::Unreadable);
    }
    let side = |pixels: usize| u32::try_from(pixels).map_err(|_| PhotoRefusal::TooManyPixels);
    Ok((side(header.width)?, side(header.height)?))
}

/// Counts the scans up to the end of the image, stopping once there are too many. What follows the end (a phone's
/// motion picture, for one) is not looked at.
fn jpeg_scans(bytes: &[u8]) -> usize {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let mut scans = 0;
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some(at) = next_marker(rest) {
        let marker = rest.get(at + 1).copied().unwrap_or(END_OF_IMAGE);
        scans += usize::from(marker == START_OF_SCAN);
        if marker == END_OF_IMAGE || scans > MAX_SCANS {
            break;
        }
        let Some(length) = rest
            .get(at + 2..)
            .and_then(|segment| segment.first_chunk::<2>().copied())
        else {
            break;
        };
        rest = rest
            .get(at + 2 + usize::from(u16::from_be_bytes(length))..)
            .unwrap_or_default();
    }
    scans
}

/// Position of the next marker that has a segment or ends the image: not a stuffed byte, a filler or a restart.
fn next_marker(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(0xFF, bytes.get(from..)?)?;
        match bytes.get(at + 1)? {
            0x00 | 0x01 | 0xD0..=0xD7 => from = at + 2,
            0xFF => from = at + 1,
            _ => return Some(at),
        }
    }
}

fn png(bytes: &[u8]) -> Result<(u32, u32), PhotoRefusal> {
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), header_limits()).map_err(|_| PhotoRefusal::Unreadable)?;
    check_dimensions(decoder.dimensions().0, decoder.dimensions().1)?;
    if decoder.is_apng().map_err(|_| PhotoRefusal::Unreadable)? {
        return Err(PhotoRefusal::Animated);
    }
    Ok(decoder.dimensions())
}

fn webp(bytes: &[u8]) -> Result<(u32, u32), PhotoRefusal> {
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|_| PhotoRefusal::Unreadable)?;
    if decoder.has_animation() {
        return Err(PhotoRefusal::Animated);
    }
    Ok(decoder.dimensions())
}

fn header_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(HEADER_MEMORY);
    limits
}
