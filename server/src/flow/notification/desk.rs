//! What people of the desk do: call, print, look after what could not be sent.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::dossier::Dossier;
use super::fan_out::DELIVER;
use super::model::{Channel, Notification, Recipient, State};
use super::queries::desk as desk_queries;
use super::queries::desk::{List, Listed};
use super::queries::queue;
use super::{content, layout};
use crate::app::App;
use crate::audit;
use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::flow::alert;
use crate::http::client::Client;
use crate::http::page::{Last, PageQuery, cut};
use crate::http::problem::{Kind, Problem};
use crate::jobs;
use crate::people;
use crate::people::policy::{Operation, Staff, permit};
use crate::vault::{self, Contact, Purpose, Reading};
use crate::vocabulary::vocabulary;

/// Calls without an answer before the desk gives up.
const CALLS: i32 = 3;

vocabulary! {
    /// How a call ended.
    CallOutcome {
        /// The person was told.
        Reached = "reached",
        /// Nobody answered: called again after some hours, three times in all.
        NoAnswer = "no_answer",
        /// The number is another person's.
        WrongNumber = "wrong_number",
    }
}

/// Who asks, in which request.
pub struct Asker<'a> {
    /// Person.
    pub token: StaffToken,
    /// Request.
    pub client: &'a Client,
    /// When.
    pub now: DateTime<Utc>,
}

impl<'a> Asker<'a> {
    /// Who sends this request, now.
    #[must_use]
    pub fn of(token: StaffToken, client: &'a Client) -> Self {
        let now = Utc::now();
        Self { token, client, now }
    }
}

/// One line of a list, with what to say.
pub struct Entry {
    /// Row.
    pub listed: Listed,
    /// What it is about, in the reader's language.
    pub subject: String,
    /// What to say, in the reader's language, without the reader's links.
    pub text: String,
}

/// A page of a list in the person's scope, oldest first, and the cursor of the next page. Rows outside the scope are left
/// out after the page is read, so that a page may be shorter than asked for.
///
/// # Errors
/// [`Kind::Forbidden`]; [`Kind::Invalid`] for a wrong cursor or limit.
pub async fn list(
    app: &App,
    asker: &Asker<'_>,
    list: List,
    query: &PageQuery,
) -> Result<(Vec<Entry>, Option<String>), Problem> {
    let (limit, after) = (query.limit()?, query.after::<Last>()?.map(|Last(at, id)| (at, id)));
    let town = app.catalogue.town(&app.db, asker.token.town).await?;
    let mut tx = app.db.begin(asker.token.town).await?;
    let staff = people::queries::authorise(&mut tx, asker.token, asker.now).await?;
    people::policy::permit_any(&staff, Operation::HandleMessages)?;
    let mut rows = desk_queries::list(&tx, town.id, list, after, asker.now, limit + 1).await?;
    let next = cut(&mut rows, limit, |row| {
        (row.notification.created_at, row.notification.id)
    });
    rows.retain(|row| permit(&staff, Operation::HandleMessages, &row.target).is_ok());
    let mut entries = Vec::new();
    for listed in rows {
        let dossier = Dossier::read(app, &mut tx, &listed.notification).await?;
        let mut content = content::content(listed.notification.template()?, &dossier.scene(&app.texts, &town));
        if matches!(listed.notification.channel()?, Channel::Call | Channel::Letter) {
            content.no_answer = None;
        }
        entries.push(Entry {
            text: layout::text(&content)?,
            subject: content.subject,
            listed,
        });
    }
    Ok((entries, next))
}

/// Opens the caller's transaction, finds a notification in it and asks the policy.
async fn open(app: &App, asker: &Asker<'_>, id: Uuid) -> Result<(Tx, Staff, Notification), Problem> {
    let mut tx = app.db.begin(asker.token.town).await?;
    let staff = people::queries::authorise(&mut tx, asker.token, asker.now).await?;
    people::policy::permit_any(&staff, Operation::HandleMessages)?;
    let found = desk_queries::lock(&tx, asker.token.town, id).await?;
    let alert = alert::queries::find(&mut tx, found.alert_id).await?;
    permit(&staff, Operation::HandleMessages, &alert.target())?;
    Ok((tx, staff, found))
}

async fn note(
    tx: &Tx,
    staff: &Staff,
    asker: &Asker<'_>,
    action: &str,
    notification: &Notification,
    outcome: &str,
) -> Result<(), Problem> {
    let entry = audit::Entry {
        actor: &staff.actor(),
        action,
        entity: "alert",
        entity_id: Some(notification.alert_id),
        detail: json!({"notification_id": notification.id, "outcome": outcome}),
        request_id: Some(&asker.client.request_id),
    };
    audit::record(tx, tx.town(), &entry, asker.now).await
}

/// Notes how a call ended. A note of the desk goes into the attempts, never into the audit trail.
///
/// # Errors
/// [`Kind::Conflict`] when the call is done already; [`Kind::NotFound`], [`Kind::Forbidden`].
pub async fn call_ended(
    app: &App,
    asker: &Asker<'_>,
    id: Uuid,
    outcome: CallOutcome,
    words: Option<String>,
) -> Result<(), Problem> {
    let (tx, staff, call) = open(app, asker, id).await?;
    due(&call, Channel::Call)?;
    let (state, attempt, wait) = match outcome {
        CallOutcome::Reached => (State::Sent, "sent", TimeDelta::zero()),
        CallOutcome::NoAnswer if call.attempts + 1 < CALLS => (State::Due, "retry", TimeDelta::hours(3)),
        CallOutcome::NoAnswer => (State::Dead, "retry", TimeDelta::zero()),
        CallOutcome::WrongNumber => (State::Dead, "refused", TimeDelta::zero()),
    };
    let settled = queue::Settled {
        state,
        attempts: call.attempts + 1,
        next_at: asker.now + wait,
        outcome: Some(outcome.as_str()),
        attempt: Some(attempt),
        words,
    };
    queue::settle(&tx, &call, &settled, asker.now).await?;
    desk_queries::done_by(&tx, tx.town(), id, staff.staff_user_id).await?;
    note(&tx, &staff, asker, "record_call_outcome", &call, outcome.as_str()).await?;
    tx.commit().await
}

