//! Photos made for the tests: a picture in which every corner differs, in each format, well-formed or spoiled.

use std::io::{Cursor, Write};

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use turbojpeg::{Image, PixelFormat, Subsamp};

/// An iPhone-like HEIC: 640 x 480 px stored, rotated to 480 x 640 by the container *and* by its EXIF, with a position.
pub const ROTATED_HEIC: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/photos/rotated.heic"));

/// A gradient with red, green and blue blocks in three corners: no turn or flip of it equals another.
pub fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (left, top) = (x < width / 3, y < height / 3);
        match (left, top) {
            (true, true) => Rgb([220, 30, 30]),
            (false, true) if x > width * 2 / 3 => Rgb([30, 200, 40]),
            (true, false) if y > height * 2 / 3 => Rgb([30, 40, 210]),
            _ => Rgb([(x * 200 / width) as u8, (y * 200 / height) as u8, 120]),
        }
    })
}

pub fn jpeg(picture: &RgbImage, quality: i32) -> Vec<u8> {
    let image = Image {
        pixels: picture.as_raw().as_slice(),
        width: picture.width() as usize,
        pitch: picture.width() as usize * 3,
        height: picture.height() as usize,
        format: PixelFormat::RGB,
    };
    turbojpeg::compress(image, quality, Subsamp::Sub2x2).unwrap().to_vec()
}

/// A CMYK JPEG of one colour, inks inverted (255 is none).
pub fn cmyk_jpeg(inks: [u8; 4]) -> Vec<u8> {
    let pixels = inks.repeat(64 * 48);
    let image = Image {
        pixels: pixels.as_slice(),
        width: 64,
        pitch: 64 * 4,
        height: 48,
        format: PixelFormat::CMYK,
    };
    turbojpeg::compress(image, 95, Subsamp::None).unwrap().to_vec()
}

pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn png(picture: &RgbImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(picture.clone()), ImageFormat::Png)
}

/// The picture as a camera held in `orientation` would have stored it, with that orientation in its EXIF.
pub fn held(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    // The inverse of each turn: 6 and 8 undo each other, all others undo themselves.
    let inverse = match orientation {
        6 => 8,
        8 => 6,
        other => other,
    };
    let mut stored = DynamicImage::ImageRgb8(picture.clone());
    stored.apply_orientation(Orientation::from_exif(inverse).unwrap());
    with_exif(&jpeg(&stored.into_rgb8(), 92), &exif(orientation))
}

/// EXIF of a phone: orientation, maker, local time with offset, and the position 46.505 N 1.25 W, good to 8.5 m.
pub fn exif(orientation: u8) -> Vec<u8> {
    let angle = |degrees, minutes, hundredths| {
        let rational = |num, denom| Rational { num, denom };
        Value::Rational(vec![
            rational(degrees, 1),
            rational(minutes, 1),
            rational(hundredths, 100),
        ])
    };
    let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let fields = [
        (Tag::Orientation, Value::Short(vec![orientation.into()])),
        (Tag::Make, text("Invented-Maker")),
        (Tag::DateTimeOriginal, text("2026:05:04 07:08:09")),
        (Tag::OffsetTimeOriginal, text("+02:00")),
        (Tag::GPSLatitudeRef, text("N")),
        (Tag::GPSLatitude, angle(46, 30, 1800)),
        (Tag::GPSLongitudeRef, text("W")),
        (Tag::GPSLongitude, angle(1, 15, 0)),
        (
            Tag::GPSHPositioningError,
            Value::Rational(vec![Rational { num: 85, denom: 10 }]),
        ),
    ]
    .map(|(tag, value)| Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    });
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut bytes = Cursor::new(Vec::new());
    writer.write(&mut bytes, false).unwrap();
    bytes.into_inner()
}

pub fn with_exif(jpeg: &[u8], exif: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xE1, &[b"Exif\0\0", exif].concat())
}

/// Adds a marker segment right after the start of a JPEG.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, body, &jpeg[2..]].concat()
}

/// Overwrites the dimensions in the frame header of a baseline JPEG.
pub fn with_forged_size(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let at = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let mut forged = jpeg.to_vec();
    forged[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    forged[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    forged
}

/// Repeats the (only) scan of a JPEG.
pub fn with_scans(jpeg: &[u8], scans: usize) -> Vec<u8> {
    let at = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let (head, scan) = jpeg[..jpeg.len() - 2].split_at(at);
    [head, &scan.repeat(scans), &[0xFF, 0xD9]].concat()
}

/// Adds a chunk to a PNG right after its header.
pub fn with_chunk(png: &[u8], name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let (head, rest) = png.split_at(33);
    [head, &chunk(name, body), rest].concat()
}

/// A PNG that is only a header, declaring one bit per pixel.
pub fn empty_png(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    let data = zlib(&[0; 64]);
    [
        b"\x89PNG\r\n\x1a\n",
        &chunk(b"IHDR", &header)[..],
        &chunk(b"IDAT", &data),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(name);
    crc.update(body);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, &name[..], body, &crc.sum().to_be_bytes()].concat()
}

/// A WebP animation of one frame.
pub fn animated_webp(picture: &RgbImage) -> Vec<u8> {
    let still = encoded(&DynamicImage::ImageRgb8(picture.clone()), ImageFormat::WebP);
    let side = |pixels: u32| (pixels - 1).to_le_bytes()[..3].to_vec();
    let size = [side(picture.width()), side(picture.height())].concat();
    let riff = |name: &[u8], body: &[u8]| {
        [
            name,
            &u32::try_from(body.len()).unwrap().to_le_bytes(),
            body,
            &vec![0; body.len() % 2],
        ]
        .concat()
    };
    let frame = [&[0; 6], &size[..], &[100, 0, 0, 0], &still[12..]].concat();
    let body = [
        b"WEBP".to_vec(),
        riff(b"VP8X", &[&[2, 0, 0, 0], &size[..]].concat()),
        riff(b"ANIM", &[0; 6]),
        riff(b"ANMF", &frame),
    ]
    .concat();
    riff(b"RIFF", &body)
}
