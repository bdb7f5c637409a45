//! The three logins of a database, when only the owner's is given.
//!
//! The application's and the vault's passwords are made once and kept in the data folder, readable by its owner only.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::auth::secret::random_token;
use crate::config::{Config, Database};
use crate::db::roles;

/// Where everybody signs in.
pub struct Logins {
    /// The owner.
    pub owner: SecretString,
    /// The application.
    pub app: SecretString,
    /// The vault.
    pub vault: SecretString,
    /// To be set for the two roles.
    pub passwords: roles::Passwords,
}

/// As kept in the data folder: the passwords, or the whole URLs while `vigie run` runs.
#[derive(Serialize, Deserialize)]
struct Kept {
    app: String,
    vault: String,
}

impl Logins {
    /// Behind a socket that only its owner may open, nobody needs a password.
    ///
    /// # Errors
    /// When the URL cannot carry another login.
    pub fn by_socket(owner: &str) -> anyhow::Result<Self> {
        Ok(Self {
            app: with_login(owner, roles::APP, None)?.into(),
            vault: with_login(owner, roles::VAULT, None)?.into(),
            owner: owner.into(),
            passwords: roles::Passwords::default(),
        })
    }

    /// From the owner's URL; the other two are taken from the settings where given, else made.
    ///
    /// # Errors
    /// When a URL cannot be read, or the data folder not written.
    pub fn of(settings: &Database, owner: &SecretString, data_dir: &Path) -> anyhow::Result<Self> {
        if let (Some(app), Some(vault)) = (&settings.app_url, &settings.vault_url) {
            return Ok(Self {
                owner: owner.clone(),
                app: app.clone(),
                vault: vault.clone(),
                passwords: passwords_of(settings)?,
            });
        }
        let kept = kept_passwords(&data_dir.join("database.json"))?;
        Ok(Self {
            app: with_login(owner.expose_secret(), roles::APP, Some(&kept.app))?.into(),
            vault: with_login(owner.expose_secret(), roles::VAULT, Some(&kept.vault))?.into(),
            owner: owner.clone(),
            passwords: roles::Passwords {
                app: Some(kept.app),
                vault: Some(kept.vault),
            },
        })
    }
}

/// Where the database of a running `vigie run` is; there while it runs.
const RUNNING: &str = "run.json";

impl Logins {
    /// Tells the other commands on this data folder where the database is.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn announce(&self, data_dir: &Path) -> anyhow::Result<()> {
        let kept = Kept {
            app: self.app.expose_secret().to_owned(),
            vault: self.vault.expose_secret().to_owned(),
        };
        withdraw(data_dir)?;
        keep(&data_dir.join(RUNNING), &kept)
    }
}

/// Takes the announcement back.
///
/// # Errors
/// When the data folder cannot be written.
pub fn withdraw(data_dir: &Path) -> anyhow::Result<()> {
    match fs::remove_file(data_dir.join(RUNNING)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("removing run.json"),
        _ => Ok(()),
    }
}

/// Settings of a command that works beside the servers: without logins of its own it uses those of a `vigie run` on the same
/// data folder.
///
/// # Errors
/// When a setting is wrong.
pub fn settings_beside() -> anyhow::Result<Config> {
    let mut config = Config::from_process()?;
    let path = config.data_dir.join(RUNNING);
    if config.database.app_url.is_none()
        && let Ok(text) = fs::read_to_string(&path)
    {
        let kept: Kept = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
        config.database.app_url = Some(kept.app.into());
        config.database.vault_url = Some(kept.vault.into());
    }
    Ok(config)
}

/// The passwords that the application's and the vault's URLs carry: `vigie migrate` sets them.
///
/// # Errors
/// When a URL cannot be read.
pub fn passwords_of(settings: &Database) -> anyhow::Result<roles::Passwords> {
    let of = |url: &Option<SecretString>| url.as_ref().map_or(Ok(None), |url| password_in(url.expose_secret()));
    Ok(roles::Passwords {
        app: of(&settings.app_url)?,
        vault: of(&settings.vault_url)?,
    })
}

fn password_in(url: &str) -> anyhow::Result<Option<String>> {
    let url = parse(url)?;
    let decoded = |text: &str| Ok(percent_decode_str(text).decode_utf8()?.into_owned());
    url.password().map(decoded).transpose()
}

fn with_login(url: &str, user: &str, password: Option<&str>) -> anyhow::Result<String> {
    let mut url = parse(url)?;
    if url.set_username(user).is_err() || url.set_password(password).is_err() {
        bail!("the database URL needs a host (a socket folder is written %2Frun%2Fpostgresql)");
    }
    Ok(url.into())
}

fn parse(url: &str) -> anyhow::Result<Url> {
    // The URL may hold a password, so it is never shown.
    let url = Url::parse(url).context("a database URL is written postgres://user:password@host:5432/name")?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        bail!("a database URL starts with postgres://");
    }
    Ok(url)
}

fn kept_passwords(path: &Path) -> anyhow::Result<Kept> {
    if let Ok(text) = fs::read_to_string(path) {
        return serde_json::from_str(&text).with_context(|| format!("{} cannot be read", path.display()));
    }
    let kept = Kept {
        app: random_token()?,
        vault: random_token()?,
    };
    keep(path, &kept)?;
    Ok(kept)
}

/// Writes a file that only its owner may read.
fn keep(path: &Path, kept: &Kept) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(serde_json::to_string_pretty(kept)?.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_login_keeps_the_rest_of_the_url() {
        let socket = "postgres://vigie_admin@%2Frun%2Fvigie:5432/vigie";
        let app = with_login(socket, roles::APP, None).unwrap();
        assert_eq!(app, "postgres://vigie_app@%2Frun%2Fvigie:5432/vigie");
        let remote = "postgres://owner:secret@db.example/vigie?sslmode=require";
        let vault = with_login(remote, roles::VAULT, Some("other")).unwrap();
        assert_eq!(vault, "postgres://vigie_vault:other@db.example/vigie?sslmode=require");
        assert!(with_login("postgres:///vigie?host=/run", roles::APP, None).is_err());
    }

    #[test]
    fn a_password_is_read_as_it_was_meant() {
        let url = "postgres://vigie_app:p%40ss%2Fword@db.example/vigie";
        assert_eq!(password_in(url).unwrap().as_deref(), Some("p@ss/word"));
        assert_eq!(password_in("postgres://vigie_app@db.example/vigie").unwrap(), None);
    }

    #[test]
    fn passwords_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("var/database.json");
        let first = kept_passwords(&path).unwrap();
        assert_eq!(kept_passwords(&path).unwrap().app, first.app);
        assert_ne!(first.app, first.vault);
    }
}
