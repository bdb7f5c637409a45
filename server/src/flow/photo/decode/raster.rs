//! Pixels: the full decode, as eight-bit RGB, not larger than needed.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage, RgbaImage};
use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat};

use super::header::Header;
use super::model::{MAX_PIXELS, MAX_SIDE, PhotoKind, PhotoRefusal};

/// Most bytes of decoded pixels: the largest photo in eight-bit RGBA. A sixteen-bit picture reaches it with fewer
/// pixels.
const MAX_DECODED: u64 = MAX_PIXELS * 4;

/// Decodes all of a photo, as stored (not yet turned upright). A JPEG may come out reduced, its longest side still at
/// least `side` pixels.
///
/// # Errors
/// [`PhotoRefusal::Unreadable`] for whatever does not decode completely and without a warning,
/// [`PhotoRefusal::TooManyPixels`] when the decoded picture would not fit.
pub fn decode(bytes: &[u8], header: &Header, side: u32) -> Result<RgbImage, PhotoRefusal> {
    match header.kind {
        PhotoKind::Jpeg => jpeg(bytes, header, side),
        PhotoKind::Png => {
            pixels(PngDecoder::with_limits(Cursor::new(bytes), limits()).map_err(|_| PhotoRefusal::Unreadable)?)
        }
        PhotoKind::WebP => pixels(WebPDecoder::new(Cursor::new(bytes)).map_err(|_| PhotoRefusal::Unreadable)?),
        PhotoKind::Heic => Err(PhotoRefusal::ConverterMissing),
    }
}

/// libjpeg reduces by 2, 4 or 8 inside the inverse DCT, which skips most of the work. It also reports a warning as an
/// error once it is done, which is wanted: a file cut short is one (its missing part would be grey).
fn jpeg(bytes: &[u8], header: &Header, side: u32) -> Result<RgbImage, PhotoRefusal> {
    let longest = header.width.max(header.height);
    let divisor = [8, 4, 2]
        .into_iter()
        .find(|divisor| longest.div_ceil(*divisor) >= side)
        .unwrap_or(1);
    let (width, height) = (header.width.div_ceil(divisor), header.height.div_ceil(divisor));

    let mut decompressor = Decompressor::new().map_err(|_| PhotoRefusal::Unreadable)?;
    let colorspace = decompressor
        .read_header(bytes)
        .map_err(|_| PhotoRefusal::Unreadable)?
        .colorspace;
    let four_inks = matches!(colorspace, Colorspace::CMYK | Colorspace::YCCK);
    let format = if four_inks { PixelFormat::CMYK } else { PixelFormat::RGB };
    let pitch = width as usize * format.size();
    let mut pixels = vec![0; pitch * height as usize];
    let output = Image {
        pixels: pixels.as_mut_slice(),
        width: width as usize,
        pitch,
        height: height as usize,
        format,
    };
    decompressor
        .decompress(bytes, output)
        .map_err(|_| PhotoRefusal::Unreadable)?;
    if four_inks {
        pixels = rgb_of_cmyk(&pixels);
    }
    RgbImage::from_raw(width, height, pixels).ok_or(PhotoRefusal::Unreadable)
}

/// Naive conversion of inverted CMYK, which is how every program that writes CMYK JPEGs stores it (Adobe's convention):
/// 255 is no ink. Without the printer's profile nothing better is possible, and nothing better is needed to see a
/// pothole.
fn rgb_of_cmyk(cmyk: &[u8]) -> Vec<u8> {
    let (inks, _) = cmyk.as_chunks::<4>();
    // At most 255 x 255 / 255.
    let mix = |ink: u8, black: u8| (u16::from(ink) * u16::from(black) / 255) as u8;
    inks.iter()
        .flat_map(|[cyan, magenta, yellow, black]| [cyan, magenta, yellow].map(|ink| mix(*ink, *black)))
        .collect()
}

fn pixels<D: ImageDecoder>(mut decoder: D) -> Result<RgbImage, PhotoRefusal> {
    decoder.set_limits(limits()).map_err(|_| PhotoRefusal::TooManyPixels)?;
    if decoder.total_bytes() > MAX_DECODED {
        return Err(PhotoRefusal::TooManyPixels);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| PhotoRefusal::Unreadable)?;
    Ok(if picture.color().has_alpha() {
        on_white(&picture.into_rgba8())
    } else {
        picture.into_rgb8()
    })
}

/// Lays a transparent picture on white paper.
fn on_white(picture: &RgbaImage) -> RgbImage {
    let (pixels, _) = picture.as_raw().as_chunks::<4>();
    let over = |value: u8, alpha: u8| {
        // Rounded mean of the value and white, weighted by alpha; at most 255.
        ((u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 127) / 255) as u8
    };
    let mut flat = RgbImage::new(picture.width(), picture.height());
    let (paper, _) = flat.as_chunks_mut::<3>();
    for (dot, [red, green, blue, alpha]) in paper.iter_mut().zip(pixels) {
        *dot = [red, green, blue].map(|value| over(*value, *alpha));
    }
    flat
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED + 64 * 1024 * 1024);
    limits
}
