//! The running server process and the thread that keeps it.

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// PostgreSQL's first process. Not stopped on drop: [`super::EmbeddedPostgres`] does that, in order.
#[derive(Debug)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    exit: Arc<Exit>,
}

#[derive(Debug, Default)]
struct Exit {
    status: Mutex<Option<ExitStatus>>,
    changed: Condvar,
}

impl Exit {
    fn status(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Postmaster {
    /// Starts `command` from a thread of its own that lives as long as the server: the kernel sends the parent-death
    /// signal when the THREAD that forked ends, so a caller's worker thread must not be that one.
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let exit = Arc::new(Exit::default());
        let (sender, receiver) = mpsc::sync_channel(1);
        let keeper_exit = Arc::clone(&exit);
        std::thread::Builder::new()
            .name("postgres-keeper".to_owned())
            .spawn(move || {
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => {
                        // The other side is waiting for exactly this message.
                        let _ = sender.send(Err(error));
                        return;
                    }
                };
                let _ = sender.send(Ok(child.id()));
                match child.wait() {
                    Ok(status) => *keeper_exit.status() = Some(status),
                    Err(error) => tracing::error!(%error, "cannot wait for PostgreSQL"),
                }
                keeper_exit.changed.notify_all();
            })?;
        let id = receiver.recv().map_err(io::Error::other)??;
        Ok(Self {
            pid: Pid::from_raw(i32::try_from(id).map_err(io::Error::other)?),
            exit,
        })
    }

    /// How the server ended; `None` while it runs.
    pub(super) fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.status()
    }

    /// Waits until the server has ended, at most `limit`.
    pub(super) fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        let waited = self
            .exit
            .changed
            .wait_timeout_while(self.exit.status(), limit, |status| status.is_none());
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Signals the server unless it has ended: its id may be somebody else's by then.
    pub(super) fn signal(&self, signal: Signal) {
        if self.exit_status().is_none() {
            // It may end at this very moment; then there is nothing left to signal.
            let _ = kill(self.pid, signal);
        }
    }
}
