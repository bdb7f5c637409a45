//! From a notification to the addresses it goes to.

use super::dossier::Dossier;
use super::model::{Channel, Notification, Recipient};
use super::queries;
use crate::app::App;
use crate::catalog::model::{OnCall, Town};
use crate::http::problem::Problem;
use crate::vault::{self, Field, Purpose, Reading};

/// The addresses of a notification by mail or SMS; none when nobody can be reached.
///
/// # Errors
/// When the database or the vault refuses.
pub async fn addresses(
    app: &App,
    town: &Town,
    notification: &Notification,
    dossier: &Dossier,
) -> Result<Vec<String>, Problem> {
    let service = notification.service_id.and_then(|id| town.services.get(&id));
    let found = match notification.recipient()? {
        Recipient::Follower => return follower(app, notification, dossier).await,
        Recipient::Supervisor => return supervisors(app, notification).await,
        Recipient::Service => service.and_then(|service| service.email.clone()),
        Recipient::Body => {
            let body = notification.body_id.and_then(|id| town.bodies.get(&id));
            body.and_then(|body| body.email.clone())
        }
        Recipient::OnCall => {
            let channel = notification.channel()?;
            on_call(town, notification).and_then(|link| on_call_address(link, channel))
        }
    };
    Ok(found.into_iter().collect())
}

/// Whether somebody on call who was to get a text message is called by mail instead: there is no gateway, or no number any
/// more, and there is an address.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn called_by_mail(app: &App, town: &Town, notification: &Notification) -> Result<bool, Problem> {
    if notification.recipient()? != Recipient::OnCall || notification.channel()? != Channel::Sms {
        return Ok(false);
    }
    let link = on_call(town, notification);
    Ok(link.is_some_and(|link| link.email.is_some() && (app.sms.is_none() || link.phone.is_none())))
}

async fn follower(app: &App, notification: &Notification, dossier: &Dossier) -> Result<Vec<String>, Problem> {
    let Some(subject) = dossier.subject_id else {
        return Ok(Vec::new());
    };
    let (field, purpose) = match notification.channel()? {
        Channel::Sms => (Field::Phone, Purpose::NotifySms),
        _ => (Field::Email, Purpose::NotifyEmail),
    };
    let reading = Reading {
        subject,
        purpose,
        by: None,
        report_id: dossier.report.as_ref().map(|report| report.id),
    };
    let contact = vault::reveal(&app.db, &app.keys, notification.town(), &reading).await?;
    Ok(contact.get(field).map(str::to_owned).into_iter().collect())
}

async fn supervisors(app: &App, notification: &Notification) -> Result<Vec<String>, Problem> {
    let tx = app.db.begin(notification.town()).await?;
    queries::supervisors(&tx, notification.town(), notification.service_id).await
}

/// The link of the on-call chain whose turn it is.
fn on_call<'a>(town: &'a Town, notification: &Notification) -> Option<&'a OnCall> {
    let service = town.services.get(&notification.service_id?)?;
    let index = usize::try_from(notification.chain_index.unwrap_or(0)).ok()?;
    service.on_call.get(index)
}

fn on_call_address(link: &OnCall, channel: Channel) -> Option<String> {
    match channel {
        Channel::Sms => link.phone.clone(),
        _ => link.email.clone(),
    }
}
