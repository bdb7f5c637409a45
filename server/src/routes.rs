//! Table of contents: every endpoint, in the order of the flow. The API's description comes from the same list.

use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::responses::{describe_addresses, describe_rate_limits};
use crate::{flow, people, views};

/// Every endpoint.
pub fn endpoints(api: &mut ServiceConfig<'_>) {
    flow_endpoints(api);
    work_endpoints(api);
    other_endpoints(api);
}

/// What the product does, in its order: a report, its evidence, one alert.
fn flow_endpoints(api: &mut ServiceConfig<'_>) {
    // 1. A person says "here, this"
    api.service(views::catalogue::get_catalogue);
    api.service(flow::report::http::submit_report);
    api.service(views::followed::look_up_report);
    api.service(views::followed::get_report);
    // 2. Evidence
    api.service(flow::photo::http::send::upload_report_photo);
    api.service(flow::photo::http::send::upload_proof);
    api.service(flow::photo::tus::http::describe_uploads);
    api.service(flow::photo::tus::http::create_upload);
    api.service(flow::photo::tus::http::read_upload);
    api.service(flow::photo::tus::http::continue_upload);
    api.service(flow::photo::tus::http::end_upload);
    api.service(flow::photo::tus::http::override_upload);
    api.service(flow::photo::http::look::read_photo);
    api.service(flow::photo::http::look::photo_file);
    api.service(flow::photo::http::look::release_photo);
    api.service(flow::photo::http::look::unrelease_photo);
    // 3. One alert: the queue and the map
    api.service(views::alerts::queue::list_alerts);
    api.service(views::nearby::list_nearby_alerts);
    api.service(flow::alert::policy::http::get_dedup_policy);
    api.service(flow::alert::policy::http::set_dedup_policy);
    api.service(flow::alert::policy::http::preview_dedup_policy);
    api.service(views::alerts::cells::count_alerts_by_cell);
    api.service(views::map::get_map);
    api.service(views::map::base_tile);
    api.service(views::map::alert_tile);
    api.service(views::public_alerts::list_public_alerts);
    api.service(views::public_alerts::count_public_alerts);
    api.service(views::live::listen);
    api.service(views::alerts::suggestions::list_suggestions);
    api.service(flow::alert::http::merge_alert);
    api.service(flow::alert::http::split_alert);
    api.service(flow::alert::http::move_report);
    api.service(flow::alert::http::keep_alerts_apart);
    api.service(flow::alert::http::undo_operation);
    api.service(flow::alert::http::own_word::report_same);
    api.service(flow::alert::http::own_word::report_not_same);
    api.service(views::alerts::detail::get_alert);
    api.service(views::alerts::detail::get_alert_history);
    api.service(views::alerts::desk::list_entered_reports);
    api.service(views::alerts::oversight::list_orphans);
    api.service(views::alerts::oversight::list_overdue);
}

/// Who goes, what happened, and that everyone hears.
fn work_endpoints(api: &mut ServiceConfig<'_>) {
    // 4. Who goes
    api.service(flow::dispatch::http::dispatch::dispatch_alert);
    api.service(flow::dispatch::http::dispatch::plan_task);
    api.service(flow::dispatch::round::http::plan_round);
    api.service(views::tasks::list_tasks);
    api.service(flow::dispatch::http::actions::act_on_task);
    api.service(flow::dispatch::contractor::http::create_contractor_link);
    api.service(flow::dispatch::contractor::http::contractor_page);
    api.service(flow::dispatch::contractor::http::answer_contractor_link);
    api.service(views::sync::sync);
    api.service(views::own_actions::list_own_field_actions);
    api.service(flow::dispatch::field::http::sync_actions);
    api.service(flow::dispatch::field::http::list_field_actions);
    api.service(flow::dispatch::field::http::decide_field_action);
    api.service(flow::dispatch::http::hand_over::hand_over_alert);
    api.service(flow::dispatch::http::hand_over::answer_hand_over);
    // 5. What happened
    api.service(flow::status::http::qualify::qualify_alert);
    api.service(flow::status::http::qualify::see_alert);
    api.service(flow::status::http::steps::take_step);
    api.service(flow::status::http::assign::assign_alert);
    api.service(flow::status::http::assign::remind_service);
    api.service(flow::status::http::assign::take_back_alert);
    api.service(flow::status::http::still_there::report_still_there);
    // 6. Everyone hears
    api.service(flow::notification::http::unsubscribe_page);
    api.service(flow::notification::http::unsubscribe);
    api.service(flow::notification::http::on_call_page);
    api.service(flow::notification::http::acknowledge_on_call);
    api.service(flow::notification::http::list_calls);
    api.service(flow::notification::http::record_call_outcome);
    api.service(flow::notification::http::list_letters);
    api.service(flow::notification::http::print_letter);
    api.service(flow::notification::http::mark_letter_printed);
    api.service(flow::notification::http::list_dead_notifications);
    api.service(flow::notification::http::retry_notification);
    api.service(flow::notification::http::reveal_contact);
}

