//! What an author reads of their report besides where it stands: the place in words, photos that were released, whom to
//! call, how to stop messages.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::catalog::model::{Category, Town};
use crate::db::Tx;
use crate::db::schema::follower;
use crate::db::space::from_point;
use crate::flow::alert::model::Alert;
use crate::flow::notification::token::{self, Use};
use crate::flow::photo;
use crate::flow::photo::links::{PhotoLinks, released_links};
use crate::flow::photo::model::Photo;
use crate::flow::report::acknowledge::{BodyContact, ServiceContact};
use crate::flow::report::model::ContactWay;
use crate::flow::report::queries::StoredReport;
use crate::http::problem::Problem;
use crate::text::Locale;

/// What stands around a followed report, in the language of the request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Particulars {
    /// Name of the category that the author chose.
    pub category_label: String,
    /// The place in words: the address, or the sector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Why it was refused or waits, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<String>,
    /// Service in charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceContact>,
    /// Outside body that has it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyContact>,
    /// Released photos of the report and of the repair.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<FollowedPhoto>,
    /// That nobody watches reports day and night.
    pub not_watched: String,
    /// A page that asks whether to stop messages about the report; absent when none are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribe_url: Option<String>,
}

/// A released photo.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FollowedPhoto {
    /// Whether it shows the repair and not the problem.
    pub of_repair: bool,
    /// Where to look at it, for five minutes.
    pub links: PhotoLinks,
}

/// Who reads, and when.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The application.
    pub app: &'a App,
    /// Language.
    pub locale: Locale,
    /// The present.
    pub now: DateTime<Utc>,
}

/// Reads them. Where the report or its alert is of a sensitive category nothing is said that only the alert would tell.
///
/// # Errors
/// When the database refuses.
pub async fn particulars(
    reader: Reader<'_>,
    tx: &mut Tx,
    town: &Town,
    category: &Category,
    report: &StoredReport,
    alert: &Alert,
) -> Result<Particulars, Problem> {
    let Reader { app, locale, .. } = reader;
    let open = !town.is_sensitive(&[category.id, alert.category_id]);
    let service = town.services.get(&alert.service_id).filter(|_| open);
    let body = alert.body_id.and_then(|id| town.bodies.get(&id)).filter(|_| open);
    let position = from_point(&report.place).map_err(Problem::internal)?;
    Ok(Particulars {
        category_label: category.label.get(locale).to_owned(),
        place: report.address.clone().or_else(|| town.roughly_at(position)),
        reason_text: alert.reason.as_deref().filter(|_| open).map(|reason| {
            let id = format!("message-reason-for-{}", reason.replace('_', "-"));
            app.texts.find(locale, &id, &[]).unwrap_or_else(|| reason.to_owned())
        }),
        service: service.map(|service| ServiceContact::of(service, locale)),
        body: body.map(|body| BodyContact::of(body, locale)),
        photos: photos(reader, tx, town, report, alert, open).await?,
        not_watched: town.not_watched.get(locale).to_owned(),
        unsubscribe_url: unsubscribe_url(app, tx, town, report.id).await?,
    })
}

/// The report's own photos and the proofs of the repair, each once somebody has released it.
async fn photos(
    reader: Reader<'_>,
    tx: &Tx,
    town: &Town,
    report: &StoredReport,
    alert: &Alert,
    open: bool,
) -> Result<Vec<FollowedPhoto>, Problem> {
    let all = photo::queries::of_alert(tx, town.id, alert.id).await?;
    let theirs = |photo: &&Photo| photo.report_id == Some(report.id) || (open && photo.alert_id == Some(alert.id));
    let mut shown = Vec::new();
    for photo in all.iter().filter(theirs).filter(|photo| photo.released_at.is_some()) {
        let (keys, url) = (&reader.app.keys, &reader.app.config.public_url);
        shown.push(FollowedPhoto {
            of_repair: photo.report_id.is_none(),
            links: released_links(keys, url, town.id, photo.id, reader.now),
        });
    }
    Ok(shown)
}

async fn unsubscribe_url(app: &App, tx: &mut Tx, town: &Town, report_id: Uuid) -> Result<Option<String>, Problem> {
    let told: Option<Uuid> = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.id.0)
                .and(follower::report_id.eq(report_id)),
        )
        .filter(
            follower::ended_at
                .is_null()
                .and(follower::channel.ne(ContactWay::App.as_str())),
        )
        .select(follower::id)
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(told.map(|id| {
        let token = token::issue(&app.keys.server, Use::Unsubscribe, town.id, id);
        format!("{}/u/{token}", app.config.public_url)
    }))
}
