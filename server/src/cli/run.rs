//! `vigie run`: everything in one process, with nothing to set up: a private PostgreSQL unless `DATABASE_URL` names
//! another, roles, migrations, keys, and a demo town in an empty database.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::Utc;
use secrecy::ExposeSecret;

use super::database::{Logins, withdraw};
use super::progress::Progress;
use super::stop::Stop;
use super::{serve, welcome, work};
use crate::app::App;
use crate::auth::keys::KeyRing;
use crate::config::Config;
use crate::db::connect::connect;
use crate::db::embedded::{EmbeddedPostgres, Settings};
use crate::db::{migrate, roles};
use crate::{demo, telemetry};

/// The database in the private PostgreSQL.
const DATABASE: &str = "vigie";
/// Between two looks whether the private PostgreSQL still runs.
const WATCH: Duration = Duration::from_millis(500);

/// Runs it until SIGTERM or SIGINT.
///
/// # Errors
/// What stopped it, in words for the operator.
pub async fn run() -> anyhow::Result<()> {
    telemetry::start_logs("warn");
    let stop = Stop::on_signals()?;
    let mut config = Config::from_process()?;
    // Somebody tries Vigie out: what a town would send is shown to them.
    config.keep_messages = true;
    std::fs::create_dir_all(&config.data_dir).with_context(|| format!("making {}", config.data_dir.display()))?;
    let postgres = match &config.database.owner_url {
        Some(_) => None,
        None => Some(start_postgres(&config.data_dir).await?),
    };
    let outcome = with_database(&mut config, postgres.as_ref(), &stop).await;
    withdraw(&config.data_dir)?;
    if let Some(postgres) = postgres {
        tokio::task::spawn_blocking(move || postgres.stop()).await??;
    }
    outcome
}

async fn with_database(config: &mut Config, postgres: Option<&EmbeddedPostgres>, stop: &Stop) -> anyhow::Result<()> {
    let logins = match (postgres, &config.database.owner_url) {
        (Some(postgres), _) => {
            ensure_database(postgres).await?;
            Logins::by_socket(&postgres.url(DATABASE))?
        }
        (None, Some(owner)) => Logins::of(&config.database, owner, &config.data_dir)?,
        (None, None) => bail!("there is no database"),
    };
    let progress = Progress::spinner("Bringing the database to this version");
    let migrated = migrate::up(logins.owner.expose_secret(), &logins.passwords).await;
    progress.finish();
    migrated?;
    migrate::adopt_restored(logins.owner.expose_secret()).await?;
    logins.announce(&config.data_dir)?;
    config.database.app_url = Some(logins.app);
    config.database.vault_url = Some(logins.vault);
    KeyRing::load_or_create(&KeyRing::path(&config.data_dir), Utc::now())?;
    let app = App::build(config.clone())?;
    let is_demo = prepare_demo(&app, stop).await?;
    if stop.is_asked() {
        return Ok(());
    }
    let served = tokio::spawn(serve::serve_until_stopped(app.clone(), stop.receiver()));
    let worked = tokio::spawn(work::work_until_stopped(app.clone(), stop.receiver()));
    welcome::say(&app, is_demo).await?;
    let outcome = tokio::select! {
        outcome = served => outcome?,
        outcome = watch(postgres) => outcome,
    };
    stop.now();
    worked.await??;
    outcome
}

/// Makes the demo town in an empty database, and goes on with one whose making was interrupted. Whether there is one.
async fn prepare_demo(app: &App, stop: &Stop) -> anyhow::Result<bool> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let there = catalogue.by_slug(demo::SLUG).is_some();
    if !there && !catalogue.towns().is_empty() {
        return Ok(false);
    }
    if !app.config.listen.ip().is_loopback() {
        if !there {
            eprintln!(
                "No demo town on {}: its passwords are printed, so it is made only where nobody else can reach it.",
                app.config.listen
            );
        }
        return Ok(there);
    }
    let progress = Progress::spinner("Making the demo town");
    let heard = |sent, of| progress.count("Sending the demo's reports", sent, of);
    let made = demo::prepare(app, &stop.receiver(), Utc::now(), &heard).await;
    progress.finish();
    made?;
    Ok(true)
}

async fn start_postgres(data_dir: &Path) -> anyhow::Result<EmbeddedPostgres> {
    let data_dir = data_dir.to_owned();
    let start = move || {
        let progress = Progress::spinner("Starting PostgreSQL");
        let started = EmbeddedPostgres::start(&data_dir, Settings::durable(), &|sentence| progress.say(sentence));
        progress.finish();
        started
    };
    Ok(tokio::task::spawn_blocking(start).await??)
}

async fn ensure_database(postgres: &EmbeddedPostgres) -> anyhow::Result<()> {
    let mut conn = connect(&postgres.url("postgres")).await?;
    roles::ensure_database(&mut conn, DATABASE).await?;
    Ok(())
}

/// Ends with an error when the private PostgreSQL ended by itself; never ends otherwise.
async fn watch(postgres: Option<&EmbeddedPostgres>) -> anyhow::Result<()> {
    let Some(postgres) = postgres else {
        return std::future::pending().await;
    };
    while postgres.is_running() {
        tokio::time::sleep(WATCH).await;
    }
    bail!("PostgreSQL has ended by itself; its log is postgres/postgres.log in the data folder. Start Vigie again.")
}
