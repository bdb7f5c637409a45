//! Contractors' links over HTTP: making one, opening it, answering by it.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::act::take_in;
use super::form::{ContractorOutcome, FIELDS, Typed};
use super::link::{self, Opened};
use super::page::{self, Form, Lacks, View, Words};
use super::sheet::{Held, Sheet};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::command::Command;
use crate::flow::dispatch::queries::find_task;
use crate::flow::photo::http::send::drain;
use crate::flow::photo::multipart::{self, Limits};
use crate::flow::status::event::By;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::limits::Class;
use crate::http::problem::{FieldErrors, Kind, Problem, ProblemBody};
use crate::http::responses::StaffCommand;
use crate::people::policy::Operation;

/// Days for which a link works when nobody says otherwise.
const DEFAULT_DAYS: i64 = 14;
/// Longest name of a company, characters.
const LONGEST_NAME: usize = 200;

/// For whom a link is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractorLinkRequest {
    /// Name of the company, for history and audit trail.
    #[schema(min_length = 1, max_length = 200)]
    pub company: String,
    /// For how long it works at most; 14 without it.
    #[schema(minimum = 1, maximum = 60)]
    pub expires_in_days: Option<i64>,
}

/// A link to pass on. Whoever holds it sees the task and may answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ContractorLinkBody {
    /// Address to open with a browser.
    pub url: String,
    /// It works until then, or until the task is over.
    pub expires_at: DateTime<Utc>,
}

impl ContractorLinkRequest {
    fn check(&self) -> Result<(&str, TimeDelta), Problem> {
        let mut errors = FieldErrors::default();
        let company = self.company.trim();
        if company.is_empty() {
            errors.add("company", "required");
        } else if company.chars().count() > LONGEST_NAME || company.chars().any(char::is_control) {
            errors.add("company", "company");
        }
        let days = self.expires_in_days.unwrap_or(DEFAULT_DAYS);
        if !(1..=60).contains(&days) {
            errors.add("expires_in_days", "link_days");
        }
        errors.check((company, TimeDelta::try_days(days).unwrap_or_default()))
    }
}

/// Makes a link by which a company without an account does a task: it shows what is to be done and nothing of who reported
/// it, takes one answer after the other, and is over when the task is.
#[utoipa::path(operation_id = "create_contractor_link", tag = "desk",
    params(("id" = Uuid, Path, description = "Task.")),
    request_body = ContractorLinkRequest,
    responses((status = 201, description = "The link; it is shown only here.", body = ContractorLinkBody), StaffCommand))]
#[post("/v1/tasks/{id}/contractor-link")]
pub async fn create_contractor_link(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<ContractorLinkRequest>,
) -> Result<HttpResponse, Problem> {
    let (company, lifetime) = body.check()?;
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    let seen = find_task(&mut command.tx, id.into_inner()).await?;
    let (_, role) = command.alert(seen.alert_id, Operation::Dispatch, None).await?;
    // Read again under the alert's lock.
    let task = find_task(&mut command.tx, seen.id).await?;
    let by = By::staff(&command.staff, role, "create_contractor_link", &client);
    let (maker, now) = (command.staff.staff_user_id, command.now);
    let made = link::make(&mut command.tx, &task, company, lifetime, (&by, maker), now).await?;
    command.tx.commit().await?;
    Ok(HttpResponse::Created().json(ContractorLinkBody {
        url: format!("{}{}", app.config.public_url, made.address(&app.keys.server)),
        expires_at: made.expires_at,
    }))
}

/// Whether an answer was just taken in: then the page says so.
#[derive(Debug, Deserialize)]
struct Sent {
    sent: Option<u8>,
}

fn words<'a>(app: &'a App, client: &Client) -> Words<'a> {
    Words {
        texts: &app.texts,
        locale: client.locale,
    }
}

fn wrong(app: &App, client: &Client) -> Result<HttpResponse, Problem> {
    page::answer(words(app, client), StatusCode::NOT_FOUND, View::Wrong, false)
}

/// A task by a company's link: what is to be done, where, and a form to answer. Looking changes nothing.
#[utoipa::path(operation_id = "contractor_page", tag = "crew",
    params(
        ("town" = i32, Path, description = "As the link says."),
        ("id" = Uuid, Path, description = "As the link says."),
        ("expires" = i64, Query, description = "Unix time after which the link is dead."),
        ("signature" = String, Query, description = "Of town, link and time."),
    ),
    responses(
        (status = 200, description = "A page; of a task that is over it says so.", body = String, content_type = "text/html"),
        (status = 404, description = "A page: the link is wrong or has run out.", body = String, content_type = "text/html"),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database away.", body = ProblemBody, content_type = "application/problem+json"),
    ))]
