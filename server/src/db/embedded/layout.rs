//! Where the cluster lives, and the lock that keeps it to one Vigie at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::EmbeddedError;
use super::account::Account;

/// For clusters whose account cannot reach `var/`, for example below a root's home of mode 0700.
const SHARED_STATE: &str = "/var/lib/vigie";

/// The cluster's folder in `var/`, or a link to it.
pub(super) const HOME: &str = "postgres";

/// The folders of one cluster; all paths absolute.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) home: PathBuf,
}

impl Layout {
    /// Settles where the cluster of `var` lives so that `account` can reach it, and makes the folder if need be.
    pub(super) fn prepare(var: &Path, account: Account, progress: &dyn Fn(&str)) -> Result<Self, EmbeddedError> {
        let link = var.join(HOME);
        let enters = |dir: &Path| {
            account
                .can_enter(dir)
                .map_err(EmbeddedError::io("run setpriv for", dir))
        };
        let home = if link.is_symlink() {
            fs::read_link(&link).map_err(EmbeddedError::io("read", &link))?
        } else if link.is_dir() || enters(var)? {
            link
        } else {
            let home = Path::new(SHARED_STATE).join(format!("postgres-{}", path_digest(var)));
            progress(&format!(
                "PostgreSQL cannot run as root and its account cannot reach {}: the data go to {}",
                var.display(),
                home.display()
            ));
            // The link makes the choice last: the folder is found again even when var/ has become reachable since.
            symlink(&home, &link).map_err(EmbeddedError::io("link", &link))?;
            home
        };
        make_private_dir(&home, account)?;
        if !enters(&home)? {
            return Err(EmbeddedError::Unreachable {
                dir: home,
                uid: account.uid,
            });
        }
        Ok(Self { home })
    }

    /// PGDATA.
    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Where `initdb` works; becomes [`Self::data`] when complete.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.home.join("data.unfinished")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// The major version that made the cluster; `None` when there is no cluster yet.
    pub(super) fn cluster_major(&self) -> Result<Option<u32>, EmbeddedError> {
        let file = self.data().join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EmbeddedError::io("read", &file)(error)),
        }
    }
}

/// Takes the lock of `var` for as long as the returned file stays open; the kernel frees it even after SIGKILL, so there
/// is no stale lock. std opens files close-on-exec: PostgreSQL does not inherit it.
pub(super) fn lock(var: &Path) -> Result<File, EmbeddedError> {
    let path = var.join("postgres.lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(EmbeddedError::io("open", &path))?;
    // A program that is just being started holds a copy of every open file, locks too, until it becomes itself.
    let mut locked = file.try_lock();
    for _ in 0..20 {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let holder = file.read_to_string(&mut pid).ok().filter(|_| !pid.trim().is_empty());
            let holder = holder.map(|_| pid.trim().to_owned());
            return Err(EmbeddedError::AlreadyRunning {
                var: var.to_owned(),
                holder,
            });
        }
        Err(TryLockError::Error(error)) => return Err(EmbeddedError::io("lock", &path)(error)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(EmbeddedError::io("write", &path))?;
    Ok(file)
}

/// Makes `dir` with mode 0700 for `account`; its missing parents are made with the usual mode.
pub(super) fn make_private_dir(dir: &Path, account: Account) -> Result<(), EmbeddedError> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(EmbeddedError::io("make", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(EmbeddedError::io("make", dir)(error));
        }
        _ => {}
    }
    account.own(dir).map_err(EmbeddedError::io("change the owner of", dir))
}

/// Twelve hexadecimal digits that name `path`; the same in every version of Vigie, since data are found by it.
pub(super) fn path_digest(path: &Path) -> String {
    HEXLOWER.encode(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..6])
}
