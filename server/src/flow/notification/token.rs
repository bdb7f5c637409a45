//! Tokens of links in messages: who holds one may do one thing, without signing in.
//!
//! A token names its town and object and carries 128 bits that only this server can make, so that it needs no table. It
//! stands in an address because mail clients follow links: what it opens with GET changes nothing.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::auth::keys::Key;
use crate::auth::secret::{derive, digest};
use crate::db::TownId;
use crate::http::problem::{Kind, Problem};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Ends a follower.
    Unsubscribe,
    /// Takes an urgent call of the on-call chain.
    OnCall,
}

impl Use {
    const fn purpose(self) -> &'static str {
        match self {
            Self::Unsubscribe => "unsubscribe link",
            Self::OnCall => "on-call link",
        }
    }
}

/// Makes the token of an object.
#[must_use]
pub fn issue(key: &Key, usage: Use, town: TownId, id: Uuid) -> String {
    let named = [town.0.to_be_bytes().as_slice(), id.as_bytes()].concat();
    let mac = derive(key, usage.purpose(), &named);
    BASE64URL_NOPAD.encode(&[&named, mac.get(..16).unwrap_or_default()].concat())
}

/// What a follower's row stores of their unsubscribe token (`follower.unsubscribe_hash`).
#[must_use]
pub fn unsubscribe_hash(key: &Key, town: TownId, follower_id: Uuid) -> Vec<u8> {
    digest(issue(key, Use::Unsubscribe, town, follower_id).as_bytes())
}

/// Reads a token.
///
/// # Errors
/// [`Kind::NotFound`]: a wrong token tells nothing.
pub fn read(key: &Key, usage: Use, token: &str) -> Result<(TownId, Uuid), Problem> {
    parse(key, usage, token).ok_or_else(|| Problem::new(Kind::NotFound))
}

fn parse(key: &Key, usage: Use, token: &str) -> Option<(TownId, Uuid)> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    let (town, rest) = bytes.split_first_chunk::<4>()?;
    let (id, _) = rest.split_first_chunk::<16>()?;
    let (town, id) = (TownId(i32::from_be_bytes(*town)), Uuid::from_bytes(*id));
    let same: bool = issue(key, usage, town, id).as_bytes().ct_eq(token.as_bytes()).into();
    same.then_some((town, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_use_town_and_object_only() {
        let (key, id) = ([7; 32], Uuid::from_u128(42));
        let token = issue(&key, Use::Unsubscribe, TownId(3), id);
        assert_eq!(read(&key, Use::Unsubscribe, &token).expect("reads"), (TownId(3), id));
        assert!(read(&key, Use::OnCall, &token).is_err(), "another use");
        assert!(
            read(&[8; 32], Use::Unsubscribe, &token).is_err(),
            "another installation"
        );
        assert!(read(&key, Use::Unsubscribe, &token[1..]).is_err(), "cut");
        let mut changed = token.into_bytes();
        changed[10] ^= 1;
        assert!(
            read(&key, Use::Unsubscribe, &String::from_utf8_lossy(&changed)).is_err(),
            "another object"
        );
        assert!(read(&key, Use::Unsubscribe, "").is_err());
    }
}
