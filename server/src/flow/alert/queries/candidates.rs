//! What is already there around a report: the alerts it may belong to, their reports, and how often this very point came.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use geo_dedup::cell::{CellRange, covering, h3_15};
use geo_dedup::{
    Address, AlertId, Candidate, CandidateState, CategoryId, Context, LonLat, Member, Metres, Observation, PAST_AROUND,
    PAST_DAYS, PAST_HERE, PhotoHash, Policy, ReportId, SenderTag, TextPrint, Timestamp,
};
use postgis_diesel::types::Point;
use uuid::Uuid;

use crate::catalog::model::Town;
use crate::db::TownId;
use crate::db::schema::{alert, measured_delay, photo, report};
use crate::db::space::from_point;
use crate::db::window::{Rows, Window, Within};
use crate::flow::alert::model::Alert;
use crate::flow::report::model::PositionSource;
use crate::http::problem::Problem;

/// Most alerts that are compared; more of one kind within 250 m is a flood, and the nearest cells come first anyway.
const MOST_ALERTS: i64 = 600;
/// Most reports of those alerts that are compared, latest first.
const MOST_MEMBERS: i64 = 400;

/// Most reports of the past that are counted: beyond, it is a hot spot whatever the number.
const MOST_PAST: i64 = 500;

/// What is around a report.
pub struct Around {
    /// For geo-dedup.
    pub candidates: Vec<Candidate>,
    /// The same alerts as stored.
    pub alerts: Vec<Alert>,
    /// Reports already on this very point, up to the policy's limit.
    pub at_exact_point: u32,
    /// Compatible reports of the months before, on the spot and in its surroundings.
    pub past: (u32, u32),
    /// What closing took here for this category.
    pub delays: Vec<TimeDelta>,
}

impl Around {
    /// An alert that was considered.
    #[must_use]
    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.id.as_u128() == id.0)
    }

    /// What is known besides the alerts, for geo-dedup.
    #[must_use]
    pub fn context(&self, now: DateTime<Utc>) -> Context {
        context(self.at_exact_point, self.past, now)
    }
}

fn context(at_exact_point: u32, (here, around): (u32, u32), now: DateTime<Utc>) -> Context {
    Context {
        at_exact_point,
        past_here: Some(here),
        past_around: Some(around),
        ..Context::at(Timestamp(now.timestamp_millis()))
    }
}

/// Reads what is around a report. The caller holds the locks of the cells, so nothing opens, moves or closes meanwhile.
/// `named` are alerts that the person speaks of; they count wherever they are.
///
/// # Errors
/// When the database refuses.
pub async fn around(
    conn: &AsyncPgConnection,
    town: &Town,
    seen: &Observation,
    policy: &Policy,
    named: &[Uuid],
    delay_key: (Uuid, Uuid),
    now: DateTime<Utc>,
) -> Result<Around, Problem> {
    let ranges = covering(&seen.point, policy.search_radius(seen));
    let compatible = compatible(town, policy, seen.category);
    let window = policy
        .recurrence_days()
        .max(policy.late_days())
        .max(policy.rejected_days());
    let closed_since = now - TimeDelta::hours((window * 24.0) as i64 + 24);
    let (mut alerts, named, exact, past, delays) = tokio::try_join!(
        alerts_around(conn, town.id, &ranges, &compatible, closed_since),
        named_alerts(conn, town.id.0, named),
        at_point(conn, town.id.0, seen, policy),
        past_reports(conn, town.id, seen, &compatible),
        past_delays(conn, town.id.0, delay_key),
    )?;
    for alert in named {
        if !alerts.iter().any(|known| known.id == alert.id) {
            alerts.push(alert);
        }
    }
    let ids: Vec<Uuid> = alerts.iter().map(|alert| alert.id).collect();
    let members = members_of(conn, town.id, &ids).await?;
    let hashes = if seen.photo_hashes.is_empty() {
        HashMap::new()
    } else {
        hashes_of(conn, town.id, &members).await?
    };
    let candidates = alerts
        .iter()
        .map(|alert| candidate(town, alert, &members, &hashes))
        .collect::<Result<_, Problem>>()?;
    Ok(Around {
        candidates,
        alerts,
        at_exact_point: exact,
        past,
        delays,
    })
}

