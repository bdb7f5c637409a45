//! What an earlier run left behind: a postmaster that has not noticed its parent's death yet, back ends that outlived a
//! killed postmaster, a pid file whose number now belongs to another program.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::EmbeddedError;

/// A fast shutdown writes a checkpoint first, which takes a while on a slow disk.
const FAST_SHUTDOWN: Duration = Duration::from_secs(60);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// The lines of `postmaster.pid` that matter here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: Pid,
    /// Line 8, written once the server accepts connections.
    pub(super) ready: bool,
}

impl PidFile {
    /// `None` when there is none, or it is being written.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        Some(Self {
            pid: Pid::from_raw(pid),
            ready: text.lines().nth(7).is_some_and(|line| line.trim() == "ready"),
        })
    }
}

/// Returns when no process works in `data` any more and PostgreSQL can start there. The caller holds the lock of `var`,
/// so whatever is found was left by a Vigie that is gone.
pub(super) fn clear(data: &Path, progress: &dyn Fn(&str)) -> Result<(), EmbeddedError> {
    let mut running = processes_in(data);
    if running.is_empty() {
        return remove_misleading_pid_file(data);
    }
    progress("Waiting for the PostgreSQL of an earlier run to stop");
    let postmaster = PidFile::read(data)
        .map(|file| file.pid)
        .filter(|pid| running.contains(pid));
    if let Some(pid) = postmaster {
        // It may already be stopping because its parent died; a second request does no harm.
        send(&[pid], Signal::SIGINT);
        running = wait_until_gone(data, FAST_SHUTDOWN);
    }
    if !running.is_empty() {
        // Back ends without a postmaster end by themselves, except in the middle of a long computation.
        send(&running, Signal::SIGQUIT);
        running = wait_until_gone(data, IMMEDIATE_SHUTDOWN);
    }
    if running.is_empty() {
        return remove_misleading_pid_file(data);
    }
    Err(EmbeddedError::LeftoverStays {
        data: data.to_owned(),
        pids: running,
    })
}

/// PostgreSQL removes a stale pid file itself, unless the number in it belongs to a process that lives: then it takes
/// that one for a postmaster. We know better, since nothing works in `data`.
fn remove_misleading_pid_file(data: &Path) -> Result<(), EmbeddedError> {
    let path = data.join("postmaster.pid");
    match PidFile::read(data) {
        Some(file) if kill(file.pid, None).is_ok() && Path::new("/proc/self").exists() => {
            fs::remove_file(&path).map_err(EmbeddedError::io("remove", &path))
        }
        _ => Ok(()),
    }
}

/// Every PostgreSQL process changes its current folder to the data folder. Empty where there is no /proc; PostgreSQL's
/// own lock file then has the last word.
pub(super) fn processes_in(data: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

fn send(pids: &[Pid], signal: Signal) {
    for &pid in pids {
        // Gone in between is what we want.
        let _ = kill(pid, signal);
    }
}

fn wait_until_gone(data: &Path, limit: Duration) -> Vec<Pid> {
    let deadline = Instant::now() + limit;
    loop {
        let running = processes_in(data);
        if running.is_empty() || Instant::now() >= deadline {
            return running;
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_is_read_at_every_stage_of_its_writing() {
        let whole = "4711\n/data\n1700000000\n5432\n/run/x\n\n  12345  7\nready   \n";
        assert_eq!(
            PidFile::parse(whole),
            Some(PidFile {
                pid: Pid::from_raw(4711),
                ready: true
            })
        );
        let starting = whole.replace("ready   ", "starting");
        assert_eq!(
            PidFile::parse(&starting),
            Some(PidFile {
                pid: Pid::from_raw(4711),
                ready: false
            })
        );
        assert_eq!(
            PidFile::parse("4711\n/data\n"),
            Some(PidFile {
                pid: Pid::from_raw(4711),
                ready: false
            })
        );
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn processes_are_found_by_their_current_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        assert_eq!(processes_in(&path), []);
        let mut cat = std::process::Command::new("cat")
            .current_dir(&path)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert_eq!(processes_in(&path), [Pid::from_raw(cat.id().cast_signed())]);
        drop(cat.stdin.take());
        cat.wait().unwrap();
        assert_eq!(processes_in(&path), []);
    }
}
