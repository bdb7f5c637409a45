//! Access tokens: EdDSA JWTs of 15 minutes, typed `at+jwt` (RFC 9068), every claim required.
//!
//! A token says who and in which town, never what is allowed: grants are read in the transaction that uses them, so that
//! sign-out, a changed role or a revoked tablet count at once.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::KeyRing;
use crate::db::TownId;
use crate::http::problem::{Kind, Problem};

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;

/// How long an access token is good for.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(15);
const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "vigie-staff";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    town: i32,
    epoch: i32,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// A person who showed a valid token. What they may do is yet to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffToken {
    /// Person.
    pub staff_user_id: Uuid,
    /// Session.
    pub session_id: Uuid,
    /// Town that they work for in this session.
    pub town: TownId,
    /// Epoch of the person's sessions when the token was made.
    pub epoch: i32,
}

/// Makes a token.
///
/// # Errors
/// [`Kind::Internal`] when signing fails.
pub fn issue(keys: &KeyRing, issuer: &str, who: StaffToken, now: DateTime<Utc>) -> Result<String, Problem> {
    let Some(key) = keys.tokens.first() else {
        return Err(Problem::internal("no token key"));
    };
    let header = Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(key.id.clone()),
        ..Header::new(Algorithm::EdDSA)
    };
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: who.staff_user_id,
        sid: who.session_id,
        town: who.town.0,
        epoch: who.epoch,
        iat: now.timestamp(),
        exp: (now + LIFETIME).timestamp(),
        jti: Uuid::new_v4(),
    };
    encode(&header, &claims, &key.key.encoding).map_err(Problem::internal)
}

/// Reads a token. Every reason to refuse it looks the same from outside.
///
/// # Errors
/// [`Kind::Unauthenticated`].
pub fn verify(keys: &KeyRing, issuer: &str, token: &str, now: DateTime<Utc>) -> Result<StaffToken, Problem> {
    let claims = read(keys, issuer, token).ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
    // The library compares with its own clock; ours is passed in, so expiry is checked here.
    let valid = claims.iat <= now.timestamp() + 5
        && now.timestamp() < claims.exp
        && claims.exp.saturating_sub(claims.iat) <= LIFETIME.num_seconds();
    if !valid {
        return Err(Problem::new(Kind::Unauthenticated));
    }
    Ok(StaffToken {
        staff_user_id: claims.sub,
        session_id: claims.sid,
        town: TownId(claims.town),
        epoch: claims.epoch,
    })
}

fn read(keys: &KeyRing, issuer: &str, token: &str) -> Option<Claims> {
    if token.len() > 2_000 {
        return None;
    }
    let header = decode_header(token).ok()?;
    let kid = header.kid.as_deref()?;
    if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::EdDSA {
        return None;
    }
    let key = keys.tokens.iter().find(|key| key.id == kid)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    decode::<Claims>(token, &key.key.decoding, &validation)
        .ok()
        .map(|data| data.claims)
}

/// The public halves as a JWK set (RFC 7517, RFC 8037), for partners that verify our tokens.
#[must_use]
pub fn jwks(keys: &KeyRing) -> serde_json::Value {
    let keys: Vec<serde_json::Value> = keys
        .tokens
        .iter()
        .map(|key| {
            let x = data_encoding::BASE64URL_NOPAD.encode(&key.key.public);
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id, "x": x})
        })
        .collect();
    serde_json::json!({ "keys": keys })
}
