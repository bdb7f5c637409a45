//! Handlers of uploads: tus 1.0 says what is asked and answered.

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LENGTH, LOCATION};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, delete, get, options, patch, post, web};
use bytes::BytesMut;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::headers::{self, ALGORITHMS, Checksum, EXTENSIONS, VERSION};
use super::receive::{self, About, Announced};
use super::{MAX_SIZE, PIECE};
use crate::app::App;
use crate::auth::extract::{FollowSecret, MaybeStaff};
use crate::db::TownId;
use crate::db::directory::town_of;
use crate::flow::photo::http::send::drain;
use crate::flow::photo::upload::Caller;
use crate::http::client::Client;
use crate::http::json::media_type;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem};
use crate::http::responses::Upload as UploadProblems;

/// Most bytes that count all or not at all: they wait in memory.
const MOST_HELD: usize = 1024 * 1024;
/// Media type of a piece.
const PIECE_TYPE: &str = "application/offset+octet-stream";

fn version() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("Tus-Resumable", VERSION))
        .add(("Tus-Version", VERSION))
}

/// Who sends: staff, or whoever shows the follow secret of a report. Limits are counted for everybody but staff.
fn caller(
    app: &App,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: &Client,
    class: Class,
) -> Result<Caller, Problem> {
    if staff.0.is_none() {
        app.limits.count(class, client)?;
    }
    Caller::of(staff.0, secret.0)
}

/// What of tus is spoken here.
#[utoipa::path(operation_id = "describe_uploads", tag = "crew",
    responses((status = 204, description = "`Tus-Version`, `Tus-Extension`, `Tus-Max-Size` and `Tus-Checksum-Algorithm` say it.")))]
#[options("/v1/uploads")]
pub async fn describe_uploads() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("Tus-Resumable", VERSION))
        .insert_header(("Tus-Version", VERSION))
        .insert_header(("Tus-Extension", EXTENSIONS))
        .insert_header(("Tus-Max-Size", MAX_SIZE))
        .insert_header(("Tus-Checksum-Algorithm", ALGORITHMS))
        .finish()
}

/// Announces a photo that will arrive in pieces (tus 1.0). Said again with the same words it is the same upload.
#[utoipa::path(operation_id = "create_upload", tag = "crew",
    params(
        ("Tus-Resumable" = String, Header, description = "`1.0.0`.", example = "1.0.0"),
        ("Upload-Length" = i32, Header, description = "Bytes of the photo, at most 15 MiB."),
        ("Upload-Metadata" = String, Header, description = "`photo_id` (UUIDv7) with `task_id` (a crew's proof) or `report_id`, values in Base64."),
        ("X-Follow-Secret" = Option<String>, Header, description = "The report's follow secret; not needed by staff."),
    ),
    responses((status = 201, description = "`Location` is where the pieces go."), UploadProblems))]
#[post("/v1/uploads", wrap = "version()")]
pub async fn create_upload(
    app: web::Data<App>,
    request: HttpRequest,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
) -> Result<HttpResponse, Problem> {
    headers::require_version(&request)?;
    let caller = caller(&app, staff, secret, &client, Class::Submit)?;
    let length = headers::number(&request, "Upload-Length")?;
    let new = Announced::of(length, &headers::metadata(&request)?)?;
    let town = match (&caller, new.about) {
        (Caller::Staff(token), _) => token.town,
        (Caller::Reporter(_), About::Report(id)) => town_of(&app.db, id, "report").await?,
        (Caller::Reporter(_), About::Task(_)) => return Err(Problem::new(Kind::NotFound)),
    };
    let now = Utc::now();
    let (offset, expires_at) = receive::announce(&app, town, &caller, new, now).await?;
    let mut answer = HttpResponse::Created();
    answer
        .insert_header((LOCATION, address(town, new.photo_id)))
        .insert_header(("Upload-Offset", offset));
    if let Some(at) = expires_at {
        expires(&mut answer, at);
    }
    Ok(answer.finish())
}

/// Names the town too: an upload is in no directory.
fn address(town: TownId, id: Uuid) -> String {
    format!("/v1/uploads/{}/{id}", town.0)
}

fn expires(answer: &mut HttpResponseBuilder, at: DateTime<Utc>) {
    let at = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answer.insert_header(("Upload-Expires", at));
}

/// The town of an upload's address: nobody of the staff looks into another.
fn town(caller: &Caller, named: i32) -> Result<TownId, Problem> {
    match caller {
        Caller::Staff(token) if token.town != TownId(named) => Err(Problem::new(Kind::NotFound)),
        _ => Ok(TownId(named)),
    }
}

