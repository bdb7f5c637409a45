//! JSON bodies: read whole within a limit, and refused with the name of the field that is wrong.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{FieldErrors, Kind, Problem};
use super::when;

/// Largest JSON body, bytes.
pub const JSON_LIMIT: usize = 256 * 1024;

/// A JSON body as a handler's argument.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A JSON body of many things that are refused one by one: whoever reads it asks each for NUL.
#[derive(Debug)]
pub struct Batch<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = whole(request, payload);
        Box::pin(async move { parse(&bytes.await?).map(Self) })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Batch<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = whole(request, payload);
        Box::pin(async move { read(&bytes.await?).map(Self) })
    }
}

fn whole(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<web::Bytes, Problem>> + use<> {
    let is_json = media_type(request).is_some_and(|media| media == "application/json");
    let bytes = web::Bytes::from_request(request, payload);
    async move {
        if !is_json {
            return Err(Problem::new(Kind::UnsupportedMediaType).with("accepted", "application/json"));
        }
        bytes.await.map_err(|error| too_large_or_malformed(&error))
    }
}

/// The media type of a request's body, without parameters, in lower case.
#[must_use]
pub fn media_type(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(header.split(';').next()?.trim().to_ascii_lowercase())
}

/// Reads a value from JSON bytes.
///
/// # Errors
/// [`Kind::MalformedBody`] when it is not JSON at all, [`Kind::Invalid`] with the field's path when it is of another form or
/// holds the character NUL, which the database stores neither in a text nor in JSON.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = read(bytes)?;
    if !holds_nul(bytes) {
        return Ok(value);
    }
    let all: Value = read(bytes)?;
    Err(match nul_in(&all) {
        Some(field) => Problem::field(field, "control_characters"),
        // In what a second member of the same name wrote over.
        None => Problem::new(Kind::MalformedBody),
    })
}

/// Whether a text of valid JSON holds NUL, which it can say by its escape only.
pub(super) fn holds_nul(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"\\u0000").any(|at| {
        let before = bytes.get(..at).unwrap_or_default();
        let escapes = before.iter().rev().take_while(|&&byte| byte == b'\\').count();
        escapes % 2 == 0
    })
}

/// Path of the first text that holds NUL.
#[must_use]
pub fn nul_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| ".".to_owned()),
        Value::Array(items) => {
            let mut found = items.iter().enumerate();
            found.find_map(|(at, item)| nul_in(item).map(|path| joined(&format!("[{at}]"), &path)))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if name.contains('\0') {
                return Some(name.replace('\0', "\u{fffd}"));
            }
            nul_in(value).map(|path| joined(name, &path))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn joined(outer: &str, inner: &str) -> String {
    match inner {
        "." => outer.to_owned(),
        _ if inner.starts_with('[') => format!("{outer}{inner}"),
        _ => format!("{outer}.{inner}"),
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            wrong_field(&path, &inner)
        } else {
            malformed(&inner)
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Kind::MalformedBody)
        .with("line", error.line())
        .with("column", error.column())
}

/// serde names a missing field only in its message, so the path is completed from there.
fn wrong_field(path: &str, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let named = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    let mut errors = FieldErrors::default();
    match named {
        Some(name) if path == "." => errors.add(name.to_owned(), "required"),
        Some(name) => errors.add(format!("{path}.{name}"), "required"),
        None => {
            let detail = message.split(" at line ").next().unwrap_or_default().to_owned();
            if detail == when::OUTSIDE {
                errors.add_with(path.to_owned(), "out_of_range", vec![("range", when::RANGE.into())]);
            } else {
                errors.add_with(path.to_owned(), "wrong_form", vec![("detail", detail.into())]);
            }
        }
    }
    errors.into_problem()
}

fn too_large_or_malformed(error: &actix_web::Error) -> Problem {
    let kind = if error.as_response_error().status_code() == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
        Kind::BodyTooLarge
    } else {
        Kind::MalformedBody
    };
    Problem::new(kind).with("limit_bytes", JSON_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> Vec<(String, &'static str)> {
        let problem = parse::<Value>(json.as_bytes()).unwrap_err();
        let errors = problem.errors.iter();
        errors.map(|error| (error.field.to_string(), error.code)).collect()
    }

    #[test]
    fn nul_is_refused_wherever_it_stands() {
        for (json, field) in [
            (r#"{"name": "a\u0000"}"#, "name"),
            (r#"{"name": "\\\u0000"}"#, "name"),
            (r#"{"answers": {"where": ["a", "\u0000"]}}"#, "answers.where[1]"),
            (r#"{"lines": [{"words": "\u0000"}]}"#, "lines[0].words"),
            (r#"{"a\u0000b": 1}"#, "a\u{fffd}b"),
            (r#""\u0000""#, "."),
        ] {
            assert_eq!(refused(json), [(field.to_owned(), "control_characters")], "{json}");
        }
        let hidden = parse::<Value>(br#"{"a": "\u0000", "a": "b"}"#).unwrap_err();
        assert_eq!(hidden.kind, Kind::MalformedBody);
    }

    #[test]
    fn what_only_looks_like_nul_is_none() {
        for json in [r#"{"name": "\\u0000"}"#, r#"["\u0001", "u0000"]"#] {
            assert!(parse::<Value>(json.as_bytes()).is_ok(), "{json}");
        }
        assert!(holds_nul(br#""\u00000""#), "NUL and a nought");
    }
}
