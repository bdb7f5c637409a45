//! Table of contents: every endpoint, in the order of the flow. The API's description comes from the same list.

use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::flow::{dispatch, status};
use crate::views;

/// Every endpoint.
pub fn endpoints(api: &mut ServiceConfig<'_>) {
    // The queue and the map
    api.service(views::alerts::queue::list_alerts);
    api.service(views::alerts::cells::count_alerts_by_cell);
    api.service(views::alerts::detail::get_alert);
    api.service(views::alerts::detail::get_alert_history);
    api.service(views::alerts::desk::list_entered_reports);
    api.service(views::alerts::oversight::list_orphans);
    api.service(views::alerts::oversight::list_overdue);
    // Dispatch
    api.service(dispatch::http::dispatch::dispatch_alert);
    api.service(dispatch::http::dispatch::plan_task);
    api.service(views::tasks::list_tasks);
    api.service(dispatch::http::actions::act_on_task);
    api.service(dispatch::http::hand_over::hand_over_alert);
    api.service(dispatch::http::hand_over::answer_hand_over);
    // Status
    api.service(status::http::qualify::qualify_alert);
    api.service(status::http::qualify::see_alert);
    api.service(status::http::steps::take_step);
    api.service(status::http::assign::assign_alert);
    api.service(status::http::assign::remind_service);
    api.service(status::http::assign::take_back_alert);
    // Operation
    api.service(views::health::healthz);
    api.service(views::health::readyz);
}

/// What stands above the endpoints in the API's description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vigie",
        description = "Street reports: one photo, one place, one alert, everyone hears. Times are RFC 3339; positions are \
                       GeoJSON, longitude first; errors are problem+json (RFC 9457).",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "resident", description = "Report, follow, be told"),
        (name = "desk", description = "Triage, dispatch, answer"),
        (name = "crew", description = "Tasks in the street"),
        (name = "people", description = "Sign in, tablets, rights"),
        (name = "operation", description = "Probes and descriptions"),
    ),
    components(schemas(crate::http::problem::ProblemBody))
)]
struct Description;

/// The API's description (OpenAPI 3.1), made from [`endpoints`].
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    use utoipa_actix_web::AppExt;
    let app = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Description::openapi())
        .configure(endpoints);
    app.split_for_parts().1
}
