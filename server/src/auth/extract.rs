//! Who is asking, as a handler's argument. These only read the request: they hold no database connection, and what the
//! person may do is decided by the command in its own transaction.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::Utc;

use super::token::{StaffToken, verify};
use crate::app::App;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem};

/// Header that carries the follow secret of a report: a secret never stands in an address.
pub const FOLLOW_HEADER: &str = "X-Follow-Secret";

impl FromRequest for StaffToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(staff(request).and_then(|found| found.ok_or_else(|| Problem::new(Kind::Unauthenticated))))
    }
}

/// A person of the staff, or anybody. A token that is shown must be valid.
#[derive(Clone, Copy, Debug)]
pub struct MaybeStaff(pub Option<StaffToken>);

impl FromRequest for MaybeStaff {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(staff(request).map(Self))
    }
}

/// The follow secret of a report, if the caller shows one.
#[derive(Clone, Debug)]
pub struct FollowSecret(pub Option<String>);

impl FromRequest for FollowSecret {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request
            .headers()
            .get(FOLLOW_HEADER)
            .and_then(|value| value.to_str().ok());
        ready(Ok(Self(header.filter(|secret| secret.len() <= 200).map(str::to_owned))))
    }
}

fn staff(request: &HttpRequest) -> Result<Option<StaffToken>, Problem> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    // The name of the scheme is written as one likes (RFC 9110, 11.1).
    let token = header.to_str().ok().and_then(|value| value.split_once(' '));
    let token = token
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim_start());
    let app = request.app_data::<web::Data<App>>();
    match (token, app) {
        (Some(token), Some(app)) => {
            let token = verify(&app.keys, &app.config.public_url, token, Utc::now())?;
            // Here, so that no endpoint forgets it: a copied token reads a town only slowly.
            app.limits
                .count_key(Class::Staff, format!("session:{}", token.session_id))?;
            Ok(Some(token))
        }
        (_, None) => Err(Problem::internal("no application data")),
        (None, _) => Err(Problem::new(Kind::Unauthenticated)),
    }
}
