//! Job `deliver`: sends what is due of one event, or one notification.
//!
//! Claim under a lease, send outside any transaction, record. The lease is longer than a whole batch may take, so that a
//! second worker takes a row over only when the first is gone.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Duration;

use super::content;
use super::dossier::Dossier;
use super::layout;
use super::model::{Channel, Notification};
use super::queries::queue::{self, Scope, Settled};
use super::queries::waiting;
use super::recipient::{addresses, called_by_mail};
use crate::app::App;
use crate::catalog::model::Town;
use crate::clients::SendError;
use crate::clients::mail::Mail;
use crate::clients::sms::Sms;
use crate::db::TownId;
use crate::db::held::one_at_a_time;
use crate::http::problem::{Kind, Problem};
use crate::jobs::worker::Outcome;
use crate::jobs::{Clock, Job};

/// Rows claimed at once: `BATCH / AT_ONCE` sends of at most 15 s each end before the lease does.
const BATCH: i64 = 24;
/// Lines of one daily mail; what is more goes into a second one.
const DIGEST_LINES: i64 = 500;
/// Sends at once.
const AT_ONCE: usize = 4;
/// Between two looks whether a mail relay was set since.
const RELAY_LOOK: TimeDelta = TimeDelta::minutes(10);

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The channel took it.
    Sent,
    /// Worth trying again.
    Later(String),
    /// Never: the channel refuses this recipient.
    Refused(String),
    /// There is no address.
    NoAddress,
    /// There is no gateway for text messages: the desk is to find another way.
    NoGateway,
    /// There is no mail relay yet: it waits for one.
    NoRelay,
    /// The reader stopped messages meanwhile.
    Ended,
}

/// Runs the job.
///
/// # Errors
/// When the database is away; what was claimed is taken up again after its lease.
pub async fn run(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let scope = match job.arg("notification") {
        Ok(id) => Scope::Notification(id),
        Err(_) => Scope::Event(job.arg("event")?),
    };
    let town = app.catalogue.town(&app.db, job.town()).await?;
    let claimed = claim(&app, job.town(), scope, now).await?;
    stream::iter(claimed)
        .map(|notification| one_at_a_time(deliver(&app, &town, notification, &job.clock)))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    next(&app, job.town(), scope).await
}

