//! The plan of the demo's present day: every crew has something to do, in an order.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use uuid::Uuid;
use vigie_fixtures as invented;

use super::deeds::{Deed, What, derived_id};
use super::work::Work;
use crate::catalog::model::Crew;
use crate::db::space::from_point;
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::lock;
use crate::flow::dispatch::act::{Action, Done, act};
use crate::flow::dispatch::give::replan;
use crate::flow::dispatch::model::Task;
use crate::flow::dispatch::queries::{Plan, find_task, live_task};
use crate::flow::dispatch::routing::route_in;
use crate::flow::report::model::{Channel, ContactWay, PositionSource, Submission};
use crate::flow::report::submit::{Sender, submit};
use crate::flow::status::vocabulary::Status;
use crate::http::problem::{Kind, Problem};
use crate::text::Locale;
use crate::vault::Contact;

/// Tasks of a crew's day.
const A_DAY: usize = 5;
/// Between two tasks in the order, so that another fits.
const RANK_STEP: i32 = 10;
/// Before the present, somebody called about what a crew without work does today.
const CALLED_BEFORE: TimeDelta = TimeDelta::minutes(50);

/// What somebody calls about when a crew would have nothing to do: start of the crews' codes, category, words.
const CALLS: [(&str, &str, &str); 7] = [
    ("voirie", "panneau", "Panneau tombé, posé contre le mur"),
    ("proprete", "corbeille", "Corbeille pleine, des sacs à côté"),
    ("anti-tags", "tag", "Tag sur le mur de l'école"),
    ("jardiniers", "arbre", "Branche basse au-dessus du trottoir"),
    ("electriciens", "lampadaire", "Le lampadaire clignote"),
    ("ilotage", "trottinette", "Trottinette en travers du trottoir"),
    ("fontainiers", "fuite-eau", "La fontaine déborde sur les pavés"),
];

/// Plans the day on which `now` lies, and the next one: the most urgent first, of what each crew was given and has not
/// done. A crew at work has begun with its first task.
///
/// # Errors
/// When the database refuses.
pub async fn plan(work: &Work<'_>, alerts: &[Uuid], town: &invented::Town, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut days: BTreeMap<Uuid, Vec<(Alert, Task)>> = BTreeMap::new();
    for alert in alerts {
        let mut tx = work.app.db.begin(work.town.id).await?;
        let task = live_task(&mut tx, *alert).await?;
        let alert = lock(&mut tx, *alert).await?;
        tx.rollback().await?;
        let plannable = matches!(alert.status()?, Status::Dispatched | Status::Planned);
        if let Some(task) = task.filter(|_| plannable) {
            days.entry(task.crew_id).or_default().push((alert, task));
        }
    }
    let idle = work.town.crews.values().filter(|crew| !days.contains_key(&crew.id));
    for crew in idle.collect::<Vec<_>>() {
        if let Some(called) = call(work, crew, town, now).await? {
            days.entry(crew.id).or_default().push(called);
        }
    }
    let today = work.town.day_at(now);
    for (crew, mut tasks) in days {
        // What has a day keeps it: it was told to people.
        tasks.sort_by_key(|(alert, task)| (task.planned_on.is_none(), Reverse(alert.priority), alert.due_at));
        for (place, (alert, task)) in tasks.iter().take(2 * A_DAY).enumerate() {
            let day = if place < A_DAY { Some(today) } else { today.succ_opt() };
            let rank = i32::try_from(place + 1)? * RANK_STEP;
            let kept = task.planned_on.filter(|planned| *planned >= today);
            order(work, alert.id, task, kept.or(day), rank, now).await?;
        }
        if let Some((alert, task)) = tasks.first() {
            begin(work, crew, alert.id, task, now).await?;
        }
    }
    Ok(())
}

