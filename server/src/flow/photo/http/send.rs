//! Photos sent in one piece.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, post, web};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::{PhotoBytes, PhotoForm};
use crate::app::App;
use crate::auth::extract::{FollowSecret, MaybeStaff};
use crate::auth::token::StaffToken;
use crate::db::TownId;
use crate::flow::photo::decode::MAX_BYTES;
use crate::flow::photo::model::{PhotoLine, Refusal, Subject};
use crate::flow::photo::multipart::{self, Limits};
use crate::flow::photo::upload::{Caller, Upload, admit, upload};
use crate::http::client::Client;
use crate::http::json::media_type;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PhotoSent;

/// Header by which a client gives a photo its id, so that a retry is recognised.
pub const PHOTO_ID_HEADER: &str = "X-Photo-Id";

/// Adds a photo to a report, by whoever holds its follow secret or by the staff.
#[utoipa::path(operation_id = "upload_report_photo", tag = "resident",
    params(
        ("id" = Uuid, Path, description = "Report."),
        ("X-Follow-Secret" = Option<String>, Header, description = "The report's follow secret; not needed by staff."),
        ("X-Photo-Id" = Option<Uuid>, Header, description = "The photo's id (UUIDv7), so that a retry gives the same answer."),
    ),
    request_body(description = "The photo itself, or a form with one `photo` part; at most 15 MB.",
        content((PhotoBytes = "image/jpeg"), (PhotoBytes = "image/png"), (PhotoBytes = "image/webp"),
            (PhotoBytes = "image/heic"), (PhotoForm = "multipart/form-data"))),
    responses(
        (status = 201, description = "Taken in; it is decoded shortly.", body = PhotoLine),
        (status = 401, description = "Neither a session nor a follow secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such report, or not with that secret.", body = ProblemBody, content_type = "application/problem+json"),
        PhotoSent,
    ))]
#[post("/v1/reports/{id}/photos")]
pub async fn upload_report_photo(
    app: web::Data<App>,
    path: web::Path<Uuid>,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Submit, &client)?;
    let subject = Subject::Report(path.into_inner());
    let caller = Caller::of(staff.0, secret.0);
    take_in(&app, subject, caller, "upload_report_photo", &client, &request, payload).await
}

/// Adds a crew's proof that the repair was done.
#[utoipa::path(operation_id = "upload_proof", tag = "crew",
    params(
        ("id" = Uuid, Path, description = "Alert."),
        ("X-Photo-Id" = Option<Uuid>, Header, description = "The photo's id (UUIDv7), so that a retry gives the same answer."),
    ),
    request_body(description = "The photo itself, or a form with one `photo` part; at most 15 MB.",
        content((PhotoBytes = "image/jpeg"), (PhotoBytes = "image/png"), (PhotoBytes = "image/webp"),
            (PhotoBytes = "image/heic"), (PhotoForm = "multipart/form-data"))),
    responses(
        (status = 201, description = "Taken in; it is decoded shortly.", body = PhotoLine),
        (status = 401, description = "No session.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such alert in reach.", body = ProblemBody, content_type = "application/problem+json"),
        PhotoSent,
    ))]
#[post("/v1/alerts/{id}/photos")]
pub async fn upload_proof(
    app: web::Data<App>,
    path: web::Path<Uuid>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Submit, &client)?;
    let subject = Subject::Alert(path.into_inner());
    take_in(
        &app,
        subject,
        Ok(Caller::Staff(token)),
        "upload_proof",
        &client,
        &request,
        payload,
    )
    .await
}

/// Asks first whether the caller may, so that nobody makes the server keep and look through bytes for nothing.
async fn take_in(
    app: &App,
    subject: Subject,
    caller: Result<Caller, Problem>,
    action: &str,
    client: &Client,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    let (caller, town, photo_id) = match may_send(app, subject, caller, request.headers(), now).await {
        Ok(sender) => sender,
        Err(problem) => {
            drain(payload).await;
            return Err(problem);
        }
    };
    let photo = read_body(request, payload).await?;
    let bytes = photo.map_err(|why| {
        app.metrics.photo(why.as_str());
        why.problem(&app.texts, client.locale)
    })?;
    let order = Upload {
        subject,
        caller: &caller,
        town,
        photo_id,
        action,
        client,
    };
    let line = upload(app, &order, bytes, now).await?;
    let mut answer = HttpResponse::Created();
    if let Some(id) = line.id {
        answer.insert_header((header::LOCATION, format!("/v1/photos/{id}")));
    }
    Ok(answer.json(line))
}

/// Who sends, in which town, and under which id.
async fn may_send(
    app: &App,
    subject: Subject,
    caller: Result<Caller, Problem>,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Result<(Caller, TownId, Option<Uuid>), Problem> {
    let caller = caller?;
    let town = match subject {
        Subject::Report(id) => caller.town(app, id, "report").await?,
        Subject::Alert(id) => caller.town(app, id, "alert").await?,
    };
    let photo_id = photo_id(headers)?;
    admit(&mut app.db.begin(town).await?, &caller, subject, now).await?;
    Ok((caller, town, photo_id))
}

/// Reads on and forgets: a client that is still sending would find the line broken and never read the answer.
pub async fn drain(mut payload: web::Payload) {
    let mut left = MAX_BYTES;
    while let Ok(Some(chunk)) = payload.try_next().await {
        match left.checked_sub(chunk.len()) {
            Some(still) => left = still,
            None => return,
        }
    }
}

async fn read_body(request: &HttpRequest, payload: web::Payload) -> Result<Result<Bytes, Refusal>, Problem> {
    match media_type(request).as_deref() {
        Some("multipart/form-data") => {
            let mut parts = multipart::read(request.headers(), payload, Limits::PHOTO).await?;
            let only = parts.photos.pop().filter(|_| parts.photos.is_empty());
            only.ok_or_else(|| Problem::field("photo", "one_photo"))
        }
        Some(media) if media.starts_with("image/") || media == "application/octet-stream" => raw(payload).await,
        _ => {
            drain(payload).await;
            Err(Problem::new(Kind::UnsupportedMediaType).with("accepted", "image/*, multipart/form-data"))
        }
    }
}

async fn raw(mut payload: web::Payload) -> Result<Result<Bytes, Refusal>, Problem> {
    let mut bytes = BytesMut::new();
    let broken = |_| Problem::new(Kind::MalformedBody);
    while let Some(chunk) = payload.try_next().await.map_err(broken)? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Ok(Err(Refusal::TooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Ok(bytes.freeze()))
}

fn photo_id(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(given) = headers.get(PHOTO_ID_HEADER) else {
        return Ok(None);
    };
    let id = given.to_str().ok().and_then(|text| Uuid::try_parse(text).ok());
    match id.filter(|id| id.get_version_num() == 7) {
        Some(id) => Ok(Some(id)),
        None => Err(Problem::field(PHOTO_ID_HEADER, "photo_id")),
    }
}
