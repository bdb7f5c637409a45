//! What a person of the front desk took in for others, and where it stands.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use super::summary::AlertSummary;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::schema::{alert, report};
use crate::flow::alert::model::Alert;
use crate::flow::command::Command;
use crate::http::page::{Last, PageQuery, cut, next_link};
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, permit_any};

/// A report that the person entered.
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

type Row = (Uuid, String, String, DateTime<Utc>, Alert);

/// The reports that the person entered for others, and where each stands.
#[utoipa::path(operation_id = "list_entered_reports", tag = "desk", params(PageQuery),
    responses((status = 200, description = "A page.", body = EnteredPage, headers(("Link" = String, description = "The next page, if there is one."))), StaffRead))]
#[get("/v1/desk/reports")]
pub async fn list_entered_reports(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (page.limit()?, page.after::<Last>()?);
    let Command {
        mut tx, staff, town, ..
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::FollowEntered)?;
    let mut query = report::table
        .inner_join(
            alert::table.on(alert::jurisdiction_id
                .eq(report::jurisdiction_id)
                .and(alert::id.eq(report::alert_id))),
        )
        .filter(
            report::jurisdiction_id
                .eq(town.id.0)
                .and(report::entered_by.eq(staff.staff_user_id)),
        )
        .order((report::received_at.desc(), report::id.desc()))
        .limit(limit + 1)
        .select((
            report::id,
            report::reference,
            report::channel,
            report::received_at,
            Alert::as_select(),
        ))
        .into_boxed();
    if let Some(Last(at, id)) = after {
        query = query.filter(
            report::received_at
                .lt(at)
                .or(report::received_at.eq(at).and(report::id.lt(id))),
        );
    }
    let mut rows: Vec<Row> = query.load(&mut *tx).await?;
    tx.commit().await?;
    let next = cut(&mut rows, limit, |row| (row.3, row.0));
    let entered = |(id, reference, channel, received_at, row): Row| {
        let alert = AlertSummary::from_row(&town, row)?;
        Ok(EnteredReport {
            id,
            reference,
            channel,
            received_at,
            alert,
        })
    };
    let items: Result<_, Problem> = rows.into_iter().map(entered).collect();
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    Ok(response.json(EnteredPage { items: items?, next }))
}
