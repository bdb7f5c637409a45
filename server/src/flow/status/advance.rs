//! The one way an alert changes its status.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::effects::{Taken, apply};
use super::event::By;
use super::machine::{self, Given, Refused};
use super::outlook::{self, Worked};
use super::queries::{self, NewEvent};
use super::table;
use super::tell::tell;
use super::vocabulary::{Need, Status, Step};
use crate::audit;
use crate::catalog::closing::CategoryRules;
use crate::catalog::model::{Category, Town};
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::dispatch;
use crate::flow::dispatch::round::job::call_if_urgent;
use crate::http::problem::{FieldErrors, Kind, Problem};

/// Takes a step of an alert that the caller has locked ([`crate::flow::alert::queries::lock`]), then the step that the
/// system takes by itself once that status is reached. Columns of `alert` that the caller changed are written too. Returns
/// the event of the step asked for.
///
/// # Errors
/// [`Kind::IllegalStep`] with the steps that are possible, [`Kind::Invalid`] with everything that lacks,
/// [`Kind::Conflict`] when it was merged away.
pub async fn advance(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    step: Step,
    given: Given<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    require_own(alert)?;
    let before = alert.status()?;
    let event_id = take(tx, town, alert, step, given, &by, now).await?;
    let reached = alert.status()?;
    let next = machine::follow_up(reached, rules(town, alert)?);
    if let Some(next) = next.filter(|_| reached != before && !given.hold_delivery) {
        let follow_up = By {
            historic: by.historic,
            ..By::system(by.action)
        };
        take(tx, town, alert, next, Given::on(given.today), &follow_up, now).await?;
    }
    Ok(event_id)
}

/// Adds a line to the history that changes no status: a note, a reminder, another service. The alert's row is written as
/// the caller changed it.
///
/// # Errors
/// When the database refuses.
pub async fn remark(
    tx: &mut Tx,
    alert: &mut Alert,
    word: &str,
    reason: Option<&str>,
    by: &By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    require_own(alert)?;
    let status = alert.status()?;
    let at = after(alert, now);
    let event = NewEvent::of(alert, word, (status, status), by, at);
    let event_id = event.id;
    let review_on = alert.review_on;
    queries::add_event(tx, &event.because(reason, review_on)).await?;
    queries::store(tx, alert).await?;
    note_down(
        tx,
        alert,
        event_id,
        by,
        json!({"step": word, "status": status, "reason": reason}),
        at,
    )
    .await?;
    Ok(event_id)
}

async fn take(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    step: Step,
    given: Given<'_>,
    by: &By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let from = alert.status()?;
    let to = machine::step(from, step, rules(town, alert)?, &given).map_err(|refused| problem(&refused))?;
    let at = after(alert, now);
    let taken = Taken {
        step,
        from,
        to,
        given,
        at,
    };
    let was_urgent = alert.is_urgent();
    apply(alert, &taken);
    if step == Step::Reopen {
        alert.due_at = outlook::promise(town, alert, at)?;
    }
    let event = NewEvent::of(alert, step.as_str(), (from, to), by, at);
    let event_id = event.id;
    let reason = alert.reason.clone();
    let reason = reason.as_deref().or(given.reason);
    queries::add_event(tx, &event.because(reason, alert.review_on)).await?;
    if taken.moves_expectation() {
        let expectation = outlook::expectation(tx, town, alert, at).await?;
        outlook::expect(alert, expectation);
    }
    queries::store(tx, alert).await?;
    queries::move_phase(tx, alert, &taken, by).await?;
    if taken.ends_treatment() {
        measure(tx, alert, at).await?;
    }
    dispatch::queries::after_step(tx, alert.id, step, at).await?;
    if step.raises_priority() && !by.historic {
        call_if_urgent(tx, town, alert, was_urgent, at).await?;
    }
    let detail = json!({"step": step, "from": from, "to": to, "reason": reason});
    note_down(tx, alert, event_id, by, detail, at).await?;
    tell(tx, town, alert, &taken, event_id, by).await?;
    Ok(event_id)
}

