//! The three facts taken from a photo's EXIF: which way is up, where, when. Nothing else is read, and damaged metadata is
//! never a reason to refuse a photo: a fact that cannot be read is absent.

use std::io::Cursor;

use chrono::NaiveDate;
use exif::{DateTime, Exif, In, Rational, Reader, Tag, Value};

use super::model::{CaptureTime, PhotoPosition};

/// What the EXIF of a photo says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metadata {
    /// EXIF orientation, 1 to 8; 1 when absent.
    pub orientation: u8,
    pub position: Option<PhotoPosition>,
    pub taken_at: Option<CaptureTime>,
}

/// Reads the EXIF of a JPEG, PNG, WebP or HEIC file.
pub fn read(bytes: &[u8]) -> Metadata {
    let mut reader = Reader::new();
    // One broken field must not hide the orientation.
    reader.continue_on_error(true);
    let exif = reader
        .read_from_container(&mut Cursor::new(bytes))
        .or_else(|error| error.distill_partial_result(|_| {}))
        .ok();
    Metadata {
        orientation: exif.as_ref().and_then(orientation).unwrap_or(1),
        position: exif.as_ref().and_then(position),
        taken_at: exif.as_ref().and_then(taken_at),
    }
}

fn orientation(exif: &Exif) -> Option<u8> {
    let value = exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}

fn position(exif: &Exif) -> Option<PhotoPosition> {
    let lat = degrees(exif, Tag::GPSLatitude)? * hemisphere(exif, Tag::GPSLatitudeRef, b'N', b'S')?;
    let lon = degrees(exif, Tag::GPSLongitude)? * hemisphere(exif, Tag::GPSLongitudeRef, b'E', b'W')?;
    // Cameras without a fix write zeros: null island is the sea, never a street.
    if lat.abs() > 90.0 || lon.abs() > 180.0 || (lat == 0.0 && lon == 0.0) {
        return None;
    }
    let accuracy_m = rationals(exif, Tag::GPSHPositioningError).and_then(|values| number(values.first()?));
    Some(PhotoPosition { lon, lat, accuracy_m })
}

/// Degrees, minutes and seconds (EXIF 2.32, 4.6.6) as decimal degrees.
fn degrees(exif: &Exif, tag: Tag) -> Option<f64> {
    match rationals(exif, tag)? {
        [degrees, minutes, seconds] => {
            Some(number(degrees)? + number(minutes)? / 60.0 + number(seconds).unwrap_or(0.0) / 3600.0)
        }
        _ => None,
    }
}

fn hemisphere(exif: &Exif, tag: Tag, positive: u8, negative: u8) -> Option<f64> {
    match ascii(exif, tag)?.first()? {
        letter if *letter == positive => Some(1.0),
        letter if *letter == negative => Some(-1.0),
        _ => None,
    }
}

fn taken_at(exif: &Exif) -> Option<CaptureTime> {
    let mut time = DateTime::from_ascii(ascii(exif, Tag::DateTimeOriginal)?).ok()?;
    if let Some(offset) = ascii(exif, Tag::OffsetTimeOriginal) {
        // An unreadable offset leaves the local time, which is worth having.
        let _unreadable = time.parse_offset(offset);
    }
    let local = NaiveDate::from_ymd_opt(time.year.into(), time.month.into(), time.day.into())?.and_hms_opt(
        time.hour.into(),
        time.minute.into(),
        time.second.into(),
    )?;
    let utc_offset_minutes = time.offset.filter(|minutes| minutes.abs() < 24 * 60);
    Some(CaptureTime {
        local,
        utc_offset_minutes,
    })
}

fn rationals(exif: &Exif, tag: Tag) -> Option<&[Rational]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(values) => Some(values),
        _ => None,
    }
}

fn number(value: &Rational) -> Option<f64> {
    (value.denom != 0).then(|| value.to_f64())
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}
