//! What the public's map shows, without a map: open alerts of a part of a town as a list, and how many there are in each cell.
//! Read from what is public, with the public's rights, and from nothing else.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse, get, web};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use geo_dedup::cell::CellRange;
use postgis_diesel::types::Point;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alerts::cells::{CellCounts, CellRow, FINEST, MOST as MOST_CELLS, ancestor_bits};
use super::alerts::narrow::Bounds;
use super::alerts::{CollectionType, FeatureType, GEOJSON};
use crate::app::App;
use crate::catalog::model::{Catalogue, Town};
use crate::db::Tx;
use crate::db::schema::public_alert;
use crate::db::window::{Rows, Window, Within};
use crate::flow::status::vocabulary::PublicStatus;
use crate::http::client::Client;
use crate::http::etag;
use crate::http::limits::Class;
use crate::http::point::PointBody;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PublicRead;

/// Most alerts of an answer.
const MOST: usize = 500;
/// Rows that are read for it: one more says that there are more.
const MOST_ROWS: i64 = 501;
/// As long as a tile.
const FRESH: &str = "public, max-age=30";
/// Counts by cell of what is public. The town stands in it, and row level security beside it.
const COUNT: &str = "SELECT (a.h3_15 & $1) | $2 AS cell, count(*) AS count \
     FROM unnest($3, $4) AS part (first, last) \
     JOIN public_alert a ON a.h3_15 BETWEEN part.first AND part.last \
     WHERE a.jurisdiction_id = $5 AND a.open AND a.category_id = ANY($6) \
     GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $7";

/// Which part of which town.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PartQuery {
    /// Short name of the town.
    pub jurisdiction: String,
    /// West, south, east, north; degrees.
    #[param(example = "2.33,48.85,2.36,48.87")]
    pub bbox: String,
}

/// Which part of which town, in cells of which size.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PartCellsQuery {
    /// Short name of the town.
    pub jurisdiction: String,
    /// West, south, east, north; degrees. Cells at its edge are counted whole or in part, as they are stored.
    #[param(example = "2.33,48.85,2.36,48.87")]
    pub bbox: String,
    /// Resolution of the cells, 0 to 11.
    #[param(minimum = 0, maximum = 11)]
    pub res: u8,
}

/// Open alerts as points (RFC 7946).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicCollection {
    /// Always `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: CollectionType,
    /// One for each, at most 500.
    features: Vec<PublicFeature>,
    /// Whether there are more than are listed: a smaller part has fewer.
    more: bool,
}

/// An alert.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicFeature {
    /// Always `Feature`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: FeatureType,
    /// Identity.
    id: Uuid,
    /// Its public place: the middle of an area about 20 m across.
    geometry: PointBody,
    /// What a tile says of it.
    properties: PublicProperties,
}

/// The same as on a point of the public's tiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicProperties {
    /// Identity.
    id: Uuid,
    /// Code of its category.
    category: String,
    /// Where it stands.
    status: PublicStatus,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = public_alert)]
struct Row {
    alert_id: Uuid,
    category_id: Uuid,
    status: String,
    point: Point,
}

/// The open alerts of a part of the map as the public may know them, as GeoJSON: what the tiles show, for who reads no tiles.
#[utoipa::path(operation_id = "list_public_alerts", tag = "resident", params(PartQuery),
    responses(
        (status = 200, description = "The alerts.", body = PublicCollection, content_type = "application/geo+json", headers(("ETag" = String, description = "Of this answer."))),
        (status = 304, description = "The client has it (If-None-Match)."),
        (status = 400, description = "A parameter is missing or not of its form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such town.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No part of the map.", body = ProblemBody, content_type = "application/problem+json"),
        PublicRead,
    ))]
#[get("/v1/public/alerts")]
pub async fn list_public_alerts(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
    query: web::Query<PartQuery>,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Read, &client)?;
    let bounds = Bounds::parse(&query.bbox)?;
    let ranges = bounds.ranges()?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = named(&catalogue, &query.jurisdiction)?;
    let tx = app.db.begin_public(town.id).await?;
    let rows = rows(&tx, town, &ranges).await?;
    tx.commit().await?;
    answer(&request, GEOJSON, &collection(town, &bounds, rows)?)
}