/// Claims what is due.
pub(super) async fn claim(
    app: &App,
    town: TownId,
    scope: Scope,
    now: DateTime<Utc>,
) -> Result<Vec<Notification>, Problem> {
    let tx = app.db.begin(town).await?;
    let limit = if matches!(scope, Scope::Digest(_)) {
        DIGEST_LINES
    } else {
        BATCH
    };
    let claimed = queue::claim(&tx, town, scope, now, limit).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// When the job must come back: when the next row of its scope is due, or never.
pub(super) async fn next(app: &App, town: TownId, scope: Scope) -> Result<Outcome, Problem> {
    let tx = app.db.begin(town).await?;
    let next = queue::next_due(&tx, town, scope).await?;
    Ok(next.map_or(Outcome::Done, Outcome::Again))
}

async fn deliver(app: &App, town: &Town, mut notification: Notification, clock: &Clock) -> Result<(), Problem> {
    let sent = send(app, town, &mut notification, clock.now()).await;
    let verdict = match sent {
        Ok(verdict) => verdict,
        Err(problem) if problem.kind == Kind::Unavailable => return Err(problem),
        // One message that cannot be made must not hold the others: it goes the way of one that could not be sent.
        Err(problem) => {
            tracing::error!(notification = %notification.id, %problem, "a message could not be made");
            Verdict::Later("the message could not be made".to_owned())
        }
    };
    record(app, std::slice::from_ref(&notification), &verdict, clock.now()).await
}

async fn send(app: &App, town: &Town, notification: &mut Notification, now: DateTime<Utc>) -> Result<Verdict, Problem> {
    let mut tx = app.db.begin(notification.town()).await?;
    if called_by_mail(app, town, notification)? {
        waiting::goes_by(&tx, notification.town(), notification.id, Channel::Email).await?;
        notification.channel = Channel::Email.as_str().to_owned();
    }
    let dossier = Dossier::read_with_links(app, &mut tx, notification).await?;
    tx.commit().await?;
    if dossier.ended {
        return Ok(Verdict::Ended);
    }
    match notification.channel()? {
        Channel::Sms => send_sms(app, town, notification, &dossier).await,
        _ => send_mail(app, town, notification, &dossier, now).await,
    }
}

/// The gateway first: nobody's number is read from the vault for what cannot go.
async fn send_sms(app: &App, town: &Town, notification: &Notification, dossier: &Dossier) -> Result<Verdict, Problem> {
    let Some(gateway) = &app.sms else {
        tracing::warn!(notification = %notification.id, "a text message is given up: there is no gateway");
        return Ok(Verdict::NoGateway);
    };
    let to = addresses(app, town, notification, dossier).await?;
    let Some(to) = to.into_iter().next() else {
        return Ok(Verdict::NoAddress);
    };
    let sms = Sms {
        to,
        text: content::sms(notification.template()?, &dossier.scene(&app.texts, town)),
        id: notification.id,
    };
    Ok(gateway.send(&sms).await.into())
}

/// The relay first: nobody's address is read from the vault for what cannot go.
async fn send_mail(
    app: &App,
    town: &Town,
    notification: &Notification,
    dossier: &Dossier,
    now: DateTime<Utc>,
) -> Result<Verdict, Problem> {
    let Some(mailer) = &app.mailer else {
        return Ok(Verdict::NoRelay);
    };
    let to = addresses(app, town, notification, dossier).await?;
    if to.is_empty() {
        return Ok(Verdict::NoAddress);
    }
    let (template, scene) = (notification.template()?, dossier.scene(&app.texts, town));
    let content = content::content(template, &scene);
    let mut mail = mail(app, town, notification, &content, now)?;
    mail.to = to;
    if template.wants_answer() {
        mail.reply_to = scene.service().and_then(|service| service.email.clone());
    }
    mail.unsubscribe = dossier.one_click();
    Ok(mailer.send(&mail).await.into())
}

/// A mail without its readers.
pub(super) fn mail(
    app: &App,
    town: &Town,
    notification: &Notification,
    content: &content::Content,
    now: DateTime<Utc>,
) -> Result<Mail, Problem> {
    Ok(Mail {
        id: notification.id,
        message_id: format!("<{}@{}>", notification.id, app.config.public_host()),
        from: (town.name.clone(), town.email.clone()),
        to: Vec::new(),
        reply_to: None,
        subject: content.subject.clone(),
        text: layout::text(content)?,
        html: layout::html(content)?,
        unsubscribe: None,
        date: now,
    })
}

/// Records how a try ended: the attempt, and where each notification stands after it.
pub(super) async fn record(
    app: &App,
    notifications: &[Notification],
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let Some(first) = notifications.first() else {
        return Ok(());
    };
    let town = first.town();
    let tx = app.db.begin(town).await?;
    for notification in notifications {
        let settled = settle(verdict, notification.attempts, &app.config.retry_schedule, now);
        if !queue::settle(&tx, notification, &settled, now).await? {
            tracing::warn!(notification = %notification.id, "a message took longer than its lease, or was ended meanwhile");
        }
        if let Some(outcome) = settled.attempt {
            app.metrics.sent(&format!("{}_{outcome}", notification.channel));
        }
    }
    tx.commit().await
}

impl From<Result<(), SendError>> for Verdict {
    fn from(sent: Result<(), SendError>) -> Self {
        match sent {
            Ok(()) => Self::Sent,
            Err(SendError::Later(words)) => Self::Later(words),
            Err(SendError::Refused(words)) => Self::Refused(words),
        }
    }
}

/// Where a notification stands after a try, `attempts` tries before it.
#[must_use]
pub fn settle(verdict: &Verdict, attempts: i32, schedule: &[Duration], now: DateTime<Utc>) -> Settled {
    use super::model::State;
    let blank = Settled {
        state: State::Dead,
        attempts: attempts + 1,
        next_at: now,
        outcome: None,
        attempt: None,
        words: None,
    };
    match verdict {
        Verdict::Sent => Settled {
            state: State::Sent,
            attempt: Some("sent"),
            ..blank
        },
        Verdict::Ended => Settled {
            state: State::Cancelled,
            attempts,
            outcome: Some("unsubscribed"),
            ..blank
        },
        Verdict::NoAddress => Settled {
            outcome: Some("no_address"),
            attempt: Some("refused"),
            words: Some("no address".to_owned()),
            ..blank
        },
        Verdict::NoGateway => Settled {
            outcome: Some("no_gateway"),
            attempt: Some("refused"),
            words: Some("no gateway".to_owned()),
            ..blank
        },
        // Not a try: the schedule begins when there is somebody to give it to.
        Verdict::NoRelay => Settled {
            state: State::Due,
            attempts,
            next_at: now + RELAY_LOOK,
            outcome: Some("no_relay"),
            ..blank
        },
        Verdict::Refused(words) => Settled {
            outcome: Some("refused"),
            attempt: Some("refused"),
            words: Some(words.clone()),
            ..blank
        },
        Verdict::Later(words) => {
            let wait = usize::try_from(attempts).ok().and_then(|tries| schedule.get(tries));
            let wait = wait.and_then(|wait| TimeDelta::from_std(*wait).ok());
            Settled {
                state: if wait.is_some() { State::Due } else { State::Dead },
                next_at: now + wait.unwrap_or_default(),
                outcome: wait.is_none().then_some("given_up"),
                attempt: Some("retry"),
                words: Some(words.clone()),
                ..blank
            }
        }
    }
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
