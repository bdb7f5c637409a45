//! The numbers of the score, in one place.

mod curve;
mod file;
mod overrides;

use std::{collections::BTreeMap, sync::LazyLock};

pub use curve::Curve;
pub use overrides::{OverrideValue, WeightOverrides};

use crate::error::InvalidWeights;

/// The weights of evidence. Log-odds are natural logarithms of likelihood ratios: +0.7 doubles the odds that two reports
/// mean the same problem, -0.7 halves them.
///
/// [`Weights::built_in`] is the set for a problem of any kind, and [`WeightSet::built_in`] has one per kind; in
/// [`Weights::default`] nothing speaks. [`Weights::overridden`] sets single ones otherwise, under a version of their own, so
/// that a stored decision can be explained later.
///
/// What is learned and what is set by hand is said in the file `weights/default.toml`, which the program `examples/train`
/// writes. A weight is the logarithm of a ratio of likelihoods (Fellegi and Sunter, 1969), not a share of importance: weights
/// need not add up to anything, and one that is 0 says nothing, while one that is negative speaks against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// Version of the set, stored with every decision.
    pub version: u32,
    /// Version of the single weights that were set otherwise ([`WeightOverrides`]), stored with every decision; `None`
    /// without any.
    pub overrides_version: Option<u32>,
    /// Expected life of a problem in days that the curve of ages was learned with; a policy's own life stretches the curve.
    pub life_days: f64,
    /// Log-odds before any feature speaks.
    pub prior: f64,
    /// Log-odds by the distance in metres of two positions that state no accuracy: geocoded addresses. They are exact, or
    /// off by whole houses, which no Gaussian describes.
    pub distance_m: Curve,
    /// Log-odds before any feature speaks where one of both positions states its accuracy, in place of `prior`.
    pub stated_prior: f64,
    /// Log-odds by the time between two reports of which one states its accuracy, in days, in place of `age_days`: a density,
    /// which a policy's own life stretches and lowers alike.
    pub stated_age_days: Curve,
    /// Expected life of a problem in days that `stated_age_days` holds for.
    pub stated_life_days: f64,
    /// Standard deviation per axis that even the best stated position keeps, in metres: where one stands.
    pub position_floor_m: f64,
    /// Standard deviation per axis of a position that states no accuracy, next to one that does, in metres.
    pub unstated_sigma_m: f64,
    /// Share of reports whose distance follows the stated accuracies, 0..=1; the others point at another part of the thing.
    pub near_share: f64,
    /// Additional standard deviation per axis of those others, in metres.
    pub wide_sigma_m: f64,
    /// Area over which unrelated reports are taken as evenly spread, in square metres: at equal density, distance is neutral.
    pub background_m2: f64,
    /// Multiplies the logarithm of the policy's weight of a category pair.
    pub category: f64,
    /// Weight of a category pair, 0..=1, that suits categories of this one kind.
    pub related_category: f64,
    /// Log-odds by the time between two reports, in days.
    pub age_days: Curve,
    /// Multiplies the logarithm of one more than the number of earlier reports on the spot ([`crate::PAST_HERE`]).
    pub past_here: f64,
    /// Log-odds where no earlier report is on the spot.
    pub past_here_none: f64,
    /// Multiplies the logarithm of one more than the number of earlier reports around ([`crate::PAST_AROUND`]).
    pub past_around: f64,
    /// Log-odds where no earlier report is around.
    pub past_around_none: f64,
    /// Log-odds by the difference of the house numbers on one street; 0 is the same house.
    pub address_gap: Curve,
    /// Same two streets of a crossing.
    pub address_crossing: f64,
    /// Other streets.
    pub address_other: f64,
    /// Same inventory number.
    pub asset_same: f64,
    /// Different inventory numbers.
    pub asset_other: f64,
    /// Log-odds at no common trigram, and at equal texts; between them it is linear in the similarity.
    pub text_none: f64,
    /// See [`Weights::text_none`].
    pub text_equal: f64,
    /// Texts with fewer distinct trigrams than this are neutral.
    pub text_min_trigrams: f64,
    /// Largest number of differing bits (of 64) of photo hashes that are nearly the same picture.
    pub photo_same_bits: f64,
    /// Nearly the same picture. A different picture is neutral: two people stand at two sides.
    pub photo_same: f64,
    /// The same sender, on the same spot, within `resent_minutes`.
    pub resent: f64,
    /// Longest time between two sendings of the same person that count as one said twice, in minutes.
    pub resent_minutes: f64,
    /// A person's word, for or against. Large enough to be seen as decisive; the rules do not rest on it.
    pub verdict: f64,
}

impl Weights {
    /// The built-in weights for a problem of any kind.
    #[must_use]
    pub fn built_in() -> Self {
        WeightSet::built_in().of("").clone()
    }
}

/// Weights by kind of problem (pothole, graffiti, ...), read from one text file.
///
/// # Examples
///
/// ```
/// use geo_dedup::WeightSet;
///
/// let set = WeightSet::built_in();
/// assert!(set.kinds().any(|kind| kind == "pothole"));
/// assert_eq!(set.of("flying saucer"), set.of(""), "a kind that is not listed has the default weights");
/// assert_eq!(&WeightSet::parse(&set.to_string())?, set, "it is written as it is read");
/// # Ok::<(), geo_dedup::InvalidWeights>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightSet {
    default: Weights,
    kinds: BTreeMap<String, Weights>,
}

/// The file that the training program writes. A test reads it; should it ever be broken all the same, nothing speaks for
/// any pair and every report opens an alert of its own.
static BUILT_IN: LazyLock<WeightSet> =
    LazyLock::new(|| WeightSet::parse(include_str!("../weights/default.toml")).unwrap_or_default());

impl WeightSet {
    /// The set that comes with this crate.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// A set of the default weights and those of the kinds that differ.
    #[must_use]
    pub const fn new(default: Weights, kinds: BTreeMap<String, Weights>) -> Self {
        Self { default, kinds }
    }

    /// Reads a set from its text: `version = 2`, then a `[default]` section of all weights and a section per kind of those
    /// that differ, as `name = number` or, for a curve, `name = [[quantity, log-odds], ...]`; `#` begins a comment. It is
    /// valid TOML, of which only so much is understood.
    ///
    /// # Errors
    ///
    /// [`InvalidWeights`] names the first line at fault.
    pub fn parse(text: &str) -> Result<Self, InvalidWeights> {
        file::parse(text)
    }

    /// The weights of a kind; those of `default` when it is not listed.
    #[must_use]
    pub fn of(&self, kind: &str) -> &Weights {
        self.kinds.get(kind).unwrap_or(&self.default)
    }

    /// The kinds listed, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }
}
