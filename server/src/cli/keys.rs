//! `vigie admin rotate-keys`: a new key in force, and old ones out of use.

use anyhow::bail;
use chrono::Utc;

use crate::app::App;
use crate::auth::keys::{KeyRing, Rotate};
use crate::config::Config;
use crate::vault;

/// Which keys, and what becomes of them.
#[derive(Debug, clap::Args)]
pub struct Rotation {
    /// Which keys.
    which: Rotate,
    /// Take this older key out of the file instead, for good: nobody reads what it made any more.
    #[arg(long, value_name = "ID")]
    drop: Option<String>,
}

/// Changes the key file.
///
/// # Errors
/// What stopped it, in words for the operator.
#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
pub async fn rotate(config: Config, asked: &Rotation) -> anyhow::Result<()> {
    let path = KeyRing::path(&config.data_dir);
    match &asked.drop {
        None => {
            KeyRing::rotate(&path, asked.which, Utc::now())?;
            println!(
                "a new key is in force in {}; restart the servers and workers",
                path.display()
            );
        }
        Some(id) => {
            KeyRing::require_retirable(&path, asked.which, id)?;
            if asked.which == Rotate::Vault {
                require_needless(&App::build(config)?, id).await?;
            }
            KeyRing::retire(&path, asked.which, id)?;
            println!(
                "the key {id} is out of {}; restart the servers and workers",
                path.display()
            );
        }
    }
    let kept = KeyRing::load(&path)?;
    println!("in force first: {}", kept.names(asked.which).join(", "));
    Ok(())
}

/// A person whose key is wrapped by a key that is gone could never be reached again.
async fn require_needless(app: &App, id: &str) -> anyhow::Result<()> {
    for town in app.catalogue.fresh(&app.db).await?.towns() {
        let wrapped = vault::wrapped_by(&app.db, town.id, id).await?;
        if wrapped > 0 {
            bail!(
                "{id} still wraps the keys of {wrapped} person(s) of {}: restart the servers and workers, \
                 run `vigie admin rewrap`, then try again",
                town.name
            );
        }
    }
    Ok(())
}
