//! SQL of operations on the grouping: the operation itself, the ties and verdicts that it leaves, the alerts' rows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::{alert, alert_link, alert_operation, verdict};
use crate::db::{TownId, Tx};
use crate::flow::alert::model::Alert;
use crate::http::problem::{Kind, Problem};

/// The condition in SQL that a person keeps two alerts apart: of a report that one of them has, the latest word on the
/// other that still stands says "not the same".
macro_rules! kept_apart_sql {
    ($town:literal, $one:literal, $other:literal) => {
        concat!(
            "EXISTS (SELECT FROM (SELECT DISTINCT ON (v.report_id, v.alert_id) v.same FROM verdict v \
               JOIN report r ON r.jurisdiction_id = v.jurisdiction_id AND r.id = v.report_id \
             WHERE v.jurisdiction_id = ",
            $town,
            " \
               AND ((v.alert_id = ",
            $one,
            " AND r.alert_id = ",
            $other,
            ") OR (v.alert_id = ",
            $other,
            " AND r.alert_id = ",
            $one,
            ")) \
               AND NOT EXISTS (SELECT FROM alert_operation u \
                 WHERE u.jurisdiction_id = v.jurisdiction_id AND u.undoes = v.operation_id) \
             ORDER BY v.report_id, v.alert_id, v.at DESC, v.id DESC) AS word WHERE NOT word.same)"
        )
    };
}
pub(crate) use kept_apart_sql;

/// An operation as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = alert_operation, treat_none_as_default_value = false)]
pub struct StoredOperation {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Code of an [`crate::flow::alert::operation::OperationKind`].
    pub kind: String,
    /// Alert that reports left.
    pub alert_id: Uuid,
    /// Alert that they went to.
    pub other_id: Uuid,
    /// Operation that this one takes back.
    pub undoes: Option<Uuid>,
    /// A [`crate::flow::alert::operation::Trace`].
    pub detail: Value,
    /// In the person's words.
    pub reason: Option<String>,
    /// Who.
    pub by_user: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
}

