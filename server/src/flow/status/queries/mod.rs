//! SQL of the status stage.

pub mod proofs;
pub mod watch;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use postgis_diesel::types::Point;
use serde_json::{Value, json};
use uuid::Uuid;

use super::effects::Taken;
use super::event::By;
use super::vocabulary::Status;
use crate::db::Tx;
use crate::db::schema::{alert, alert_phase, measured_delay, public_id, report, status_event};
use crate::db::space::to_point;
use crate::flow::alert::model::Alert;
use crate::http::problem::{Kind, Problem};

/// A line of the history on its way to the database.
#[derive(Debug, Insertable)]
#[diesel(table_name = status_event, treat_none_as_default_value = false)]
pub struct NewEvent<'a> {
    jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    alert_id: Uuid,
    step: &'a str,
    from_status: &'a str,
    to_status: &'a str,
    reason: Option<&'a str>,
    review_on: Option<NaiveDate>,
    note: Option<&'a str>,
    public_note: Option<&'a str>,
    minutes: Option<i32>,
    material: Value,
    task_id: Option<Uuid>,
    service_id: Uuid,
    by_user: Option<Uuid>,
    by_role: &'a str,
    device_id: Option<Uuid>,
    place: Option<Point>,
    client_at: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
    request_hash: Option<&'a [u8]>,
}

impl<'a> NewEvent<'a> {
    /// A step of an alert, from one status to another.
    #[must_use]
    pub fn of(alert: &Alert, step: &'a str, (from, to): (Status, Status), by: &By<'a>, at: DateTime<Utc>) -> Self {
        let details = &by.details;
        Self {
            jurisdiction_id: alert.jurisdiction_id,
            id: details.id.unwrap_or_else(Uuid::now_v7),
            alert_id: alert.id,
            step,
            from_status: from.as_str(),
            to_status: to.as_str(),
            reason: None,
            review_on: None,
            note: details.note,
            public_note: details.public_note,
            minutes: details.minutes,
            material: json!(details.material),
            task_id: details.task_id,
            service_id: alert.service_id,
            by_user: by.user(),
            by_role: by.role,
            device_id: by.device_id,
            place: details.place.map(to_point),
            client_at: details.client_at,
            at,
            request_hash: details.request_hash,
        }
    }

    /// The same with its reason, and the day of a hold's review.
    #[must_use]
    pub const fn because(mut self, reason: Option<&'a str>, review_on: Option<NaiveDate>) -> Self {
        self.reason = reason;
        self.review_on = review_on;
        self
    }
}

