//! What was taken in at the desk for callers and visitors, and where it stands.

use std::collections::HashMap;

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::scope::in_scope;
use super::summary::AlertSummary;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::db::schema::{alert, alert_phase, report};
use crate::flow::alert::queries::by_id;
use crate::flow::command::Command;
use crate::flow::report::model::Channel;
use crate::flow::status::vocabulary::Status;
use crate::http::page::{Last, PageQuery, cut, next_link};
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, Staff, permit_any};

/// Query parameters of the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnteredQuery {
    /// Only what one entered oneself (true); without it also what colleagues entered for others, in one's scope.
    pub mine: Option<bool>,
    /// Rows wanted, 1 to 500; 50 when not given.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// Where the page before ended, from its `Link` header or `next`.
    pub cursor: Option<String>,
}

/// A report that somebody of the staff entered for somebody else.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnteredReport {
    /// Report.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// How it came.
    pub channel: String,
    /// When it was entered.
    pub received_at: DateTime<Utc>,
    /// Whether whoever asks entered it.
    pub mine: bool,
    /// Whether the alert is past its promise; what is on hold waits for its review instead.
    pub overdue: bool,
    /// When somebody of its service first looked at the alert in the phase that it is in; none: nobody has yet.
    pub seen_at: Option<DateTime<Utc>>,
    /// The alert that it belongs to.
    pub alert: AlertSummary,
}

/// A page of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnteredPage {
    /// Latest first.
    pub items: Vec<EnteredReport>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// Report, reference, channel, when it was entered, by whom, its alert.
type Row = (Uuid, String, String, DateTime<Utc>, Option<Uuid>, Uuid);

/// One's own entries, wherever their alerts went, and unless `mine` those of colleagues whose alerts are in the person's
/// scope. What an agent saw in the street was forwarded for nobody.
async fn entered(tx: &mut Tx, staff: &Staff, mine: bool, after: Option<Last>, most: i64) -> Result<Vec<Row>, Problem> {
    let town = tx.town();
    let mut query = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::entered_by.is_not_null()))
        .order((report::received_at.desc(), report::id.desc()))
        .limit(most)
        .select((
            report::id,
            report::reference,
            report::channel,
            report::received_at,
            report::entered_by,
            report::alert_id,
        ))
        .into_boxed::<Pg>();
    let own = report::entered_by.eq(staff.staff_user_id);
    let for_others = report::channel.ne(Channel::Field.as_str());
    query = match (mine, in_scope(staff, Operation::FollowEntered)) {
        (true, _) => query.filter(own),
        (false, None) => query.filter(own.or(for_others)),
        (false, Some(scope)) => {
            let theirs = alert::table
                .into_boxed::<Pg>()
                .filter(alert::jurisdiction_id.eq(town.0))
                .filter(scope)
                .select(alert::id);
            query.filter(own.or(for_others.and(report::alert_id.eq_any(theirs))))
        }
    };
    if let Some(Last(at, id)) = after {
        query = query.filter(
            report::received_at
                .lt(at)
                .or(report::received_at.eq(at).and(report::id.lt(id))),
        );
    }
    Ok(query.load(&mut **tx).await?)
}

/// When somebody first looked at each of these alerts, by alert and phase.
async fn seen(tx: &mut Tx, alerts: &[Uuid]) -> Result<HashMap<(Uuid, String), DateTime<Utc>>, Problem> {
    let town = tx.town();
    let rows: Vec<(Uuid, String, Option<DateTime<Utc>>)> = alert_phase::table
        .filter(
            alert_phase::jurisdiction_id
                .eq(town.0)
                .and(alert_phase::alert_id.eq_any(alerts)),
        )
        .select((alert_phase::alert_id, alert_phase::phase, alert_phase::seen_at))
        .load(&mut **tx)
        .await?;
    let seen = rows
        .into_iter()
        .filter_map(|(alert, phase, at)| Some(((alert, phase), at?)));
    Ok(seen.collect())
}

/// The reports that were entered for callers and visitors in the person's scope, and where each stands.
#[utoipa::path(operation_id = "list_entered_reports", tag = "desk", params(EnteredQuery),
    responses((status = 200, description = "A page.", body = EnteredPage, headers(("Link" = String, description = "The next page, if there is one."))), StaffRead))]
#[get("/v1/desk/reports")]
pub async fn list_entered_reports(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    query: web::Query<EnteredQuery>,
) -> Result<HttpResponse, Problem> {
    let EnteredQuery { mine, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor };
    let (limit, after) = (page.limit()?, page.after::<Last>()?);
    let Command {
        mut tx,
        staff,
        town,
        now,
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::FollowEntered)?;
    let mut rows = entered(&mut tx, &staff, mine.unwrap_or(false), after, limit + 1).await?;
    let next = cut(&mut rows, limit, |row| (row.3, row.0));
    let ids: Vec<Uuid> = rows.iter().map(|row| row.5).collect();
    let alerts = by_id(&mut tx, &ids).await?;
    let seen = seen(&mut tx, &ids).await?;
    tx.commit().await?;
    let body = |(id, reference, channel, received_at, by, alert_id): Row| {
        let alert = alerts.get(&alert_id);
        let alert = alert.ok_or_else(|| Problem::internal("the report's alert is missing"))?;
        let alert = AlertSummary::of(&town, alert)?;
        Ok(EnteredReport {
            id,
            reference,
            channel,
            received_at,
            mine: by == Some(staff.staff_user_id),
            overdue: alert.open && alert.status != Status::OnHold && alert.due_at < now,
            seen_at: seen.get(&(alert_id, alert.phase.as_str().to_owned())).copied(),
            alert,
        })
    };
    let items: Result<_, Problem> = rows.into_iter().map(body).collect();
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    Ok(response.json(EnteredPage { items: items?, next }))
}
