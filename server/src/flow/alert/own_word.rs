//! "It is this one", "it is not": the author of a report answers what its acknowledgement asked.
//!
//! The word is kept as one that came with the report, and moves nothing: the report has a reference, a service and perhaps
//! others around it by now, and a crew may be on its way. "It is not" withdraws the suggestion; "it is this one" puts the
//! pair first in the list of whoever corrects the grouping, for whom merging is one step. What staff have settled stays so.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::queries::operation::{set_ties, tie};
use super::queries::own_word::last_word;
use super::queries::place::keep_verdicts;
use super::queries::{lock, survivor};
use crate::audit;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::report::model::Told;
use crate::flow::report::queries::{StoredReport, find};
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};

/// What an author says.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Operation of the API, for the trail.
    pub action: &'a str,
    /// The alert spoken of.
    pub about: Uuid,
    /// Whether it is the same thing.
    pub same: bool,
    /// Where it came from.
    pub client: &'a Client,
}

/// Keeps the word of a report's author; the same one again changes nothing.
///
/// # Errors
/// [`Kind::Invalid`] when the answer to the report did not suggest that alert, [`Kind::Conflict`] with the reason `settled`
/// when staff said otherwise since, [`Kind::Unavailable`] when the report goes elsewhere at this moment.
pub async fn keep(
    tx: &mut Tx,
    town: &Town,
    report: &StoredReport,
    word: Word<'_>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let told = suggesting(town, report, word.about)?;
    // Two words on one report come one after the other.
    let own = lock(tx, report.alert_id).await?;
    let there = find(tx, town.id, report.id).await?;
    if there.is_none_or(|report| report.alert_id != own.id) {
        return Err(Problem::unavailable("the report went elsewhere meanwhile"));
    }
    let named = survivor(tx, word.about).await?.id;
    if let Some(last) = last_word(tx, town.id, report.id, [word.about, named]).await? {
        if last.same == word.same {
            return Ok(());
        }
        if last.by_staff {
            return Err(Problem::new(Kind::Conflict).with("reason", "settled"));
        }
    }
    keep_verdicts(tx, town.id, report.id, &[(named, word.same)], now).await?;
    // As the report's own submit tied them: its alert, then the one that was there.
    let pair = (told.alert_id, word.about);
    if word.same {
        tie(tx, town.id, pair, "suggested", now).await?;
    } else {
        set_ties(tx, town.id, pair, "suggested", "dismissed").await?;
    }
    audit::changed(tx, town.id, &[("alert", own.id)], now).await?;
    let entry = audit::Entry {
        actor: &audit::Actor::Reporter,
        action: word.action,
        entity: "report",
        entity_id: Some(report.id),
        detail: json!({"alert_id": named}),
        request_id: Some(&word.client.request_id),
    };
    audit::record(tx, town.id, &entry, now).await
}

/// What the author was told, if it suggested that alert. Of a sensitive category nothing is suggested.
fn suggesting(town: &Town, report: &StoredReport, about: Uuid) -> Result<Told, Problem> {
    let told: Told = serde_json::from_value(report.answer.clone()).map_err(Problem::internal)?;
    let of_alert = told.alert_category_id.unwrap_or(report.category_id);
    let shown = !town.is_sensitive(&[report.category_id, of_alert]);
    if shown && told.suggestions.iter().any(|suggested| suggested.id == about) {
        return Ok(told);
    }
    Err(Problem::field("alert", "not_suggested"))
}
