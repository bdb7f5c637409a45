//! Leaves, in the caller's transaction, a row for everyone who is to hear, and the job that sends.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Channel, NewNotification, Recipient};
pub use super::notice::ServiceNotice;
use super::notice::{Way, way};
use super::queries;
use super::template::Template;
use crate::catalog::model::{Body, Service, Town};
use crate::db::TownId;
use crate::flow::alert::model::Alert;
use crate::http::problem::Problem;
use crate::jobs;
use crate::text::Locale;

/// Job that sends what an event or a notification left: payload `{"event": id}` or `{"notification": id}`.
pub const DELIVER: &str = "deliver";
/// Job that sends the daily mail of a service: payload `{"service": id}`.
pub const DIGEST: &str = "digest";
/// Job that calls the next in line: payload `{"alert": id, "event": id, "service": id, "index": number}`.
pub const ON_CALL: &str = "on_call";
/// Between two calls that begin a service's on-call chain.
const CALLS_APART: TimeDelta = TimeDelta::minutes(5);

/// Tells everyone who follows the alert, except by the app: one row each, and one job. Messages that residents don't hear
/// leave nothing.
///
/// # Errors
/// When the database refuses; the caller's change must not stand then.
pub async fn followers(
    conn: &AsyncPgConnection,
    town: TownId,
    alert_id: Uuid,
    event_id: Uuid,
    template: Template,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if !template.for_residents() {
        return Ok(());
    }
    let told = queries::followers::add_for_followers(conn, town, (alert_id, event_id), template, &detail, now).await?;
    if told > 0 {
        jobs::enqueue(conn, town, DELIVER, json!({"event": event_id}), now).await?;
    }
    Ok(())
}

/// Tells one follower, about their own report: the event is the report.
///
/// # Errors
/// As [`followers`].
#[expect(
    clippy::too_many_arguments,
    reason = "each one is a plain column of the row; a struct would only repeat them"
)]
pub async fn one_follower(
    conn: &AsyncPgConnection,
    town: TownId,
    follower_id: Uuid,
    channel: &str,
    locale: &str,
    alert_id: Uuid,
    event_id: Uuid,
    template: Template,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if channel == Channel::App.as_str() {
        return Ok(());
    }
    let row = NewNotification {
        follower_id: Some(follower_id),
        channel,
        locale,
        detail,
        ..blank(town, Recipient::Follower, template, alert_id, event_id, now)
    };
    add(conn, town, &row).await
}

/// Tells the service in charge of an alert.
///
/// # Errors
/// As [`followers`].
pub async fn service(
    conn: &AsyncPgConnection,
    town: &Town,
    alert: &Alert,
    event_id: Uuid,
    notice: ServiceNotice,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let owed = OwedNotice {
        service: alert.service_id,
        alert: alert.id,
        event: event_id,
        notice,
        urgent: alert.is_urgent(),
        at: now,
    };
    service_owed(conn, town, &owed).await
}

/// What a service is to hear. A job may hold it for a moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwedNotice {
    /// Service.
    pub service: Uuid,
    /// Alert.
    pub alert: Uuid,
    /// Event of its history, or report, that caused it.
    pub event: Uuid,
    /// What.
    pub notice: ServiceNotice,
    /// Whether nobody may sleep on it.
    pub urgent: bool,
    /// When it happened: the service's hours then decide.
    pub at: DateTime<Utc>,
}

/// Tells a service by its own policy, once per alert and event; what is urgent while it is closed goes to its on-call
/// chain besides. Harmless to repeat.
///
/// # Errors
/// As [`followers`].
pub async fn service_owed(conn: &AsyncPgConnection, town: &Town, owed: &OwedNotice) -> Result<(), Problem> {
    let Some(service) = town.services.get(&owed.service) else {
        return Ok(());
    };
    let (way, on_call) = way(service, town.time_zone, owed.notice, owed.urgent, owed.at);
    let (town, notice, now) = (town.id, owed.notice, owed.at);
    let row = |recipient, template| NewNotification {
        service_id: Some(service.id),
        ..blank(town, recipient, template, owed.alert, owed.event, now)
    };
    match way {
        Way::Mail => add(conn, town, &row(Recipient::Service, notice.template())).await?,
        Way::Supervisors => add(conn, town, &row(Recipient::Supervisor, notice.template())).await?,
        Way::Nothing => {}
        Way::Digest(at) => {
            let first = !queries::queue::digest_waits(conn, town, service.id).await?;
            let line = NewNotification {
                next_at: at,
                ..row(Recipient::Service, Template::ServiceDigest)
            };
            if queries::queue::add(conn, &line).await? && first {
                jobs::enqueue(conn, town, DIGEST, json!({"service": service.id}), at).await?;
            }
        }
    }
    if on_call {
        call(conn, town, service, owed.alert, owed.event, now).await?;
    }
    Ok(())
}

