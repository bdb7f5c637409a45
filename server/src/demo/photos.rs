//! Photos of the demo's reports, rendered and taken in as those of a phone.

use anyhow::Context;
use bytes::Bytes;
use vigie_fixtures as invented;

use crate::app::App;
use crate::db::TownId;
use crate::flow::photo::receive::{NotReceived, attach_to_report, sniff_and_store};

/// Adds a report's first photo. One that is not taken in is left out with a word in the log: the demo goes on.
///
/// # Errors
/// When it cannot be rendered, or the database refuses.
pub async fn add(app: &App, town: TownId, report: &invented::SimReport) -> anyhow::Result<()> {
    let Some(spec) = report.photos.first().cloned() else {
        return Ok(());
    };
    let render = move || invented::photo::jpeg_of(&spec, invented::photo::Size::TEST);
    let jpeg = tokio::task::spawn_blocking(render)
        .await?
        .context("rendering a photo")?;
    match sniff_and_store(app, town, Bytes::from(jpeg)).await {
        Ok(received) => {
            let tx = app.db.begin(town).await?;
            attach_to_report(&tx, town, report.id, None, None, &received, report.received_at).await?;
            tx.commit().await?;
            app.wake.notify_one();
        }
        Err(NotReceived::Refused(reason)) => tracing::warn!(?reason, "a photo of the demo was refused"),
        Err(NotReceived::Failed(error)) => tracing::warn!(%error, "a photo of the demo could not be taken in"),
    }
    Ok(())
}
