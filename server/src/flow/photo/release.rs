//! A photo becomes public when a person has looked at it and says so, never before.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::model::{Photo, PhotoState};
use super::queries;
use crate::app::App;
use crate::audit::{self, Entry};
use crate::auth::token::StaffToken;
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};
use crate::people::policy::{Operation, permit};
use crate::people::queries::authorise;

/// Releases a photo to the public, or takes it back. Doing either again changes nothing.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] for a photo that cannot be looked at yet, and for one of a sensitive category,
/// which is never public; [`Kind::Forbidden`].
pub async fn release(
    app: &App,
    token: StaffToken,
    id: Uuid,
    public: bool,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Photo, Problem> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let not_found = || Problem::new(Kind::NotFound);
    let mut tx = app.db.begin(token.town).await?;
    let town = tx.town();
    let staff = authorise(&mut tx, token, now).await?;
    let photo = queries::find(&tx, town, id).await?.ok_or_else(not_found)?;
    let standing = queries::standing(&tx, town, photo.subject()?)
        .await?
        .ok_or_else(not_found)?;
    permit(&staff, Operation::ReleasePhoto, &standing.target)?;
    if photo.released_at.is_some() == public {
        return Ok(photo);
    }
    if public {
        let sensitive = catalogue
            .town(town)
            .is_none_or(|town| town.is_sensitive(&standing.categories));
        if sensitive {
            return Err(Problem::new(Kind::Conflict).with("reason", "sensitive_category"));
        }
        if photo.state()? != PhotoState::Ready {
            return Err(Problem::new(Kind::Conflict).with("reason", "not_ready"));
        }
    }
    let released = public.then_some((now, staff.staff_user_id));
    queries::set_released(&tx, town, id, released).await?;
    let entry = Entry {
        actor: &staff.actor(),
        action: if public { "release_photo" } else { "unrelease_photo" },
        entity: "photo",
        entity_id: Some(id),
        detail: json!({"alert_id": standing.alert_id}),
        request_id: Some(&client.request_id),
    };
    audit::record(&tx, town, &entry, now).await?;
    audit::changed(&tx, town, &[("photo", id)], now).await?;
    tx.commit().await?;
    Ok(Photo {
        released_at: released.map(|(at, _)| at),
        ..photo
    })
}
