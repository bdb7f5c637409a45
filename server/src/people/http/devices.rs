//! Endpoints: the tablets that crews share.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::audit::Actor;
use crate::auth::token::StaffToken;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::{Credentials, JsonBody, Session};
use crate::people::device::{self, CODE_LIFETIME, DeviceSecret, EnrolmentCode};
use crate::people::policy::{self, Operation};
use crate::people::queries::{self, device as rows};
use crate::people::session::origin;

/// Header in which an enrolled tablet shows its secret.
pub const SECRET_HEADER: &str = "X-Device-Secret";
/// Most tablets in the list; a town has dozens.
const MOST: i64 = 1_000;

/// A tablet to be enrolled.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What is written on it; 1 to 200 characters.
    #[schema(example = "Voirie 2")]
    pub name: String,
    /// Crew whose people sign in on it.
    pub crew_id: Uuid,
}

/// What the supervisor shows to the tablet.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Enrolment {
    /// Tablet.
    pub device_id: Uuid,
    /// To be typed on it.
    #[schema(example = "1-K7QA-M2XP")]
    pub code: String,
    /// The code dies then, or once it was used.
    pub code_expires_at: DateTime<Utc>,
    /// The same to be scanned: `{"url", "code"}` as a QR code, in SVG.
    pub qr_svg: String,
}

/// An enrolment code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// As shown to the supervisor; case, blanks and dashes don't matter.
    #[schema(example = "1-K7QA-M2XP")]
    pub code: String,
}

/// What an enrolled tablet keeps.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Enrolled {
    /// Tablet.
    pub device_id: Uuid,
    /// What is written on it.
    pub name: String,
    /// Crew whose people sign in on it.
    pub crew_id: Option<Uuid>,
    /// Its secret; told this once.
    pub device_secret: String,
}

/// A tablet in the list.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Device {
    /// Tablet.
    pub id: Uuid,
    /// What is written on it.
    pub name: String,
    /// Crew.
    pub crew_id: Option<Uuid>,
    /// When it was announced.
    pub created_at: DateTime<Utc>,
    /// When it was enrolled; none: it waits for its code, or the code died.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// Day of the last sign-in on it.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The tablets in the caller's scope.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Devices {
    /// Newest first.
    pub devices: Vec<Device>,
}

/// Somebody who can sign in on a tablet.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Agent {
    /// Person.
    pub id: Uuid,
    /// Name.
    pub name: String,
}

/// Who can sign in on a tablet.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Agents {
    /// By name.
    pub agents: Vec<Agent>,
}

/// Announce a tablet for a crew; the answer is shown to the tablet within 10 minutes.
#[utoipa::path(operation_id = "announce_device", tag = "people", request_body = NewDevice, responses(
    (status = 201, description = "Announced.", body = Enrolment),
    (status = 403, description = "Not in this role.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "A crew outside one's scope.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
    JsonBody,
))]
#[post("/v1/devices")]
pub async fn announce_device(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    Body(body): Body<NewDevice>,
) -> Result<HttpResponse, Problem> {
    let town = super::staff::town_of(&app, token).await?;
    let now = Utc::now();
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    let (device_id, code) = device::announce(
        &mut tx,
        &town,
        &staff,
        &body.name,
        body.crew_id,
        &client.request_id,
        now,
    )
    .await?;
    tx.commit().await?;
    let code = code.to_string();
    Ok(HttpResponse::Created().json(Enrolment {
        device_id,
        qr_svg: qr_svg(&app.config.public_url, &code)?,
        code,
        code_expires_at: now + CODE_LIFETIME,
    }))
}

