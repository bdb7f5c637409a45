//! A real S3 server (SeaweedFS), one per run: it checks signatures and expiry, which mocks do not.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ::s3::creds::Credentials;
use ::s3::{Bucket, BucketConfiguration, Region};
use serde_json::json;

use crate::process::{Process, Talks};
use crate::repository;

/// Access key of the one user.
pub const ACCESS_KEY: &str = "test";
/// The user's secret.
pub const SECRET_KEY: &str = "test-secret-1234";

/// The running server.
pub struct S3 {
    port: u16,
    _folder: tempfile::TempDir,
    _process: Process,
}

/// The S3 server of this process, started at the first call.
///
/// # Panics
/// When the tools are missing: `scripts/setup.sh test` installs them.
pub fn s3() -> &'static S3 {
    static SERVER: OnceLock<S3> = OnceLock::new();
    SERVER.get_or_init(S3::start)
}

impl S3 {
    fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("vigie-s3-")
            .tempdir()
            .expect("a folder");
        let users = folder.path().join("s3.json");
        let rights = ["Admin", "Read", "Write", "List", "Tagging"];
        let user = json!({"name": "test", "actions": rights,
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]});
        std::fs::write(&users, json!({"identities": [user]}).to_string()).expect("the users' file");
        let [master, volume, filer, port] = free_ports();
        let mut command = Command::new(program());
        command
            .arg("-logtostderr=true")
            .arg("server")
            .args([
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-filer",
                "-s3",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
            ])
            // A bucket takes seven volumes.
            .args(["-master.volumeSizeLimitMB=64", "-volume.max=200"])
            .arg(format!("-dir={}", folder.path().display()))
            .arg(format!("-master.port={master}"))
            .arg(format!("-volume.port={volume}"))
            .arg(format!("-filer.port={filer}"))
            .arg(format!("-s3.port={port}"))
            .arg(format!("-s3.config={}", users.display()))
            .env("HOME", folder.path());
        let process = Process::start("weed server", &command, Talks::Stderr);
        let server = Self {
            port,
            _folder: folder,
            _process: process,
        };
        server.await_ready();
        server
    }

    fn await_ready(&self) {
        let url = format!("{}/healthz", self.endpoint());
        crate::wait_for(async || {
            for _ in 0..600 {
                let answer = reqwest::get(&url).await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            panic!("the S3 server does not come up");
        });
    }

    /// For `VIGIE_S3_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a bucket that nobody else uses; its name.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn new_bucket(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("photos-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let region = Region::Custom {
            region: "us-east-1".to_owned(),
            endpoint: self.endpoint(),
        };
        let user = Credentials::new(Some(ACCESS_KEY), Some(SECRET_KEY), None, None, None).expect("credentials");
        let made = Bucket::create_with_path_style(&name, region, user, BucketConfiguration::default()).await;
        assert!(made.expect("a bucket").success(), "the bucket {name} is not made");
        name
    }
}

fn program() -> PathBuf {
    let path = repository().join("target/tools/py/bin/weed");
    assert!(
        path.exists(),
        "{} is missing: scripts/setup.sh test installs it",
        path.display()
    );
    path
}

/// Ports that were free a moment ago, each with the one 10,000 above it, which SeaweedFS takes for gRPC.
fn free_ports() -> [u16; 4] {
    let mut held = Vec::new();
    while held.len() < 4 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let with_grpc = port
            .checked_add(10_000)
            .and_then(|grpc| TcpListener::bind(("127.0.0.1", grpc)).ok());
        if let Some(grpc) = with_grpc {
            held.push((port, listener, grpc));
        } else if port > 55_535 {
            // The system hands out high ports: go down to where there is room above.
            let lower = (20_000..50_000).step_by(7).find_map(|port| {
                Some((
                    port,
                    TcpListener::bind(("127.0.0.1", port)).ok()?,
                    TcpListener::bind(("127.0.0.1", port + 10_000)).ok()?,
                ))
            });
            held.push(lower.expect("a free pair of ports"));
        }
    }
    [held[0].0, held[1].0, held[2].0, held[3].0]
}
