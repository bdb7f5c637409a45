//! `vigie migrate`: roles, extension, migrations, and the key file where there is none; harmless to repeat.
//!
//! Reads the database's settings and the data folder only: the rest of the configuration is the servers' and workers'.

use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use secrecy::ExposeSecret;

use super::database::passwords_of;
use super::progress::Progress;
use crate::auth::keys::KeyRing;
use crate::config::Foundation;
use crate::db::connect::{Patience, await_server};
use crate::db::{migrate, roles};

/// Everything that is started after it waits meanwhile: a database on a machine that starts at the same time.
const PATIENCE: Patience = Patience {
    every: Duration::from_secs(5),
    longest: Duration::from_secs(600),
};

/// Runs it with the owner's login. The roles get the passwords that the application's and the vault's URLs carry.
///
/// # Errors
/// When the login is not given, or may not.
#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
pub async fn run() -> anyhow::Result<()> {
    let settings = Foundation::from_process()?;
    let passwords = passwords_of(&settings.database)?;
    let owner = settings.database.owner_url.as_ref();
    let owner = owner.context("DATABASE_URL must be given: the owner's login")?;
    let progress = Progress::spinner("Bringing the database to this version");
    let done = bring_up(owner.expose_secret(), &passwords, &progress).await;
    progress.finish();
    let (done, placed) = done?;
    for name in &done {
        println!("migrated {name}");
    }
    println!("{} migration(s) run; the schema is up to date", done.len());
    if placed > 0 {
        println!("restored from another cluster: {placed} change(s) have a place in this one; readers begin anew");
    }
    let keys = KeyRing::path(&settings.data_dir);
    if !keys.exists() {
        KeyRing::load_or_create(&keys, Utc::now())?;
        println!(
            "made the keys of this installation: {}; keep a copy apart from the database's",
            keys.display()
        );
    }
    Ok(())
}

async fn bring_up(
    owner: &str,
    passwords: &roles::Passwords,
    progress: &Progress,
) -> anyhow::Result<(Vec<String>, usize)> {
    let still_away = |why: &str, waited: Duration| {
        progress.say(&format!(
            "The database does not answer yet ({why}); waiting since {} s, at most {} s",
            waited.as_secs(),
            PATIENCE.longest.as_secs()
        ));
    };
    let there = await_server(owner, PATIENCE, still_away).await;
    there.context("connecting as the owner")?;
    let done = migrate::up(owner, passwords).await?;
    Ok((done, migrate::adopt_restored(owner).await?))
}
