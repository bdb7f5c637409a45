//! The queue: one statement for the rows, put into words here, so that a list costs little more than its rows.

use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, Select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;

use super::filter::{Filter, Narrowed, QueueQuery};
use super::geojson::{AlertCollection, GEOJSON, wants_geojson};
use super::scope::in_scope;
use super::summary::AlertSummary;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::schema::alert;
use crate::db::window::Within;
use crate::db::{TownId, Tx};
use crate::flow::alert::model::Alert;
use crate::flow::command::Command;
use crate::http::page::{cut, next_link};
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, Staff, permit_any};

/// A page of alerts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertPage {
    /// In the order asked for. A page of a box may hold fewer than asked for although more follow.
    pub items: Vec<AlertSummary>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// The query of a page: what the person may read, narrowed and in order.
#[must_use]
pub fn page<'a>(
    staff: &Staff,
    filter: &'a Filter,
    town: TownId,
    now: DateTime<Utc>,
) -> Within<'a, Select<Narrowed<'a>, AsSelect<Alert, Pg>>> {
    let query = alert::table.into_boxed().filter(alert::jurisdiction_id.eq(town.0));
    let query = match in_scope(staff, Operation::ReadAlert) {
        Some(scope) => query.filter(scope),
        None => query,
    };
    Within {
        window: filter.window(),
        query: filter.narrow(query, now).select(Alert::as_select()),
    }
}

/// Reads a page.
///
/// # Errors
/// When the database refuses.
pub async fn read(
    tx: &mut Tx,
    town: &Town,
    staff: &Staff,
    filter: &Filter,
    now: DateTime<Utc>,
) -> Result<AlertPage, Problem> {
    let rows = page(staff, filter, town.id, now);
    let mut rows = if filter.window().is_some() {
        let mut conn: &AsyncPgConnection = tx;
        let rows = async { Ok(rows.load(&mut conn).await?) };
        tokio::try_join!(tx.plan_once(), rows)?.1
    } else {
        rows.load(&mut **tx).await?
    };
    let next = cut(&mut rows, filter.limit, |row| {
        filter.key(row.opened_at, row.due_at, row.id)
    });
    if let Some(bounds) = &filter.bounds {
        rows.retain(|row| bounds.holds(row.anchor.x, row.anchor.y));
    }
    let items: Result<_, Problem> = rows.into_iter().map(|row| AlertSummary::from_row(town, row)).collect();
    Ok(AlertPage { items: items?, next })
}

/// The alerts in the person's scope, page by page, as JSON or as GeoJSON.
#[utoipa::path(operation_id = "list_alerts", tag = "desk", params(QueueQuery),
    responses(
        (status = 200, description = "A page.", content(
            (AlertPage = "application/json"),
            (AlertCollection = "application/geo+json"),
        ), headers(("Link" = String, description = "The next page, if there is one."))),
        StaffRead,
    ))]
#[get("/v1/alerts")]
pub async fn list_alerts(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    query: web::Query<QueueQuery>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let geojson = wants_geojson(&request, query.format);
    let Command {
        mut tx,
        staff,
        town,
        now,
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::ReadAlert)?;
    let mut filter = Filter::read(&town, query)?;
    filter.look_up(&mut tx).await?;
    let page = read(&mut tx, &town, &staff, &filter, now).await?;
    tx.commit().await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &page.next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    if geojson {
        response.insert_header((CONTENT_TYPE, GEOJSON));
        return Ok(response.json(AlertCollection::of(page.items, page.next)));
    }
    Ok(response.json(page))
}
