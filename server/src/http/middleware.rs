//! Around every request: its id, its client's address, one log line, its time; problems put into words; safe headers.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_cors::CorsError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError, web};
use futures_util::FutureExt;
use uuid::Uuid;

use super::client::{Client, ClientAddress, RequestId};
use super::limits::Tally;
use super::problem::{Kind, Problem};
use crate::app::App;
use crate::db::held::one_at_a_time;
use crate::text::Texts;

/// Longest address of a request, bytes.
const LONGEST_ADDRESS: usize = 8 * 1024;
/// Most bytes of a request's headers together. The framework itself reads more, and closes the line without a word.
const MOST_HEADERS: usize = 32 * 1024;

/// The methods that an address may take. Any word is a method to HTTP: whatever else a client says is neither counted nor
/// logged under its name, or the counters would grow for ever.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Outermost: gives the request its id, notes the client's address, says where its rate limits stand, logs one line without
/// personal data, and counts.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = Uuid::now_v7().simple().to_string();
    let app = request.app_data::<web::Data<App>>().cloned();
    let trusted: &[IpAddr] = app.as_ref().map_or(&[], |app| &app.config.trusted_proxies);
    if let Some(address) = client_address(&request, trusted) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    request.extensions_mut().insert(RequestId(id.clone()));
    let tally = Tally::default();
    request.extensions_mut().insert(tally.clone());
    let method = spoken(request.method()).unwrap_or("other");
    let client = Client::of(request.request());
    let work = one_at_a_time(async move {
        // Called in here: a panic on the way to the handler is one too.
        let answer = next.call(request);
        answer.await
    });
    let mut response = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(answered) => answered?.map_into_boxed_body(),
        Err(_) => {
            let seconds = started.elapsed().as_secs_f64();
            if let Some(app) = &app {
                app.metrics.requests("panicked", method, 500, seconds);
            }
            tracing::error!(request_id = %id, method, ms = seconds * 1e3, "a handler panicked");
            return Err(fell(app.as_ref().map(|app| &*app.texts), &client));
        }
    };
    // The pattern, never the path: paths hold ids and query strings hold positions.
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    if let Some(app) = app {
        app.metrics.requests(&route, method, status, seconds);
    }
    tracing::info!(request_id = %id, method, route, status, ms = seconds * 1e3, "request");
    tally.tell(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// The answer where a handler panicked. Its request is gone with it, and so is all that would have been put around its answer.
fn fell(texts: Option<&Texts>, client: &Client) -> Error {
    let problem = Problem::new(Kind::Internal);
    let mut response = problem.error_response();
    if let Some(texts) = texts {
        let body = problem.body(texts, client.locale, Some(&client.request_id));
        response = response.set_body(BoxBody::new(body.to_string()));
    }
    let language = HeaderValue::from_static(client.locale.as_str());
    response.headers_mut().insert(header::CONTENT_LANGUAGE, language);
    if let Ok(value) = HeaderValue::from_str(&client.request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    protect(response.headers_mut());
    InternalError::from_response("a handler panicked", response).into()
}

/// A method by its name, if it is one of ours.
fn spoken(method: &Method) -> Option<&'static str> {
    METHODS.into_iter().find(|known| *known == method.as_str())
}

/// Refuses a method that no address takes, before anything else looks at the request.
pub async fn known_methods(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if spoken(request.method()).is_some() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let mut response = request.error_response(Problem::new(Kind::MethodNotAllowed));
    if let Ok(methods) = HeaderValue::from_str(&METHODS.join(", ")) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    Ok(response)
}

/// Answers a HEAD as its GET would be answered; the connection, which knows of the HEAD, leaves the body out.
pub async fn head_as_get(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Refuses a request whose address or headers are longer than anything that is meant for us, or whose address holds NUL.
pub async fn bounded_head(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let length = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    let headers: usize = request.headers().iter().map(length).sum();
    let address = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if headers > MOST_HEADERS || address > LONGEST_ADDRESS {
        return Ok(request.error_response(Problem::new(Kind::HeadTooLarge)));
    }
    // NUL in a path or a parameter: no text of ours holds it, and the database refuses to look for it.
    if request
        .uri()
        .path_and_query()
        .is_some_and(|path| path.as_str().contains("%00"))
    {
        return Ok(request.error_response(Problem::new(Kind::MalformedRequest)));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Puts problems into words, in the language of the request; turns the framework's own errors into problems too. Stands on
/// both sides of the compression: inside for all that is ours, outside for what the compression itself refuses.
pub async fn localise_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    // Only now: the router needs the request to itself.
    let http = response.request().clone();
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    let problem = problem.or_else(|| foreign_problem(&response));
    let (Some(problem), Some(app)) = (problem, http.app_data::<web::Data<App>>()) else {
        return Ok(response);
    };
    let client = Client::of(&http);
    let body = problem.body(&app.texts, client.locale, Some(&client.request_id));
    let (request, response) = response.into_parts();
    let mut response = response.set_body(BoxBody::new(body.to_string()));
    *response.status_mut() = problem.kind.status();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response.headers_mut().insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(client.locale.as_str()),
    );
    Ok(ServiceResponse::new(request, response))
}

/// An error that did not come from us: the framework's own for a bad path, query, header or body.
fn foreign_problem(response: &ServiceResponse<BoxBody>) -> Option<Problem> {
    let status = response.status();
    // A page for people says in its own words what is wrong; the framework's own errors are no pages.
    let ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "application/problem+json" || value.as_bytes().starts_with(b"text/html"));
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    if response
        .response()
        .error()
        .is_some_and(|error| error.as_error::<CorsError>().is_some())
    {
        return Some(Problem::new(Kind::OriginRefused));
    }
    let by_status = Kind::ALL.iter().copied().find(|kind| kind.status() == status);
    let kind = match status.as_u16() {
        400 => Kind::MalformedRequest,
        401 => Kind::Unauthenticated,
        409 => Kind::Conflict,
        422 => Kind::Invalid,
        _ => by_status.unwrap_or(if status.is_server_error() {
            Kind::Internal
        } else {
            Kind::MalformedRequest
        }),
    };
    Some(Problem::new(kind))
}

/// Headers that every answer carries unless the handler set its own.
pub async fn safe_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    protect(response.headers_mut());
    Ok(response)
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        ("cache-control", "no-store"),
    ] {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// The peer, or the last address that a trusted proxy added to `X-Forwarded-For`. Some proxies append to the line that the
/// client sent, some add a line of their own: all lines count, the last one last.
fn client_address(request: &ServiceRequest, trusted: &[IpAddr]) -> Option<IpAddr> {
    let trusts = |address: &IpAddr| trusted.iter().any(|known| known.to_canonical() == *address);
    // A listener for both families sees an IPv4 peer as an IPv6 one.
    let peer = request.peer_addr()?.ip().to_canonical();
    if !trusts(&peer) {
        return Some(peer);
    }
    let lines = request.headers().get_all("x-forwarded-for");
    let mut hops: Vec<IpAddr> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|hop| hop.trim().parse::<IpAddr>().ok())
        .map(|hop| hop.to_canonical())
        .collect();
    hops.reverse();
    hops.into_iter().find(|hop| !trusts(hop)).or(Some(peer))
}

#[cfg(test)]
#[path = "middleware_tests.rs"]
mod tests;
