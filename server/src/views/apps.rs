//! The small web apps, served from this program: a town installs one file, and nothing is asked of anybody outside.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, web};
use rust_embed::RustEmbed;

use crate::http::etag;
use crate::http::problem::{Kind, Problem, ProblemBody};

/// What `web/` was built to. Without it Rust alone can still be worked on; a release is not built then (`build.rs`).
#[derive(RustEmbed)]
#[folder = "../web/dist/"]
#[allow_missing = true]
struct Built;

/// The app uses this server and nothing else; maps draw on canvases of their own and decode in a worker.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// Names of assets carry a digest of their content: they never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Everything else is asked for again each time.
const FRESH: &str = "no-cache";

/// The crew's app, without the slash.
#[utoipa::path(operation_id = "crew_app_address", tag = "crew", responses((status = 308, description = "To `/equipe/`.")))]
#[get("/equipe")]
pub async fn crew_app_address() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/equipe/"))
        .finish()
}

/// A file of the crew's app.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct AppFile(#[expect(dead_code, reason = "only describes the body")] Vec<u8>);

/// The crew's app for tablets: its page, which names no file, and the files that the page names.
#[utoipa::path(operation_id = "crew_app", tag = "crew",
    params(("file" = String, Path, description = "As the page names it; nothing for the page itself.")),
    responses(
        (status = 200, description = "The file, with its own media type.", body = AppFile, content_type = "*/*"),
        (status = 304, description = "The client has it (If-None-Match)."),
        (status = 404, description = "No such file.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/equipe/{file:.*}")]
pub async fn crew_app(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let named = if path.is_empty() { "index.html" } else { path.as_str() };
    file(&request, &format!("equipe/{named}"))
}

fn file(request: &HttpRequest, path: &str) -> Result<HttpResponse, Problem> {
    let found = Built::get(path).ok_or_else(|| Problem::new(Kind::NotFound))?;
    let tag = etag::of_bytes(&found.metadata.sha256_hash());
    let kept = if path.contains("/assets/") { FOR_EVER } else { FRESH };
    let has = etag::client_has(request, &tag);
    let mut answer = if has {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, kept))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY));
    if has {
        return Ok(answer.finish());
    }
    Ok(answer
        .insert_header((CONTENT_TYPE, media_type(path)))
        .body(found.data.into_owned()))
}

/// The media types that the apps are made of.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
