//! Wake-ups between processes: a server tells the workers that work was left.
//!
//! `NOTIFY` is sent after the commit, by one task, at most every 20 ms: inside the command's transaction it would take
//! a lock that all commits of the database share, and halve the intake. A lost wake-up costs one rest of the worker,
//! which looks by itself.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt;
use tokio::sync::{Notify, watch};

use super::Db;
use super::connect::connect;

/// Channel of the wake-ups; they carry nothing.
const CHANNEL: &str = "vigie_job";
/// Between two wake-ups: commits meanwhile share one.
const REST: Duration = Duration::from_millis(20);
/// Before the connection that listens is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Passes on what this process's commands say through `woken`, until `stop`.
pub async fn relay(db: Db, woken: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = woken.notified() => {}
            _ = stop.changed() => continue,
        }
        let sent = match db.conn().await {
            Ok(mut conn) => conn
                .batch_execute(&format!("NOTIFY {CHANNEL}"))
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = sent {
            tracing::debug!(error, "a wake-up was not sent; the workers look by themselves");
        }
        tokio::time::sleep(REST).await;
    }
}

/// Wakes this process's worker at every wake-up, over a connection of its own, until `stop`.
pub async fn listen(url: String, worker: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            ended = hear(&url, &worker) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "wake-ups are not heard for the moment");
                }
            }
            _ = stop.changed() => continue,
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Listens until the connection ends.
async fn hear(url: &str, worker: &Notify) -> anyhow::Result<()> {
    let mut conn = connect(url).await?;
    conn.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    // What was left before the connection stood is looked for at once.
    worker.notify_one();
    let mut notifications = std::pin::pin!(conn.notifications_stream());
    while let Some(heard) = notifications.next().await {
        heard?;
        worker.notify_one();
    }
    Ok(())
}
