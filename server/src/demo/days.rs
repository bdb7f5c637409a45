//! Some days of the demo town: its reports, sent at their own time through the intake that everybody uses.

use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use tokio::sync::watch;
use vigie_fixtures as invented;

use super::photos;
use crate::app::App;
use crate::auth::secret::digest;
use crate::db::TownId;
use crate::flow::report::model::{Channel, ContactWay, PositionSource, Submission};
use crate::flow::report::submit::{Sender, submit};
use crate::http::problem::Kind;
use crate::text::Locale;
use crate::vault::Contact;

/// How many days.
const DAYS: u32 = 10;
/// Reports a day: enough to fill a queue, few enough to start within a minute.
const REPORTS_PER_DAY: f64 = 40.0;
const SEED: u64 = 7;
/// Photos of the latest reports; more of them would make the first start wait.
const PHOTOS: usize = 12;
/// Reports older than this are history: nobody is told of them.
const TOLD_SINCE: TimeDelta = TimeDelta::days(1);

/// What of it was done: kept beside the data, so that an interrupted start goes on with the same days.
#[derive(Serialize, Deserialize)]
struct Done {
    first_day: NaiveDate,
    complete: bool,
}

/// Sends what was not sent yet, until `stop`. `progress` hears how many were sent, of how many.
///
/// # Errors
/// When the database is away. A report that the intake refuses is left out: residents make mistakes, the invented too.
pub async fn send(
    app: &App,
    town: TownId,
    stop: &watch::Receiver<bool>,
    now: DateTime<Utc>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> anyhow::Result<()> {
    let path = app.config.data_dir.join("demo").join("days.json");
    let first_day = (now - Days::new(u64::from(DAYS))).date_naive();
    let mut done = load(&path)?.unwrap_or(Done {
        first_day,
        complete: false,
    });
    if done.complete {
        return Ok(());
    }
    store(&path, &done)?;
    let invented_town = invented::Town::ingeville();
    let options = invented::DaysOptions {
        reports_per_day: REPORTS_PER_DAY,
        ..invented::DaysOptions::starting(done.first_day, DAYS)
    };
    let days = invented::days(SEED, &invented_town, &options);
    let reports: Vec<_> = days.reports.iter().filter(|report| report.received_at < now).collect();
    let latest = reports.iter().rev().filter(|report| !report.photos.is_empty());
    let pictured: Vec<_> = latest.take(PHOTOS).map(|report| report.id).collect();
    for (place, report) in reports.iter().enumerate() {
        if *stop.borrow() {
            return Ok(());
        }
        let sender = Sender {
            device: Some(format!("demo-{}", report.sender)),
            historic: report.received_at < now - TOLD_SINCE,
            town: Some(town),
            ..Sender::default()
        };
        match submit(app, &submission(report)?, &[], &sender, report.received_at).await {
            Ok(_) if pictured.contains(&report.id) => photos::add(app, town, report).await?,
            Ok(_) => {}
            // Residents make mistakes, the invented too.
            Err(problem) if problem.kind == Kind::Invalid => {}
            Err(problem) => return Err(problem).context("sending the demo's days"),
        }
        progress(place + 1, reports.len());
    }
    done.complete = true;
    store(&path, &done)
}

fn load(path: &Path) -> anyhow::Result<Option<Done>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(serde_json::from_str(&text).context("demo/days.json")?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("demo/days.json"),
    }
}

fn store(path: &Path, done: &Done) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_string_pretty(done)?).with_context(|| format!("writing {}", path.display()))
}

fn submission(report: &invented::SimReport) -> anyhow::Result<Submission> {
    let [lon, lat] = report.position;
    Ok(Submission {
        id: Some(report.id),
        category: report.category.clone(),
        position: geo_dedup::LonLat::new(lon, lat)?,
        accuracy_m: report.accuracy_m,
        position_source: match report.position_source {
            invented::PositionSource::Gps => PositionSource::Gps,
            invented::PositionSource::Map => PositionSource::Map,
            invented::PositionSource::Address => PositionSource::Address,
            invented::PositionSource::Exif => PositionSource::Exif,
        },
        address: report.address.clone(),
        description: report.description.clone(),
        answers: report.answers.as_object().cloned().unwrap_or_else(Map::new),
        observed_at: Some(report.observed_at),
        channel: match report.channel {
            invented::Channel::App => Channel::App,
            invented::Channel::Web => Channel::Web,
            invented::Channel::Phone => Channel::Phone,
            invented::Channel::Desk => Channel::Desk,
            invented::Channel::FieldAgent => Channel::Field,
        },
        locale: Locale::from_tag(&report.locale).unwrap_or_default(),
        way: match report.contact.preferred {
            invented::ContactWay::App => ContactWay::App,
            invented::ContactWay::Email => ContactWay::Email,
            invented::ContactWay::Sms => ContactWay::Sms,
            invented::ContactWay::Call => ContactWay::Call,
            invented::ContactWay::Letter => ContactWay::Letter,
            invented::ContactWay::None => ContactWay::None,
        },
        contact: Contact {
            email: report.contact.email.clone(),
            phone: report.contact.phone.clone(),
            name: report.contact.name.clone(),
            postal_address: report.contact.postal_address.clone(),
        },
        follow_secret: None,
        joins: None,
        not_same: Vec::new(),
        request_hash: digest(report.id.as_bytes()),
        source_ref: None,
    })
}
