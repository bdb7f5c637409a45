//! The headers of tus 1.0, read and written.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use data_encoding::BASE64;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::http::problem::{Kind, Problem};

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;

/// The protocol's version, in every answer.
pub const VERSION: &str = "1.0.0";
/// What of the protocol is spoken here.
pub const EXTENSIONS: &str = "creation,termination,expiration,checksum";
/// Digests that a piece may be held against.
pub const ALGORITHMS: &str = "sha1,sha256";

/// Refuses whoever speaks another version, before anything is done.
///
/// # Errors
/// [`Kind::TusVersion`].
pub fn require_version(request: &HttpRequest) -> Result<(), Problem> {
    if text(request.headers(), "Tus-Resumable") == Some(VERSION) {
        Ok(())
    } else {
        Err(Problem::new(Kind::TusVersion).with("version", VERSION))
    }
}

/// The verb that is meant: proxies that know no PATCH or DELETE are passed by POST.
#[must_use]
pub fn method(request: &HttpRequest) -> Method {
    text(request.headers(), "X-HTTP-Method-Override")
        .and_then(|name| name.parse().ok())
        .filter(|_| request.method() == Method::POST)
        .unwrap_or_else(|| request.method().clone())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A count of bytes.
///
/// # Errors
/// [`Kind::MalformedRequest`] naming the header when it is missing or no number.
pub fn number(request: &HttpRequest, name: &str) -> Result<u64, Problem> {
    let digits = text(request.headers(), name).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| Problem::new(Kind::MalformedRequest).with("header", name))
}

/// What the client says of its upload: names once each, values in Base64.
///
/// # Errors
/// [`Kind::MalformedRequest`].
pub fn metadata(request: &HttpRequest) -> Result<HashMap<String, String>, Problem> {
    let malformed = || Problem::new(Kind::MalformedRequest).with("header", "Upload-Metadata");
    let mut found = HashMap::new();
    for pair in text(request.headers(), "Upload-Metadata")
        .unwrap_or_default()
        .split(',')
    {
        let mut words = pair.trim().split(' ');
        let (Some(name), value, None) = (words.next(), words.next().unwrap_or_default(), words.next()) else {
            return Err(malformed());
        };
        if name.is_empty() {
            continue;
        }
        let bytes = BASE64.decode(value.as_bytes()).map_err(|_| malformed())?;
        let value = String::from_utf8(bytes).map_err(|_| malformed())?;
        if found.insert(name.to_owned(), value).is_some() {
            return Err(malformed());
        }
    }
    Ok(found)
}

/// An id in the metadata.
///
/// # Errors
/// [`Kind::Invalid`] when it is none.
pub fn id(metadata: &HashMap<String, String>, name: &'static str) -> Result<Option<Uuid>, Problem> {
    let parsed = metadata.get(name).map(|value| value.parse());
    parsed.transpose().map_err(|_| Problem::field(name, "not_a_uuid"))
}

/// What a piece is held against.
pub enum Checksum {
    /// 20 bytes.
    Sha1(Vec<u8>),
    /// 32 bytes.
    Sha256(Vec<u8>),
}

impl Checksum {
    /// Reads `Upload-Checksum`, if there is one.
    ///
    /// # Errors
    /// [`Kind::MalformedRequest`] when its algorithm is none of ours or its value no Base64.
    pub fn read(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(header) = text(request.headers(), "Upload-Checksum") else {
            return Ok(None);
        };
        let malformed = || Problem::new(Kind::MalformedRequest).with("header", "Upload-Checksum");
        let (algorithm, value) = header.split_once(' ').ok_or_else(malformed)?;
        let value = BASE64.decode(value.as_bytes()).map_err(|_| malformed())?;
        match algorithm {
            "sha1" => Ok(Some(Self::Sha1(value))),
            "sha256" => Ok(Some(Self::Sha256(value))),
            _ => Err(malformed()),
        }
    }

    /// Whether it is that of these bytes.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha1(given) => Sha1::digest(bytes).ct_eq(given).into(),
            Self::Sha256(given) => Sha256::digest(bytes).ct_eq(given).into(),
        }
    }
}
