//! SQL of the notification stage.

pub mod calls;
pub mod desk;
pub mod regroup;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use postgis_diesel::types::Point;
use serde_json::Value;
use uuid::Uuid;

use crate::db::TownId;
use crate::db::functions::gen_random_uuid;
use crate::db::schema::{follower, notification, notification_attempt, report, role_grant, staff_user};
use crate::flow::notification::model::{Channel, NewNotification, Notification, Recipient, State};
use crate::flow::notification::template::Template;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::Role;

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

/// Who follows, and by which report.
#[derive(Clone, Debug, Queryable)]
pub struct Reader {
    /// Follower.
    pub id: Uuid,
    /// Person in the vault.
    pub subject_id: Option<Uuid>,
    /// Unsubscribed.
    pub ended_at: Option<DateTime<Utc>>,
    /// Report.
    pub report_id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Received time.
    pub received_at: DateTime<Utc>,
    /// SHA-256 of the report's follow secret.
    pub follow_hash: Vec<u8>,
    /// Category of the report.
    pub category_id: Uuid,
    /// The report's place in its author's own words.
    pub address: Option<String>,
    /// The report's place.
    pub place: Point,
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

/// Adds a row for everyone who follows the alert by another way than the app, in one statement; returns how many. An event
/// that was told is not told again.
///
/// # Errors
/// When the database refuses.
pub async fn add_for_followers(
    conn: &AsyncPgConnection,
    town: TownId,
    (alert_id, event_id): (Uuid, Uuid),
    template: Template,
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<usize, Problem> {
    let rows = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::alert_id.eq(alert_id)),
        )
        .filter(
            follower::ended_at
                .is_null()
                .and(follower::channel.ne(Channel::App.as_str())),
        )
        .select((
            follower::jurisdiction_id,
            gen_random_uuid(),
            Recipient::Follower.as_str().into_sql::<Text>(),
            follower::id.nullable(),
            alert_id.into_sql::<diesel::sql_types::Uuid>(),
            event_id.into_sql::<diesel::sql_types::Uuid>(),
            template.as_str().into_sql::<Text>(),
            follower::channel,
            follower::locale,
            detail.into_sql::<Jsonb>(),
            now.into_sql::<Timestamptz>(),
            now.into_sql::<Timestamptz>(),
        ));
    let added = diesel::insert_into(notification::table)
        .values(rows)
        .into_columns((
            notification::jurisdiction_id,
            notification::id,
            notification::recipient,
            notification::follower_id,
            notification::alert_id,
            notification::event_id,
            notification::template,
            notification::channel,
            notification::locale,
            notification::detail,
            notification::next_at,
            notification::created_at,
        ))
        .on_conflict_do_nothing()
        .execute(&mut &*conn)
        .await?;
    Ok(added)
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

/// A follower and their report.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn reader(conn: &AsyncPgConnection, town: TownId, follower_id: Uuid) -> Result<Reader, Problem> {
    let own = report::jurisdiction_id
        .eq(follower::jurisdiction_id)
        .and(report::id.eq(follower::report_id));
    let found = follower::table
        .inner_join(report::table.on(own))
        .filter(follower::jurisdiction_id.eq(town.0).and(follower::id.eq(follower_id)))
        .select((
            follower::id,
            follower::subject_id,
            follower::ended_at,
            report::id,
            report::reference,
            report::received_at,
            report::follow_hash,
            report::category_id,
            report::address,
            report::place,
        ))
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Addresses of the supervisors of a service.
///
/// # Errors
/// When the database refuses.
pub async fn supervisors(
    conn: &AsyncPgConnection,
    town: TownId,
    service_id: Option<Uuid>,
) -> Result<Vec<String>, Problem> {
    let of_service = role_grant::service_id
        .is_null()
        .or(role_grant::service_id.eq(service_id));
    let found = role_grant::table
        .inner_join(staff_user::table)
        .filter(
            role_grant::jurisdiction_id
                .eq(town.0)
                .and(role_grant::role.eq(Role::Supervisor.as_str())),
        )
        .filter(role_grant::revoked_at.is_null().and(staff_user::disabled_at.is_null()))
        .filter(of_service)
        .select(staff_user::email)
        .distinct()
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// A notification.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn find(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Notification, Problem> {
    let found = notification::table
        .filter(notification::jurisdiction_id.eq(town.0).and(notification::id.eq(id)))
        .select(Notification::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Ends a follower; `false` when there is none with that token. What was due is not sent any more: the worker looks again.
///
/// # Errors
/// When the database refuses.
pub async fn unsubscribe(
    conn: &AsyncPgConnection,
    town: TownId,
    follower_id: Uuid,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let own = follower::table
        .filter(follower::jurisdiction_id.eq(town.0).and(follower::id.eq(follower_id)))
        .filter(follower::unsubscribe_hash.eq(token_hash));
    let kept = diesel::dsl::case_when(follower::ended_at.is_null(), now.into_sql::<Timestamptz>().nullable())
        .otherwise(follower::ended_at);
    let ended = diesel::update(own)
        .set(follower::ended_at.eq(kept))
        .execute(&mut &*conn)
        .await?;
    Ok(ended > 0)
}

/// Whether somebody of a service's on-call chain took the event.
///
/// # Errors
/// When the database refuses.
pub async fn somebody_took(
    conn: &AsyncPgConnection,
    town: TownId,
    event_id: Uuid,
    service_id: Uuid,
) -> Result<bool, Problem> {
    let taken = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::event_id.eq(event_id)),
        )
        .filter(notification::service_id.eq(service_id))
        .filter(notification::recipient.eq(Recipient::OnCall.as_str()))
        .filter(notification::outcome.eq("acknowledged"));
    let taken = diesel::select(diesel::dsl::exists(taken))
        .get_result(&mut &*conn)
        .await?;
    Ok(taken)
}

/// Notes that somebody took an urgent call, and calls off what was still to be sent of its chain; `false` when it was taken
/// before.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &AsyncPgConnection,
    town: TownId,
    call: &Notification,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let service = call.service_id.unwrap_or_default();
    if somebody_took(conn, town, call.event_id, service).await? {
        return Ok(false);
    }
    let own = notification::table.filter(
        notification::jurisdiction_id
            .eq(town.0)
            .and(notification::id.eq(call.id)),
    );
    diesel::update(own)
        .set((
            notification::outcome.eq("acknowledged"),
            notification::state.eq(State::Sent.as_str()),
            notification::sent_at.eq(now),
        ))
        .execute(&mut &*conn)
        .await?;
    let others = notification::table
        .filter(
            notification::jurisdiction_id
                .eq(town.0)
                .and(notification::event_id.eq(call.event_id)),
        )
        .filter(notification::service_id.eq(service))
        .filter(notification::recipient.eq(Recipient::OnCall.as_str()))
        .filter(notification::state.eq(State::Due.as_str()));
    diesel::update(others)
        .set(notification::state.eq(State::Cancelled.as_str()))
        .execute(&mut &*conn)
        .await?;
    Ok(true)
}