/// An operation, if there is one.
///
/// # Errors
/// When the database refuses.
pub async fn find(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Option<StoredOperation>, Problem> {
    let found = alert_operation::table
        .find((town.0, id))
        .select(StoredOperation::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// The operation of this id when it was sent before, with the same body.
///
/// # Errors
/// [`Kind::IdTaken`] when it was, with another body.
pub async fn replayed(
    conn: &AsyncPgConnection,
    town: TownId,
    id: Uuid,
    hash: &[u8],
) -> Result<Option<StoredOperation>, Problem> {
    match find(conn, town, id).await? {
        Some(found) if found.request_hash != hash => Err(Problem::new(Kind::IdTaken)),
        found => Ok(found),
    }
}

/// The operation that took another one back, if there is one.
///
/// # Errors
/// When the database refuses.
pub async fn undone_by(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Option<Uuid>, Problem> {
    let found = alert_operation::table
        .filter(
            alert_operation::jurisdiction_id
                .eq(town.0)
                .and(alert_operation::undoes.eq(id)),
        )
        .select(alert_operation::id)
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Keeps an operation.
///
/// # Errors
/// When the database refuses.
pub async fn keep(conn: &AsyncPgConnection, operation: &StoredOperation) -> Result<(), Problem> {
    diesel::insert_into(alert_operation::table)
        .values(operation)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Keeps a person's word on reports: whether each is the same thing as the alert.
///
/// # Errors
/// When the database refuses.
pub async fn keep_verdicts(
    conn: &AsyncPgConnection,
    operation: &StoredOperation,
    reports: &[Uuid],
    alert_id: Uuid,
    same: bool,
) -> Result<(), Problem> {
    let rows: Vec<_> = reports
        .iter()
        .map(|report| {
            (
                verdict::jurisdiction_id.eq(operation.jurisdiction_id),
                verdict::id.eq(Uuid::now_v7()),
                verdict::report_id.eq(*report),
                verdict::alert_id.eq(alert_id),
                verdict::same.eq(same),
                verdict::by_user.eq(operation.by_user),
                verdict::operation_id.eq(operation.id),
                verdict::at.eq(operation.at),
            )
        })
        .collect();
    diesel::insert_into(verdict::table)
        .values(rows)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes what an operation may change of an alert over the version that was read.
///
/// # Errors
/// [`Kind::Stale`] when somebody else was quicker.
pub async fn store(tx: &mut Tx, row: &mut Alert) -> Result<(), Problem> {
    let found = alert::table
        .find((row.jurisdiction_id, row.id))
        .filter(alert::version.eq(row.version));
    let stored = diesel::update(found)
        .set((
            (
                alert::open.eq(row.open),
                alert::closed_at.eq(row.closed_at),
                alert::merged_into.eq(row.merged_into),
                alert::priority.eq(row.priority),
                alert::severity.eq(row.severity),
                alert::flags.eq(&row.flags),
                alert::due_at.eq(row.due_at),
            ),
            (
                alert::sector_id.eq(row.sector_id),
                alert::anchor.eq(row.anchor),
                alert::h3_15.eq(row.h3_15),
                alert::extent_m.eq(row.extent_m),
                alert::address.eq(&row.address),
                alert::report_count.eq(row.report_count),
                alert::opened_at.eq(row.opened_at),
                alert::last_report_at.eq(row.last_report_at),
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

/// Ties two alerts, or ties them again.
///
/// # Errors
/// When the database refuses.
pub async fn tie(
    conn: &AsyncPgConnection,
    town: TownId,
    (from, to): (Uuid, Uuid),
    kind: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let again = (alert_link::state.eq("standing"), alert_link::at.eq(now));
    diesel::insert_into(alert_link::table)
        .values((
            alert_link::jurisdiction_id.eq(town.0),
            alert_link::from_alert.eq(from),
            alert_link::to_alert.eq(to),
            alert_link::kind.eq(kind),
            again,
        ))
        .on_conflict((
            alert_link::jurisdiction_id,
            alert_link::from_alert,
            alert_link::to_alert,
            alert_link::kind,
        ))
        .do_update()
        .set(again)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Says where the ties of a kind between two alerts stand, in whichever order they were tied; returns how many were in
/// another state.
///
/// # Errors
/// When the database refuses.
pub async fn set_ties(
    conn: &AsyncPgConnection,
    town: TownId,
    (one, other): (Uuid, Uuid),
    kind: &str,
    state: &str,
) -> Result<usize, Problem> {
    let one_way = alert_link::from_alert.eq(one).and(alert_link::to_alert.eq(other));
    let other_way = alert_link::from_alert.eq(other).and(alert_link::to_alert.eq(one));
    let ties = alert_link::table
        .filter(alert_link::jurisdiction_id.eq(town.0).and(alert_link::kind.eq(kind)))
        .filter(one_way.or(other_way))
        .filter(alert_link::state.ne(state));
    let changed = diesel::update(ties)
        .set(alert_link::state.eq(state))
        .execute(&mut &*conn)
        .await?;
    Ok(changed)
}

/// The alerts that the machine suggests to be the same as this one and nobody has answered, each with the probability that
/// stands.
///
/// # Errors
/// When the database refuses.
pub async fn suggested(
    conn: &AsyncPgConnection,
    town: TownId,
    alert_id: Uuid,
) -> Result<Vec<(Uuid, Option<f32>)>, Problem> {
    let own = alert_link::from_alert
        .eq(alert_id)
        .or(alert_link::to_alert.eq(alert_id));
    let ties: Vec<(Uuid, Uuid, Option<f32>)> = alert_link::table
        .filter(alert_link::jurisdiction_id.eq(town.0).and(own))
        .filter(alert_link::kind.eq("suggested").and(alert_link::state.eq("standing")))
        .select((alert_link::from_alert, alert_link::to_alert, alert_link::posterior))
        .load(&mut &*conn)
        .await?;
    let other =
        |(from, to, posterior): (Uuid, Uuid, Option<f32>)| (if from == alert_id { to } else { from }, posterior);
    Ok(ties.into_iter().map(other).collect())
}

/// Takes back what the machine suggested of two alerts, unless a person has answered it; returns whether it stood.
///
/// # Errors
/// When the database refuses.
pub async fn unsuggest(conn: &AsyncPgConnection, town: TownId, (one, other): (Uuid, Uuid)) -> Result<bool, Problem> {
    let one_way = alert_link::from_alert.eq(one).and(alert_link::to_alert.eq(other));
    let other_way = alert_link::from_alert.eq(other).and(alert_link::to_alert.eq(one));
    let tie = alert_link::table
        .filter(alert_link::jurisdiction_id.eq(town.0).and(one_way.or(other_way)))
        .filter(alert_link::kind.eq("suggested").and(alert_link::state.eq("standing")));
    Ok(diesel::delete(tie).execute(&mut &*conn).await? > 0)
}

/// A person's word on a pair.
#[derive(Clone, Debug, QueryableByName)]
pub struct Word {
    /// The report spoken of.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub report_id: Uuid,
    /// The alert spoken of.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub alert_id: Uuid,
    /// Whether it is the same thing.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub same: bool,
    /// Said by staff, not by the reporter.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub by_staff: bool,
    /// The other reports that the alert had before it was said and still had after: not those that came or went with it.
    #[diesel(sql_type = diesel::sql_types::Array<diesel::sql_types::Uuid>)]
    pub members: Vec<Uuid>,
}

/// The latest word on each pair of a report and an alert with other reports; those of operations that were undone do not
/// count.
///
/// # Errors
/// When the database refuses.
pub async fn words(conn: &AsyncPgConnection, town: TownId) -> Result<Vec<Word>, Problem> {
    let latest = "WITH word AS (SELECT DISTINCT ON (v.report_id, v.alert_id) v.report_id, v.alert_id, v.same, \
           v.by_user IS NOT NULL AS by_staff, v.at FROM verdict v \
           WHERE v.jurisdiction_id = $1 AND NOT EXISTS (SELECT FROM alert_operation u \
             WHERE u.jurisdiction_id = v.jurisdiction_id AND u.undoes = v.operation_id) \
           ORDER BY v.report_id, v.alert_id, v.at DESC, v.id DESC), \
         stay AS (SELECT m.report_id, m.alert_id, m.at AS came, \
           lead(m.at) OVER (PARTITION BY m.report_id ORDER BY m.id) AS went FROM membership m WHERE m.jurisdiction_id = $1) \
         SELECT w.report_id, w.alert_id, w.same, w.by_staff, array_agg(s.report_id) AS members \
         FROM word w JOIN stay s ON s.alert_id = w.alert_id AND s.report_id <> w.report_id \
           AND s.came < w.at AND (s.went IS NULL OR s.went > w.at) \
         GROUP BY w.report_id, w.alert_id, w.same, w.by_staff";
    Ok(diesel::sql_query(latest)
        .bind::<diesel::sql_types::Integer, _>(town.0)
        .load(&mut &*conn)
        .await?)
}

/// Whether a person said of a report of one alert that it is not the same as the other, and nobody said otherwise since.
///
/// # Errors
/// When the database refuses.
pub async fn kept_apart(conn: &AsyncPgConnection, town: TownId, (one, other): (Uuid, Uuid)) -> Result<bool, Problem> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        apart: bool,
    }
    let row: Row = diesel::sql_query(concat!("SELECT ", kept_apart_sql!("$1", "$2", "$3"), " AS apart"))
        .bind::<diesel::sql_types::Integer, _>(town.0)
        .bind::<diesel::sql_types::Uuid, _>(one)
        .bind::<diesel::sql_types::Uuid, _>(other)
        .get_result(&mut &*conn)
        .await?;
    Ok(row.apart)
}
