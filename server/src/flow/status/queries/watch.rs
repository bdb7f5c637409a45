//! SQL of what time alone brings about.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Tx;
use crate::db::schema::{alert, alert_phase, status_event};
use crate::flow::alert::model::Alert;
use crate::flow::status::tell::answers;
use crate::flow::status::vocabulary::Status;
use crate::http::problem::Problem;

/// In the history: the service was told that a hold is to be looked at again.
pub const REVIEW_DUE: &str = "review_due";
/// Most alerts of one look; the next look takes the rest.
const MOST: i64 = 500;

/// A deadline of a service that gets no notices, at some hours or at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Somebody must have looked.
    Consult,
    /// A step must have told whoever reported it something; settling whose it is tells them nothing.
    Answer,
}

impl Deadline {
    /// Its word in the history.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Consult => "consult_deadline",
            Self::Answer => "answer_deadline",
        }
    }
}

/// Alerts on hold whose day of review has come and whose service was not told yet.
///
/// # Errors
/// When the database refuses.
pub async fn holds_to_review(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Uuid>, Problem> {
    let town = tx.town();
    let told = status_event::table
        .filter(status_event::jurisdiction_id.eq(alert::jurisdiction_id))
        .filter(status_event::alert_id.eq(alert::id))
        .filter(status_event::step.eq(REVIEW_DUE))
        .filter(status_event::review_on.is_not_distinct_from(alert::review_on));
    let found = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::open))
        .filter(
            alert::status
                .eq(Status::OnHold.as_str())
                .and(alert::review_on.le(today)),
        )
        .filter(not(exists(told)))
        .order((alert::review_on, alert::id))
        .limit(MOST)
        .select(alert::id);
    Ok(found.load(&mut **tx).await?)
}

/// Whether the service was told of this hold's review.
///
/// # Errors
/// When the database refuses.
pub async fn reviewed(tx: &mut Tx, row: &Alert) -> Result<bool, Problem> {
    let told = status_event::table
        .filter(status_event::jurisdiction_id.eq(row.jurisdiction_id))
        .filter(status_event::alert_id.eq(row.id))
        .filter(status_event::step.eq(REVIEW_DUE))
        .filter(status_event::review_on.is_not_distinct_from(row.review_on));
    Ok(diesel::select(exists(told)).get_result(&mut **tx).await?)
}

/// Open alerts whose last expected day is over; what is on hold or with an outside body was told of that.
///
/// # Errors
/// When the database refuses.
pub async fn past_expectation(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Uuid>, Problem> {
    let town = tx.town();
    let waiting = [
        Status::OnHold.as_str(),
        Status::Transferred.as_str(),
        Status::Done.as_str(),
    ];
    let found = alert::table
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::open))
        .filter(alert::expected_to.lt(today))
        .filter(alert::status.ne_all(waiting))
        .order((alert::expected_to, alert::id))
        .limit(MOST)
        .select(alert::id);
    Ok(found.load(&mut **tx).await?)
}

/// Open alerts of a service that wait for their first look or answer since before an instant, and of which nobody was
/// alarmed yet. What was taken back or reopened waits anew.
///
/// # Errors
/// When the database refuses.
pub async fn passed(
    tx: &mut Tx,
    service: Uuid,
    deadline: Deadline,
    before: DateTime<Utc>,
) -> Result<Vec<Uuid>, Problem> {
    let town = tx.town();
    let told = status_event::table
        .filter(status_event::jurisdiction_id.eq(alert::jurisdiction_id))
        .filter(status_event::alert_id.eq(alert::id))
        .filter(status_event::step.eq(deadline.word()));
    let answered = status_event::table
        .filter(status_event::jurisdiction_id.eq(alert::jurisdiction_id))
        .filter(status_event::alert_id.eq(alert::id))
        .filter(status_event::at.gt(alert_phase::started_at))
        .filter(status_event::step.eq_any(answers()));
    let found = alert::table
        .inner_join(
            alert_phase::table.on(alert_phase::jurisdiction_id
                .eq(alert::jurisdiction_id)
                .and(alert_phase::alert_id.eq(alert::id))),
        )
        .filter(alert::jurisdiction_id.eq(town.0).and(alert::open))
        .filter(alert::service_id.eq(service))
        .filter(
            alert_phase::phase
                .eq("qualification")
                .and(alert_phase::started_at.le(before)),
        )
        .filter(not(exists(told)))
        .order((alert::opened_at, alert::id))
        .limit(MOST)
        .select(alert::id)
        .into_boxed();
    let found = match deadline {
        Deadline::Consult => found.filter(alert_phase::seen_at.is_null().and(alert_phase::ended_at.is_null())),
        Deadline::Answer => found.filter(not(exists(answered))),
    };
    Ok(found.load(&mut **tx).await?)
}