/// Carries the server's address too, so that a tablet fresh from its box needs nothing else.
fn qr_svg(url: &str, code: &str) -> Result<String, Problem> {
    let content = json!({"url": url, "code": code}).to_string();
    let qr = QrCode::new(content).map_err(Problem::internal)?;
    Ok(qr.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

/// Enrol this tablet with the code that the supervisor shows.
#[utoipa::path(operation_id = "enrol_device", tag = "people", request_body = Code, responses(
    (status = 201, description = "Enrolled.", body = Enrolled),
    (status = 401, description = "A wrong, used or old code.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is missing.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries.", body = ProblemBody, content_type = "application/problem+json"),
    Credentials,
))]
#[post("/v1/devices/enrol")]
pub async fn enrol_device(
    app: web::Data<App>,
    client: Client,
    Body(body): Body<Code>,
) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Guess, &client)?;
    let code = EnrolmentCode::read(&body.code).ok_or_else(|| Problem::new(Kind::WrongCredentials))?;
    let mut tx = app.db.begin(code.town).await?;
    let origin = origin(&Actor::Anonymous, &client);
    let (device, secret) = device::enrol(&mut tx, &code, origin, Utc::now()).await?;
    tx.commit().await?;
    Ok(HttpResponse::Created().json(Enrolled {
        device_id: device.id,
        name: device.name,
        crew_id: device.crew_id,
        device_secret: secret.as_str().to_owned(),
    }))
}

/// The tablets in one's scope.
#[utoipa::path(operation_id = "list_devices", tag = "people", responses(
    (status = 200, description = "The tablets.", body = Devices),
    (status = 403, description = "Not in this role.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
))]
#[get("/v1/devices")]
pub async fn list_devices(app: web::Data<App>, token: StaffToken) -> Result<web::Json<Devices>, Problem> {
    let town = super::staff::town_of(&app, token).await?;
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, Utc::now()).await?;
    policy::permit_any(&staff, Operation::ManageDevices)?;
    let found = rows::list(&mut tx, MOST).await?;
    tx.commit().await?;
    let in_scope = |row: &rows::DeviceRow| {
        policy::permit(&staff, Operation::ManageDevices, &device::target(&town, row.crew_id)).is_ok()
    };
    let devices = found.into_iter().filter(in_scope).map(|row| Device {
        id: row.id,
        name: row.name,
        crew_id: row.crew_id,
        created_at: row.created_at,
        enrolled_at: row.enrolled_at,
        last_seen_at: row.last_seen_at,
        revoked_at: row.revoked_at,
    });
    Ok(web::Json(Devices {
        devices: devices.collect(),
    }))
}

/// Revoke a lost or retired tablet; sessions on it end at once.
#[utoipa::path(operation_id = "revoke_device", tag = "people", params(("id" = Uuid, Path, description = "Tablet.")), responses(
    (status = 204, description = "Revoked, now or before."),
    (status = 403, description = "Not in this role.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "No such tablet in one's scope.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
))]
#[post("/v1/devices/{id}/revoke")]
pub async fn revoke_device(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let town = super::staff::town_of(&app, token).await?;
    let now = Utc::now();
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    device::revoke(&mut tx, &town, &staff, id.into_inner(), &client.request_id, now).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who can sign in on this tablet: its crew's people who have a PIN.
#[utoipa::path(operation_id = "device_agents", tag = "people",
    params(("X-Device-Secret" = String, Header, description = "The tablet's secret.")), responses(
    (status = 200, description = "The people.", body = Agents),
    (status = 401, description = "Not an enrolled tablet; `reason` is `device_revoked` when it was.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "The database is away.", body = ProblemBody, content_type = "application/problem+json"),
))]
#[get("/v1/devices/agents")]
pub async fn device_agents(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
) -> Result<web::Json<Agents>, Problem> {
    app.limits.count(Class::Read, &client)?;
    let secret = secret_of(&request)?;
    let mut tx = app.db.begin(secret.town).await?;
    let device = device::authenticate(&mut tx, &secret).await?;
    let found = match device.crew_id {
        Some(crew) => rows::agents(&mut tx, crew).await?,
        None => Vec::new(),
    };
    tx.commit().await?;
    let agents = found.into_iter().map(|(id, name)| Agent { id, name }).collect();
    Ok(web::Json(Agents { agents }))
}

/// The tablet that a request says it comes from; whether the secret is its own, the database knows.
pub(super) fn secret_of(request: &HttpRequest) -> Result<DeviceSecret, Problem> {
    let header = request.headers().get(SECRET_HEADER);
    DeviceSecret::read(header.and_then(|value| value.to_str().ok()).unwrap_or_default())
}
