//! Table of contents: every endpoint, in the order of the flow. The API's description comes from the same list.

use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{flow, views};

/// Every endpoint.
pub fn endpoints(api: &mut ServiceConfig<'_>) {
    // 1. A person says "here, this"
    api.service(views::catalogue::get_catalogue);
    api.service(flow::report::http::submit_report);
    api.service(views::followed::look_up_report);
    api.service(views::followed::get_report);
    // Operation
    api.service(views::health::healthz);
    api.service(views::health::readyz);
    api.service(views::pages::home);
    api.service(views::pages::docs);
    api.service(views::pages::openapi);
    api.service(views::pages::style);
    api.service(views::pages::icons::icon);
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
