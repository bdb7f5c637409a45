//! `vigie dedup`: what people's corrections can teach.

use std::io::{BufWriter, Write};

use chrono::Utc;

use super::admin::town_named;
use super::database::settings_beside;
use crate::app::App;
use crate::flow::alert::verdicts::export;

/// What can be asked of the decisions.
#[derive(Debug, clap::Subcommand)]
pub enum Dedup {
    /// Write people's words on pairs of reports as training data (JSON, a line each): what the features said and what the
    /// person said; no places, days, texts, references or people. A report is compared with those that the alert had when the
    /// word was said. What was reported before is counted as of the report's time; whether it lies on a default point is as
    /// known today.
    ExportVerdicts {
        /// Short name of the town.
        #[arg(long)]
        town: String,
    },
}

/// Runs it, with the application's login.
///
/// # Errors
/// What stopped it, in words for the operator.
pub async fn run(Dedup::ExportVerdicts { town: slug }: Dedup) -> anyhow::Result<()> {
    let app = App::build(settings_beside()?)?;
    let town = town_named(&app, &slug).await?;
    let mut tx = app.db.begin(town.id).await?;
    let judged = export(&mut tx, &town, Utc::now()).await?;
    tx.rollback().await?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for one in judged {
        serde_json::to_writer(&mut out, &one)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
