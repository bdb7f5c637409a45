//! The problems that a kind of operation can answer, for the API's description: written once, so that no handler forgets
//! one. What only one operation answers stands beside it.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

/// Declares sets of problems, a type each: a handler names one among its `responses`, beside what only its own operation
/// answers.
macro_rules! sets {
    ($($(#[$about:meta])* $name:ident { $($status:literal $words:literal,)+ })+) => {
        $(
            $(#[$about])*
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    problems(&[$(($status, $words)),+])
                }
            }
        )+
    };
}

sets! {
    /// Every command by staff on something that has a status or a version.
    StaffCommand {
        400 "Not JSON, or the address is not of its form.",
        401 "Not signed in, or the session ended.",
        403 "Not in this role.",
        404 "Nothing there in the person's scope.",
        409 "Its state does not allow it; for a step, `allowed` lists what it does allow. Or the id names something else.",
        412 "It changed since it was read.",
        413 "The body is too large.",
        415 "Not JSON by its content type.",
        422 "Something lacks or is out of range; `errors` names each field.",
        503 "The database is away.",
    }

    /// Every look by staff.
    StaffRead {
        400 "A parameter is not of its form.",
        401 "Not signed in, or the session ended.",
        403 "Not in this role.",
        404 "Nothing there in the person's scope.",
        422 "A parameter is out of range; `errors` names each.",
        503 "The database is away.",
    }

    /// Calls, letters and messages that the desk sees to.
    DeskTask {
        401 "Not signed in.",
        403 "This role may not.",
        503 "The database is away.",
    }

    /// What asks for a session, and for no right.
    Session {
        401 "No running session.",
        503 "The database is away.",
    }

    /// What an admin of the whole town does with people and grants.
    TownAdmin {
        401 "No running session.",
        403 "Not an admin of the whole town.",
        503 "The database is away.",
    }

    /// What is sent as JSON in a session.
    JsonBody {
        400 "Not JSON.",
        415 "Not JSON by its content type.",
    }

    /// What is sent to get a session, or a tablet's secret.
    Credentials {
        400 "Not JSON.",
        415 "Not JSON by its content type.",
        503 "The database is away.",
    }

    /// What anybody may ask.
    PublicRead {
        429 "Too many requests.",
        503 "Not now.",
    }

    /// What anybody may send as JSON.
    PublicBody {
        400 "The body is not JSON.",
        413 "The body is too large.",
        415 "Not JSON.",
    }

    /// A link of a mail, made for one person.
    PersonalLink {
        404 "No such link.",
        503 "The database is away.",
    }

    /// A photo sent in one piece.
    PhotoSent {
        400 "No readable body.",
        403 "This role handles no photos.",
        409 "The id names another photo.",
        413 "More than 15 MB.",
        415 "Neither a picture nor a form.",
        422 "The photo cannot be used: `reason` says why; or the id is no UUIDv7.",
        429 "Too many requests.",
        503 "Database or photo store away.",
    }

    /// Whether the public sees a photo.
    PhotoRelease {
        401 "No session.",
        403 "This role releases no photos.",
        404 "No such photo in reach.",
        503 "Database away.",
    }

    /// Every verb on an upload in pieces.
    Upload {
        400 "A header is missing or not of its form.",
        401 "Neither a session nor a follow secret.",
        403 "This role handles no photos.",
        404 "No such upload, report or task in reach; or what was here has run out.",
        409 "The upload stands at another `offset`; or the id names something else.",
        412 "Another version of tus; `Tus-Resumable` says ours.",
        413 "More than was announced, or than 15 MiB.",
        415 "Not `application/offset+octet-stream`.",
        422 "The photo cannot be used: `reason` says why; or the metadata names nothing that a photo can be of.",
        429 "Too many requests.",
        460 "Not the bytes of the checksum; nothing of them was kept.",
        503 "Database or photo store away.",
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

/// Operations that answer 429 for another reason than the sender's own limits: hashes that wait.
const NOT_BY_SENDER: [&str; 3] = ["change_password", "create_staff", "set_pin"];

/// Writes the rate limits' headers into the description of every operation that counts its senders: of what it answers when
/// it does its work, and of its 429.
pub fn describe_rate_limits(api: &mut OpenApi) {
    each(api, describe_limits_of);
    each(api, describe_session_limit);
}

/// Writes into the description of every operation what is refused before it is reached, whatever it is.
pub fn describe_addresses(api: &mut OpenApi) {
    each(api, |operation| {
        let responses = &mut operation.responses.responses;
        if !responses.contains_key("400") {
            responses.extend(problems(&[(
                400,
                "The address holds `%00`, which no text of ours does.",
            )]));
        }
    });
}

fn each(api: &mut OpenApi, describe: fn(&mut Operation)) {
    for item in api.paths.paths.values_mut() {
        let methods = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        methods.into_iter().flatten().for_each(describe);
    }
}

/// Whatever asks who signed in counts the session, by the extractor of its token.
fn describe_session_limit(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    if responses.contains_key("401") && !responses.contains_key("429") {
        let words = "Too many requests, or open streams, of this session; Retry-After says when.";
        responses.extend(problems(&[(429, words)]));
    }
}

fn describe_limits_of(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let id = operation.operation_id.as_deref().unwrap_or_default();
    if !responses.contains_key("429") || NOT_BY_SENDER.contains(&id) {
        return;
    }
    let told = responses
        .iter_mut()
        .filter(|(status, _)| status.starts_with('2') || *status == "429");
    for (_, response) in told {
        let RefOr::T(response) = response else { continue };
        for (name, words, example) in [
            (
                "RateLimit-Policy",
                "Policies that the request was counted under: `q` requests per `w` seconds, of an address and of a device.",
                r#""submit-address";q=30;w=900, "submit-device";q=30;w=900"#,
            ),
            (
                "RateLimit",
                "Where the sender stands under each: `r` requests may follow at once; in `t` seconds all are there again, or \
                 the next one after a 429.",
                r#""submit-address";r=29;t=30, "submit-device";r=29;t=30"#,
            ),
        ] {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .examples([example])
                .build();
            let header = HeaderBuilder::new().schema(Some(text)).description(Some(words)).build();
            response.headers.insert(name.to_owned(), RefOr::T(header));
        }
    }
}
