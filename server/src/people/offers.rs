//! Somebody who works for another town is offered grants, and holds them once they accept.
//!
//! An account is its person's, not a town's: whoever knows a colleague's address could otherwise put them into a town that
//! they never heard of, read their name there and have a say in their sessions. Before the person accepts, the town has
//! the address that its admin typed and the word "offered"; once it is settled the address goes too.
//!
//! Whoever adds somebody gets one answer, be the address known elsewhere or not. That it is known somewhere, not where nor
//! whose it is, shows later: the offer stands in the list of offers, and nobody in the list of people. To hide that, nobody
//! new could work before they accepted either; but somebody new has no town to sign in to, an agent only a PIN, and the
//! admin, who chose the first password, would only have to try it.
//!
//! Somebody whose account was closed by another town cannot sign in to accept; nor may a town open it again for itself. The
//! operator's `vigie admin create-user` gives them a role at once.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::policy::{Grant, Staff};
use super::queries::offer::{self as rows, NewOffer, OfferRow};
use super::queries::{self, staff as people};
use super::reset::conflict;
use super::session::{self, origin};
use super::staff::{Origin, PreparedPerson, find_or_insert, give_lacking};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::Tx;
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How an offer ended.
    Settled {
        /// The person works for the town now.
        Accepted = "accepted",
        /// The person does not want it.
        Declined = "declined",
        /// The town does not offer it any more.
        Withdrawn = "withdrawn",
    }
}

impl Settled {
    /// The operation of the API that ends an offer so.
    const fn operation(self) -> &'static str {
        match self {
            Self::Accepted => "accept_offer",
            Self::Declined => "decline_offer",
            Self::Withdrawn => "withdraw_offer",
        }
    }
}

/// Adds a person with these grants to the transaction's town, for the admin `by`: at once who is new or works for no other
/// town and worked here before, by an offer whoever else has an account. Repeating it changes nothing. The identity of the
/// person, or of the offer: nothing of the person's account.
///
/// The grants' service, sector and crew must be of the town, see [`super::grants::check`].
///
/// # Errors
/// When the database refuses.
pub async fn add(
    tx: &mut Tx,
    by: Uuid,
    person: &PreparedPerson,
    grants: &[Grant],
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let (id, is_new) = find_or_insert(tx, person, origin, now).await?;
    // Locked first: what another town is just giving or taking is seen or waits.
    people::lock(tx, id).await?;
    if is_new || is_ours(tx, id).await? {
        give_lacking(tx, id, grants, Some(by), origin, now).await?;
        return Ok(id);
    }
    let open = rows::open(tx, Some(id)).await?;
    let lacking = grants
        .iter()
        .filter(|grant| !open.iter().any(|offer| offer.grants.contains(grant)));
    let lacking: Vec<Grant> = lacking.cloned().collect();
    let before = open
        .iter()
        .find(|offer| offer.grants.iter().any(|grant| grants.contains(grant)));
    if let Some(offer) = before.filter(|_| lacking.is_empty()) {
        return Ok(offer.id);
    }
    let offer = NewOffer {
        id: Uuid::now_v7(),
        staff_user_id: id,
        email: person.email(),
        grants: &lacking,
        offered_by: by,
    };
    rows::insert(tx, &offer, now).await?;
    // About the offer, not about the person: the trail is the town's too.
    let detail = json!({"grants": lacking});
    origin
        .note(tx, "offer_grants", ("grant_offer", offer.id), detail, now)
        .await?;
    Ok(offer.id)
}

/// Whether the town may give a role to a person without asking: they work here, or they did and work nowhere now.
async fn is_ours(tx: &mut Tx, person: Uuid) -> Result<bool, Problem> {
    if !people::grants(tx, Some(person)).await?.is_empty() {
        return Ok(true);
    }
    Ok(people::is_known(tx, person).await? && people::towns_of(tx, person).await?.is_empty())
}

