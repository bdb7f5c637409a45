//! JSON bodies: read whole within a limit, and refused with the name of the field that is wrong.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::problem::{FieldErrors, Kind, Problem};

/// Largest JSON body, bytes.
pub const JSON_LIMIT: usize = 256 * 1024;

/// A JSON body as a handler's argument.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = media_type(request).is_some_and(|media| media == "application/json");
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(Problem::new(Kind::UnsupportedMediaType).with("accepted", "application/json"));
            }
            let bytes = bytes.await.map_err(|error| too_large_or_malformed(&error))?;
            parse(&bytes).map(Self)
        })
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
/// [`Kind::MalformedBody`] when it is not JSON at all, [`Kind::Invalid`] with the field's path when it is of another form.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
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
            errors.add_with(path.to_owned(), "wrong_form", vec![("detail", detail.into())]);
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
