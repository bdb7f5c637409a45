//! An action of a crew takes effect, inside the transaction that keeps its receipt.

use chrono::{DateTime, TimeDelta, Utc};
use geo_dedup::LonLat;
use uuid::Uuid;

use super::model::{FieldAction, FieldKind, Outcome, Reason};
use super::queries;
use super::rules::{Ruling, Situation, Verdict, rule};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::{lock, survivor};
use crate::flow::dispatch::act::{self, Done};
use crate::flow::dispatch::give::{self, Order};
use crate::flow::dispatch::model::{Shift, Task};
use crate::flow::photo::tus::queries::promise;
use crate::flow::status::advance::{advance, remark};
use crate::flow::status::event::{By, Details};
use crate::flow::status::machine::Given;
use crate::flow::status::queries::proofs::of_alert;
use crate::flow::status::triage::{self, Qualification};
use crate::flow::status::vocabulary::{Status, Step};
use crate::http::problem::{Kind, Problem};

/// A report that somebody made so soon after a crew had left may still be of what the crew repaired.
const GRACE: TimeDelta = TimeDelta::hours(2);
/// Word of the history for what a crew says of an alert that others closed or have now.
const FIELD_REPORT: &str = "field_report";

/// What became of an action.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) reason: Option<Reason>,
    pub(super) review: bool,
    pub(super) alert_id: Option<Uuid>,
}

impl Settled {
    pub(super) const fn waiting(reason: Reason, alert_id: Option<Uuid>) -> Self {
        Self {
            outcome: Outcome::Waiting,
            reason: Some(reason),
            review: false,
            alert_id,
        }
    }
}

/// An action whose fields are in order.
pub(super) struct Taking<'a> {
    pub(super) town: &'a Town,
    pub(super) action: &'a FieldAction,
    pub(super) request_hash: &'a [u8],
    /// Where the crew stood, when that is known well enough to be kept.
    pub(super) place: Option<LonLat>,
    pub(super) by: By<'a>,
    /// A person of the service says that it counts, whatever was set meanwhile.
    pub(super) decided: bool,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Taking<'a> {
    fn client_at(&self) -> DateTime<Utc> {
        self.action.client_at.min(self.now)
    }

    /// The agent, with everything that comes with the action.
    fn by(&self, task: &Task) -> By<'a> {
        self.by.clone().with(Details {
            id: Some(self.action.id),
            request_hash: Some(self.request_hash),
            client_at: Some(self.client_at()),
            place: self.place,
            task_id: Some(task.id),
            note: self.action.note.as_deref(),
            public_note: self.action.public_note.as_deref(),
            minutes: self.action.minutes,
            material: &self.action.material,
            quiet: false,
        })
    }

    /// The same for steps that only lead up to the action: no follower hears of them.
    fn quietly(&self) -> By<'a> {
        self.by.clone().with(Details {
            quiet: true,
            ..Details::default()
        })
    }
}

/// Lets an action on a task take effect, as far as the rules allow.
///
/// # Errors
/// [`Kind::Invalid`] when something lacks, [`Kind::IllegalStep`] and [`Kind::Conflict`] when the rules meet a world that
/// they do not know; nothing stays then.
pub(super) async fn take(tx: &mut Tx, taking: &Taking<'_>, seen: &Task) -> Result<Settled, Problem> {
    let about = survivor(tx, seen.alert_id).await?.id;
    let mut alert = lock(tx, about).await?;
    // Read again under the alert's lock.
    let task = queries::task(tx, seen.id).await?;
    let task = task.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let world = Situation {
        kind: taking.action.kind,
        status: alert.status()?,
        has_task: task.is_live(),
        merged: alert.id != task.alert_id,
        split: queries::was_split(tx, alert.id, taking.client_at()).await?,
        recategorised: !taking.decided && recategorised(taking, &alert),
    };
    let ruling = rule(&world);
    let settled = |outcome, reason, review| Settled {
        outcome,
        reason,
        review,
        alert_id: Some(about),
    };
    match ruling.verdict {
        Verdict::Wait => Ok(settled(Outcome::Waiting, ruling.reason, false)),
        Verdict::Keep => {
            keep(tx, taking, &mut alert, &task).await?;
            Ok(settled(Outcome::Superseded, ruling.reason, false))
        }
        Verdict::Apply => {
            let since = effect(tx, taking, &mut alert, &task).await?;
            Ok(settled(
                Outcome::Applied,
                ruling.reason.or(since),
                ruling.review || since.is_some(),
            ))
        }
        Verdict::TakeOver => {
            let task = take_over(tx, taking, &mut alert, &task).await?;
            effect(tx, taking, &mut alert, &task).await?;
            let Ruling { reason, review, .. } = ruling;
            Ok(settled(Outcome::Applied, reason, review))
        }
    }
}

