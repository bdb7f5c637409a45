//! Against the real PostgreSQL of this machine, including what a kill -9 leaves behind.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;

use super::account::Account;
use super::leftover::{PidFile, processes_in};
use super::{EmbeddedError, EmbeddedPostgres, Settings};

/// A `var/` in a temporary folder that every account may enter.
struct Var(TempDir);

impl Var {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("var")
    }

    fn data(&self) -> PathBuf {
        self.path().join("postgres").canonicalize().unwrap().join("data")
    }

    fn start(&self) -> EmbeddedPostgres {
        self.try_start(Settings::throwaway())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_start(&self, settings: Settings) -> Result<EmbeddedPostgres, EmbeddedError> {
        EmbeddedPostgres::start(&self.path(), settings, &|_| {})
    }
}

/// The answer of `psql`, through the URL that Vigie itself would use.
fn sql(postgres: &EmbeddedPostgres, statement: &str) -> String {
    let output = psql(postgres, statement).output().unwrap();
    assert!(
        output.status.success(),
        "{statement}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn psql(postgres: &EmbeddedPostgres, statement: &str) -> Command {
    let mut command = Command::new(postgres.bin_dir().join("psql"));
    command.arg("-XAtqc").arg(statement).arg(postgres.url("postgres"));
    command
}

fn keep_a_row(postgres: &EmbeddedPostgres) {
    sql(
        postgres,
        "CREATE TABLE kept (what text); INSERT INTO kept VALUES ('pothole')",
    );
}

fn assert_row_is_there(postgres: &EmbeddedPostgres) {
    assert_eq!(sql(postgres, "SELECT what FROM kept"), "pothole");
}

/// Polls for something other processes do; these have no event to wait for.
fn within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: not within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn data_survive_a_restart_and_the_default_is_durable() {
    let var = Var::new();
    let postgres = var.try_start(Settings::default()).unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(sql(&postgres, &format!("SHOW {setting}")), "on", "{setting}");
    }
    assert_eq!(sql(&postgres, "SHOW listen_addresses"), "");
    assert_eq!(
        sql(
            &postgres,
            "SELECT current_user || pg_encoding_to_char(encoding) || datcollate FROM pg_database WHERE datname = 'postgres'"
        ),
        "vigie_adminUTF8C.UTF-8"
    );
    sql(&postgres, "CREATE EXTENSION postgis");
    keep_a_row(&postgres);
    postgres.stop().unwrap();
    assert_eq!(processes_in(&var.data()), []);

    let postgres = var.start();
    assert_row_is_there(&postgres);
    assert_eq!(sql(&postgres, "SELECT ST_X(ST_MakePoint(2.35, 48.85))"), "2.35");
    assert_eq!(
        sql(&postgres, "SHOW fsync"),
        "off",
        "settings follow the start, not the cluster"
    );
}

#[test]
fn the_first_start_and_only_the_first_speaks_of_creating() {
    let var = Var::new();
    for expected in [1, 0] {
        let said = std::cell::RefCell::new(Vec::new());
        let note = |message: &str| said.borrow_mut().push(message.to_owned());
        EmbeddedPostgres::start(&var.path(), Settings::throwaway(), &note).unwrap();
        let creating = said
            .borrow()
            .iter()
            .filter(|message| message.starts_with("Creating the database"))
            .count();
        assert_eq!(creating, expected, "{:?}", said.borrow());
    }
}

#[test]
fn a_second_start_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let var = Var::new();
    let postgres = var.start();
    let error = var.try_start(Settings::throwaway()).unwrap_err();
    let EmbeddedError::AlreadyRunning { holder, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(holder.as_deref(), Some(std::process::id().to_string().as_str()));
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    drop(postgres);
    assert!(var.start().is_running());
}

