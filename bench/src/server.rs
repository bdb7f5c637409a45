//! The server under measurement: `vigie serve`, as it ships, without rate limits.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use chrono::Utc;
use vigie::app::App;
use vigie::auth::keys::KeyRing;
use vigie::config::{Config, Environment};
use vigie_tests::process::{Process, Talks};
use vigie_tests::vigie_binary;

use crate::bench_db::Postgres;
use crate::cpu::{self, Cpu};

/// A running server.
pub struct Server {
    process: Process,
    /// Where it listens.
    pub url: String,
    postmaster: u32,
    settings: BTreeMap<&'static str, String>,
}

impl Server {
    /// Starts `vigie serve` on a database, with its keys in `data`.
    pub fn start(postgres: &Postgres, database: &str, data: &Path) -> Self {
        std::fs::create_dir_all(data).expect("a data folder");
        KeyRing::load_or_create(&KeyRing::path(data), Utc::now()).expect("keys");
        let (app, vault) = postgres.logins(database);
        let settings = BTreeMap::from([
            ("VIGIE_LISTEN", "127.0.0.1:0".to_owned()),
            ("VIGIE_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
            ("VIGIE_PUBLIC_URL", "http://vigie.test".to_owned()),
            ("VIGIE_DATA_DIR", data.display().to_string()),
            ("VIGIE_APP_DATABASE_URL", app),
            ("VIGIE_VAULT_DATABASE_URL", vault),
            ("VIGIE_SUBMITS_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_READS_PER_HOUR", vigie::config::UNLIMITED.to_string()),
            ("VIGIE_STAFF_PER_HOUR", vigie::config::UNLIMITED.to_string()),
        ]);
        let mut command = Command::new(vigie_binary());
        command.arg("serve").env("VIGIE_LOG", "info").envs(&settings);
        let process = Process::start("vigie serve", &command, Talks::Stderr);
        let address = process.await_line(|line| {
            let event: serde_json::Value = serde_json::from_str(line).ok()?;
            let addresses = (event.get("message")? == "serving").then(|| event.get("addresses"))??;
            let first = addresses.as_str()?.trim_matches(['[', ']']).split(',').next()?;
            Some(first.to_owned())
        });
        Self {
            process,
            url: format!("http://{address}"),
            postmaster: postgres.postmaster,
            settings,
        }
    }

    /// What the server is made of: to sign people in the way it does.
    pub fn app(&self) -> App {
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let config = Config::read(&mut Environment::of(settings)).expect("the settings");
        App::build(config).expect("the application")
    }

    /// CPU time of the server and of PostgreSQL so far.
    pub fn cpu(&self) -> Cpu {
        // Its log must not fill the pipe while nobody waits for a line.
        drop(self.process.new_lines());
        Cpu {
            server: cpu::used(self.process.id()),
            ..Cpu::of_database(self.postmaster)
        }
    }
}
