//! Files made to do harm: refused from their headers, or decoded to nothing but pixels.

use super::samples;
use crate::flow::photo::decode::child::{derive, sniff};
use crate::flow::photo::decode::model::{MAX_BYTES, PhotoRefusal};

#[test]
fn too_many_pixels_are_refused_from_the_header() {
    let jpeg = samples::jpeg(&samples::scene(64, 48), 80);
    let cases = [
        samples::empty_png(65_000, 65_000),
        samples::empty_png(16_385, 10),
        samples::empty_png(7_072, 7_072),
        samples::with_forged_size(&jpeg, 65_500, 65_500),
        samples::with_forged_size(&jpeg, 10, 16_385),
    ];
    for photo in cases {
        assert_eq!(sniff(&photo), Err(PhotoRefusal::TooManyPixels));
        assert_eq!(derive(&photo, 1), Err(PhotoRefusal::TooManyPixels));
    }
    assert!(sniff(&samples::empty_png(7_071, 7_071)).is_ok());
}

#[test]
fn a_picture_without_area_is_refused() {
    let jpeg = samples::jpeg(&samples::scene(64, 48), 80);
    for photo in [samples::empty_png(0, 10), samples::with_forged_size(&jpeg, 0, 48)] {
        assert_eq!(sniff(&photo), Err(PhotoRefusal::Unreadable));
    }
}

#[test]
fn one_byte_too_many_is_refused() {
    let mut photo = samples::jpeg(&samples::scene(64, 48), 80);
    photo.resize(MAX_BYTES, 0);
    assert!(sniff(&photo).is_ok());
    photo.push(0);
    assert_eq!(sniff(&photo), Err(PhotoRefusal::TooLarge));
}

#[test]
fn animations_are_refused() {
    let scene = samples::scene(64, 48);
    let apng = samples::with_chunk(&samples::png(&scene), b"acTL", &[0, 0, 0x27, 0x10, 0, 0, 0, 0]);
    for photo in [apng, samples::animated_webp(&scene)] {
        assert_eq!(sniff(&photo), Err(PhotoRefusal::Animated));
        assert_eq!(derive(&photo, 1), Err(PhotoRefusal::Animated));
    }
}

#[test]
fn a_jpeg_of_countless_scans_is_refused() {
    let jpeg = samples::jpeg(&samples::scene(64, 48), 80);
    assert!(sniff(&samples::with_scans(&jpeg, 100)).is_ok());
    assert_eq!(sniff(&samples::with_scans(&jpeg, 101)), Err(PhotoRefusal::Unreadable));
    assert_eq!(
        sniff(&samples::with_scans(&jpeg, 10_000)),
        Err(PhotoRefusal::Unreadable)
    );
}

#[test]
fn what_follows_the_end_of_a_jpeg_is_not_counted_as_scans() {
    let jpeg = samples::jpeg(&samples::scene(64, 48), 80);
    let motion = [jpeg, [0xFF, 0xDA, 0, 2].repeat(1000)].concat();
    assert!(sniff(&motion).is_ok());
    assert!(derive(&motion, 1).is_ok());
}

#[test]
fn a_file_cut_short_or_forged_larger_is_refused_in_full_decode() {
    let scene = samples::scene(640, 480);
    let (jpeg, png) = (samples::jpeg(&scene, 80), samples::png(&scene));
    let cases = [
        jpeg[..jpeg.len() / 2].to_vec(),
        jpeg[..jpeg.len() - 40].to_vec(),
        png[..png.len() / 2].to_vec(),
        samples::with_forged_size(&jpeg, 7_000, 7_000),
        samples::empty_png(7_000, 7_000),
    ];
    for photo in cases {
        assert!(sniff(&photo).is_ok());
        assert_eq!(derive(&photo, 1), Err(PhotoRefusal::Unreadable));
    }
}

#[test]
fn compressed_text_and_profiles_are_not_inflated_into_memory() {
    let png = samples::png(&samples::scene(64, 48));
    let bomb = samples::zlib(&vec![b'A'; 100 * 1024 * 1024]);
    for (name, keyword) in [(b"zTXt", "Comment\0\0"), (b"iCCP", "profile\0\0")] {
        let photo = samples::with_chunk(&png, name, &[keyword.as_bytes(), &bomb].concat());
        assert!(photo.len() < 200_000);
        let derived = derive(&photo, 1).unwrap();
        assert!(derived.large.jpeg.len() < 10_000);
    }
}

#[test]
fn a_file_that_is_two_things_at_once_comes_out_as_one() {
    let jpeg = samples::jpeg(&samples::scene(64, 48), 80);
    let zip = b"PK\x03\x04hidden-archive PK\x05\x06";
    let script = b"<script>alert(1)</script><?php evil() ?>";
    let photo = [
        samples::with_segment(&jpeg, 0xFE, script),
        zip.to_vec(),
        script.to_vec(),
    ]
    .concat();
    let derived = derive(&photo, 1).unwrap();
    for picture in [derived.large.jpeg, derived.small.jpeg] {
        for hidden in [&b"PK\x03\x04"[..], b"script", b"php"] {
            assert!(!picture.windows(hidden.len()).any(|window| window == hidden));
        }
    }
}
