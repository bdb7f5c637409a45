//! The link itself: town and link in its path, its end and its signature in its query. The company's name and the task stand
//! in the database, since addresses are written down on their way.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::queries::{self, Link};
use crate::audit::{self, Entry};
use crate::auth::keys::Key;
use crate::auth::secret::{check_link, sign_link};
use crate::db::{TownId, Tx};
use crate::flow::dispatch::model::Task;
use crate::flow::status::event::By;
use crate::http::problem::{Kind, Problem};

/// What stands in the query of a link.
#[derive(Clone, Debug, Deserialize)]
pub struct Signed {
    expires: i64,
    signature: String,
}

/// A link whose signature is ours and that has not run out.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// Town.
    pub town: TownId,
    /// Link.
    pub id: Uuid,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

impl Opened {
    /// Reads a link; `None` when it is cut, forged or has run out, which tell nothing apart.
    #[must_use]
    pub fn read(key: &Key, (town, id): (&str, &str), query: &str, now: DateTime<Utc>) -> Option<Self> {
        let (town, id) = (TownId(town.parse().ok()?), Uuid::try_parse(id).ok()?);
        let signed = actix_web::web::Query::<Signed>::from_query(query).ok()?.into_inner();
        check_link(key, &path(town, id), signed.expires, &signed.signature, now).ok()?;
        Some(Self {
            town,
            id,
            expires_at: DateTime::from_timestamp(signed.expires, 0)?,
        })
    }

    /// Its path and query, without the server's name.
    #[must_use]
    pub fn address(&self, key: &Key) -> String {
        sign_link(key, &path(self.town, self.id), self.expires_at)
    }
}

fn path(town: TownId, id: Uuid) -> String {
    format!("/contractor/{}/{id}", town.0)
}

/// Makes a link to a task that a crew still has. The caller has locked its alert.
///
/// # Errors
/// [`Kind::Conflict`] when the task is over.
pub async fn make(
    tx: &mut Tx,
    task: &Task,
    company: &str,
    lifetime: TimeDelta,
    (by, created_by): (&By<'_>, Uuid),
    now: DateTime<Utc>,
) -> Result<Opened, Problem> {
    if !task.is_live() {
        return Err(Problem::new(Kind::Conflict).with("reason", "task_ended"));
    }
    let opened = Opened {
        town: tx.town(),
        id: Uuid::now_v7(),
        // A link counts whole seconds.
        expires_at: (now + lifetime).trunc_subsecs(0),
    };
    let link = Link {
        id: opened.id,
        task_id: task.id,
        company: company.to_owned(),
    };
    queries::add(tx, &link, created_by, now).await?;
    let entry = Entry {
        actor: &by.actor,
        action: by.action,
        entity: "contractor_link",
        entity_id: Some(link.id),
        detail: json!({"task_id": task.id, "company": company, "expires_at": opened.expires_at}),
        request_id: by.request_id,
    };
    audit::record(tx, opened.town, &entry, now).await?;
    Ok(opened)
}
