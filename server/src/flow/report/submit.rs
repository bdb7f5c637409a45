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
use geo_dedup::cell::{LockCell, anchor_lock_cell, lock_cells};
use geo_dedup::{
    Address, Context, Decision, MAX_RADIUS, Metres, Observation, SenderTag, Severity, TextPrint, Timestamp, Verdict,
    VerdictKind,
};
use uuid::Uuid;

use super::find_town::{Taker, find_town};
use super::model::{Submission, Told};
use super::queries::{self, Known, StoredReport};
use super::write::{Draft, write};
use crate::app::App;
use crate::auth::secret;
use crate::catalog::danger;
use crate::catalog::model::{Catalogue, Category, Town};
use crate::catalog::questions::CallNow;
use crate::db::space::from_point;
use crate::db::{TownId, Tx};
use crate::flow::alert;
use crate::flow::alert::queries::candidates::{Around, around};
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
    fn category(&self) -> Result<&Category, Problem> {
        self.taker.category().ok_or_else(|| Problem::internal("no category"))
    }

    /// What must be locked before anything around is read.
    fn cells(&self) -> Result<Vec<LockCell>, Problem> {
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
                    return Err(refused);
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
        let known = queries::known(&tx, id, sender.key_hash.as_deref(), &cells).await?;
        if known.catalogue_version == catalogue.version {
            return settle(app, tx, submission, &taken, sender, &prepared, known, now).await;
        }
        // The catalogue changed since it was read: read it again, and look again which town takes the report.
        tx.rollback().await?;
        catalogue = app.catalogue.fresh(&app.db).await?;
    }
    Err(Problem::unavailable("the catalogue changes faster than it can be read"))
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
    let only = sender.staff.map(|(town, _, _)| town).or(sender.town);
    let taker = find_town(
        catalogue,
        submission,
        sender.staff.is_some() || sender.historic,
        only,
        &mut errors,
        now,
    );
    if let Some(category) = taker.as_ref().and_then(Taker::category) {
        category.questions.check(&submission.answers, &mut errors);
    }
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
        accuracy: submission.accuracy_m.and_then(|metres| Metres::new(metres).ok()),
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
    let category = prepared.taker.category();
    let call_now = category.map(|category| danger::calls(category, &submission.answers, submission.locale));
    let call_now = call_now.unwrap_or_default();
    if let Some(report) = already(&mut tx, submission, prepared, known).await? {
        tx.rollback().await?;
        let told: Told = serde_json::from_value(report.answer.clone()).map_err(Problem::internal)?;
        let photos = lines(app, submission, &town, &told, taken);
        return Ok(Accepted {
            report,
            told,
            town,
            photos,
            call_now,
            replayed: true,
        });
    }
    if let Some(source_ref) = &submission.source_ref
        && queries::has_source_ref(&tx, town.id, source_ref).await?
    {
        return Err(Problem::new(Kind::IdTaken));
    }
    let (around, word) = look(&mut tx, submission, prepared, now).await?;
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
    let photos = lines(app, submission, &town, &told, taken);
    Ok(Accepted {
        report,
        told,
        town,
        photos,
        call_now,
        replayed: false,
    })
}

