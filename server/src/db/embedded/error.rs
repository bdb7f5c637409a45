//! What can go wrong with the private PostgreSQL, in words that say what to do.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::{io, time::Duration};

use nix::unistd::{Pid, Uid};

use super::binaries::MIN_MAJOR;

/// Why the private PostgreSQL could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No server of a version that Vigie can use is installed.
    #[error(
        "no PostgreSQL {MIN_MAJOR} or later with PostGIS is installed. Install it with:\n    {install}\n\
         or set DATABASE_URL to use a server of your own"
    )]
    NoServer {
        /// The command that installs it on Debian and Ubuntu.
        install: String,
    },
    /// A server is there, PostGIS for it is not.
    #[error("PostgreSQL {major} is installed, but PostGIS for it is not. Install it with:\n    {install}")]
    NoPostgis {
        /// Major version of the server found.
        major: u32,
        /// The command that installs it on Debian and Ubuntu.
        install: String,
    },
    /// The cluster was made by a version that is no longer installed.
    #[error(
        "the data in {} was made by PostgreSQL {major}, which is not installed (with PostGIS). Install it with:\n    \
         {install}\nor move the folder away to begin with an empty database",
        data.display()
    )]
    OtherMajor {
        /// Major version that made the cluster.
        major: u32,
        /// The data folder.
        data: PathBuf,
        /// The command that installs it on Debian and Ubuntu.
        install: String,
    },
    /// Another process holds the lock of this `var/`.
    #[error(
        "another Vigie{} is running on {}: stop it first, or give this one a folder of its own",
        holder.as_deref().map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        var.display()
    )]
    AlreadyRunning {
        /// The folder both want.
        var: PathBuf,
        /// Process id written by the holder, when readable.
        holder: Option<String>,
    },
    /// The folder belongs to somebody else and this process is not root.
    #[error(
        "{} belongs to user id {owner}, this process runs as {current}: start Vigie as that user \
         (or as root), or move the folder away",
        home.display()
    )]
    ForeignOwner {
        /// The cluster's folder.
        home: PathBuf,
        /// Who owns it.
        owner: Uid,
        /// Who runs this process.
        current: Uid,
    },
    /// Started as root, but the account PostgreSQL must run as cannot get at its folder.
    #[error(
        "user id {uid} (PostgreSQL refuses to run as root) cannot enter {}: give it the right to pass, \
         or start Vigie as the folder's owner",
        dir.display()
    )]
    Unreachable {
        /// The folder.
        dir: PathBuf,
        /// The account chosen.
        uid: Uid,
    },
    /// Started as root on a system with neither a `postgres` nor a `nobody` account.
    #[error("started as root, but there is neither a `postgres` nor a `nobody` account to run PostgreSQL as")]
    NoAccount,
    /// The folder for the socket exists, but somebody else could write into it.
    #[error("{} is not a private folder of user id {uid} (mode 0700): remove it and start again", dir.display())]
    UnsafeSocketDir {
        /// The folder.
        dir: PathBuf,
        /// Who should own it.
        uid: Uid,
    },
    /// No folder is short enough for a unix socket.
    #[error("no folder is short enough for a unix socket, tried: {tried}")]
    NoSocketDir {
        /// The folders tried.
        tried: String,
    },
    /// PostgreSQL processes of an earlier run do not go away.
    #[error("PostgreSQL processes of an earlier run still use {}: {}", data.display(), list(pids))]
    LeftoverStays {
        /// The data folder.
        data: PathBuf,
        /// The processes.
        pids: Vec<Pid>,
    },
    /// A helper program of PostgreSQL failed.
    #[error("{program} failed ({status}):\n{output}")]
    Command {
        /// Its name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        output: String,
    },
    /// PostgreSQL ended before it accepted connections.
    #[error("PostgreSQL did not start ({status}). The end of {}:\n{tail}", log.display())]
    Start {
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        log: PathBuf,
        /// The last lines written by this start.
        tail: String,
    },
    /// PostgreSQL did not stop.
    #[error("PostgreSQL (process {pid}) did not stop within {waited:?}")]
    Stop {
        /// The postmaster.
        pid: Pid,
        /// How long it was given.
        waited: Duration,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`: names what was tried and on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

fn list(pids: &[Pid]) -> String {
    pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
