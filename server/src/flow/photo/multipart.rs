//! Reads `multipart/form-data` with one `report` part and `photo` parts, or a browser's form with fields and photos, as a
//! stream and within limits.
//!
//! A photo that is too large is read to its end and forgotten, so that the report beside it is not lost.

use std::collections::BTreeMap;

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{ResponseError, web};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;

use super::decode::MAX_BYTES;
use super::model::{MAX_PER_REPORT, Refusal};
use crate::http::json::JSON_LIMIT;
use crate::http::problem::{Kind, Problem};

/// Most parts of a body, those that are refused included.
const MAX_PARTS: usize = 100;

/// What may come in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the `report` part, or of one field of a form.
    pub report: usize,
    /// Bytes of one `photo` part.
    pub photo: usize,
    /// Photos that are kept.
    pub photos: usize,
    /// Bytes of everything: what is over a photo's limit is still read up to here.
    pub total: usize,
}

impl Limits {
    /// Of a report with its photos.
    pub const REPORT: Self = Self {
        report: JSON_LIMIT,
        photo: MAX_BYTES,
        photos: MAX_PER_REPORT,
        total: (MAX_PER_REPORT + 1) * MAX_BYTES,
    };
    /// Of a form with photos.
    pub const FORM: Self = Self {
        report: 64 * 1024,
        ..Self::REPORT
    };
    /// Of one photo.
    pub const PHOTO: Self = Self {
        report: 0,
        photo: MAX_BYTES,
        photos: 1,
        total: MAX_BYTES + 64 * 1024,
    };
}

impl Limits {
    /// The bytes that one more photo may have after so many, and why it is refused when it has more.
    const fn of_photo(self, there: usize) -> (usize, Refusal) {
        if there < self.photos {
            (self.photo, Refusal::TooLarge)
        } else {
            (0, Refusal::TooMany)
        }
    }
}

/// What came in.
#[derive(Debug, Default)]
pub struct Parts {
    /// The `report` part, as sent: JSON for [`crate::http::json::parse`].
    pub report: Option<Bytes>,
    /// The `photo` parts, each with its bytes or with why it is refused already.
    pub photos: Vec<Result<Bytes, Refusal>>,
}

/// Reads a multipart body. File names are never looked at.
///
/// # Errors
/// [`Kind::MalformedBody`] when it is no multipart body, [`Kind::BodyTooLarge`] over the total, [`Kind::Invalid`] for a part
/// of another name or a second `report`.
pub async fn read(headers: &HeaderMap, payload: web::Payload, limits: Limits) -> Result<Parts, Problem> {
    let mut multipart = Multipart::new(headers, payload);
    let mut parts = Parts::default();
    let (mut left, mut count) = (limits.total, 0);
    while let Some(mut field) = next(&mut multipart, &mut count).await? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "report" if parts.report.is_none() && limits.report > 0 => {
                let report = collect(&mut field, limits.report, &mut left).await?;
                parts.report = Some(report.ok_or_else(|| too_large(limits.report))?);
            }
            "photo" => {
                let (keep, why) = limits.of_photo(parts.photos.len());
                let photo = collect(&mut field, keep, &mut left).await?;
                parts.photos.push(photo.ok_or(why));
            }
            _ => return Err(Problem::field("multipart", "unknown_part")),
        }
    }
    Ok(parts)
}

/// What a browser's form brought.
#[derive(Debug, Default)]
pub struct Form {
    /// Texts by the name of their field, as typed.
    pub fields: BTreeMap<String, String>,
    /// The `photo` parts, each with its bytes or with why it is refused already.
    pub photos: Vec<Result<Bytes, Refusal>>,
}

/// Reads a browser's form of these fields and `photo` parts. A field for files that was left empty is sent as an empty file:
/// that is no photo.
///
/// # Errors
/// [`Kind::MalformedBody`] when it is no multipart body, [`Kind::BodyTooLarge`] over a limit, [`Kind::Invalid`] for a part
/// of another name.
pub async fn read_form(
    headers: &HeaderMap,
    payload: web::Payload,
    names: &[&str],
    limits: Limits,
) -> Result<Form, Problem> {
    let mut multipart = Multipart::new(headers, payload);
    let mut form = Form::default();
    let (mut left, mut count) = (limits.total, 0);
    while let Some(mut field) = next(&mut multipart, &mut count).await? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "photo" {
            let (keep, why) = limits.of_photo(form.photos.len());
            match collect(&mut field, keep, &mut left).await? {
                Some(bytes) if bytes.is_empty() => {}
                photo => form.photos.push(photo.ok_or(why)),
            }
        } else if names.contains(&name.as_str()) {
            let text = collect(&mut field, limits.report, &mut left).await?;
            let text = text.ok_or_else(|| too_large(limits.report))?;
            let text = String::from_utf8(text.into()).map_err(|_| Problem::new(Kind::MalformedBody))?;
            form.fields.insert(name, text);
        } else {
            return Err(Problem::field("multipart", "unknown_part"));
        }
    }
    Ok(form)
}

/// The next part; there are not more than anybody has a use for, empty ones included.
async fn next(multipart: &mut Multipart, parts: &mut usize) -> Result<Option<Field>, Problem> {
    *parts += 1;
    if *parts > MAX_PARTS {
        return Err(Problem::new(Kind::BodyTooLarge).with("limit_parts", MAX_PARTS));
    }
    multipart.try_next().await.map_err(|error| malformed(&error))
}

/// The bytes of a part; `None` when there are more than `keep`, which are then read and dropped.
async fn collect(field: &mut Field, keep: usize, left: &mut usize) -> Result<Option<Bytes>, Problem> {
    let mut bytes = BytesMut::new();
    let mut fits = true;
    while let Some(chunk) = field.try_next().await.map_err(|error| malformed(&error))? {
        *left = left.checked_sub(chunk.len()).ok_or_else(|| too_large(keep))?;
        fits = fits && bytes.len() + chunk.len() <= keep;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = BytesMut::new();
        }
    }
    Ok((fits && keep > 0).then(|| bytes.freeze()))
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Kind::BodyTooLarge).with("limit_bytes", limit)
}

fn malformed(error: &actix_multipart::MultipartError) -> Problem {
    if error.status_code() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Kind::BodyTooLarge)
    } else {
        Problem::new(Kind::MalformedBody)
    }
}