/// Two steps of one command have two instants, so that the history has one order; clocks of two servers may disagree too.
/// A step also comes after the reports that joined before it, whichever request began first: who waited for the alert's
/// lock brings an older time, and nobody may read of a report that joined what was closed already. Microseconds, as the
/// database keeps them.
#[must_use]
pub fn after(alert: &Alert, now: DateTime<Utc>) -> DateTime<Utc> {
    let before = alert.status_at.max(alert.last_report_at);
    now.trunc_subsecs(6).max(before + TimeDelta::microseconds(1))
}

async fn measure(tx: &mut Tx, alert: &Alert, at: DateTime<Utc>) -> Result<(), Problem> {
    let events = queries::statuses(tx, alert.id).await?;
    let minutes = Worked::of(alert.opened_at, &events, at).minutes(at);
    let sector = alert.sector_id.unwrap_or(Uuid::nil());
    queries::add_measured(tx, alert.category_id, sector, minutes).await
}

async fn note_down(
    tx: &Tx,
    alert: &Alert,
    event_id: Uuid,
    by: &By<'_>,
    detail: serde_json::Value,
    at: DateTime<Utc>,
) -> Result<(), Problem> {
    let town = tx.town();
    audit::changed(tx, town, &[("alert", alert.id), ("status_event", event_id)], at).await?;
    let entry = audit::Entry {
        actor: &by.actor,
        action: by.action,
        entity: "alert",
        entity_id: Some(alert.id),
        detail,
        request_id: by.request_id,
    };
    audit::record(tx, town, &entry, at).await
}

fn category<'a>(town: &'a Town, alert: &Alert) -> Result<&'a Category, Problem> {
    town.category_by_id(alert.category_id)
        .ok_or_else(|| Problem::internal("the alert's category is not in the catalogue"))
}

fn rules(town: &Town, alert: &Alert) -> Result<CategoryRules, Problem> {
    category(town, alert).map(|category| category.rules)
}

/// An alert that was merged away has no life of its own any more: whoever acts is led to the survivor.
///
/// # Errors
/// [`Kind::Conflict`] when it was.
pub fn require_own(alert: &Alert) -> Result<(), Problem> {
    alert.merged_into.map_or(Ok(()), |survivor| {
        Err(Problem::new(Kind::Conflict)
            .with("reason", "merged")
            .with("merged_into", survivor.to_string()))
    })
}

/// A refusal as the client reads it.
fn problem(refused: &Refused) -> Problem {
    match refused {
        Refused::Illegal { from, allowed, .. } => illegal(*from, allowed),
        Refused::Incomplete { missing, passed, .. } => {
            let mut errors = FieldErrors::default();
            for need in missing {
                errors.add(field_of(*need), "required");
            }
            for need in passed {
                errors.add(field_of(*need), "date_passed");
            }
            errors.into_problem()
        }
    }
}

/// The steps that lead somewhere from where an alert stands; none when it was merged away.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn possible(alert: &Alert) -> Result<Vec<Step>, Problem> {
    let status = alert.status()?;
    Ok(if alert.merged_into.is_some() {
        Vec::new()
    } else {
        table::allowed(status)
    })
}

/// The problem of a step that the status does not allow.
#[must_use]
pub fn illegal(from: Status, allowed: &[Step]) -> Problem {
    let allowed: Vec<&str> = allowed.iter().map(|step| step.as_str()).collect();
    Problem::new(Kind::IllegalStep)
        .with("from", from.as_str())
        .with("allowed", allowed)
}

/// Where a need stands in a request.
const fn field_of(need: Need) -> &'static str {
    match need {
        Need::Reason => "reason",
        Need::HoldReason => "hold_reason",
        Need::ReviewDate => "review_date",
        Need::PlannedDate => "planned_date",
        Need::OutsideBody => "body_id",
        Need::ProofPhoto => "photo_ids",
    }
}