/// How much of an upload is here; tus asks by HEAD.
#[utoipa::path(operation_id = "read_upload", tag = "crew",
    params(
        ("town" = i32, Path, description = "As the upload's address says."),
        ("id" = Uuid, Path, description = "Photo."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`.", example = "1.0.0"),
        ("X-Follow-Secret" = Option<String>, Header, description = "The report's follow secret; not needed by staff."),
    ),
    responses((status = 200, description = "`Upload-Offset` of `Upload-Length` bytes are here."), UploadProblems))]
#[get("/v1/uploads/{town}/{id}", wrap = "version()")]
pub async fn read_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(i32, Uuid)>,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
) -> Result<HttpResponse, Problem> {
    headers::require_version(&request)?;
    let caller = caller(&app, staff, secret, &client, Class::Read)?;
    look(&app, &caller, path.into_inner()).await
}

async fn look(app: &App, caller: &Caller, (named, id): (i32, Uuid)) -> Result<HttpResponse, Problem> {
    let mut tx = app.db.begin(town(caller, named)?).await?;
    let (offset, length, upload) = receive::standing(&mut tx, caller, id, Utc::now()).await?;
    tx.commit().await?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header(("Upload-Offset", offset))
        .insert_header(("Upload-Length", length))
        .insert_header((CACHE_CONTROL, "no-store"));
    if let Some(upload) = upload {
        expires(&mut answer, upload.expires_at);
    }
    Ok(answer.finish())
}

/// Adds bytes to an upload. The last of them make it a photo, or tell why it cannot be one.
#[utoipa::path(operation_id = "continue_upload", tag = "crew",
    params(
        ("town" = i32, Path, description = "As the upload's address says."),
        ("id" = Uuid, Path, description = "Photo."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`.", example = "1.0.0"),
        ("Upload-Offset" = i32, Header, description = "Where these bytes begin: where the upload stands."),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha1` or `sha256` and the digest of these bytes in Base64; then all or none of them count, 1 MiB at most."),
        ("X-Follow-Secret" = Option<String>, Header, description = "The report's follow secret; not needed by staff."),
    ),
    request_body(description = "Bytes of the photo.", content = super::super::http::PhotoBytes, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "`Upload-Offset` bytes are here now."), UploadProblems))]
#[patch("/v1/uploads/{town}/{id}", wrap = "version()")]
pub async fn continue_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(i32, Uuid)>,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (caller, payload) = met(&app, &request, (staff, secret), &client, payload).await?;
    proceed(&app, &caller, path.into_inner(), &request, payload).await
}

/// Who sends bytes, once the protocol's version and the limits are met.
async fn met(
    app: &App,
    request: &HttpRequest,
    (staff, secret): (MaybeStaff, FollowSecret),
    client: &Client,
    payload: web::Payload,
) -> Result<(Caller, web::Payload), Problem> {
    match headers::require_version(request).and_then(|()| caller(app, staff, secret, client, Class::Read)) {
        Ok(caller) => Ok((caller, payload)),
        Err(problem) => {
            drain(payload).await;
            Err(problem)
        }
    }
}

/// Where bytes go that may be read.
struct Going {
    town: TownId,
    offset: i32,
    length: i32,
    checksum: Option<Checksum>,
}

impl Going {
    /// Most bytes that may follow.
    fn room(&self) -> usize {
        usize::try_from(self.length - self.offset).unwrap_or_default()
    }
}

async fn proceed(
    app: &App,
    caller: &Caller,
    (named, id): (i32, Uuid),
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let going = match may_go_on(app, caller, (named, id), request).await {
        Ok(going) => going,
        Err(problem) => {
            drain(payload).await;
            return Err(problem);
        }
    };
    let at = (going.offset, going.room());
    let end = match &going.checksum {
        Some(checksum) => whole(app, (going.town, id), at, checksum, payload).await?,
        None => pieces(app, (going.town, id), at, payload).await?,
    };
    let now = Utc::now();
    if end == going.length {
        match receive::finish(app, going.town, id, now).await {
            Err(problem) if problem.kind == Kind::PhotoRefused => return Err(problem),
            // All of it is here for good: the job that the last piece left makes the photo later.
            Err(problem) => tracing::warn!(%problem, "an upload is whole and not yet a photo"),
            Ok(()) => {}
        }
    }
    let mut answer = HttpResponse::NoContent();
    answer.insert_header(("Upload-Offset", end));
    expires(&mut answer, now + super::LIFETIME);
    Ok(answer.finish())
}

/// Whether the bytes of a request may follow, before any of them is read.
async fn may_go_on(
    app: &App,
    caller: &Caller,
    (named, id): (i32, Uuid),
    request: &HttpRequest,
) -> Result<Going, Problem> {
    if media_type(request).as_deref() != Some(PIECE_TYPE) {
        return Err(Problem::new(Kind::UnsupportedMediaType));
    }
    let said = headers::number(request, "Upload-Offset")?;
    let checksum = Checksum::read(request)?;
    let town = town(caller, named)?;
    let mut tx = app.db.begin(town).await?;
    let (offset, length, _) = receive::standing(&mut tx, caller, id, Utc::now()).await?;
    tx.commit().await?;
    if i32::try_from(said).ok() != Some(offset) {
        return Err(receive::elsewhere(offset));
    }
    let going = Going {
        town,
        offset,
        length,
        checksum,
    };
    let announced = request.headers().contains_key(CONTENT_LENGTH);
    if announced && headers::number(request, "Content-Length")? > going.room() as u64 {
        return Err(Problem::new(Kind::BodyTooLarge));
    }
    Ok(going)
}

/// Bytes that count all or not at all.
async fn whole(
    app: &App,
    (town, id): (TownId, Uuid),
    (offset, room): (i32, usize),
    checksum: &Checksum,
    mut payload: web::Payload,
) -> Result<i32, Problem> {
    // Held in memory until the last of them is here, and counted there with all bodies.
    let room = room.min(MOST_HELD);
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.try_next().await.map_err(broken)? {
        if bytes.len() + chunk.len() > room {
            return Err(Problem::new(Kind::BodyTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    if !checksum.matches(&bytes) {
        return Err(Problem::new(Kind::ChecksumMismatch));
    }
    receive::add(app, town, id, offset, &bytes, Utc::now()).await
}

/// Bytes that count as they come, however the request ends.
async fn pieces(
    app: &App,
    (town, id): (TownId, Uuid),
    (mut offset, room): (i32, usize),
    mut payload: web::Payload,
) -> Result<i32, Problem> {
    let (mut piece, mut seen) = (BytesMut::with_capacity(PIECE), 0);
    let ended = loop {
        match payload.try_next().await {
            Ok(Some(chunk)) => {
                seen += chunk.len();
                if seen > room {
                    break Err(Problem::new(Kind::BodyTooLarge));
                }
                piece.extend_from_slice(&chunk);
                if piece.len() >= PIECE {
                    offset = receive::add(app, town, id, offset, &piece, Utc::now()).await?;
                    piece.clear();
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(broken(error)),
        }
    };
    if !piece.is_empty() || (room == 0 && ended.is_ok()) {
        offset = receive::add(app, town, id, offset, &piece, Utc::now()).await?;
    }
    ended.map(|()| offset)
}

fn broken(_: actix_web::error::PayloadError) -> Problem {
    Problem::new(Kind::MalformedBody)
}

/// Gives an upload up.
#[utoipa::path(operation_id = "end_upload", tag = "crew",
    params(
        ("town" = i32, Path, description = "As the upload's address says."),
        ("id" = Uuid, Path, description = "Photo."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`.", example = "1.0.0"),
        ("X-Follow-Secret" = Option<String>, Header, description = "The report's follow secret; not needed by staff."),
    ),
    responses((status = 204, description = "Nothing of it is here any more."), UploadProblems))]
