//! The keys of an installation, in one file that only its owner may read.
//!
//! The first key of each list is the one in force; older ones stay so that what they signed or wrapped can still be read,
//! until nothing needs them and they are taken out.
//! The file is not part of the database's backup on purpose: a backup alone reveals nobody.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use nix::unistd::Uid;
use serde::{Deserialize, Serialize};

/// A key of 256 bits.
pub type Key = [u8; 32];

/// As stored.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    /// Signs access tokens (Ed25519 seeds).
    tokens: Vec<NamedKey>,
    /// Wraps the keys of persons in the vault.
    vault: Vec<NamedKey>,
    /// Blind indexes; never rotated, because indexes made before would no longer be found.
    index: String,
    /// Follow secrets, telephone codes, signed links, cursors; never rotated for the same reason.
    server: String,
}

impl KeyFile {
    fn list(&mut self, which: Rotate) -> &mut Vec<NamedKey> {
        match which {
            Rotate::Tokens => &mut self.tokens,
            Rotate::Vault => &mut self.vault,
        }
    }

    /// The list, and the place in it of a key that is there and not in force.
    fn retirable(&mut self, which: Rotate, id: &str) -> anyhow::Result<(&mut Vec<NamedKey>, usize)> {
        let list = self.list(which);
        match list.iter().position(|key| key.id == id) {
            Some(0) => bail!("the key {id} is in force: put a new one in force first"),
            Some(place) => Ok((list, place)),
            None => {
                let known: Vec<&str> = list.iter().map(|key| key.id.as_str()).collect();
                bail!("the key file has no key {id}, only {}", known.join(", "))
            }
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct NamedKey {
    id: String,
    key: String,
}

/// A key with its name.
#[derive(Clone)]
pub struct Named<T> {
    /// Name, stored beside what the key made.
    pub id: String,
    /// Key.
    pub key: T,
}

/// A pair that signs access tokens.
#[derive(Clone)]
pub struct TokenKey {
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
    /// Public half, for the JWKS.
    pub public: Key,
}

/// All keys, ready for use.
#[derive(Clone)]
pub struct KeyRing {
    /// Token keys, the one in force first.
    pub tokens: Vec<Named<TokenKey>>,
    /// Wrapping keys of the vault, the one in force first.
    pub vault: Vec<Named<Key>>,
    /// Key of blind indexes.
    pub index: Key,
    /// Key of everything the server derives.
    pub server: Key,
}

/// Which keys to rotate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Rotate {
    /// Token keys: tokens of the old one are valid until they run out.
    Tokens,
    /// Wrapping keys of the vault: old wrappings are renewed by `vigie admin rewrap`.
    Vault,
}

impl KeyRing {
    /// Where the key file of a data folder lies.
    #[must_use]
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("keys.json")
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// When it is missing, readable by others, or holds a key that is none.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let mode = fs::metadata(path)
            .with_context(|| format!("no key file at {}", path.display()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            bail!(
                "the key file {} can be read by others (mode {:o}): chmod 600 it",
                path.display(),
                mode & 0o777
            );
        }
        Self::of(&read(path)?)
    }

    /// Reads the key file, after making it if there is none.
    ///
    /// # Errors
    /// As [`KeyRing::load`], and when it cannot be written.
    pub fn load_or_create(path: &Path, now: DateTime<Utc>) -> anyhow::Result<Self> {
        if !path.exists() {
            let file = KeyFile {
                tokens: vec![named(now)?],
                vault: vec![named(now)?],
                index: BASE64.encode(&random()?),
                server: BASE64.encode(&random()?),
            };
            write(path, &file)?;
        }
        Self::load(path)
    }

    /// Puts a new key in force; the old ones stay for reading.
    ///
    /// # Errors
    /// As [`KeyRing::load`], and when the file cannot be written.
    pub fn rotate(path: &Path, which: Rotate, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut file = read(path)?;
        file.list(which).insert(0, named(now)?);
        write(path, &file)
    }

    /// Refuses to take out a key that is in force, or none of the file's.
    ///
    /// # Errors
    /// Which of the two, in words for the operator.
    pub fn require_retirable(path: &Path, which: Rotate, id: &str) -> anyhow::Result<()> {
        read(path)?.retirable(which, id).map(|_| ())
    }

    /// Takes an older key out of the file. Whoever calls it has made sure that nothing needs it: what it signed or wrapped
    /// can be read by nobody any more.
    ///
    /// # Errors
    /// As [`KeyRing::require_retirable`], and when the file cannot be written.
    pub fn retire(path: &Path, which: Rotate, id: &str) -> anyhow::Result<()> {
        let mut file = read(path)?;
        let (list, place) = file.retirable(which, id)?;
        list.remove(place);
        write(path, &file)
    }

    /// The names of the keys, the one in force first.
    #[must_use]
    pub fn names(&self, which: Rotate) -> Vec<&str> {
        match which {
            Rotate::Tokens => self.tokens.iter().map(|key| key.id.as_str()).collect(),
            Rotate::Vault => self.vault.iter().map(|key| key.id.as_str()).collect(),
        }
    }

    fn of(file: &KeyFile) -> anyhow::Result<Self> {
        let ring = Self {
            tokens: file.tokens.iter().map(token_key).collect::<anyhow::Result<_>>()?,
            vault: file
                .vault
                .iter()
                .map(|k| {
                    Ok(Named {
                        id: k.id.clone(),
                        key: decode(&k.key)?,
                    })
                })
                .collect::<anyhow::Result<_>>()?,
            index: decode(&file.index)?,
            server: decode(&file.server)?,
        };
        if ring.tokens.is_empty() || ring.vault.is_empty() {
            bail!("the key file has no token key or no vault key");
        }
        Ok(ring)
    }
}

fn token_key(stored: &NamedKey) -> anyhow::Result<Named<TokenKey>> {
    let signing = SigningKey::from_bytes(&decode(&stored.key)?);
    let der = signing.to_pkcs8_der().context("encoding a token key")?;
    let public = signing.verifying_key().to_bytes();
    let key = TokenKey {
        encoding: EncodingKey::from_ed_der(der.as_bytes()),
        decoding: DecodingKey::from_ed_der(&public),
        public,
    };
    Ok(Named {
        id: stored.id.clone(),
        key,
    })
}

fn named(now: DateTime<Utc>) -> anyhow::Result<NamedKey> {
    let suffix = data_encoding::HEXLOWER.encode(random()?.get(..3).unwrap_or_default());
    Ok(NamedKey {
        id: format!("{}-{suffix}", now.format("%Y%m%d")),
        key: BASE64.encode(&random()?),
    })
}

fn random() -> anyhow::Result<Key> {
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(key)
}

fn decode(text: &str) -> anyhow::Result<Key> {
    let bytes = BASE64.decode(text.as_bytes()).context("a key is not base64")?;
    Key::try_from(bytes.as_slice()).context("a key has not 256 bits")
}

fn read(path: &Path) -> anyhow::Result<KeyFile> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no key file", path.display()))
}

/// Written beside and renamed, so that a crash never leaves half a key file.
fn write(path: &Path, file: &KeyFile) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("json.new");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    keep_owner(path, &out)?;
    out.write_all(serde_json::to_string_pretty(file)?.as_bytes())?;
    out.sync_all()?;
    fs::rename(&beside, path).with_context(|| format!("writing {}", path.display()))
}