/// Who does it, and what stands around it.
fn other_endpoints(api: &mut ServiceConfig<'_>) {
    // People
    api.service(people::http::auth::sign_in);
    api.service(people::http::auth::sign_in_pin);
    api.service(people::http::auth::refresh);
    api.service(people::http::auth::sign_out);
    api.service(people::http::auth::sign_out_everywhere);
    api.service(people::http::me::me);
    api.service(people::http::me::change_password);
    api.service(people::http::me::set_pin);
    api.service(people::http::offers::list_own_offers);
    api.service(people::http::offers::accept_offer);
    api.service(people::http::offers::decline_offer);
    api.service(people::http::devices::announce_device);
    api.service(people::http::devices::enrol_device);
    api.service(people::http::devices::list_devices);
    api.service(people::http::devices::device_agents);
    api.service(people::http::devices::revoke_device);
    api.service(people::http::staff::list_staff);
    api.service(people::http::staff::create_staff);
    api.service(people::http::offers::list_offers);
    api.service(people::http::offers::withdraw_offer);
    api.service(people::http::staff::add_grant);
    api.service(people::http::staff::revoke_grant);
    api.service(people::http::staff::disable_staff);
    api.service(people::http::staff::reset_password);
    // Apps
    api.service(views::apps::crew_app_address);
    api.service(views::apps::crew_app);
    // Pages and operation
    api.service(views::pages::follow::follow_page);
    api.service(views::pages::follow::follow_script);
    api.service(people::http::auth::jwks);
    api.service(views::kept_mail::list_kept_mail);
    api.service(views::kept_mail::read_kept_mail);
    api.service(views::kept_mail::show_kept_mail);
    api.service(views::health::healthz);
    api.service(views::health::readyz);
    api.service(views::pages::home);
    api.service(views::pages::docs);
    api.service(views::pages::openapi);
    api.service(views::pages::style);
    api.service(views::pages::letter_style);
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
        (name = "setup", description = "What a town decides about itself"),
        (name = "operation", description = "Probes and descriptions"),
    ),
    components(schemas(crate::http::problem::ProblemBody)),
    modifiers(&Security)
)]
struct Description;

/// Who may call: anybody, or staff with an access token; each operation's 401 and 403 say which of them it needs. The
/// follow secret of a report is a header of the operations that read it.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
        let bearer = SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .build(),
        );
        api.components
            .get_or_insert_default()
            .add_security_scheme("staff", bearer);
        let staff = SecurityRequirement::new("staff", Vec::<String>::new());
        api.security = Some(vec![SecurityRequirement::default(), staff]);
    }
}

/// The API's description (OpenAPI 3.1), made from [`endpoints`].
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    use utoipa_actix_web::AppExt;
    let app = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Description::openapi())
        .configure(endpoints);
    let mut api = app.split_for_parts().1;
    describe_rate_limits(&mut api);
    describe_addresses(&mut api);
    api
}
