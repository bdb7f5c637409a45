//! Vigie itself: the server in this process on a database of its own, and a second one as a process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Notify, oneshot};
use vigie::app::App;
use vigie::auth::keys::KeyRing;
use vigie::config::{Config, Environment};
use vigie::flow::photo::decode::{Decoder, DecoderSettings};
use vigie::jobs::Worker;

use crate::database::{TestDb, number};
use crate::people::{Answer, Person};
use crate::process::{Process, Talks};
use crate::proxy::Proxy;
use crate::town::{Role, Town};
use crate::vigie_binary;

/// Address by which links in messages and tokens name the server; nobody listens there.
pub const PUBLIC_URL: &str = "http://vigie.test";

/// How a server is to be set up.
#[derive(Default)]
pub struct Setup {
    settings: BTreeMap<&'static str, String>,
    proxied: bool,
    sends_only: bool,
}

impl Setup {
    /// Sets a setting, by the name it has in the environment.
    #[must_use]
    pub fn setting(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.insert(name, value.into());
        self
    }

    /// Puts a [`Proxy`] between the server and the database.
    #[must_use]
    pub const fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Keeps no message in files, as `vigie serve` and `vigie work`: what has no relay and no gateway does not go.
    #[must_use]
    pub const fn sends_only(mut self) -> Self {
        self.sends_only = true;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When anything fails.
    pub async fn start(self) -> TestApp {
        TestApp::with(self).await
    }
}

/// A server on a small town of its own; stopped, and its database dropped, with this value.
pub struct TestApp {
    // Fields are dropped in this order: the server before its database.
    serving: Serving,
    worker: Worker<App>,
    /// What the server is made of.
    pub app: App,
    /// Line between the server and the database, if one was asked for.
    pub proxy: Option<Proxy>,
    /// The town's ids and people.
    pub town: Town,
    /// The database, for looking behind the scenes.
    pub db: TestDb,
    data: TempDir,
    settings: BTreeMap<&'static str, String>,
}

impl TestApp {
    /// A server with the settings of tests: no rate limits, everything else as shipped.
    ///
    /// # Panics
    /// When anything fails.
    pub async fn start() -> Self {
        Self::setup().start().await
    }

    /// A server with other settings.
    #[must_use]
    pub fn setup() -> Setup {
        Setup::default()
    }

    async fn with(setup: Setup) -> Self {
        let db = TestDb::new();
        let town = Town::install(&mut db.admin().await, 0).await;
        let data = tempfile::Builder::new()
            .prefix("vigie-test-")
            .tempdir()
            .expect("a data folder");
        KeyRing::load_or_create(&KeyRing::path(data.path()), Utc::now()).expect("keys");
        let proxy = setup.proxied.then(|| Proxy::to(&db.admin_url()));
        let through = |url: String| proxy.as_ref().map_or(url.clone(), |proxy| proxy.url(&url));
        let mut settings = BTreeMap::from([
            ("VIGIE_LISTEN", "127.0.0.1:0".to_owned()),
            ("VIGIE_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
            ("VIGIE_WORK_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
            ("VIGIE_PUBLIC_URL", PUBLIC_URL.to_owned()),
            ("VIGIE_DATA_DIR", data.path().display().to_string()),
            ("VIGIE_APP_DATABASE_URL", through(db.app_url())),
            ("VIGIE_VAULT_DATABASE_URL", through(db.vault_url())),
            ("VIGIE_SUBMITS_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_GUESSES_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_READS_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_STAFF_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_REVEALS_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_MESSAGES_PER_RECIPIENT", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_SMS_PER_HOUR", vigie::config::UNLIMITED.to_string()),
        ]);
        settings.extend(setup.settings);
        let environment = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut config = Config::read(&mut Environment::of(environment)).expect("the settings of a test");
        config.keep_messages = !setup.sends_only;
        let mut app = App::build(config).expect("the application");
        // Photos are decoded by the program, which this process is not.
        app.decoder = Arc::new(Decoder::new(vigie_binary(), DecoderSettings::default()));
        let serving = Serving::start(app.clone());
        let worker = worker_of(&app);
        Self {
            serving,
            worker,
            app,
            proxy,
            town,
            db,
            data,
            settings,
        }
    }

    /// Runs every job that is due at `now`, also those that these leave behind; returns how many ran.
    ///
    /// # Panics
    /// When the queue cannot be read.
    pub async fn run_due(&self, now: DateTime<Utc>) -> usize {
        self.worker.run_due(now).await.expect("the job queue")
    }

    /// Works until everything noted in the change log is public. A transaction that is open anywhere in the cluster holds it
    /// up, and other tests have theirs.
    ///
    /// # Panics
    /// When that takes longer than half a minute.
    pub async fn projected(&self) {
        let mut db = self.db.admin().await;
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            self.run_due(Utc::now() + TimeDelta::seconds(1)).await;
            let left = "SELECT count(*) AS value FROM job WHERE kind IN ('report_received', 'project_changes')";
            if number(&mut db, left).await == 0 {
                return;
            }
            assert!(Instant::now() < patience, "changes are left");
        }
    }

    /// Somebody without any account.
    #[must_use]
    pub fn anyone(&self) -> Person {
        Person::new("anyone", &self.serving.url, None)
    }

    /// A person of the town's staff, signed in.
    ///
    /// # Panics
    /// When the session cannot be made.
    pub async fn staff(&self, role: Role) -> Person {
        self.signed_in(&self.town, role).await
    }

    /// A person of another town's staff, signed in.
    ///
    /// # Panics
    /// When the session cannot be made.
    pub async fn signed_in(&self, town: &Town, role: Role) -> Person {
        let token = town.session(&mut self.db.admin().await, &self.app, role).await;
        Person::new(role.as_str(), &self.serving.url, Some(token))
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.serving.url
    }

    /// The path of a link in a message.
    ///
    /// # Panics
    /// When the link does not start with the public address.
    #[must_use]
    pub fn path_of<'a>(&self, link: &'a str) -> &'a str {
        link.strip_prefix(PUBLIC_URL)
            .unwrap_or_else(|| panic!("{link} does not start with {PUBLIC_URL}"))
    }

