//! Pages for people who look at the server with a browser: what it is, and its API, readable without anything from
//! outside.

mod described;
pub mod follow;
pub mod icons;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG};
use actix_web::{HttpRequest, HttpResponse, get, web};
use askama::Template;

use crate::app::App;
use crate::http::client::Client;
use crate::http::etag;
use crate::http::problem::Problem;
use described::Described;

/// Pages may use the server's own stylesheet and icons and nothing else.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("../../../assets/pages.css");
const LETTER_STYLE: &str = include_str!("../../../assets/letter.css");

/// The API's description in its two forms, made once at the start.
pub struct Documents {
    json: String,
    page: String,
}

impl Documents {
    /// Of a description.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn of(api: &utoipa::openapi::OpenApi) -> anyhow::Result<Self> {
        let page = Described::of(&serde_json::to_value(api)?).render()?;
        let json = api.to_json()?;
        Ok(Self { json, page })
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    language: &'static str,
    about: String,
    docs: String,
    follow: String,
    mails: String,
    keeps_mail: bool,
    towns_title: String,
    towns: Vec<String>,
    is_demo: bool,
    demo_hint: String,
}

/// What this server is.
#[utoipa::path(operation_id = "home", tag = "operation", responses((status = 200, description = "A page.", body = String, content_type = "text/html")))]
#[get("/")]
pub async fn home(app: web::Data<App>, client: Client) -> Result<HttpResponse, Problem> {
    let say = |id: &str| app.texts.say(client.locale, id, &[]);
    let catalogue = app.catalogue.get();
    let page = Home {
        language: client.locale.as_str(),
        about: say("page-home-about"),
        docs: say("page-home-docs"),
        follow: say("page-follow-title"),
        mails: say("page-kept-mail-title"),
        keeps_mail: super::kept_mail::is_shown(&app),
        towns_title: say("page-home-towns"),
        towns: catalogue.towns().iter().map(|town| town.name.clone()).collect(),
        is_demo: catalogue.by_slug(crate::demo::SLUG).is_some(),
        demo_hint: say("page-home-demo"),
    };
    let html = page.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((CONTENT_LANGUAGE, client.locale.as_str()))
        .body(html))
}

/// The API's description, to be read.
#[utoipa::path(operation_id = "docs", tag = "operation", responses((status = 200, description = "A page.", body = String, content_type = "text/html")))]
#[get("/docs")]
pub async fn docs(documents: web::Data<Documents>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(documents.page.clone())
}

/// The API's description (OpenAPI 3.1), for programs.
#[utoipa::path(operation_id = "openapi", tag = "operation", responses(
    (status = 200, description = "The description.", body = Object, content_type = "application/json"),
    (status = 304, description = "The client has it (If-None-Match)."),
))]
#[get("/openapi.json")]
pub async fn openapi(documents: web::Data<Documents>, request: HttpRequest) -> HttpResponse {
    kept(&request, "application/json", &documents.json)
}

/// How the pages look.
#[utoipa::path(operation_id = "pages_style", tag = "operation", responses(
    (status = 200, description = "A stylesheet.", body = String, content_type = "text/css"),
    (status = 304, description = "The client has it (If-None-Match)."),
))]
#[get("/pages.css")]
pub async fn style(request: HttpRequest) -> HttpResponse {
    kept(&request, "text/css; charset=utf-8", STYLE)
}

/// How letters look on paper.
#[utoipa::path(operation_id = "letter_style", tag = "operation", responses(
    (status = 200, description = "A stylesheet.", body = String, content_type = "text/css"),
    (status = 304, description = "The client has it (If-None-Match)."),
))]
#[get("/letter.css")]
pub async fn letter_style(request: HttpRequest) -> HttpResponse {
    kept(&request, "text/css; charset=utf-8", LETTER_STYLE)
}

/// Something that changes with the program only: clients keep it, and ask again after an hour.
fn kept(request: &HttpRequest, media_type: &str, text: &str) -> HttpResponse {
    let tag = etag::of_bytes(text.as_bytes());
    let known = etag::client_has(request, &tag);
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"));
    if known {
        response.finish()
    } else {
        response.content_type(media_type).body(text.to_owned())
    }
}
