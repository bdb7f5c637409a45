//! Photos of the demo: of its reports and of a repair, rendered and taken in as those of a phone.

use anyhow::{Context, bail};
use bytes::Bytes;
use chrono::DateTime;
use vigie_fixtures as invented;

use crate::app::App;
use crate::db::TownId;
use crate::flow::photo::model::Received;
use crate::flow::photo::receive::{NotReceived, attach_to_report, sniff_and_store};

/// Adds a report's first photo. One that is not taken in is left out with a word in the log: the demo goes on.
///
/// # Errors
/// When it cannot be rendered, or the database refuses.
pub async fn add(app: &App, town: TownId, report: &invented::SimReport) -> anyhow::Result<()> {
    let Some(spec) = report.photos.first().cloned() else {
        return Ok(());
    };
    match sniff_and_store(app, town, render(spec).await?).await {
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

/// Stores the photo of a street with nothing wrong in it, which crews attach as proof of a repair.
///
/// # Errors
/// When it cannot be rendered or stored.
pub async fn of_a_repair(app: &App, town: TownId) -> anyhow::Result<Received> {
    let spec = invented::PhotoSpec {
        scene: 1,
        subject: invented::Subject::Street,
        viewpoint: 1,
        taken_at: DateTime::UNIX_EPOCH,
        orientation: 1,
        position: None,
    };
    match sniff_and_store(app, town, render(spec).await?).await {
        Ok(received) => Ok(received),
        Err(NotReceived::Refused(reason)) => bail!("the photo of a repair was refused: {}", reason.as_str()),
        Err(NotReceived::Failed(problem)) => Err(problem).context("storing the photo of a repair"),
    }
}

async fn render(spec: invented::PhotoSpec) -> anyhow::Result<Bytes> {
    let jpeg = move || invented::photo::jpeg_of(&spec, invented::photo::Size::TEST);
    let jpeg = tokio::task::spawn_blocking(jpeg).await?.context("rendering a photo")?;
    Ok(Bytes::from(jpeg))
}
