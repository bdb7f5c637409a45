//! Under whose name PostgreSQL runs: it refuses root, so a Vigie started as root hands it to an unprivileged account.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use nix::unistd::{Gid, Uid, User, chown};

use super::EmbeddedError;
use super::layout::HOME;

/// The user and group of the server's processes and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: Uid,
    gid: Gid,
}

impl Account {
    /// Chooses the account for the cluster of `var`, which need not exist yet.
    ///
    /// Root takes the owner of an existing folder, so that data made by a user's own run stay that user's; otherwise
    /// `postgres`, else `nobody`. Anybody else runs PostgreSQL as themselves.
    pub(super) fn choose(var: &Path) -> Result<Self, EmbeddedError> {
        let home = var.join(HOME);
        let current = Self {
            uid: Uid::effective(),
            gid: Gid::effective(),
        };
        let owner = fs::metadata(&home).ok().map(|m| Self {
            uid: Uid::from_raw(m.uid()),
            gid: Gid::from_raw(m.gid()),
        });
        if current.uid.is_root() {
            return owner
                .filter(|owner| !owner.uid.is_root())
                .map_or_else(Self::unprivileged, Ok);
        }
        match owner {
            Some(owner) if owner.uid != current.uid => Err(EmbeddedError::ForeignOwner {
                home,
                owner: owner.uid,
                current: current.uid,
            }),
            _ => Ok(current),
        }
    }

    fn unprivileged() -> Result<Self, EmbeddedError> {
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self {
                uid: user.uid,
                gid: user.gid,
            })
            .ok_or(EmbeddedError::NoAccount)
    }

    /// A command run under this account, from `/` (the current folder may be closed to it), with an empty environment
    /// (no `PGPORT` or locale of the caller), which receives `death_signal` when the calling THREAD ends.
    ///
    /// `setpriv` because the kernel forgets the death signal at a change of user: it has to be asked for after that
    /// change and before `exec`, which std cannot express without unsafe code.
    pub(super) fn command(self, program: &Path, death_signal: &str) -> Command {
        let mut command = if cfg!(target_os = "linux") {
            let mut setpriv = Command::new("setpriv");
            if !self.is_current() {
                setpriv
                    .arg(format!("--reuid={}", self.uid))
                    .arg(format!("--regid={}", self.gid))
                    .arg("--clear-groups");
            }
            setpriv.args(["--pdeathsig", death_signal, "--"]).arg(program);
            setpriv
        } else {
            Command::new(program)
        };
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/bin:/bin").to_owned());
        command
            .current_dir("/")
            .env_clear()
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        command
    }

    /// Whether this account can enter `dir`. The kernel is asked, under that account: modes of every parent, ACLs and
    /// security modules all count.
    pub(super) fn can_enter(self, dir: &Path) -> io::Result<bool> {
        if self.is_current() {
            return Ok(true);
        }
        Ok(self
            .command(Path::new("test"), "KILL")
            .arg("-x")
            .arg(dir)
            .status()?
            .success())
    }

    /// Gives `path` to this account.
    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        if self.is_current() {
            return Ok(());
        }
        Ok(chown(path, Some(self.uid), Some(self.gid))?)
    }

    fn is_current(self) -> bool {
        self.uid == Uid::effective()
    }
}