/// Adds to the history. An id that a client chose is taken for ever.
///
/// # Errors
/// [`Kind::IdTaken`] when that id already names something.
pub async fn add_event(tx: &mut Tx, event: &NewEvent<'_>) -> Result<(), Problem> {
    if event.request_hash.is_some() {
        let taken = diesel::insert_into(public_id::table)
            .values((
                public_id::id.eq(event.id),
                public_id::kind.eq("action"),
                public_id::jurisdiction_id.eq(event.jurisdiction_id),
            ))
            .on_conflict_do_nothing()
            .execute(&mut **tx)
            .await?;
        if taken == 0 {
            return Err(Problem::new(Kind::IdTaken));
        }
    }
    diesel::insert_into(status_event::table)
        .values(event)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether a client's action was already taken in, with the same body.
///
/// # Errors
/// [`Kind::IdTaken`] when it was, with another body.
pub async fn is_replay(tx: &mut Tx, id: Uuid, request_hash: &[u8]) -> Result<bool, Problem> {
    let town = tx.town();
    let found: Option<Option<Vec<u8>>> = status_event::table
        .filter(status_event::jurisdiction_id.eq(town.0).and(status_event::id.eq(id)))
        .select(status_event::request_hash)
        .first(&mut **tx)
        .await
        .optional()?;
    match found {
        None => Ok(false),
        Some(Some(hash)) if hash == request_hash => Ok(true),
        Some(_) => Err(Problem::new(Kind::IdTaken)),
    }
}

/// Writes an alert's row over the version that was read.
///
/// # Errors
/// [`Kind::Stale`] when somebody else was quicker.
pub async fn store(tx: &mut Tx, row: &mut Alert) -> Result<(), Problem> {
    let found = alert::table
        .filter(alert::jurisdiction_id.eq(row.jurisdiction_id).and(alert::id.eq(row.id)))
        .filter(alert::version.eq(row.version));
    let stored = diesel::update(found)
        .set((
            (
                alert::status.eq(&row.status),
                alert::open.eq(row.open),
                alert::category_id.eq(row.category_id),
                alert::priority.eq(row.priority),
                alert::severity.eq(row.severity),
                alert::service_id.eq(row.service_id),
                alert::crew_id.eq(row.crew_id),
                alert::body_id.eq(row.body_id),
            ),
            (
                alert::due_at.eq(row.due_at),
                alert::expected_from.eq(row.expected_from),
                alert::expected_to.eq(row.expected_to),
                alert::status_at.eq(row.status_at),
                alert::closed_at.eq(row.closed_at),
                alert::reason.eq(&row.reason),
                alert::review_on.eq(row.review_on),
                alert::flags.eq(&row.flags),
                alert::version.eq(row.version + 1),
            ),
        ))
        .execute(&mut **tx)
        .await?;
    if stored == 0 {
        return Err(Problem::new(Kind::Stale));
    }
    row.version += 1;
    Ok(())
}

/// The statuses that an alert reached and when, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn statuses(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<(DateTime<Utc>, Status)>, Problem> {
    let town = tx.town();
    let rows: Vec<(DateTime<Utc>, String)> = status_event::table
        .filter(
            status_event::jurisdiction_id
                .eq(town.0)
                .and(status_event::alert_id.eq(alert_id)),
        )
        .order((status_event::at, status_event::id))
        .select((status_event::at, status_event::to_status))
        .load(&mut **tx)
        .await?;
    let parsed = rows.into_iter().map(|(at, status)| Ok((at, status.parse()?)));
    parsed
        .collect::<Result<_, crate::vocabulary::UnknownCode>>()
        .map_err(Problem::internal)
}

/// How often a step stands in an alert's history.
///
/// # Errors
/// When the database refuses.
pub async fn times(tx: &mut Tx, alert_id: Uuid, step: &str) -> Result<i64, Problem> {
    let town = tx.town();
    let found = status_event::table
        .filter(
            status_event::jurisdiction_id
                .eq(town.0)
                .and(status_event::alert_id.eq(alert_id)),
        )
        .filter(status_event::step.eq(step))
        .count();
    Ok(found.get_result(&mut **tx).await?)
}