/// Somebody calls the front desk about something that is this crew's work; it is settled and given to the crew.
async fn call(
    work: &Work<'_>,
    crew: &Crew,
    town: &invented::Town,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<(Alert, Task)>> {
    let Some((_, code, words)) = CALLS.iter().find(|(start, ..)| crew.code.starts_with(start)) else {
        return Ok(None);
    };
    let at = now - CALLED_BEFORE;
    let category = work.town.category(code).map(|category| category.id);
    let doors = town.streets.iter().flat_map(|street| &street.house_numbers);
    let mut places = doors.filter_map(|door| geo_dedup::LonLat::new(door.position[0], door.position[1]).ok());
    let is_theirs = |place: &geo_dedup::LonLat| {
        category.is_some_and(|id| route_in(&work.town, id, *place, at).crew == Some(crew.id))
    };
    let Some(place) = places.find(is_theirs) else {
        return Ok(None);
    };
    let sender = Sender {
        staff: Some(work.cast.desk.enters(work.town.id)),
        ..Sender::default()
    };
    let id = derived_id(at, &[crew.code.as_bytes()]);
    let received = submit(work.app, &said(id, code, words, place), &[], &sender, at).await?;
    let deed = Deed {
        at: at + TimeDelta::minutes(15),
        alert: received.told.alert_id,
        what: What::TakeUp(None),
    };
    work.perform(&deed).await?;
    let mut tx = work.app.db.begin(work.town.id).await?;
    let task = live_task(&mut tx, deed.alert)
        .await?
        .filter(|task| task.crew_id == crew.id);
    let alert = lock(&mut tx, deed.alert).await?;
    Ok(task.map(|task| (alert, task)))
}

fn said(id: Uuid, category: &str, words: &str, position: geo_dedup::LonLat) -> Submission {
    Submission {
        id: Some(id),
        category: category.to_owned(),
        position,
        accuracy_m: None,
        position_source: PositionSource::Address,
        address: None,
        description: Some(words.to_owned()),
        answers: serde_json::Map::new(),
        observed_at: None,
        channel: Channel::Phone,
        locale: Locale::Fr,
        way: ContactWay::None,
        contact: Contact::default(),
        follow_secret: None,
        joins: None,
        not_same: Vec::new(),
        request_hash: id.as_bytes().to_vec(),
        source_ref: None,
    }
}

async fn order(
    work: &Work<'_>,
    alert: Uuid,
    task: &Task,
    day: Option<NaiveDate>,
    rank: i32,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let mut tx = work.app.db.begin(work.town.id).await?;
    let mut alert = lock(&mut tx, alert).await?;
    let plan = Plan {
        planned_on: day,
        rank: Some(rank),
        ..Plan::default()
    };
    let by = work.cast.supervisor.by("plan_task", false);
    replan(&mut tx, &work.town, &mut alert, task, &plan, by, now).await?;
    tx.commit().await
}

/// The crew says yes to its first task, and has begun with it if crews are out at this hour.
async fn begin(work: &Work<'_>, crew: Uuid, alert: Uuid, task: &Task, now: DateTime<Utc>) -> Result<(), Problem> {
    let local = now.with_timezone(&work.town.time_zone);
    let out = local.weekday().number_from_monday() < 7 && (7..17).contains(&local.hour());
    let mut tx = work.app.db.begin(work.town.id).await?;
    let mut alert = lock(&mut tx, alert).await?;
    let actions = [(Action::Accept, true), (Action::Start, out)];
    for (action, _) in actions.iter().filter(|(_, takes)| *takes) {
        let task = find_task(&mut tx, task.id).await?;
        let done = Done {
            id: derived_id(now, &[alert.id.as_bytes(), action.as_str().as_bytes()]),
            request_hash: task.id.as_bytes(),
            action: *action,
            client_at: now,
            place: from_point(&alert.anchor).ok(),
            reason: None,
            review_date: None,
            note: None,
            public_note: None,
            minutes: None,
            material: &[],
            proof_photos: 0,
            reported_since: false,
        };
        let by = work.cast.crew(crew).by("act_on_task", false);
        match act(&mut tx, &work.town, &mut alert, &task, &done, by, now).await {
            Err(problem) if problem.kind == Kind::IllegalStep => return Ok(()),
            other => other.map(|_| ())?,
        }
    }
    tx.commit().await
}