/// Takes an offer back. Repeating it changes nothing.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] with `reason` when the person answered it before.
pub async fn withdraw(tx: &mut Tx, id: Uuid, origin: Origin<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    let offer = rows::lock(tx, id).await?;
    if is_open(&offer, Settled::Withdrawn)? {
        settle(tx, id, Settled::Withdrawn, origin, now).await?;
    }
    Ok(())
}

/// Takes back what is still offered to somebody who leaves, or they could come back by it.
///
/// # Errors
/// When the database refuses.
pub async fn withdraw_all(tx: &mut Tx, person: Uuid, origin: Origin<'_>, now: DateTime<Utc>) -> Result<(), Problem> {
    for offer in rows::open(tx, Some(person)).await? {
        settle(tx, offer.id, Settled::Withdrawn, origin, now).await?;
    }
    Ok(())
}

/// What the caller is offered by any town.
///
/// # Errors
/// [`Kind::Unauthenticated`]; [`Kind::Forbidden`] on a tablet.
pub async fn of_caller(app: &App, token: StaffToken, now: DateTime<Utc>) -> Result<Vec<OfferRow>, Problem> {
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    require_password(&staff)?;
    let offers = rows::of_person(&mut tx, staff.staff_user_id).await?;
    tx.commit().await?;
    Ok(offers)
}

/// The caller accepts or declines what a town offers to them. Repeating it changes nothing. The trail of the town that
/// offers has it; the one where the caller is signed in hears nothing of it.
///
/// # Errors
/// [`Kind::Unauthenticated`]; [`Kind::Forbidden`] on a tablet; [`Kind::NotFound`] when it is no offer to the caller;
/// [`Kind::Conflict`] with `reason` when it was settled otherwise.
pub async fn answer(
    app: &App,
    client: &Client,
    token: StaffToken,
    id: Uuid,
    wanted: Settled,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let mut tx = app.db.begin(token.town).await?;
    let staff = queries::authorise(&mut tx, token, now).await?;
    require_password(&staff)?;
    let town = rows::town_of(&mut tx, staff.staff_user_id, id).await?;
    tx.commit().await?;

    let mut tx = app.db.begin(town).await?;
    let person = people::lock(&mut tx, staff.staff_user_id).await?;
    // The session may be another town's, which this transaction does not see; what ends all of a person's is seen.
    if person.disabled_at.is_some() || person.session_epoch != token.epoch {
        return Err(Problem::new(Kind::Unauthenticated));
    }
    let offer = rows::lock(&mut tx, id).await?;
    if is_open(&offer, wanted)? {
        let actor = session::actor(staff.staff_user_id, staff.session_id);
        let origin = origin(&actor, client);
        settle(&mut tx, id, wanted, origin, now).await?;
        if wanted == Settled::Accepted {
            let by = Some(offer.offered_by);
            give_lacking(&mut tx, person.id, &offer.grants, by, origin, now).await?;
        }
    }
    tx.commit().await
}

/// Six digits in front of colleagues take no role in another town.
fn require_password(staff: &Staff) -> Result<(), Problem> {
    match staff.device_id {
        Some(_) => Err(Problem::new(Kind::Forbidden)),
        None => Ok(()),
    }
}

/// Whether the offer can still end so; `false`: it did.
fn is_open(offer: &OfferRow, wanted: Settled) -> Result<bool, Problem> {
    match offer.outcome {
        None => Ok(true),
        Some(outcome) if outcome == wanted => Ok(false),
        Some(outcome) => Err(conflict(Problem::field("id", "offer_settled"), outcome.as_str())),
    }
}

async fn settle(
    tx: &mut Tx,
    id: Uuid,
    outcome: Settled,
    origin: Origin<'_>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    rows::settle(tx, id, outcome, now).await?;
    origin
        .note(tx, outcome.operation(), ("grant_offer", id), json!({}), now)
        .await
}
