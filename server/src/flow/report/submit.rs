//! The heart: one transaction from "here, this" to "received, number so-and-so".
//!
//! 1. Read and check everything that needs no lock: fields, town, category, answers.
//! 2. Take the id's and the key's locks without waiting, and those of the cells around, sorted, so that nothing opens,
//!    moves or closes here meanwhile. A retry gets the answer of the first time.
//! 3. Read what is around, let geo-dedup decide.
//! 4. Write report, alert, decision, follower, messages, history; commit; answer.
//!
//! No network, storage or hashing happens inside: photos were stored before, messages leave as rows.

use chrono::{DateTime, SubsecRound, Utc};
use geo_dedup::cell::{LockCell, lock_cells};
use geo_dedup::{Address, Observation, SenderTag, Severity, TextPrint, Timestamp};
use uuid::Uuid;

use super::decide::{decide, look};
use super::find_town::{Taker, find_town};
use super::model::{Submission, Told};
use super::parse::Read;
use super::queries::{self, Known, StoredReport};
use super::replay;
use super::write::{Draft, write};
use crate::app::App;
use crate::auth::secret;
use crate::catalog::danger;
use crate::catalog::model::{Catalogue, Category, Town};
use crate::catalog::questions::CallNow;
use crate::db::{TownId, Tx};
use crate::flow::photo::model::{PhotoLine, Received, Refusal};
use crate::flow::photo::receive::sniff_and_store_all;
use crate::http::problem::{FieldErrors, Kind, Problem};
use bytes::Bytes;

/// Who sends the report.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// Device or account, to recognise a resubmission; only a keyed hash is kept.
    pub device: Option<String>,
    /// Staff who enter it for somebody, with their town.
    pub staff: Option<(TownId, Uuid, Uuid)>,
    /// Digest of operation, client and Idempotency-Key.
    pub key_hash: Option<Vec<u8>>,
    /// Of the request, as in the logs.
    pub request_id: Option<String>,
    /// History of an older system: nobody is told of it.
    pub historic: bool,
    /// Only this town may take it, wherever others lie.
    pub town: Option<TownId>,
}

/// What the author is told.
#[derive(Clone)]
pub struct Accepted {
    /// Report as stored.
    pub report: StoredReport,
    /// What the 201 says of counts and dates.
    pub told: Told,
    /// Its town.
    pub town: std::sync::Arc<Town>,
    /// The photos that came with it.
    pub photos: Vec<PhotoLine>,
    /// Numbers to call at once, because of its category or its answers.
    pub call_now: Vec<CallNow>,
    /// Whether it was received before and this is the same answer again.
    pub replayed: bool,
}

/// A photo that came with a report: its bytes, or why it is refused already.
pub type SentPhoto = Result<Bytes, Refusal>;
/// A photo after its headers were read and its bytes stored.
pub(super) type TakenPhoto = Result<Received, Refusal>;

/// Everything known before the transaction.
pub(super) struct Prepared {
    pub(super) id: Uuid,
    pub(super) taker: Taker,
    pub(super) seen: Observation,
    pub(super) severity: Severity,
    pub(super) sector_id: Option<Uuid>,
    pub(super) observed_at: DateTime<Utc>,
    pub(super) flags: Vec<String>,
    pub(super) follow_secret: String,
    pub(super) sender_tag: Option<i64>,
}

impl Prepared {
    pub(super) fn category(&self) -> Result<&Category, Problem> {
        self.taker.category().ok_or_else(|| Problem::internal("no category"))
    }

    /// What must be locked before anything around is read.
    pub(super) fn cells(&self) -> Result<Vec<LockCell>, Problem> {
        let radius = self.category()?.policy.search_radius(&self.seen);
        Ok(lock_cells(&self.seen.point, radius))
    }
}

