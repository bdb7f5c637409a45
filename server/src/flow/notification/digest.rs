//! Job `digest`: the daily mail of a service, with one line per new alert.

use chrono::{DateTime, Utc};

use super::content;
use super::deliver::{self, Verdict};
use super::dossier::Dossier;
use super::model::Notification;
use super::queries::queue::Scope;
use super::recipient::addresses;
use crate::app::App;
use crate::catalog::model::Town;
use crate::http::problem::{Kind, Problem};
use crate::jobs::Job;
use crate::jobs::worker::Outcome;

/// Runs the job.
///
/// # Errors
/// When the database is away; what was claimed is taken up again after its lease.
pub async fn run(app: App, job: Job, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let scope = Scope::Digest(job.arg("service")?);
    let town = app.catalogue.town(&app.db, job.town()).await?;
    let mut lines = deliver::claim(&app, job.town(), scope, now).await?;
    // The mail has the first line's identity, on every try.
    lines.sort_by_key(|line| line.id);
    if !lines.is_empty() {
        let verdict = match send(&app, &town, &lines, job.clock.now()).await {
            Ok(verdict) => verdict,
            Err(problem) if problem.kind == Kind::Unavailable => return Err(problem),
            Err(problem) => {
                tracing::error!(%problem, "a daily mail could not be made");
                Verdict::Later("the message could not be made".to_owned())
            }
        };
        deliver::record(&app, &lines, &verdict, job.clock.now()).await?;
    }
    deliver::next(&app, job.town(), scope).await
}

async fn send(app: &App, town: &Town, lines: &[Notification], now: DateTime<Utc>) -> Result<Verdict, Problem> {
    let Some(mailer) = &app.mailer else {
        return Ok(Verdict::NoRelay);
    };
    let mut dossiers = Vec::new();
    for line in lines {
        let mut tx = app.db.begin(line.town()).await?;
        dossiers.push(Dossier::read(app, &mut tx, line).await?);
    }
    let (Some(first), Some(dossier)) = (lines.first(), dossiers.first()) else {
        return Ok(Verdict::Sent);
    };
    let to = addresses(app, town, first, dossier).await?;
    if to.is_empty() {
        return Ok(Verdict::NoAddress);
    }
    let scenes: Vec<_> = dossiers.iter().map(|dossier| dossier.scene(&app.texts, town)).collect();
    let Some(content) = content::digest(&scenes) else {
        return Ok(Verdict::Sent);
    };
    let mut mail = deliver::mail(app, town, first, &content, now)?;
    mail.to = to;
    Ok(mailer.send(&mail).await.into())
}
