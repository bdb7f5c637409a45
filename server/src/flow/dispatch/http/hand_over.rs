//! To outside bodies and back, over HTTP.

use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::Utc;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::flow::dispatch::hand_over::{self, Word};
use crate::flow::dispatch::model::Answer;
use crate::flow::request::words;
use crate::flow::status::event::{By, Details};
use crate::flow::status::http::{AlertAnswer, answer};
use crate::http::client::Client;
use crate::http::etag::expected_version;
use crate::http::json::Body;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::Operation;

/// To whom an alert is handed over.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverRequest {
    /// Outside body.
    pub body_id: Uuid,
    /// For the body; no word about who reported it.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// What the body said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverAnswer {
    /// Yes or no; after a no the alert is the town's again.
    pub answer: Answer,
    /// The body's own reference.
    #[schema(max_length = 4000)]
    pub reference: Option<String>,
    /// In its words.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// Hands the alert over to an outside body. Who reported it stays a follower and hears who has it.
#[utoipa::path(operation_id = "hand_over_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = HandOverRequest,
    responses((status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))), StaffCommand))]
#[post("/v1/alerts/{id}/hand-over")]
pub async fn hand_over_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    Body(body): Body<HandOverRequest>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "note", body.note.as_deref());
    errors.check(())?;
    let expected = expected_version(&request)?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (mut alert, role) = command.alert(id.into_inner(), Operation::Transfer, expected).await?;
    let by = By::staff(&command.staff, role, "hand_over_alert", &client);
    let Command { mut tx, town, now, .. } = command;
    hand_over::send(&mut tx, &town, &mut alert, body.body_id, body.note.as_deref(), by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    answer(&town, &alert)
}

/// Writes down what the body said; a refusal takes the alert back and tells everyone who reported it.
#[utoipa::path(operation_id = "answer_hand_over", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert.")),
    request_body = HandOverAnswer,
    responses((status = 200, description = "The alert as it stands now.", body = AlertAnswer, headers(("ETag" = String, description = "Its version."))), StaffCommand))]
#[post("/v1/alerts/{id}/hand-over/answer")]
pub async fn answer_hand_over(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<HandOverAnswer>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "reference", body.reference.as_deref());
    words(&mut errors, "note", body.note.as_deref());
    errors.check(())?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let (mut alert, role) = command.alert(id.into_inner(), Operation::Transfer, None).await?;
    let details = Details {
        note: body.note.as_deref(),
        ..Details::default()
    };
    let by = By::staff(&command.staff, role, "answer_hand_over", &client).with(details);
    let Command { mut tx, town, now, .. } = command;
    let word = Word {
        answer: body.answer,
        reference: body.reference.as_deref(),
        note: body.note.as_deref(),
    };
    hand_over::answer(&mut tx, &town, &mut alert, word, by, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    answer(&town, &alert)
}