    /// What an author reads where they follow their report, of which they were `told`.
    ///
    /// # Panics
    /// When they were told no address or no secret.
    pub async fn followed(&self, told: &Value) -> Answer {
        let path = self.path_of(told["follow"]["url"].as_str().expect("an address"));
        let secret = told["follow"]["secret"].as_str().expect("a secret");
        let request = self.anyone().get(path).header("X-Follow-Secret", secret);
        request.send().await
    }

    /// A worker as a process of its own (`vigie work`), on the same database and keys; killed with the value.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn worker_process(&self) -> Process {
        let mut command = Command::new(vigie_binary());
        command
            .arg("work")
            .env("VIGIE_LOG", "info")
            .envs(&self.settings)
            .current_dir(self.data.path());
        let process = Process::start("vigie work", &command, Talks::Stderr);
        process.await_line(|line| line.contains("\"working\"").then_some(()));
        process
    }

    /// A second server, as a process of its own, on the same database and keys.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn second_process(&self) -> SecondServer {
        self.serve(&self.settings)
    }

    /// A second server with the same keys on another database, as after a restore.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn second_process_on(&self, db: &TestDb) -> SecondServer {
        let mut settings = self.settings.clone();
        settings.insert("VIGIE_APP_DATABASE_URL", db.app_url());
        settings.insert("VIGIE_VAULT_DATABASE_URL", db.vault_url());
        self.serve(&settings)
    }

    fn serve(&self, settings: &BTreeMap<&'static str, String>) -> SecondServer {
        let mut command = Command::new(vigie_binary());
        command
            .arg("serve")
            .env("VIGIE_LOG", "info")
            .envs(settings)
            .current_dir(self.data.path());
        let process = Process::start("vigie serve", &command, Talks::Stderr);
        let address = process.await_line(|line| {
            let event: Value = serde_json::from_str(line).ok()?;
            let addresses = (event.get("message")? == "serving").then(|| event.get("addresses"))??;
            Some(
                addresses
                    .as_str()?
                    .trim_matches(['[', ']'])
                    .split(',')
                    .next()?
                    .to_owned(),
            )
        });
        SecondServer {
            url: format!("http://{address}"),
            process,
        }
    }
}

/// A server that runs as a process of its own; killed with this value.
pub struct SecondServer {
    url: String,
    process: Process,
}

impl SecondServer {
    /// Kills it on the spot.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// The same person, talking to this server.
    #[must_use]
    pub fn instead(&self, person: &Person) -> Person {
        person.at(&self.url)
    }
}

/// The worker of tests: never started, always driven.
fn worker_of(app: &App) -> Worker<App> {
    let handlers = Arc::new(vigie::work::handlers());
    Worker::new(
        app.db.clone(),
        app.clone(),
        handlers,
        Duration::from_secs(3600),
        Arc::new(Notify::new()),
    )
}

/// The HTTP server on a thread of its own.
struct Serving {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    fn start(app: App) -> Self {
        let (bound, address) = mpsc::channel::<SocketAddr>();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let (server, addresses) = vigie::server::public(&app, 1).expect("a free port");
                let handle = server.handle();
                bound.send(addresses[0]).expect("the test waits");
                tokio::select! {
                    ended = server => ended.expect("serving"),
                    _ = stopped => handle.stop(false).await,
                }
            });
        });
        let address = address.recv().expect("the server's address");
        Self {
            url: format!("http://{address}"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("the server's thread panicked");
        }
    }
}
