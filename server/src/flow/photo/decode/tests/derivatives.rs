//! What is made of a good photo.

use image::{DynamicImage, ImageBuffer, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::samples;
use crate::flow::photo::decode::child::{derive, sniff};
use crate::flow::photo::decode::model::Derived;

fn pixels(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8()
}

fn mean_difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one
        .as_raw()
        .iter()
        .zip(other.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / one.as_raw().len() as f64
}

fn colour(derived: &Derived) -> [u8; 3] {
    let picture = pixels(&derived.large.jpeg);
    picture.get_pixel(picture.width() / 2, picture.height() / 2).0
}

fn close(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found
        .iter()
        .zip(wanted)
        .all(|(found, wanted)| found.abs_diff(wanted) <= 4)
}

#[test]
fn all_eight_orientations_come_out_upright() {
    let scene = samples::scene(900, 600);
    let reference = derive(&samples::held(&scene, 1), 1).unwrap();
    let upright = pixels(&reference.small.jpeg);
    for orientation in 1..=8 {
        let photo = samples::held(&scene, orientation);
        assert_eq!(sniff(&photo).unwrap().orientation, orientation);
        let derived = derive(&photo, orientation).unwrap();
        assert_eq!((derived.large.width, derived.large.height), (900, 600));
        assert!(
            mean_difference(&pixels(&derived.small.jpeg), &upright) < 2.0,
            "orientation {orientation}"
        );
        let bits = (derived.perceptual_hash ^ reference.perceptual_hash).count_ones();
        assert!(bits <= 6, "orientation {orientation}: {bits} bits");
    }
}

#[test]
fn no_metadata_survives() {
    let jpeg = samples::held(&samples::scene(640, 480), 6);
    let jpeg = samples::with_segment(&jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>");
    let jpeg = samples::with_segment(&jpeg, 0xE2, b"ICC_PROFILE\0\x01\x01profile");
    let photo = samples::with_segment(&jpeg, 0xFE, b"a comment");
    let derived = derive(&photo, 6).unwrap();
    for picture in [&derived.large.jpeg, &derived.small.jpeg] {
        for trace in [
            &b"Exif"[..],
            b"Invented-Maker",
            b"2026:05:04",
            b"xap",
            b"xmp",
            b"ICC_PROFILE",
            b"comment",
        ] {
            assert!(!picture.windows(trace.len()).any(|window| window == trace));
        }
        assert_eq!(
            segments(picture),
            [0xE0],
            "no application segment but JFIF's, no comment"
        );
    }
}

/// The application and comment segments before the first scan.
fn segments(jpeg: &[u8]) -> Vec<u8> {
    let (mut at, mut found) = (2, Vec::new());
    while jpeg[at + 1] != 0xDA {
        if matches!(jpeg[at + 1], 0xE0..=0xEF | 0xFE) {
            found.push(jpeg[at + 1]);
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    found
}

#[test]
fn sizes_are_bounded_and_never_enlarged() {
    let cases = [
        ((4000, 3000), (1600, 1200), (400, 300)),
        ((1000, 3000), (533, 1600), (133, 400)),
        ((1200, 900), (1200, 900), (400, 300)),
        ((90, 60), (90, 60), (90, 60)),
        ((5000, 1), (1600, 1), (400, 1)),
    ];
    for ((width, height), large, small) in cases {
        let derived = derive(&samples::jpeg(&samples::scene(width, height), 80), 1).unwrap();
        assert_eq!((derived.large.width, derived.large.height), large);
        assert_eq!((derived.small.width, derived.small.height), small);
        assert_eq!(pixels(&derived.large.jpeg).dimensions(), large);
        assert_eq!(pixels(&derived.small.jpeg).dimensions(), small);
        assert!(!derived.placeholder.is_empty() && derived.placeholder.len() <= 25);
    }
}

#[test]
fn every_kind_of_pixel_becomes_rgb() {
    let half = RgbaImage::from_pixel(64, 48, Rgba([200, 0, 0, 128]));
    let deep: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_pixel(64, 48, Rgb([40_000, 10_000, 50_000]));
    let grey = image::GrayImage::from_pixel(64, 48, image::Luma([90]));
    let cases = [
        (samples::cmyk_jpeg([255, 255, 0, 255]), [255, 255, 0]),
        (samples::cmyk_jpeg([255, 0, 0, 128]), [128, 0, 0]),
        (
            samples::encoded(&DynamicImage::ImageLuma8(grey.clone()), ImageFormat::Jpeg),
            [90, 90, 90],
        ),
        (
            samples::encoded(&DynamicImage::ImageLuma8(grey), ImageFormat::Png),
            [90, 90, 90],
        ),
        (
            samples::encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png),
            [156, 39, 195],
        ),
        (
            samples::encoded(&DynamicImage::ImageRgba8(half.clone()), ImageFormat::Png),
            [227, 127, 127],
        ),
        (
            samples::encoded(&DynamicImage::ImageRgba8(half), ImageFormat::WebP),
            [227, 127, 127],
        ),
    ];
    for (photo, wanted) in cases {
        let found = colour(&derive(&photo, 1).unwrap());
        assert!(close(found, wanted), "{found:?}, not {wanted:?}");
    }
}

#[test]
fn the_perceptual_hash_tells_pictures_apart() {
    let scene = samples::scene(1200, 900);
    let mut mirrored = scene.clone();
    image::imageops::flip_horizontal_in_place(&mut mirrored);
    let hash = |picture: &RgbImage| derive(&samples::jpeg(picture, 85), 1).unwrap().perceptual_hash;
    assert!((hash(&scene) ^ hash(&mirrored)).count_ones() > 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_perceptual_hash_survives_compression_and_scale(quality in 35_i32..=95, width in 500_u32..2600) {
        let scene = samples::scene(2000, 1500);
        let reference = derive(&samples::jpeg(&scene, 90), 1).unwrap().perceptual_hash;
        let other = image::imageops::thumbnail(&scene, width, width * 3 / 4);
        let hash = derive(&samples::jpeg(&other, quality), 1).unwrap().perceptual_hash;
        prop_assert!((hash ^ reference).count_ones() <= 6, "{} bits", (hash ^ reference).count_ones());
    }

    #[test]
    fn spoiled_bytes_never_panic(at in 0_usize..6000, value: u8) {
        let scene = samples::scene(200, 150);
        let still = DynamicImage::ImageRgb8(scene.clone());
        for photo in [samples::held(&scene, 6), samples::png(&scene), samples::encoded(&still, ImageFormat::WebP)] {
            let mut photo = photo;
            let place = at % photo.len();
            photo[place] = value;
            if let Ok(derived) = derive(&photo, 1) {
                prop_assert!(derived.large.width <= 1600 && derived.large.height <= 1600);
            }
        }
    }
}
