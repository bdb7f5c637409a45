//! How much speaks for "the same problem": one weight of evidence per feature, summed as log-odds.

use crate::{
    address::AddressRelation,
    candidate::{Candidate, Context},
    feature::{Contribution, Feature},
    measure::{Metres, Timestamp},
    observation::{CategoryId, Member, Observation, ReportId},
    policy::Policy,
    position::{Pool, Spot},
    weights::Weights,
};

/// A category pair of weight 0 is only compared when a person said that it is the same; its logarithm must stay finite.
const LEAST_COMPATIBILITY: f64 = 0.01;

/// The parts of a comparison that depend on the report alone.
pub(crate) struct Setting<'a> {
    pub(crate) policy: &'a Policy,
    /// What the place's past says.
    pasts: [Option<Contribution>; 2],
    /// Whether the coordinate says where the problem is; a default point does not, and neither does its address.
    position_counts: bool,
}

impl<'a> Setting<'a> {
    pub(crate) fn new(context: &Context, policy: &'a Policy) -> Self {
        let weights = policy.weights();
        // A default point has a past of its own that says nothing about a place.
        let position_counts = context.at_exact_point < policy.default_point_limit();
        let past = |feature, count: Option<u32>, none, slope| {
            count.filter(|_| position_counts).map(|count| Contribution {
                feature,
                value: f64::from(count),
                log_odds: none + slope * f64::from(count).ln_1p(),
            })
        };
        let (here, around) = (context.past_here, context.past_around);
        Self {
            policy,
            pasts: [
                past(Feature::PastHere, here, weights.past_here_none, weights.past_here),
                past(
                    Feature::PastAround,
                    around,
                    weights.past_around_none,
                    weights.past_around,
                ),
            ],
            position_counts,
        }
    }

    pub(crate) const fn at_default_point(&self) -> bool {
        !self.position_counts
    }
}

/// Room for the best comparison and the one being made, so that the list is made once.
const USUAL_REASONS: usize = 16;

/// A comparison of a report with an alert: what each feature said.
pub(crate) struct Evidence {
    pub(crate) reasons: Vec<Contribution>,
    /// Whether something other than the place identifies the problem: the same thing by number, or the same picture.
    pub(crate) identified: bool,
    /// Largest distance between the report and a known member; zero without any.
    pub(crate) farthest: Metres,
}

impl Evidence {
    fn new() -> Self {
        Self {
            reasons: Vec::with_capacity(USUAL_REASONS),
            identified: false,
            farthest: Metres::ZERO,
        }
    }

    pub(crate) fn add(&mut self, reason: Contribution) {
        self.reasons.push(reason);
    }

    fn note(&mut self, feature: Feature, value: f64, log_odds: f64) {
        self.add(Contribution {
            feature,
            value,
            log_odds,
        });
    }

    /// Probability that both are the same problem, 0..=1.
    pub(crate) fn posterior(&self) -> f64 {
        1.0 / (1.0 + (-log_odds(self.reasons.iter())).exp())
    }
}

fn log_odds<'a>(reasons: impl Iterator<Item = &'a Contribution>) -> f64 {
    reasons.map(|reason| reason.log_odds).sum()
}

/// One side of a comparison: a member, or an alert's anchor where no member is known.
struct Side<'a> {
    /// Distance from the report.
    distance: Metres,
    accuracy: Option<Metres>,
    at: Timestamp,
    member: Option<&'a Member>,
    /// Distance from where all of the alert's reports together say that it is, and what it says; if it has several.
    pooled: Option<(f64, f64)>,
}

impl Side<'_> {
    fn spot(&self, observation: &Observation, weights: &Weights) -> Spot {
        Spot::of_pair(self.distance, observation.accuracy, self.accuracy, weights)
    }
}

