//! Late facts: a photo that was decoded after its report was placed, a category that was corrected. What they make likely is
//! shown to a person as a suggested pair, and what they make unlikely is suggested no longer; nothing is moved behind the
//! back of people who were told otherwise.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use geo_dedup::{Candidate, CandidateState, Observation, Policy, Scored, decide};
use serde_json::json;
use uuid::Uuid;

use super::model::Alert;
use super::queries::candidates::{around, candidate, context_of, hashes_of, members_of, observation};
use super::queries::membership::reasons;
use super::queries::operation::{kept_apart, suggested, unsuggest};
use super::queries::own_word::said_same;
use super::queries::place::suggest;
use super::queries::{by_id, find};
use crate::app::App;
use crate::audit;
use crate::catalog::model::{Category, Town};
use crate::db::Tx;
use crate::flow::report::later::REEXAMINE_ALERT;
use crate::http::problem::Problem;
use crate::jobs::worker::Outcome as Done;
use crate::jobs::{Handler, Job};

/// Most reports of an alert that are compared again, latest first: an alert with more has been found by everybody.
const MOST_REPORTS: usize = 10;

/// Kinds of jobs and who runs them.
#[must_use]
pub fn handlers() -> [(&'static str, Handler<App>); 1] {
    [(REEXAMINE_ALERT, |app, job, now| Box::pin(reexamine(app, job, now)))]
}

/// Harmless to repeat.
async fn reexamine(app: App, job: Job, now: DateTime<Utc>) -> Result<Done, Problem> {
    let id: Uuid = job.arg("alert_id")?;
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let Some(town) = catalogue.town(job.town()) else {
        return Ok(Done::Done);
    };
    let mut tx = app.db.begin(job.town()).await?;
    let alert = find(&mut tx, id).await?;
    if !alert.open {
        return Ok(Done::Done);
    }
    let own = Latest::of(&tx, town, &alert).await?;
    let mut likely = likely_around(&tx, town, &alert, &own, now).await?;
    let mut withdrawn = 0;
    for other in weigh_standing(&mut tx, town, &alert, &own, &mut likely, now).await? {
        // What an author said is not the machine's to withdraw.
        if !said_same(&tx, town.id, (alert.id, other)).await? {
            withdrawn += usize::from(unsuggest(&tx, town.id, (alert.id, other)).await?);
        }
    }
    let mut kept = 0;
    for (other, scored) in &likely {
        kept += usize::from(keep(&tx, town, &alert, (*other, scored), now).await?);
    }
    if kept + withdrawn > 0 {
        audit::changed(&tx, town.id, &[("alert", alert.id)], now).await?;
        let entry = audit::Entry {
            actor: &audit::Actor::System,
            action: REEXAMINE_ALERT,
            entity: "alert",
            entity_id: Some(alert.id),
            detail: json!({"suggested": kept, "withdrawn": withdrawn}),
            request_id: None,
        };
        audit::record(&tx, town.id, &entry, now).await?;
    }
    tx.commit().await?;
    Ok(Done::Done)
}

/// An alert as it is to be compared: its latest reports as of its present category, and itself for the reports of others.
struct Latest<'a> {
    category: &'a Category,
    candidate: Candidate,
    reports: Vec<Observation>,
    /// Whether these are all of its reports.
    whole: bool,
}

impl<'a> Latest<'a> {
    async fn of(tx: &Tx, town: &'a Town, alert: &Alert) -> Result<Self, Problem> {
        let Some(category) = town.category_by_id(alert.category_id) else {
            return Err(Problem::internal("the alert's category is not in the catalogue"));
        };
        let rows = members_of(tx, town.id, &[alert.id]).await?;
        let mut hashes = hashes_of(tx, town.id, &rows).await?;
        let candidate = candidate(town, alert, &rows, &hashes)?;
        let mut reports = Vec::new();
        for row in rows.iter().take(MOST_REPORTS) {
            let mut seen = observation(town, row)?;
            seen.category = candidate.category;
            // Compared even without a photo of its own: then only what the category changes is seen.
            seen.photo_hashes = hashes.remove(&row.id()).unwrap_or_default();
            reports.push(seen);
        }
        Ok(Self {
            category,
            whole: rows.len() <= MOST_REPORTS,
            candidate,
            reports,
        })
    }

