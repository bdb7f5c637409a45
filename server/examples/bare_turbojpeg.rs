//! What a photo costs at least: the best pipeline that was tried, without a process of its own, without checks, hash or
//! placeholder. `bench/photo.sh` holds `vigie decode-photo derive` against it.
//!
//! `bare_turbojpeg sample FILE` writes a phone's 12-megapixel JPEG; `bare_turbojpeg TIMES FILE` makes its 1600 px and 400 px
//! JPEGs that many times.

use std::error::Error;

use chrono::DateTime;
use photo_scale::shrink;
use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, Subsamp};
use vigie_fixtures::photo::{Size, jpeg_of};
use vigie_fixtures::{PhotoSpec, Subject};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, file] = arguments.as_slice() else {
        return Err("give `sample` or a number, and a file".into());
    };
    if what == "sample" {
        std::fs::write(file, sample()?)?;
        return Ok(());
    }
    let photo = std::fs::read(file)?;
    for _ in 0..what.parse::<u32>()? {
        derive(&photo)?;
    }
    Ok(())
}

fn sample() -> Result<Vec<u8>, Box<dyn Error>> {
    let spec = PhotoSpec {
        scene: 1,
        subject: Subject::Pothole,
        viewpoint: 0,
        taken_at: DateTime::UNIX_EPOCH,
        orientation: 1,
        position: Some([-4.5, 46.5]),
    };
    Ok(jpeg_of(&spec, Size::PHONE)?)
}

/// Decodes at half size, which is still more than 1600 px, then shrinks twice.
fn derive(photo: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut decompressor = Decompressor::new()?;
    let header = decompressor.read_header(photo)?;
    let (width, height) = (header.width.div_ceil(2), header.height.div_ceil(2));
    let mut pixels = vec![0; width * height * 3];
    let output = Image {
        pixels: pixels.as_mut_slice(),
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    decompressor.decompress(photo, output)?;
    let size = (u32::try_from(width)?, u32::try_from(height)?);
    let large = shrink(&pixels, size, (1600, 1200)).ok_or("no picture")?;
    let small = shrink(&large, (1600, 1200), (400, 300)).ok_or("no picture")?;
    encode(&large, (1600, 1200), 82)?;
    encode(&small, (400, 300), 75)
}

fn encode(picture: &[u8], (width, height): (usize, usize), quality: i32) -> Result<(), Box<dyn Error>> {
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality);
    compressor.set_subsamp(Subsamp::Sub2x2);
    compressor.compress_to_vec(Image {
        pixels: picture,
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    })?;
    Ok(())
}
