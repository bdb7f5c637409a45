//! The commands themselves.

use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{SubsecRound, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::wire::{
    MergeRequest, MoveRequest, NotSameRequest, OperationAnswer, PreviewQuery, SplitRequest, UndoRequest, describe,
    respond,
};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::flow::alert::operation::{Asked, Done};
use crate::flow::alert::{merge, move_report as moving, not_same, split, undo};
use crate::flow::command::Command;
use crate::flow::request::{request_hash, words};
use crate::http::client::Client;
use crate::http::etag::expected_version;
use crate::http::json::Body;
use crate::http::problem::{FieldErrors, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::{Operation, permit_any};

/// Most reports of one split.
const MOST: usize = 500;

/// What every command has in common: a person with the right at all, the reason, and the request's hash.
async fn begin(
    app: &App,
    token: StaffToken,
    about: Uuid,
    (reason, body): (Option<&str>, &(impl Serialize + Sync)),
) -> Result<(Command, Vec<u8>), Problem> {
    let mut errors = FieldErrors::default();
    words(&mut errors, "reason", reason);
    errors.check(())?;
    // Microseconds, as the database keeps them: a retry must read what the first answer said.
    let command = Command::begin(app, token, Utc::now().trunc_subsecs(6)).await?;
    permit_any(&command.staff, Operation::Regroup)?;
    Ok((command, request_hash(about, body)?))
}

/// What comes with every command; one without an id of the client has one of ours.
fn asked<'a>(
    id: Option<Uuid>,
    (reason, hash): (Option<&'a str>, &'a [u8]),
    expected: [Option<i32>; 2],
    client: &'a Client,
) -> Asked<'a> {
    Asked {
        id: id.unwrap_or_else(Uuid::now_v7),
        hash,
        reason,
        expected,
        client,
    }
}

/// Makes it durable, or takes a preview back, and answers.
async fn end(
    app: &App,
    command: Command,
    done: &Done,
    query: PreviewQuery,
    client: &Client,
) -> Result<HttpResponse, Problem> {
    let Command { tx, town, .. } = command;
    let preview = query.preview == Some(true);
    let answer = describe(app, &tx, &town, (done, preview), client.locale).await?;
    if preview {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
        app.wake.notify_one();
    }
    Ok(respond(answer))
}

/// Merges an alert into another one: all its reports and their followers go there, its reference leads there, and it is
/// closed.
///
/// A task that a crew has not begun is withdrawn. Refused (409) with `reason`: `closed`, `merged`, `crew_at_work` (names the
/// task), `handed_over` (names the body).
#[utoipa::path(operation_id = "merge_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert that goes."), PreviewQuery,
        ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = MergeRequest,
    responses(
        (status = 200, description = "What was done.", body = OperationAnswer, headers(("ETag" = String, description = "Version of the alert that went; a preview has none."))),
        StaffCommand,
    ))]
#[post("/v1/alerts/{id}/merge")]
pub async fn merge_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    query: web::Query<PreviewQuery>,
    Body(body): Body<MergeRequest>,
) -> Result<HttpResponse, Problem> {
    let expected = [expected_version(&request)?, body.into_version];
    let (mut command, hash) = begin(&app, token, *id, (body.reason.as_deref(), &body)).await?;
    let asked = asked(body.id, (body.reason.as_deref(), &hash), expected, &client);
    let done = merge::merge(&mut command, *id, body.into, asked).await?;
    end(&app, command, &done, *query, &client).await
}

/// Splits reports off into an alert of their own, routed and promised like a new one; their followers follow it. Tasks and
/// history stay with the alert that they leave.
#[utoipa::path(operation_id = "split_alert", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert that they leave."), PreviewQuery,
        ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = SplitRequest,
    responses(
        (status = 200, description = "What was done.", body = OperationAnswer, headers(("ETag" = String, description = "Version of the alert that they left; a preview has none."))),
        StaffCommand,
    ))]