/// Root works for the services' account, which must be able to read the file afterwards: it belongs to whom the one before
/// did, the first one to whom the folder does. Nobody else may give files away, nor needs to.
fn keep_owner(path: &Path, out: &fs::File) -> anyhow::Result<()> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let like = fs::metadata(path).or_else(|_| fs::metadata(folder))?;
    fchown(out, Some(like.uid()), Some(like.gid())).with_context(|| format!("giving {} to its owner", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    /// An account that is not root's and need not exist.
    const SERVICE: (u32, u32) = (61_234, 61_235);

    fn owner(path: &Path) -> (u32, u32, u32) {
        let found = fs::metadata(path).unwrap();
        (found.uid(), found.gid(), found.mode() & 0o777)
    }

    #[test]
    fn a_rotated_key_file_belongs_to_whom_it_belonged() {
        let folder = tempfile::tempdir().unwrap();
        let path = KeyRing::path(folder.path());
        KeyRing::load_or_create(&path, Utc::now()).unwrap();
        // Only root can give it away; for everybody else the owner is the same person anyway.
        let root = Uid::effective().is_root();
        if root {
            chown(&path, Some(SERVICE.0), Some(SERVICE.1)).unwrap();
        }
        let before = owner(&path);
        KeyRing::rotate(&path, Rotate::Vault, Utc::now()).unwrap();
        assert_eq!(owner(&path), before);
        assert_eq!(before.2, 0o600);
        assert_eq!(root, before.0 == SERVICE.0);
        assert_eq!(KeyRing::load(&path).unwrap().vault.len(), 2);
    }

    #[test]
    fn the_first_key_file_belongs_to_whom_the_folder_does() {
        let folder = tempfile::tempdir().unwrap();
        if Uid::effective().is_root() {
            chown(folder.path(), Some(SERVICE.0), Some(SERVICE.1)).unwrap();
        }
        let path = KeyRing::path(folder.path());
        KeyRing::load_or_create(&path, Utc::now()).unwrap();
        let (uid, _, mode) = owner(&path);
        assert_eq!((uid, mode), (owner(folder.path()).0, 0o600));
    }
}
