//! The problems that a kind of operation can answer, for the API's description: written once, so that no handler forgets
//! one.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// Problems of every command by staff on something that has a status or a version.
pub struct StaffCommand;

/// Problems of every look by staff.
pub struct StaffRead;

impl IntoResponses for StaffCommand {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (400, "Not JSON, or the address is not of its form."),
            (401, "Not signed in, or the session ended."),
            (403, "Not in this role."),
            (404, "Nothing there in the person's scope."),
            (
                409,
                "Its state does not allow it; for a step, `allowed` lists what it does allow. Or the id names something else.",
            ),
            (412, "It changed since it was read."),
            (413, "The body is too large."),
            (415, "Not JSON by its content type."),
            (422, "Something lacks or is out of range; `errors` names each field."),
            (503, "The database is away."),
        ])
    }
}

impl IntoResponses for StaffRead {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (400, "A parameter is not of its form."),
            (401, "Not signed in, or the session ended."),
            (403, "Not in this role."),
            (404, "Nothing there in the person's scope."),
            (422, "A parameter is out of range; `errors` names each."),
            (503, "The database is away."),
        ])
    }
}

fn problems(statuses: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let body = || {
        ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ProblemBody")))
            .build()
    };
    let described = statuses.iter().map(|(status, description)| {
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", body())
            .build();
        (status.to_string(), RefOr::T(response))
    });
    described.collect()
}