/// Compares a report, `to_anchor` away from an alert's anchor, with every known member of the alert and keeps the
/// comparison that speaks most for it (of equals the first report). The whole of one comparison is kept, so that its
/// reasons tell one story; only the place of phones is that of all members together, of which none knows it as well.
///
/// `since` replaces the members' times where the problem cannot be older: after a closure, it starts anew.
pub(crate) fn compare(
    observation: &Observation,
    candidate: &Candidate,
    to_anchor: Metres,
    since: Option<Timestamp>,
    setting: &Setting<'_>,
) -> Evidence {
    let mut evidence = common_evidence(observation.category, candidate.category, setting);
    let common = evidence.reasons.len();
    let pooled = pooled(observation, candidate, setting.policy.weights());
    let mut best: Option<(f64, ReportId)> = None;
    for member in &candidate.members {
        // Most alerts have one report, which is their anchor.
        let distance = if member.point == candidate.anchor {
            to_anchor
        } else {
            observation.point.distance(&member.point)
        };
        let side = Side {
            distance,
            accuracy: member.accuracy,
            at: since.unwrap_or(member.observed_at),
            member: Some(member),
            pooled,
        };
        // Written behind the best one, and then moved over it or taken back.
        let kept = evidence.reasons.len();
        let identified = std::mem::take(&mut evidence.identified);
        pair(observation, &side, setting, &mut evidence);
        let score = log_odds(evidence.reasons.iter().skip(kept));
        let better = best.is_none_or(|(most, first)| {
            let order = score.total_cmp(&most);
            order.then_with(|| first.cmp(&member.report)).is_gt()
        });
        if better {
            best = Some((score, member.report));
            evidence.reasons.drain(common..kept);
        } else {
            evidence.identified = identified;
            evidence.reasons.truncate(kept);
        }
        evidence.farthest = evidence.farthest.max(distance);
    }
    if best.is_none() {
        let anchor = Side {
            distance: to_anchor,
            accuracy: None,
            at: since.unwrap_or(candidate.opened_at),
            member: None,
            pooled: None,
        };
        pair(observation, &anchor, setting, &mut evidence);
    }
    // A comparison begins with its prior, and so does what is told of it.
    if let Some(told_first) = evidence.reasons.get_mut(..=common) {
        told_first.rotate_right(1);
    }
    evidence
}

/// The distance from where all reports of the alert say that it is, and what it says; nothing between addresses, which are
/// exact or off by whole houses.
fn pooled(observation: &Observation, candidate: &Candidate, weights: &Weights) -> Option<(f64, f64)> {
    let mut accuracies = candidate.members.iter().map(|member| member.accuracy);
    let stated = observation.accuracy.is_some() || accuracies.any(|accuracy| accuracy.is_some());
    let pool = stated.then(|| Pool::of(candidate, weights)).flatten()?;
    Some(pool.spot(observation, weights).told(weights))
}

/// What the alert as a whole says, whichever member the report is compared with.
fn common_evidence(own: CategoryId, other: CategoryId, setting: &Setting<'_>) -> Evidence {
    let weights = setting.policy.weights();
    let mut evidence = Evidence::new();
    let weight = setting.policy.compatibility(own, other);
    evidence.note(
        Feature::Category,
        weight,
        weights.category * weight.max(LEAST_COMPATIBILITY).ln(),
    );
    evidence.reasons.extend(setting.pasts.iter().flatten());
    evidence
}

/// Adds what the report and one side say together.
fn pair(observation: &Observation, side: &Side<'_>, setting: &Setting<'_>, evidence: &mut Evidence) {
    let weights = setting.policy.weights();
    // What is learned from addresses does not hold for what phones state, and the other way round.
    let geocoded = observation.accuracy.is_none() && side.accuracy.is_none();
    let prior = if geocoded { weights.prior } else { weights.stated_prior };
    evidence.note(Feature::Prior, 1.0, prior);
    if setting.position_counts {
        let (metres, log_odds) = if geocoded {
            let metres = side.distance.get();
            (metres, weights.distance_m.at(metres))
        } else {
            let alone = || side.spot(observation, weights).told(weights);
            side.pooled.unwrap_or_else(alone)
        };
        evidence.note(Feature::Distance, metres, log_odds);
    }
    let days = observation.observed_at.days_since(side.at).abs();
    let resent = side
        .member
        .and_then(|member| resent(observation, member, side, weights));
    let age = if geocoded {
        weights
            .age_days
            .at(days * weights.life_days / setting.policy.life_days())
    } else {
        let walk = resent.is_none() && side.member.is_none_or(|member| may_be_one_walk(observation, member));
        let age = stated_age(days, setting.policy);
        if walk { age.min(0.0) } else { age }
    };
    evidence.note(Feature::Age, days, age);
    if let Some(member) = side.member {
        compare_statements(observation, member, setting, evidence);
    }
    if let Some(minutes) = resent {
        evidence.note(Feature::SameSender, minutes, weights.resent);
    }
}

