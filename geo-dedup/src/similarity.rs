//! How much speaks for "the same problem": one weight of evidence per feature, summed as log-odds.

use std::f64::consts::TAU;

use crate::{
    address::AddressRelation,
    candidate::{Candidate, Context},
    measure::{Metres, Timestamp},
    observation::{CategoryId, Member, Observation, ReportId},
    policy::Policy,
    weights::Weights,
};

/// Radius that holds 68 % of a two-dimensional Gaussian, in standard deviations per axis: √(-2 ln 0.32).
const SIGMAS_IN_ACCURACY: f64 = 1.509_592_191_5;
/// A category pair of weight 0 is only compared when a person said that it is the same; its logarithm must stay finite.
const LEAST_COMPATIBILITY: f64 = 0.01;

/// A feature of a pair of reports that speaks for or against their being the same problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// What is expected before anything is compared; value: 1.
    Prior,
    /// Distance between both places, under both accuracies; in metres.
    Distance,
    /// The policy's weight of the category pair; 0..=1.
    Category,
    /// Time between both observations; in days.
    Age,
    /// Earlier reports of compatible categories on the spot.
    PastHere,
    /// Earlier reports of compatible categories around.
    PastAround,
    /// House numbers between both addresses; -1 when the streets differ.
    Address,
    /// Whether the inventory numbers agree; 1 or 0.
    Asset,
    /// Similarity of the descriptions; 0..=1.
    Text,
    /// Differing bits of the most similar photos; 0..=64.
    Photo,
    /// Time since the same sender's report; in minutes.
    SameSender,
    /// A person's word; 1 the same, -1 not the same.
    Verdict,
}

impl Feature {
    /// Stable name for storage and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prior => "prior",
            Self::Distance => "distance",
            Self::Category => "category",
            Self::Age => "age",
            Self::PastHere => "past_here",
            Self::PastAround => "past_around",
            Self::Address => "address",
            Self::Asset => "asset",
            Self::Text => "text",
            Self::Photo => "photo",
            Self::SameSender => "same_sender",
            Self::Verdict => "verdict",
        }
    }

    /// Unit of the feature's value; empty for a plain number.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Distance => "m",
            Self::Age => "d",
            Self::PastHere | Self::PastAround => "reports",
            Self::Address => "house numbers",
            Self::Photo => "bits",
            Self::SameSender => "min",
            Self::Prior | Self::Category | Self::Asset | Self::Text | Self::Verdict => "",
        }
    }
}

/// What one feature said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The feature.
    pub feature: Feature,
    /// Its value, in the unit that [`Feature::unit`] names.
    pub value: f64,
    /// Its weight of evidence: positive speaks for the same problem.
    pub log_odds: f64,
}

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
}

/// Compares a report, `to_anchor` away from an alert's anchor, with every known member of the alert and keeps the
/// comparison that speaks most for it (of equals the first report). The whole of one comparison is kept, so that its
/// reasons tell one story.
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
        };
        pair(observation, &anchor, setting, &mut evidence);
    }
    evidence
}

/// What the alert as a whole says, whichever member the report is compared with.
fn common_evidence(own: CategoryId, other: CategoryId, setting: &Setting<'_>) -> Evidence {
    let weights = setting.policy.weights();
    let mut evidence = Evidence::new();
    evidence.note(Feature::Prior, 1.0, weights.prior);
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
    let spot = Spot {
        metres: side.distance.get(),
        variance: pair_variance(observation.accuracy, side.accuracy, weights),
    };
    let geocoded = observation.accuracy.is_none() && side.accuracy.is_none();
    if setting.position_counts {
        let log_odds = if geocoded {
            weights.distance_m.at(spot.metres)
        } else {
            spot.log_odds(weights)
        };
        evidence.note(Feature::Distance, spot.metres, log_odds);
    }
    let days = observation.observed_at.days_since(side.at).abs();
    let learned_days = days * weights.life_days / setting.policy.life_days();
    let age = weights.age_days.at(learned_days);
    // The curve was learned from addresses, where what comes within the hour is mostly the same thing said twice. One walk with
    // a phone finds several things: between stated positions, being reported at once speaks for nothing.
    evidence.note(Feature::Age, days, if geocoded { age } else { age.min(0.0) });
    if let Some(member) = side.member {
        compare_statements(observation, member, setting, evidence);
        if let Some(minutes) = resent(observation, member, &spot, weights) {
            evidence.note(Feature::SameSender, minutes, weights.resent);
        }
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
fn resent(observation: &Observation, member: &Member, spot: &Spot, weights: &Weights) -> Option<f64> {
    let minutes = observation.observed_at.days_since(member.observed_at).abs() * 24.0 * 60.0;
    let same_sender = observation.sender.is_some() && observation.sender == member.sender;
    let on_the_spot = spot.metres <= 2.0 * spot.variance.sqrt();
    (same_sender && on_the_spot && minutes <= weights.resent_minutes).then_some(minutes)
}

/// How two positions lie to each other.
struct Spot {
    /// Distance between them.
    metres: f64,
    /// Variance per axis of their difference if they mean one thing, in m².
    variance: f64,
}

impl Spot {
    /// Density of the distance between two reports of one problem, over the density of unrelated ones: a mixture of two
    /// Gaussians against an even spread.
    fn log_odds(&self, weights: &Weights) -> f64 {
        let density = |variance: f64| (-self.metres * self.metres / (2.0 * variance)).exp() / (TAU * variance);
        let near = weights.near_share * density(self.variance);
        let wide = (1.0 - weights.near_share) * density(self.variance + weights.wide_sigma_m.powi(2));
        // Far out both vanish; the floor keeps the sum finite.
        ((near + wide) * weights.background_m2).max(1e-9).ln()
    }
}

/// Variance per axis, in m², of the difference of two positions of one thing.
fn pair_variance(one: Option<Metres>, other: Option<Metres>, weights: &Weights) -> f64 {
    let sigma = |accuracy: Option<Metres>| {
        accuracy.map_or(weights.unstated_sigma_m, |accuracy| accuracy.get() / SIGMAS_IN_ACCURACY)
    };
    sigma(one).powi(2) + sigma(other).powi(2) + weights.position_floor_m.powi(2)
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