#[delete("/v1/uploads/{town}/{id}", wrap = "version()")]
pub async fn end_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(i32, Uuid)>,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
) -> Result<HttpResponse, Problem> {
    headers::require_version(&request)?;
    let caller = caller(&app, staff, secret, &client, Class::Read)?;
    stop(&app, &caller, path.into_inner(), &client).await
}

async fn stop(app: &App, caller: &Caller, (named, id): (i32, Uuid), client: &Client) -> Result<HttpResponse, Problem> {
    receive::give_up(app, town(caller, named)?, (caller, client), id, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The same verbs for clients behind a proxy that lets only POST pass: `X-HTTP-Method-Override` says which.
#[utoipa::path(operation_id = "override_upload", tag = "crew",
    params(
        ("town" = i32, Path, description = "As the upload's address says."),
        ("id" = Uuid, Path, description = "Photo."),
        ("X-HTTP-Method-Override" = String, Header, description = "`PATCH`, `HEAD` or `DELETE`; the other headers and the body are that verb's."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`.", example = "1.0.0"),
    ),
    responses(
        (status = 200, description = "As for HEAD."),
        (status = 204, description = "As for PATCH and DELETE."),
        (status = 405, description = "Another verb.", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        UploadProblems,
    ))]
#[post("/v1/uploads/{town}/{id}", wrap = "version()")]
pub async fn override_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(i32, Uuid)>,
    staff: MaybeStaff,
    secret: FollowSecret,
    client: Client,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (caller, payload) = met(&app, &request, (staff, secret), &client, payload).await?;
    let which = path.into_inner();
    match headers::method(&request) {
        Method::PATCH => proceed(&app, &caller, which, &request, payload).await,
        Method::HEAD => look(&app, &caller, which).await,
        Method::DELETE => stop(&app, &caller, which, &client).await,
        _ => Err(Problem::new(Kind::MethodNotAllowed)),
    }
}
