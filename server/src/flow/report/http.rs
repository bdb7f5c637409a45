//! The report stage over HTTP.

use actix_web::http::header::LOCATION;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post, web};
use chrono::Utc;
use serde_json::{Map, Value};

use super::acknowledge::{Acknowledgement, acknowledge};
use super::model::{Channel, ContactWay};
use super::parse;
use super::submit::{Sender, SentPhoto, submit, whole};
use crate::app::App;
use crate::auth::extract::MaybeStaff;
use crate::auth::secret::digest;
use crate::flow::photo::multipart;
use crate::http::client::Client;
use crate::http::json::{self, Body, media_type};
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::PublicBody;
use crate::people;

/// Header by which a client makes a request repeatable.
pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";

/// A report, as sent. Only category and position are required.
#[derive(Debug, utoipa::ToSchema)]
#[schema(example = json!({
    "category": "nid-de-poule",
    "position": {"type": "Point", "coordinates": [-4.5, 46.5]},
    "accuracy_m": 8,
    "description": "Deep hole at the kerb",
    "contact": {"email": "camille@example.org", "preferred": "email"}
}))]
#[expect(
    dead_code,
    reason = "describes the body; it is read field by field so that all faults are told at once"
)]
pub struct NewReport {
    /// The client's own UUIDv7: makes the report recognisable for ever.
    id: Option<uuid::Uuid>,
    /// Code of the category, from /v1/catalogue.
    category: String,
    /// Where it is.
    position: GeoPoint,
    /// Accuracy of the position, metres (68 %). A pin on a map that states none is compared as one of 10.
    accuracy_m: Option<f64>,
    /// Where the position came from.
    position_source: Option<super::model::PositionSource>,
    /// Address in words, at most 300 characters.
    address: Option<String>,
    /// What is wrong, at most 4000 characters.
    description: Option<String>,
    /// When it was seen, by the client's clock; up to 90 days ago.
    observed_at: Option<chrono::DateTime<Utc>>,
    /// How it came: app and web for everybody, the others for staff.
    channel: Option<Channel>,
    /// Language of the person.
    locale: Option<crate::text::Locale>,
    /// How and where to tell the person.
    contact: Option<NewContact>,
    /// Answers to the category's questions.
    #[schema(value_type = Option<Object>)]
    answers: Option<Map<String, Value>>,
    /// The client's own follow secret, at least 128 bits in base64url.
    follow_secret: Option<String>,
    /// "It is this one": an alert that the public sees, at most 250 m and the stated accuracy from where the public sees it.
    joins: Option<uuid::Uuid>,
    /// "It is none of these": alerts.
    not_same: Option<Vec<uuid::Uuid>>,
}

/// A GeoJSON Point: longitude, then latitude.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a part of the body")]
pub struct GeoPoint {
    /// Always `Point`.
    #[schema(rename = "type", example = "Point")]
    r#type: String,
    /// Longitude and latitude, decimal degrees, WGS 84.
    #[schema(min_items = 2, max_items = 3, example = json!([-4.5, 46.5]))]
    coordinates: Vec<f64>,
}

/// Contact data; only what the preferred way needs is kept.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a part of the body")]
pub struct NewContact {
    /// E-mail address.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Name, for calls and letters.
    name: Option<String>,
    /// Postal address, for letters.
    postal_address: Option<String>,
    /// How to be told: one of the catalogue's `contact_ways`. Where `sms` is none of them, whoever asks for it is told by mail
    /// if an address is given, and refused (422) otherwise.
    preferred: Option<ContactWay>,
}