/// Notes that a letter was printed and posted.
///
/// # Errors
/// As [`call_ended`].
pub async fn letter_printed(app: &App, asker: &Asker<'_>, id: Uuid) -> Result<(), Problem> {
    let (tx, staff, letter) = open(app, asker, id).await?;
    due(&letter, Channel::Letter)?;
    let settled = queue::Settled {
        state: State::Sent,
        attempts: letter.attempts + 1,
        next_at: asker.now,
        outcome: Some("printed"),
        attempt: Some("sent"),
        words: None,
    };
    queue::settle(&tx, &letter, &settled, asker.now).await?;
    desk_queries::done_by(&tx, tx.town(), id, staff.staff_user_id).await?;
    note(&tx, &staff, asker, "mark_letter_printed", &letter, "printed").await?;
    tx.commit().await
}

/// Tries what was given up once more, from the beginning of the schedule.
///
/// # Errors
/// [`Kind::Conflict`] when it was not given up; [`Kind::NotFound`], [`Kind::Forbidden`].
pub async fn retry(app: &App, asker: &Asker<'_>, id: Uuid) -> Result<(), Problem> {
    let (tx, staff, dead) = open(app, asker, id).await?;
    if dead.state != State::Dead.as_str() {
        return Err(Problem::new(Kind::Conflict).with("state", dead.state));
    }
    let settled = queue::Settled {
        state: State::Due,
        attempts: 0,
        next_at: asker.now,
        outcome: None,
        attempt: None,
        words: None,
    };
    queue::settle(&tx, &dead, &settled, asker.now).await?;
    jobs::enqueue(&tx, tx.town(), DELIVER, json!({"notification": id}), asker.now).await?;
    note(&tx, &staff, asker, "retry_notification", &dead, "due").await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(())
}

/// A letter with its reader's name and postal address; reading them is noted in the access trail.
///
/// # Errors
/// [`Kind::Conflict`] when it is none or done; [`Kind::NotFound`], [`Kind::Forbidden`].
pub async fn letter(app: &App, asker: &Asker<'_>, id: Uuid) -> Result<(Notification, Dossier, String), Problem> {
    let (mut tx, staff, letter) = open(app, asker, id).await?;
    due(&letter, Channel::Letter)?;
    let dossier = Dossier::read(app, &mut tx, &letter).await?;
    note(&tx, &staff, asker, "print_letter", &letter, "opened").await?;
    tx.commit().await?;
    let to = match letter.recipient()? {
        Recipient::Body => {
            let town = app.catalogue.town(&app.db, letter.town()).await?;
            let body = letter.body_id.and_then(|id| town.bodies.get(&id));
            body.map(|body| {
                let address = body.postal_address.as_deref().unwrap_or_default();
                format!("{}\n{address}", body.name.get(letter.locale()))
            })
        }
        _ => match dossier.subject_id {
            Some(subject) => {
                let reading = Reading {
                    subject,
                    purpose: Purpose::Letter,
                    by: Some(staff.staff_user_id),
                    report_id: dossier.report.as_ref().map(|report| report.id),
                };
                let contact = vault::reveal(&app.db, &app.keys, letter.town(), &reading).await?;
                Some(lines(&contact))
            }
            None => None,
        },
    };
    Ok((letter, dossier, to.unwrap_or_default()))
}

fn lines(contact: &Contact) -> String {
    let known = [contact.name.as_deref(), contact.postal_address.as_deref()];
    known.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// Those contact data of a report's author that a purpose of the desk opens; noted in the audit trail and in the vault's own.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such report in scope, or it was made without contact data; [`Kind::Forbidden`].
pub async fn contact(app: &App, asker: &Asker<'_>, report_id: Uuid, purpose: Purpose) -> Result<Contact, Problem> {
    let town = asker.token.town;
    let mut tx = app.db.begin(town).await?;
    let staff = people::queries::authorise(&mut tx, asker.token, asker.now).await?;
    people::policy::permit_any(&staff, Operation::RevealContact)?;
    let (alert_id, subject) = desk_queries::author(&tx, town, report_id).await?;
    let alert = alert::queries::find(&mut tx, alert_id).await?;
    permit(&staff, Operation::RevealContact, &alert.target())?;
    let subject = subject.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let entry = audit::Entry {
        actor: &staff.actor(),
        action: "reveal_contact",
        entity: "report",
        entity_id: Some(report_id),
        detail: json!({"purpose": purpose}),
        request_id: Some(&asker.client.request_id),
    };
    audit::record(&tx, town, &entry, asker.now).await?;
    tx.commit().await?;
    let reading = Reading {
        subject,
        purpose,
        by: Some(staff.staff_user_id),
        report_id: Some(report_id),
    };
    vault::reveal(&app.db, &app.keys, town, &reading).await
}

fn due(notification: &Notification, channel: Channel) -> Result<(), Problem> {
    if notification.channel()? != channel {
        return Err(Problem::new(Kind::NotFound));
    }
    if notification.state == State::Due.as_str() {
        return Ok(());
    }
    Err(Problem::new(Kind::Conflict).with("state", notification.state.clone()))
}
