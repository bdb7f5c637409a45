//! How much speaks for "the same problem": one weight of evidence per feature, summed as log-odds.

use std::f64::consts::TAU;

use crate::{
    address::AddressRelation,
    candidate::Candidate,
    measure::{LonLat, Metres, Timestamp},
    observation::{CategoryId, Member, Observation},
    policy::Policy,
    weights::Weights,
};

/// Radius that holds 68 % of a two-dimensional Gaussian, in standard deviations per axis: √(-2 ln 0.32).
const SIGMAS_IN_ACCURACY: f64 = 1.509_592_191_5;
/// Rates outside this factor of the reference are taken as this factor: they come from too few or too special days.
const RATE_BOUND: f64 = 100.0;

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
    /// Reports of compatible categories around; per km² and day.
    LocalRate,
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
            Self::LocalRate => "local_rate",
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
            Self::LocalRate => "1/(km2 d)",
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

/// The parts of a comparison that do not depend on the member.
pub(crate) struct Setting<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) local_rate: Option<f64>,
    /// Whether the coordinate says where the problem is; a default point does not, and neither does its address.
    pub(crate) position_counts: bool,
}

/// The best comparison of a report with an alert's members.
pub(crate) struct Evidence {
    pub(crate) log_odds: f64,
    pub(crate) reasons: Vec<Contribution>,
    /// Whether something other than the place identifies the problem: the same thing by number, or the same picture.
    pub(crate) identified: bool,
}

/// One side of a comparison: a member, or an alert's anchor where no member is known.
struct Side<'a> {
    point: LonLat,
    accuracy: Option<Metres>,
    at: Timestamp,
    member: Option<&'a Member>,
}

/// Compares a report with every known member of an alert and keeps the comparison that speaks most for it (the first of
/// equals). The whole of one comparison is kept, so that its reasons tell one story.
///
/// `since` replaces the members' times where the problem cannot be older: after a closure, it starts anew.
pub(crate) fn compare(
    observation: &Observation,
    candidate: &Candidate,
    since: Option<Timestamp>,
    setting: &Setting<'_>,
) -> Evidence {
    let anchor = Side {
        point: candidate.anchor,
        accuracy: None,
        at: since.unwrap_or(candidate.opened_at),
        member: None,
    };
    let members = candidate.members.iter().map(|member| Side {
        point: member.point,
        accuracy: member.accuracy,
        at: since.unwrap_or(member.observed_at),
        member: Some(member),
    });
    let common = common_reasons(observation.category, candidate.category, setting);
    let by_member = members.map(|side| pair(observation, &side, setting));
    let best = by_member.reduce(|best, next| {
        if next.log_odds > best.log_odds {
            next
        } else {
            best
        }
    });
    let mut evidence = best.unwrap_or_else(|| pair(observation, &anchor, setting));
    evidence.log_odds += total(&common);
    evidence.reasons.splice(0..0, common);
    evidence
}

fn total(reasons: &[Contribution]) -> f64 {
    reasons.iter().map(|reason| reason.log_odds).sum()
}

fn common_reasons(own: CategoryId, other: CategoryId, setting: &Setting<'_>) -> Vec<Contribution> {
    let weights = setting.policy.weights();
    let weight = setting.policy.compatibility(own, other);
    let mut reasons = vec![
        Contribution {
            feature: Feature::Prior,
            value: 1.0,
            log_odds: weights.prior,
        },
        Contribution {
            feature: Feature::Category,
            value: weight,
            log_odds: weights.category * weight.max(0.01).ln(),
        },
    ];
    if let Some(rate) = setting
        .local_rate
        .filter(|rate| rate.is_finite() && *rate >= 0.0)
    {
        let relative = (rate / weights.reference_rate).clamp(1.0 / RATE_BOUND, RATE_BOUND);
        let log_odds = -weights.local_rate * relative.ln();
        reasons.push(Contribution {
            feature: Feature::LocalRate,
            value: rate,
            log_odds,
        });
    }
    reasons
}

