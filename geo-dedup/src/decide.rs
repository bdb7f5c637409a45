//! The decision: rules around the score.

use std::cmp::Ordering;

use crate::{
    candidate::{AlertId, Candidate, CandidateState, Context, VerdictKind},
    feature::{Contribution, Feature},
    measure::Metres,
    observation::Observation,
    policy::Policy,
    similarity::{Setting, compare},
};

/// Where the report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It joins an open alert.
    Join {
        /// The alert.
        alert: AlertId,
    },
    /// It was observed before this alert was closed and only arrived after: it is attached to the closed alert, and its
    /// author is asked whether the problem is still there.
    LateEvidence {
        /// The closed alert.
        alert: AlertId,
    },
    /// It opens an alert of its own; the pairs are kept for a person to judge, likeliest first.
    Suggest {
        /// The alerts it may be the same as; never empty.
        alerts: Vec<AlertId>,
    },
    /// It opens an alert of its own.
    Open,
}

impl Decision {
    /// Stable name for storage and interfaces.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Join { .. } => "join",
            Self::LateEvidence { .. } => "late_evidence",
            Self::Suggest { .. } => "suggest",
            Self::Open => "open",
        }
    }
}

/// Why a report may not join an alert, whatever its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Barrier {
    /// A person said that it is not the same.
    NotSame,
    /// The alert is closed, and the report was observed afterwards.
    Closed,
    /// The alert was rejected.
    Rejected,
    /// The alert would grow beyond the span that the policy allows.
    Span,
    /// The report's position is too uncertain, and nothing but the position speaks for the alert.
    Accuracy,
    /// The report lies on a default point, and nothing but the position speaks for the alert.
    DefaultPoint,
    /// The policy wants a person's word.
    NotSilently,
}

impl Barrier {
    /// Stable name for storage and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSame => "not_same",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Span => "span",
            Self::Accuracy => "accuracy",
            Self::DefaultPoint => "default_point",
            Self::NotSilently => "not_silently",
        }
    }
}

/// What was found about one alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The alert.
    pub alert: AlertId,
    /// Probability that the report means the same problem, 0..=1.
    pub posterior: f64,
    /// What each feature said; the sum of their log-odds gives the posterior.
    pub reasons: Vec<Contribution>,
    /// The barrier that keeps the report out of the alert; the first in the order of [`Barrier`], `None` when it may join.
    pub barrier: Option<Barrier>,
}

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Where the report goes.
    pub decision: Decision,
    /// The alerts that were considered, likeliest first.
    pub scored: Vec<Scored>,
    /// A recently closed alert of the same problem, when the report opens an alert of its own.
    pub recurrence_of: Option<AlertId>,
    /// A recently rejected alert of the same problem, when the report opens an alert of its own; it is among the suggested.
    pub rejected_near: Option<AlertId>,
    /// Version of the policy applied.
    pub policy_version: u32,
    /// Version of the weights applied.
    pub weights_version: u32,
    /// Version of the single weights that were set otherwise, if any were.
    pub overrides_version: Option<u32>,
}

