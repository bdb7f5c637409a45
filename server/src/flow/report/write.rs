//! Everything that a report leaves in the database, written in the order in which rows need each other.

use chrono::{DateTime, Utc};
use geo_dedup::cell::h3_15;
use geo_dedup::{Decision, Outcome, Severity};
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{Word, joined};
use super::later::{self, Later};
use super::model::{ContactWay, Relation, Submission, Told, Withheld};
use super::queries::{self, NewFollower, NewReport, StoredReport};
use super::reference::FollowCode;
use super::spared;
use super::submit::{Prepared, Sender, TakenPhoto};
use super::tell::{acknowledge, notice, told};
use crate::app::App;
use crate::audit;
use crate::auth::keys::KeyRing;
use crate::auth::secret;
use crate::catalog::model::{Category, Town};
use crate::db::Tx;
use crate::db::space::to_point;
use crate::flow::alert::model::Alert;
use crate::flow::alert::opening::{Opening, priority};
use crate::flow::alert::queries::candidates::Around;
use crate::flow::alert::queries::membership::{self, Decided};
use crate::flow::alert::queries::place;
use crate::flow::dispatch::hand_over::apply_route;
use crate::flow::dispatch::round::job::call_if_urgent;
use crate::flow::notification::fan_out::OwedNotice;
use crate::flow::notification::token;
use crate::flow::photo::receive::attach_to_report;
use crate::http::problem::Problem;
use crate::vault::{self, Contact};

/// A report that was decided on.
pub(super) struct Draft<'a> {
    pub(super) submission: &'a Submission,
    pub(super) sender: &'a Sender,
    pub(super) prepared: &'a Prepared,
    pub(super) around: &'a Around,
    pub(super) word: &'a Word,
    pub(super) outcome: &'a Outcome,
    pub(super) taken: &'a [TakenPhoto],
    pub(super) now: DateTime<Utc>,
}

impl Draft<'_> {
    pub(super) fn town(&self) -> &Town {
        &self.prepared.taker.town
    }

    pub(super) fn category(&self) -> Result<&Category, Problem> {
        self.prepared
            .taker
            .category()
            .ok_or_else(|| Problem::internal("no category"))
    }

    fn severity(&self) -> i16 {
        match self.prepared.severity {
            Severity::Normal => 0,
            Severity::High => 1,
            Severity::Danger => 2,
        }
    }

    /// What it raises an alert's priority to.
    fn priority(&self) -> Result<i16, Problem> {
        Ok(priority(self.category()?, self.severity()))
    }

    /// The alert that it opens when it joins none.
    fn opening(&self) -> Result<Opening<'_>, Problem> {
        let flags = self.prepared.flags.iter();
        Ok(Opening {
            town: self.town(),
            category: self.category()?,
            place: self.submission.position,
            address: self.submission.address.clone(),
            severity: self.severity(),
            flags: flags.filter(|flag| *flag == "near_boundary").cloned().collect(),
            past: &self.around.delays,
            opened_at: self.now,
            now: self.now,
        })
    }
}

/// Writes a report and all that follows from it. Returns it as stored, and what its author is told.
///
/// Statements that need no row of each other leave together: what others refer to first, then what refers to it.
pub(super) async fn write(app: &App, tx: &mut Tx, draft: &Draft<'_>) -> Result<(StoredReport, Told), Problem> {
    let (submission, prepared, now) = (draft.submission, draft.prepared, draft.now);
    let town = draft.town();
    let there = joined(&draft.outcome.decision, draft.around);
    let opened = there.is_none();
    let alert_id = there.map_or_else(Uuid::now_v7, |alert| alert.id);
    let mark = spared::mark(&app.keys, draft);
    let ((), mut alert, subject_id, withheld) = tokio::try_join!(
        claim(tx, draft, opened.then_some(alert_id)),
        place_in(tx, draft, there, alert_id),
        keep_personal(app, tx, draft),
        spared::withheld(app, tx, draft, mark.as_deref())
    )?;
    let event_id = if opened { Uuid::now_v7() } else { prepared.id };
    if opened {
        begin_history(tx, draft, &mut alert, event_id).await?;
    }
    let told = Told {
        withheld,
        ..told(draft, !opened, &alert)?
    };
    let report = new_report(draft, subject_id, &alert, &told)?;
    let code_hash = code_hasher(&app.keys, town, prepared.id);
    let raised = there.is_some_and(|before| draft.severity() > before.severity);
    if let Some(before) = there.filter(|_| !draft.sender.historic) {
        call_if_urgent(tx, town, &alert, before.is_urgent(), now).await?;
    }
    let key_hash = draft.sender.key_hash.as_deref();
    let (links, changed) = (links(draft), [("report", prepared.id), ("alert", alert.id)]);
    let notice = notice(draft, (&told, &alert), event_id, (opened, raised))?;
    let (reference, (), (), (), (), ()) = tokio::try_join!(
        queries::insert(tx, report.clone(), &code_hash),
        queries::remember_key(tx, town.id, key_hash, &submission.request_hash, prepared.id, now),
        place::link(tx, &alert, &links, now),
        audit::note_changed(tx, town.id, &changed, now),
        record(tx, draft, &alert),
        follow_up(tx, draft, &alert, notice),
    )?;
    attach_photos(tx, draft, &told).await?;
    let follower = new_follower(&app.keys, draft, subject_id, &alert, withheld, mark);
    let words = draft.word.on_alerts();
    tokio::try_join!(
        queries::follow(tx, follower.as_ref()),
        remember(tx, draft, &alert),
        place::keep_verdicts(tx, town.id, prepared.id, &words, now),
    )?;
    if let Some(follower) = follower.filter(|_| !draft.sender.historic) {
        acknowledge(tx, draft, &follower, &told, opened).await?;
    }
    let code_hash = code_hash(&reference);
    Ok((stored(report, reference, code_hash), told))
}