#[post("/v1/alerts/{id}/split")]
pub async fn split_alert(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    query: web::Query<PreviewQuery>,
    Body(body): Body<SplitRequest>,
) -> Result<HttpResponse, Problem> {
    if body.reports.is_empty() {
        return Err(Problem::field("reports", "required"));
    }
    if body.reports.len() > MOST {
        return Err(Problem::field("reports", "too_many_reports"));
    }
    let expected = [expected_version(&request)?, None];
    let (mut command, hash) = begin(&app, token, *id, (body.reason.as_deref(), &body)).await?;
    let asked = asked(body.id, (body.reason.as_deref(), &hash), expected, &client);
    let done = split::split(&mut command, *id, &body.reports, asked).await?;
    end(&app, command, &done, *query, &client).await
}

/// Moves one report to another open alert; its followers follow it there.
///
/// Refused (409) with `reason`: `closed`, `merged`, `last_report` (merge the alert instead).
#[utoipa::path(operation_id = "move_report", tag = "desk",
    params(("id" = Uuid, Path, description = "Report."), PreviewQuery),
    request_body = MoveRequest,
    responses(
        (status = 200, description = "What was done.", body = OperationAnswer, headers(("ETag" = String, description = "Version of the alert that it left; a preview has none."))),
        StaffCommand,
    ))]
#[post("/v1/reports/{id}/move")]
pub async fn move_report(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    query: web::Query<PreviewQuery>,
    Body(body): Body<MoveRequest>,
) -> Result<HttpResponse, Problem> {
    let (mut command, hash) = begin(&app, token, *id, (body.reason.as_deref(), &body)).await?;
    let asked = asked(
        body.id,
        (body.reason.as_deref(), &hash),
        [body.from_version, body.to_version],
        &client,
    );
    let done = moving::move_report(&mut command, *id, body.to, asked).await?;
    end(&app, command, &done, *query, &client).await
}

/// Says that two alerts are not the same: the suggestion is withdrawn, the machine neither joins nor suggests them again.
#[utoipa::path(operation_id = "keep_alerts_apart", tag = "desk",
    params(("id" = Uuid, Path, description = "Alert."), PreviewQuery,
        ("If-Match" = Option<String>, Header, description = "ETag that was read.")),
    request_body = NotSameRequest,
    responses(
        (status = 200, description = "What was done.", body = OperationAnswer, headers(("ETag" = String, description = "Version of the first alert; a preview has none."))),
        StaffCommand,
    ))]
#[post("/v1/alerts/{id}/not-same")]
pub async fn keep_alerts_apart(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    request: HttpRequest,
    id: web::Path<Uuid>,
    query: web::Query<PreviewQuery>,
    Body(body): Body<NotSameRequest>,
) -> Result<HttpResponse, Problem> {
    let expected = [expected_version(&request)?, body.as_version];
    let (mut command, hash) = begin(&app, token, *id, (body.reason.as_deref(), &body)).await?;
    let asked = asked(body.id, (body.reason.as_deref(), &hash), expected, &client);
    let done = not_same::not_same(&mut command, *id, body.other, asked).await?;
    end(&app, command, &done, *query, &client).await
}

/// Takes a merge, a split, a move or "not the same" back. Reports that came since stay where they are; those that a person
/// moved since are named in `stayed`. Messages that wait are called off.
///
/// Refused (409) with `reason`: `undone` (before), `is_undo`, `status_since` (an alert was closed or reopened since),
/// `merged` (an alert was merged away since), `nothing_to_undo` (no report is where the operation put it), `last_report` (none
/// would stay), `crew_at_work`, `handed_over`.
#[utoipa::path(operation_id = "undo_operation", tag = "desk",
    params(("id" = Uuid, Path, description = "Operation."), PreviewQuery),
    request_body = UndoRequest,
    responses(
        (status = 200, description = "What was done.", body = OperationAnswer, headers(("ETag" = String, description = "Version of the first alert; a preview has none."))),
        StaffCommand,
    ))]
#[post("/v1/operations/{id}/undo")]
pub async fn undo_operation(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    query: web::Query<PreviewQuery>,
    Body(body): Body<UndoRequest>,
) -> Result<HttpResponse, Problem> {
    let (mut command, hash) = begin(&app, token, *id, (body.reason.as_deref(), &body)).await?;
    let asked = asked(body.id, (body.reason.as_deref(), &hash), [None; 2], &client);
    let done = undo::undo(&mut command, *id, asked).await?;
    end(&app, command, &done, *query, &client).await
}
