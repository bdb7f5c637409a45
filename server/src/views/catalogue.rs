//! The catalogue for a place: everything that an app needs to fill in a report, also offline.

use actix_web::http::header::{CACHE_CONTROL, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use geo_dedup::LonLat;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::auth::extract::MaybeStaff;
use crate::catalog::gates::shut_by;
use crate::catalog::model::{Body, Category, EmergencyNumber, Lies, Town};
use crate::db::TownId;
use crate::flow::photo::formats::{PhotoFormats, photo_formats};
use crate::flow::report::acknowledge::{Jurisdiction, jurisdiction};
use crate::flow::report::find_town::BORDER_MARGIN_M;
use crate::flow::report::model::ContactWay;
use crate::flow::report::parse::{MAX_ADDRESS, MAX_DESCRIPTION};
use crate::http::client::Client;
use crate::http::etag;
use crate::http::limits::Class;
use crate::http::problem::{FieldErrors, Kind, Problem, ProblemBody};
use crate::http::responses::PublicRead;
use crate::text::Localized;

/// For which place.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// Latitude, degrees.
    lat: Option<f64>,
    /// Longitude, degrees.
    lon: Option<f64>,
    /// Or a town by its short name: then nothing is said about a place.
    jurisdiction: Option<String>,
}

/// What can be reported at a place, and how.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CatalogueAnswer {
    /// Town that receives reports from there.
    pub jurisdiction: Jurisdiction,
    /// Languages spoken, best first.
    pub locales: Vec<String>,
    /// Categories, groups among them, in the order to show.
    pub categories: Vec<CategoryAnswer>,
    /// Numbers for emergencies.
    pub emergency_numbers: Vec<EmergencyNumber>,
    /// Ways in which people can be told here what happens: `sms` only where text messages are sent.
    pub contact_ways: Vec<ContactWay>,
    /// Limits that an app should keep to.
    pub limits: Limits,
    /// Data-protection notice.
    pub notice: Notice,
    /// That nobody watches reports day and night.
    pub not_watched: Localized,
}

/// A category or group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategoryAnswer {
    /// Short name, for the report.
    pub code: String,
    /// Code of its group.
    pub parent: Option<String>,
    /// A group takes no report.
    pub group: bool,
    /// Name.
    pub label: Localized,
    /// Explanation.
    pub description: Localized,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Address of its icon (SVG).
    pub icon: String,
    /// Questions: a JSON Schema of `answers`, with x-title, x-help, x-enum-labels, x-order, x-danger, x-personal.
    #[schema(value_type = Object)]
    pub questions: Value,
    /// Whether it takes reports here and now.
    pub open: bool,
    /// Why it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Localized>,
    /// Where to go instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Localized>,
    /// Danger: stop the form and say to call this number, with `message`. A report that is sent nevertheless is taken in, and its
    /// `call_now` says so again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Who is competent when it is not the town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<CompetentBody>,
    /// Which other jurisdiction takes such reports here, and how it protects data: where territories overlap, the smallest with
    /// that category open does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<OtherTaker>,
}

/// A larger jurisdiction that takes what the one of the place does not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OtherTaker {
    /// Which.
    pub jurisdiction: Jurisdiction,
    /// Its data-protection notice.
    pub notice: Notice,
}

/// Who is competent when it is not the town.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CompetentBody {
    /// Name.
    pub name: Localized,
    /// Where to call.
    pub phone: Option<String>,
    /// Where to report.
    pub website: Option<String>,
    /// Where to write.
    pub postal_address: Option<String>,
}

/// Limits that an app should keep to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Limits {
    /// Characters.
    pub description: usize,
    /// Characters.
    pub address: usize,
    /// What is taken in as a photo.
    pub photos: PhotoFormats,
}

/// The data-protection notice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Notice {
    /// Stored with each report.
    pub version: i32,
    /// Words.
    pub text: Localized,
}

/// What can be reported at a place. Keep it: with the ETag, asking again is cheap, and a report can be filled in offline. The
/// town's own staff sees the categories too that only staff reports in.
#[utoipa::path(
    operation_id = "get_catalogue",
    tag = "resident",
    params(Place),
    responses(
        (status = 200, description = "Categories, limits, notice.", body = CatalogueAnswer, headers(("ETag" = String, description = "Of this answer."))),
        (status = 304, description = "The client has it."),
        (status = 400, description = "A parameter is not of its form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A token that is none.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No town of that name.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No place given, or outside every territory.", body = ProblemBody, content_type = "application/problem+json"),
        PublicRead,
    )
)]
#[get("/v1/catalogue")]
pub async fn get_catalogue(
    app: web::Data<App>,
    request: HttpRequest,
    client: Client,
    staff: MaybeStaff,
    place: web::Query<Place>,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Read, &client)?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let (town, larger, at) = match &place.jurisdiction {
        Some(slug) => {
            let named = catalogue.by_slug(slug);
            let named = named.ok_or_else(|| Problem::new(Kind::NotFound))?;
            (named.as_ref(), Vec::new(), None)
        }
        None => {
            let at = position(&place)?;
            let mut around = catalogue.around(at, BORDER_MARGIN_M).into_iter();
            let (nearest, _) = around.next().ok_or_else(outside)?;
            let larger = around.filter(|(_, lies)| matches!(lies, Lies::Inside));
            let larger = larger.map(|(town, _)| town.as_ref()).collect();
            (nearest.as_ref(), larger, Some(at))
        }
    };
    let reader = Reader {
        at,
        works_for: staff.0.map(|token| token.town),
        now: Utc::now(),
    };
    let answer = answer(&app, (town, &larger), reader, photo_formats(&app).await);
    let body = serde_json::to_vec(&answer).map_err(Problem::internal)?;
    let tag = etag::of_bytes(&body);
    if etag::client_has(&request, &tag) {
        let mut has = HttpResponse::NotModified();
        return Ok(has
            .insert_header((ETAG, tag))
            .insert_header((VARY, "Authorization"))
            .finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((VARY, "Authorization"))
        .content_type("application/json")
        .body(body))
}

