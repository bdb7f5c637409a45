//! To an outside body and back: the sheet goes out, the followers hear who has it, a refusal brings it back.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::model::Answer;
use super::queries;
use super::routing::Route;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::notification::fan_out;
use crate::flow::status::advance::{advance, remark};
use crate::flow::status::event::By;
use crate::flow::status::machine::Given;
use crate::flow::status::vocabulary::Step;
use crate::http::problem::{Kind, Problem};

/// What a route means for an alert that was just opened, in the same transaction: where the route ends at a body that
/// takes cases over, the alert is handed over at once. A crew is only proposed; the service dispatches.
///
/// Call it before the report's follower is added: the acknowledgement itself then says who has the alert, instead of a
/// second message.
///
/// # Errors
/// When the database refuses.
pub async fn apply_route(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    route: &Route,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let body = route.body.and_then(|id| town.bodies.get(&id));
    match body.filter(|body| body.hand_over != "none") {
        Some(body) => send(tx, town, alert, body.id, None, By::system("route"), now)
            .await
            .map(|_| ()),
        None => Ok(()),
    }
}

/// Hands an alert over to a body: the step, the sheet, the row that waits for the body's answer. The sheet holds no
/// reporter's data: place, category and what is to be done.
///
/// # Errors
/// [`Kind::Invalid`] when the town has no such body or it takes nothing over, [`Kind::IllegalStep`].
pub async fn send(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    body_id: Uuid,
    note: Option<&str>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let body = town.bodies.get(&body_id);
    let body = body.ok_or_else(|| Problem::field("body_id", "unknown_body"))?;
    if body.hand_over == "none" {
        return Err(Problem::field("body_id", "body_takes_nothing"));
    }
    let given = Given {
        outside_body: Some(body_id),
        reason: note,
        ..Given::on(town.day_at(now))
    };
    let (sent_by, historic) = (by.user(), by.historic);
    let event_id = advance(tx, town, alert, Step::Transfer, given, by, now).await?;
    queries::add_hand_over(tx, alert.id, body_id, sent_by, now).await?;
    if historic {
        return Ok(event_id);
    }
    let category = town.category_by_id(alert.category_id);
    let sheet = json!({
        "reference": alert.reference,
        "category": category.map(|category| &category.label),
        "address": alert.address,
        "position": [alert.anchor.x, alert.anchor.y],
        "opened_at": alert.opened_at,
        "priority": alert.priority,
        "note": note,
    });
    fan_out::body(tx, town.id, body, alert.id, event_id, sheet, now).await?;
    Ok(event_id)
}

/// What a body said.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Yes or no.
    pub answer: Answer,
    /// Its own reference.
    pub reference: Option<&'a str>,
    /// In its words.
    pub note: Option<&'a str>,
}

/// Writes down what the body said to the hand-over that still stands; a refusal brings the alert back.
///
/// # Errors
/// [`Kind::Conflict`] when nothing is handed over.
pub async fn answer(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    word: Word<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let standing = queries::standing_hand_over(tx, alert.id).await?;
    let standing = standing.ok_or_else(|| Problem::new(Kind::Conflict).with("reason", "not_handed_over"))?;
    queries::answer_hand_over(tx, standing.id, word.answer, word.reference, word.note, now).await?;
    match word.answer {
        Answer::Accepted => remark(tx, alert, "hand_over_accepted", word.reference, &by, now).await,
        Answer::Refused => {
            let reason = word.note.filter(|words| !words.trim().is_empty());
            let given = Given {
                reason: reason.or(Some("refused_by_body")),
                ..Given::on(town.day_at(now))
            };
            advance(tx, town, alert, Step::TakeBack, given, by, now).await
        }
    }
}
