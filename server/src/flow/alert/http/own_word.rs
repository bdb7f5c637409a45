//! What the author of a report answers to "is it this one?", with the follow secret.

use actix_web::{HttpResponse, post, web};
use chrono::{SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::extract::FollowSecret;
use crate::auth::secret;
use crate::db::directory::town_of;
use crate::flow::alert::own_word::{Word, keep};
use crate::flow::report::queries::find;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::limits::Class;
use crate::http::problem::{Kind, Problem, ProblemBody};
use crate::http::responses::{PublicBody, PublicRead};

/// The alert that somebody speaks of.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnWord {
    /// One of the `suggestions` of the answer to the report.
    pub alert: Uuid,
}

/// What is kept of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeptWord {
    /// The alert spoken of.
    pub alert: Uuid,
    /// Whether it is the same thing.
    pub same: bool,
}

/// Say that a suggested alert is the same thing. The report stays where it is: the pair comes first in the list of the
/// people who merge alerts, and whoever follows the report hears when they do. The same word again changes nothing.
#[utoipa::path(
    operation_id = "report_same",
    tag = "resident",
    params(
        ("id" = Uuid, Path, description = "Report."),
        ("X-Follow-Secret" = String, Header, description = "Its follow secret."),
    ),
    request_body = OwnWord,
    responses(
        (status = 200, description = "Kept.", body = KeptWord),
        (status = 404, description = "No such report, or not with this secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The town's people said otherwise: `reason` is `settled`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The answer to the report did not suggest that alert.", body = ProblemBody, content_type = "application/problem+json"),
        PublicBody,
        PublicRead,
    )
)]
#[post("/v1/reports/{id}/same")]
pub async fn report_same(
    app: web::Data<App>,
    client: Client,
    id: web::Path<Uuid>,
    secret: FollowSecret,
    Body(body): Body<OwnWord>,
) -> Result<HttpResponse, Problem> {
    let word = Word {
        action: "report_same",
        about: body.alert,
        same: true,
        client: &client,
    };
    say(&app, *id, secret, word).await
}

/// Say that a suggested alert is another thing: the suggestion is withdrawn, and the machine does not bring the pair up again.
/// The same word again changes nothing.
#[utoipa::path(
    operation_id = "report_not_same",
    tag = "resident",
    params(
        ("id" = Uuid, Path, description = "Report."),
        ("X-Follow-Secret" = String, Header, description = "Its follow secret."),
    ),
    request_body = OwnWord,
    responses(
        (status = 200, description = "Kept.", body = KeptWord),
        (status = 404, description = "No such report, or not with this secret.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The town's people said otherwise: `reason` is `settled`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The answer to the report did not suggest that alert.", body = ProblemBody, content_type = "application/problem+json"),
        PublicBody,
        PublicRead,
    )
)]
#[post("/v1/reports/{id}/not-same")]
pub async fn report_not_same(
    app: web::Data<App>,
    client: Client,
    id: web::Path<Uuid>,
    secret: FollowSecret,
    Body(body): Body<OwnWord>,
) -> Result<HttpResponse, Problem> {
    let word = Word {
        action: "report_not_same",
        about: body.alert,
        same: false,
        client: &client,
    };
    say(&app, *id, secret, word).await
}

async fn say(app: &App, id: Uuid, secret: FollowSecret, word: Word<'_>) -> Result<HttpResponse, Problem> {
    app.limits.count(Class::Submit, word.client)?;
    let now = Utc::now().trunc_subsecs(6);
    let nothing = || Problem::new(Kind::NotFound);
    let given = secret.0.ok_or_else(nothing)?;
    let town = town_of(&app.db, id, "report").await?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = catalogue.town(town).ok_or_else(nothing)?;
    let mut tx = app.db.begin(town.id).await?;
    let report = find(&tx, town.id, id).await?.ok_or_else(nothing)?;
    if !secret::matches(given.as_bytes(), &report.follow_hash) {
        return Err(nothing());
    }
    keep(&mut tx, town, &report, word, now).await?;
    tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Ok().json(KeptWord {
        alert: word.about,
        same: word.same,
    }))
}
