//! From a notification to the addresses it goes to.

use super::dossier::Dossier;
use super::model::{Channel, Notification, Recipient};
use super::queries;
use crate::app::App;
use crate::catalog::model::{Service, Town};
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
        Recipient::OnCall => service.and_then(|service| on_call_phone(service, notification.chain_index)),
    };
    Ok(found.into_iter().collect())
}

async fn follower(app: &App, notification: &Notification, dossier: &Dossier) -> Result<Vec<String>, Problem> {
    let Some(subject) = dossier.subject_id else {
        return Ok(Vec::new());
    };
    let field = match notification.channel()? {
        Channel::Sms => Field::Phone,
        _ => Field::Email,
    };
    let reading = Reading {
        subject,
        fields: &[field],
        purpose: Purpose::Notify,
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

fn on_call_phone(service: &Service, index: Option<i32>) -> Option<String> {
    let index = usize::try_from(index.unwrap_or(0)).ok()?;
    service.on_call.get(index).map(|link| link.phone.clone())
}
