//! A PostgreSQL of its own that is reached over TCP and TLS only, with a certificate made for it.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::cluster::cluster;
use crate::process::{Process, Talks};

/// The superuser.
const ADMIN: &str = "vigie_admin";

/// The server; stopped and removed with this value.
pub struct Secured {
    port: u16,
    /// Stopped before its folder is removed.
    _server: Process,
    folder: TempDir,
}

impl Secured {
    /// Starts one.
    ///
    /// # Panics
    /// When PostgreSQL or openssl are missing or refuse.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("vigie-tls-")
            .tempdir()
            .expect("a folder");
        certificates(folder.path());
        run(Command::new("chown").arg("-R").arg(owner()).arg(folder.path()));
        let data = folder.path().join("data");
        let mut initdb = as_owner(&cluster().program("initdb"));
        run(initdb
            .arg("-D")
            .arg(&data)
            .args(["-U", ADMIN, "-A", "trust", "-E", "UTF8", "--no-sync"]));
        // No other line: who comes without TLS is turned away.
        std::fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").expect("pg_hba.conf");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let mut postgres = as_owner(&cluster().program("postgres"));
        postgres.arg("-D").arg(&data);
        let file = |name: &str| folder.path().join(name).display().to_string();
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "fsync=off".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file("server.crt")),
            format!("ssl_key_file={}", file("server.key")),
        ] {
            postgres.arg("-c").arg(setting);
        }
        let server = Process::start("postgres", &postgres, Talks::Stderr);
        server.await_line(|line| line.contains("ready to accept connections").then_some(()));
        Self {
            port,
            _server: server,
            folder,
        }
    }

    /// The URL of a login at the database `postgres`, by that name of the host, with those parameters.
    #[must_use]
    pub fn url(&self, user: &str, host: &str, parameters: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres?{parameters}", self.port)
    }

    /// The URL of the superuser.
    #[must_use]
    pub fn admin_url(&self, host: &str, parameters: &str) -> String {
        self.url(ADMIN, host, parameters)
    }

    /// The authority that signed the server's certificate, which is of `localhost` and no other name.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// Another authority, which signed nothing.
    #[must_use]
    pub fn stranger(&self) -> PathBuf {
        self.folder.path().join("stranger.crt")
    }
}

/// PostgreSQL refuses root.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("/proc").uid() == 0
}

fn owner() -> String {
    if is_root() {
        "postgres".to_owned()
    } else {
        std::fs::metadata("/proc/self").expect("/proc").uid().to_string()
    }
}

/// The program, under the account that PostgreSQL runs as. The signal at the parent's death is set after the change of user,
/// which would clear it.
fn as_owner(program: &Command) -> Command {
    if !is_root() {
        return Command::new(program.get_program());
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--pdeathsig=KILL",
            "--",
        ])
        .arg(program.get_program());
    command
}

fn certificates(folder: &Path) {
    let new_key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ];
    let file = |name: &str| folder.join(name).display().to_string();
    let make = |name: &str, subject: &str, more: &[&str]| {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509"]).args(new_key).args(["-subj", subject]);
        openssl.args([
            "-keyout",
            &file(&format!("{name}.key")),
            "-out",
            &file(&format!("{name}.crt")),
        ]);
        run(openssl.args(more));
    };
    make("ca", "/CN=Authority of a test", &[]);
    make("stranger", "/CN=Another authority", &[]);
    let (ca, key) = (file("ca.crt"), file("ca.key"));
    let of_localhost = [
        "-CA",
        &ca,
        "-CAkey",
        &key,
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ];
    make("server", "/CN=localhost", &of_localhost);
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
