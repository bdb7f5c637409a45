//! Start and stop of the private PostgreSQL.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::account::Account;
use super::binaries::Installation;
use super::layout::{self, Layout};
use super::leftover::{self, PidFile};
use super::log::Log;
use super::postmaster::Postmaster;
use super::socket::{self, PORT, percent_encode};
use super::{EmbeddedError, Settings};

/// The superuser that `initdb` creates.
const SUPERUSER: &str = "vigie_admin";

/// A fast shutdown ends all sessions, then writes a checkpoint.
const FAST_SHUTDOWN: Duration = Duration::from_secs(60);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);
/// From when on, and how often, a slow start is spoken of.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// A private PostgreSQL with PostGIS available, running while this value lives.
///
/// Dropping it stops the server as [`Self::stop`] does, without a word about failures.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    postmaster: Postmaster,
    socket_dir: PathBuf,
    bin_dir: PathBuf,
    /// Held until the server has stopped; fields are dropped after `Drop::drop` has run.
    _lock: File,
}

impl EmbeddedPostgres {
    /// Starts the cluster of `var_dir`, made at the first start; returns when it accepts connections.
    ///
    /// Cleans up after an earlier run that was killed, and lets PostgreSQL recover from a crash. `progress` hears a
    /// sentence about everything that may take longer than two seconds. Blocks.
    ///
    /// # Errors
    /// See [`EmbeddedError`]; each says what to do.
    pub fn start(var_dir: &Path, settings: Settings, progress: &dyn Fn(&str)) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(var_dir).map_err(EmbeddedError::io("make", var_dir))?;
        let var = var_dir.canonicalize().map_err(EmbeddedError::io("find", var_dir))?;
        let account = Account::choose(&var)?;
        let lock = layout::lock(&var)?;
        let layout = Layout::prepare(&var, account, progress)?;
        let data = layout.data();
        let cluster = layout.cluster_major()?;
        let installation = Installation::find(cluster.map(|major| (major, data.as_path())))?;
        leftover::clear(&data, progress)?;
        if cluster.is_none() {
            create_cluster(&installation, &layout, account, &settings, progress)?;
        }
        let socket_dir = socket::prepare(&layout.home, account)?;
        let (log, log_file) = Log::open(&layout.log())?;
        let postmaster = launch(&installation, &data, &socket_dir, account, &settings, log_file)?;
        // From here on a failure drops `running`, which stops the server before the lock is released.
        let running = Self {
            postmaster,
            socket_dir,
            bin_dir: installation.bin,
            _lock: lock,
        };
        running.await_ready(&data, &log, progress)?;
        Ok(running)
    }

    /// The connection URL of database `db` for the superuser `vigie_admin`, through the unix socket.
    #[must_use]
    pub fn url(&self, db: &str) -> String {
        format!(
            "postgres://{SUPERUSER}@{}:{PORT}/{}",
            percent_encode(self.socket_dir.as_os_str()),
            percent_encode(db.as_ref())
        )
    }

    /// The folder of the server's own programs (`psql`, `pg_dump`), of the same version as the server.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// Whether the server process is still there.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.postmaster.exit_status().is_none()
    }

    /// Stops the server: sessions are ended, open transactions rolled back, everything is written. Blocks.
    ///
    /// # Errors
    /// [`EmbeddedError::Stop`] when it does not end even after an immediate shutdown.
    pub fn stop(self) -> Result<(), EmbeddedError> {
        self.shut_down()
    }

    fn shut_down(&self) -> Result<(), EmbeddedError> {
        // PostgreSQL's names: SIGINT is the fast shutdown, SIGQUIT the immediate one (with crash recovery afterwards).
        for (signal, limit) in [(Signal::SIGINT, FAST_SHUTDOWN), (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN)] {
            self.postmaster.signal(signal);
            if self.postmaster.wait(limit).is_some() {
                return Ok(());
            }
        }
        Err(EmbeddedError::Stop {
            pid: self.postmaster.pid,
            waited: FAST_SHUTDOWN + IMMEDIATE_SHUTDOWN,
        })
    }

    /// Waits without a limit while the server lives: crash recovery takes as long as it takes, and interrupting it would
    /// only make the next start begin again.
    fn await_ready(&self, data: &Path, log: &Log, progress: &dyn Fn(&str)) -> Result<(), EmbeddedError> {
        let began = Instant::now();
        let mut next_report = REPORT_EVERY;
        loop {
            if let Some(status) = self.postmaster.wait(POLL) {
                return Err(EmbeddedError::Start {
                    status,
                    log: log.path.clone(),
                    tail: log.tail(),
                });
            }
            if PidFile::read(data).is_some_and(|file| file.ready && file.pid == self.postmaster.pid) {
                return Ok(());
            }
            if began.elapsed() >= next_report {
                progress(&format!(
                    "PostgreSQL is still starting after {} s (after a crash it first recovers); see {}",
                    began.elapsed().as_secs(),
                    log.path.display()
                ));
                next_report += REPORT_EVERY;
            }
        }
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(%error, "the private PostgreSQL stays behind");
        }
    }
}

/// Runs `initdb` aside and renames the result, so that an interrupted one is never taken for a cluster.
fn create_cluster(
    installation: &Installation,
    layout: &Layout,
    account: Account,
    settings: &Settings,
    progress: &dyn Fn(&str),
) -> Result<(), EmbeddedError> {
    progress(&format!(
        "Creating the database in {} with PostgreSQL {} (first start only, a few seconds)",
        layout.home.display(),
        installation.major
    ));
    let unfinished = layout.unfinished();
    if unfinished.exists() {
        leftover::clear(&unfinished, progress)?;
        fs::remove_dir_all(&unfinished).map_err(EmbeddedError::io("remove", &unfinished))?;
    }
    let initdb = installation.program("initdb");
    let output = account
        .command(&initdb, "KILL")
        .arg("--pgdata")
        .arg(&unfinished)
        .args([
            "--username",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ])
        .args((!settings.durable).then_some("--no-sync"))
        .output()
        .map_err(EmbeddedError::io("run", &initdb))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(EmbeddedError::Command {
            program: "initdb".to_owned(),
            status: output.status,
            output: text,
        });
    }
    let data = layout.data();
    fs::rename(&unfinished, &data).map_err(EmbeddedError::io("rename", &unfinished))?;
    // initdb has written its files through to the disk; the new name must be there as well.
    File::open(&layout.home)
        .and_then(|home| home.sync_all())
        .map_err(EmbeddedError::io("sync", &layout.home))
}

fn launch(
    installation: &Installation,
    data: &Path,
    socket_dir: &Path,
    account: Account,
    settings: &Settings,
    log: File,
) -> Result<Postmaster, EmbeddedError> {
    let program = installation.program("postgres");
    let errors = log
        .try_clone()
        .map_err(EmbeddedError::io("share the log of", &program))?;
    let mut command = account.command(&program, "INT");
    command
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(socket_dir)
        .arg("-p")
        .arg(PORT.to_string());
    for pair in settings.arguments() {
        command.arg("-c").arg(pair);
    }
    // A process group of its own: Ctrl-C in a terminal goes to the whole group, and would stop the database before the
    // server has finished its requests.
    command.process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors);
    Postmaster::spawn(command).map_err(EmbeddedError::io("run", &program))
}
