//! ETags: the version of a row, or a digest of a document (RFC 9110, 8.8.3 and 13.1).

use actix_web::HttpRequest;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::problem::{Kind, Problem};

/// The ETag of a row's version.
#[must_use]
pub fn of_version(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The ETag of a document's bytes.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    format!("\"{}\"", BASE64URL_NOPAD.encode(digest.get(..12).unwrap_or_default()))
}

/// Whether the client already has this version (`If-None-Match`).
#[must_use]
pub fn client_has(request: &HttpRequest, etag: &str) -> bool {
    let header = request
        .headers()
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    header
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag)
}

/// The version that the client holds (`If-Match`); `None` without the header or with `*`.
///
/// # Errors
/// [`Kind::Stale`] when the header names no version of ours.
pub fn expected_version(request: &HttpRequest) -> Result<Option<i32>, Problem> {
    let Some(header) = request.headers().get(IF_MATCH) else {
        return Ok(None);
    };
    let tag = header.to_str().unwrap_or_default().trim().trim_start_matches("W/");
    if tag == "*" {
        return Ok(None);
    }
    let version = tag
        .strip_prefix("\"v")
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|digits| digits.parse().ok());
    version.map(Some).ok_or_else(|| Problem::new(Kind::Stale))
}
