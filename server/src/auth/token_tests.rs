//! Tokens that nobody of ours made, or that we would not have made: all refused, all with the same answer. Most are
//! signed with the real key, so that what is tested is the check behind the signature.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

use super::*;
use crate::auth::keys::{Named, TokenKey};

const ISSUER: &str = "https://vigie.example";
const KID: &str = "20260101-abcdef";

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn ring() -> KeyRing {
    let signing = signing_key();
    let der = signing.to_pkcs8_der().expect("a key in PKCS #8");
    let public = signing.verifying_key().to_bytes();
    let key = TokenKey {
        encoding: EncodingKey::from_ed_der(der.as_bytes()),
        decoding: DecodingKey::from_ed_der(&public),
        public,
    };
    KeyRing {
        tokens: vec![Named {
            id: KID.to_owned(),
            key,
        }],
        vault: Vec::new(),
        index: [0; 32],
        server: [0; 32],
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn who() -> StaffToken {
    StaffToken {
        staff_user_id: Uuid::from_u128(1),
        session_id: Uuid::from_u128(2),
        town: TownId(3),
        epoch: 4,
    }
}

fn header() -> Value {
    json!({"typ": "at+jwt", "alg": "EdDSA", "kid": KID})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "vigie-staff", "sub": Uuid::from_u128(1), "sid": Uuid::from_u128(2), "town": 3, "epoch": 4,
        "iat": 1_800_000_000_i64, "exp": 1_800_000_900_i64, "jti": Uuid::from_u128(9),
    })
}

fn unsigned(header: &str, claims: &str) -> String {
    format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(claims.as_bytes())
    )
}

/// Signed with the real key, whatever it says.
fn signed_text(header: &str, claims: &str) -> String {
    let message = unsigned(header, claims);
    let signature = signing_key().sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}

fn signed(header: &Value, claims: &Value) -> String {
    signed_text(&header.to_string(), &claims.to_string())
}

/// The object with one member set, or removed by `None`.
fn with(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().expect("an object");
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}

#[track_caller]
fn refused(token: &str) {
    let shown: String = token.chars().take(120).collect();
    let problem = verify(&ring(), ISSUER, token, now()).expect_err(&shown);
    assert_eq!(problem.kind, Kind::Unauthenticated);
    assert!(problem.members.is_empty() && problem.errors.is_empty(), "it says why");
}

#[test]
fn what_we_issue_is_accepted_and_says_who() {
    let token = issue(&ring(), ISSUER, who(), now()).expect("a token");
    assert_eq!(verify(&ring(), ISSUER, &token, now()).expect("accepted"), who());
    let by_hand = signed(&header(), &claims());
    assert_eq!(verify(&ring(), ISSUER, &by_hand, now()).expect("accepted"), who());
}

