//! Errors as people and programs read them: RFC 9457 from one closed catalogue.
//!
//! A command returns [`Problem`]; its [`Kind`] is the only thing that decides the HTTP status. Words are filled in by
//! the middleware [`crate::http::middleware::localise_problems`], in the language of the request. A database error becomes
//! a problem here and nowhere else: lost connections are `unavailable`, everything else `internal`, and neither tells the
//! client why (the log does).

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::text::{Arg, Locale, Texts};

macro_rules! kinds {
    ($($variant:ident, $slug:literal, $status:literal, $doc:literal;)*) => {
        /// Every error that the API can answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $(#[doc = $doc] $variant,)* }

        impl Kind {
            /// All of them, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Stable name, the last part of the problem's `type`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// HTTP status.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let code = match self { $(Self::$variant => $status,)* };
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    };
}

kinds! {
    MalformedBody, "malformed_body", 400, "The body is not what its content type says.";
    MalformedRequest, "malformed_request", 400, "A header, path part or query parameter is not of its form.";
    Unauthenticated, "unauthenticated", 401, "No valid sign-in, or it ran out.";
    WrongCredentials, "wrong_credentials", 401, "Unknown person or wrong secret; never says which.";
    Forbidden, "forbidden", 403, "Signed in, but this role may not do it.";
    OriginRefused, "origin_refused", 403, "Pages of that origin may not call the API; VIGIE_CORS_ORIGINS lists those that may.";
    NotFound, "not_found", 404, "Nothing there that this caller may see.";
    MethodNotAllowed, "method_not_allowed", 405, "The address exists, not with this method.";
    NotAcceptable, "not_acceptable", 406, "None of the formats asked for is served.";
    BodyTooSlow, "body_too_slow", 408, "The body came too slowly, or stopped coming.";
    IllegalStep, "illegal_step", 409, "The alert's status does not allow it; `allowed` lists what it does.";
    IdTaken, "id_taken", 409, "The id already names something else.";
    InFlight, "in_flight", 409, "The same request is being worked on; try again.";
    Conflict, "conflict", 409, "It contradicts what is there.";
    Stale, "stale", 412, "It changed since it was read (If-Match).";
    PreconditionRequired, "precondition_required", 428, "If-Match is required here.";
    TusVersion, "tus_version", 412, "Uploads speak tus of another version; `version` says which.";
    BodyTooLarge, "body_too_large", 413, "More bytes than the limit.";
    UnsupportedMediaType, "unsupported_media_type", 415, "The content type is not one that is read here.";
    Invalid, "invalid", 422, "Fields are wrong; `errors` names each one.";
    KeyReused, "key_reused", 422, "The Idempotency-Key came before with another request.";
    PhotoRefused, "photo_refused", 422, "The photo cannot be used; `reason` says why.";
    HeadTooLarge, "head_too_large", 431, "The address or the headers are longer than is read.";
    ChecksumMismatch, "checksum_mismatch", 460, "The bytes are not those of the checksum; nothing of them was kept.";
    TooManyRequests, "too_many_requests", 429, "Over the limit; Retry-After says when to come back.";
    TooManyStreams, "too_many_streams", 429, "More streams at once than one session, or the server, may have open.";
    Internal, "internal", 500, "A fault of ours.";
    Unavailable, "unavailable", 503, "The database or a needed part is away for the moment.";
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldError {
    /// Where: a dotted path in the body, or the parameter's name.
    pub field: Cow<'static, str>,
    /// What, as a stable name; its words are the text `field-<code>`.
    pub code: &'static str,
    /// Values for the words (limits, alternatives).
    #[serde(skip)]
    pub args: Vec<(&'static str, Arg<'static>)>,
}

/// An error on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which one.
    pub kind: Kind,
    /// For `invalid`: every field that is wrong.
    pub errors: Vec<FieldError>,
    /// Further members of the problem (`allowed`, `reason`...).
    pub members: Map<String, Value>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
    /// For the log only.
    cause: Option<String>,
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            errors: Vec::new(),
            members: Map::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to come back.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A fault of ours, with its cause for the log.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(Kind::Internal)
        }
    }

    /// A needed part is away, with its cause for the log.
    #[must_use]
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(Kind::Unavailable)
        }
        .retry_after(2)
    }

    /// One wrong field.
    #[must_use]
    pub fn field(field: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(field, code);
        errors.into_problem()
    }

    /// The body that a client reads.
    #[must_use]
    pub fn body(&self, texts: &Texts, locale: Locale, request_id: Option<&str>) -> Value {
        let slug = self.kind.slug();
        let mut body = self.members.clone();
        body.insert("type".into(), format!("/problems/{slug}").into());
        body.insert(
            "title".into(),
            texts.say(locale, &format!("problem-{slug}"), &[]).into(),
        );
        body.insert("status".into(), self.kind.status().as_u16().into());
        body.insert(
            "detail".into(),
            texts.say(locale, &format!("problem-{slug}-detail"), &[]).into(),
        );
        if let Some(id) = request_id {
            body.insert("request_id".into(), id.into());
        }
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|error| {
                let message = texts.say(locale, &format!("field-{}", error.code), &error.args);
                serde_json::json!({"field": error.field, "code": error.code, "message": message})
            });
            body.insert("errors".into(), errors.collect());
        }
        Value::Object(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.slug())?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        if self.status_code().is_server_error() {
            tracing::error!(
                problem = self.kind.slug(),
                cause = self.cause.as_deref().unwrap_or(""),
                "request failed"
            );
        }
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
            // RFC 9110 wants it with every 401.
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match &error {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)
            | Error::BrokenTransactionManager => Self::unavailable(error),
            Error::DatabaseError(_, info) if is_passing(info.message()) => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

/// PostgreSQL's words for what the same request would not meet again: a server that is going away or coming up, somebody who
/// holds a lock. diesel has no kind for them.
fn is_passing(message: &str) -> bool {
    [
        "terminating connection",
        "the database system is",
        "connection closed",
        "statement timeout",
        "lock timeout",
        "deadlock detected",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Collects what is wrong with each field, so that a client hears of all at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Notes that a field is wrong.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, code: &'static str) {
        self.add_with(field, code, Vec::new());
    }

    /// Notes that a field is wrong, with values for its words.
    pub fn add_with(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        args: Vec<(&'static str, Arg<'static>)>,
    ) {
        self.0.push(FieldError {
            field: field.into(),
            code,
            args,
        });
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problem that names them all.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        Problem {
            errors: self.0,
            ..Problem::new(Kind::Invalid)
        }
    }

    /// `value` if nothing is wrong, else the problem that names everything.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when a field was noted.
    pub fn check<T>(self, value: T) -> Result<T, Problem> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self.into_problem())
        }
    }
}

/// The body of every error, as the API's description shows it (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// Which problem: `/problems/<name>`.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "/problems/invalid")]
    pub kind: String,
    /// In a few words, in the language of the request.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What to do.
    pub detail: String,
    /// Identity of the request, as in the logs.
    pub request_id: Option<String>,
    /// Each wrong field.
    pub errors: Option<Vec<FieldErrorBody>>,
}

/// One wrong field in a problem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldErrorBody {
    /// Dotted path in the body, or the parameter's name.
    pub field: String,
    /// Stable name of what is wrong.
    pub code: String,
    /// What to do, in the language of the request.
    pub message: String,
}
