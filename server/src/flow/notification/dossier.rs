//! Reads what a message may say, at the moment it is sent or said.

use uuid::Uuid;

use super::model::{Detail, Notification, Recipient};
use super::queries;
use super::scene::{Links, ReportFacts, Scene};
use super::token::{self, Use};
use crate::app::App;
use crate::auth::secret;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert;
use crate::flow::alert::model::Alert;
use crate::flow::report::reference::FollowCode;
use crate::http::problem::Problem;
use crate::text::{Locale, Texts};

/// What was read for one notification.
pub struct Dossier {
    /// Alert.
    pub alert: Alert,
    /// The reader's own report.
    pub report: Option<ReportFacts>,
    /// The reader, in the vault.
    pub subject_id: Option<Uuid>,
    /// The reader does not want to hear any more.
    pub ended: bool,
    detail: Detail,
    links: Links,
    locale: Locale,
}

impl Dossier {
    /// Reads it, in a transaction of the caller's, for whoever says it in the reader's place or prints it: no link is in
    /// it, because a link acts as its reader. The reference and the telephone code are, which open the status only.
    ///
    /// # Errors
    /// When the database refuses or the alert is gone.
    pub async fn read(app: &App, tx: &mut Tx, notification: &Notification) -> Result<Self, Problem> {
        Ok(Self::gather(app, tx, notification).await?.0)
    }

    /// The same with its reader's own links, for the worker alone, which gives it to nobody but them.
    ///
    /// # Errors
    /// As [`Dossier::read`].
    pub async fn read_with_links(app: &App, tx: &mut Tx, notification: &Notification) -> Result<Self, Problem> {
        let (mut dossier, reader) = Self::gather(app, tx, notification).await?;
        if let Some(reader) = &reader {
            dossier.links = links(app, notification, reader);
        }
        if notification.recipient()? == Recipient::OnCall {
            let token = token::issue(&app.keys.server, Use::OnCall, notification.town(), notification.id);
            dossier.links.take = Some(format!("{}/on-call/{token}", app.config.public_url));
        }
        Ok(dossier)
    }

    /// What is known, and who reads it if it is who reported.
    async fn gather(
        app: &App,
        tx: &mut Tx,
        notification: &Notification,
    ) -> Result<(Self, Option<queries::Reader>), Problem> {
        let mut dossier = Self {
            alert: alert::queries::find(tx, notification.alert_id).await?,
            report: None,
            subject_id: None,
            ended: false,
            detail: notification.detail(),
            links: Links::default(),
            locale: notification.locale(),
        };
        let Some(id) = notification.follower_id else {
            return Ok((dossier, None));
        };
        let reader = queries::reader(tx, notification.town(), id).await?;
        dossier.ended = reader.ended_at.is_some();
        dossier.subject_id = reader.subject_id;
        dossier.report = Some(ReportFacts {
            id: reader.report_id,
            reference: reader.reference.clone(),
            category_id: reader.category_id,
            received_at: reader.received_at,
            code: FollowCode::from_bytes(secret::phone_code(&app.keys.server, reader.report_id)).to_string(),
            address: reader.address.clone(),
            place: reader.place,
        });
        Ok((dossier, Some(reader)))
    }

    /// The words of the message.
    #[must_use]
    pub const fn scene<'a>(&'a self, texts: &'a Texts, town: &'a Town) -> Scene<'a> {
        Scene {
            texts,
            locale: self.locale,
            town,
            alert: &self.alert,
            report: self.report.as_ref(),
            detail: &self.detail,
            links: &self.links,
        }
    }

    /// Address of one-click unsubscription.
    #[must_use]
    pub fn one_click(&self) -> Option<String> {
        self.links.one_click.clone()
    }
}

/// A follow secret that the server derived can be derived again; one that the client made is known to the client only, and
/// the link then leads to the page that asks for it.
fn links(app: &App, notification: &Notification, reader: &queries::Reader) -> Links {
    let url = &app.config.public_url;
    let keys = &app.keys.server;
    let derived = secret::follow_secret(keys, reader.report_id);
    let follow = if secret::matches(derived.as_bytes(), &reader.follow_hash) {
        format!("{url}/suivi#{}.{derived}", reader.report_id)
    } else {
        format!("{url}/suivi#{}", reader.report_id)
    };
    let stop = token::issue(keys, Use::Unsubscribe, notification.town(), reader.id);
    Links {
        follow: Some(follow),
        unsubscribe: Some(format!("{url}/u/{stop}")),
        one_click: Some(format!("{url}/v1/unsubscribe/{stop}")),
        take: None,
    }
}