/// What is known of a report's place besides the alerts: what came months before it, and how many reports are on its very
/// point today.
///
/// # Errors
/// When the database refuses.
pub async fn context_of(
    conn: &AsyncPgConnection,
    town: &Town,
    seen: &Observation,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<Context, Problem> {
    let compatible = compatible(town, policy, seen.category);
    let (exact, past) = tokio::try_join!(
        at_point(conn, town.id.0, seen, policy),
        past_reports(conn, town.id, seen, &compatible),
    )?;
    Ok(context(exact, past, now))
}

/// Categories of which an alert may hold the same problem.
fn compatible(town: &Town, policy: &Policy, own: CategoryId) -> Vec<Uuid> {
    let fits = |other: Uuid| policy.compatibility(own, town.dedup_number(other)) > 0.0;
    let all = town.categories.iter().map(|category| category.id);
    all.filter(|id| fits(*id)).collect()
}

/// The open alerts around, and those that were closed lately.
async fn alerts_around(
    conn: &AsyncPgConnection,
    town: TownId,
    ranges: &[CellRange],
    categories: &[Uuid],
    closed_since: DateTime<Utc>,
) -> Result<Vec<Alert>, Problem> {
    let window = Window::of("alert", town, Rows::OpenOrClosedSince(closed_since), ranges);
    let alerts = alert::table
        .filter(alert::jurisdiction_id.eq(town.0))
        .filter(alert::category_id.eq_any(categories).and(alert::merged_into.is_null()))
        // Whatever was closed here, what is open is found.
        .order(alert::open.desc())
        .limit(MOST_ALERTS)
        .select(Alert::as_select());
    let within = Within {
        window: Some(&window),
        query: alerts,
    };
    Ok(within.load(&mut &*conn).await?)
}

async fn named_alerts(conn: &AsyncPgConnection, town: i32, ids: &[Uuid]) -> Result<Vec<Alert>, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = alert::table
        .filter(alert::jurisdiction_id.eq(town).and(alert::id.eq_any(ids)))
        .select(Alert::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(rows)
}

/// Reports on this very point (a resolution-15 cell is about a square metre), counted up to the policy's limit.
async fn at_point(conn: &AsyncPgConnection, town: i32, seen: &Observation, policy: &Policy) -> Result<u32, Problem> {
    let cell = h3_15(&seen.point).to_i64();
    let limit = i64::from(policy.default_point_limit()).max(1);
    let found: Vec<i64> = report::table
        .filter(report::jurisdiction_id.eq(town).and(report::h3_15.eq(cell)))
        .select(report::h3_15)
        .limit(limit)
        .load(&mut &*conn)
        .await?;
    Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
}

/// Compatible reports that came [`PAST_DAYS`] before this one, within [`PAST_HERE`] and within [`PAST_AROUND`]: where much is
/// reported, being near proves little.
async fn past_reports(
    conn: &AsyncPgConnection,
    town: TownId,
    seen: &Observation,
    categories: &[Uuid],
) -> Result<(u32, u32), Problem> {
    let window = Window::of("report", town, Rows::All, &covering(&seen.point, PAST_AROUND));
    let seen_at = DateTime::from_timestamp_millis(seen.observed_at.0).unwrap_or_default();
    let before = |days: &f64| seen_at - TimeDelta::hours((days * 24.0) as i64);
    let past = report::table
        .filter(
            report::jurisdiction_id
                .eq(town.0)
                .and(report::category_id.eq_any(categories)),
        )
        .filter(report::observed_at.between(before(PAST_DAYS.end()), before(PAST_DAYS.start())))
        .limit(MOST_PAST)
        .select(report::place);
    let within = Within {
        window: Some(&window),
        query: past,
    };
    let places: Vec<Point> = within.load(&mut &*conn).await?;
    let mut counted = (0, 0);
    for place in &places {
        let metres = position(place)?.distance(&seen.point);
        counted.0 += u32::from(metres <= PAST_HERE);
        counted.1 += u32::from(metres <= PAST_AROUND);
    }
    Ok(counted)
}

/// How long closing took for a category in a sector, hold time left out.
///
/// # Errors
/// When the database refuses.
pub async fn past_delays(
    conn: &AsyncPgConnection,
    town: i32,
    (category, sector): (Uuid, Uuid),
) -> Result<Vec<TimeDelta>, Problem> {
    let minutes: Option<Vec<i32>> = measured_delay::table
        .filter(measured_delay::jurisdiction_id.eq(town))
        .filter(
            measured_delay::category_id
                .eq(category)
                .and(measured_delay::sector_id.eq(sector)),
        )
        .select(measured_delay::minutes)
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(minutes
        .unwrap_or_default()
        .into_iter()
        .map(|m| TimeDelta::minutes(i64::from(m)))
        .collect())
}

/// A report, as far as geo-dedup compares it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = report)]
pub struct MemberRow {
    id: Uuid,
    alert_id: Uuid,
    category_id: Uuid,
    place: Point,
    accuracy_m: Option<f32>,
    position_source: String,
    address: Option<String>,
    description: Option<String>,
    observed_at: DateTime<Utc>,
    sender_tag: Option<i64>,
}

/// The reports of alerts, latest first.
///
/// # Errors
/// When the database refuses.
pub async fn members_of(conn: &AsyncPgConnection, town: TownId, alerts: &[Uuid]) -> Result<Vec<MemberRow>, Problem> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::alert_id.eq_any(alerts)))
        .order(report::received_at.desc())
        .limit(MOST_MEMBERS)
        .select(MemberRow::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(rows)
}

