//! Puts a report where geo-dedup or a person says: opens an alert or joins one, with what ties it to others.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use postgis_diesel::types::Point;
use serde_json::Value;
use uuid::Uuid;

use crate::db::TownId;
use crate::db::schema::{alert, alert_link, alert_phase, alert_word, status_event, verdict};
use crate::flow::alert::model::Alert;
use crate::flow::alert::words;
use crate::flow::report::reference::{Kind as ReferenceKind, Reference};
use crate::http::problem::Problem;

/// References are drawn again when taken; with 40 bits a second draw is already rare.
const DRAWS: usize = 5;

/// A new alert's row.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = alert, treat_none_as_default_value = false)]
pub struct NewAlert {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Filled in by [`open`].
    pub reference: String,
    /// Category of the report.
    pub category_id: Uuid,
    /// `new`.
    pub status: &'static str,
    /// True.
    pub open: bool,
    /// 1 to 4.
    pub priority: i16,
    /// 0 to 2.
    pub severity: i16,
    /// Service in charge.
    pub service_id: Uuid,
    /// Where it lies.
    pub sector_id: Option<Uuid>,
    /// Place of the report.
    pub anchor: Point,
    /// Cell of the anchor.
    pub h3_15: i64,
    /// As given.
    pub address: Option<String>,
    /// Received time of the report.
    pub opened_at: DateTime<Utc>,
    /// The same.
    pub last_report_at: DateTime<Utc>,
    /// Promise of the service.
    pub due_at: DateTime<Utc>,
    /// Expected range.
    pub expected_from: Option<NaiveDate>,
    /// Expected range.
    pub expected_to: Option<NaiveDate>,
    /// The same as opened.
    pub status_at: DateTime<Utc>,
    /// near_boundary...
    pub flags: Vec<String>,
}

/// Opens an alert: its row, with a reference drawn until it is free.
///
/// # Errors
/// When the database refuses.
pub async fn open(conn: &AsyncPgConnection, mut new: NewAlert) -> Result<Alert, Problem> {
    for _ in 0..DRAWS {
        new.reference = draw(ReferenceKind::Alert)?;
        let inserted = diesel::insert_into(alert::table)
            .values(&new)
            .on_conflict((alert::jurisdiction_id, alert::reference))
            .do_nothing()
            .returning(Alert::as_returning())
            .get_result(&mut &*conn)
            .await
            .optional()?;
        if let Some(opened) = inserted {
            return Ok(opened);
        }
    }
    Err(Problem::internal("no free alert reference was drawn"))
}

/// A random reference.
///
/// # Errors
/// When the system has no randomness.
pub fn draw(kind: ReferenceKind) -> Result<String, Problem> {
    let mut bits = [0_u8; 5];
    getrandom::fill(&mut bits).map_err(Problem::internal)?;
    Ok(Reference::from_bytes(kind, bits).to_string())
}

/// What happens with the opening: the first line of its history and its first phase.
///
/// # Errors
/// When the database refuses.
pub async fn begin_history(
    conn: &AsyncPgConnection,
    opened: &Alert,
    by_role: &str,
    by: Option<Uuid>,
    event_id: Uuid,
) -> Result<(), Problem> {
    let event = diesel::insert_into(status_event::table)
        .values((
            status_event::jurisdiction_id.eq(opened.jurisdiction_id),
            status_event::id.eq(event_id),
            status_event::alert_id.eq(opened.id),
            status_event::step.eq("opened"),
            status_event::to_status.eq(&opened.status),
            status_event::service_id.eq(opened.service_id),
            status_event::by_user.eq(by),
            status_event::by_role.eq(by_role),
            status_event::at.eq(opened.opened_at),
        ))
        .execute(&mut &*conn);
    let phase = diesel::insert_into(alert_phase::table)
        .values((
            alert_phase::jurisdiction_id.eq(opened.jurisdiction_id),
            alert_phase::alert_id.eq(opened.id),
            alert_phase::phase.eq("qualification"),
            alert_phase::started_at.eq(opened.opened_at),
        ))
        .execute(&mut &*conn);
    tokio::try_join!(event, phase)?;
    Ok(())
}

/// A report joins an alert: counts, extent, severity and priority follow. Returns the alert as it is now.
///
/// # Errors
/// When the database refuses.
pub async fn join(
    conn: &AsyncPgConnection,
    joined: &Alert,
    distance_m: f64,
    severity: i16,
    priority: i16,
    now: DateTime<Utc>,
) -> Result<Alert, Problem> {
    #[expect(clippy::cast_possible_truncation, reason = "metres up to a few hundred")]
    let extent = joined.extent_m.max(distance_m as f32);
    let updated = diesel::update(alert::table)
        .filter(
            alert::jurisdiction_id
                .eq(joined.jurisdiction_id)
                .and(alert::id.eq(joined.id)),
        )
        .set((
            alert::report_count.eq(alert::report_count + 1),
            // Two servers' clocks, and the wait for the lock: the later report may carry the earlier time.
            alert::opened_at.eq(joined.opened_at.min(now)),
            alert::last_report_at.eq(joined.last_report_at.max(now)),
            alert::extent_m.eq(extent),
            alert::severity.eq(joined.severity.max(severity)),
            alert::priority.eq(joined.priority.max(priority)),
            alert::version.eq(alert::version + 1),
        ))
        .returning(Alert::as_returning())
        .get_result(&mut &*conn)
        .await?;
    Ok(updated)
}