fn position(place: &Place) -> Result<LonLat, Problem> {
    let mut errors = FieldErrors::default();
    for (name, value) in [("lat", place.lat), ("lon", place.lon)] {
        if value.is_none() {
            errors.add(name, "required");
        }
    }
    errors.check(())?;
    let position = LonLat::new(place.lon.unwrap_or(f64::NAN), place.lat.unwrap_or(f64::NAN));
    position.map_err(|_| Problem::field("lat", "not_on_earth"))
}

fn outside() -> Problem {
    let mut errors = FieldErrors::default();
    errors.add_with("lat", "outside_territory", vec![("who", "".into())]);
    errors.into_problem()
}

/// For whom a catalogue is.
#[derive(Clone, Copy)]
struct Reader {
    /// Where they stand, if they say so.
    at: Option<LonLat>,
    /// The town that they work for, if any.
    works_for: Option<TownId>,
    now: DateTime<Utc>,
}

impl Reader {
    /// What of a town they are shown.
    fn shown(self, town: &Town) -> impl Iterator<Item = &Category> {
        let is_staff = self.works_for == Some(town.id);
        let categories = town.categories.iter();
        categories.filter(move |category| category.active && (is_staff || !category.agent_only))
    }
}

fn answer(app: &App, (town, larger): (&Town, &[&Town]), reader: Reader, photos: PhotoFormats) -> CatalogueAnswer {
    let own = reader.shown(town);
    let mut categories: Vec<CategoryAnswer> = own
        .map(|category| category_answer(app, town, category, reader))
        .collect();
    for other in larger {
        add_taken_by(&mut categories, app, other, reader);
    }
    CatalogueAnswer {
        jurisdiction: jurisdiction(town),
        locales: town.locales.clone(),
        categories,
        emergency_numbers: town.emergency_numbers.clone(),
        contact_ways: ContactWay::offered(app.sms.is_some()).to_vec(),
        limits: Limits {
            description: MAX_DESCRIPTION,
            address: MAX_ADDRESS,
            photos,
        },
        notice: notice(town),
        not_watched: town.not_watched.clone(),
    }
}

/// Adds what only a larger jurisdiction takes here and now, as a submit would find it: in the place of a category that is closed,
/// or behind all others, with its group.
fn add_taken_by(categories: &mut Vec<CategoryAnswer>, app: &App, other: &Town, reader: Reader) {
    for category in reader.shown(other).filter(|category| !category.is_group) {
        let taken = CategoryAnswer {
            taken_by: Some(OtherTaker {
                jurisdiction: jurisdiction(other),
                notice: notice(other),
            }),
            ..category_answer(app, other, category, reader)
        };
        let known = categories.iter_mut().find(|known| known.code == taken.code);
        match known {
            Some(known) if known.open || known.group || !taken.open => {}
            Some(known) => {
                *known = CategoryAnswer {
                    parent: known.parent.take(),
                    ..taken
                };
            }
            None if taken.open => {
                let lacks_group = |code: &&String| !categories.iter().any(|known| known.code == **code);
                let group = taken.parent.as_ref().filter(lacks_group);
                let group = group.and_then(|code| other.category(code));
                categories.extend(group.map(|group| category_answer(app, other, group, reader)));
                categories.push(taken);
            }
            None => {}
        }
    }
}

fn notice(town: &Town) -> Notice {
    Notice {
        version: town.notice_version,
        text: town.notice.clone(),
    }
}

fn category_answer(app: &App, town: &Town, category: &Category, reader: Reader) -> CategoryAnswer {
    let sector = reader.at.and_then(|at| town.sector_at(at)).map(|sector| sector.id);
    let gate = shut_by(&town.gates, category.id, reader.now, town.time_zone, sector);
    let elsewhere = category.redirect_body_id.is_some() && category.call_number.is_none();
    let redirect = category.call_number.is_some() || elsewhere;
    let parent = category
        .parent_id
        .and_then(|id| town.category_by_id(id))
        .map(|group| group.code.clone());
    CategoryAnswer {
        code: category.code.clone(),
        parent,
        group: category.is_group,
        label: category.label.clone(),
        description: category.description.clone(),
        keywords: category.keywords.clone(),
        icon: format!("{}/icons/{}.svg", app.config.public_url, category.icon),
        questions: category.questions.schema().clone(),
        open: gate.is_none() && !elsewhere,
        message: gate
            .map(|gate| gate.message.clone())
            .or_else(|| redirect.then(|| category.redirect_message.clone())),
        instead: gate
            .map(|gate| gate.instead.clone())
            .filter(|instead| !instead.is_empty()),
        call: category.call_number.clone(),
        body: category
            .redirect_body_id
            .and_then(|id| town.bodies.get(&id))
            .map(competent),
        taken_by: None,
    }
}

fn competent(body: &Body) -> CompetentBody {
    CompetentBody {
        name: body.name.clone(),
        phone: body.phone.clone(),
        website: body.website.clone(),
        postal_address: body.postal_address.clone(),
    }
}
