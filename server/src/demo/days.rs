//! The past of the demo town: its reports, sent at their own time through the intake that everybody uses, and between
//! them what the town did about each problem, in the order in which it happened.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use futures_util::future::try_join_all;
use geo_dedup::LonLat;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use tokio::sync::watch;
use uuid::Uuid;
use vigie_fixtures as invented;

use super::cast::Cast;
use super::deeds::{Deed, deeds};
use super::work::Work;
use super::{photos, today};
use crate::app::App;
use crate::auth::secret::digest;
use crate::catalog::calendar::local_date;
use crate::db::TownId;
use crate::flow::dispatch::routing::route_in;
use crate::flow::report::model::{Channel, ContactWay, PositionSource, Relation, Submission};
use crate::flow::report::submit::{Accepted, Sender, submit};
use crate::http::problem::Kind;
use crate::text::Locale;
use crate::vault::Contact;

/// How many days, today included: long enough that dates can be told of what is common.
const DAYS: u32 = 80;
/// Reports a day: enough to fill a queue, few enough to start within a minute.
const REPORTS_PER_DAY: f64 = 13.5;
const SEED: u64 = 7;
/// Photos of the latest reports; more of them would make the first start wait.
const PHOTOS: usize = 8;
/// Sectors live side by side for so long, then wait for each other.
const IN_STEP: TimeDelta = TimeDelta::hours(12);
/// What is older than this is history: nobody is told of it.
const TOLD_SINCE: TimeDelta = TimeDelta::days(1);

/// What of it was done: kept beside the data, so that an interrupted start goes on with the same days.
#[derive(Serialize, Deserialize)]
struct Done {
    first_day: NaiveDate,
    complete: bool,
}

/// What happened in the demo town from a first day on: the reports, and the truth behind them.
#[must_use]
pub fn simulated(town: &invented::Town, first_day: NaiveDate) -> invented::Days {
    let options = invented::DaysOptions {
        reports_per_day: REPORTS_PER_DAY,
        offline_share: 0.08,
        ..invented::DaysOptions::starting(first_day, DAYS)
    };
    invented::days(SEED, town, &options)
}

/// The first of its days when the last one is `today`.
#[must_use]
pub fn first_day(today: NaiveDate) -> NaiveDate {
    today - Days::new(u64::from(DAYS) - 1)
}

/// Lives through what was not lived through yet, until `stop`. `progress` hears how many reports were sent, of how many.
///
/// # Errors
/// When the database is away. A report that the intake refuses is left out with a word in the log: residents make
/// mistakes, the invented too.
pub async fn live(
    app: &App,
    town: TownId,
    stop: &watch::Receiver<bool>,
    now: DateTime<Utc>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> anyhow::Result<()> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let known = catalogue.town(town).context("the demo town was installed before")?;
    let path = app.config.data_dir.join("demo").join("days.json");
    let present = local_date(known.time_zone, now).context("a clock that shows a date")?;
    let mut done = load(&path)?.unwrap_or(Done {
        first_day: first_day(present),
        complete: false,
    });
    if done.complete {
        return Ok(());
    }
    store(&path, &done)?;
    let invented_town = invented::Town::ingeville();
    let days = simulated(&invented_town, done.first_day);
    let beginning = days.reports.first().map_or(now, |report| report.observed_at);
    let cast = Cast::sign_in(app, known, &invented_town.staff, beginning.min(now)).await?;
    let sent: Vec<_> = days.reports.iter().filter(|report| report.received_at < now).collect();
    let latest = sent.iter().rev().filter(|report| !report.photos.is_empty());
    let story = Story {
        work: Work::prepare(app, known.clone(), cast, now - TOLD_SINCE).await?,
        town: &invented_town,
        problems: days.problems.iter().map(|problem| (problem.id, problem)).collect(),
        pictured: latest.take(PHOTOS).map(|report| report.id).collect(),
        stop,
        sent: AtomicUsize::new(0),
        heard: &|count| progress(count, sent.len()),
    };
    let mut strands = story.strands(&sent);
    let mut until = beginning;
    while until < now {
        until = (until + IN_STEP).min(now);
        try_join_all(strands.iter_mut().map(|strand| strand.live_until(&story, until))).await?;
        if *stop.borrow() {
            return Ok(());
        }
    }
    let alerts: Vec<Uuid> = strands.into_iter().flat_map(|strand| strand.alerts).collect();
    today::plan(&story.work, &alerts, &invented_town, now).await?;
    done.complete = true;
    store(&path, &done)
}

/// What everything that happens needs.
struct Story<'a> {
    work: Work<'a>,
    town: &'a invented::Town,
    problems: HashMap<u32, &'a invented::Problem>,
    /// Reports whose photos are added too.
    pictured: Vec<Uuid>,
    stop: &'a watch::Receiver<bool>,
    sent: AtomicUsize,
    heard: &'a (dyn Fn(usize) + Sync),
}

