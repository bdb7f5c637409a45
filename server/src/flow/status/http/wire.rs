//! What commands on an alert answer: the alert as it stands now, and what can be done next.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use serde::Serialize;

use crate::catalog::model::Town;
use crate::flow::alert::model::Alert;
use crate::flow::status::advance::possible;
use crate::flow::status::vocabulary::Step;
use crate::http::etag;
use crate::http::problem::Problem;
use crate::views::alerts::summary::AlertSummary;

/// An alert after a command.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertAnswer {
    /// As it stands now.
    #[serde(flatten)]
    pub alert: AlertSummary,
    /// The steps that lead somewhere from here.
    pub allowed: Vec<Step>,
}

/// The answer of a command on an alert, with its ETag.
///
/// # Errors
/// Never with a row that the schema let in.
pub fn answer(town: &Town, alert: &Alert) -> Result<HttpResponse, Problem> {
    let body = AlertAnswer {
        allowed: possible(alert)?,
        alert: AlertSummary::of(town, alert)?,
    };
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag::of_version(alert.version)))
        .json(body))
}
