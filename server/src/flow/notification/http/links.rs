//! What links in messages open. GET asks and changes nothing, because mail clients and filters follow links; the button
//! posts.

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use chrono::Utc;

use crate::app::App;
use crate::auth::secret::digest;
use crate::flow::alert;
use crate::flow::notification::layout::Question;
use crate::flow::notification::token::{self, Use};
use crate::flow::notification::{on_call, queries};
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PersonalLink;

/// The server's stylesheet, and one form to this server.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Words of a page, by their text ids.
struct Page<'a> {
    /// `page-<name>-title`, `-question`, `-button`, `-done`.
    name: &'static str,
    alert: &'a str,
    /// Where the button posts to; `None`: it is done.
    posts_to: Option<&'a str>,
}

fn page(app: &App, client: &Client, page: &Page<'_>) -> Result<HttpResponse, Problem> {
    let args = [("alert", page.alert.into())];
    let say = |part: &str| {
        app.texts
            .say(client.locale, &format!("page-{}-{part}", page.name), &args)
    };
    let button = say("button");
    let question = Question {
        lang: client.locale.as_str(),
        title: &say("title"),
        words: &say(if page.posts_to.is_some() { "question" } else { "done" }),
        form: page.posts_to.map(|address| (address, button.as_str())),
    };
    let html = question.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("content-language", client.locale.as_str()))
        .body(html))
}

/// Asks whether to stop messages about a report.
#[utoipa::path(operation_id = "unsubscribe_page", tag = "resident", params(("token" = String, Path, description = "From the message.")),
    responses(
        (status = 200, description = "A page with a button; nothing has changed.", body = String, content_type = "text/html"),
        (status = 404, description = "No such link.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/u/{token}")]
pub async fn unsubscribe_page(
    app: web::Data<App>,
    client: Client,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    token::read(&app.keys.server, Use::Unsubscribe, &path)?;
    let address = format!("/v1/unsubscribe/{path}");
    let asked = Page {
        name: "unsubscribe",
        alert: "",
        posts_to: Some(&address),
    };
    page(&app, &client, &asked)
}

/// Stops messages about a report; also the address of one-click unsubscription (RFC 8058). Harmless to repeat.
#[utoipa::path(operation_id = "unsubscribe", tag = "resident", params(("token" = String, Path, description = "From the message.")),
    responses(
        (status = 200, description = "No more messages.", body = String, content_type = "text/html"),
        PersonalLink,
    ))]
#[post("/v1/unsubscribe/{token}")]
pub async fn unsubscribe(
    app: web::Data<App>,
    client: Client,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (town, follower) = token::read(&app.keys.server, Use::Unsubscribe, &path)?;
    let tx = app.db.begin(town).await?;
    if !queries::followers::unsubscribe(&tx, town, follower, &digest(path.as_bytes()), Utc::now()).await? {
        return Err(Problem::new(Kind::NotFound));
    }
    tx.commit().await?;
    let done = Page {
        name: "unsubscribe",
        alert: "",
        posts_to: None,
    };
    page(&app, &client, &done)
}

/// Asks whoever is on call whether they take an urgent alert.
#[utoipa::path(operation_id = "on_call_page", tag = "crew", params(("token" = String, Path, description = "From the message.")),
    responses(
        (status = 200, description = "A page with a button; nothing has changed.", body = String, content_type = "text/html"),
        PersonalLink,
    ))]
#[get("/on-call/{token}")]
pub async fn on_call_page(
    app: web::Data<App>,
    client: Client,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (town, id) = token::read(&app.keys.server, Use::OnCall, &path)?;
    let mut tx = app.db.begin(town).await?;
    let call = queries::find(&tx, town, id).await?;
    let alert = alert::queries::find(&mut tx, call.alert_id).await?;
    let address = format!("/v1/on-call/{path}/ack");
    let asked = Page {
        name: "on-call",
        alert: &alert.reference,
        posts_to: Some(&address),
    };
    page(&app, &client, &asked)
}

/// Takes an urgent alert: the next in line is not called. Harmless to repeat.
#[utoipa::path(operation_id = "acknowledge_on_call", tag = "crew", params(("token" = String, Path, description = "From the message.")),
    responses(
        (status = 200, description = "Taken.", body = String, content_type = "text/html"),
        PersonalLink,
    ))]
#[post("/v1/on-call/{token}/ack")]
pub async fn acknowledge_on_call(
    app: web::Data<App>,
    client: Client,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (town, id) = token::read(&app.keys.server, Use::OnCall, &path)?;
    on_call::take(&app, town, id, &client.request_id, Utc::now()).await?;
    let done = Page {
        name: "on-call",
        alert: "",
        posts_to: None,
    };
    page(&app, &client, &done)
}
