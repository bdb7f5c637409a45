//! `vigie migrate`: roles, extension, migrations; harmless to repeat.

use anyhow::Context;
use secrecy::ExposeSecret;

use crate::config::Config;
use crate::db::{migrate, roles};

/// Runs it with the owner's login.
///
/// # Errors
/// When the login is not given, or may not.
#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_process()?;
    let owner = config
        .database
        .owner_url
        .context("DATABASE_URL must be given: the owner's login")?;
    let done = migrate::up(owner.expose_secret(), &roles::Passwords::default()).await?;
    for name in &done {
        println!("migrated {name}");
    }
    println!("{} migration(s) run; the schema is up to date", done.len());
    Ok(())
}
