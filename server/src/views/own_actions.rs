//! What the server keeps of a person's own actions in the street, the place of each among it: for that person alone.
//!
//! Two kinds are one list: what a tablet sent from its queue (`field_action`, whatever became of it), and what came over the
//! network at once, which stands in the history only.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postgis_diesel::types::Point;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::db::schema::{alert, field_action, status_event};
use crate::flow::command::Command;
use crate::flow::dispatch::field::model::{FieldKind, Outcome, Reason, StoredAction};
use crate::http::page::{Last, PageQuery, cut, next_link};
use crate::http::point::PointBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::responses::Session;

/// Something that the person did in the street.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OwnAction {
    /// The tablet's own id of it.
    pub id: Uuid,
    /// What.
    pub kind: FieldKind,
    /// Task that it was about, as the tablet said.
    pub task_id: Option<Uuid>,
    /// Alert that it came to, if it came to one.
    pub alert_id: Option<Uuid>,
    /// What people say of that alert on the telephone.
    pub alert_reference: Option<String>,
    /// Clock of the tablet.
    pub at: DateTime<Utc>,
    /// When it arrived first.
    pub received_at: DateTime<Utc>,
    /// Where the person stood at that moment, if that was sent and is kept. Nothing else is kept of where anybody was.
    pub place: Option<PointBody>,
    /// What became of it.
    pub state: Outcome,
    /// Why it did not simply take effect.
    pub reason: Option<Reason>,
}

/// A page of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OwnActionPage {
    /// What arrived last first.
    pub items: Vec<OwnAction>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// What the server keeps of what the caller did in the street, in the town of this session, and of nobody else.
#[utoipa::path(operation_id = "list_own_field_actions", tag = "crew", params(PageQuery), responses(
    (status = 200, description = "A page.", body = OwnActionPage, headers(("Link" = String, description = "The next page, if there is one."))),
    (status = 400, description = "A parameter is not of its form.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A parameter is out of range; `errors` names each.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
))]
#[get("/v1/me/field-actions")]
pub async fn list_own_field_actions(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (page.limit()?, page.after::<Last>()?);
    let Command { mut tx, staff, .. } = Command::begin(&app, token, Utc::now()).await?;
    let mut items = queued(&mut tx, staff.staff_user_id, limit + 1, after).await?;
    items.extend(at_once(&mut tx, staff.staff_user_id, limit + 1, after).await?);
    tx.commit().await?;
    items.sort_by_key(|item| std::cmp::Reverse((item.received_at, item.id)));
    let next = cut(&mut items, limit, |item| (item.received_at, item.id));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    Ok(response.json(OwnActionPage { items, next }))
}

/// What came from a tablet's queue.
async fn queued(tx: &mut Tx, person: Uuid, limit: i64, after: Option<Last>) -> Result<Vec<OwnAction>, Problem> {
    let town = tx.town();
    let of_alert = alert::jurisdiction_id
        .eq(field_action::jurisdiction_id)
        .and(field_action::alert_id.eq(alert::id.nullable()));
    let mut found = field_action::table
        .left_join(alert::table.on(of_alert))
        .filter(
            field_action::jurisdiction_id
                .eq(town.0)
                .and(field_action::agent_id.eq(person)),
        )
        .order((field_action::received_at.desc(), field_action::id.desc()))
        .limit(limit)
        .select((StoredAction::as_select(), alert::reference.nullable()))
        .into_boxed();
    if let Some(Last(at, id)) = after {
        found = found.filter(
            field_action::received_at
                .lt(at)
                .or(field_action::received_at.eq(at).and(field_action::id.lt(id))),
        );
    }
    let rows: Vec<(StoredAction, Option<String>)> = found.load(&mut **tx).await?;
    let shown = |(action, alert_reference): (StoredAction, Option<String>)| -> Result<OwnAction, Problem> {
        let place = action.payload.get("position").cloned();
        let reason = action.reason.as_deref().map(str::parse).transpose();
        Ok(OwnAction {
            id: action.id,
            kind: action.kind.parse().map_err(Problem::internal)?,
            task_id: action.task_id,
            alert_id: action.alert_id,
            alert_reference,
            at: action.client_at,
            received_at: action.received_at,
            place: place.and_then(|place| serde_json::from_value(place).ok()),
            state: action.outcome.parse().map_err(Problem::internal)?,
            reason: reason.map_err(Problem::internal)?,
        })
    };
    rows.into_iter().map(shown).collect()
}

/// Of the history: identity, step, task, alert, reference, clock of the tablet, ours, and the place.
type Line = (
    Uuid,
    String,
    Option<Uuid>,
    Uuid,
    String,
    Option<DateTime<Utc>>,
    DateTime<Utc>,
    Option<Point>,
);

/// What came over the network at once. A client's own action has a digest and the clock of the tablet; what the server
/// did on its account has not both.
async fn at_once(tx: &mut Tx, person: Uuid, limit: i64, after: Option<Last>) -> Result<Vec<OwnAction>, Problem> {
    let town = tx.town();
    let of_alert = alert::jurisdiction_id
        .eq(status_event::jurisdiction_id)
        .and(alert::id.eq(status_event::alert_id));
    let queued = field_action::jurisdiction_id
        .eq(status_event::jurisdiction_id)
        .and(field_action::id.eq(status_event::id));
    let mut found = status_event::table
        .inner_join(alert::table.on(of_alert))
        .left_join(field_action::table.on(queued))
        .filter(
            status_event::jurisdiction_id
                .eq(town.0)
                .and(status_event::by_user.eq(person)),
        )
        .filter(
            status_event::client_at
                .is_not_null()
                .and(status_event::request_hash.is_not_null()),
        )
        .filter(field_action::id.nullable().is_null())
        .order((status_event::at.desc(), status_event::id.desc()))
        .limit(limit)
        .select((
            status_event::id,
            status_event::step,
            status_event::task_id,
            status_event::alert_id,
            alert::reference,
            status_event::client_at,
            status_event::at,
            status_event::place,
        ))
        .into_boxed();
    if let Some(Last(at, id)) = after {
        found = found.filter(
            status_event::at
                .lt(at)
                .or(status_event::at.eq(at).and(status_event::id.lt(id))),
        );
    }
    let lines: Vec<Line> = found.load(&mut **tx).await?;
    let shown = |(id, step, task_id, alert_id, reference, client_at, received_at, place): Line| {
        Some(OwnAction {
            id,
            kind: kind_of(&step)?,
            task_id,
            alert_id: Some(alert_id),
            alert_reference: Some(reference),
            at: client_at.unwrap_or(received_at),
            received_at,
            place: place.map(|place| PointBody::of(place.x, place.y)),
            state: Outcome::Applied,
            reason: None,
        })
    };
    Ok(lines.into_iter().filter_map(shown).collect())
}

/// What a crew does, by its word in the history.
fn kind_of(word: &str) -> Option<FieldKind> {
    let said = |kind: &FieldKind| {
        let action = kind.action()?;
        Some(action.step().map_or(action.as_str(), |step| step.as_str()))
    };
    FieldKind::ALL.iter().find(|kind| said(kind) == Some(word)).copied()
}
