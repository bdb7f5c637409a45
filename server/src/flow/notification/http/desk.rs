//! The desk's lists: calls to make, letters to print, messages that were given up.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, LINK};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::notification::content;
use crate::flow::notification::desk::{self, Asker, CallOutcome, Entry};
use crate::flow::notification::layout::Letter;
use crate::flow::notification::model::{Channel, Recipient};
use crate::flow::notification::queries::desk::List;
use crate::flow::notification::template::Template as Message;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::page::{PageQuery, next_link};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::responses::DeskTask;

/// Longest note of a call.
const NOTE_LENGTH: usize = 2_000;

/// A call, a letter or a message that was given up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MessageItem {
    /// Identity.
    pub id: Uuid,
    /// Who is to hear.
    pub recipient: Recipient,
    /// By which way.
    pub channel: Channel,
    /// Which message.
    pub template: Message,
    /// Alert.
    pub alert_id: Uuid,
    /// Reference of the alert.
    pub alert_reference: String,
    /// Report of the reader; their contact data are read with `POST /v1/reports/{id}/contact`.
    pub report_id: Option<Uuid>,
    /// Outside body, when it is to hear.
    pub body_id: Option<Uuid>,
    /// What it is about, in the reader's language.
    pub subject: String,
    /// What to say, in the reader's language. The reader's links are not in it: who holds one acts as the reader.
    pub text: String,
    /// Tries so far.
    pub attempts: i32,
    /// How the latest try ended (`no_answer`), or why it was given up (`refused`, `no_address`, `no_gateway`, `given_up`).
    pub outcome: Option<String>,
    /// When it was promised.
    pub created_at: DateTime<Utc>,
}

/// A page of messages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MessagePage {
    /// Oldest first. A page may hold fewer than asked for although more follow.
    pub items: Vec<MessageItem>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// How a call ended.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallOutcomeRequest {
    /// Outcome.
    pub outcome: CallOutcome,
    /// For colleagues; at most 2000 characters, no contact data.
    pub note: Option<String>,
}

impl MessageItem {
    fn of(entry: Entry) -> Result<Self, Problem> {
        let row = entry.listed.notification;
        Ok(Self {
            recipient: row.recipient()?,
            channel: row.channel()?,
            template: row.template()?,
            id: row.id,
            alert_id: row.alert_id,
            alert_reference: entry.listed.alert_reference,
            report_id: entry.listed.report_id,
            body_id: row.body_id,
            subject: entry.subject,
            text: entry.text,
            attempts: row.attempts,
            outcome: row.outcome,
            created_at: row.created_at,
        })
    }
}

async fn page(
    app: &App,
    request: &HttpRequest,
    token: StaffToken,
    client: &Client,
    query: &PageQuery,
    list: List,
) -> Result<HttpResponse, Problem> {
    let asker = Asker::of(token, client);
    let (entries, next) = desk::list(app, &asker, list, query).await?;
    let items = entries.into_iter().map(MessageItem::of).collect::<Result<_, _>>()?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    Ok(response.json(MessagePage { items, next }))
}

macro_rules! listing {
    ($(#[$about:meta])* $name:ident, $operation:literal, $path:literal, $list:expr) => {
        $(#[$about])*
        #[utoipa::path(operation_id = $operation, tag = "desk", params(PageQuery),
            responses(
                (status = 200, description = "A page.", body = MessagePage, headers(("Link" = String, description = "The next page, if there is one."))),
                (status = 422, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
                DeskTask,
            ))]
        #[get($path)]
        pub async fn $name(
            app: web::Data<App>,
            token: StaffToken,
            client: Client,
            request: HttpRequest,
            query: web::Query<PageQuery>,
        ) -> Result<HttpResponse, Problem> {
            page(&app, &request, token, &client, &query, $list).await
        }
    };
}

listing!(
    /// Calls that are due, in the person's scope.
    list_calls, "list_calls", "/v1/calls", List::Due(Channel::Call)
);
listing!(
    /// Letters to print, in the person's scope.
    list_letters, "list_letters", "/v1/letters", List::Due(Channel::Letter)
);
listing!(
    /// Messages that were given up, in the person's scope.
    list_dead_notifications, "list_dead_notifications", "/v1/notifications/dead", List::Dead
);

/// Notes how a call ended.
#[utoipa::path(operation_id = "record_call_outcome", tag = "desk", request_body = CallOutcomeRequest, params(("id" = Uuid, Path, description = "Call.")),
    responses(
        (status = 204, description = "Noted."),
        (status = 404, description = "No such call in scope.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is done already.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong.", body = ProblemBody, content_type = "application/problem+json"),
        DeskTask,
    ))]
#[post("/v1/calls/{id}/outcome")]
pub async fn record_call_outcome(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
    Body(body): Body<CallOutcomeRequest>,
) -> Result<HttpResponse, Problem> {
    if body
        .note
        .as_ref()
        .is_some_and(|note| note.chars().count() > NOTE_LENGTH)
    {
        return Err(Problem::field("note", "note_too_long"));
    }
    let asker = Asker::of(token, &client);
    desk::call_ended(&app, &asker, *path, body.outcome, body.note).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A letter, ready to print, with its reader's postal address; the reading is noted. It says by which reference and code
/// its reader follows the report on the telephone, and has no link.
#[utoipa::path(operation_id = "print_letter", tag = "desk", params(("id" = Uuid, Path, description = "Letter.")),
    responses(
        (status = 200, description = "The letter.", body = String, content_type = "text/html"),
        (status = 404, description = "No such letter in scope.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is done already.", body = ProblemBody, content_type = "application/problem+json"),
        DeskTask,
    ))]
#[get("/v1/letters/{id}")]
pub async fn print_letter(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let asker = Asker::of(token, &client);
    let (row, dossier, to) = desk::letter(&app, &asker, *path).await?;
    let town = app.catalogue.town(&app.db, row.town()).await?;
    let scene = dossier.scene(&app.texts, &town);
    let letter = Letter {
        content: &content::content(row.template()?, &scene),
        from: &town.postal_address,
        to: &to,
        date: &scene.date(town.day_at(asker.now)),
        thanks: &scene.say("page-letter-thanks", &[]),
    };
    let html = letter.render().map_err(Problem::internal)?;
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'";
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(html))
}

/// Notes that a letter was printed and posted.
#[utoipa::path(operation_id = "mark_letter_printed", tag = "desk", params(("id" = Uuid, Path, description = "Letter.")),
    responses(
        (status = 204, description = "Noted."),
        (status = 404, description = "No such letter in scope.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is done already.", body = ProblemBody, content_type = "application/problem+json"),
        DeskTask,
    ))]
#[post("/v1/letters/{id}/printed")]
pub async fn mark_letter_printed(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let asker = Asker::of(token, &client);
    desk::letter_printed(&app, &asker, *path).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Tries a message that was given up once more, from the beginning.
#[utoipa::path(operation_id = "retry_notification", tag = "desk", params(("id" = Uuid, Path, description = "Message.")),
    responses(
        (status = 202, description = "It is due again."),
        (status = 404, description = "No such message in scope.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was not given up.", body = ProblemBody, content_type = "application/problem+json"),
        DeskTask,
    ))]
#[post("/v1/notifications/{id}/retry")]
pub async fn retry_notification(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let asker = Asker::of(token, &client);
    desk::retry(&app, &asker, *path).await?;
    Ok(HttpResponse::Accepted().finish())
}