/// Decides which alert a report belongs to: the sum of the weights of evidence (Fellegi and Sunter, 1969; see the
/// [crate]'s front page) against the policy's thresholds, between rules that no score overrules.
///
/// # Parameters
///
/// * `observation`: the report. Its position is where the *problem* is said to be, not where the phone was when it sent.
/// * `candidates`: the alerts around, in any order: open ones, and closed or rejected ones as far back as the policy looks.
///   Those beyond [`Policy::search_radius`] or of a category that the policy does not list are left out, unless a person said
///   that one is the same. **Open ones alone are not enough**: without the closed ones nothing recurs and nothing is late.
/// * `context`: what is known around. `now` is when the decision is made, not when the report was observed: it serves the
///   windows after a closure or rejection, while ages come from `observed_at`.
/// * `policy`: the rules of the *report's* category, not of the alert's; its join threshold is a probability, not a score.
///
/// # Returns
///
/// The decision, and each alert considered with its reasons, likeliest first (then the older one, then the smaller id).
///
/// # Steps
///
/// 1. A person's word comes first: "not the same" bars an alert, "the same" joins it if it is open.
/// 2. Each alert is scored by its best comparison with a member: log-odds summed over features, those missing left out. Where
///    a position states its accuracy, the distance is that to the mean of all of the alert's reports.
/// 3. The likeliest alert without a [`Barrier`] is joined when it reaches the join threshold. An alert that was closed after
///    the report was *observed* takes part as if it were open, and the decision is then [`Decision::LateEvidence`].
/// 4. Otherwise the report opens an alert, with the open and rejected alerts above the suggest threshold as suggestions and the
///    likeliest closed one as the alert that it recurs from.
///
/// # Complexity
///
/// One comparison per member of each candidate, and a sort of the candidates.
///
/// # Examples
///
/// See the [crate]'s front page.
#[must_use]
pub fn decide<'a>(
    observation: &Observation,
    candidates: impl IntoIterator<Item = &'a Candidate>,
    context: &Context,
    policy: &Policy,
) -> Outcome {
    let setting = Setting::new(context, policy);
    let mut judged: Vec<Judged<'_>> = candidates
        .into_iter()
        .filter_map(|candidate| Judged::new(observation, candidate, context, &setting))
        .collect();
    judged.sort_by(Judged::likeliest_first);
    let named = judged.iter().find(|judged| judged.is_named()).map(Judged::id);
    let joined = judged
        .iter()
        .find(|judged| judged.scored.barrier.is_none() && judged.scored.posterior >= policy.join_threshold());
    let (decision, opens) = match (named, joined) {
        (Some(alert), _) => (Decision::Join { alert }, false),
        (None, Some(judged)) if judged.stage == Stage::Late => (Decision::LateEvidence { alert: judged.id() }, false),
        (None, Some(judged)) => (Decision::Join { alert: judged.id() }, false),
        (None, None) => (suggest(&judged, policy), true),
    };
    let related = |stage| {
        let likely = |judged: &&Judged<'_>| judged.stage == stage && judged.is_likely(policy);
        judged.iter().find(likely).map(Judged::id).filter(|_| opens)
    };
    Outcome {
        decision,
        recurrence_of: related(Stage::Closed),
        rejected_near: related(Stage::Rejected),
        scored: judged.into_iter().map(|judged| judged.scored).collect(),
        policy_version: policy.version(),
        weights_version: policy.weights().version,
        overrides_version: policy.weights().overrides_version,
    }
}

fn suggest(judged: &[Judged<'_>], policy: &Policy) -> Decision {
    let alerts: Vec<AlertId> = judged
        .iter()
        .filter(|judged| judged.stage != Stage::Closed && judged.is_likely(policy))
        .map(Judged::id)
        .collect();
    if alerts.is_empty() {
        Decision::Open
    } else {
        Decision::Suggest { alerts }
    }
}

/// What an alert's state means for this report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It takes reports.
    Open,
    /// It was closed after the report was observed.
    Late,
    /// It was closed before.
    Closed,
    /// It was rejected.
    Rejected,
}

impl Stage {
    /// `None`: the alert ended too long ago to matter.
    fn of(candidate: &Candidate, observation: &Observation, context: &Context, policy: &Policy) -> Option<Self> {
        let within = |at, days| context.now.days_since(at) <= days;
        match candidate.state {
            CandidateState::Open => Some(Self::Open),
            CandidateState::Closed { at } if observation.observed_at < at && within(at, policy.late_days()) => {
                Some(Self::Late)
            }
            CandidateState::Closed { at } => within(at, policy.recurrence_days()).then_some(Self::Closed),
            CandidateState::Rejected { at } => within(at, policy.rejected_days()).then_some(Self::Rejected),
        }
    }
}

