//! The HTTP server over an [`App`]: the public listener and the operator's private one.

use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use utoipa_actix_web::AppExt;

use crate::app::App;
use crate::http::middleware::{localise_problems, observe, safe_headers};
use crate::http::problem::{Kind, Problem};
use crate::routes::{endpoints, openapi};
use crate::views::pages::Documents;

/// Largest header of a request and the time to send it are the framework's; the time to begin is ours.
const FIRST_REQUEST: Duration = Duration::from_secs(10);

/// Binds the public listener and starts to serve. Port 0 takes a free one: see [`Server`]'s addresses.
///
/// # Errors
/// When the address is taken.
pub fn public(app: &App, threads: usize) -> std::io::Result<(Server, Vec<std::net::SocketAddr>)> {
    let data = web::Data::new(app.clone());
    let documents = Documents::of(&openapi()).map_err(std::io::Error::other)?;
    let documents = web::Data::new(documents);
    let origins = app.config.cors_origins.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .into_utoipa_app()
            .configure(endpoints)
            .into_app()
            .app_data(data.clone())
            .app_data(documents.clone())
            .app_data(web::PayloadConfig::new(crate::http::json::JSON_LIMIT))
            .default_service(web::to(nothing_here))
            .wrap(from_fn(safe_headers))
            // Inside the compression: words put into a body that was compressed before would be unreadable.
            .wrap(from_fn(localise_problems))
            .wrap(Compress::default())
            .wrap(cors(&origins))
            .wrap(from_fn(observe))
    })
    .workers(threads)
    .client_request_timeout(FIRST_REQUEST)
    .shutdown_timeout(30)
    .disable_signals()
    .bind(app.config.listen)?;
    let addresses = server.addrs();
    Ok((server.run(), addresses))
}

/// Binds the operator's listener: metrics only.
///
/// # Errors
/// When the address is taken.
pub fn private(app: &App) -> std::io::Result<Server> {
    let data = web::Data::new(app.clone());
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(data.clone())
            .route("/metrics", web::get().to(metrics))
    });
    Ok(server
        .workers(1)
        .disable_signals()
        .bind(app.config.metrics_listen)?
        .run())
}

async fn metrics(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let body = app.metrics.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(body))
}

/// Whatever no endpoint answers. The router gives the right path with the wrong method here too.
async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let known = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ];
    if known.contains(request.method()) {
        Err(Problem::new(Kind::NotFound))
    } else {
        Err(Problem::new(Kind::MethodNotAllowed))
    }
}

fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .max_age(3600)
        .expose_headers([
            "ETag",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ]);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
