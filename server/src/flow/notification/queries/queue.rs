//! SQL of what is to be sent: a row is added, claimed under a lease, tried and settled.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{notification, notification_attempt};
use crate::flow::notification::model::{Channel, NewNotification, Notification, State};
use crate::flow::notification::template::Template;
use crate::http::problem::Problem;

/// How long a worker may hold a notification before another takes it over.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// Which notifications a job is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of an event.
    Event(Uuid),
    /// One.
    Notification(Uuid),
    /// The lines of a service's daily mail.
    Digest(Uuid),
}

/// Where a notification stands after a try.
#[derive(Clone, Debug)]
pub struct Settled {
    /// State.
    pub state: State,
    /// Tries so far.
    pub attempts: i32,
    /// Not before.
    pub next_at: DateTime<Utc>,
    /// Why it ended, for the desk.
    pub outcome: Option<&'static str>,
    /// What to note of the try; `None`: nothing was tried.
    pub attempt: Option<&'static str>,
    /// The channel's words, without addresses.
    pub words: Option<String>,
}

/// Adds a row; `false` when the same thing was told before.
///
/// # Errors
/// When the database refuses.
pub async fn add(conn: &AsyncPgConnection, row: &NewNotification<'_>) -> Result<bool, Problem> {
    let added = diesel::insert_into(notification::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(&mut &*conn)
        .await?;
    Ok(added > 0)
}

/// How many text messages of a town were promised since a time.
///
/// # Errors
/// When the database refuses.
pub async fn texts_since(conn: &AsyncPgConnection, town: TownId, since: DateTime<Utc>) -> Result<i64, Problem> {
    let promised = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::created_at.gt(since)),
        )
        .filter(notification::channel.eq(Channel::Sms.as_str()))
        .count();
    Ok(promised.get_result(&mut &*conn).await?)
}

/// Whether a line of the service's daily mail waits already.
///
/// # Errors
/// When the database refuses.
pub async fn digest_waits(conn: &AsyncPgConnection, town: TownId, service_id: Uuid) -> Result<bool, Problem> {
    let waits = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::state.eq(State::Due.as_str())),
        )
        .filter(notification::service_id.eq(service_id))
        .filter(notification::template.eq(Template::ServiceDigest.as_str()));
    let waits = diesel::select(diesel::dsl::exists(waits))
        .get_result(&mut &*conn)
        .await?;
    Ok(waits)
}

/// Filters that every look at what is to be sent shares; a macro because the types of diesel's queries have no short name.
macro_rules! to_send {
    ($town:expr, $scope:expr) => {{
        let digest = Template::ServiceDigest.as_str();
        let rows = notification::table
            .filter(
                notification::jurisdiction_id
                    .eq($town.0)
                    .and(notification::state.eq(State::Due.as_str())),
            )
            .filter(notification::channel.eq_any([Channel::Email.as_str(), Channel::Sms.as_str()]))
            .into_boxed();
        match $scope {
            Scope::Event(id) => rows.filter(notification::event_id.eq(id).and(notification::template.ne(digest))),
            Scope::Notification(id) => rows.filter(notification::id.eq(id)),
            Scope::Digest(id) => rows.filter(notification::service_id.eq(id).and(notification::template.eq(digest))),
        }
    }};
}

/// Claims what is due under a lease. Two workers that see the same rows take each of them once: the second one's update
/// finds the lease of the first.
///
/// # Errors
/// When the database refuses.
pub async fn claim(
    conn: &AsyncPgConnection,
    town: TownId,
    scope: Scope,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Notification>, Problem> {
    let free = notification::leased_until
        .is_null()
        .or(notification::leased_until.lt(now));
    let seen: Vec<Uuid> = to_send!(town, scope)
        .filter(notification::next_at.le(now))
        .filter(free)
        .order((notification::next_at, notification::id))
        .limit(limit)
        .select(notification::id)
        .load(&mut &*conn)
        .await?;
    let rows = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::id.eq_any(seen)),
        )
        .filter(notification::state.eq(State::Due.as_str()))
        .filter(free);
    let claimed = diesel::update(rows)
        .set(notification::leased_until.eq(now + LEASE))
        .returning(Notification::as_returning())
        .get_results(&mut &*conn)
        .await?;
    Ok(claimed)
}

/// When something of a scope is to be sent next, if anything is.
///
/// # Errors
/// When the database refuses.
pub async fn next_due(conn: &AsyncPgConnection, town: TownId, scope: Scope) -> Result<Option<DateTime<Utc>>, Problem> {
    let rows: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> = to_send!(town, scope)
        .order(notification::next_at)
        .limit(500)
        .select((notification::next_at, notification::leased_until))
        .load(&mut &*conn)
        .await?;
    let free_at = |(next, lease): (DateTime<Utc>, Option<DateTime<Utc>>)| lease.map_or(next, |lease| lease.max(next));
    Ok(rows.into_iter().map(free_at).min())
}

/// Records a try and where the notification stands after it, as it was read. `false`: somebody else has taken it over or
/// ended it since, and where it stands is theirs to say; the try is recorded all the same, because it was made.
///
/// # Errors
/// When the database refuses.
pub async fn settle(
    conn: &AsyncPgConnection,
    read: &Notification,
    settled: &Settled,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let (town, id) = (read.town(), read.id);
    if let Some(outcome) = settled.attempt {
        diesel::insert_into(notification_attempt::table)
            .values((
                notification_attempt::jurisdiction_id.eq(town.0),
                notification_attempt::notification_id.eq(id),
                notification_attempt::at.eq(now),
                notification_attempt::outcome.eq(outcome),
                notification_attempt::detail.eq(settled.words.as_deref()),
            ))
            .execute(&mut &*conn)
            .await?;
    }
    let sent_at = (settled.state == State::Sent).then_some(now);
    let as_read = notification::table
        .filter(notification::jurisdiction_id.eq(town.0).and(notification::id.eq(id)))
        .filter(notification::state.eq(&read.state))
        .filter(notification::leased_until.is_not_distinct_from(read.leased_until));
    let kept = diesel::update(as_read)
        .set((
            notification::state.eq(settled.state.as_str()),
            notification::attempts.eq(settled.attempts),
            notification::next_at.eq(settled.next_at),
            notification::leased_until.eq(None::<DateTime<Utc>>),
            notification::sent_at.eq(sent_at),
            notification::outcome.eq(settled.outcome),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(kept > 0)
}
