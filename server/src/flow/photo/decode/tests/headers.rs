//! What sniffing accepts and reads.

use chrono::NaiveDate;
use image::{DynamicImage, ImageFormat};

use super::samples;
use crate::flow::photo::decode::child::sniff;
use crate::flow::photo::decode::model::{PhotoKind, PhotoRefusal};

#[test]
fn every_accepted_type_is_recognised_with_its_size() {
    let scene = samples::scene(64, 48);
    let webp = samples::encoded(&DynamicImage::ImageRgb8(scene.clone()), ImageFormat::WebP);
    let cases = [
        (samples::jpeg(&scene, 80), PhotoKind::Jpeg, (64, 48)),
        (samples::png(&scene), PhotoKind::Png, (64, 48)),
        (webp, PhotoKind::WebP, (64, 48)),
        (samples::ROTATED_HEIC.to_vec(), PhotoKind::Heic, (640, 480)),
    ];
    for (photo, kind, size) in cases {
        let sniffed = sniff(&photo).unwrap();
        assert_eq!((sniffed.kind, (sniffed.width, sniffed.height)), (kind, size));
    }
}

#[test]
fn the_camera_suggests_place_time_and_orientation() {
    let photo = samples::held(&samples::scene(64, 48), 6);
    for (photo, orientation) in [(photo.as_slice(), 6), (samples::ROTATED_HEIC, 1)] {
        let sniffed = sniff(photo).unwrap();
        let position = sniffed.position.unwrap();
        assert!(
            (position.lat - 46.505).abs() < 1e-9 && (position.lon + 1.25).abs() < 1e-9,
            "{position:?}"
        );
        assert_eq!(position.accuracy_m, Some(8.5));
        let time = sniffed.taken_at.unwrap();
        assert_eq!(
            Some(time.local),
            NaiveDate::from_ymd_opt(2026, 5, 4).and_then(|day| day.and_hms_opt(7, 8, 9))
        );
        assert_eq!(time.utc_offset_minutes, Some(120));
        assert_eq!(sniffed.orientation, orientation);
    }
}

#[test]
fn damaged_metadata_is_absent_metadata() {
    let plain = samples::jpeg(&samples::scene(64, 48), 80);
    let mut truncated = samples::exif(6);
    truncated.truncate(60);
    for exif in [&truncated[..], b"MM\0\x2a\xff\xff\xff\xff", b"not tiff", b""] {
        let sniffed = sniff(&samples::with_exif(&plain, exif)).unwrap();
        assert_eq!((sniffed.position, sniffed.taken_at), (None, None));
    }
}

#[test]
fn other_types_are_refused_whatever_they_are_called() {
    let brand = |brand: &[u8; 4]| [b"\0\0\0\x14ftyp", &brand[..], b"\0\0\0\0", brand].concat();
    let cases = [
        (Vec::new(), PhotoRefusal::UnsupportedType),
        (b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), PhotoRefusal::UnsupportedType),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            PhotoRefusal::UnsupportedType,
        ),
        (
            b"<!doctype html><script>1</script>".to_vec(),
            PhotoRefusal::UnsupportedType,
        ),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec(), PhotoRefusal::UnsupportedType),
        (b"%PDF-1.7".to_vec(), PhotoRefusal::UnsupportedType),
        (brand(b"avif"), PhotoRefusal::UnsupportedType),
        (brand(b"mp42"), PhotoRefusal::UnsupportedType),
        (brand(b"hevc"), PhotoRefusal::Animated),
        (brand(b"heic"), PhotoRefusal::Unreadable),
        (
            b"\xff\xd8\xff<html><script>1</script></html>".to_vec(),
            PhotoRefusal::Unreadable,
        ),
    ];
    for (photo, reason) in cases {
        assert_eq!(sniff(&photo), Err(reason), "{:?}", String::from_utf8_lossy(&photo));
    }
}

#[test]
fn a_refusal_is_written_as_its_slug() {
    for reason in PhotoRefusal::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.slug());
    }
}
