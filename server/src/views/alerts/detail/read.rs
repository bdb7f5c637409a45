//! Reads one alert with everything about it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::{AlertDetail, AlertName, HandOverBody, LinkBody, MembershipBody, PhaseBody, PhotoBody, ReportBody};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::schema::{alert_link, alert_phase, hand_over, membership, photo, report};
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::survivor;
use crate::flow::status::advance::possible;
use crate::http::point::PointBody;
use crate::http::problem::Problem;
use crate::text::{Locale, Texts};
use crate::views::alerts::summary::AlertSummary;
use crate::views::alerts::{history, operations, reasons};

/// Most reports, photos or links of one answer.
const MOST: i64 = 500;

#[derive(Queryable, Selectable)]
#[diesel(table_name = report)]
struct ReportRow {
    id: Uuid,
    reference: String,
    category_id: Uuid,
    place: postgis_diesel::types::Point,
    accuracy_m: Option<f32>,
    address: Option<String>,
    description: Option<String>,
    answers: Value,
    severity: i16,
    observed_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    channel: String,
    subject_id: Option<Uuid>,
    flags: Vec<String>,
}

impl ReportRow {
    fn body(self, town: &Town) -> ReportBody {
        let category = town.category_by_id(self.category_id);
        ReportBody {
            id: self.id,
            reference: self.reference,
            category: category.map(|category| category.code.clone()).unwrap_or_default(),
            position: PointBody::of(self.place.x, self.place.y),
            accuracy_m: self.accuracy_m,
            address: self.address,
            description: self.description,
            answers: category.map_or_else(|| json!({}), |category| category.questions.impersonal(self.answers)),
            severity: self.severity,
            observed_at: self.observed_at,
            received_at: self.received_at,
            channel: self.channel,
            has_contact: self.subject_id.is_some(),
            flags: self.flags,
        }
    }
}

async fn reports(tx: &mut Tx, town: &Town, alert_id: Uuid) -> Result<Vec<ReportBody>, Problem> {
    let rows: Vec<ReportRow> = report::table
        .filter(report::jurisdiction_id.eq(town.id.0).and(report::alert_id.eq(alert_id)))
        .order((report::received_at, report::id))
        .limit(MOST)
        .select(ReportRow::as_select())
        .load(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|row| row.body(town)).collect())
}

async fn photos(tx: &mut Tx, alert_id: Uuid, reports: &[ReportBody]) -> Result<Vec<PhotoBody>, Problem> {
    let town = tx.town();
    let reports: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
    let found = photo::table
        .filter(photo::jurisdiction_id.eq(town.0))
        .filter(photo::alert_id.eq(alert_id).or(photo::report_id.eq_any(reports)))
        .order((photo::uploaded_at, photo::id))
        .limit(MOST)
        .select((
            photo::id,
            photo::report_id,
            photo::kind,
            photo::state,
            photo::refusal,
            photo::width,
            photo::height,
            photo::uploaded_at,
            photo::released_at,
        ));
    Ok(found.load(&mut **tx).await?)
}

/// A decision as stored.
type MembershipRow = (
    Uuid,
    Uuid,
    Option<Uuid>,
    String,
    Option<f32>,
    Value,
    Option<Uuid>,
    DateTime<Utc>,
);

async fn memberships(
    tx: &mut Tx,
    (texts, locale): (&Texts, Locale),
    reports: &[ReportBody],
) -> Result<Vec<MembershipBody>, Problem> {
    let town = tx.town();
    let reports: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
    let found = membership::table
        .filter(
            membership::jurisdiction_id
                .eq(town.0)
                .and(membership::report_id.eq_any(reports)),
        )
        .order(membership::id)
        .select((
            membership::report_id,
            membership::alert_id,
            membership::from_alert_id,
            membership::decision,
            membership::posterior,
            membership::reasons,
            membership::operation_id,
            membership::at,
        ));
    let rows: Vec<MembershipRow> = found.load(&mut **tx).await?;
    let body = |(report_id, alert_id, from_alert_id, decision, posterior, stored, operation_id, at): MembershipRow| {
        Ok(MembershipBody {
            report_id,
            alert_id,
            from_alert_id,
            label: reasons::decision(texts, locale, &decision),
            decision,
            posterior,
            reasons: reasons::read(texts, locale, stored)?,
            operation_id,
            at,
        })
    };
    rows.into_iter().map(body).collect()
}

async fn links(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<LinkBody>, Problem> {
    let town = tx.town();
    let found = alert_link::table
        .filter(alert_link::jurisdiction_id.eq(town.0))
        .filter(
            alert_link::from_alert
                .eq(alert_id)
                .or(alert_link::to_alert.eq(alert_id)),
        )
        .order(alert_link::at.desc())
        .limit(MOST)
        .select((
            alert_link::from_alert,
            alert_link::to_alert,
            alert_link::kind,
            alert_link::state,
            alert_link::posterior,
            alert_link::at,
        ));
    Ok(found.load(&mut **tx).await?)
}

async fn phases(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<PhaseBody>, Problem> {
    let town = tx.town();
    let found = alert_phase::table
        .filter(
            alert_phase::jurisdiction_id
                .eq(town.0)
                .and(alert_phase::alert_id.eq(alert_id)),
        )
        .order(alert_phase::started_at)
        .select((
            alert_phase::phase,
            alert_phase::owner_id,
            alert_phase::started_at,
            alert_phase::seen_at,
            alert_phase::ended_at,
        ));
    Ok(found.load(&mut **tx).await?)
}

async fn hand_overs(tx: &mut Tx, alert_id: Uuid) -> Result<Vec<HandOverBody>, Problem> {
    let town = tx.town();
    let found = hand_over::table
        .filter(
            hand_over::jurisdiction_id
                .eq(town.0)
                .and(hand_over::alert_id.eq(alert_id)),
        )
        .order(hand_over::sent_at.desc())
        .select((
            hand_over::id,
            hand_over::body_id,
            hand_over::state,
            hand_over::reference,
            hand_over::note,
            hand_over::sent_at,
            hand_over::answered_at,
        ));
    Ok(found.load(&mut **tx).await?)
}

/// Everything about an alert.
///
/// # Errors
/// When the database refuses, or with rows that the schema should not have let in.
pub(super) async fn read(
    tx: &mut Tx,
    town: &Town,
    words: (&Texts, Locale),
    alert: Alert,
) -> Result<AlertDetail, Problem> {
    let id = alert.id;
    let reports = reports(tx, town, id).await?;
    Ok(AlertDetail {
        allowed: possible(&alert)?,
        survivor: survivor_of(tx, &alert).await?,
        photos: photos(tx, id, &reports).await?,
        memberships: memberships(tx, words, &reports).await?,
        reports,
        operations: operations::read(tx, id).await?,
        links: links(tx, id).await?,
        phases: phases(tx, id).await?,
        hand_overs: hand_overs(tx, id).await?,
        history: history::read(tx, id).await?,
        alert: AlertSummary::from_row(town, alert)?,
    })
}

async fn survivor_of(tx: &mut Tx, alert: &Alert) -> Result<Option<AlertName>, Problem> {
    let Some(next) = alert.merged_into else {
        return Ok(None);
    };
    let survivor = survivor(tx, next).await?;
    Ok(Some(AlertName {
        id: survivor.id,
        reference: survivor.reference,
    }))
}
