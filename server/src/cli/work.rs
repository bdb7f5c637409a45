//! `vigie work`: photos, messages and everything else that may take a while, until a signal stops it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, watch};

use super::stop::Stop;
use crate::app::App;
use crate::catalog::model::Catalogue;
use crate::config::Config;
use crate::db::{migrate, notify};
use crate::http::problem::Problem;
use crate::jobs::Worker;
use crate::work::{ensure_recurring, handlers};
use crate::{server, telemetry};

/// Between two looks whether the catalogue has changed: a town may have come.
const LOOK: Duration = Duration::from_secs(5);

/// Runs it, with a listener of its own for its metrics.
///
/// # Errors
/// When a setting is wrong, the schema is older than the program, or an address is taken.
pub async fn run() -> anyhow::Result<()> {
    telemetry::start_logs("info");
    let app = App::build(Config::from_process()?)?;
    let stop = Stop::on_signals()?;
    migrate::require_current(&mut *app.db.conn().await?).await?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    say_what_cannot_go(&app, &catalogue);
    let address = app.config.work_metrics_listen;
    let (private, metrics) = server::private(&app, address).with_context(|| format!("listening on {address}"))?;
    tracing::info!(?metrics, "telling metrics");
    let handle = private.handle();
    let told = tokio::spawn(private);
    let outcome = work_until_stopped(app, stop.receiver()).await;
    handle.stop(true).await;
    told.await.context("the listener of the metrics failed")??;
    outcome
}

/// Tells the operator once, at the start, which messages cannot go as this process is set up.
fn say_what_cannot_go(app: &App, catalogue: &Catalogue) {
    if app.mailer.is_none() {
        tracing::warn!("no mail relay is set (VIGIE_SMTP_URL): mails wait until there is one");
    }
    if app.sms.is_some() {
        return;
    }
    tracing::warn!(
        "no SMS gateway is set (VIGIE_SMS_GATEWAY_URL): nobody is told by text message, and who is on call is called by mail"
    );
    for town in catalogue.towns() {
        for service in town.services.values() {
            if service.on_call.iter().any(|link| link.email.is_none()) {
                tracing::warn!(
                    town = town.slug,
                    service = service.code,
                    "on call without a mail address: out of reach"
                );
            }
        }
    }
}

/// Works until told to stop; jobs that were begun are finished. Photos take long, so as many jobs run at once as photos
/// may be decoded at once, and one more that takes no photos: acknowledgements and calls must not wait behind them.
///
/// # Errors
/// When a worker failed beyond its jobs.
pub async fn work_until_stopped(app: App, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let url = app.config.database.app_url.as_ref();
    let url = url
        .context("VIGIE_APP_DATABASE_URL must be given")?
        .expose_secret()
        .to_owned();
    let seen = ensure_for(&app, None).await?;
    let ensured = tokio::spawn(keep_recurring(app.clone(), seen, stop.clone()));
    let woken = Arc::new(Notify::new());
    let listener = tokio::spawn(notify::listen(url, woken.clone(), stop.clone()));
    let handlers = Arc::new(handlers());
    let workers: Vec<_> = (0..=app.config.decoders)
        .map(|number| {
            let rest = app.config.worker_rest;
            let worker = Worker::new(app.db.clone(), app.clone(), handlers.clone(), rest, woken.clone());
            let worker = if number == 0 { worker.light() } else { worker };
            let stop = stop.clone();
            tokio::spawn(async move { worker.run(stop).await })
        })
        .collect();
    tracing::info!(workers = workers.len(), "working");
    for worker in workers {
        worker.await.context("a worker failed")?;
    }
    ensured.await.context("the task that keeps returning jobs failed")?;
    listener.await.context("the task that hears wake-ups failed")
}

/// Leaves the returning jobs of towns that come while the worker runs, until `stop`. Whoever made the town, and by
/// whatever way, the catalogue's version has grown by it.
async fn keep_recurring(app: App, mut seen: i64, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => continue,
        }
        match ensure_for(&app, Some(seen)).await {
            Ok(version) => seen = version,
            Err(error) => tracing::warn!(%error, "returning jobs could not be looked after; tried again"),
        }
    }
}

/// Leaves the towns' returning jobs unless that was done for this version of the catalogue; the version.
async fn ensure_for(app: &App, seen: Option<i64>) -> Result<i64, Problem> {
    let version = app.catalogue.fresh(&app.db).await?.version;
    if seen != Some(version) {
        ensure_recurring(app, Utc::now()).await?;
        tracing::info!(version, "every town has its returning jobs");
    }
    Ok(version)
}
