//! The same request again: what was taken in once is answered as it was the first time, whatever changed since.

use std::sync::Arc;

use uuid::Uuid;

use super::find_town::towns_around;
use super::model::{Submission, Told};
use super::queries::{self, StoredReport};
use super::submit::{Accepted, Sender, SentPhoto, TakenPhoto};
use crate::app::App;
use crate::auth::secret;
use crate::catalog::danger;
use crate::catalog::model::{Catalogue, Town};
use crate::db::{TownId, directory};
use crate::flow::photo::model::{PhotoLine, Refusal};
use crate::flow::photo::receive::sniff_and_store_all;
use crate::http::problem::{Kind, Problem};

/// The answer to a request that was taken in before, and that would be refused today or belong to another town: its
/// category was shut or retired since, its answer was lost on the way. `None`: nothing of it is known.
pub(super) async fn earlier(
    app: &App,
    catalogue: &Catalogue,
    submission: &Submission,
    photos: &[SentPhoto],
    sender: &Sender,
) -> Result<Option<Accepted>, Problem> {
    let Some((town, report)) = taken_in(app, catalogue, submission, sender).await? else {
        return Ok(None);
    };
    let town = app.catalogue.town(&app.db, town).await?;
    let taken = sniff_and_store_all(app, town.id, photos.to_vec()).await;
    again(app, submission, town, report, &taken).map(Some)
}

/// The town and the report that the same request made.
async fn taken_in(
    app: &App,
    catalogue: &Catalogue,
    submission: &Submission,
    sender: &Sender,
) -> Result<Option<(TownId, StoredReport)>, Problem> {
    if let Some(id) = submission.id {
        return by_id(app, submission, id).await;
    }
    let Some(key) = sender.key_hash.as_deref() else {
        return Ok(None);
    };
    for (town, _) in towns_around(catalogue, submission) {
        let tx = app.db.begin(town.id).await?;
        let made = queries::keyed(&tx, town.id, Some(key)).await?;
        let report = match made.filter(|(hash, _)| *hash == submission.request_hash) {
            Some((_, report)) => queries::find(&tx, town.id, report).await?,
            None => None,
        };
        tx.rollback().await?;
        if let Some(report) = report {
            return Ok(Some((town.id, report)));
        }
    }
    Ok(None)
}

async fn by_id(app: &App, submission: &Submission, id: Uuid) -> Result<Option<(TownId, StoredReport)>, Problem> {
    let town = match directory::town_of(&app.db, id, "report").await {
        Ok(town) => town,
        Err(problem) if problem.kind == Kind::NotFound => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let tx = app.db.begin(town).await?;
    let report = queries::find(&tx, town, id).await?;
    tx.rollback().await?;
    let same = |report: &StoredReport| is_same(app, submission, report);
    Ok(report.filter(same).map(|report| (town, report)))
}

/// Whether a request is the one that a report came from: the same body, and the same secret.
pub(super) fn is_same(app: &App, submission: &Submission, report: &StoredReport) -> bool {
    let own = || secret::follow_secret(&app.keys.server, report.id);
    let follow_secret = submission.follow_secret.clone().unwrap_or_else(own);
    report.request_hash == submission.request_hash && secret::matches(follow_secret.as_bytes(), &report.follow_hash)
}

/// The answer of the first time.
pub(super) fn again(
    app: &App,
    submission: &Submission,
    town: Arc<Town>,
    report: StoredReport,
    taken: &[TakenPhoto],
) -> Result<Accepted, Problem> {
    let told: Told = serde_json::from_value(report.answer.clone()).map_err(Problem::internal)?;
    let photos = lines(app, submission, &town, &told, taken);
    let category = town.category_by_id(report.category_id);
    let call_now = category.map(|category| danger::calls(category, &submission.answers, submission.locale));
    Ok(Accepted {
        told,
        photos,
        call_now: call_now.unwrap_or_default(),
        report,
        town,
        replayed: true,
    })
}

/// What the answer says of each photo. Where the camera was is offered and stored nowhere: a retry reads it again.
pub(super) fn lines(
    app: &App,
    submission: &Submission,
    town: &Town,
    told: &Told,
    taken: &[TakenPhoto],
) -> Vec<PhotoLine> {
    let each = taken
        .iter()
        .zip(&told.photos)
        .map(|(taken, told)| match (taken, told.id) {
            (Ok(received), Some(id)) => PhotoLine::received(id, received, town.time_zone),
            (Err(refusal), _) => PhotoLine::refused(*refusal, &app.texts, submission.locale),
            (Ok(_), None) => PhotoLine::refused(told.refusal.unwrap_or(Refusal::Failed), &app.texts, submission.locale),
        });
    each.collect()
}