/// Whether the tablet showed another category than the alert has.
fn recategorised(taking: &Taking<'_>, alert: &Alert) -> bool {
    let action = taking.action;
    if action.kind != FieldKind::Requalify {
        return false;
    }
    match &action.from_category {
        Some(code) => taking
            .town
            .category(code)
            .is_none_or(|shown| shown.id != alert.category_id),
        None => action.base_version.is_some_and(|version| version != alert.version),
    }
}

/// What the crew has to say stays with the alert.
pub(super) async fn keep(tx: &mut Tx, taking: &Taking<'_>, alert: &mut Alert, task: &Task) -> Result<(), Problem> {
    promised(tx, taking, alert, task.crew_id).await?;
    let reason = taking.action.reason.as_deref();
    remark(tx, alert, FIELD_REPORT, reason, &taking.by(task), taking.now).await?;
    Ok(())
}

/// Gives the alert to the crew that has done the work already.
async fn take_over(tx: &mut Tx, taking: &Taking<'_>, alert: &mut Alert, task: &Task) -> Result<Task, Problem> {
    if alert.status()? == Status::New {
        let as_it_is = Qualification::default();
        triage::qualify(tx, taking.town, alert, as_it_is, taking.quietly(), taking.now).await?;
    }
    let order = Order {
        crew_id: task.crew_id,
        planned_on: None,
        shift: None,
        instructions: None,
    };
    give::dispatch(tx, taking.town, alert, order, taking.quietly(), taking.now).await
}

/// Does it. Returns what a person should know of it.
async fn effect(tx: &mut Tx, taking: &Taking<'_>, alert: &mut Alert, task: &Task) -> Result<Option<Reason>, Problem> {
    let (action, town, now) = (taking.action, taking.town, taking.now);
    let proofs = promised(tx, taking, alert, task.crew_id).await?;
    if let Some(kind) = action.kind.action() {
        let since = taking.client_at() + GRACE;
        let reported_since = action.kind == FieldKind::Done && queries::seen_since(tx, alert.id, since).await?;
        let done = Done {
            id: action.id,
            request_hash: taking.request_hash,
            action: kind,
            client_at: action.client_at,
            place: taking.place,
            reason: action.reason.as_deref(),
            review_date: action.review_date,
            note: action.note.as_deref(),
            public_note: action.public_note.as_deref(),
            minutes: action.minutes,
            material: &action.material,
            proof_photos: proofs,
            reported_since,
        };
        act::act(tx, town, alert, task, &done, taking.by(task), now).await?;
        return Ok(reported_since.then_some(Reason::ReportedSince));
    }
    match action.kind {
        FieldKind::Requalify => {
            let settled = Qualification {
                category: action.category.as_deref(),
                ..Qualification::default()
            };
            triage::qualify(tx, town, alert, settled, taking.by(task), now).await?;
        }
        FieldKind::HandOver => hand_over(tx, taking, alert, task).await?,
        _ => return Err(Problem::internal("an action without an effect")),
    }
    Ok(None)
}

/// Gives the alert to another crew, for the day that it was planned for unless that has passed.
async fn hand_over(tx: &mut Tx, taking: &Taking<'_>, alert: &mut Alert, task: &Task) -> Result<(), Problem> {
    let crew_id = taking.action.crew_id;
    let crew_id = crew_id.ok_or_else(|| Problem::field("crew_id", "required"))?;
    let today = taking.town.day_at(taking.now);
    let order = Order {
        crew_id,
        planned_on: task.planned_on.filter(|day| *day >= today),
        shift: task.shift.as_deref().and_then(|shift| shift.parse::<Shift>().ok()),
        instructions: taking.action.reason.as_deref(),
    };
    if alert.status()? == Status::InProgress {
        let pause = Given::on(today);
        advance(tx, taking.town, alert, Step::Pause, pause, taking.quietly(), taking.now).await?;
    }
    let by = taking.by(task);
    // The first step is the tablet's action; the new task has an id of its own.
    give::dispatch(tx, taking.town, alert, order, by, taking.now).await?;
    Ok(())
}

/// Photos that prove it: those that are there, and those that the action says will come.
async fn promised(tx: &mut Tx, taking: &Taking<'_>, alert: &Alert, crew_id: Uuid) -> Result<u32, Problem> {
    let there = of_alert(tx, alert.id).await?;
    let (action, named) = (taking.action.id, &*taking.action.photo_ids);
    let missing = named.iter().filter(|id| there.iter().all(|photo| photo.id != **id));
    let missing: Vec<Uuid> = missing.copied().collect();
    promise(
        tx,
        alert.id,
        &missing,
        action,
        (taking.action.agent_id, crew_id),
        taking.now,
    )
    .await?;
    let here = act::claim(tx, alert.id, (action, named), &there).await?;
    Ok(here.saturating_add(u32::try_from(missing.len()).unwrap_or(u32::MAX)))
}
