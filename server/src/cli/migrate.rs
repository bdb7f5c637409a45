//! `vigie migrate`: roles, extension, migrations, and the key file where there is none; harmless to repeat.

use anyhow::Context;
use chrono::Utc;
use secrecy::ExposeSecret;

use super::database::passwords_of;
use crate::auth::keys::KeyRing;
use crate::config::Config;
use crate::db::migrate;

/// Runs it with the owner's login. The roles get the passwords that the application's and the vault's URLs carry.
///
/// # Errors
/// When the login is not given, or may not.
#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_process()?;
    let passwords = passwords_of(&config.database)?;
    let owner = config
        .database
        .owner_url
        .context("DATABASE_URL must be given: the owner's login")?;
    let done = migrate::up(owner.expose_secret(), &passwords).await?;
    for name in &done {
        println!("migrated {name}");
    }
    println!("{} migration(s) run; the schema is up to date", done.len());
    let keys = KeyRing::path(&config.data_dir);
    if !keys.exists() {
        KeyRing::load_or_create(&keys, Utc::now())?;
        println!(
            "made the keys of this installation: {}; keep a copy apart from the database's",
            keys.display()
        );
    }
    Ok(())
}
