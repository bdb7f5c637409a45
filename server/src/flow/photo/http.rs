//! Wire types and handlers of photos.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decode::MAX_BYTES;
use super::links::{self, PhotoLinks, links};
use super::model::{Photo, PhotoLine, PhotoState, Refusal, Subject};
use super::multipart::{self, Limits};
use super::queries;
use super::release::release;
use super::upload::{Caller, Upload, admit, upload};
use crate::app::App;
use crate::auth::extract::{FollowSecret, MaybeStaff};
use crate::auth::secret::check_link;
use crate::auth::token::StaffToken;
use crate::db::TownId;
use crate::http::client::Client;
use crate::http::json::media_type;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};

/// Header by which a client gives a photo its id, so that a retry is recognised.
pub const PHOTO_ID_HEADER: &str = "X-Photo-Id";

/// A photo as its reporter and the staff see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PhotoView {
    /// Identity.
    pub id: Uuid,
    /// Report it came with.
    pub report_id: Option<Uuid>,
    /// Alert that it proves done.
    pub alert_id: Option<Uuid>,
    /// Where it stands.
    pub state: PhotoState,
    /// Why it was refused.
    pub reason: Option<Refusal>,
    /// The same in words.
    pub reason_text: Option<String>,
    /// Upright, pixels.
    pub width: i32,
    /// Upright, pixels.
    pub height: i32,
    /// ThumbHash in base64: draw it while the photo loads.
    pub placeholder: Option<String>,
    /// When it was received.
    pub uploaded_at: DateTime<Utc>,
    /// Since when it is public; none: it is not.
    pub released_at: Option<DateTime<Utc>>,
    /// Where to look at it, for five minutes.
    pub links: Option<PhotoLinks>,
}

impl PhotoView {
    /// Of a photo that the reader may see.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn of(app: &App, photo: &Photo, client: &Client, now: DateTime<Utc>) -> Result<Self, Problem> {
        let reason = photo.refusal()?;
        Ok(Self {
            id: photo.id,
            report_id: photo.report_id,
            alert_id: photo.alert_id,
            state: photo.state()?,
            reason,
            reason_text: reason.map(|reason| reason.text(&app.texts, client.locale)),
            width: photo.width,
            height: photo.height,
            placeholder: photo.placeholder.as_deref().map(|hash| BASE64.encode(hash)),
            uploaded_at: photo.uploaded_at,
            released_at: photo.released_at,
            links: links(&app.keys, &app.config.public_url, photo, now)?,
        })
    }
}

/// A photo's bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PhotoBytes(#[expect(dead_code, reason = "only describes the body")] Vec<u8>);

/// A photo in a form.
#[derive(utoipa::ToSchema)]
pub struct PhotoForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    #[expect(dead_code, reason = "only describes the body")]
    photo: Vec<u8>,
}

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
        (status = 400, description = "No readable body.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Neither a session nor a follow secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role handles no photos.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such report, or not with that secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The id names another photo.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 15 MB.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither a picture nor a form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The photo cannot be used: `reason` says why; or the id is no UUIDv7.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database or photo store away.", body = ProblemBody, content_type = "application/problem+json"),
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
        (status = 400, description = "No readable body.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No session.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role handles no photos.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such alert in reach.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The id names another photo.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 15 MB.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither a picture nor a form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The photo cannot be used: `reason` says why; or the id is no UUIDv7.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database or photo store away.", body = ProblemBody, content_type = "application/problem+json"),
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

/// A photo: where it stands, and signed links to look at it.
#[utoipa::path(operation_id = "read_photo", tag = "resident",
    params(
        ("id" = Uuid, Path, description = "Photo."),
        ("X-Follow-Secret" = Option<String>, Header, description = "Follow secret of the report it came with; not needed by staff."),
    ),
    responses(
        (status = 200, description = "The photo.", body = PhotoView),
        (status = 401, description = "Neither a session nor a follow secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role handles no photos.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such photo in reach.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/v1/photos/{id}")]
