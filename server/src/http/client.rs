//! Who is calling, as far as HTTP says: language, network address, device, request id.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::limits::Tally;
use crate::text::Locale;

/// Header by which an app names its installation; used for rate limits and to recognise a resubmission, never stored as is.
pub const DEVICE_HEADER: &str = "X-Device-Id";

/// Identity of a request, as in the logs and in the answer's `X-Request-Id`.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Network address of the client: the peer's, or what a trusted proxy says.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// What HTTP says of the caller.
#[derive(Clone, Debug)]
pub struct Client {
    /// Best language of `Accept-Language`.
    pub locale: Locale,
    /// Network address; `None` on a unix socket.
    pub address: Option<IpAddr>,
    /// Installation of the app, if it says; at most 200 characters.
    pub device: Option<String>,
    /// Identity of the request.
    pub request_id: String,
    /// Where its rate limits stand, for the answer's headers.
    pub tally: Tally,
}

impl Client {
    /// Reads it off a request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let extensions = request.extensions();
        Self {
            locale: header(ACCEPT_LANGUAGE.as_str()).map_or_else(Locale::default, Locale::negotiate),
            address: extensions.get::<ClientAddress>().map(|address| address.0),
            device: header(DEVICE_HEADER)
                .filter(|id| !id.is_empty() && id.len() <= 200)
                .map(str::to_owned),
            request_id: extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            tally: extensions.get::<Tally>().cloned().unwrap_or_default(),
        }
    }
}

impl FromRequest for Client {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