/// Takes a report in.
///
/// # Errors
/// [`Kind::Invalid`] naming every wrong field, [`Kind::IdTaken`], [`Kind::KeyReused`], [`Kind::InFlight`], or that the
/// database is away. Nothing stays then.
pub async fn submit(
    app: &App,
    submission: &Submission,
    photos: &[SentPhoto],
    sender: &Sender,
    now: DateTime<Utc>,
) -> Result<Accepted, Problem> {
    // Milliseconds, as every clock outside: the database would cut it, and a retry must read what the first answer said.
    let now = now.trunc_subsecs(3);
    let id = submission.id.unwrap_or_else(Uuid::now_v7);
    let mut catalogue = app.catalogue.get();
    if catalogue.version == 0 {
        catalogue = app.catalogue.fresh(&app.db).await?;
    }
    for _ in 0..3 {
        let prepared = match prepare(app, &catalogue, submission, sender, id, now) {
            Ok(prepared) => prepared,
            Err(refused) => {
                // Perhaps refused by what no longer holds: a category that was added or opened since.
                let fresh = app.catalogue.fresh(&app.db).await?;
                if fresh.version == catalogue.version {
                    // Or it was taken in already, before what refuses it now.
                    let before = replay::earlier(app, &fresh, submission, photos, sender).await?;
                    return before.ok_or(refused);
                }
                catalogue = fresh;
                continue;
            }
        };
        let town = prepared.taker.town.id;
        // Bytes first, under their own hash; rows after, in the transaction. What is left over is swept.
        let taken = sniff_and_store_all(app, town, photos.to_vec()).await;
        let tx = app.db.begin_planned(town).await?;
        // Whoever names an alert needs its cell too, in one sorted taking: then nothing is locked yet.
        let cells = if submission.joins.is_none() {
            prepared.cells()?
        } else {
            Vec::new()
        };
        let ids = (id, submission.source_ref.as_deref());
        let known = queries::known(&tx, ids, sender.key_hash.as_deref(), &cells).await?;
        let elsewhere = known.named.as_ref().is_some_and(|(_, at)| *at != town.0);
        if elsewhere {
            // Another town took it in, before this one opened the category or changed its boundary.
            tx.rollback().await?;
            let before = replay::earlier(app, &catalogue, submission, photos, sender).await?;
            return before.ok_or_else(|| Problem::new(Kind::IdTaken));
        }
        if known.catalogue_version == catalogue.version {
            return settle(app, tx, submission, &taken, sender, &prepared, known, now).await;
        }
        // The catalogue changed since it was read: read it again, and look again which town takes the report.
        tx.rollback().await?;
        catalogue = app.catalogue.fresh(&app.db).await?;
    }
    Err(Problem::unavailable("the catalogue changes faster than it can be read"))
}

/// The report, if nothing is wrong with it; otherwise every fault, those of its place, category and answers among them.
///
/// # Errors
/// [`Kind::Invalid`] naming every wrong field.
pub fn whole(app: &App, read: Read, sender: &Sender, now: DateTime<Utc>) -> Result<Submission, Problem> {
    let Read { submission, mut errors } = read;
    let catalogue = app.catalogue.get();
    if let Some(submission) = submission
        .as_ref()
        .filter(|_| !errors.is_empty() && catalogue.version > 0)
    {
        taker(&catalogue, submission, sender, &mut errors, now);
    }
    Read { submission, errors }.whole()
}

/// Who takes the report; what is wrong with its place, category or answers is noted.
fn taker(
    catalogue: &Catalogue,
    submission: &Submission,
    sender: &Sender,
    errors: &mut FieldErrors,
    now: DateTime<Utc>,
) -> Option<Taker> {
    let only = sender.staff.map(|(town, _, _)| town).or(sender.town);
    let by_staff = sender.staff.is_some() || sender.historic;
    let taker = find_town(catalogue, submission, by_staff, only, errors, now);
    if let Some(category) = taker.as_ref().and_then(Taker::category) {
        category.questions.check(&submission.answers, errors);
    }
    taker
}

/// Whether [`submit`] would take in this report of an older system, as far as the catalogue and the ids of the reports that are
/// there tell. Writes nothing.
///
/// # Errors
/// As [`submit`].
pub async fn check(app: &App, submission: &Submission, sender: &Sender, now: DateTime<Utc>) -> Result<(), Problem> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let prepared = prepare(app, &catalogue, submission, sender, Uuid::now_v7(), now)?;
    let Some(source_ref) = &submission.source_ref else {
        return Ok(());
    };
    let town = prepared.taker.town.id;
    let tx = app.db.begin(town).await?;
    let is_there = queries::has_source_ref(&tx, town, source_ref).await?;
    tx.rollback().await?;
    if is_there {
        return Err(Problem::new(Kind::IdTaken));
    }
    Ok(())
}