/// What treatment of such alerts really took: minutes, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn measured(tx: &mut Tx, category: Uuid, sector: Uuid) -> Result<Vec<i32>, Problem> {
    let town = tx.town();
    let found = measured_delay::table
        .find((town.0, category, sector))
        .select(measured_delay::minutes)
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Adds a measured treatment; the latest 200 stay.
///
/// # Errors
/// When the database refuses.
pub async fn add_measured(tx: &mut Tx, category: Uuid, sector: Uuid, minutes: i32) -> Result<(), Problem> {
    // The slice of an array is beyond the query builder.
    diesel::sql_query(
        "INSERT INTO measured_delay AS m (jurisdiction_id, category_id, sector_id, minutes) VALUES ($1, $2, $3, ARRAY[$4]) \
         ON CONFLICT (jurisdiction_id, category_id, sector_id) \
         DO UPDATE SET minutes = (m.minutes || $4)[greatest(1, cardinality(m.minutes) - 198):]",
    )
    .bind::<Integer, _>(tx.town().0)
    .bind::<SqlUuid, _>(category)
    .bind::<SqlUuid, _>(sector)
    .bind::<Integer, _>(minutes)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends the phase that an alert left and begins the one it came into. Whoever took the step took the phase it was in.
///
/// # Errors
/// When the database refuses.
pub async fn move_phase(tx: &mut Tx, row: &Alert, taken: &Taken<'_>, by: &By<'_>) -> Result<(), Problem> {
    let (from, to) = (taken.from.phase(), taken.to.phase());
    let moved = from != to;
    let ended = (moved || !row.open).then_some(taken.at);
    if let Some(ended) = ended {
        let left = alert_phase::table.find((row.jurisdiction_id, row.id, from.as_str()));
        diesel::update(left.filter(alert_phase::ended_at.is_null()))
            .set(alert_phase::ended_at.eq(ended))
            .execute(&mut **tx)
            .await?;
    }
    if moved {
        let (started, ended) = (taken.at, (!row.open).then_some(taken.at));
        let fresh = (
            alert_phase::owner_id.eq(None::<Uuid>),
            alert_phase::started_at.eq(started),
            alert_phase::seen_at.eq(None::<DateTime<Utc>>),
            alert_phase::ended_at.eq(ended),
        );
        diesel::insert_into(alert_phase::table)
            .values((
                alert_phase::jurisdiction_id.eq(row.jurisdiction_id),
                alert_phase::alert_id.eq(row.id),
                alert_phase::phase.eq(to.as_str()),
                fresh,
            ))
            .on_conflict((alert_phase::jurisdiction_id, alert_phase::alert_id, alert_phase::phase))
            .do_update()
            .set(fresh)
            .execute(&mut **tx)
            .await?;
    }
    if let Some(owner) = by.user() {
        own_phase(tx, row, from.as_str(), owner, taken.at).await?;
    }
    Ok(())
}

async fn own_phase(tx: &mut Tx, row: &Alert, phase: &str, owner: Uuid, seen: DateTime<Utc>) -> Result<(), Problem> {
    let found = alert_phase::table.find((row.jurisdiction_id, row.id, phase));
    diesel::update(found.filter(alert_phase::owner_id.is_null()))
        .set(alert_phase::owner_id.eq(owner))
        .execute(&mut **tx)
        .await?;
    diesel::update(found.filter(alert_phase::seen_at.is_null()))
        .set(alert_phase::seen_at.eq(seen))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives the phase that an alert is in to a person: who takes an alert back has it.
///
/// # Errors
/// When the database refuses.
pub async fn take_phase(tx: &mut Tx, row: &Alert, owner: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let phase = row.status()?.phase();
    diesel::update(alert_phase::table.find((row.jurisdiction_id, row.id, phase.as_str())))
        .set((alert_phase::owner_id.eq(owner), alert_phase::seen_at.eq(now)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends the phase that an alert is in, because it was merged away, or lets it go on.
///
/// # Errors
/// When the database refuses.
pub async fn interrupt_phase(tx: &mut Tx, row: &Alert, ended: Option<DateTime<Utc>>) -> Result<(), Problem> {
    let phase = row.status()?.phase();
    diesel::update(alert_phase::table.find((row.jurisdiction_id, row.id, phase.as_str())))
        .set(alert_phase::ended_at.eq(ended))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that somebody of the service looked at an alert; only the first time in a phase counts.
///
/// # Errors
/// When the database refuses.
pub async fn see(tx: &mut Tx, row: &Alert, now: DateTime<Utc>) -> Result<(), Problem> {
    let phase = row.status()?.phase();
    let found = alert_phase::table.find((row.jurisdiction_id, row.id, phase.as_str()));
    diesel::update(found.filter(alert_phase::seen_at.is_null()))
        .set(alert_phase::seen_at.eq(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether a person entered one of an alert's reports.
///
/// # Errors
/// When the database refuses.
pub async fn entered_by(tx: &mut Tx, alert_id: Uuid, staff_user_id: Uuid) -> Result<bool, Problem> {
    let town = tx.town();
    let entered = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::alert_id.eq(alert_id)))
        .filter(report::entered_by.eq(staff_user_id));
    Ok(diesel::select(diesel::dsl::exists(entered))
        .get_result(&mut **tx)
        .await?)
}
