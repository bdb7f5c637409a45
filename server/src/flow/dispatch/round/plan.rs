//! Puts a crew's day in order, inside the caller's transaction.

use chrono::{DateTime, NaiveDate, Utc};
use geo_dedup::LonLat;
use uuid::Uuid;

use super::order::{Day, Hold, MOST_STOPS, Stop};
use super::queries;
use crate::audit;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::space::from_point;
use crate::flow::alert::model::{Alert, URGENT};
use crate::flow::dispatch::model::Task;
use crate::flow::status::vocabulary::Status;
use crate::http::problem::{Kind, Problem};

/// A day in its order.
pub struct Ordered {
    /// The tasks with their alerts, as they are driven now.
    pub stops: Vec<(Task, Alert)>,
    /// Length of the way as it was, metres.
    pub length_before_m: f64,
    /// Length of the way as it is now, metres.
    pub length_m: f64,
}

impl Ordered {
    /// What the audit trail says of it.
    #[must_use]
    pub fn detail(&self, day: NaiveDate) -> serde_json::Value {
        serde_json::json!({"day": day, "stops": self.stops.len(),
            "length_before_m": self.length_before_m.round(), "length_m": self.length_m.round()})
    }
}

/// Puts the open tasks of a day in order. The caller holds the crew's days alone, and the round is there. The alerts are not
/// held: only the tasks' order is written, and what else happens to an alert meanwhile is not undone by it.
///
/// # Errors
/// [`Kind::Conflict`] with the reason `too_many_stops` for more than [`MOST_STOPS`] tasks, which are no round.
pub async fn order_day(
    tx: &mut Tx,
    town: &Town,
    (crew_id, day): (Uuid, NaiveDate),
    start: Option<LonLat>,
    now: DateTime<Utc>,
) -> Result<Ordered, Problem> {
    let today = town.day_at(now);
    // What is left over or has no day is of the first day in order.
    let loose = queries::ordered_day(tx, crew_id, None, today).await? == Some(day);
    let most = i64::try_from(MOST_STOPS).map_err(Problem::internal)?;
    let given = queries::of_day(tx, crew_id, day, loose.then_some(today), most + 1).await?;
    if given.len() > MOST_STOPS {
        return Err(Problem::new(Kind::Conflict)
            .with("reason", "too_many_stops")
            .with("limit", MOST_STOPS));
    }
    let stops: Vec<Stop<LonLat>> = given.iter().map(stop).collect::<Result<_, _>>()?;
    // Long days take tens of milliseconds: too long for a thread that answers others.
    let (order, length_before_m, length_m) = tokio::task::spawn_blocking(move || search(start, &stops))
        .await
        .map_err(Problem::internal)?;
    let mut given: Vec<Option<(Task, Alert)>> = given.into_iter().map(Some).collect();
    let driven = order.into_iter().filter_map(|place| given.get_mut(place)?.take());
    let mut stops: Vec<(Task, Alert)> = driven.collect();
    write(tx, &mut stops, now).await?;
    Ok(Ordered {
        stops,
        length_before_m,
        length_m,
    })
}

fn stop((task, alert): &(Task, Alert)) -> Result<Stop<LonLat>, Problem> {
    let hold = match alert.status()? {
        _ if task.locked => Hold::Locked,
        Status::InProgress => Hold::Begun,
        _ => Hold::Free,
    };
    Ok(Stop {
        place: from_point(&alert.anchor).map_err(Problem::internal)?,
        priority: if alert.is_urgent() { URGENT } else { alert.priority },
        hold,
    })
}

/// The order, and the length of the way before and after. Straight lines: no graph of streets is kept here.
fn search(start: Option<LonLat>, stops: &[Stop<LonLat>]) -> (Vec<usize>, f64, f64) {
    let day = Day::new(start.as_ref(), stops, |from, to| from.distance(to).get());
    let given: Vec<usize> = (0..stops.len()).collect();
    let order = day.ordered();
    let lengths = (day.length(&given), day.length(&order));
    (order, lengths.0, lengths.1)
}

/// Writes the places that changed, counted from 1, and tells the tablets.
async fn write(tx: &mut Tx, stops: &mut [(Task, Alert)], now: DateTime<Utc>) -> Result<(), Problem> {
    let (mut ids, mut ranks) = (Vec::new(), Vec::new());
    for ((task, _), rank) in stops.iter_mut().zip(1..) {
        if task.rank != rank {
            task.rank = rank;
            ids.push(task.id);
            ranks.push(rank);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    queries::set_ranks(tx, &ids, &ranks).await?;
    audit::all_changed(tx, tx.town(), "task", &ids, now).await
}
