//! `vigie serve`: the API, until a signal stops it.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::config::Config;
use crate::{server, telemetry};

/// Runs it.
///
/// # Errors
/// When a setting is wrong or an address is taken.
pub async fn run() -> anyhow::Result<()> {
    telemetry::start_logs();
    let app = App::build(Config::from_process()?)?;
    serve_until_stopped(app).await
}

/// Serves on both listeners until SIGTERM or SIGINT, then answers what was begun.
///
/// # Errors
/// When an address is taken.
pub async fn serve_until_stopped(app: App) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (public, addresses) =
        server::public(&app, threads).with_context(|| format!("listening on {}", app.config.listen))?;
    let private = server::private(&app).with_context(|| format!("listening on {}", app.config.metrics_listen))?;
    tracing::info!(?addresses, "serving");
    let (public_handle, private_handle) = (public.handle(), private.handle());
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: what was begun is answered");
        tokio::join!(public_handle.stop(true), private_handle.stop(true));
    });
    tokio::try_join!(public, private)?;
    Ok(())
}
