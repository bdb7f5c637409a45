//! Maps: the town's base map, and alerts as vector tiles, for the public from what is public and for staff from their scope.

mod cache;
mod mvt;
mod tile;

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::Utc;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

pub use cache::TileCache;
use cache::{Drawn, Key};

use crate::app::App;
use crate::auth::extract::MaybeStaff;
use crate::base_map::{self, ZOOMS};
use crate::catalog::model::{Catalogue, Town};
use crate::db::schema;
use crate::flow::command::Command;
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::people::policy::{Operation, permit_any};

/// Media type of a vector tile.
const MVT: &str = "application/vnd.mapbox-vector-tile";
/// Closest zoom that is served.
const CLOSEST: i16 = 18;

/// What a map needs to begin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MapBody {
    /// Short name of the town.
    pub jurisdiction: String,
    /// West, south, east, north of the territory; degrees.
    #[schema(example = json!([-4.6, 46.4, -4.4, 46.6]))]
    pub bounds: [f64; 4],
    /// A MapLibre style that the town prefers, if it has one: a path at the address of this server.
    pub style_url: Option<String>,
    /// Template of the base map's tiles (MVT). It changes with the map: tiles of another template are of another map.
    pub base_tiles: String,
    /// Template of the alerts' tiles (MVT).
    pub alert_tiles: String,
    /// First zoom of the base map.
    pub min_zoom: i16,
    /// Last zoom of the base map; closer ones are drawn from it.
    pub max_zoom: i16,
}

/// Query parameters.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MapQuery {
    /// Short name of the town; staff are shown their own.
    pub jurisdiction: Option<String>,
}

/// What a map of a town needs to begin.
#[utoipa::path(operation_id = "get_map", tag = "resident", params(MapQuery),
    responses(
        (status = 200, description = "Where the tiles are.", body = MapBody),
        (status = 401, description = "A token was shown that is not valid.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such town.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database is away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/v1/map")]
pub async fn get_map(
    app: web::Data<App>,
    staff: MaybeStaff,
    client: Client,
    query: web::Query<MapQuery>,
) -> Result<web::Json<MapBody>, Problem> {
    app.limits.count(Class::Read, &client)?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = match (&query.jurisdiction, staff.0) {
        (Some(slug), _) => catalogue.by_slug(slug),
        (None, Some(token)) => catalogue.town(token.town),
        (None, None) => catalogue.towns().as_slice().first().copied(),
    };
    let town = town.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let tx = app.db.begin_public(town.id).await?;
    let version = base_map::queries::version(&tx).await?;
    tx.commit().await?;
    let version = version.map(|number| format!("?v={number}")).unwrap_or_default();
    Ok(web::Json(MapBody {
        jurisdiction: town.slug.clone(),
        bounds: town.bounds(),
        style_url: app.config.map_style_url.clone(),
        base_tiles: format!("/v1/tiles/{}/base/{{z}}/{{x}}/{{y}}.mvt{version}", town.slug),
        alert_tiles: format!("/v1/tiles/{}/alerts/{{z}}/{{x}}/{{y}}.mvt", town.slug),
        min_zoom: *ZOOMS.start(),
        max_zoom: *ZOOMS.end(),
    }))
}

/// A tile's place in the world.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TilePath {
    /// Short name of the town.
    pub jurisdiction: String,
    /// Zoom.
    #[param(minimum = 0, maximum = 18)]
    pub z: i16,
    /// Column, from the west.
    #[param(minimum = 0)]
    pub x: i32,
    /// Row, from the north.
    #[param(minimum = 0)]
    pub y: i32,
}

impl TilePath {
    fn check(&self) -> Result<(), Problem> {
        let side = 1_i32
            .checked_shl(u32::try_from(self.z).unwrap_or(u32::MAX))
            .unwrap_or(0);
        let there = (0..=CLOSEST).contains(&self.z) && (0..side).contains(&self.x) && (0..side).contains(&self.y);
        if there {
            Ok(())
        } else {
            Err(Problem::new(Kind::NotFound))
        }
    }

