//! `vigie admin create-device-code`: the first tablets, before anybody of the town has signed in.

use anyhow::Context;
use chrono::Utc;

use super::admin::{faults, town_named};
use crate::app::App;
use crate::people::credentials::normal_email;
use crate::people::device::{CODE_LIFETIME, announce_by_operator};
use crate::people::queries::staff as rows;

/// A tablet to be enrolled.
#[derive(Debug, clap::Args)]
pub struct NewTablet {
    /// Short name of the town.
    #[arg(long)]
    town: String,
    /// Crew whose people sign in on it (code).
    #[arg(long)]
    crew: String,
    /// What is written on it.
    #[arg(long)]
    name: String,
    /// Work address of the person of the town in whose name it is made.
    #[arg(long)]
    by: String,
}

/// Announces it and shows its code.
///
/// # Errors
/// What stopped it, in words for the operator.
#[expect(clippy::print_stdout, reason = "the operator types the code on the tablet")]
pub async fn create_code(app: &App, tablet: NewTablet) -> anyhow::Result<()> {
    let town = town_named(app, &tablet.town).await?;
    let crew = town.crews.values().find(|entry| entry.code == tablet.crew);
    let crew = crew.with_context(|| format!("no crew {:?} in {}", tablet.crew, town.name))?;
    let mut tx = app.db.begin(town.id).await?;
    let nobody = || format!("nobody of {} has the address {:?}", town.name, tablet.by);
    let email = normal_email(&tablet.by).with_context(nobody)?;
    let by = rows::by_email(&mut tx, &email).await?.with_context(nobody)?.id;
    // Somebody of another town has the address too, and no grant here.
    rows::grants(&mut tx, Some(by)).await?.first().with_context(nobody)?;
    let (_, code) = announce_by_operator(&mut tx, &town, by, &tablet.name, crew.id, Utc::now())
        .await
        .map_err(|problem| faults(&problem))?;
    tx.commit().await?;
    println!(
        "code for {}, good for {} minutes at {}/equipe/: {code}",
        tablet.name,
        CODE_LIFETIME.num_minutes(),
        app.config.public_url
    );
    Ok(())
}
