//! The HTTP server over an [`App`]: the public listener and the operator's private one.

use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpRequest, HttpResponse, HttpServer, ResponseError, web};
use chrono::{DateTime, Utc};
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_actix_web::AppExt;

use crate::app::App;
use crate::flow::notification::queries::waiting;
use crate::http::bodies::bounded_bodies;
use crate::http::middleware::{bounded_head, head_as_get, known_methods, localise_problems, observe, safe_headers};
use crate::http::problem::{Kind, Problem};
use crate::jobs::queue;
use crate::routes::{endpoints, openapi};
use crate::views::map::TileCache;
use crate::views::pages::Documents;

/// Largest header of a request and the time to send it are the framework's; the time to begin is ours.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Longest count of what waits, for the metrics.
const COUNTING: Duration = Duration::from_secs(3);

/// Binds the public listener and starts to serve. Port 0 takes a free one: see [`Server`]'s addresses.
///
/// # Errors
/// When the address is taken.
pub fn public(app: &App, threads: usize) -> std::io::Result<(Server, Vec<std::net::SocketAddr>)> {
    let data = web::Data::new(app.clone());
    let description = openapi();
    let documents = web::Data::new(Documents::of(&description).map_err(std::io::Error::other)?);
    let addresses = web::Data::new(Addresses::of(&description));
    let tiles = web::Data::new(TileCache::default());
    let origins = app.config.cors_origins.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .into_utoipa_app()
            .configure(endpoints)
            .into_app()
            .app_data(data.clone())
            .app_data(documents.clone())
            .app_data(addresses.clone())
            .app_data(tiles.clone())
            .app_data(web::PayloadConfig::new(crate::http::json::JSON_LIMIT))
            .default_service(web::to(nothing_here))
            .wrap(from_fn(head_as_get))
            .wrap(from_fn(bounded_bodies))
            .wrap(from_fn(bounded_head))
            .wrap(cors(&origins))
            .wrap(from_fn(known_methods))
            .wrap(from_fn(safe_headers))
            // Inside the compression: words put into a body that was compressed before would be unreadable.
            .wrap(from_fn(localise_problems))
            .wrap(Compress::default())
            .wrap(from_fn(localise_problems))
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
    // Without the database the counters are told all the same, and what waits as it was last seen.
    let counted = tokio::time::timeout(COUNTING, count_what_waits(&app, Utc::now())).await;
    if !matches!(counted, Ok(Ok(()))) {
        tracing::warn!("what waits could not be counted");
    }
    let body = app.metrics.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(body))
}

/// Counts what waits, in the database: whoever works on it is another process, which nobody asks.
///
/// # Errors
/// When the database is away.
pub async fn count_what_waits(app: &App, now: DateTime<Utc>) -> Result<(), Problem> {
    let (due, dead) = queue::backlog(&mut *app.db.conn().await?, now).await?;
    app.metrics.jobs(due, dead);
    let mut held_up = 0;
    for town in app.catalogue.fresh(&app.db).await?.towns() {
        let tx = app.db.begin(town.id).await?;
        held_up += waiting::count(&tx, town.id).await?;
    }
    app.metrics.messages_waiting(held_up);
    Ok(())
}

/// Every address of the API's description with the methods that it takes.
struct Addresses(Vec<(String, Vec<Method>)>);

impl Addresses {
    fn of(description: &OpenApi) -> Self {
        let methods = |item: &PathItem| {
            let taken = [
                (Method::GET, item.get.is_some()),
                (Method::HEAD, item.get.is_some()),
                (Method::POST, item.post.is_some()),
                (Method::PUT, item.put.is_some()),
                (Method::PATCH, item.patch.is_some()),
                (Method::DELETE, item.delete.is_some()),
            ];
            taken
                .into_iter()
                .filter_map(|(method, is)| is.then_some(method))
                .collect()
        };
        let paths = &description.paths.paths;
        Self(paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect())
    }

    /// The methods that an address takes, between commas; none when there is no such address.
    fn methods(&self, asked: &str) -> Option<String> {
        let is_asked = |path: &str| {
            let (mut ours, mut theirs) = (path.split('/'), asked.split('/'));
            ours.by_ref()
                .zip(theirs.by_ref())
                .all(|(our, their)| our == their || (our.starts_with('{') && !their.is_empty()))
                && path.split('/').count() == asked.split('/').count()
        };
        let fitting = self.0.iter().filter(|(path, _)| is_asked(path));
        let mut methods: Vec<&str> = fitting.flat_map(|(_, methods)| methods).map(Method::as_str).collect();
        methods.sort_unstable();
        methods.dedup();
        (!methods.is_empty()).then(|| methods.join(", "))
    }
}

/// Whatever no endpoint answers. The router gives the right address with the wrong method here too.
async fn nothing_here(request: HttpRequest, addresses: web::Data<Addresses>) -> HttpResponse {
    let methods = addresses.methods(request.path());
    // A parameter may be but a part of a segment, as a file's name is without its ending: then nothing is at this address.
    let wrong = methods.filter(|methods| !methods.split(", ").any(|method| method == request.method().as_str()));
    match wrong {
        Some(methods) => {
            let mut response = Problem::new(Kind::MethodNotAllowed).error_response();
            if let Ok(methods) = HeaderValue::from_str(&methods) {
                response.headers_mut().insert(ALLOW, methods);
            }
            response
        }
        None => Problem::new(Kind::NotFound).error_response(),
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