    fn town<'a>(&self, catalogue: &'a Catalogue) -> Result<&'a Town, Problem> {
        let town = catalogue.by_slug(&self.jurisdiction).map(std::convert::AsRef::as_ref);
        town.ok_or_else(|| Problem::new(Kind::NotFound))
    }
}

/// A vector tile.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Tile(#[expect(dead_code, reason = "only describes the body")] Vec<u8>);

/// A tile of the town's base map: layers land, river, street and boundary.
#[utoipa::path(operation_id = "base_tile", tag = "resident", params(TilePath),
    responses(
        (status = 200, description = "The tile.", body = Tile, content_type = "application/vnd.mapbox-vector-tile"),
        (status = 204, description = "Nothing is there."),
        (status = 304, description = "The client has it (If-None-Match)."),
        (status = 404, description = "No such town or tile.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database is away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/v1/tiles/{jurisdiction}/base/{z}/{x}/{y}.mvt")]
pub async fn base_tile(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
    path: web::Path<TilePath>,
) -> Result<HttpResponse, Problem> {
    path.check()?;
    app.limits.count(Class::Read, &client)?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = path.town(&catalogue)?;
    let tx = app.db.begin_public(town.id).await?;
    let found: Option<Vec<u8>> = schema::base_tile::table
        .find((town.id.0, path.z, path.x, path.y))
        .select(schema::base_tile::bytes)
        .first(&mut &*tx)
        .await
        .optional()?;
    tx.commit().await?;
    let tile = Drawn::of(found.unwrap_or_default());
    tile.answer(&request, "public, max-age=86400").await
}

/// Open alerts as a vector tile, layer `alerts`: for the public what is public, for staff what is in their scope. From zoom
/// 14 on each is a point with `id`, `category` and `status` (for staff also `reference`, `priority` and `crew`); before, a
/// point for each H3 cell with a `count`.
#[utoipa::path(operation_id = "alert_tile", tag = "resident", params(TilePath),
    responses(
        (status = 200, description = "The tile.", body = Tile, content_type = "application/vnd.mapbox-vector-tile"),
        (status = 204, description = "Nothing is there."),
        (status = 304, description = "The client has it (If-None-Match)."),
        (status = 401, description = "A token was shown that is not valid.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role reads no alerts.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such town or tile.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The database is away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/v1/tiles/{jurisdiction}/alerts/{z}/{x}/{y}.mvt")]
pub async fn alert_tile(
    app: web::Data<App>,
    staff: MaybeStaff,
    client: Client,
    request: HttpRequest,
    (path, drawn): (web::Path<TilePath>, web::Data<TileCache>),
) -> Result<HttpResponse, Problem> {
    path.check()?;
    let Some(token) = staff.0 else {
        app.limits.count(Class::Read, &client)?;
        let catalogue = app.catalogue.fresh(&app.db).await?;
        let town = path.town(&catalogue)?;
        let projected = tile::projected(&app.db.begin_public(town.id).await?).await?;
        let key = Key::of(town.id.0, catalogue.version, projected, &path);
        let draw = async {
            let tx = app.db.begin_public(town.id).await?;
            let tile = tile::public(&tx, town, &path).await?;
            tx.commit().await?;
            Ok(tile)
        };
        return drawn
            .get(&key, draw)
            .await?
            .answer(&request, "public, max-age=30")
            .await;
    };
    let Command { tx, staff, town, .. } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::ReadAlert)?;
    if town.slug != path.jurisdiction {
        return Err(Problem::new(Kind::NotFound));
    }
    tx.plan_once().await?;
    let tile = tile::staff(&tx, &town, &staff, &path).await?;
    tx.commit().await?;
    Drawn::of(tile).answer(&request, "private, no-cache").await
}
