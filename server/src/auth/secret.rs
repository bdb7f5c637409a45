//! Secrets that the server derives or stores as a digest: follow secrets, telephone codes, tokens of links.

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::keys::Key;
use crate::http::problem::{Kind, Problem};

/// SHA-256, as stored of every bearer secret.
#[must_use]
pub fn digest(secret: &[u8]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// Whether a secret is the one whose digest was stored, in constant time.
#[must_use]
pub fn matches(secret: &[u8], stored: &[u8]) -> bool {
    digest(secret).ct_eq(stored).into()
}

/// 128 random bits in base64url, for a link or a token.
///
/// # Errors
/// [`Kind::Internal`] when the system has no randomness.
pub fn random_token() -> Result<String, Problem> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// HMAC-SHA-256 under a key of ours, separated by what it is for.
#[must_use]
pub fn derive(key: &Key, purpose: &str, data: &[u8]) -> [u8; 32] {
    // A key of any length is fine for HMAC, so this cannot fail; the fallback keeps the function total.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// The follow secret of a report whose client sent none: 128 bits that only this server can make again.
#[must_use]
pub fn follow_secret(key: &Key, report_id: Uuid) -> String {
    let mac = derive(key, "follow", report_id.as_bytes());
    BASE64URL_NOPAD.encode(mac.get(..16).unwrap_or_default())
}

/// The 40 bits of a report's telephone code.
#[must_use]
pub fn phone_code(key: &Key, report_id: Uuid) -> [u8; 5] {
    let [a, b, c, d, e, ..] = derive(key, "phone code", report_id.as_bytes());
    [a, b, c, d, e]
}

/// Signs a link: `expires` and `signature` go into its query.
#[must_use]
pub fn sign_link(key: &Key, path: &str, expires: DateTime<Utc>) -> String {
    let expires = expires.timestamp();
    let mac = derive(key, "link", format!("{path}\n{expires}").as_bytes());
    let signature = BASE64URL_NOPAD.encode(mac.get(..16).unwrap_or_default());
    format!("{path}?expires={expires}&signature={signature}")
}

/// Checks a signed link.
///
/// # Errors
/// [`Kind::NotFound`]: a wrong or expired link tells nothing.
pub fn check_link(key: &Key, path: &str, expires: i64, signature: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    let mac = derive(key, "link", format!("{path}\n{expires}").as_bytes());
    let given = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap_or_default();
    let same: bool = mac.get(..16).unwrap_or_default().ct_eq(&given).into();
    if same && now.timestamp() < expires {
        Ok(())
    } else {
        Err(Problem::new(Kind::NotFound))
    }
}

/// A keyed 63-bit number for a device or account: recognises that the same sender sent again, and says nothing else.
#[must_use]
pub fn sender_tag(key: &Key, sender: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = derive(key, "sender", sender.as_bytes());
    i64::from_be_bytes([a & 0x7f, b, c, d, e, f, g, h])
}