/// What the answer says of each photo. Where the camera was is offered and stored nowhere: a retry reads it again.
fn lines(app: &App, submission: &Submission, town: &Town, told: &Told, taken: &[TakenPhoto]) -> Vec<PhotoLine> {
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

/// The report that the same request made before, or why the id or the key cannot be used.
async fn already(
    tx: &mut Tx,
    submission: &Submission,
    prepared: &Prepared,
    known: Known,
) -> Result<Option<StoredReport>, Problem> {
    if let Some(report) = known.report {
        let same = report.request_hash == submission.request_hash
            && secret::matches(prepared.follow_secret.as_bytes(), &report.follow_hash);
        return if same {
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

/// The person's own word on alerts. One that was merged away meanwhile stands for the one that it was merged into.
pub(super) struct Word {
    /// "It is this one."
    pub(super) joins: Option<Uuid>,
    /// "It is none of these."
    not_same: Vec<Uuid>,
}

impl Word {
    /// As verdicts: the alert, and whether it is the same.
    pub(super) fn on_alerts(&self) -> Vec<(Uuid, bool)> {
        let same = self.joins.map(|id| (id, true));
        same.into_iter()
            .chain(self.not_same.iter().map(|id| (*id, false)))
            .collect()
    }
}

/// Reads what is around. The cells of the search are locked, unless the person names an alert: then they are taken here,
/// together with that alert's.
async fn look(
    tx: &mut Tx,
    submission: &Submission,
    prepared: &Prepared,
    now: DateTime<Utc>,
) -> Result<(Around, Word), Problem> {
    let (town, category) = (&prepared.taker.town, prepared.category()?);
    let joins = match submission.joins {
        Some(id) => Some(hold_named(tx, submission, prepared, id).await?),
        None => None,
    };
    let mut not_same: Vec<Uuid> = Vec::new();
    for id in &submission.not_same {
        let found = alert::queries::survivor(tx, *id).await.map(|alert| alert.id);
        not_same.extend(found.ok().filter(|id| !not_same.contains(id)));
    }
    let named: Vec<Uuid> = not_same.iter().copied().chain(joins).collect();
    let delay_key = (category.id, prepared.sector_id.unwrap_or_default());
    let around = around(tx, town, &prepared.seen, &category.policy, &named, delay_key, now).await?;
    Ok((around, Word { joins, not_same }))
}

/// Takes the locks of the search and of the alert that a person names, in one sorted taking; returns the alert's id, or that
/// of the one that it was merged into.
async fn hold_named(tx: &mut Tx, submission: &Submission, prepared: &Prepared, id: Uuid) -> Result<Uuid, Problem> {
    let (town, unknown) = (tx.town(), || Problem::field("joins", "unknown_alert"));
    let anchor = |alert: &alert::model::Alert| from_point(&alert.anchor).map_err(Problem::internal);
    let named = alert::queries::find(tx, id).await.map_err(|_| unknown())?;
    // As it was shown to the person: its survivor may stand a little further away.
    if anchor(&named)?.distance(&submission.position) > farthest_joined(submission) {
        return Err(Problem::field("joins", "too_far_to_join"));
    }
    let seen = alert::queries::survivor(tx, id).await?;
    let mut cells = prepared.cells()?;
    cells.push(anchor_lock_cell(&anchor(&seen)?));
    cells.sort_unstable();
    cells.dedup();
    alert::queries::lock_cells(tx, town, &cells).await?;
    let held = alert::queries::survivor(tx, id).await?;
    if cells.contains(&anchor_lock_cell(&anchor(&held)?)) {
        return Ok(held.id);
    }
    Err(Problem::unavailable(
        "the alert that was named went elsewhere meanwhile",
    ))
}

/// Somebody who looks at a thing stands beside it: nobody joins an alert at the other end of the town.
fn farthest_joined(submission: &Submission) -> Metres {
    let accuracy = submission.accuracy_m.and_then(|metres| Metres::new(metres).ok());
    MAX_RADIUS.plus(accuracy.unwrap_or(Metres::ZERO).min(MAX_RADIUS))
}

fn decide(
    prepared: &Prepared,
    word: &Word,
    around: &Around,
    now: DateTime<Utc>,
) -> Result<geo_dedup::Outcome, Problem> {
    let category = prepared.category()?;
    let verdicts = word.on_alerts().into_iter().map(|(id, same)| Verdict {
        alert: geo_dedup::AlertId(id.as_u128()),
        kind: if same { VerdictKind::Same } else { VerdictKind::NotSame },
    });
    let verdicts: Vec<Verdict> = verdicts.collect();
    let context = Context {
        at_exact_point: around.at_exact_point,
        past_here: Some(around.past.0),
        past_around: Some(around.past.1),
        verdicts,
        ..Context::at(Timestamp(now.timestamp_millis()))
    };
    Ok(geo_dedup::decide(
        &prepared.seen,
        &around.candidates,
        &context,
        &category.policy,
    ))
}

/// The alert that a decision puts the report into, if any.
pub(super) fn joined<'a>(decision: &Decision, around: &'a Around) -> Option<&'a alert::model::Alert> {
    match decision {
        Decision::Join { alert } | Decision::LateEvidence { alert } => around.alert(*alert),
        Decision::Suggest { .. } | Decision::Open => None,
    }
}