/// What nobody waits for, as a job. History of an older system comes in by the thousand, tells no service, and is found at
/// once.
async fn follow_up(tx: &Tx, draft: &Draft<'_>, alert: &Alert, notice: Option<OwedNotice>) -> Result<(), Problem> {
    let (town, submission) = (draft.town().id, draft.submission);
    if draft.sender.historic {
        let said = [submission.address.as_deref(), submission.description.as_deref()];
        return place::add_words(tx, town, alert.id, said).await;
    }
    let report = draft.prepared.id;
    later::leave(tx, town, &Later { report, notice }, draft.now).await
}

/// The row as a reader would find it.
fn stored(report: NewReport, reference: String, code_hash: Vec<u8>) -> StoredReport {
    StoredReport {
        id: report.id,
        reference,
        alert_id: report.alert_id,
        category_id: report.category_id,
        place: report.place,
        address: report.address,
        description: report.description,
        received_at: report.received_at,
        locale: report.locale.to_owned(),
        follow_hash: report.follow_hash,
        code_hash,
        request_hash: report.request_hash,
        answer: report.answer,
        notice_version: report.notice_version,
        flags: report.flags,
    }
}

/// The directory's lines: from here on the ids are taken for ever.
async fn claim(tx: &Tx, draft: &Draft<'_>, opened: Option<Uuid>) -> Result<(), Problem> {
    let (town, report) = (draft.town().id, (draft.prepared.id, "report"));
    match opened {
        Some(alert) => queries::claim_ids(tx, town, [report, (alert, "alert")]).await,
        None => queries::claim_ids(tx, town, [report]).await,
    }
}

/// The alert that the report belongs to, as it is with it: the one that is there, or a new one.
async fn place_in(tx: &Tx, draft: &Draft<'_>, there: Option<&Alert>, id: Uuid) -> Result<Alert, Problem> {
    match there {
        Some(alert) => join(tx, draft, alert).await,
        None => place::open(tx, draft.opening()?.alert(id)?).await,
    }
}

/// Whatever is personal goes into the vault: how to tell the author, and the answers that the category marks so.
async fn keep_personal(app: &App, tx: &Tx, draft: &Draft<'_>) -> Result<Option<Uuid>, Problem> {
    let (_, answers) = draft.category()?.questions.split(&draft.submission.answers);
    let contact = Contact {
        answers: (!answers.is_empty()).then(|| Value::Object(answers).to_string()),
        ..draft.submission.contact.clone()
    };
    if contact.fields().is_empty() {
        return Ok(None);
    }
    vault::put(tx, &app.keys, &contact).await.map(Some)
}

/// The first line of an alert's history, then what its route means for it.
async fn begin_history(tx: &mut Tx, draft: &Draft<'_>, alert: &mut Alert, event_id: Uuid) -> Result<(), Problem> {
    let by = draft.sender.staff.map(|(_, user, _)| user);
    let role = if by.is_some() { "staff" } else { "reporter" };
    place::begin_history(tx, alert, role, by, event_id).await?;
    if draft.sender.historic {
        return Ok(());
    }
    apply_route(tx, draft.town(), alert, &draft.opening()?.route(), draft.now).await
}

async fn join(tx: &Tx, draft: &Draft<'_>, alert: &Alert) -> Result<Alert, Problem> {
    let anchor = crate::db::space::from_point(&alert.anchor).map_err(Problem::internal)?;
    let distance = anchor.distance(&draft.submission.position).get();
    place::join(tx, alert, distance, draft.severity(), draft.priority()?, draft.now).await
}

/// The closed alert that a new one repeats, and those nearby that may be the same.
fn links(draft: &Draft<'_>) -> Vec<(Uuid, &'static str, Option<f64>, Value)> {
    let outcome = draft.outcome;
    if joined(&outcome.decision, draft.around).is_some() {
        return Vec::new();
    }
    let mut links: Vec<_> = outcome
        .recurrence_of
        .iter()
        .map(|id| (Uuid::from_u128(id.0), "recurrence", None, json!([])))
        .collect();
    if let Decision::Suggest { alerts } = &outcome.decision {
        links.extend(alerts.iter().map(|id| {
            let scored = outcome.scored.iter().find(|scored| scored.alert == *id);
            let reasons = scored.map_or_else(|| json!([]), |scored| membership::reasons(std::slice::from_ref(scored)));
            (
                Uuid::from_u128(id.0),
                "suggested",
                scored.map(|scored| scored.posterior),
                reasons,
            )
        }));
    }
    links
}

