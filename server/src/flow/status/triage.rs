//! What the desk does to an alert before and beside the crew's work: qualify, assign, remind, take back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::advance::{advance, illegal, remark, require_own};
use super::event::{By, Details};
use super::machine::Given;
use super::vocabulary::{Status, Step};
use super::{outlook, queries, table};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::space::from_point;
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::round::job::call_if_urgent;
use crate::flow::dispatch::routing::route_in;
use crate::flow::notification::fan_out::{self, ServiceNotice};
use crate::flow::report::later::reexamine;
use crate::http::problem::{FieldErrors, Kind, Problem};

/// From so many re-assignments on, an alert is flagged: nobody wants it.
const PING_PONG_AT: i64 = 3;
/// That flag.
const PING_PONG: &str = "ping_pong";

/// What a person settles; `None` keeps what is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Qualification<'a> {
    /// Code of a category that takes reports.
    pub category: Option<&'a str>,
    /// 1 to 4.
    pub priority: Option<i16>,
    /// Service; when only the category changes, the routing says.
    pub service_id: Option<Uuid>,
}

/// Settles category, priority and service. An alert that is new or reopened is qualified by it; a later correction only
/// changes the row. A change of category moves the promise.
///
/// # Errors
/// [`Kind::Invalid`] with every field that is wrong, [`Kind::IllegalStep`] when the alert is closed.
pub async fn qualify(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    settled: Qualification<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    require_open(alert)?;
    let before = alert.clone();
    write(town, alert, settled, now)?;
    let recategorised = alert.category_id != before.category_id;
    if recategorised {
        alert.due_at = outlook::promise(town, alert, alert.opened_at)?;
        let expectation = outlook::expectation(tx, town, alert, now).await?;
        outlook::expect(alert, expectation);
        // It was compared as what it is not.
        reexamine(tx, alert.town(), alert.id, now).await?;
    }
    let event_id = if table::allowed(alert.status()?).contains(&Step::Qualify) {
        let given = Given::on(town.day_at(now));
        advance(tx, town, alert, Step::Qualify, given, by, now).await?
    } else {
        remark(tx, alert, "requalify", None, &by, now).await?
    };
    let notice = match alert.service_id != before.service_id {
        true => Some(ServiceNotice::NewAlert),
        false => alert
            .presses_more_than(&before)
            .then_some(ServiceNotice::RaisedSeverity),
    };
    if let Some(notice) = notice {
        fan_out::service(tx, town, alert, event_id, notice, now).await?;
    }
    call_if_urgent(tx, town, alert, before.is_urgent(), now).await?;
    Ok(event_id)
}

fn write(town: &Town, alert: &mut Alert, settled: Qualification<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    if let Some(code) = settled.category {
        match town
            .category(code)
            .filter(|category| category.active && !category.is_group)
        {
            Some(category) if category.id != alert.category_id => {
                alert.category_id = category.id;
                let place = from_point(&alert.anchor).map_err(Problem::internal)?;
                alert.service_id = route_in(town, category.id, place, now).service;
            }
            Some(_) => {}
            None => errors.add("category", "desk_category"),
        }
    }
    match settled.service_id {
        Some(id) if town.services.contains_key(&id) => alert.service_id = id,
        Some(_) => errors.add("service_id", "unknown_service"),
        None => {}
    }
    match settled.priority {
        Some(priority @ 1..=4) => alert.priority = priority,
        Some(_) => errors.add("priority", "priority"),
        None => {}
    }
    errors.check(())
}

/// Gives an alert to another service, with a reason. Who had begun with it has it no longer; who reported it keeps the
/// date that was told.
///
/// # Errors
/// [`Kind::Invalid`] when the service is unknown or has it already, [`Kind::IllegalStep`] when the alert is closed.
pub async fn assign(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    service_id: Uuid,
    reason: &str,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    require_open(alert)?;
    if !town.services.contains_key(&service_id) {
        return Err(Problem::field("service_id", "unknown_service"));
    }
    if service_id == alert.service_id {
        return Err(Problem::field("service_id", "same_service"));
    }
    if reason.trim().is_empty() {
        return Err(Problem::field("reason", "required"));
    }
    let begun = !matches!(alert.status()?, Status::New | Status::Qualified | Status::Reopened);
    if begun {
        let given = Given {
            reason: Some(reason),
            ..Given::on(town.day_at(now))
        };
        advance(tx, town, alert, Step::TakeBack, given, by.clone(), now).await?;
    }
    alert.service_id = service_id;
    let times = queries::times(tx, alert.id, "assign").await? + 1;
    if times >= PING_PONG_AT && !alert.flags.iter().any(|flag| flag == PING_PONG) {
        alert.flags.push(PING_PONG.to_owned());
    }
    let event_id = remark(tx, alert, "assign", Some(reason), &by, now).await?;
    fan_out::service(tx, town, alert, event_id, ServiceNotice::NewAlert, now).await?;
    Ok(event_id)
}

/// Reminds the service of an alert.
///
/// # Errors
/// [`Kind::Conflict`] when the alert is closed.
pub async fn remind(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    if !alert.open {
        return Err(Problem::new(Kind::Conflict).with("reason", "closed"));
    }
    let event_id = remark(tx, alert, "remind", None, &by, now).await?;
    fan_out::service(tx, town, alert, event_id, ServiceNotice::Reminder, now).await?;
    Ok(event_id)
}

/// Takes an alert back from its service, its crew or an outside body: the desk's word wins, and whoever took it has it.
///
/// # Errors
/// [`Kind::IllegalStep`] when nobody has it yet or it is closed, [`Kind::Invalid`] without a reason.
pub async fn take_back(
    tx: &mut Tx,
    town: &Town,
    alert: &mut Alert,
    reason: &str,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let owner = by.user();
    let given = Given {
        reason: Some(reason),
        ..Given::on(town.day_at(now))
    };
    let event_id = advance(tx, town, alert, Step::TakeBack, given, by, now).await?;
    if let Some(owner) = owner {
        queries::take_phase(tx, alert, owner, now).await?;
    }
    Ok(event_id)
}

/// A note for colleagues, without any step.
///
/// # Errors
/// [`Kind::Invalid`] when it says nothing.
pub async fn note(tx: &mut Tx, alert: &mut Alert, by: &By<'_>, now: DateTime<Utc>) -> Result<Uuid, Problem> {
    let Details { note, public_note, .. } = by.details;
    if note.or(public_note).is_none_or(|words| words.trim().is_empty()) {
        return Err(Problem::field("note", "required"));
    }
    remark(tx, alert, "note", None, by, now).await
}

fn require_open(alert: &Alert) -> Result<(), Problem> {
    require_own(alert)?;
    let status = alert.status()?;
    if alert.open {
        Ok(())
    } else {
        Err(illegal(status, &table::allowed(status)))
    }
}