#[test]
fn no_algorithm_but_ours() {
    let claims = claims().to_string();
    for algorithm in ["none", "None", "nOnE", "NONE", "eddsa", "ES256", "HS256", "RS256", ""] {
        let header = with(header(), "alg", Some(algorithm.into())).to_string();
        refused(&signed_text(&header, &claims));
        refused(&format!("{}.", unsigned(&header, &claims)));
        refused(&unsigned(&header, &claims));
        // r = s = 0, the "psychic" signature.
        refused(&format!(
            "{}.{}",
            unsigned(&header, &claims),
            BASE64URL_NOPAD.encode(&[0; 64])
        ));
    }
    refused(&signed(&with(header(), "alg", None), &self::claims()));
    let doubled = format!(r#"{{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"{KID}"}}"#);
    refused(&signed_text(&doubled, &claims));
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    let public = signing_key().verifying_key().to_bytes();
    let der = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice(), &public].concat();
    let body = data_encoding::BASE64.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    for secret in [public.as_slice(), &der, pem.as_bytes(), b""] {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(KID.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        let token = encode(&header, &claims(), &EncodingKey::from_secret(secret)).expect("an HMAC token");
        refused(&token);
    }
}

#[test]
fn every_claim_is_there_and_of_its_type() {
    for name in ["iss", "aud", "sub", "sid", "town", "epoch", "iat", "exp", "jti"] {
        refused(&signed(&header(), &with(claims(), name, None)));
        refused(&signed(&header(), &with(claims(), name, Some(Value::Null))));
        refused(&signed(&header(), &with(claims(), name, Some(json!([1])))));
        refused(&signed(&header(), &with(claims(), name, Some(json!({"a": 1})))));
    }
    for name in ["iat", "exp", "nbf"] {
        for wrong in [
            json!("1800000100"),
            json!(1_800_000_100.5),
            json!(-1),
            json!(true),
            json!(1e300),
        ] {
            refused(&signed(&header(), &with(claims(), name, Some(wrong))));
        }
    }
    for nbf in [json!(1_700_000_000), json!(1_900_000_000), Value::Null] {
        refused(&signed(&header(), &with(claims(), "nbf", Some(nbf))));
    }
    let twice = claims().to_string().replacen('{', r#"{"exp":1900000000,"#, 1);
    refused(&signed_text(&header().to_string(), &twice));
}

#[test]
fn another_issuer_audience_or_kind_of_token_is_not_ours() {
    let wrong = |name: &str, value: Value| refused(&signed(&header(), &with(claims(), name, Some(value))));
    wrong("iss", json!("https://other.example"));
    wrong("iss", json!([ISSUER, "https://other.example"]));
    wrong("iss", json!(""));
    wrong("aud", json!("vigie-public"));
    wrong("aud", json!(""));
    wrong("sub", json!("1 OR 1=1"));
    wrong("admin", json!(true));
    for typ in [
        Some(json!("JWT")),
        Some(json!("id_token")),
        Some(json!("AT+JWT ")),
        Some(json!(1)),
        None,
    ] {
        refused(&signed(&with(header(), "typ", typ), &claims()));
    }
}

#[test]
fn a_key_is_found_by_its_name_and_nowhere_else() {
    let long = "k".repeat(1_500);
    for kid in ["../../dev/null", "' OR '1'='1", "", "20260101-ABCDEF", &long] {
        refused(&signed(&with(header(), "kid", Some(kid.into())), &claims()));
    }
    refused(&signed(&with(header(), "kid", None), &claims()));
    // A key that the token brings itself is not looked at: signed by another key, it stays refused.
    let other = SigningKey::from_bytes(&[6; 32]);
    let x = BASE64URL_NOPAD.encode(&other.verifying_key().to_bytes());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/")),
    ] {
        let message = unsigned(&with(header(), name, Some(value)).to_string(), &claims().to_string());
        let signature = other.sign(message.as_bytes()).to_bytes();
        refused(&format!("{message}.{}", BASE64URL_NOPAD.encode(&signature)));
    }
}

#[test]
fn time_bounds_a_token() {
    let at = |iat: i64, exp: i64| {
        let claims = with(with(claims(), "iat", Some(iat.into())), "exp", Some(exp.into()));
        signed(&header(), &claims)
    };
    let t = now().timestamp();
    assert!(verify(&ring(), ISSUER, &at(t - 800, t + 1), now()).is_ok());
    refused(&at(t - 900, t));
    refused(&at(t - 1_000, t - 100));
    refused(&at(t + 60, t + 900));
    refused(&at(t, t + 901));
    refused(&at(t, i64::MAX));
    refused(&at(-1, i64::MAX));
}

#[test]
fn a_token_of_another_form_is_none() {
    let good = signed(&header(), &claims());
    let (head, rest) = good.split_once('.').expect("three parts");
    let (body, signature) = rest.split_once('.').expect("three parts");
    refused("");
    refused(".");
    refused("..");
    refused("....");
    refused(&format!("{good}."));
    refused(&format!("{good}.{signature}"));
    refused(&format!(".{good}"));
    refused(&format!("{head}..{body}.{signature}"));
    refused(&format!("{head}.{body}."));
    refused(&format!("{head}=.{body}.{signature}"));
    refused(&format!("{head}.{body}.{signature}=="));
    refused(&format!(" {good}"));
    refused(&format!("{good}\n"));
    // Five parts: encrypted, not signed.
    refused(&format!("{head}.{body}.{signature}.{body}.{signature}"));
    refused(&signed_text("[]", "[]"));
    refused(&signed_text("not json", &claims().to_string()));
    refused(&"a".repeat(1_000_000));
    refused(&signed(
        &with(header(), "x", Some("y".repeat(1_000_000).into())),
        &claims(),
    ));
    let mut flipped = signature.to_owned();
    let first = if flipped.starts_with('A') { "B" } else { "A" };
    flipped.replace_range(..1, first);
    refused(&format!("{head}.{body}.{flipped}"));
}

#[test]
fn the_key_set_shows_public_halves_only() {
    let shown = jwks(&ring());
    let key = shown.pointer("/keys/0").and_then(Value::as_object).expect("a key");
    let mut members: Vec<&str> = key.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    let x = BASE64URL_NOPAD.encode(&signing_key().verifying_key().to_bytes());
    assert_eq!(key.get("x").and_then(Value::as_str), Some(x.as_str()));
}