#[test]
fn a_killed_postmaster_with_a_busy_session_is_recovered_from() {
    let var = Var::new();
    let postgres = var.try_start(Settings::durable()).unwrap();
    keep_a_row(&postgres);
    // Computes without ever looking whether its postmaster still lives.
    let mut busy = psql(&postgres, "SELECT count(*) FROM generate_series(1, 1e12::bigint)")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1e12%' AND pid <> pg_backend_pid()";
    within(Duration::from_secs(20), "the busy session", || {
        sql(&postgres, active) == "1"
    });
    let postmaster = PidFile::read(&var.data()).unwrap().pid;
    kill(postmaster, Signal::SIGKILL).unwrap();
    within(Duration::from_secs(10), "the death is noticed", || {
        !postgres.is_running()
    });
    drop(postgres);
    assert!(
        !processes_in(&var.data()).is_empty(),
        "the busy session outlives its postmaster"
    );

    let postgres = var.start();
    assert_row_is_there(&postgres);
    assert!(!busy.wait().unwrap().success());
    let log = fs::read_to_string(var.path().join("postgres/postgres.log")).unwrap();
    assert!(log.contains("automatic recovery in progress"), "{log}");
}

#[test]
fn a_stale_pid_file_does_not_matter_even_when_its_number_lives_again() {
    let var = Var::new();
    let postgres = var.start();
    keep_a_row(&postgres);
    let pid_file = var.data().join("postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    let old = PidFile::read(&var.data()).unwrap().pid;
    postgres.stop().unwrap();
    // A process of the same account, which PostgreSQL alone would take for a running postmaster.
    let account = Account::choose(&var.path()).unwrap();
    let mut other = account
        .command(Path::new("cat"), "KILL")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    for pid in [old.to_string(), other.id().to_string()] {
        fs::write(&pid_file, text.replacen(&old.to_string(), &pid, 1)).unwrap();
        fs::set_permissions(&pid_file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_row_is_there(&var.start());
    }
    assert!(
        other.try_wait().unwrap().is_none(),
        "the innocent process was left alone"
    );
    drop(other.stdin.take());
    other.wait().unwrap();
}

#[test]
fn a_postgres_that_outlived_its_vigie_is_stopped_before_the_next_start() {
    let var = Var::new();
    let orphaned = var.start();
    keep_a_row(&orphaned);
    // Without the lock file the first server looks exactly like one whose Vigie is gone.
    fs::remove_file(var.path().join("postgres.lock")).unwrap();
    let next = var.start();
    assert_row_is_there(&next);
    assert!(!orphaned.is_running());
}

#[test]
fn postgres_dies_with_a_parent_that_is_killed() {
    const CHILD: &str = "VIGIE_TEST_EMBEDDED_PARENT";
    if let Some(var) = std::env::var_os(CHILD) {
        // The second role of this test: a Vigie that runs until it is killed. Started from a thread that ends at once,
        // as a pool's worker may: the server must not die with that one.
        let start = move || EmbeddedPostgres::start(Path::new(&var), Settings::durable(), &|_| {}).unwrap();
        let postgres = thread::spawn(start).join().unwrap();
        keep_a_row(&postgres);
        assert!(postgres.is_running());
        writeln!(std::io::stdout(), "\nserving").unwrap();
        loop {
            thread::park();
        }
    }
    let var = Var::new();
    let name = format!(
        "{}::postgres_dies_with_a_parent_that_is_killed",
        module_path!().split_once("::").unwrap().1
    );
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(CHILD, var.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(parent.stdout.take().unwrap());
    assert!(
        output.lines().map_while(Result::ok).any(|line| line == "serving"),
        "the child ended early"
    );
    assert!(!processes_in(&var.data()).is_empty());
    parent.kill().unwrap();
    parent.wait().unwrap();
    within(Duration::from_secs(10), "PostgreSQL is gone", || {
        processes_in(&var.data()).is_empty()
    });
    assert_row_is_there(&var.start());
}

#[test]
fn postgres_runs_as_an_ordinary_account_that_owns_its_files() {
    let var = Var::new();
    let postgres = var.start();
    let processes = processes_in(&var.data());
    assert!(processes.len() > 1, "postmaster and helpers: {processes:?}");
    let owner = fs::metadata(var.data()).unwrap().uid();
    assert_ne!(owner, 0);
    for pid in processes {
        assert_eq!(
            user_ids(pid),
            [owner; 4],
            "real, effective, saved and file system id of {pid}"
        );
    }
    let root = Uid::effective().is_root();
    assert_eq!(
        owner != Uid::effective().as_raw(),
        root,
        "another account only when started as root"
    );
    drop(postgres);
    assert_eq!(var.data().metadata().unwrap().mode() & 0o777, 0o700);
}

fn user_ids(pid: Pid) -> Vec<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    line.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

#[test]
fn a_folder_closed_to_the_account_is_replaced_by_one_in_var_lib_and_found_again() {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let var = closed.path().canonicalize().unwrap().join("var");
    let start = || EmbeddedPostgres::start(&var, Settings::throwaway(), &|_| {}).unwrap();
    keep_a_row(&start());
    let home = var.join("postgres").canonicalize().unwrap();
    if Uid::effective().is_root() {
        assert_eq!(home.parent(), Some(Path::new("/var/lib/vigie")));
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert_row_is_there(&start());
        assert_eq!(
            var.join("postgres").canonicalize().unwrap(),
            home,
            "also once var/ has become reachable"
        );
        fs::remove_dir_all(home).unwrap();
    } else {
        assert_eq!(home, var.join("postgres"));
        assert_row_is_there(&start());
    }
}

#[test]
fn a_path_too_long_for_a_socket_gets_a_short_private_folder_elsewhere() {
    let dir = Var::new();
    let var = dir.path().join("a".repeat(90)).join("état des lieux");
    let postgres = EmbeddedPostgres::start(&var, Settings::throwaway(), &|_| {}).unwrap();
    let socket_dir = PathBuf::from(sql(&postgres, "SHOW unix_socket_directories"));
    assert!(!socket_dir.starts_with(&var), "{}", socket_dir.display());
    assert_eq!(socket_dir.metadata().unwrap().mode() & 0o777, 0o700);
    drop(postgres);
    fs::remove_dir_all(socket_dir).unwrap();
}

#[test]
fn a_path_with_spaces_and_accents_makes_a_url_that_works() {
    let dir = Var::new();
    let var = dir.path().join("état des lieux");
    let postgres = EmbeddedPostgres::start(&var, Settings::throwaway(), &|_| {}).unwrap();
    let socket_dir = PathBuf::from(sql(&postgres, "SHOW unix_socket_directories"));
    assert_eq!(socket_dir, var.join("postgres/socket"));
    assert!(
        postgres
            .url("vigie")
            .ends_with("%C3%A9tat%20des%20lieux%2Fpostgres%2Fsocket:5432/vigie"),
        "{}",
        postgres.url("vigie")
    );
}

#[test]
fn an_interrupted_initdb_is_begun_again() {
    let var = Var::new();
    let unfinished = var.path().join("postgres/data.unfinished");
    fs::create_dir_all(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let postgres = var.start();
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    assert!(!unfinished.exists());
}

#[test]
fn a_start_that_fails_quotes_the_log() {
    let var = Var::new();
    drop(var.start());
    let configuration = var.data().join("postgresql.conf");
    let mut text = fs::read_to_string(&configuration).unwrap();
    text.push_str("\nno_such_setting = on\n");
    fs::write(&configuration, text).unwrap();
    let error = var.try_start(Settings::throwaway()).unwrap_err();
    let EmbeddedError::Start { tail, .. } = &error else {
        panic!("{error}")
    };
    assert!(tail.contains("no_such_setting"), "{tail}");
    assert!(error.to_string().contains("postgres.log"), "{error}");
}