/// What the time between two reports says where a position is stated. The curve is a density of delays: where problems last
/// twice as long, it is twice as wide and half as high.
fn stated_age(days: f64, policy: &Policy) -> f64 {
    let weights = policy.weights();
    let stretch = weights.stated_life_days / policy.life_days();
    weights.stated_age_days.at(days * stretch) + stretch.ln()
}

/// One walk with a phone finds several things: only of two people does it speak for one thing that both report it at once.
fn may_be_one_walk(observation: &Observation, member: &Member) -> bool {
    match (observation.sender, member.sender) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// What both people said and showed, as far as both did.
fn compare_statements(observation: &Observation, member: &Member, setting: &Setting<'_>, evidence: &mut Evidence) {
    let weights = setting.policy.weights();
    if let Some((gap, log_odds)) = address(observation, member, weights).filter(|_| setting.position_counts) {
        evidence.note(Feature::Address, gap, log_odds);
    }
    if let Some(same) = same_asset(observation, member) {
        evidence.identified |= same;
        let log_odds = if same { weights.asset_same } else { weights.asset_other };
        evidence.note(Feature::Asset, f64::from(u8::from(same)), log_odds);
    }
    if let Some((similarity, log_odds)) = text(observation, member, weights) {
        evidence.note(Feature::Text, similarity, log_odds);
    }
    if let Some(bits) = photo_bits(observation, member) {
        let bits = f64::from(bits);
        let same = bits <= weights.photo_same_bits;
        evidence.identified |= same;
        evidence.note(Feature::Photo, bits, if same { weights.photo_same } else { 0.0 });
    }
}

/// Minutes between two sendings of one person on one spot; `None` when they are no resubmission. Who walks along a street
/// and reports three things is not resubmitting.
fn resent(observation: &Observation, member: &Member, side: &Side<'_>, weights: &Weights) -> Option<f64> {
    let minutes = observation.observed_at.days_since(member.observed_at).abs() * 24.0 * 60.0;
    let same_sender = observation.sender.is_some() && observation.sender == member.sender;
    let may_be = same_sender && minutes <= weights.resent_minutes;
    (may_be && side.spot(observation, weights).is_one()).then_some(minutes)
}

fn address(observation: &Observation, member: &Member, weights: &Weights) -> Option<(f64, f64)> {
    let relation = observation.address.as_ref()?.relation(member.address.as_ref()?);
    match relation {
        AddressRelation::Unknown => None,
        AddressRelation::SameCrossing => Some((0.0, weights.address_crossing)),
        AddressRelation::OtherStreet => Some((-1.0, weights.address_other)),
        AddressRelation::NumberGap(gap) => {
            let gap = f64::from(gap);
            Some((gap, weights.address_gap.at(gap)))
        }
    }
}

fn same_asset(observation: &Observation, member: &Member) -> Option<bool> {
    let (one, other) = (observation.asset.as_deref()?.trim(), member.asset.as_deref()?.trim());
    (!one.is_empty() && !other.is_empty()).then(|| one.eq_ignore_ascii_case(other))
}

fn text(observation: &Observation, member: &Member, weights: &Weights) -> Option<(f64, f64)> {
    let (one, other) = (observation.text.as_ref()?, member.text.as_ref()?);
    if (one.len().min(other.len()) as f64) < weights.text_min_trigrams {
        return None;
    }
    let similarity = one.similarity(other);
    Some((
        similarity,
        weights.text_none + similarity * (weights.text_equal - weights.text_none),
    ))
}

fn photo_bits(observation: &Observation, member: &Member) -> Option<u32> {
    let own = observation.photo_hashes.iter().filter(|hash| hash.is_telling());
    let others = || member.photo_hashes.iter().filter(|hash| hash.is_telling());
    own.flat_map(|one| others().map(|other| one.distance(*other))).min()
}
