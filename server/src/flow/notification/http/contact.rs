//! Reading the contact data of a report's author.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::notification::desk::{self, Asker};
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::limits::Class;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::responses::DeskTask;
use crate::vault::{Contact, Purpose};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a person of the staff reads contact data for.
    StaffPurpose {
        /// To call the reporter back.
        CallBack = "call_back",
        /// To write a letter.
        Letter = "letter",
        /// To write to the reporter about the report.
        FollowUp = "follow_up",
        /// To deal with what was reported.
        Handle = "handle",
    }
}

impl From<StaffPurpose> for Purpose {
    fn from(purpose: StaffPurpose) -> Self {
        match purpose {
            StaffPurpose::CallBack => Self::CallBack,
            StaffPurpose::Letter => Self::Letter,
            StaffPurpose::FollowUp => Self::FollowUp,
            StaffPurpose::Handle => Self::Handle,
        }
    }
}

/// Why contact data are wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealRequest {
    /// Purpose; it is noted with who asked and when, and says what is opened. `call_back`: telephone number and name;
    /// `letter`: name and postal address; `follow_up`: address of electronic mail; `handle`: personal answers.
    pub purpose: StaffPurpose,
}

/// What a reporter gave of what the purpose opens; null is all else.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ContactBody {
    /// Address of electronic mail.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Postal address.
    pub postal_address: Option<String>,
    /// Answers to questions that the category marks as personal, such as a number plate.
    #[schema(value_type = Option<Object>)]
    pub answers: Option<Value>,
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        Self {
            answers: contact.answers.and_then(|answers| serde_json::from_str(&answers).ok()),
            email: contact.email,
            phone: contact.phone,
            name: contact.name,
            postal_address: contact.postal_address,
        }
    }
}

/// Reads those contact data of a report's author, or their personal answers, that the purpose needs. Each reading is noted,
/// with its purpose.
#[utoipa::path(operation_id = "reveal_contact", tag = "desk", request_body = RevealRequest, params(("id" = Uuid, Path, description = "Report.")),
    responses(
        (status = 200, description = "What the reporter gave of it.", body = ContactBody),
        (status = 404, description = "No such report in scope, or nothing personal came with it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No such purpose.", body = ProblemBody, content_type = "application/problem+json"),
        DeskTask,
    ))]
#[post("/v1/reports/{id}/contact")]
pub async fn reveal_contact(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
    Body(body): Body<RevealRequest>,
) -> Result<web::Json<ContactBody>, Problem> {
    // By person and not by session: signing in anew gives no more of it.
    app.limits
        .count_key(Class::Reveal, format!("person:{}", token.staff_user_id))?;
    let asker = Asker::of(token, &client);
    let contact = desk::contact(&app, &asker, *path, body.purpose.into()).await?;
    Ok(web::Json(contact.into()))
}
