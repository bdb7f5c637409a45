//! The page that the links in messages lead to: where a report stands, and "still there".
//!
//! Report and secret stand behind the `#` of the address, which browsers send to nobody; a small script of ours reads them
//! and asks the API with the secret in a header.

use actix_web::http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use askama::Template;

use super::kept;
use crate::app::App;
use crate::flow::status::vocabulary::PublicStatus;
use crate::http::client::Client;
use crate::http::problem::Problem;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SCRIPT: &str = include_str!("../../../assets/follow.js");

#[derive(Template)]
#[template(path = "follow.html")]
struct Page {
    language: &'static str,
    title: String,
    asks: String,
    none: String,
    unknown: String,
    busy: String,
    away: String,
    noscript: String,
    secret: String,
    show: String,
    received: String,
    expected: String,
    history: String,
    what: String,
    category: String,
    place: String,
    words: String,
    others: String,
    photo_problem: String,
    photo_repair: String,
    contact: String,
    service: String,
    phone: String,
    address: String,
    body: String,
    unsubscribe: String,
    still_there: String,
    reopened: String,
    late: String,
    /// Code and words of each public status, and under `next-` and the code what happens next.
    statuses: Vec<(String, String)>,
}

/// Follow a report, in a browser.
#[utoipa::path(operation_id = "follow_page", tag = "resident", responses((status = 200, description = "A page.", body = String, content_type = "text/html")))]
#[get("/suivi")]
pub async fn follow_page(app: web::Data<App>, client: Client) -> Result<HttpResponse, Problem> {
    let html = words_of(&app, &client).render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CONTENT_LANGUAGE, client.locale.as_str()))
        .body(html))
}

fn words_of(app: &App, client: &Client) -> Page {
    let say = |id: &str| app.texts.say(client.locale, &format!("page-follow-{id}"), &[]);
    let both = |status: &PublicStatus| {
        let code = status.as_str();
        let next = format!("next-{code}");
        let words = say(&next);
        [(code.to_owned(), say(code)), (next, words)]
    };
    Page {
        language: client.locale.as_str(),
        title: say("title"),
        asks: say("asks"),
        none: say("none"),
        unknown: say("unknown"),
        busy: say("busy"),
        away: say("away"),
        noscript: say("noscript"),
        secret: say("secret"),
        show: say("show"),
        received: say("received-on"),
        expected: say("expected"),
        history: say("history"),
        what: say("what"),
        category: say("category"),
        place: say("place"),
        words: say("words"),
        others: say("others"),
        photo_problem: say("photo-problem"),
        photo_repair: say("photo-repair"),
        contact: say("contact"),
        service: say("service"),
        phone: say("phone"),
        address: say("address"),
        body: say("body"),
        unsubscribe: say("unsubscribe"),
        still_there: say("still-there"),
        reopened: say("now-reopened"),
        late: say("late"),
        statuses: PublicStatus::ALL.iter().flat_map(both).collect(),
    }
}

/// The script of the follow page.
#[utoipa::path(operation_id = "follow_script", tag = "resident", responses(
    (status = 200, description = "A script.", body = String, content_type = "text/javascript"),
    (status = 304, description = "The client has it (If-None-Match)."),
))]
#[get("/follow.js")]
pub async fn follow_script(request: HttpRequest) -> HttpResponse {
    kept(&request, "text/javascript; charset=utf-8", SCRIPT)
}
