//! The folder of the unix socket: private, and short enough for `sockaddr_un`.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use super::EmbeddedError;
use super::account::Account;
use super::layout::{make_private_dir, path_digest};

/// The port only names the socket file; fixed, whatever `PGPORT` says.
pub(super) const PORT: u16 = 5432;

/// `sun_path` holds 108 bytes on Linux, the last one a NUL.
const MAX_SOCKET_PATH: usize = 107;

/// Chooses and makes the socket folder of the cluster in `home`.
pub(super) fn prepare(home: &Path, account: Account) -> Result<PathBuf, EmbeddedError> {
    let candidates = candidates(home);
    let Some(dir) = candidates.iter().find(|dir| fits(dir)) else {
        let tried = candidates
            .iter()
            .map(|dir| dir.display().to_string())
            .collect::<Vec<_>>()
            .join(", ");
        return Err(EmbeddedError::NoSocketDir { tried });
    };
    refuse_unsafe(dir, account)?;
    make_private_dir(dir, account)?;
    Ok(dir.clone())
}

/// Best first. Outside `home` the name is derived from it: two clusters never share a folder.
fn candidates(home: &Path) -> Vec<PathBuf> {
    let short = format!("vigie-{}", path_digest(home));
    let runtime = if Uid::effective().is_root() {
        // Only root can create there, so nobody can have prepared the name.
        Some(PathBuf::from("/run"))
    } else {
        std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|dir| dir.is_dir() && dir.is_absolute())
    };
    let outside = runtime
        .into_iter()
        .chain([PathBuf::from("/tmp")])
        .map(|dir| dir.join(&short));
    std::iter::once(home.join("socket")).chain(outside).collect()
}

fn fits(dir: &Path) -> bool {
    dir.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= MAX_SOCKET_PATH
}

/// In a shared folder such as /tmp somebody else may have made the name first, to listen in our place.
fn refuse_unsafe(dir: &Path, account: Account) -> Result<(), EmbeddedError> {
    let Ok(found) = fs::symlink_metadata(dir) else {
        return Ok(());
    };
    let owner = Uid::from_raw(found.uid());
    let ours = owner == account.uid || owner == Uid::effective();
    if found.is_dir() && ours && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(EmbeddedError::UnsafeSocketDir {
        dir: dir.to_owned(),
        uid: account.uid,
    })
}

/// Percent-encodes everything but RFC 3986's unreserved characters: right for a host and for a path segment alike.
pub(super) fn percent_encode(text: &std::ffi::OsStr) -> String {
    let mut encoded = String::new();
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_folder_that_is_not_private_or_not_a_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let me = Account::choose(root.path()).unwrap();
        let dir = root.path().join("socket");
        assert!(refuse_unsafe(&dir, me).is_ok(), "nothing there yet");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(
            refuse_unsafe(&dir, me),
            Err(EmbeddedError::UnsafeSocketDir { .. })
        ));
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(refuse_unsafe(&dir, me).is_ok());
        let link = root.path().join("link");
        symlink(&dir, &link).unwrap();
        assert!(matches!(
            refuse_unsafe(&link, me),
            Err(EmbeddedError::UnsafeSocketDir { .. })
        ));
    }

    #[test]
    fn the_limit_is_107_bytes_with_the_file_name() {
        // "/.s.PGSQL.5432" takes 14 of them.
        assert!(fits(Path::new(&format!("/{}", "a".repeat(92)))));
        assert!(!fits(Path::new(&format!("/{}", "a".repeat(93)))));
        assert!(
            !fits(Path::new(&format!("/{}", "é".repeat(47)))),
            "bytes, not characters"
        );
    }

    proptest! {
        #[test]
        fn percent_encoding_decodes_to_the_same_bytes(text in "\\PC{0,40}") {
            let encoded = percent_encode(text.as_ref());
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            let mut decoded = Vec::new();
            let mut bytes = encoded.bytes();
            while let Some(byte) = bytes.next() {
                decoded.push(if byte == b'%' {
                    let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                    u8::from_str_radix(&hex, 16).unwrap()
                } else {
                    byte
                });
            }
            prop_assert_eq!(decoded, text.into_bytes());
        }
    }
}
