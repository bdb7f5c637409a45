//! The demo: an invented town, its staff, and two months of reports and work whose truth is known, put in through the
//! product's own commands. Only `vigie run` makes it, once, in an empty database, and only where nobody else can reach it: its
//! passwords are printed.

mod base_map;
mod cast;
mod categories;
pub mod days;
mod deeds;
pub mod people;
mod photos;
mod questions;
mod routing;
mod today;
pub mod town;
mod work;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::app::App;
use crate::catalog::install::install;
use crate::db::TownId;

/// Short name of the demo's town.
pub const SLUG: &str = "ingeville";

/// Installs the town and its people. Harmless to repeat.
///
/// # Errors
/// When the database refuses.
pub async fn install_town(app: &App, now: DateTime<Utc>) -> anyhow::Result<TownId> {
    let invented = vigie_fixtures::Town::ingeville();
    let file = town::town_file(&invented)?;
    let town = {
        let mut conn = app.db.conn().await?;
        install(&mut conn, &file, now).await?
    };
    app.catalogue.fresh(&app.db).await?;
    people::add(app, town, &invented.staff, now).await?;
    Ok(town)
}

/// Makes what of the demo is missing, until `stop`. `progress` hears how many reports were sent, of how many.
///
/// # Errors
/// When the database refuses.
pub async fn prepare(
    app: &App,
    stop: &watch::Receiver<bool>,
    now: DateTime<Utc>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> anyhow::Result<()> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = match catalogue.by_slug(SLUG) {
        Some(town) => town.id,
        None => install_town(app, now).await?,
    };
    base_map::add(app, town, &vigie_fixtures::Town::ingeville()).await?;
    days::live(app, town, stop, now, progress).await
}