/// Take a report in. No account needed; a retry with the same id or Idempotency-Key gets the same answer.
#[utoipa::path(
    operation_id = "submit_report",
    tag = "resident",
    request_body(description = "JSON; or a form whose `report` part is that JSON, with up to five `photo` parts.",
        content((NewReport = "application/json"), (ReportForm = "multipart/form-data"))),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable: 1 to 255 characters."),
        ("X-Device-Id" = Option<String>, Header, description = "Installation of the app: recognises a resubmission; never stored as is."),
    ),
    responses(
        (status = 201, description = "Received: the legal acknowledgement. The same for a retry.", body = Acknowledgement),
        (status = 401, description = "A token was shown that is not valid.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This role enters no reports.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The id names something else, or the same request is being worked on.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Fields are wrong, all named; or the key came with another request.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many reports from here.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Not now; a retry does no harm.", body = ProblemBody, content_type = "application/problem+json"),
        PublicBody,
    )
)]
#[post("/v1/reports")]
pub async fn submit_report(
    app: web::Data<App>,
    request: HttpRequest,
    client: Client,
    staff: MaybeStaff,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    let sender = sender(&app, &request, &client, staff, now).await?;
    let channels = if sender.staff.is_some() {
        Channel::STAFF
    } else {
        Channel::PUBLIC
    };
    let ways = ContactWay::offered(app.sms.is_some());
    let (object, photos) = body(&request, payload).await?;
    let hashes: Vec<Vec<u8>> = photos.iter().flatten().map(|photo| digest(photo)).collect();
    let read = parse::read(&object, channels, ways, client.locale, &hashes, now);
    let submission = whole(&app, read, &sender, now)?;
    let accepted = submit(&app, &submission, &photos, &sender, now).await?;
    let answer = acknowledge(&app, &accepted)?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, answer.follow.url.clone()))
        .json(answer))
}

/// A report and its photos in one form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub struct ReportForm {
    /// The report, as JSON.
    report: NewReport,
    /// Up to five photos.
    #[schema(value_type = Option<Vec<String>>, format = Binary)]
    photo: Option<Vec<Vec<u8>>>,
}

/// The report's JSON and the photos, from a JSON body or a form.
async fn body(request: &HttpRequest, payload: web::Payload) -> Result<(Map<String, Value>, Vec<SentPhoto>), Problem> {
    if media_type(request).as_deref() == Some("multipart/form-data") {
        let parts = multipart::read(request.headers(), payload, multipart::Limits::REPORT).await?;
        let report = parts.report.ok_or_else(|| Problem::field("report", "required"))?;
        return Ok((json::parse(&report)?, parts.photos));
    }
    let object = Body::<Map<String, Value>>::from_request(request, &mut payload.into_inner()).await?;
    Ok((object.0, Vec::new()))
}

/// Who sends: limits are counted for everybody but staff, whose right to enter reports is read.
async fn sender(
    app: &App,
    request: &HttpRequest,
    client: &Client,
    staff: MaybeStaff,
    now: chrono::DateTime<Utc>,
) -> Result<Sender, Problem> {
    let key = idempotency_key(request)?;
    let device = client
        .device
        .clone()
        .or_else(|| client.address.map(|address| address.to_string()));
    let staff = match staff.0 {
        None => {
            app.limits.count(Class::Submit, client)?;
            None
        }
        Some(token) => {
            let mut tx = app.db.begin(token.town).await?;
            let person = people::queries::authorise(&mut tx, token, now).await?;
            people::policy::permit_any(&person, people::policy::Operation::EnterReport)?;
            tx.commit().await?;
            Some((token.town, person.staff_user_id, person.session_id))
        }
    };
    // A key belongs to who sent it: nobody else's answer can be had by guessing it.
    let owner = staff.map_or_else(|| device.clone().unwrap_or_default(), |(_, user, _)| user.to_string());
    Ok(Sender {
        device: if staff.is_some() { None } else { client.device.clone() },
        staff,
        key_hash: key.map(|key| digest(format!("submit_report\n{owner}\n{key}").as_bytes())),
        request_id: Some(client.request_id.clone()),
        historic: false,
        town: None,
    })
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(header) = request.headers().get(IDEMPOTENCY_HEADER) else {
        return Ok(None);
    };
    let key = header.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Problem::new(Kind::MalformedRequest).with("header", IDEMPOTENCY_HEADER))
}
