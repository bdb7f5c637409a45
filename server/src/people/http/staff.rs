//! Endpoints: a town's people and their grants. For an admin of the whole town.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::page::{PageQuery, cut, next_link};
use crate::http::problem::{FieldErrors, Problem, ProblemBody};
use crate::http::responses::{JsonBody, TownAdmin};
use crate::people::policy::{Grant, Staff};
use crate::people::queries::{self, staff as rows};
use crate::people::session::origin;
use crate::people::staff::{self, NewPerson};
use crate::people::{grants, offers, reset};
use crate::text::Locale;

/// Somebody to be added.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    /// Work address, the name to sign in with.
    pub email: String,
    /// Shown to colleagues; 1 to 200 characters.
    pub name: String,
    /// Language; French when not given.
    #[serde(default)]
    pub locale: Locale,
    /// First password, to be changed by the person.
    #[schema(format = Password, min_length = 12)]
    pub password: Option<String>,
    /// Six digits for the crew's tablets.
    #[schema(format = Password, pattern = "^[0-9]{6}$")]
    pub pin: Option<String>,
    /// What they may do; at least one grant.
    pub grants: Vec<Grant>,
}

/// A new password for somebody who forgot theirs.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenPassword {
    /// To be changed by the person.
    #[schema(format = Password, min_length = 12)]
    pub password: String,
}

/// Somebody who was added.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Made {
    /// Person; of somebody who has to accept first, the offer.
    pub id: Uuid,
}

/// A grant with its identity.
#[derive(Serialize, utoipa::ToSchema)]
pub struct HeldGrant {
    /// Identity.
    pub id: Uuid,
    /// What is granted.
    #[serde(flatten)]
    pub grant: Grant,
}

/// A person of the town.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StaffMember {
    /// Person.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Work address.
    pub email: String,
    /// Language: `fr` or `en`.
    pub locale: String,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether they have a PIN for tablets.
    pub has_pin: bool,
    /// What they may do in this town.
    pub grants: Vec<HeldGrant>,
}

/// A page of people.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StaffPage {
    /// By name.
    pub staff: Vec<StaffMember>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// The town of a session, at the catalogue's present version.
pub(super) async fn town_of(app: &App, token: StaffToken) -> Result<Arc<Town>, Problem> {
    let town = app.catalogue.fresh(&app.db).await?.town(token.town).cloned();
    town.ok_or_else(|| Problem::internal("a session of an unknown town"))
}

/// Begins a transaction for an admin of the whole town.
pub(super) async fn begin(app: &App, token: StaffToken) -> Result<(Tx, Staff), Problem> {
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, Utc::now()).await?;
    grants::require_town_admin(&staff)?;
    Ok((tx, staff))
}

/// The town's people and their grants; whom it offers some stands in `GET /v1/staff/offers`.
#[utoipa::path(operation_id = "list_staff", tag = "people", params(PageQuery), responses(
    (status = 200, description = "A page of people.", body = StaffPage, headers(("Link" = String, description = "The next page."))),
    (status = 400, description = "A parameter is not of its form.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A parameter is wrong.", body = ProblemBody, content_type = "application/problem+json"),
    TownAdmin,
))]
#[get("/v1/staff")]
pub async fn list_staff(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let (mut tx, _) = begin(&app, token).await?;
    let mut people = rows::page(&mut tx, after, limit + 1).await?;
    let held = rows::grants(&mut tx, None).await?;
    tx.commit().await?;
    let next = cut(&mut people, limit, |person| (person.name.clone(), person.id));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((LINK, next_link(request.path(), request.query_string(), next)));
    }
    Ok(response.json(StaffPage {
        staff: members(people, held),
        next,
    }))
}

fn members(people: Vec<rows::Person>, held: Vec<rows::GrantRow>) -> Vec<StaffMember> {
    let mut by_person: HashMap<Uuid, Vec<HeldGrant>> = HashMap::new();
    for row in held {
        let grant = HeldGrant {
            id: row.id,
            grant: row.grant,
        };
        by_person.entry(row.staff_user_id).or_default().push(grant);
    }
    let members = people.into_iter().map(|person| StaffMember {
        grants: by_person.remove(&person.id).unwrap_or_default(),
        id: person.id,
        name: person.name,
        email: person.email,
        locale: person.locale,
        has_password: person.password_hash.is_some(),
        has_pin: person.pin_hash.is_some(),
    });
    members.collect()
}

