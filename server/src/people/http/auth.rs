//! Endpoints: in, on and out.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::devices::secret_of;
use crate::app::App;
use crate::auth::token::{self, StaffToken};
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::{Credentials, Session};
use crate::people::device::DeviceSecret;
use crate::people::policy::Grant;
use crate::people::queries::staff::Person;
use crate::people::session::{self, Tokens};
use crate::people::sign_in::Attempt;
use crate::people::{self, pin};

/// Address and password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Work address.
    #[schema(example = "voirie.secretariat@ingeville.example")]
    pub email: String,
    /// At most 1,000 bytes.
    #[schema(format = Password)]
    pub password: String,
    /// Short name of the town to work for; needed by people of several towns only.
    pub jurisdiction: Option<String>,
}

/// A person's PIN on an enrolled tablet.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinSignIn {
    /// The tablet, as told when it was enrolled.
    pub device_id: Uuid,
    /// The tablet's secret, as told when it was enrolled.
    pub device_secret: String,
    /// Person, picked from the tablet's agents.
    pub staff_user_id: Uuid,
    /// Six digits.
    #[schema(format = Password, example = "294751")]
    pub pin: String,
}

/// A refresh token.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The newest one that the client holds.
    pub refresh_token: String,
}

/// What a signed-in client holds.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenPair {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds that the access token is good for.
    pub expires_in: i64,
    /// Exchanged once for the next pair.
    pub refresh_token: String,
    /// Session.
    pub session_id: Uuid,
    /// When the session ends at the latest, however often it is refreshed.
    pub session_expires_at: DateTime<Utc>,
}

impl From<Tokens> for TokenPair {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            expires_in: token::LIFETIME.num_seconds(),
            refresh_token: tokens.refresh,
            session_id: tokens.session_id,
            session_expires_at: tokens.expires_at,
        }
    }
}

/// The person who signed in.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StaffName {
    /// Person.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Language: `fr` or `en`.
    pub locale: String,
}

/// The answer to a sign-in.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SignedIn {
    /// Tokens.
    #[serde(flatten)]
    pub tokens: TokenPair,
    /// Who.
    pub staff: StaffName,
    /// What they may do in this session.
    pub grants: Vec<Grant>,
}

impl SignedIn {
    fn of(tokens: Tokens, person: Person, grants: Vec<Grant>) -> Self {
        Self {
            tokens: tokens.into(),
            staff: StaffName {
                id: person.id,
                name: person.name,
                locale: person.locale,
            },
            grants,
        }
    }
}

/// Sign in with address and password. An unknown address, a wrong password and a closed account get one answer.
#[utoipa::path(operation_id = "sign_in", tag = "people", request_body = SignIn, responses(
    (status = 200, description = "In.", body = SignedIn),
    (status = 401, description = "Unknown person or wrong password.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong; people of several towns must name one of `choices`.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries from this address or at this account; Retry-After says when.", body = ProblemBody, content_type = "application/problem+json"),
    Credentials,
))]
#[post("/v1/auth/sign-in")]
pub async fn sign_in(
    app: web::Data<App>,
    client: Client,
    Body(body): Body<SignIn>,
) -> Result<web::Json<SignedIn>, Problem> {
    let attempt = Attempt {
        email: body.email,
        password: body.password,
        jurisdiction: body.jurisdiction,
    };
    let found = people::sign_in::sign_in(&app, &client, attempt, Utc::now()).await?;
    Ok(web::Json(SignedIn::of(found.tokens, found.person, found.grants)))
}

/// Sign in on a crew's tablet with a personal PIN. After a few wrong ones the wait grows, never to a lock.
#[utoipa::path(operation_id = "sign_in_pin", tag = "people", request_body = PinSignIn, responses(
    (status = 200, description = "In.", body = SignedIn),
    (status = 401, description = "Wrong PIN, or a tablet that is not enrolled; `reason` is `device_revoked` when it was.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong PINs; Retry-After says when.", body = ProblemBody, content_type = "application/problem+json"),
    Credentials,
))]
#[post("/v1/auth/pin")]
pub async fn sign_in_pin(
    app: web::Data<App>,
    client: Client,
    Body(body): Body<PinSignIn>,
) -> Result<web::Json<SignedIn>, Problem> {
    let secret = DeviceSecret::read(&body.device_secret)?;
    if secret.device_id != body.device_id {
        return Err(Problem::new(Kind::Unauthenticated));
    }
    let found = pin::sign_in(&app, &client, &secret, body.staff_user_id, body.pin, Utc::now()).await?;
    Ok(web::Json(SignedIn::of(found.tokens, found.person, found.grants)))
}

/// Exchange a refresh token for the next pair. Each is good once; a repeat within 10 s on the same device gets the same
/// pair, a later one ends the session. An enrolled tablet that shows its secret gets the same pair however late, until it
/// has shown the new token: an answer may get lost.
#[utoipa::path(operation_id = "refresh", tag = "people", request_body = Refresh,
    params(("X-Device-Secret" = Option<String>, Header, description = "The secret of the tablet on which the session was opened.")), responses(
    (status = 200, description = "The next pair.", body = TokenPair),
    (status = 401, description = "Not a token of a running session; `reason` is `device_revoked` when its tablet was revoked.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is missing.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
    Credentials,
))]
#[post("/v1/auth/refresh")]
pub async fn refresh(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
    Body(body): Body<Refresh>,
) -> Result<web::Json<TokenPair>, Problem> {
    app.limits.count(Class::Read, &client)?;
    let secret = secret_of(&request).ok();
    let tokens = session::refresh(&app, &client, &body.refresh_token, secret.as_ref(), Utc::now()).await?;
    Ok(web::Json(tokens.into()))
}

/// End this session, at once.
#[utoipa::path(operation_id = "sign_out", tag = "people", responses(
    (status = 204, description = "Out."),
    Session,
))]
#[post("/v1/auth/sign-out")]
pub async fn sign_out(app: web::Data<App>, client: Client, token: StaffToken) -> Result<HttpResponse, Problem> {
    session::sign_out(&app, &client, token, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all of one's sessions, in every town and on every tablet.
#[utoipa::path(operation_id = "sign_out_everywhere", tag = "people", responses(
    (status = 204, description = "Out everywhere."),
    Session,
))]
#[post("/v1/auth/sign-out-everywhere")]
pub async fn sign_out_everywhere(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
) -> Result<HttpResponse, Problem> {
    session::sign_out_everywhere(&app, &client, token, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The public halves of the keys that sign access tokens (RFC 7517).
#[utoipa::path(operation_id = "jwks", tag = "operation", responses(
    (status = 200, description = "A JWK set.", body = serde_json::Value),
))]
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .json(token::jwks(&app.keys))
}
