//! What nobody looks after, and what is late.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use super::scope::{as_arrays, in_scope};
use super::summary::AlertSummary;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::schema::alert;
use crate::flow::alert::model::Alert;
use crate::flow::command::Command;
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, Staff, permit_any};

/// Most alerts of one answer.
const MOST: i64 = 500;

/// An open alert that nobody has to move on.
#[derive(Debug, Serialize, QueryableByName, utoipa::ToSchema)]
pub struct Orphan {
    /// Alert.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// What people say on the telephone.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub reference: String,
    /// no_service, no_crew (dispatched to one that is gone), no_phase, no_body.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub why: String,
}

/// What the check found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Orphans {
    /// When it looked.
    pub checked_at: DateTime<Utc>,
    /// At most 500; none is the rule.
    pub items: Vec<Orphan>,
}

/// Every open alert has a service that exists, somebody whose turn it is, and a due date (which no row can lack).
const CHECK: &str = "SELECT a.id, a.reference, CASE \
      WHEN NOT a.service_id = ANY ($2) THEN 'no_service' \
      WHEN a.status IN ('dispatched', 'planned', 'in_progress') AND (a.crew_id IS NULL OR NOT a.crew_id = ANY ($3)) THEN 'no_crew' \
      WHEN a.status = 'transferred' AND a.body_id IS NULL THEN 'no_body' \
      ELSE 'no_phase' END AS why \
    FROM alert a WHERE a.jurisdiction_id = $1 AND a.open AND ( \
      NOT a.service_id = ANY ($2) \
      OR (a.status IN ('dispatched', 'planned', 'in_progress') AND (a.crew_id IS NULL OR NOT a.crew_id = ANY ($3))) \
      OR (a.status = 'transferred' AND a.body_id IS NULL) \
      OR NOT EXISTS (SELECT FROM alert_phase p WHERE p.jurisdiction_id = a.jurisdiction_id AND p.alert_id = a.id AND p.ended_at IS NULL)) \
      AND ($4 OR EXISTS (SELECT FROM unnest($5, $6, $7) AS may (service, sector, crew) \
        WHERE (may.service IS NULL OR may.service = a.service_id) \
          AND (may.sector IS NULL OR a.sector_id IS NULL OR may.sector = a.sector_id) \
          AND (may.crew IS NULL OR may.crew = a.crew_id))) \
    ORDER BY a.opened_at, a.id LIMIT 500";

/// Open alerts in the person's scope that nobody has to move on.
async fn orphans(tx: &mut Tx, town: &Town, staff: &Staff) -> Result<Vec<Orphan>, Problem> {
    let services: Vec<Uuid> = town.services.keys().copied().collect();
    let crews: Vec<Uuid> = town
        .crews
        .values()
        .filter(|crew| crew.active)
        .map(|crew| crew.id)
        .collect();
    let scope = as_arrays(staff, Operation::Oversee);
    let unlimited = scope.is_none();
    let [services_of, sectors_of, crews_of] = scope.unwrap_or_default();
    let found = diesel::sql_query(CHECK)
        .bind::<Integer, _>(town.id.0)
        .bind::<Array<SqlUuid>, _>(services)
        .bind::<Array<SqlUuid>, _>(crews)
        .bind::<Bool, _>(unlimited)
        .bind::<Array<Nullable<SqlUuid>>, _>(services_of)
        .bind::<Array<Nullable<SqlUuid>>, _>(sectors_of)
        .bind::<Array<Nullable<SqlUuid>>, _>(crews_of);
    Ok(found.load(&mut **tx).await?)
}

/// Checks that every open alert in the person's scope has an owner: the list should be empty.
#[utoipa::path(operation_id = "list_orphans", tag = "desk",
    responses((status = 200, description = "What the check found.", body = Orphans), StaffRead))]
#[get("/v1/oversight/orphans")]
pub async fn list_orphans(app: web::Data<App>, token: StaffToken) -> Result<HttpResponse, Problem> {
    let Command {
        mut tx,
        staff,
        town,
        now,
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::Oversee)?;
    let items = orphans(&mut tx, &town, &staff).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(Orphans { checked_at: now, items }))
}

/// Alerts past their promise.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Overdue {
    /// When it looked.
    pub checked_at: DateTime<Utc>,
    /// How many there are in the person's scope.
    pub total: i64,
    /// The longest overdue first; at most 500.
    pub items: Vec<AlertSummary>,
}

/// Open alerts in the person's scope whose promise has passed, the longest overdue first. What is on hold waits for its
/// review instead.
#[utoipa::path(operation_id = "list_overdue", tag = "desk",
    responses((status = 200, description = "What is late.", body = Overdue), StaffRead))]
#[get("/v1/oversight/overdue")]
pub async fn list_overdue(app: web::Data<App>, token: StaffToken) -> Result<HttpResponse, Problem> {
    let Command {
        mut tx,
        staff,
        town,
        now,
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::Oversee)?;
    let late = || {
        let late = alert::table
            .into_boxed()
            .filter(alert::jurisdiction_id.eq(town.id.0).and(alert::open))
            .filter(alert::due_at.lt(now).and(alert::status.ne("on_hold")));
        match in_scope(&staff, Operation::Oversee) {
            Some(scope) => late.filter(scope),
            None => late,
        }
    };
    let total = late().count().get_result(&mut *tx).await?;
    let rows = late()
        .order((alert::due_at, alert::id))
        .limit(MOST)
        .select(Alert::as_select());
    let rows: Vec<Alert> = rows.load(&mut *tx).await?;
    tx.commit().await?;
    let items: Result<_, Problem> = rows.into_iter().map(|row| AlertSummary::from_row(&town, row)).collect();
    Ok(HttpResponse::Ok().json(Overdue {
        checked_at: now,
        total,
        items: items?,
    }))
}
