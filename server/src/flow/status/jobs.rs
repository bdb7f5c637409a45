//! What time alone brings about: holds to look at again, dates that slipped, deadlines that a service let pass.
//!
//! Each looks through one town and leaves every alert in a transaction of its own. What was said once stands in the alert's
//! history, and is not said again.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;

use super::advance::remark;
use super::event::By;
use super::outlook::{self, expectation};
use super::queries::{self, watch};
use crate::app::App;
use crate::db::TownId;
use crate::flow::alert::queries::lock;
use crate::flow::notification::fan_out::{self, ServiceNotice};
use crate::flow::notification::template::Template;
use crate::flow::report::expected::{Expectation, slipped};
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome;
use crate::jobs::{Handler, queue};

/// Holds whose day of review has come.
pub const REVIEW_HOLDS: &str = "review_holds";
/// Dates that slipped.
pub const SLIPS: &str = "slips";
/// Deadlines of services that get no notices, at some hours or at all.
pub const DEADLINES: &str = "deadlines";
/// The kinds that every town has one job of, that comes back by itself.
pub const RECURRING: [&str; 3] = [REVIEW_HOLDS, SLIPS, DEADLINES];

/// How often each of them looks.
const EVERY: TimeDelta = TimeDelta::minutes(15);

/// Which handler runs which kind.
#[must_use]
pub fn handlers() -> Vec<(&'static str, Handler<App>)> {
    vec![
        (REVIEW_HOLDS, |app, job, now| {
            Box::pin(async move { again(review_holds(&app, job.town(), now).await, now) })
        }),
        (SLIPS, |app, job, now| {
            Box::pin(async move { again(slips(&app, job.town(), now).await, now) })
        }),
        (DEADLINES, |app, job, now| {
            Box::pin(async move { again(deadlines(&app, job.town(), now).await, now) })
        }),
    ]
}

fn again(done: Result<usize, Problem>, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    done.map(|_| Outcome::Again(now + EVERY))
}

/// Leaves a town's returning jobs where they are missing; called for every town by [`crate::work::ensure_recurring`].
///
/// # Errors
/// When the database refuses.
pub async fn ensure_recurring(conn: &AsyncPgConnection, town: TownId, now: DateTime<Utc>) -> Result<(), Problem> {
    for kind in RECURRING {
        queue::ensure(conn, town, kind, now).await?;
    }
    Ok(())
}

/// Tells services of alerts on hold whose day of review has come, once for each hold. Returns how many.
///
/// # Errors
/// When the database refuses.
pub async fn review_holds(app: &App, id: TownId, now: DateTime<Utc>) -> Result<usize, Problem> {
    let town = app.catalogue.town(&app.db, id).await?;
    let today = town.day_at(now);
    let due = watch::holds_to_review(&mut app.db.begin(id).await?, today).await?;
    for alert_id in &due {
        let mut tx = app.db.begin(id).await?;
        let mut alert = lock(&mut tx, *alert_id).await?;
        if alert.review_on.is_some_and(|day| day <= today) && !watch::reviewed(&mut tx, &alert).await? {
            let event_id = remark(
                &mut tx,
                &mut alert,
                watch::REVIEW_DUE,
                None,
                &By::system(REVIEW_HOLDS),
                now,
            )
            .await?;
            fan_out::service(&tx, &town, &alert, event_id, ServiceNotice::Reminder, now).await?;
        }
        tx.commit().await?;
    }
    Ok(due.len())
}

/// Tells followers of alerts whose expected range is over that it will take longer, once for each slip. Returns how many
/// alerts it looked at.
///
/// # Errors
/// When the database refuses.
pub async fn slips(app: &App, id: TownId, now: DateTime<Utc>) -> Result<usize, Problem> {
    let town = app.catalogue.town(&app.db, id).await?;
    let today = town.day_at(now);
    let over = watch::past_expectation(&mut app.db.begin(id).await?, today).await?;
    for alert_id in &over {
        let mut tx = app.db.begin(id).await?;
        let mut alert = lock(&mut tx, *alert_id).await?;
        let (Some(from), Some(to), true) = (alert.expected_from, alert.expected_to, alert.open) else {
            continue;
        };
        let current = expectation(&mut tx, &town, &alert, now).await?;
        if slipped(Expectation::Range { from, to }, current, today) {
            outlook::expect(&mut alert, current);
            let event_id = remark(&mut tx, &mut alert, "slipped", None, &By::system(SLIPS), now).await?;
            let detail = serde_json::json!({
                "status": alert.status()?.public_status(),
                "expected_from": alert.expected_from,
                "expected_to": alert.expected_to,
            });
            fan_out::followers(&tx, id, alert.id, event_id, Template::Slipped, detail, now).await?;
        }
        tx.commit().await?;
    }
    Ok(over.len())
}

/// Alarms the supervisors of services that get no notices, at some hours or at all, and let a deadline pass: nobody has
/// looked, or nobody has answered. Once for each alert and deadline. Returns how many.
///
/// # Errors
/// When the database refuses.
pub async fn deadlines(app: &App, id: TownId, now: DateTime<Utc>) -> Result<usize, Problem> {
    let town = app.catalogue.town(&app.db, id).await?;
    let mut alarmed = 0;
    for service in town
        .services
        .values()
        .filter(|service| service.notices.leave_unheard(&service.notice_hours))
    {
        let kinds = [
            (watch::Deadline::Consult, service.consult_hours),
            (watch::Deadline::Answer, service.answer_hours),
        ];
        for (deadline, hours) in kinds {
            let Some(hours) = hours else { continue };
            let before = now - TimeDelta::hours(i64::from(hours));
            let passed = watch::passed(&mut app.db.begin(id).await?, service.id, deadline, before).await?;
            for alert_id in passed {
                let mut tx = app.db.begin(id).await?;
                let mut alert = lock(&mut tx, alert_id).await?;
                if alert.open && queries::times(&mut tx, alert.id, deadline.word()).await? == 0 {
                    let by = By::system(DEADLINES);
                    let event_id = remark(&mut tx, &mut alert, deadline.word(), None, &by, now).await?;
                    fan_out::service(&tx, &town, &alert, event_id, ServiceNotice::Deadline, now).await?;
                    alarmed += 1;
                }
                tx.commit().await?;
            }
        }
    }
    Ok(alarmed)
}
