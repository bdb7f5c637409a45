//! What follows from a report for people: the answer that its author gets, and the messages that leave.

use geo_dedup::Decision;
use uuid::Uuid;

use super::buckets::ReportedBy;
use super::model::{DayRange, PhotoTold, Relation, Suggested, Told};
use super::queries::NewFollower;
use super::submit::TakenPhoto;
use super::write::Draft;
use crate::catalog::model::{Service, Town};
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::notification::fan_out::{self, OwedNotice, ServiceNotice};
use crate::flow::notification::model::Detail;
use crate::flow::notification::template::Template;
use crate::flow::status::vocabulary::PublicStatus;
use crate::http::problem::Problem;

/// Leaves the acknowledgement to the author, by the way that they chose. Who saw what was dealt with meanwhile is asked whether
/// it is still there; of a sensitive category nothing is told but that the report arrived.
pub(super) async fn acknowledge(
    tx: &Tx,
    draft: &Draft<'_>,
    follower: &NewFollower,
    told: &Told,
    opened: bool,
) -> Result<(), Problem> {
    let sensitive = draft
        .town()
        .is_sensitive(&[draft.category()?.id, told.alert_category_id.unwrap_or_default()]);
    let template = if told.relation == Relation::LateEvidence && !sensitive {
        Template::LateEvidence
    } else {
        Template::Acknowledgement
    };
    let detail = Detail {
        joined: Some(!opened),
        reported_by: Some(told.reported_by),
        status: Some(told.status),
        reason: told.reason.clone(),
        review_on: told.review_on,
        expected_from: told.expected.map(|range| range.from),
        expected_to: told.expected.map(|range| range.to),
        closed_at: told.closed_at,
        body_id: told.body_id,
        ..Detail::default()
    };
    let detail = serde_json::to_value(detail).map_err(Problem::internal)?;
    fan_out::one_follower(
        tx,
        draft.town().id,
        follower.id,
        follower.channel,
        follower.locale,
        told.alert_id,
        draft.prepared.id,
        template,
        detail,
        draft.now,
    )
    .await
}

/// The notice to the service: one for a new alert; a joining report is silent unless it raises the severity.
pub(super) fn notice(
    draft: &Draft<'_>,
    (told, alert): (&Told, &Alert),
    event_id: Uuid,
    (opened, raised): (bool, bool),
) -> Result<Option<OwedNotice>, Problem> {
    if !(opened || raised) {
        return Ok(None);
    }
    let Some(service) = service_of(draft.town(), told) else {
        return Err(Problem::internal("the service is gone"));
    };
    Ok(Some(OwedNotice {
        service: service.id,
        alert: told.alert_id,
        event: event_id,
        notice: if opened {
            ServiceNotice::NewAlert
        } else {
            ServiceNotice::RaisedSeverity
        },
        urgent: alert.is_urgent(),
        at: draft.now,
    }))
}

pub(super) fn told(draft: &Draft<'_>, was_there: bool, alert: &Alert) -> Result<Told, Problem> {
    // What is of a sensitive category stays unnamed, also to who stands beside it.
    let public = |alert: &&Alert| !draft.town().is_sensitive(&[alert.category_id]);
    let suggestions: Vec<Suggested> = match &draft.outcome.decision {
        Decision::Suggest { alerts } => alerts
            .iter()
            .filter_map(|id| draft.around.alert(*id))
            .filter(public)
            .map(suggested)
            .collect::<Result<_, _>>()?,
        _ => Vec::new(),
    };
    let relation = match &draft.outcome.decision {
        Decision::LateEvidence { .. } => Relation::LateEvidence,
        _ if was_there => Relation::Joined,
        Decision::Suggest { .. } if !suggestions.is_empty() => Relation::Suggested,
        _ => Relation::Opened,
    };
    // What is done is not to be expected any more.
    let expected = alert
        .expected_from
        .zip(alert.expected_to)
        .filter(|_| alert.open)
        .map(|(from, to)| DayRange { from, to });
    let status = alert.status()?.public_status();
    let waits = status == PublicStatus::OnHold;
    Ok(Told {
        alert_id: alert.id,
        alert_reference: alert.reference.clone(),
        alert_category_id: Some(alert.category_id),
        status,
        status_at: Some(alert.status_at),
        reason: alert.reason.clone().filter(|_| waits),
        review_on: alert.review_on.filter(|_| waits),
        relation,
        reported_by: ReportedBy::of(u64::try_from(alert.report_count).unwrap_or(1)).unwrap_or(ReportedBy::One),
        expected,
        service_id: alert.service_id,
        body_id: alert.body_id,
        closed_at: alert.closed_at.filter(|_| relation == Relation::LateEvidence),
        suggestions,
        withheld: None,
        photos: draft.taken.iter().map(photo_told).collect(),
    })
}

fn suggested(alert: &Alert) -> Result<Suggested, Problem> {
    let rejected = alert.status == "rejected";
    Ok(Suggested {
        id: alert.id,
        reference: alert.reference.clone(),
        status: alert.status()?.public_status(),
        reason: alert.reason.clone().filter(|_| rejected),
    })
}

/// Ids are made here, so that the stored answer already holds them.
fn photo_told(taken: &TakenPhoto) -> PhotoTold {
    match taken {
        Ok(_) => PhotoTold {
            id: Some(Uuid::now_v7()),
            refusal: None,
        },
        Err(refusal) => PhotoTold {
            id: None,
            refusal: Some(*refusal),
        },
    }
}

/// The service that an answer names.
#[must_use]
pub fn service_of<'a>(town: &'a Town, told: &Told) -> Option<&'a Service> {
    town.services
        .get(&told.service_id)
        .or_else(|| town.services.get(&town.default_service_id))
}