#[get("/contractor/{town}/{id}")]
pub async fn contractor_page(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    app.limits.count(Class::Read, &client)?;
    let query = request.query_string();
    let Some(opened) = Opened::read(&app.keys.server, (&path.0, &path.1), query, now) else {
        return wrong(&app, &client);
    };
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let mut tx = app.db.begin(opened.town).await?;
    let Some(held) = Held::read(&mut tx, &catalogue, opened.id).await? else {
        return wrong(&app, &client);
    };
    let sheet = Sheet::read(&app, &mut tx, &held, opened.expires_at, (client.locale, now)).await?;
    let sent = web::Query::<Sent>::from_query(query).is_ok_and(|query| query.sent == Some(1));
    let typed = Typed::default();
    let view = if held.task.is_live() {
        let fresh = typed.fresh();
        View::Open(&sheet, form(&app, &opened, fresh, Lacks::default()))
    } else {
        View::Over(&sheet, &typed)
    };
    page::answer(words(&app, &client), StatusCode::OK, view, sent)
}

fn form(app: &App, opened: &Opened, typed: Typed, lacks: Lacks) -> Form {
    Form {
        action: opened.address(&app.keys.server),
        typed,
        lacks,
    }
}

/// What the form of the page sends.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only describes the body")]
pub struct ContractorForm {
    /// The form's own id (UUIDv7): sent again, it counts once.
    id: Uuid,
    /// What became of the job.
    outcome: ContractorOutcome,
    /// For `need_material`: when to look again, a local date after today.
    review_date: Option<chrono::NaiveDate>,
    /// For `need_material`: what is missing, one thing on each line, how many of it before.
    material: Option<String>,
    /// Time worked.
    #[schema(minimum = 0, maximum = 100_000)]
    minutes: Option<i32>,
    /// For the service; needed for `note`.
    #[schema(max_length = 4000)]
    words: Option<String>,
    /// At most five files.
    #[schema(value_type = Option<String>, format = Binary)]
    photo: Option<Vec<u8>>,
}

/// Answers by a company's link. The same form sent again changes nothing.
#[utoipa::path(operation_id = "answer_contractor_link", tag = "crew",
    params(
        ("town" = i32, Path, description = "As the link says."),
        ("id" = Uuid, Path, description = "As the link says."),
        ("expires" = i64, Query, description = "Unix time after which the link is dead."),
        ("signature" = String, Query, description = "Of town, link and time."),
    ),
    request_body(content = ContractorForm, content_type = "multipart/form-data"),
    responses(
        (status = 303, description = "Taken in, now or before; leads back to the page."),
        (status = 400, description = "No form.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "A page: the link is wrong or has run out.", body = String, content_type = "text/html"),
        (status = 409, description = "A page: the task is over, its state does not allow it, or the form was sent before with other content.", body = String, content_type = "text/html"),
        (status = 413, description = "More bytes than are read.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The page with everything that lacks, and with what was typed; a problem for a part that is none of the form's.", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
        (status = 429, description = "Too many requests.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Database or photo store away.", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
    ))]
#[post("/contractor/{town}/{id}")]
pub async fn answer_contractor_link(
    app: web::Data<App>,
    client: Client,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    app.limits.count(Class::Submit, &client)?;
    let opened = Opened::read(&app.keys.server, (&path.0, &path.1), request.query_string(), now);
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let held = match opened {
        Some(opened) => Held::read(&mut app.db.begin(opened.town).await?, &catalogue, opened.id).await?,
        None => None,
    };
    let Some((opened, held)) = opened.zip(held) else {
        drain(payload).await;
        return wrong(&app, &client);
    };
    let sent = multipart::read_form(request.headers(), payload, &FIELDS, Limits::FORM).await?;
    let typed = Typed::of(sent.fields);
    let taken = match typed.said() {
        Ok(said) => take_in(&app, &held, &said, sent.photos, &client, now).await,
        Err(problem) => Err(problem),
    };
    match taken {
        Ok(()) => {
            let back = format!("{}&sent=1", opened.address(&app.keys.server));
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, back)).finish())
        }
        Err(problem) => again(&app, &client, (&opened, &held), typed, problem, now).await,
    }
}

/// The page once more, with what lacks and what was typed; or that the task is over.
async fn again(
    app: &App,
    client: &Client,
    (opened, held): (&Opened, &Held),
    typed: Typed,
    problem: Problem,
    now: DateTime<Utc>,
) -> Result<HttpResponse, Problem> {
    let kind = problem.kind;
    let mut tx = app.db.begin(opened.town).await?;
    let sheet = Sheet::read(app, &mut tx, held, opened.expires_at, (client.locale, now)).await?;
    let words = words(app, client);
    if kind == Kind::Conflict || !held.task.is_live() {
        let kind = Kind::Conflict;
        return page::answer(words, kind.status(), View::Over(&sheet, &typed), false);
    }
    let lacks = Lacks::of(problem, words)?;
    // The id of a form that was taken in, or of one that is none of ours, is of no use any more.
    let used = kind == Kind::IdTaken || Uuid::try_parse(typed.get("id")).is_err();
    let typed = if used { typed.fresh() } else { typed };
    page::answer(
        words,
        kind.status(),
        View::Open(&sheet, form(app, opened, typed, lacks)),
        false,
    )
}