/// Reports by their ids.
///
/// # Errors
/// When the database refuses.
pub async fn rows_of(conn: &AsyncPgConnection, town: TownId, reports: &[Uuid]) -> Result<Vec<MemberRow>, Problem> {
    let rows = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::id.eq_any(reports)))
        .select(MemberRow::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(rows)
}

/// Hashes of the photos of reports, as far as they are decoded. A report that is being placed has none yet, so only later
/// comparisons ask.
///
/// # Errors
/// When the database refuses.
pub async fn hashes_of(
    conn: &AsyncPgConnection,
    town: TownId,
    reports: &[MemberRow],
) -> Result<HashMap<Uuid, Vec<PhotoHash>>, Problem> {
    let ids: Vec<Uuid> = reports.iter().map(|row| row.id).collect();
    let rows: Vec<(Option<Uuid>, Option<i64>)> = photo::table
        .filter(photo::jurisdiction_id.eq(town.0).and(photo::report_id.eq_any(ids)))
        .filter(photo::perceptual_hash.is_not_null())
        .select((photo::report_id, photo::perceptual_hash))
        .load(&mut &*conn)
        .await?;
    let mut hashes: HashMap<Uuid, Vec<PhotoHash>> = HashMap::new();
    for (report, hash) in rows {
        if let (Some(report), Some(hash)) = (report, hash) {
            hashes.entry(report).or_default().push(PhotoHash(hash.cast_unsigned()));
        }
    }
    Ok(hashes)
}

/// An alert as geo-dedup sees it, with those of its reports that are among the rows.
///
/// # Errors
/// Never with rows that the schema let in.
pub fn candidate(
    town: &Town,
    alert: &Alert,
    members: &[MemberRow],
    hashes: &HashMap<Uuid, Vec<PhotoHash>>,
) -> Result<Candidate, Problem> {
    let at = |time: DateTime<Utc>| Timestamp(time.timestamp_millis());
    let state = match (alert.closed_at, alert.status.as_str()) {
        (None, _) => CandidateState::Open,
        (Some(closed), "rejected") => CandidateState::Rejected { at: at(closed) },
        (Some(closed), _) => CandidateState::Closed { at: at(closed) },
    };
    let members = members.iter().filter(|member| member.alert_id == alert.id);
    Ok(Candidate {
        id: AlertId(alert.id.as_u128()),
        category: town.dedup_number(alert.category_id),
        anchor: position(&alert.anchor)?,
        extent: Metres::new(f64::from(alert.extent_m)).unwrap_or(Metres::ZERO),
        state,
        opened_at: at(alert.opened_at),
        reports: u32::try_from(alert.report_count).unwrap_or_default(),
        members: members
            .map(|member| to_member(town, member, hashes))
            .collect::<Result<_, Problem>>()?,
    })
}

/// A stored report of an alert as geo-dedup sees it.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn to_member(town: &Town, row: &MemberRow, hashes: &HashMap<Uuid, Vec<PhotoHash>>) -> Result<Member, Problem> {
    let mut seen = observation(town, row)?;
    seen.photo_hashes = hashes.get(&row.id).cloned().unwrap_or_default();
    Ok(seen.into_member(ReportId(row.id.as_u128())))
}

impl MemberRow {
    /// Identity of the report.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Its category, as the person said.
    #[must_use]
    pub const fn category_id(&self) -> Uuid {
        self.category_id
    }
}

/// A stored report as geo-dedup sees it.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn observation(town: &Town, row: &MemberRow) -> Result<Observation, Problem> {
    let observed = Timestamp(row.observed_at.timestamp_millis());
    let mut seen = Observation::new(position(&row.place)?, town.dedup_number(row.category_id), observed);
    let source: PositionSource = row.position_source.parse().map_err(Problem::internal)?;
    seen.accuracy = source.accuracy(row.accuracy_m.map(f64::from));
    seen.address = row.address.as_deref().map(Address::parse);
    seen.text = row.description.as_deref().map(TextPrint::of);
    seen.sender = row.sender_tag.map(|tag| SenderTag(tag.cast_unsigned()));
    Ok(seen)
}

fn position(point: &Point) -> Result<LonLat, Problem> {
    from_point(point).map_err(Problem::internal)
}