fn prepare(
    app: &App,
    catalogue: &Catalogue,
    submission: &Submission,
    sender: &Sender,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Prepared, Problem> {
    let mut errors = FieldErrors::default();
    let taker = taker(catalogue, submission, sender, &mut errors, now);
    let taker = errors.check(taker)?;
    let Some((taker, category)) = taker.as_ref().and_then(|t| Some((t, t.category()?))) else {
        return Err(Problem::internal("a town without a fault and without a category"));
    };
    let severity = danger::severity(category, &submission.answers);
    let (observed_at, flags) = clamped(submission.observed_at.unwrap_or(now), taker.near_boundary, now);
    let sender_tag = sender
        .device
        .as_deref()
        .map(|device| secret::sender_tag(&app.keys.server, device));
    let seen = Observation {
        accuracy: submission.position_source.accuracy(submission.accuracy_m),
        address: submission.address.as_deref().map(Address::parse),
        text: submission.description.as_deref().map(TextPrint::of),
        severity,
        sender: sender_tag.map(|tag| SenderTag(tag.cast_unsigned())),
        ..Observation::new(
            submission.position,
            taker.town.dedup_number(category.id),
            Timestamp(observed_at.timestamp_millis()),
        )
    };
    let follow_secret = submission
        .follow_secret
        .clone()
        .unwrap_or_else(|| secret::follow_secret(&app.keys.server, id));
    Ok(Prepared {
        id,
        sector_id: taker.town.sector_at(submission.position).map(|sector| sector.id),
        taker: Taker {
            town: taker.town.clone(),
            category: taker.category,
            near_boundary: taker.near_boundary,
        },
        seen,
        severity,
        observed_at,
        flags,
        follow_secret,
        sender_tag,
    })
}

/// The client's time, never after ours, and what the report is flagged with.
fn clamped(stated: DateTime<Utc>, near_boundary: bool, now: DateTime<Utc>) -> (DateTime<Utc>, Vec<String>) {
    let flags = [(stated > now, "observed_clamped"), (near_boundary, "near_boundary")];
    let flags = flags
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, flag)| flag.to_owned());
    (stated.min(now), flags.collect())
}

/// Inside the transaction: a retry is recognised, or the report is decided on and written.
#[expect(clippy::too_many_arguments, reason = "the whole of a submit meets here, once")]
async fn settle(
    app: &App,
    mut tx: Tx,
    submission: &Submission,
    taken: &[TakenPhoto],
    sender: &Sender,
    prepared: &Prepared,
    known: Known,
    now: DateTime<Utc>,
) -> Result<Accepted, Problem> {
    let town = prepared.taker.town.clone();
    if let Some(report) = already(app, &mut tx, submission, known).await? {
        tx.rollback().await?;
        return replay::again(app, submission, town, report, taken);
    }
    if let Some(source_ref) = &submission.source_ref
        && queries::has_source_ref(&tx, town.id, source_ref).await?
    {
        return Err(Problem::new(Kind::IdTaken));
    }
    let (around, word) = look(&mut tx, submission, sender, prepared, now).await?;
    let outcome = decide(prepared, &word, &around, now)?;
    let draft = Draft {
        submission,
        sender,
        prepared,
        around: &around,
        word: &word,
        outcome: &outcome,
        taken,
        now,
    };
    let (report, told) = write(app, &mut tx, &draft).await?;
    tx.commit().await?;
    app.metrics.decided(outcome.decision.as_str());
    app.wake.notify_one();
    let photos = replay::lines(app, submission, &town, &told, taken);
    Ok(Accepted {
        report,
        told,
        call_now: danger::calls(prepared.category()?, &submission.answers, submission.locale),
        town,
        photos,
        replayed: false,
    })
}

/// The report that the same request made before, or why the id or the key cannot be used.
async fn already(
    app: &App,
    tx: &mut Tx,
    submission: &Submission,
    known: Known,
) -> Result<Option<StoredReport>, Problem> {
    if let Some(report) = known.report {
        return if replay::is_same(app, submission, &report) {
            Ok(Some(report))
        } else {
            Err(Problem::new(Kind::IdTaken))
        };
    }
    if known.named.is_some() && known.alone {
        return Err(Problem::new(Kind::IdTaken));
    }
    let Some((request_hash, report_id)) = known.keyed else {
        // Nothing is committed yet: either nobody is at it, or somebody is and will be done in a moment.
        let in_flight = || Problem::new(Kind::InFlight).retry_after(1);
        return if known.alone { Ok(None) } else { Err(in_flight()) };
    };
    if request_hash != submission.request_hash {
        return Err(Problem::new(Kind::KeyReused));
    }
    queries::find(tx, tx.town(), report_id).await
}