fn pair(observation: &Observation, side: &Side<'_>, setting: &Setting<'_>) -> Evidence {
    let (policy, weights) = (setting.policy, setting.policy.weights());
    let mut reasons = Vec::with_capacity(8);
    let mut note = |feature, value, log_odds| {
        reasons.push(Contribution {
            feature,
            value,
            log_odds,
        })
    };

    let distance = observation.point.distance(&side.point).get();
    let variance = pair_variance(observation.accuracy, side.accuracy, weights);
    if setting.position_counts {
        note(
            Feature::Distance,
            distance,
            spot_log_odds(distance, variance, weights),
        );
    }
    let days = observation.observed_at.days_since(side.at).abs();
    note(
        Feature::Age,
        days,
        -weights.age_per_life * days / policy.life_days(),
    );

    let mut identified = false;
    if let Some(member) = side.member {
        if let Some((value, log_odds)) =
            address(observation, member, weights).filter(|_| setting.position_counts)
        {
            note(Feature::Address, value, log_odds);
        }
        if let Some(same) = same_asset(observation, member) {
            identified |= same;
            let log_odds = if same {
                weights.asset_same
            } else {
                weights.asset_other
            };
            note(Feature::Asset, f64::from(u8::from(same)), log_odds);
        }
        if let Some((similarity, log_odds)) = text(observation, member, weights) {
            note(Feature::Text, similarity, log_odds);
        }
        if let Some(bits) = photo_bits(observation, member) {
            let same = bits <= weights.photo_same_bits;
            identified |= same;
            note(
                Feature::Photo,
                f64::from(bits),
                if same { weights.photo_same } else { 0.0 },
            );
        }
        let minutes = observation.observed_at.days_since(member.observed_at).abs() * 24.0 * 60.0;
        let same_sender = observation.sender.is_some() && observation.sender == member.sender;
        // Who walks along a street and reports three things is not resubmitting.
        if same_sender && minutes <= weights.resent_minutes && distance <= 2.0 * variance.sqrt() {
            note(Feature::SameSender, minutes, weights.resent);
        }
    }
    Evidence {
        log_odds: total(&reasons),
        reasons,
        identified,
    }
}

/// Variance per axis, in m², of the difference of two positions of one thing.
fn pair_variance(one: Option<Metres>, other: Option<Metres>, weights: &Weights) -> f64 {
    let sigma = |accuracy: Option<Metres>| {
        accuracy.map_or(weights.unstated_sigma_m, |accuracy| {
            accuracy.get() / SIGMAS_IN_ACCURACY
        })
    };
    sigma(one).powi(2) + sigma(other).powi(2) + weights.position_floor_m.powi(2)
}

/// Density of the distance between two reports of one problem, over the density of unrelated ones: a mixture of two
/// Gaussians against an even spread.
fn spot_log_odds(distance: f64, variance: f64, weights: &Weights) -> f64 {
    let density =
        |variance: f64| (-distance * distance / (2.0 * variance)).exp() / (TAU * variance);
    let near = weights.near_share * density(variance);
    let wide = (1.0 - weights.near_share) * density(variance + weights.wide_sigma_m.powi(2));
    // Far out both vanish; the floor keeps the sum finite.
    ((near + wide) * weights.background_m2).max(1e-9).ln()
}

fn address(observation: &Observation, member: &Member, weights: &Weights) -> Option<(f64, f64)> {
    let relation = observation
        .address
        .as_ref()?
        .relation(member.address.as_ref()?);
    match relation {
        AddressRelation::Unknown => None,
        AddressRelation::SameCrossing => Some((0.0, weights.address_crossing)),
        AddressRelation::OtherStreet => Some((-1.0, weights.address_other)),
        AddressRelation::NumberGap(gap) => Some((
            f64::from(gap),
            match gap {
                0 => weights.address_same,
                _ if gap <= weights.address_near_gap => weights.address_near,
                _ => weights.address_far,
            },
        )),
    }
}

fn same_asset(observation: &Observation, member: &Member) -> Option<bool> {
    let (one, other) = (
        observation.asset.as_deref()?.trim(),
        member.asset.as_deref()?.trim(),
    );
    (!one.is_empty() && !other.is_empty()).then(|| one.eq_ignore_ascii_case(other))
}

fn text(observation: &Observation, member: &Member, weights: &Weights) -> Option<(f64, f64)> {
    let (one, other) = (observation.text.as_ref()?, member.text.as_ref()?);
    if one.len().min(other.len()) < weights.text_min_trigrams {
        return None;
    }
    let similarity = one.similarity(other);
    Some((
        similarity,
        weights.text_none + similarity * (weights.text_equal - weights.text_none),
    ))
}

fn photo_bits(observation: &Observation, member: &Member) -> Option<u32> {
    let own = observation
        .photo_hashes
        .iter()
        .filter(|hash| hash.is_telling());
    let others = || member.photo_hashes.iter().filter(|hash| hash.is_telling());
    own.flat_map(|one| others().map(|other| one.distance(*other)))
        .min()
}
