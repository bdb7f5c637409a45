//! Photos looked at, released and taken back.

use actix_web::http::header;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PhotoBytes;
use crate::app::App;
use crate::auth::extract::{FollowSecret, MaybeStaff};
use crate::auth::secret::check_link;
use crate::auth::token::StaffToken;
use crate::db::TownId;
use crate::flow::photo::links::{self, PhotoLinks, links};
use crate::flow::photo::model::{Photo, PhotoState, Refusal, Subject};
use crate::flow::photo::queries;
use crate::flow::photo::release::release;
use crate::flow::photo::upload::{Caller, admit};
use crate::http::client::Client;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PhotoRelease;

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
        (status = 409, description = "Not decoded, refused, or of a sensitive category: `reason` says which.", body = ProblemBody, content_type = "application/problem+json"),
        PhotoRelease,
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
        PhotoRelease,
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
