//! The pictures Vigie keeps, made from pixels alone.

use bytes::Bytes;
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};
use image_hasher::{HashAlg, HasherConfig};
use photo_scale::shrink;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::model::{Derivative, Derived, LARGE_SIDE, PhotoRefusal, SMALL_SIDE};

const LARGE_QUALITY: i32 = 82;
const SMALL_QUALITY: i32 = 75;
/// Largest side the ThumbHash algorithm takes.
const PLACEHOLDER_SIDE: u32 = 100;

/// Makes everything kept of a photo from its pixels as stored and its EXIF orientation (1 to 8).
///
/// # Errors
/// [`PhotoRefusal::Unreadable`] when the pictures cannot be made.
pub fn make(stored: &RgbImage, orientation: u8) -> Result<Derived, PhotoRefusal> {
    // Reduced before it is turned: the same picture, a third of the work.
    let large = upright(fit(stored, LARGE_SIDE)?, orientation);
    let small = fit(&large, SMALL_SIDE)?;
    let tiny = fit(&small, PLACEHOLDER_SIDE)?;
    Ok(Derived {
        large: encode(&large, LARGE_QUALITY)?,
        placeholder: placeholder(&tiny),
        perceptual_hash: perceptual_hash(&small),
        small: encode(&small, SMALL_QUALITY)?,
    })
}

/// Reduces to a longest side of `side` pixels; a picture already within it is copied, never enlarged.
fn fit(picture: &RgbImage, side: u32) -> Result<RgbImage, PhotoRefusal> {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return Ok(picture.clone());
    }
    // Rounded to the nearest pixel, and a thin strip keeps at least one. Fits u32: at most `side`.
    let scale = |length: u32| {
        let exact = (u64::from(length) * u64::from(side) + u64::from(longest / 2)) / u64::from(longest);
        u32::try_from(exact).unwrap_or(side).max(1)
    };
    let to = (scale(width), scale(height));
    let reduced = shrink(picture.as_raw(), (width, height), to).ok_or(PhotoRefusal::Unreadable)?;
    RgbImage::from_raw(to.0, to.1, reduced).ok_or(PhotoRefusal::Unreadable)
}

fn upright(picture: RgbImage, orientation: u8) -> RgbImage {
    let mut picture = DynamicImage::ImageRgb8(picture);
    picture.apply_orientation(Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms));
    picture.into_rgb8()
}

fn encode(picture: &RgbImage, quality: i32) -> Result<Derivative, PhotoRefusal> {
    let mut compressor = Compressor::new().map_err(|_| PhotoRefusal::Unreadable)?;
    compressor.set_quality(quality);
    compressor.set_subsamp(Subsamp::Sub2x2);
    let (width, height) = picture.dimensions();
    let pixels = Image {
        pixels: picture.as_raw().as_slice(),
        width: width as usize,
        pitch: width as usize * PixelFormat::RGB.size(),
        height: height as usize,
        format: PixelFormat::RGB,
    };
    let jpeg = compressor
        .compress_to_vec(pixels)
        .map_err(|_| PhotoRefusal::Unreadable)?;
    Ok(Derivative {
        width,
        height,
        jpeg: Bytes::from(jpeg),
    })
}

fn placeholder(tiny: &RgbImage) -> Vec<u8> {
    let opaque: Vec<u8> = tiny
        .pixels()
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
        .collect();
    thumbhash::rgba_to_thumb_hash(tiny.width() as usize, tiny.height() as usize, &opaque)
}

/// Hashed from the 400 px picture, whatever the size of the original, so that the reduction before it is always alike.
///
/// Gradient, not DCT: on plain pictures (a wall, a sky) most DCT coefficients are near nothing, and their side of the
/// median is decided by compression noise. Measured over 20 qualities and scales of one such picture: 14 bits of
/// difference at worst with the DCT, 3 with the gradient.
fn perceptual_hash(small: &RgbImage) -> u64 {
    let hasher = HasherConfig::with_bytes_type::<[u8; 8]>()
        .hash_size(8, 8)
        .hash_alg(HashAlg::Gradient)
        .to_hasher();
    u64::from_be_bytes(hasher.hash_image(small).into_inner())
}
