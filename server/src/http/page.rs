//! Pages of long lists: an opaque cursor that names the last row seen, and the `Link` header (RFC 8288).

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::json::holds_nul;
use super::problem::Problem;

/// Rows of a page when the request does not say.
pub const DEFAULT_LIMIT: i64 = 50;
/// Most rows of a page.
pub const MAX_LIMIT: i64 = 500;

/// Query parameters of every list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows wanted, 1 to 500; 50 when not given.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// Where the page before ended, from its `Link` header or `next`.
    pub cursor: Option<String>,
}

/// The last row of a page, of a list that is ordered by an instant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Last(
    #[serde(deserialize_with = "super::when::instant")] pub DateTime<Utc>,
    pub Uuid,
);

impl PageQuery {
    /// Rows wanted.
    ///
    /// # Errors
    /// [`super::problem::Kind::Invalid`] outside 1 to 500.
    pub fn limit(&self) -> Result<i64, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(Problem::field("limit", "page_limit")),
        }
    }

    /// The key that the cursor holds.
    ///
    /// # Errors
    /// [`super::problem::Kind::Invalid`] when it is not one of ours.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
        let bytes = bytes.filter(|bytes| !holds_nul(bytes));
        let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        key.map(Some).ok_or_else(|| Problem::field("cursor", "cursor"))
    }
}

/// The cursor of a row's key.
#[must_use]
pub fn cursor<K: Serialize>(key: &K) -> String {
    BASE64URL_NOPAD.encode(&serde_json::to_vec(key).unwrap_or_default())
}

/// Cuts a list that was read with one row too many to its page, and gives the cursor of the next page if there is one.
pub fn cut<T, K: Serialize>(rows: &mut Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(|row| cursor(&key(row)))
}

/// The `Link` header of a page: the address of the request with the next cursor in it.
#[must_use]
pub fn next_link(path: &str, query: &str, next: &str) -> String {
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<&str> = kept.collect();
    let separator = if query.is_empty() { "" } else { "&" };
    format!("<{path}?{}{separator}cursor={next}>; rel=\"next\"", query.join("&"))
}
