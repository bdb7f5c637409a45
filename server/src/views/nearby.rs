//! "Is it this one?": what is already reported around a place, asked before a report is sent. Read from what is public, with
//! the public's rights, and from nothing else.

use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use geo_dedup::cell::covering;
use geo_dedup::{LonLat, Metres, Observation, Timestamp};
use postgis_diesel::types::Point;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::catalog::model::{Catalogue, Category, Town};
use crate::db::schema::public_alert;
use crate::db::space::from_point;
use crate::db::window::{Rows, Window, Within};
use crate::db::{TownId, Tx};
use crate::flow::photo::links::{PhotoLinks, released_links};
use crate::flow::report::find_town::{BORDER_MARGIN_M, open_in};
use crate::flow::status::vocabulary::PublicStatus;
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::point::PointBody;
use crate::http::problem::{FieldErrors, Problem, ProblemBody};
use crate::http::responses::PublicRead;
use crate::text::Locale;

/// Most alerts of an answer: more are not read on a phone.
const MOST: usize = 10;
/// Most rows read; beyond, a place is so crowded that the nearest are among these all the same.
const MOST_ROWS: i64 = 300;
/// How far is looked when no category says it, metres.
const RADIUS_M: f64 = 60.0;
/// Distances are rounded to so many metres.
const STEP_M: f64 = 10.0;

/// Around which place.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Around {
    /// Latitude of the problem, degrees.
    #[param(minimum = -90, maximum = 90, example = 48.8566)]
    lat: f64,
    /// Longitude of the problem, degrees.
    #[param(minimum = -180, maximum = 180, example = 2.3522)]
    lon: f64,
    /// Code of the category that will be reported: then only what may be the same is listed.
    category: Option<String>,
    /// Radius around the place that holds the true one in 68 % of cases, metres; as the phone states it.
    #[param(minimum = 0, maximum = 10000)]
    accuracy_m: Option<f64>,
}

/// What is around, nearest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NearbyAlerts {
    /// At most 10.
    pub items: Vec<NearbyAlert>,
}

/// An alert as the public may know it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NearbyAlert {
    /// Identity, for `joins` or `not_same` of a report.
    pub alert_id: Uuid,
    /// Code of its category.
    pub category: String,
    /// Name of its category, in the language of the request.
    pub category_label: String,
    /// Address of its category's icon (SVG).
    pub icon: String,
    /// Where it stands.
    pub status: PublicStatus,
    /// The same in words, in the language of the request.
    pub status_text: String,
    /// Its public place: the middle of an area about 20 m across.
    pub position: PointBody,
    /// From the place asked for to the public place, rounded to 10 metres.
    #[schema(minimum = 0)]
    pub distance_m: u32,
    /// Day of the first report.
    pub opened_on: NaiveDate,
    /// Number of reports: `1`, `2-5` or `6+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<String>,
    /// The first photo that was released, for five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoLinks>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = public_alert)]
struct Row {
    alert_id: Uuid,
    category_id: Uuid,
    status: String,
    point: Point,
    opened_on: NaiveDate,
    reported_by: Option<String>,
    photo_ids: Vec<Uuid>,
}

/// What is already reported around a place: ask before sending, and send `joins` when the person says "it is this one".
#[utoipa::path(operation_id = "list_nearby_alerts", tag = "resident", params(Around),
    responses(
        (status = 200, description = "Open alerts that it may be, nearest first.", body = NearbyAlerts),
        (status = 400, description = "A parameter is not of its form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No place on Earth, outside every territory, or no such category.", body = ProblemBody, content_type = "application/problem+json"),
        PublicRead,
    ))]
#[get("/v1/alerts/nearby")]
pub async fn list_nearby_alerts(
    app: web::Data<App>,
    client: Client,
    asked: web::Query<Around>,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Read, &client)?;
    let now = Utc::now();
    let place = LonLat::new(asked.lon, asked.lat).map_err(|_| Problem::field("lat", "not_on_earth"))?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let (town, category) = whose(&catalogue, place, asked.category.as_deref(), now)?;
    let search = Search::of(
        &town,
        category.and_then(|at| town.categories.get(at)),
        place,
        asked.accuracy_m,
    );
    let tx = app.db.begin_public(town.id).await?;
    let rows = search.rows(&tx).await?;
    tx.commit().await?;
    let shown = Shown {
        app: &app,
        town: &town,
        locale: client.locale,
        now,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(NearbyAlerts {
            items: shown.nearest(place, search.radius, rows)?,
        }))
}