/// A candidate with its score and what may be done with it.
struct Judged<'a> {
    candidate: &'a Candidate,
    stage: Stage,
    verdict: Option<VerdictKind>,
    scored: Scored,
}

impl<'a> Judged<'a> {
    /// `None` when the candidate has no part in the decision.
    fn new(
        observation: &Observation,
        candidate: &'a Candidate,
        context: &Context,
        setting: &Setting<'_>,
    ) -> Option<Self> {
        let policy = setting.policy;
        let verdict = context.verdict(candidate.id);
        let to_anchor = observation.point.distance(&candidate.anchor);
        let near = to_anchor <= policy.search_radius(observation);
        let related = policy.compatibility(observation.category, candidate.category) > 0.0;
        if verdict != Some(VerdictKind::Same) && !(near && related) {
            return None;
        }
        let stage = Stage::of(candidate, observation, context, policy)?;
        let since = match candidate.state {
            CandidateState::Closed { at } if stage == Stage::Closed => Some(at),
            _ => None,
        };
        let mut evidence = compare(observation, candidate, to_anchor, since, setting);
        if let Some(kind) = verdict {
            evidence.add(verdict_reason(kind, policy));
        }
        let place_alone = !evidence.identified;
        let span = span_with(candidate, evidence.farthest, to_anchor);
        let barrier = [
            (verdict == Some(VerdictKind::NotSame), Barrier::NotSame),
            (stage == Stage::Closed, Barrier::Closed),
            (stage == Stage::Rejected, Barrier::Rejected),
            (span > policy.span(), Barrier::Span),
            (place_alone && is_imprecise(observation, policy), Barrier::Accuracy),
            (place_alone && setting.at_default_point(), Barrier::DefaultPoint),
            (!policy.joins_silently(), Barrier::NotSilently),
        ]
        .into_iter()
        .find_map(|(holds, barrier)| holds.then_some(barrier));
        Some(Self {
            candidate,
            stage,
            verdict,
            scored: Scored {
                alert: candidate.id,
                posterior: evidence.posterior(),
                reasons: evidence.reasons,
                barrier,
            },
        })
    }

    const fn id(&self) -> AlertId {
        self.candidate.id
    }

    /// Whether a person said that the report belongs to this open alert.
    fn is_named(&self) -> bool {
        self.verdict == Some(VerdictKind::Same) && self.stage == Stage::Open
    }

    /// Whether it is worth a person's look.
    fn is_likely(&self, policy: &Policy) -> bool {
        self.verdict != Some(VerdictKind::NotSame) && self.scored.posterior >= policy.suggest_threshold()
    }

    fn likeliest_first(&self, other: &Self) -> Ordering {
        let by_posterior = other.scored.posterior.total_cmp(&self.scored.posterior);
        by_posterior
            .then_with(|| self.candidate.opened_at.cmp(&other.candidate.opened_at))
            .then_with(|| self.id().cmp(&other.id()))
    }
}

fn verdict_reason(kind: VerdictKind, policy: &Policy) -> Contribution {
    let value = match kind {
        VerdictKind::Same => 1.0,
        VerdictKind::NotSame => -1.0,
    };
    Contribution {
        feature: Feature::Verdict,
        value,
        log_odds: value * policy.weights().verdict,
    }
}

fn is_imprecise(observation: &Observation, policy: &Policy) -> bool {
    observation
        .accuracy
        .is_some_and(|accuracy| accuracy > policy.worst_accuracy())
}

/// Largest distance between the report and one of the alert's: exact where all its reports are at hand, and otherwise the
/// most it can be. Every pair is held against the cap, so an alert never grows step by step (a snowball).
fn span_with(candidate: &Candidate, to_farthest: Metres, to_anchor: Metres) -> Metres {
    let complete = candidate.members.len() >= usize::try_from(candidate.reports).unwrap_or(usize::MAX);
    if complete && !candidate.members.is_empty() {
        to_farthest
    } else {
        to_anchor.plus(candidate.extent)
    }
}
