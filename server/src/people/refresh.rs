//! Refresh tokens: what they say, and what becomes of one that is shown. Pure.
//!
//! A token is made from its session, its generation and the server's key alone, so its successor can be made again: two
//! requests that race with the same token over a bad network get the same answer. A token of ours that is neither the
//! one in force nor its recent predecessor was copied: the session ends (RFC 9700, 4.14.2). On an enrolled tablet, which
//! shows a secret of its own, the predecessor is good until somebody shows its successor.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::auth::keys::Key;
use crate::auth::secret::{derive, matches};
use crate::db::TownId;

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;

/// How long the predecessor of the token in force still gets the same answer, on the device that signed in. An enrolled
/// tablet that shows its secret has no such limit: in the street an answer gets lost, and the next try is minutes away.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);
/// Lets secret scanners recognise one.
const PREFIX: &str = "vrt_";
/// Town, session, epoch, generation, device.
const PAYLOAD: usize = 4 + 16 + 4 + 4 + DEVICE_TAG;
const DEVICE_TAG: usize = 8;

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Town.
    pub town: TownId,
    /// Session.
    pub session_id: Uuid,
    /// Epoch of the person's sessions when it was made.
    pub epoch: i32,
    /// How many came before it in its epoch.
    pub generation: u32,
    /// Keyed hash of the device that signed in, see [`device_tag`].
    pub device: [u8; DEVICE_TAG],
}

impl RefreshToken {
    /// The token as clients hold it: a bearer secret.
    #[must_use]
    pub fn write(&self, key: &Key) -> String {
        let payload = self.payload();
        let mac = derive(key, "refresh token", &payload);
        format!(
            "{PREFIX}{}.{}",
            BASE64URL_NOPAD.encode(&payload),
            BASE64URL_NOPAD.encode(&mac)
        )
    }

    /// Reads a token; `None` unless this server made it.
    #[must_use]
    pub fn read(key: &Key, text: &str) -> Option<Self> {
        let (payload, mac) = text.strip_prefix(PREFIX)?.split_once('.')?;
        let payload: [u8; PAYLOAD] = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?.try_into().ok()?;
        let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
        let genuine: bool = derive(key, "refresh token", &payload).ct_eq(&mac).into();
        genuine.then_some(Self {
            town: TownId(i32::from_be_bytes(part(&payload, 0)?)),
            session_id: Uuid::from_bytes(part(&payload, 4)?),
            epoch: i32::from_be_bytes(part(&payload, 20)?),
            generation: u32::from_be_bytes(part(&payload, 24)?),
            device: part(&payload, 28)?,
        })
    }

    /// The token that follows it.
    #[must_use]
    pub const fn successor(&self) -> Self {
        Self {
            generation: self.generation.wrapping_add(1),
            ..*self
        }
    }

    fn payload(&self) -> Vec<u8> {
        [
            self.town.0.to_be_bytes().as_slice(),
            self.session_id.as_bytes(),
            &self.epoch.to_be_bytes(),
            &self.generation.to_be_bytes(),
            &self.device,
        ]
        .concat()
    }
}

fn part<const N: usize>(payload: &[u8], from: usize) -> Option<[u8; N]> {
    payload.get(from..from + N)?.try_into().ok()
}

/// Recognises the device that signed in without keeping its name; all zero when it named none.
#[must_use]
pub fn device_tag(key: &Key, device: Option<&str>) -> [u8; DEVICE_TAG] {
    let tag = device.map(|name| derive(key, "device of a session", name.as_bytes()));
    tag.and_then(|mac| part(&mac, 0)).unwrap_or_default()
}

/// What the database knows of a session.
#[derive(Clone, Debug)]
pub struct Stored<'a> {
    /// Hash of the token in force.
    pub token_hash: &'a [u8],
    /// Hash of the one before.
    pub previous_hash: Option<&'a [u8]>,
    /// When the one in force was made.
    pub rotated_at: DateTime<Utc>,
    /// Absolute end.
    pub expires_at: DateTime<Utc>,
    /// Longest time between two refreshes.
    pub idle: TimeDelta,
    /// Whether it was ended before.
    pub ended: bool,
    /// Present epoch of the person's sessions.
    pub epoch: i32,
}

/// Who shows a token.
#[derive(Clone, Copy, Debug)]
pub struct Bearer {
    /// Keyed hash of what the device calls itself, see [`device_tag`].
    pub device: [u8; DEVICE_TAG],
    /// Whether it is the tablet on which the session was opened, by its secret.
    pub is_its_tablet: bool,
}

/// What becomes of a token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was in force: its successor is now.
    Renew,
    /// It was in force before, and nobody has shown its successor yet: that is answered again.
    Repeat,
    /// It was copied: the session ends.
    Reuse,
    /// The session is over.
    Over,
}

/// Judges a token that [`RefreshToken::read`] found genuine, and that somebody shows.
#[must_use]
pub fn judge(stored: &Stored<'_>, token: &RefreshToken, text: &str, by: Bearer, now: DateTime<Utc>) -> Verdict {
    let idle = now - stored.rotated_at > stored.idle;
    if stored.ended || idle || now >= stored.expires_at || token.epoch != stored.epoch {
        return Verdict::Over;
    }
    if matches(text.as_bytes(), stored.token_hash) {
        return Verdict::Renew;
    }
    let is_previous = stored.previous_hash.is_some_and(|hash| matches(text.as_bytes(), hash));
    let in_time = now - stored.rotated_at <= GRACE && by.device == token.device;
    if is_previous && (in_time || by.is_its_tablet) {
        Verdict::Repeat
    } else {
        Verdict::Reuse
    }
}
