//! Endpoints: what a town offers to people of other towns, and what they answer.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::me::TownName;
use super::staff::begin;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::http::client::Client;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::responses::{Session, TownAdmin};
use crate::people::offers::{self, Settled};
use crate::people::policy::Grant;
use crate::people::queries::offer as rows;
use crate::people::session::origin;

/// Somebody whom the town offers grants. Who it is, it hears when they accept.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Offered {
    /// Offer.
    pub id: Uuid,
    /// Address as the admin typed it.
    pub email: String,
    /// What they may do once they accept.
    pub grants: Vec<Grant>,
    /// When it was offered.
    pub offered_at: DateTime<Utc>,
}

/// The town's open offers.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Offers {
    /// Oldest first; at most 1,000.
    pub offers: Vec<Offered>,
}

/// What a town offers to the caller.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OwnOffer {
    /// Offer.
    pub id: Uuid,
    /// Town.
    pub jurisdiction: TownName,
    /// What the caller may do there once they accept.
    pub grants: Vec<Grant>,
    /// When it was offered.
    pub offered_at: DateTime<Utc>,
}

/// What towns offer to the caller.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OwnOffers {
    /// Oldest first.
    pub offers: Vec<OwnOffer>,
}

/// Whom the town offers grants: people who work for another town, and have not answered yet.
#[utoipa::path(operation_id = "list_offers", tag = "people", responses(
    (status = 200, description = "The open offers.", body = Offers),
    TownAdmin,
))]
#[get("/v1/staff/offers")]
pub async fn list_offers(app: web::Data<App>, token: StaffToken) -> Result<web::Json<Offers>, Problem> {
    let (mut tx, _) = begin(&app, token).await?;
    let found = rows::open(&mut tx, None).await?;
    tx.commit().await?;
    let offers = found.into_iter().map(|row| Offered {
        id: row.id,
        email: row.email.unwrap_or_default(),
        grants: row.grants,
        offered_at: row.offered_at,
    });
    Ok(web::Json(Offers {
        offers: offers.collect(),
    }))
}

/// Take an offer back that nobody answered yet.
#[utoipa::path(operation_id = "withdraw_offer", tag = "people", params(("id" = Uuid, Path, description = "Offer.")), responses(
    (status = 204, description = "Taken back, now or before."),
    (status = 404, description = "No such offer of this town.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It was answered: `reason` is `accepted` or `declined`.", body = ProblemBody, content_type = "application/problem+json"),
    TownAdmin,
))]
#[post("/v1/staff/offers/{id}/withdraw")]
pub async fn withdraw_offer(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (mut tx, admin) = begin(&app, token).await?;
    let actor = admin.actor();
    offers::withdraw(&mut tx, id.into_inner(), origin(&actor, &client), Utc::now()).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What towns offer to the caller, whichever of theirs they are signed in to.
#[utoipa::path(operation_id = "list_own_offers", tag = "people", responses(
    (status = 200, description = "The open offers.", body = OwnOffers),
    (status = 403, description = "Signed in by PIN: offers need a password.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
))]
#[get("/v1/me/offers")]
pub async fn list_own_offers(app: web::Data<App>, token: StaffToken) -> Result<web::Json<OwnOffers>, Problem> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let found = offers::of_caller(&app, token, Utc::now()).await?;
    let own = |row: rows::OfferRow| -> Result<OwnOffer, Problem> {
        let town = catalogue.town(row.town);
        let town = town.ok_or_else(|| Problem::internal("an offer of an unknown town"))?;
        Ok(OwnOffer {
            id: row.id,
            jurisdiction: TownName::of(town),
            grants: row.grants,
            offered_at: row.offered_at,
        })
    };
    let offers: Result<Vec<OwnOffer>, Problem> = found.into_iter().map(own).collect();
    Ok(web::Json(OwnOffers { offers: offers? }))
}

/// Accept what a town offers: from now on one works there too, signing in with the same address and password.
#[utoipa::path(operation_id = "accept_offer", tag = "people", params(("id" = Uuid, Path, description = "Offer.")), responses(
    (status = 204, description = "Accepted, now or before."),
    (status = 403, description = "Signed in by PIN: offers need a password.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "No such offer to the caller.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It is over: `reason` is `declined` or `withdrawn`.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
))]
#[post("/v1/me/offers/{id}/accept")]
pub async fn accept_offer(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    offers::answer(&app, &client, token, id.into_inner(), Settled::Accepted, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Decline what a town offers. The offer goes from its list, and it is not told whose the address was.
#[utoipa::path(operation_id = "decline_offer", tag = "people", params(("id" = Uuid, Path, description = "Offer.")), responses(
    (status = 204, description = "Declined, now or before."),
    (status = 403, description = "Signed in by PIN: offers need a password.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "No such offer to the caller.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It is over: `reason` is `accepted` or `withdrawn`.", body = ProblemBody, content_type = "application/problem+json"),
    Session,
))]
#[post("/v1/me/offers/{id}/decline")]
pub async fn decline_offer(
    app: web::Data<App>,
    client: Client,
    token: StaffToken,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    offers::answer(&app, &client, token, id.into_inner(), Settled::Declined, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
