//! SQL of the desk's lists.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{alert, follower, notification, report};
use crate::flow::notification::model::{Channel, Notification, State};
use crate::http::problem::{Kind, Problem};
use crate::people::policy::Target;

/// A notification, then of its alert the service and sector, and what else the list shows.
type Row = (Notification, Uuid, Option<Uuid>, Option<Uuid>, String, Option<Uuid>);

/// A notification, locked until the transaction ends.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn lock(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Notification, Problem> {
    let found = notification::table
        .filter(notification::jurisdiction_id.eq(town.0).and(notification::id.eq(id)))
        .select(Notification::as_select())
        .for_update()
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Notes who called or printed.
///
/// # Errors
/// When the database refuses.
pub async fn done_by(conn: &AsyncPgConnection, town: TownId, id: Uuid, who: Uuid) -> Result<(), Problem> {
    diesel::update(notification::table.filter(notification::jurisdiction_id.eq(town.0).and(notification::id.eq(id))))
        .set(notification::done_by.eq(who))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// The alert of a report and its author in the vault.
///
/// # Errors
/// [`Kind::NotFound`].
pub async fn author(conn: &AsyncPgConnection, town: TownId, report_id: Uuid) -> Result<(Uuid, Option<Uuid>), Problem> {
    let found = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::id.eq(report_id)))
        .select((report::alert_id, report::subject_id))
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// A notification on a list, with what the policy needs and the report that it answers.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Notification.
    pub notification: Notification,
    /// Of its alert.
    pub target: Target,
    /// Reference of its alert.
    pub alert_reference: String,
    /// Report of its reader.
    pub report_id: Option<Uuid>,
}

/// Which list.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Due by a channel of the desk.
    Due(Channel),
    /// Given up.
    Dead,
}

/// A list of the desk, oldest first, after a row.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    conn: &AsyncPgConnection,
    town: TownId,
    list: List,
    after: Option<(DateTime<Utc>, Uuid)>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Listed>, Problem> {
    let of_alert = alert::jurisdiction_id
        .eq(notification::jurisdiction_id)
        .and(alert::id.eq(notification::alert_id));
    let of_follower = follower::jurisdiction_id
        .eq(notification::jurisdiction_id)
        .and(notification::follower_id.eq(follower::id.nullable()));
    let mut rows = notification::table
        .inner_join(alert::table.on(of_alert))
        .left_join(follower::table.on(of_follower))
        .filter(notification::jurisdiction_id.eq(town.0))
        .into_boxed();
    rows = match list {
        List::Due(channel) => rows.filter(notification::state.eq(State::Due.as_str())).filter(
            notification::channel
                .eq(channel.as_str())
                .and(notification::next_at.le(now)),
        ),
        List::Dead => rows.filter(notification::state.eq(State::Dead.as_str())),
    };
    if let Some((at, id)) = after {
        let later = notification::created_at.gt(at);
        rows = rows.filter(later.or(notification::created_at.eq(at).and(notification::id.gt(id))));
    }
    let rows: Vec<Row> = rows
        .order((notification::created_at, notification::id))
        .limit(limit)
        .select((
            Notification::as_select(),
            alert::service_id,
            alert::sector_id,
            alert::crew_id,
            alert::reference,
            follower::report_id.nullable(),
        ))
        .load(&mut &*conn)
        .await?;
    let listed = rows.into_iter().map(
        |(notification, service, sector_id, crew_id, reference, report_id)| Listed {
            notification,
            target: Target {
                service_id: Some(service),
                sector_id,
                crew_id,
                entered_by: None,
            },
            alert_reference: reference,
            report_id,
        },
    );
    Ok(listed.collect())
}