/// How many open alerts of a part of the map lie in each H3 cell, of those that are public.
#[utoipa::path(operation_id = "count_public_alerts", tag = "resident", params(PartCellsQuery),
    responses(
        (status = 200, description = "Counts by cell.", body = CellCounts, headers(("ETag" = String, description = "Of this answer."))),
        (status = 304, description = "The client has it (If-None-Match)."),
        (status = 400, description = "A parameter is missing or not of its form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such town.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No part of the map, or no such resolution.", body = ProblemBody, content_type = "application/problem+json"),
        PublicRead,
    ))]
#[get("/v1/public/alerts/cells")]
pub async fn count_public_alerts(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
    query: web::Query<PartCellsQuery>,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Read, &client)?;
    if query.res > FINEST {
        return Err(Problem::field("res", "resolution"));
    }
    let ranges = Bounds::parse(&query.bbox)?.ranges()?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = named(&catalogue, &query.jurisdiction)?;
    let tx = app.db.begin_public(town.id).await?;
    let counted = counted(&tx, town, query.res, &ranges).await?;
    tx.commit().await?;
    answer(&request, "application/json", &CellCounts::of(query.res, counted))
}

fn named<'a>(catalogue: &'a Catalogue, slug: &str) -> Result<&'a Town, Problem> {
    let town = catalogue.by_slug(slug).map(std::convert::AsRef::as_ref);
    town.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// What is sensitive by now is not shown, be it that the projection comes later.
fn shown_categories(town: &Town) -> Vec<Uuid> {
    let public = town.categories.iter().filter(|category| !category.sensitive);
    public.map(|category| category.id).collect()
}

async fn rows(tx: &Tx, town: &Town, ranges: &[CellRange]) -> Result<Vec<Row>, Problem> {
    let window = Window::of("public_alert", town.id, Rows::Open, ranges);
    let query = public_alert::table
        .filter(public_alert::jurisdiction_id.eq(town.id.0))
        .filter(public_alert::category_id.eq_any(shown_categories(town)))
        .limit(MOST_ROWS)
        .select(Row::as_select());
    let within = Within {
        window: Some(&window),
        query,
    };
    Ok(within.load(&mut &**tx).await?)
}

async fn counted(tx: &Tx, town: &Town, res: u8, ranges: &[CellRange]) -> Result<Vec<CellRow>, Problem> {
    let (mask, bits) = ancestor_bits(res);
    let (first, last): (Vec<i64>, Vec<i64>) = ranges.iter().map(|range| (range.first, range.last)).unzip();
    Ok(diesel::sql_query(COUNT)
        .bind::<BigInt, _>(mask)
        .bind::<BigInt, _>(bits)
        .bind::<Array<BigInt>, _>(first)
        .bind::<Array<BigInt>, _>(last)
        .bind::<Integer, _>(town.id.0)
        .bind::<Array<SqlUuid>, _>(shown_categories(town))
        .bind::<Integer, _>(MOST_CELLS)
        .load(&mut &**tx)
        .await?)
}

fn collection(town: &Town, bounds: &Bounds, mut rows: Vec<Row>) -> Result<PublicCollection, Problem> {
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    // The same alerts are the same answer, in whichever order the index led to them.
    rows.sort_by_key(|row| row.alert_id);
    let there = rows.into_iter().filter(|row| bounds.holds(row.point.x, row.point.y));
    let feature = |row: Row| {
        let category = town.category_by_id(row.category_id)?;
        Some(
            row.status
                .parse()
                .map_err(Problem::internal)
                .map(|status| PublicFeature {
                    kind: FeatureType::Feature,
                    id: row.alert_id,
                    geometry: PointBody::of(row.point.x, row.point.y),
                    properties: PublicProperties {
                        id: row.alert_id,
                        category: category.code.clone(),
                        status,
                    },
                }),
        )
    };
    let features: Result<Vec<PublicFeature>, Problem> = there.filter_map(feature).collect();
    Ok(PublicCollection {
        kind: CollectionType::FeatureCollection,
        features: features?,
        more,
    })
}

fn answer(request: &HttpRequest, media: &'static str, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    let tag = etag::of_bytes(&body);
    let has = etag::client_has(request, &tag);
    let mut answer = if has {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, FRESH));
    Ok(if has {
        answer.finish()
    } else {
        answer.content_type(media).body(body)
    })
}
