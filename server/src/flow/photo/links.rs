//! Short-lived signed links: whoever holds one may look at one size of one photo for five minutes. Originals have none.
//! Links for residents and the public say so in what is signed: they die at once when the photo is taken back.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::decode::{LARGE_SIDE, SMALL_SIDE};
use super::model::{Photo, PhotoState};
use super::store::{Key, Part};
use crate::auth::keys::KeyRing;
use crate::auth::secret::sign_link;
use crate::db::TownId;
use crate::http::problem::Problem;

/// How long a link works.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// Links to the pictures made from a photo.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PhotoLinks {
    /// JPEG, longest side 1600 px.
    pub large: String,
    /// JPEG, longest side 400 px.
    pub small: String,
    /// Both work until then.
    pub expires_at: DateTime<Utc>,
}

/// Before the name of a picture in links that work as long as its photo is released.
const RELEASED: &str = "released-";

/// Links to a photo's pictures for the town's people and its author; `None` before it was decoded and when it was refused.
/// Whether the reader may see the photo is the caller's to know.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn links(
    keys: &KeyRing,
    public_url: &str,
    photo: &Photo,
    now: DateTime<Utc>,
) -> Result<Option<PhotoLinks>, Problem> {
    if photo.state()? != PhotoState::Ready {
        return Ok(None);
    }
    let of = |part| path(photo.town(), photo.id, part);
    Ok(Some(signed(keys, public_url, of, now)))
}

/// Links to a released photo, for residents and the public: they work while it is released.
#[must_use]
pub fn released_links(keys: &KeyRing, public_url: &str, town: TownId, id: Uuid, now: DateTime<Utc>) -> PhotoLinks {
    signed(keys, public_url, |part| released_path(town, id, part), now)
}

fn signed(keys: &KeyRing, public_url: &str, path: impl Fn(Part) -> String, now: DateTime<Utc>) -> PhotoLinks {
    // A link counts whole seconds.
    let expires_at = (now + LIFETIME).trunc_subsecs(0);
    let link = |part| format!("{public_url}{}", sign_link(&keys.server, &path(part), expires_at));
    PhotoLinks {
        large: link(Part::Large),
        small: link(Part::Small),
        expires_at,
    }
}

/// What is signed: town, photo and size.
#[must_use]
pub fn path(town: TownId, id: Uuid, part: Part) -> String {
    format!("/p/{}/{id}/{}.jpg", town.0, side(part))
}

/// The same for residents and the public.
#[must_use]
pub fn released_path(town: TownId, id: Uuid, part: Part) -> String {
    format!("/p/{}/{id}/{RELEASED}{}.jpg", town.0, side(part))
}

/// The picture's name in a link's last part, and whether the photo must be released.
#[must_use]
pub fn name(file: &str) -> (&str, bool) {
    file.strip_prefix(RELEASED).map_or((file, false), |name| (name, true))
}

/// The object that a picture's name stands for; originals have no name here.
#[must_use]
pub fn part(file: &str) -> Option<Part> {
    let side_given = file.strip_suffix(".jpg")?;
    [Part::Large, Part::Small]
        .into_iter()
        .find(|part| side(*part) == side_given)
}

/// The store's key of a picture made from a photo, once there is one.
#[must_use]
pub fn key(photo: &Photo, part: Part) -> Option<Key> {
    let hash = photo.derived_sha256.as_deref()?;
    Some(Key::of(photo.town(), part, hash))
}

fn side(part: Part) -> String {
    match part {
        Part::Original => String::new(),
        Part::Large => LARGE_SIDE.to_string(),
        Part::Small => SMALL_SIDE.to_string(),
    }
}
