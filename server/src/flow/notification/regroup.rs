//! Tells the followers of reports that changed their alert, after a while in which it can be taken back without a word.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::content;
use super::fan_out::DELIVER;
use super::model::{Channel, Detail};
use super::queries::{followers, regroup};
use super::scene::{Links, ReportFacts, Scene};
use super::template::Template;
use crate::catalog::model::Town;
use crate::db::{TownId, Tx};
use crate::flow::alert::model::Alert;
use crate::flow::alert::operation::Told;
use crate::http::problem::Problem;
use crate::jobs;
use crate::text::{Locale, Texts};

/// How long what is told of a correction waits: a slip that is taken back at once is told to nobody.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// What the followers of some reports hear of a correction.
pub struct Notice<'a> {
    /// What.
    pub template: Template,
    /// The alert that they followed.
    pub left: &'a Alert,
    /// The alert that they follow from now on.
    pub alert: &'a Alert,
    /// Their reports.
    pub reports: &'a [Uuid],
    /// Followers who need not hear it.
    pub except: &'a [Uuid],
    /// The operation.
    pub event: Uuid,
    /// Not before.
    pub at: DateTime<Utc>,
}

/// Tells them: one row each by another way than the app, and one job. Returns how many follow, by channel. Where one of
/// the alerts is of a sensitive category nobody is told that others reported it, or under which number.
///
/// # Errors
/// When the database refuses; the caller's change must not stand then.
pub async fn tell(tx: &Tx, town: &Town, notice: &Notice<'_>, now: DateTime<Utc>) -> Result<Told, Problem> {
    if town.is_sensitive(&[notice.left.category_id, notice.alert.category_id]) {
        return Ok(Told::default());
    }
    let private = town.categories.iter().filter(|category| category.sensitive);
    let private: Vec<Uuid> = private.map(|category| category.id).collect();
    let reports = regroup::of_other_categories(tx, town.id, notice.reports, &private).await?;
    let (reports, except) = (reports.as_slice(), notice.except);
    let mut told = Told::default();
    for (channel, count) in regroup::count(tx, town.id, reports, except).await? {
        match channel.parse::<Channel>().map_err(Problem::internal)? {
            Channel::App => told.app = count,
            Channel::Email => told.email = count,
            Channel::Sms => told.sms = count,
            Channel::Call => told.call = count,
            Channel::Letter => told.letter = count,
        }
    }
    let (about, detail) = ((notice.alert.id, notice.event), detail(notice.alert)?);
    let added = followers::add_for_reports(
        tx,
        town.id,
        (reports, except),
        about,
        notice.template,
        &detail,
        notice.at,
        now,
    )
    .await?;
    if added > 0 {
        jobs::enqueue(tx, town.id, DELIVER, json!({"event": notice.event}), notice.at).await?;
    }
    Ok(told)
}

/// Calls off what of an operation has not begun to leave; returns the followers who have heard nothing.
///
/// # Errors
/// When the database refuses.
pub async fn call_off(
    tx: &Tx,
    town: TownId,
    event: Uuid,
    reports: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Problem> {
    regroup::call_off(tx, town, event, reports, now).await
}

/// Lets the followers of these reports follow another alert.
///
/// # Errors
/// When the database refuses.
pub async fn follow_to(tx: &Tx, town: TownId, reports: &[Uuid], alert: Uuid) -> Result<(), Problem> {
    regroup::follow_to(tx, town, reports, alert).await
}

fn detail(alert: &Alert) -> Result<Value, Problem> {
    Ok(json!({
        "status": alert.status()?.public_status(),
        "expected_from": alert.expected_from,
        "expected_to": alert.expected_to,
    }))
}

/// The words of a message, to be looked at before they leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Subject of the mail.
    pub subject: String,
    /// Its first sentence.
    pub lead: String,
    /// The text message.
    pub sms: String,
}

/// What the author of a report would read, in a language.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn sample(
    (texts, locale): (&Texts, Locale),
    town: &Town,
    template: Template,
    alert: &Alert,
    report: ReportFacts,
    follow: &str,
) -> Result<Sample, Problem> {
    let detail: Detail = serde_json::from_value(detail(alert)?).map_err(Problem::internal)?;
    let links = Links {
        follow: Some(follow.to_owned()),
        ..Links::default()
    };
    let scene = Scene {
        texts,
        locale,
        town,
        alert,
        report: Some(&report),
        detail: &detail,
        links: &links,
    };
    let content = content::content(template, &scene);
    Ok(Sample {
        subject: content.subject,
        lead: content.lead,
        sms: content::sms(template, &scene),
    })
}