/// Sends the hand-over sheet to an outside body: by mail, or as a task for the desk. `detail` carries no reporter's data.
///
/// # Errors
/// As [`followers`].
pub async fn body(
    conn: &AsyncPgConnection,
    town: TownId,
    body: &Body,
    alert_id: Uuid,
    event_id: Uuid,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let channel = match body.hand_over.as_str() {
        "email" if body.email.is_some() => Channel::Email,
        "letter" if body.postal_address.is_some() => Channel::Letter,
        "none" => return Ok(()),
        // A portal is filled in by a person too; so is everything whose address is missing.
        _ => Channel::Call,
    };
    let row = NewNotification {
        body_id: Some(body.id),
        channel: channel.as_str(),
        detail,
        ..blank(town, Recipient::Body, Template::HandOver, alert_id, event_id, now)
    };
    add(conn, town, &row).await
}

/// Begins a service's on-call chain, unless it was called a moment ago: then what comes waits for the next call, which says
/// how many more there are. A storm, or somebody who invents one, wakes nobody by the minute.
async fn call(
    conn: &AsyncPgConnection,
    town: TownId,
    service: &Service,
    alert_id: Uuid,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let last = queries::call::latest(conn, town, service.id, event_id, now - CALLS_APART).await?;
    let Some((call, at)) = last else {
        return call_out(conn, town, service, alert_id, event_id, 0, now).await;
    };
    if at > now && queries::call::add_to(conn, town, call).await? {
        return Ok(());
    }
    call_out(conn, town, service, alert_id, event_id, 0, at + CALLS_APART).await
}

/// Calls one link of a service's on-call chain, by text message or, without a number, by mail, and leaves the job that
/// calls the next unless it is acknowledged; past the end of the chain the supervisors hear. Harmless to repeat. `now` may
/// be still to come: the call leaves then.
///
/// # Errors
/// As [`followers`].
pub async fn call_out(
    conn: &AsyncPgConnection,
    town: TownId,
    service: &Service,
    alert_id: Uuid,
    event_id: Uuid,
    index: usize,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let row = |recipient, template| NewNotification {
        service_id: Some(service.id),
        ..blank(town, recipient, template, alert_id, event_id, now)
    };
    let Some(link) = service.on_call.get(index) else {
        return add(conn, town, &row(Recipient::Supervisor, Template::OnCallUnanswered)).await;
    };
    let place = i32::try_from(index).map_err(Problem::internal)?;
    // What was to be a text message may have become a mail since, so that no unique index finds it.
    if queries::waiting::was_called(conn, town, (event_id, service.id), place).await? {
        return Ok(());
    }
    let channel = if link.phone.is_some() {
        Channel::Sms
    } else {
        Channel::Email
    };
    let call = NewNotification {
        channel: channel.as_str(),
        chain_index: Some(place),
        ..row(Recipient::OnCall, Template::OnCall)
    };
    add(conn, town, &call).await?;
    let next = json!({"alert": alert_id, "event": event_id, "service": service.id, "index": index + 1});
    let at = now + TimeDelta::minutes(i64::from(link.minutes));
    jobs::enqueue(conn, town, ON_CALL, next, at).await
}

fn blank<'a>(
    town: TownId,
    recipient: Recipient,
    template: Template,
    alert_id: Uuid,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> NewNotification<'a> {
    NewNotification {
        jurisdiction_id: town.0,
        id: Uuid::now_v7(),
        recipient: recipient.as_str(),
        follower_id: None,
        service_id: None,
        body_id: None,
        chain_index: None,
        alert_id,
        event_id,
        template: template.as_str(),
        channel: Channel::Email.as_str(),
        locale: Locale::default().as_str(),
        detail: json!({}),
        next_at: now,
        created_at: now,
    }
}

/// Adds a row unless it is there, and the job that sends it.
async fn add(conn: &AsyncPgConnection, town: TownId, row: &NewNotification<'_>) -> Result<(), Problem> {
    if queries::queue::add(conn, row).await? {
        jobs::enqueue(conn, town, DELIVER, json!({"event": row.event_id}), row.next_at).await?;
    }
    Ok(())
}