async fn remember(tx: &Tx, draft: &Draft<'_>, alert: &Alert) -> Result<(), Problem> {
    let own_word = draft.word.joins == Some(alert.id);
    let decision = if own_word {
        "person"
    } else {
        draft.outcome.decision.as_str()
    };
    let (town, report_id) = (draft.town().id, draft.prepared.id);
    membership::remember(
        tx,
        &Decided {
            town,
            report_id,
            alert_id: alert.id,
            decision,
            outcome: draft.outcome,
            at: draft.now,
        },
    )
    .await
}

async fn record(tx: &Tx, draft: &Draft<'_>, alert: &Alert) -> Result<(), Problem> {
    let actor = match draft.sender.staff {
        Some((_, staff_user_id, session_id)) => audit::Actor::Staff {
            staff_user_id,
            session_id,
        },
        None if draft.sender.historic => audit::Actor::System,
        None => audit::Actor::Anonymous,
    };
    let entry = audit::Entry {
        actor: &actor,
        action: "submit_report",
        entity: "report",
        entity_id: Some(draft.prepared.id),
        detail: json!({"alert_id": alert.id, "decision": draft.outcome.decision.as_str()}),
        request_id: draft.sender.request_id.as_deref(),
    };
    audit::record(tx, draft.town().id, &entry, draft.now).await
}

/// The rows of the photos, and the jobs that decode them.
async fn attach_photos(tx: &Tx, draft: &Draft<'_>, told: &Told) -> Result<(), Problem> {
    let by = draft.sender.staff.map(|(_, user, _)| user);
    for (taken, told) in draft.taken.iter().zip(&told.photos) {
        if let (Ok(received), Some(id)) = (taken, told.id) {
            attach_to_report(
                tx,
                draft.town().id,
                draft.prepared.id,
                Some(id),
                by,
                received,
                draft.now,
            )
            .await?;
        }
    }
    Ok(())
}

fn new_report(draft: &Draft<'_>, subject_id: Option<Uuid>, alert: &Alert, told: &Told) -> Result<NewReport, Problem> {
    let (submission, prepared, category) = (draft.submission, draft.prepared, draft.category()?);
    let mut flags = prepared.flags.clone();
    if told.relation == Relation::LateEvidence {
        flags.push("late_evidence".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, reason = "metres")]
    let accuracy_m = submission.accuracy_m.map(|metres| metres as f32);
    Ok(NewReport {
        jurisdiction_id: draft.town().id.0,
        id: prepared.id,
        reference: String::new(),
        alert_id: alert.id,
        category_id: category.id,
        place: to_point(submission.position),
        h3_15: h3_15(&submission.position).to_i64(),
        accuracy_m,
        position_source: submission.position_source.as_str(),
        address: submission.address.clone(),
        description: submission.description.clone(),
        answers: Value::Object(category.questions.split(&submission.answers).0),
        severity: draft.severity(),
        observed_at: prepared.observed_at,
        received_at: draft.now,
        channel: submission.channel.as_str(),
        locale: submission.locale.as_str(),
        subject_id,
        sender_tag: prepared.sender_tag,
        follow_hash: secret::digest(prepared.follow_secret.as_bytes()),
        code_hash: Vec::new(),
        request_hash: submission.request_hash.clone(),
        answer: serde_json::to_value(told).map_err(Problem::internal)?,
        notice_version: draft.town().notice_version,
        entered_by: draft.sender.staff.map(|(_, user, _)| user),
        source_ref: submission.source_ref.clone(),
        flags,
    })
}

/// The telephone code is stored as a digest bound to the reference that is said with it.
pub(super) fn code_hasher(keys: &KeyRing, town: &Town, report_id: Uuid) -> impl Fn(&str) -> Vec<u8> {
    let code = FollowCode::from_bytes(secret::phone_code(&keys.server, report_id));
    let town = town.id.0;
    move |reference| secret::digest(format!("{town} {reference} {code}").as_bytes())
}

/// Who is spared messages reads by the follow link, as whoever chose the app.
fn new_follower(
    keys: &KeyRing,
    draft: &Draft<'_>,
    subject_id: Option<Uuid>,
    alert: &Alert,
    withheld: Option<Withheld>,
    contact_mark: Option<Vec<u8>>,
) -> Option<NewFollower> {
    let submission = draft.submission;
    let way = withheld.map_or(submission.way, |_| ContactWay::App);
    if way == ContactWay::None {
        return None;
    }
    let id = Uuid::now_v7();
    Some(NewFollower {
        jurisdiction_id: alert.jurisdiction_id,
        id,
        alert_id: alert.id,
        report_id: draft.prepared.id,
        subject_id,
        channel: way.as_str(),
        locale: submission.locale.as_str(),
        unsubscribe_hash: token::unsubscribe_hash(&keys.server, draft.town().id, id),
        since: draft.now,
        contact_mark,
    })
}