/// What happens in one sector, in the order of time. Sectors go on side by side, so that the database and this process
/// need not wait for each other, and in step, so that what lies across their borders is hardly ever out of order.
#[derive(Default)]
struct Strand<'a> {
    reports: VecDeque<&'a invented::SimReport>,
    /// What is to be done, by when; the number keeps deeds of one instant in the order in which they were planned.
    ahead: BTreeMap<(DateTime<Utc>, usize), Deed>,
    alerts: Vec<Uuid>,
}

impl<'a> Story<'a> {
    fn strands(&self, reports: &[&'a invented::SimReport]) -> Vec<Strand<'a>> {
        let mut strands: BTreeMap<&str, Strand<'a>> = BTreeMap::new();
        for report in reports {
            let sector = self
                .problems
                .get(&report.truth.problem)
                .map(|problem| problem.sector.as_str());
            strands
                .entry(sector.unwrap_or_default())
                .or_default()
                .reports
                .push_back(report);
        }
        strands.into_values().collect()
    }
}

impl Strand<'_> {
    async fn live_until(&mut self, story: &Story<'_>, until: DateTime<Utc>) -> anyhow::Result<()> {
        while let Some(report) = self
            .reports
            .front()
            .copied()
            .filter(|report| report.received_at <= until)
        {
            if *story.stop.borrow() {
                return Ok(());
            }
            self.work_until(&story.work, report.received_at).await?;
            let taken = self.report(story, report).await?;
            if taken && story.pictured.contains(&report.id) {
                photos::add(story.work.app, story.work.town.id, report).await?;
            }
            self.reports.pop_front();
            (story.heard)(story.sent.fetch_add(1, Ordering::Relaxed) + 1);
        }
        self.work_until(&story.work, until).await
    }

    /// Does what is due until an instant.
    async fn work_until(&mut self, work: &Work<'_>, until: DateTime<Utc>) -> anyhow::Result<()> {
        while let Some(entry) = self.ahead.first_entry().filter(|entry| entry.key().0 <= until) {
            let deed = entry.remove();
            let done = work.perform(&deed).await;
            done.with_context(|| format!("{:?} at {}", deed.what, deed.at))?;
        }
        Ok(())
    }

    /// Sends a report; of an alert that it opens, the deeds are planned. Whether it was taken in.
    async fn report(&mut self, story: &Story<'_>, report: &invented::SimReport) -> anyhow::Result<bool> {
        let (work, at) = (&story.work, report.received_at);
        let staff = match report.channel {
            invented::Channel::Phone | invented::Channel::Desk => Some(work.cast.desk),
            invented::Channel::FieldAgent => Some(work.cast.supervisor),
            invented::Channel::App | invented::Channel::Web => None,
        };
        let sender = Sender {
            device: Some(format!("demo-{}", report.sender)),
            historic: at < work.told_since,
            town: Some(work.town.id),
            staff: staff.map(|person| person.enters(work.town.id)),
            ..Sender::default()
        };
        match submit(work.app, &submission(report)?, &[], &sender, at).await {
            Ok(accepted) => {
                self.plan(story, report, &accepted)?;
                Ok(true)
            }
            Err(problem) if problem.kind == Kind::Invalid => {
                tracing::warn!(%problem, category = report.category, "a report of the demo was refused");
                Ok(false)
            }
            Err(problem) => Err(problem).context("sending the demo's days"),
        }
    }

    fn plan(&mut self, story: &Story<'_>, report: &invented::SimReport, accepted: &Accepted) -> anyhow::Result<()> {
        let told = &accepted.told;
        if matches!(told.relation, Relation::Joined | Relation::LateEvidence) {
            return Ok(());
        }
        let problem = story.problems.get(&report.truth.problem);
        let problem = problem.context("a report of the demo is about nothing")?;
        let (alert, at, town) = (told.alert_id, accepted.report.received_at, &story.work.town);
        let handling = invented::handling(SEED, story.town, problem, at);
        let route = route_in(town, accepted.report.category_id, position(report)?, at);
        let body = route.body.and_then(|id| town.bodies.get(&id));
        let body = body.filter(|body| body.hand_over != "none").map(|body| body.id);
        for deed in deeds(alert, problem, &handling, at, body, town.time_zone) {
            let number = self.number_at(deed.at);
            self.ahead.insert((deed.at, number), deed);
        }
        self.alerts.push(alert);
        Ok(())
    }

    /// The next free number at an instant.
    fn number_at(&self, at: DateTime<Utc>) -> usize {
        let same = self.ahead.range((at, 0)..=(at, usize::MAX));
        same.last().map_or(0, |((_, number), _)| number + 1)
    }
}

fn position(report: &invented::SimReport) -> anyhow::Result<LonLat> {
    let [lon, lat] = report.position;
    Ok(LonLat::new(lon, lat)?)
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
    Ok(Submission {
        id: Some(report.id),
        category: report.category.clone(),
        position: position(report)?,
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
            answers: None,
        },
        follow_secret: None,
        joins: None,
        not_same: Vec::new(),
        request_hash: digest(report.id.as_bytes()),
        source_ref: None,
    })
}
