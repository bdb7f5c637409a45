//! `vigie serve`: the API, until a signal stops it.

use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::stop::Stop;
use crate::app::App;
use crate::config::Config;
use crate::db::{migrate, notify};
use crate::{server, telemetry};

/// Between two tries to read the catalogue at the start.
const RETRY: Duration = Duration::from_secs(1);

/// Runs it.
///
/// # Errors
/// When a setting is wrong, the schema is older than the program, or an address is taken.
pub async fn run() -> anyhow::Result<()> {
    telemetry::start_logs("info");
    let app = App::build(Config::from_process()?)?;
    // One that is away is waited for, by /readyz.
    if let Ok(mut conn) = app.db.conn().await {
        migrate::require_current(&mut conn).await?;
    }
    let stop = Stop::on_signals()?;
    serve_until_stopped(app, stop.receiver()).await
}

/// Serves on both listeners until told to stop, then answers what was begun.
///
/// # Errors
/// When an address is taken.
pub async fn serve_until_stopped(app: App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (public, addresses) =
        server::public(&app, threads).with_context(|| format!("listening on {}", app.config.listen))?;
    let (private, metrics) = server::private(&app, app.config.metrics_listen)
        .with_context(|| format!("listening on {}", app.config.metrics_listen))?;
    tracing::info!(?addresses, ?metrics, "serving");
    let relay = tokio::spawn(notify::relay(app.db.clone(), app.wake.clone(), stop.clone()));
    let heard = tokio::spawn(hear(app.clone(), stop.clone()));
    let warm = tokio::spawn(warm(app));
    let (public_handle, private_handle) = (public.handle(), private.handle());
    tokio::spawn(async move {
        // A sender that went away means the process ends: the same thing.
        let _ = stop.wait_for(|asked| *asked).await;
        tokio::join!(public_handle.stop(true), private_handle.stop(true));
    });
    tokio::try_join!(public, private)?;
    warm.abort();
    heard.await.context("the task that tells what changes failed")?;
    relay.await.context("the task that wakes workers failed")
}

/// Tells who listens to this process what changes, whichever process changed it.
async fn hear(app: App, stop: watch::Receiver<bool>) {
    let Some(url) = app.config.database.app_url.clone() else {
        return;
    };
    let url = url.expose_secret().to_owned();
    let woken = notify::listen(url, app.live.woken.clone(), stop.clone());
    tokio::join!(woken, app.live.run(app.db.clone(), stop));
}

/// Reads the catalogue before the first request needs it; `/readyz` says 503 until then.
async fn warm(app: App) {
    while let Err(error) = app.catalogue.fresh(&app.db).await {
        tracing::warn!(%error, "the catalogue could not be read yet");
        tokio::time::sleep(RETRY).await;
    }
}
