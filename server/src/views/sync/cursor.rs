//! The cursor of a sync: opaque to the tablet, signed, so that nobody makes one up.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::auth::keys::Key;
use crate::auth::secret::{derive, digest};
use crate::db::TownId;
use crate::db::change_log::Place;
use crate::http::problem::Problem;

const PURPOSE: &str = "sync cursor";
/// Bytes of the signature that are sent.
const SIGNATURE: usize = 16;

/// How far a tablet has come, and in what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::views) struct Cursor {
    /// What it sees: with other crews, or of another log, it is another cursor.
    pub(in crate::views) scope: String,
    /// Place in the change log.
    pub(in crate::views) place: Place,
    /// Of a first sync in pages: its last task so far. What changes meanwhile lies behind the place, and comes after the pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::views) after: Option<Uuid>,
}

/// What the tablet of a person of these crews sees of a log.
pub(in crate::views) fn scope(log: &str, town: TownId, crews: &[Uuid]) -> String {
    let mut crews = crews.to_vec();
    crews.sort_unstable();
    let names: Vec<String> = crews.iter().map(Uuid::to_string).collect();
    let digest = digest(format!("{log} {} {}", town.0, names.join(" ")).as_bytes());
    BASE64URL_NOPAD.encode(digest.get(..9).unwrap_or_default())
}

impl Cursor {
    /// As the tablet keeps it.
    ///
    /// # Errors
    /// Never with a cursor of ours.
    pub(in crate::views) fn write(&self, key: &Key) -> Result<String, Problem> {
        let content = serde_json::to_vec(self).map_err(Problem::internal)?;
        let mac = derive(key, PURPOSE, &content);
        let signed = [mac.get(..SIGNATURE).unwrap_or_default(), &content].concat();
        Ok(BASE64URL_NOPAD.encode(&signed))
    }

    /// As the tablet sends it.
    ///
    /// # Errors
    /// [`crate::http::problem::Kind::Invalid`] when it is none of ours.
    pub(in crate::views) fn read(key: &Key, text: &str) -> Result<Self, Problem> {
        let unknown = || Problem::field("cursor", "cursor");
        let signed = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| unknown())?;
        let (signature, content) = signed.split_at_checked(SIGNATURE).ok_or_else(unknown)?;
        let mac = derive(key, PURPOSE, content);
        let same: bool = mac.get(..SIGNATURE).unwrap_or_default().ct_eq(signature).into();
        if !same {
            return Err(unknown());
        }
        serde_json::from_slice(content).map_err(|_| unknown())
    }
}