pub async fn read_photo(
    app: web::Data<App>,
    path: web::Path<Uuid>,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
) -> Result<web::Json<PhotoView>, Problem> {
    let (id, now) = (path.into_inner(), Utc::now());
    app.limits.count(Class::Read, &client)?;
    let caller = Caller::of(staff.0, secret.0)?;
    let town = caller.town(&app, id, "photo").await?;
    let mut tx = app.db.begin(town).await?;
    // Who shows nothing valid learns nothing, not even that there is no such photo.
    let found = queries::find(&tx, town, id).await?;
    let subject = found.as_ref().map_or(Ok(Subject::Report(id)), Photo::subject)?;
    admit(&mut tx, &caller, subject, now).await?;
    let photo = found.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(web::Json(PhotoView::of(&app, &photo, &client, now)?))
}

/// What stands in a signed link.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Signed {
    /// Unix time after which the link is dead.
    expires: i64,
    /// Of town, photo, size and time.
    signature: String,
}

/// The picture behind a signed link.
#[utoipa::path(operation_id = "photo_file", tag = "resident",
    params(
        ("town" = i32, Path, description = "As the link says."),
        ("id" = Uuid, Path, description = "Photo."),
        ("file" = String, Path, description = "`1600.jpg` or `400.jpg`; after `released-` it opens a released photo only."),
        Signed,
    ),
    responses(
        (status = 200, description = "Upright JPEG without metadata.", body = PhotoBytes, content_type = "image/jpeg"),
        (status = 400, description = "The query is not of its form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The link is wrong or has run out, or the photo was taken back from the public.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database or photo store away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/p/{town}/{id}/{file}")]
pub async fn photo_file(
    app: web::Data<App>,
    path: web::Path<(i32, Uuid, String)>,
    signed: web::Query<Signed>,
    client: Client,
) -> Result<HttpResponse, Problem> {
    let (town, id, file) = path.into_inner();
    let (town, now, not_found) = (TownId(town), Utc::now(), || Problem::new(Kind::NotFound));
    app.limits.count(Class::Read, &client)?;
    let (name, for_public) = links::name(&file);
    let part = links::part(name).ok_or_else(not_found)?;
    let path = if for_public {
        links::released_path(town, id, part)
    } else {
        links::path(town, id, part)
    };
    check_link(&app.keys.server, &path, signed.expires, &signed.signature, now)?;
    let found = queries::find(&*app.db.begin(town).await?, town, id).await?;
    // Somebody may have taken it back since the link was made.
    let found = found.filter(|photo| !for_public || photo.released_at.is_some());
    let key = found.and_then(|photo| links::key(&photo, part)).ok_or_else(not_found)?;
    let bytes = app.photos.get(&key).await?.ok_or_else(not_found)?;
    let seconds = (signed.expires - now.timestamp()).clamp(0, links::LIFETIME.num_seconds());
    Ok(HttpResponse::Ok()
        .content_type("image/jpeg")
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{id}-{file}\"")))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .insert_header((header::CACHE_CONTROL, format!("private, max-age={seconds}")))
        .body(bytes))
}

/// Makes a photo public, after somebody looked at it.
#[utoipa::path(operation_id = "release_photo", tag = "desk",
    params(("id" = Uuid, Path, description = "Photo.")),
    responses(
        (status = 200, description = "It is public.", body = PhotoView),
        (status = 401, description = "No session.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role releases no photos.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such photo in reach.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Not decoded, refused, or of a sensitive category: `reason` says which.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[post("/v1/photos/{id}/release")]
pub async fn release_photo(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
) -> Result<web::Json<PhotoView>, Problem> {
    let now = Utc::now();
    let photo = release(&app, token, path.into_inner(), true, &client, now).await?;
    Ok(web::Json(PhotoView::of(&app, &photo, &client, now)?))
}

/// Takes a photo back from the public.
#[utoipa::path(operation_id = "unrelease_photo", tag = "desk",
    params(("id" = Uuid, Path, description = "Photo.")),
    responses(
        (status = 200, description = "It is not public any more.", body = PhotoView),
        (status = 401, description = "No session.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role releases no photos.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such photo in reach.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[post("/v1/photos/{id}/unrelease")]
pub async fn unrelease_photo(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
) -> Result<web::Json<PhotoView>, Problem> {
    let now = Utc::now();
    let photo = release(&app, token, path.into_inner(), false, &client, now).await?;
    Ok(web::Json(PhotoView::of(&app, &photo, &client, now)?))
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
