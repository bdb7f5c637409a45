//! Stopping in order: SIGTERM and SIGINT become one flag that everything in the process watches.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Who may stop the process, and who hears of it.
pub struct Stop {
    sender: watch::Sender<bool>,
}

impl Stop {
    /// Stops at SIGTERM or SIGINT (Ctrl-C).
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub fn on_signals() -> anyhow::Result<Self> {
        let (sender, _) = watch::channel(false);
        let stop = Self { sender };
        let sender = stop.sender.clone();
        let mut terminate = signal(SignalKind::terminate()).context("listening to SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listening to SIGINT")?;
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: what was begun is finished");
            sender.send_replace(true);
        });
        Ok(stop)
    }

    /// Hears of the stop.
    #[must_use]
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.sender.subscribe()
    }

    /// Stops everything that listens.
    pub fn now(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.sender.borrow()
    }
}