/// Adds the words by which staff find an alert: those of its address, and of what its reports say.
///
/// # Errors
/// When the database refuses.
pub async fn add_words(
    conn: &AsyncPgConnection,
    town: TownId,
    alert_id: Uuid,
    texts: [Option<&str>; 2],
) -> Result<(), Problem> {
    let words: BTreeSet<String> = texts.into_iter().flatten().flat_map(words::of).collect();
    insert_words(conn, town, alert_id, words).await
}

async fn insert_words(
    conn: &AsyncPgConnection,
    town: TownId,
    alert_id: Uuid,
    words: BTreeSet<String>,
) -> Result<(), Problem> {
    if words.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO alert_word (jurisdiction_id, word, alert_id) SELECT $1, word, $2 FROM unnest($3) AS t (word) \
               ON CONFLICT DO NOTHING";
    diesel::sql_query(sql)
        .bind::<Integer, _>(town.0)
        .bind::<SqlUuid, _>(alert_id)
        .bind::<Array<Text>, _>(words.into_iter().collect::<Vec<_>>())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Makes the words anew by which staff find an alert: reports have left it or come.
///
/// # Errors
/// When the database refuses.
pub async fn replace_words(
    conn: &AsyncPgConnection,
    town: TownId,
    alert_id: Uuid,
    texts: &[&str],
) -> Result<(), Problem> {
    let words: BTreeSet<String> = texts.iter().flat_map(|text| words::of(text)).collect();
    let own = alert_word::table.filter(
        alert_word::jurisdiction_id
            .eq(town.0)
            .and(alert_word::alert_id.eq(alert_id)),
    );
    diesel::delete(own).execute(&mut &*conn).await?;
    insert_words(conn, town, alert_id, words).await
}

/// Ties a new alert to others: `(other alert, kind, posterior, reasons)`.
///
/// # Errors
/// When the database refuses.
pub async fn link(
    conn: &AsyncPgConnection,
    from: &Alert,
    links: &[(Uuid, &str, Option<f64>, Value)],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if links.is_empty() {
        return Ok(());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    let rows: Vec<_> = links
        .iter()
        .map(|(to, kind, posterior, reasons)| {
            (
                alert_link::jurisdiction_id.eq(from.jurisdiction_id),
                alert_link::from_alert.eq(from.id),
                alert_link::to_alert.eq(*to),
                alert_link::kind.eq(*kind),
                alert_link::posterior.eq(posterior.map(|p| p as f32)),
                alert_link::reasons.eq(reasons.clone()),
                alert_link::at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(alert_link::table)
        .values(rows)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Suggests that two alerts may be the same, or what is now known of a suggestion that stands. Returns false when a person
/// has answered it already.
///
/// # Errors
/// When the database refuses.
pub async fn suggest(
    conn: &AsyncPgConnection,
    (one, other): (&Alert, Uuid),
    posterior: f64,
    reasons: Value,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    use diesel::query_dsl::methods::FilterDsl;

    // Ids grow with time: a tie leads from the later alert to the earlier one.
    let (from, to) = (one.id.max(other), one.id.min(other));
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    let known = (
        alert_link::posterior.eq(posterior as f32),
        alert_link::reasons.eq(reasons),
    );
    let kept = diesel::insert_into(alert_link::table)
        .values((
            alert_link::jurisdiction_id.eq(one.jurisdiction_id),
            alert_link::from_alert.eq(from),
            alert_link::to_alert.eq(to),
            alert_link::kind.eq("suggested"),
            alert_link::at.eq(now),
            known.clone(),
        ))
        .on_conflict((
            alert_link::jurisdiction_id,
            alert_link::from_alert,
            alert_link::to_alert,
            alert_link::kind,
        ))
        .do_update()
        .set(known)
        .filter(alert_link::state.eq("standing"))
        .execute(&mut &*conn)
        .await?;
    Ok(kept > 0)
}

/// Keeps the reporter's own word on alerts: `(alert, same)`.
///
/// # Errors
/// When the database refuses.
pub async fn keep_verdicts(
    conn: &AsyncPgConnection,
    town: TownId,
    report_id: Uuid,
    words: &[(Uuid, bool)],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if words.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = words
        .iter()
        .map(|(alert_id, same)| {
            (
                verdict::jurisdiction_id.eq(town.0),
                verdict::id.eq(Uuid::now_v7()),
                verdict::report_id.eq(report_id),
                verdict::alert_id.eq(*alert_id),
                verdict::same.eq(*same),
                verdict::at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(verdict::table)
        .values(rows)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
