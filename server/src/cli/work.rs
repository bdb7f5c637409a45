//! `vigie work`: photos, messages and everything else that may take a while, until a signal stops it.

use std::sync::Arc;

use anyhow::Context;
use chrono::Utc;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, watch};

use super::stop::Stop;
use crate::app::App;
use crate::catalog::model::Catalogue;
use crate::config::Config;
use crate::db::notify;
use crate::jobs::Worker;
use crate::telemetry;
use crate::work::{ensure_recurring, handlers};

/// Runs it.
///
/// # Errors
/// When a setting is wrong.
pub async fn run() -> anyhow::Result<()> {
    telemetry::start_logs("info");
    let app = App::build(Config::from_process()?)?;
    let stop = Stop::on_signals()?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    say_what_cannot_go(&app, &catalogue);
    work_until_stopped(app, stop.receiver()).await
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
    ensure_recurring(&app, Utc::now()).await?;
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
    listener.await.context("the task that hears wake-ups failed")
}