/// Add somebody. A person who left keeps name and password and gets the grants. One who works for another town is offered
/// them, with the same answer, and works here once they accept; of the rest of the body nothing is kept then.
#[utoipa::path(operation_id = "create_staff", tag = "people", request_body = NewStaff, responses(
    (status = 201, description = "Added, or offered.", body = Made),
    (status = 422, description = "Fields are wrong.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many hashes wait.", body = ProblemBody, content_type = "application/problem+json"),
    TownAdmin,
    JsonBody,
))]
#[post("/v1/staff")]
pub async fn create_staff(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    Body(body): Body<NewStaff>,
) -> Result<HttpResponse, Problem> {
    // Asked twice: before the hash, so that others cannot make the server work, and with the change.
    begin(&app, token).await?.0.commit().await?;
    let mut errors = FieldErrors::default();
    if body.grants.is_empty() {
        errors.add("grants", "no_grants");
    }
    let town = town_of(&app, token).await?;
    grants::check(&mut errors, &town, &body.grants, |place, part| {
        format!("grants.{place}.{part}")
    });
    let person = NewPerson {
        email: body.email,
        name: body.name,
        locale: body.locale,
        password: body.password,
        pin: body.pin,
    };
    let person = staff::prepare(&app.passwords, person, errors).await?;
    let (mut tx, admin) = begin(&app, token).await?;
    let actor = admin.actor();
    let origin = origin(&actor, &client);
    let id = offers::add(&mut tx, admin.staff_user_id, &person, &body.grants, origin, Utc::now()).await?;
    tx.commit().await?;
    Ok(HttpResponse::Created().json(Made { id }))
}

/// Give somebody a further grant.
#[utoipa::path(operation_id = "add_grant", tag = "people", params(("id" = Uuid, Path, description = "Person.")), request_body = Grant, responses(
    (status = 201, description = "Given.", body = HeldGrant),
    (status = 404, description = "Nobody of this town.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Fields are wrong.", body = ProblemBody, content_type = "application/problem+json"),
    TownAdmin,
    JsonBody,
))]
#[post("/v1/staff/{id}/grants")]
pub async fn add_grant(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
    Body(grant): Body<Grant>,
) -> Result<HttpResponse, Problem> {
    let town = town_of(&app, token).await?;
    let (mut tx, admin) = begin(&app, token).await?;
    let mut errors = FieldErrors::default();
    grants::check(&mut errors, &town, std::slice::from_ref(&grant), |_, part| {
        part.to_owned()
    });
    errors.check(())?;
    let held = grants::held(&mut tx, *id).await?;
    let actor = admin.actor();
    let id = match held.into_iter().find(|row| row.grant == grant) {
        Some(row) => row.id,
        None => {
            let by = Some(admin.staff_user_id);
            staff::give(&mut tx, *id, &grant, by, origin(&actor, &client), Utc::now()).await?
        }
    };
    tx.commit().await?;
    Ok(HttpResponse::Created().json(HeldGrant { id, grant }))
}

/// Take a grant away; the person's sessions in this town end.
#[utoipa::path(operation_id = "revoke_grant", tag = "people",
    params(("id" = Uuid, Path, description = "Person."), ("grant_id" = Uuid, Path, description = "Grant.")), responses(
    (status = 204, description = "Taken away."),
    (status = 404, description = "Nobody of this town, or no such grant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "The town's last admin; `reason` is `last_admin`.", body = ProblemBody, content_type = "application/problem+json"),
    TownAdmin,
))]
#[post("/v1/staff/{id}/grants/{grant_id}/revoke")]
pub async fn revoke_grant(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (person, grant) = path.into_inner();
    let (mut tx, admin) = begin(&app, token).await?;
    let actor = admin.actor();
    grants::revoke(&mut tx, person, grant, origin(&actor, &client), Utc::now()).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Somebody leaves: their grants, sessions and open offers here end. Their account is closed unless they work elsewhere too.
#[utoipa::path(operation_id = "disable_staff", tag = "people", params(("id" = Uuid, Path, description = "Person.")), responses(
    (status = 204, description = "Gone."),
    (status = 404, description = "Nobody of this town.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "The town's last admin; `reason` is `last_admin`.", body = ProblemBody, content_type = "application/problem+json"),
    TownAdmin,
))]
#[post("/v1/staff/{id}/disable")]
pub async fn disable_staff(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (mut tx, admin) = begin(&app, token).await?;
    let actor = admin.actor();
    grants::disable(&mut tx, id.into_inner(), origin(&actor, &client), Utc::now()).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give somebody who forgot theirs a new password; their sessions end. Not to oneself, and not to somebody who works for
/// another town too: `vigie admin reset-password` does that.
#[utoipa::path(operation_id = "reset_password", tag = "people", params(("id" = Uuid, Path, description = "Person.")), request_body = GivenPassword, responses(
    (status = 204, description = "Given."),
    (status = 400, description = "Not JSON.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 401, description = "No running session.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 403, description = "Not an admin of the whole town.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "Nobody of this town.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "The person works for another town too (`reason` is `works_elsewhere`), or is the caller (`own_account`).", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON by its content type.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "The password is against the rules.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many hashes wait.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "The database is away.", body = ProblemBody, content_type = "application/problem+json"),
))]
#[post("/v1/staff/{id}/password")]
pub async fn reset_password(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
    Body(body): Body<GivenPassword>,
) -> Result<HttpResponse, Problem> {
    // Asked twice, as when somebody is added.
    let (mut tx, admin) = begin(&app, token).await?;
    let person = reset::within_reach(&mut tx, &admin, *id).await?;
    tx.commit().await?;
    let hash = reset::hashed(&app.passwords, body.password, &person.email).await?;
    let (mut tx, admin) = begin(&app, token).await?;
    let person = reset::within_reach(&mut tx, &admin, *id).await?;
    let actor = admin.actor();
    reset::put(&mut tx, person.id, &hash, origin(&actor, &client), Utc::now()).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
