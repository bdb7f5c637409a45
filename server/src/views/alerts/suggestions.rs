//! Pairs of open alerts that the machine thinks may be the same, for a person to judge: answered by merging them or by "not
//! the same".

use actix_web::http::header::{LINK, VARY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Float, Integer, Jsonb, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::reasons::{self, CandidateBody};
use super::scope::as_arrays;
use super::summary::AlertSummary;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::queries::by_id;
use crate::flow::alert::queries::operation::kept_apart_sql;
use crate::flow::alert::queries::own_word::said_same_sql;
use crate::flow::command::Command;
use crate::http::client::Client;
use crate::http::page::{PageQuery, cut, next_link};
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, permit_any};
use crate::text::{Locale, Texts};

/// Two alerts that may be the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SuggestionBody {
    /// The later one.
    pub alert: AlertSummary,
    /// The earlier one.
    pub other: AlertSummary,
    /// Probability that they are the same.
    #[schema(minimum = 0, maximum = 1)]
    pub posterior: f32,
    /// Whether somebody who reported one of them says that it is the other one.
    pub said_same: bool,
    /// Features and contributions, with their words.
    pub reasons: Vec<CandidateBody>,
    /// When it was suggested.
    pub at: DateTime<Utc>,
}

/// A page of pairs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SuggestionPage {
    /// Those of which an author says so first, then the likeliest.
    pub items: Vec<SuggestionBody>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    later: Uuid,
    #[diesel(sql_type = SqlUuid)]
    earlier: Uuid,
    #[diesel(sql_type = Bool)]
    said: bool,
    #[diesel(sql_type = Float)]
    posterior: f32,
    #[diesel(sql_type = Jsonb)]
    reasons: Value,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// Where a page ended.
type Key = (bool, f32, Uuid, Uuid);

/// The condition that an alert lies in the person's scope.
macro_rules! in_scope {
    ($alert:literal) => {
        concat!(
            "($2 OR EXISTS (SELECT FROM unnest($3, $4, $5) AS may (service, sector, crew) \
               WHERE (may.service IS NULL OR may.service = ",
            $alert,
            ".service_id) \
                 AND (may.sector IS NULL OR ",
            $alert,
            ".sector_id IS NULL OR may.sector = ",
            $alert,
            ".sector_id) \
                 AND (may.crew IS NULL OR may.crew = ",
            $alert,
            ".crew_id)))"
        )
    };
}

/// An alert that was merged away stands for the one that it was merged into; a pair that is suggested twice stands once; one
/// that a person keeps apart not at all.
const PAIRS: &str = concat!(
    "SELECT later, earlier, said, posterior, reasons, at FROM ( \
       SELECT DISTINCT ON (least(a.id, b.id), greatest(a.id, b.id)) \
         a.id AS later, b.id AS earlier, ",
    said_same_sql!("$1", "a.id", "b.id"),
    " AS said, coalesce(l.posterior, 0) AS posterior, l.reasons, l.at \
       FROM alert_link l \
       JOIN alert f ON f.jurisdiction_id = l.jurisdiction_id AND f.id = l.from_alert \
       JOIN alert t ON t.jurisdiction_id = l.jurisdiction_id AND t.id = l.to_alert \
       JOIN alert a ON a.jurisdiction_id = l.jurisdiction_id AND a.id = coalesce(f.merged_into, f.id) \
       JOIN alert b ON b.jurisdiction_id = l.jurisdiction_id AND b.id = coalesce(t.merged_into, t.id) \
       WHERE l.jurisdiction_id = $1 AND l.kind = 'suggested' AND l.state = 'standing' \
         AND a.open AND b.open AND a.id <> b.id \
         AND ",
    in_scope!("a"),
    " AND ",
    in_scope!("b"),
    " AND NOT ",
    kept_apart_sql!("$1", "a.id", "b.id"),
    " ORDER BY least(a.id, b.id), greatest(a.id, b.id), l.posterior DESC NULLS LAST) AS pair \
     WHERE $6::boolean IS NULL OR (said, posterior, later, earlier) < ($6, $7, $8, $9) \
     ORDER BY said DESC, posterior DESC, later DESC, earlier DESC LIMIT $10"
);

/// Pairs of open alerts that may be the same: first those of which somebody who reported one says so, then the likeliest. Both
/// alerts lie in the person's scope.
#[utoipa::path(operation_id = "list_suggestions", tag = "desk", params(PageQuery),
    responses(
        (status = 200, description = "A page.", body = SuggestionPage, headers(("Link" = String, description = "The next page, if there is one."))),
        StaffRead,
    ))]
#[get("/v1/alerts/suggestions")]
pub async fn list_suggestions(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (query.limit()?, query.after::<Key>()?);
    let Command {
        mut tx, staff, town, ..
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::Regroup)?;
    let scope = as_arrays(&staff, Operation::Regroup);
    let mut rows = pairs(&mut tx, scope, after, limit + 1).await?;
    let next = cut(&mut rows, limit, |row| {
        (row.said, row.posterior, row.later, row.earlier)
    });
    let items = describe(&mut tx, &town, (&app.texts, client.locale), rows).await?;
    tx.commit().await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, "Accept-Language"));
    if let Some(next) = &next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    Ok(response.json(SuggestionPage { items, next }))
}

async fn pairs(
    tx: &mut Tx,
    scope: Option<[Vec<Option<Uuid>>; 3]>,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<Row>, Problem> {
    let everything = scope.is_none();
    let [services, sectors, crews] = scope.unwrap_or_default();
    let found = diesel::sql_query(PAIRS)
        .bind::<Integer, _>(tx.town().0)
        .bind::<Bool, _>(everything)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(services)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(sectors)
        .bind::<Array<Nullable<SqlUuid>>, Vec<Option<Uuid>>>(crews)
        .bind::<Nullable<Bool>, _>(after.map(|key| key.0))
        .bind::<Nullable<Float>, _>(after.map(|key| key.1))
        .bind::<Nullable<SqlUuid>, _>(after.map(|key| key.2))
        .bind::<Nullable<SqlUuid>, _>(after.map(|key| key.3))
        .bind::<BigInt, _>(limit);
    Ok(found.load(&mut **tx).await?)
}

async fn describe(
    tx: &mut Tx,
    town: &Town,
    (texts, locale): (&Texts, Locale),
    rows: Vec<Row>,
) -> Result<Vec<SuggestionBody>, Problem> {
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| [row.later, row.earlier]).collect();
    let alerts = by_id(tx, &ids).await?;
    let mut items = Vec::new();
    for row in rows {
        if let (Some(later), Some(earlier)) = (alerts.get(&row.later), alerts.get(&row.earlier)) {
            items.push(SuggestionBody {
                alert: AlertSummary::of(town, later)?,
                other: AlertSummary::of(town, earlier)?,
                posterior: row.posterior,
                said_same: row.said,
                reasons: reasons::read(texts, locale, row.reasons)?,
                at: row.at,
            });
        }
    }
    Ok(items)
}