/// The town that would take a report of the category, and the category's place in it; where it is closed everywhere, the smallest
/// that knows it: why is for the report to hear.
fn whose(
    catalogue: &Catalogue,
    place: LonLat,
    code: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(Arc<Town>, Option<usize>), Problem> {
    let around = catalogue.around(place, BORDER_MARGIN_M);
    let Some(code) = code else {
        let first = around.as_slice().first().map(|(town, _)| Arc::clone(town));
        return first.map(|town| (town, None)).ok_or_else(outside);
    };
    let known = |town: &Town| town.categories.iter().position(|category| category.code == code);
    let first = |at: &dyn Fn(&Town) -> Option<usize>| {
        let mut towns = around.iter();
        towns.find_map(|(town, _)| Some((Arc::clone(town), Some(at(town)?))))
    };
    let taker = first(&|town| open_in(town, code, place, now)).or_else(|| first(&known));
    taker.ok_or_else(|| match around.is_empty() {
        true => outside(),
        false => Problem::field("category", "unknown_category"),
    })
}

fn outside() -> Problem {
    let mut errors = FieldErrors::default();
    errors.add_with("lat", "outside_territory", vec![("who", "".into())]);
    errors.into_problem()
}

/// What is looked for.
struct Search {
    town: TownId,
    categories: Vec<Uuid>,
    place: LonLat,
    radius: Metres,
}

impl Search {
    fn of(town: &Town, category: Option<&Category>, place: LonLat, accuracy_m: Option<f64>) -> Self {
        let accuracy = accuracy_m.and_then(|metres| Metres::new(metres).ok());
        let public = town.categories.iter().filter(|category| !category.sensitive);
        let (categories, radius) = match category {
            Some(asked) => {
                let number = town.dedup_number(asked.id);
                let same = |other: &&Category| asked.policy.compatibility(number, town.dedup_number(other.id)) > 0.0;
                let mut seen = Observation::new(place, number, Timestamp(0));
                seen.accuracy = accuracy;
                (
                    public.filter(same).map(|category| category.id).collect(),
                    asked.policy.search_radius(&seen),
                )
            }
            None => (
                public.map(|category| category.id).collect(),
                Metres::new(RADIUS_M).unwrap_or_default(),
            ),
        };
        Self {
            town: town.id,
            categories,
            place,
            radius,
        }
    }

    async fn rows(&self, tx: &Tx) -> Result<Vec<Row>, Problem> {
        let window = Window::of(
            "public_alert",
            self.town,
            Rows::Open,
            &covering(&self.place, self.radius),
        );
        let open = public_alert::table
            .filter(public_alert::jurisdiction_id.eq(self.town.0))
            .filter(public_alert::category_id.eq_any(&self.categories))
            .limit(MOST_ROWS)
            .select(Row::as_select());
        let within = Within {
            window: Some(&window),
            query: open,
        };
        Ok(within.load(&mut &**tx).await?)
    }
}

/// Who sees it, and when.
struct Shown<'a> {
    app: &'a App,
    town: &'a Town,
    locale: Locale,
    now: DateTime<Utc>,
}

impl Shown<'_> {
    /// The nearest rows, in words.
    fn nearest(&self, place: LonLat, radius: Metres, rows: Vec<Row>) -> Result<Vec<NearbyAlert>, Problem> {
        let mut near = Vec::new();
        for row in rows {
            let at = from_point(&row.point).map_err(Problem::internal)?;
            let metres = place.distance(&at);
            if metres <= radius {
                near.push((metres, row));
            }
        }
        // Distances as shown: who asks from a metre away must not learn more from the order.
        near.sort_by_key(|(metres, row)| (rounded(*metres), row.alert_id));
        near.truncate(MOST);
        near.into_iter()
            .map(|(metres, row)| self.alert(rounded(metres), row))
            .collect()
    }

    fn alert(&self, distance_m: u32, row: Row) -> Result<NearbyAlert, Problem> {
        let category = self.town.category_by_id(row.category_id);
        let category = category.ok_or_else(|| Problem::internal("the category is gone"))?;
        let public_url = &self.app.config.public_url;
        let status = row.status.parse().map_err(Problem::internal)?;
        let photo = row.photo_ids.as_slice().first();
        let words = format!("message-status-{}", row.status.replace('_', "-"));
        Ok(NearbyAlert {
            alert_id: row.alert_id,
            category: category.code.clone(),
            category_label: category.label.get(self.locale).to_owned(),
            icon: format!("{public_url}/icons/{}.svg", category.icon),
            status,
            status_text: self.app.texts.find(self.locale, &words, &[]).unwrap_or(row.status),
            position: PointBody::of(row.point.x, row.point.y),
            distance_m,
            opened_on: row.opened_on,
            reported_by: row.reported_by,
            photo: photo.map(|id| released_links(&self.app.keys, public_url, self.town.id, *id, self.now)),
        })
    }
}

fn rounded(distance: Metres) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a distance of at most the search's radius"
    )]
    let steps = (distance.get() / STEP_M).round() as u32;
    steps * STEP_M as u32
}
