//! Endpoints: oneself.

use actix_web::{HttpResponse, get, put, web};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::auth::TokenPair;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::responses::{JsonBody, Session};
use crate::people::own;
use crate::people::policy::Grant;
use crate::people::queries::{self, staff as rows};

/// A town.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TownName {
    /// Short name.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Time zone (IANA).
    pub time_zone: String,
}

impl TownName {
    /// Of a town.
    pub(super) fn of(town: &Town) -> Self {
        Self {
            slug: town.slug.clone(),
            name: town.name.clone(),
            time_zone: town.time_zone.to_string(),
        }
    }
}

/// The caller, in this session.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    /// Person.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Work address.
    pub email: String,
    /// Language: `fr` or `en`.
    pub locale: String,
    /// Whether the person has a PIN for tablets.
    pub has_pin: bool,
    /// Session.
    pub session_id: Uuid,
    /// Tablet of the session, when signed in by PIN.
    pub device_id: Option<Uuid>,
    /// Town of the session.
    pub jurisdiction: TownName,
    /// What they may do in this session.
    pub grants: Vec<Grant>,
}

/// A new password against the present one.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The present one.
    #[schema(format = Password)]
    pub old_password: String,
    /// 12 characters to 1,000 bytes, without the name of the e-mail address.
    #[schema(format = Password, min_length = 12)]
    pub new_password: String,
}

/// A new PIN against the password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPin {
    /// The present password.
    #[schema(format = Password)]
    pub password: String,
    /// Six digits, no sequence and no repetition.
    #[schema(format = Password, pattern = "^[0-9]{6}$")]
    pub pin: String,
}

/// Who am I, where, and what may I do.
#[utoipa::path(operation_id = "me", tag = "people", responses(
    (status = 200, description = "The caller.", body = Me),
    Session,
))]
#[get("/v1/me")]
pub async fn me(app: web::Data<App>, token: StaffToken) -> Result<web::Json<Me>, Problem> {
    let town = app.catalogue.fresh(&app.db).await?.town(token.town).cloned();
    let town = town.ok_or_else(|| Problem::internal("a session of an unknown town"))?;
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, Utc::now()).await?;
    let person = rows::person(&mut tx, staff.staff_user_id).await?;
    tx.commit().await?;
    Ok(web::Json(Me {
        id: person.id,
        name: person.name,
        email: person.email,
        locale: person.locale,
        has_pin: person.pin_hash.is_some(),
        session_id: staff.session_id,
        device_id: staff.device_id,
        jurisdiction: TownName::of(&town),
        grants: staff.grants,
    }))
}

/// Change one's password. All other sessions end; this one goes on with the tokens of the answer.
#[utoipa::path(operation_id = "change_password", tag = "people", request_body = NewPassword, responses(
    (status = 200, description = "Changed; the tokens held before no longer count.", body = TokenPair),
    (status = 409, description = "It was changed at the same time.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "The present one is wrong, or the new one against the rules.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries at this account.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
    JsonBody,
))]
#[put("/v1/me/password")]
pub async fn change_password(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    Body(body): Body<NewPassword>,
) -> Result<web::Json<TokenPair>, Problem> {
    let passwords = (body.old_password, body.new_password);
    let tokens = own::change_password(&app, &client, token, passwords, Utc::now()).await?;
    Ok(web::Json(tokens.into()))
}

/// Set one's PIN for the crew's tablets. One's sessions on tablets end.
#[utoipa::path(operation_id = "set_pin", tag = "people", request_body = NewPin, responses(
    (status = 204, description = "Set."),
    (status = 409, description = "The password was changed at the same time.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "The password is wrong, or the PIN against the rules.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries at this account.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
    JsonBody,
))]
#[put("/v1/me/pin")]
pub async fn set_pin(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    Body(body): Body<NewPin>,
) -> Result<HttpResponse, Problem> {
    own::set_pin(&app, &client, token, (body.password, body.pin), Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
