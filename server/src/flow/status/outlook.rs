//! What people may expect of an alert, computed again: from its history, from what treatment of its like really took, and
//! from how long it still waits.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::machine::held_for;
use super::queries;
use super::vocabulary::Status;
use crate::catalog::calendar::due_at;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::report::expected::{Expectation, Outlook, expected_by};
use crate::http::problem::Problem;

/// Since when the alert is being worked on: its opening or its last reopening, and the time on hold since then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worked {
    /// Opening, or last reopening.
    pub since: DateTime<Utc>,
    /// Time on hold since.
    pub held: TimeDelta,
}

impl Worked {
    /// Reads it from a history, oldest first.
    pub fn of(opened_at: DateTime<Utc>, events: &[(DateTime<Utc>, Status)], until: DateTime<Utc>) -> Self {
        // The event of a reopening is the only one that arrives at that status; later remarks may repeat it.
        let reopened = events
            .iter()
            .enumerate()
            .rev()
            .find(|&(place, &(_, status))| {
                let before = place.checked_sub(1).and_then(|before| events.get(before));
                status == Status::Reopened && before.is_none_or(|&(_, before)| before != Status::Reopened)
            })
            .map(|(place, &(at, _))| (place, at));
        let (first, since) = reopened.unwrap_or((0, opened_at));
        let held = held_for(events.get(first..).unwrap_or_default(), until);
        Self { since, held }
    }

    /// How long the work took, time on hold left out; whole minutes, never negative.
    pub fn minutes(&self, until: DateTime<Utc>) -> i32 {
        let took = (until - self.since - self.held).max(TimeDelta::zero());
        i32::try_from(took.num_minutes()).unwrap_or(i32::MAX)
    }
}

/// The instant at which a local day begins.
fn day_begins(time_zone: Tz, day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    // A day whose midnight a clock change skips begins with its first hour.
    let local = time_zone.from_local_datetime(&midnight).earliest();
    let local = local.or_else(|| {
        let later = midnight.checked_add_signed(TimeDelta::hours(1))?;
        time_zone.from_local_datetime(&later).earliest()
    });
    local.map(|at| at.to_utc())
}

/// What may be expected of an alert now; its row must say its present status, its history must hold the event.
///
/// # Errors
/// When the database refuses.
pub async fn expectation(tx: &mut Tx, town: &Town, alert: &Alert, now: DateTime<Utc>) -> Result<Expectation, Problem> {
    let events = queries::statuses(tx, alert.id).await?;
    let worked = Worked::of(alert.opened_at, &events, now);
    let sector = alert.sector_id.unwrap_or(Uuid::nil());
    let minutes = queries::measured(tx, alert.category_id, sector).await?;
    let past: Vec<TimeDelta> = minutes.iter().map(|&m| TimeDelta::minutes(i64::from(m))).collect();
    // On hold, nothing happens before the day of the review: both the estimate and the promise wait for it.
    let review = alert.review_on.and_then(|day| day_begins(town.time_zone, day));
    let (still, whole) = review.map_or_else(Default::default, |review| {
        let zero = TimeDelta::zero();
        ((review - now).max(zero), (review - alert.status_at).max(zero))
    });
    Ok(expected_by(&Outlook {
        past: &past,
        since: later(worked.since, worked.held + still),
        due: later(alert.due_at, whole),
        now,
        time_zone: town.time_zone,
    }))
}

/// An instant so much later; one that no calendar reaches puts nothing off.
fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(at)
}

/// Writes an expectation into the row.
pub const fn expect(alert: &mut Alert, expectation: Expectation) {
    (alert.expected_from, alert.expected_to) = match expectation {
        Expectation::Range { from, to } => (Some(from), Some(to)),
        Expectation::NoEstimate { .. } => (None, None),
    };
}

/// The service's promise for an alert of this category when the work begins at an instant.
///
/// # Errors
/// When the catalogue holds a delay that no calendar can reach.
pub fn promise(town: &Town, alert: &Alert, from: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let category = town.category_by_id(alert.category_id);
    let service = town.services.get(&alert.service_id);
    let service = service.ok_or_else(|| Problem::internal("the alert's service is not in the catalogue"))?;
    let delay = category.and_then(|category| category.delay).unwrap_or(service.delay);
    due_at(&service.calendar, delay, from).map_err(Problem::internal)
}

#[cfg(test)]
#[path = "outlook_tests.rs"]
mod tests;