    const fn policy(&self) -> &'a Policy {
        &self.category.policy
    }

    /// Whether reports of one category may be of the other's alerts, by the rules of either.
    fn related(&self, other: &Self) -> bool {
        let (own, others) = (self.candidate.category, other.candidate.category);
        self.policy().compatibility(own, others) > 0.0 || other.policy().compatibility(others, own) > 0.0
    }
}

/// What is worth a person's look, by the other alert: of several reports that meet it, what the likeliest says.
#[derive(Default)]
struct Likely(BTreeMap<Uuid, Scored>);

impl Likely {
    fn add(&mut self, other: Uuid, scored: Scored, policy: &Policy) {
        let known = self.0.get(&other).map_or(0.0, |known| known.posterior);
        if scored.posterior >= policy.suggest_threshold() && scored.posterior > known {
            self.0.insert(other, scored);
        }
    }
}

/// What geo-dedup says now of the alert's latest reports against all other open alerts.
async fn likely_around(
    tx: &Tx,
    town: &Town,
    alert: &Alert,
    own: &Latest<'_>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Uuid, Scored>, Problem> {
    let policy = own.policy();
    let delay_key = (own.category.id, alert.sector_id.unwrap_or_default());
    let mut likely = Likely::default();
    for seen in &own.reports {
        let mut around = around(tx, town, seen, policy, &[], delay_key, now).await?;
        around
            .candidates
            .retain(|candidate| candidate.id.0 != alert.id.as_u128() && candidate.state == CandidateState::Open);
        let outcome = decide(seen, &around.candidates, &around.context(now), policy);
        for scored in outcome.scored {
            likely.add(Uuid::from_u128(scored.alert.0), scored, policy);
        }
    }
    Ok(likely.0)
}

/// Holds the suggestions that stand against what is known now; returns those that it no longer bears out.
///
/// A pair that stands was found by a report of either side, perhaps by the other alert's, under the rules of the other's
/// category: so both sides are compared anew, and the likelier counts. If these were all the reports of both, the one that
/// the standing score stems from was among them, with facts at least as new, and the new score replaces it, be it lower. If
/// not, that one may be older than those compared: a lower score then says nothing against it. Only categories that have
/// nothing to do with each other any more take the ground from under any score.
async fn weigh_standing(
    tx: &mut Tx,
    town: &Town,
    alert: &Alert,
    own: &Latest<'_>,
    likely: &mut BTreeMap<Uuid, Scored>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Problem> {
    let standing = suggested(tx, town.id, alert.id).await?;
    let ids: Vec<Uuid> = standing.iter().map(|(other, _)| *other).collect();
    let others = by_id(tx, &ids).await?;
    let mut fallen = Vec::new();
    for (id, posterior) in standing {
        // A pair of which one is closed or merged away is shown to nobody, or as the survivor's.
        let Some(other) = others.get(&id).filter(|other| other.open) else {
            continue;
        };
        let theirs = Latest::of(tx, town, other).await?;
        let mut found = Likely(likely.remove_entry(&id).into_iter().collect());
        let policy = theirs.policy();
        for seen in &theirs.reports {
            let context = context_of(tx, town, seen, policy, now).await?;
            let outcome = decide(seen, std::slice::from_ref(&own.candidate), &context, policy);
            for scored in outcome.scored {
                found.add(id, scored, policy);
            }
        }
        let found = found.0.remove(&id);
        let known = f64::from(posterior.unwrap_or_default());
        let counts = (own.whole && theirs.whole) || !own.related(&theirs);
        match found {
            Some(scored) if counts || scored.posterior > known => {
                likely.insert(id, scored);
            }
            None if counts => fallen.push(id),
            _ => {}
        }
    }
    Ok(fallen)
}

/// Keeps a pair for a person's look, unless a person has said that it is not the same.
async fn keep(
    tx: &Tx,
    town: &Town,
    alert: &Alert,
    (other, likely): (Uuid, &Scored),
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    if kept_apart(tx, town.id, (alert.id, other)).await? {
        return Ok(false);
    }
    let reasons = reasons(std::slice::from_ref(likely));
    suggest(tx, (alert, other), likely.posterior, reasons, now).await
}
