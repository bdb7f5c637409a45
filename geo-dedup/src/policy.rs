//! What a town decided for a category: how far, how long, how sure.

use crate::{
    error::{InvalidPolicy, PolicyFault},
    measure::Metres,
    observation::{CategoryId, Observation},
    weights::Weights,
};

/// No search goes farther than this, whatever the policy and the accuracy: locks and candidates stay few.
pub const MAX_RADIUS: Metres = Metres::whole(250);

/// The rules of one category in one jurisdiction; made by [`Policy::builder`], always valid.
///
/// [`Policy::default`] suits a problem of average life where nothing is known about the category.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy(PolicyBuilder);

/// Values for a [`Policy`], each optional; [`PolicyBuilder::build`] checks them together.
///
/// # Examples
///
/// ```
/// use geo_dedup::{CategoryId, Policy};
///
/// let policy = Policy::builder()
///     .version(3)
///     .radius_m(60.0)
///     .life_days(45.0)
///     .join_threshold(0.8)
///     .compatible(CategoryId(12), 0.3)
///     .build()?;
/// assert_eq!(policy.version(), 3);
///
/// let refused = Policy::builder().radius_m(400.0).life_days(-1.0).build().unwrap_err();
/// assert_eq!(refused.faults().iter().map(|fault| fault.field()).collect::<Vec<_>>(), ["radius_m", "life_days"]);
/// # Ok::<(), geo_dedup::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyBuilder {
    version: u32,
    weights: Weights,
    radius_m: f64,
    life_days: Option<f64>,
    join_threshold: f64,
    suggest_threshold: f64,
    compatible: Vec<(CategoryId, f64)>,
    span_m: f64,
    worst_accuracy_m: f64,
    default_point_limit: u32,
    late_days: f64,
    recurrence_days: f64,
    rejected_days: f64,
    joins_silently: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self(PolicyBuilder {
            version: 0,
            weights: Weights::built_in(),
            radius_m: 100.0,
            life_days: None,
            join_threshold: 0.7,
            suggest_threshold: 0.3,
            compatible: Vec::new(),
            span_m: 100.0,
            worst_accuracy_m: 100.0,
            default_point_limit: 25,
            late_days: 14.0,
            recurrence_days: 90.0,
            rejected_days: 30.0,
            joins_silently: true,
        })
    }
}

impl Policy {
    /// Starts from the defaults, under version 0.
    #[must_use]
    pub fn builder() -> PolicyBuilder {
        Self::default().0
    }

    /// The version its keeper gave it; stored with every decision.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.0.version
    }

    /// The weights of evidence it uses.
    #[must_use]
    pub const fn weights(&self) -> &Weights {
        &self.0.weights
    }

    /// How far alerts are searched before the report's accuracy is added: [`Policy::search_radius`] is what a search needs.
    #[must_use]
    pub fn radius(&self) -> Metres {
        metres(self.0.radius_m)
    }

    /// The categories listed as compatible, each with its weight, 0..=1, in the order in which they were listed.
    #[must_use]
    pub fn compatible(&self) -> &[(CategoryId, f64)] {
        &self.0.compatible
    }

    /// Expected life of a problem of this category, in days: the policy's own, or the one that its weights were learned with.
    #[must_use]
    pub fn life_days(&self) -> f64 {
        self.0.life_days.unwrap_or(self.0.weights.life_days)
    }

    /// Posterior probability from which a report joins.
    #[must_use]
    pub const fn join_threshold(&self) -> f64 {
        self.0.join_threshold
    }

    /// Posterior probability from which an alert is suggested.
    #[must_use]
    pub const fn suggest_threshold(&self) -> f64 {
        self.0.suggest_threshold
    }

    /// Largest distance between two reports of one alert.
    #[must_use]
    pub fn span(&self) -> Metres {
        metres(self.0.span_m)
    }

    /// Worst stated accuracy with which a position may make a report join.
    #[must_use]
    pub fn worst_accuracy(&self) -> Metres {
        metres(self.0.worst_accuracy_m)
    }

    /// Number of reports on one coordinate from which it counts as a default point.
    #[must_use]
    pub const fn default_point_limit(&self) -> u32 {
        self.0.default_point_limit
    }

    /// How long after a closure a report observed before it may still be attached, in days.
    #[must_use]
    pub const fn late_days(&self) -> f64 {
        self.0.late_days
    }

    /// How long after a closure a new report counts as a recurrence, in days.
    #[must_use]
    pub const fn recurrence_days(&self) -> f64 {
        self.0.recurrence_days
    }

    /// How long a rejected alert is shown to who reports the same again, in days.
    #[must_use]
    pub const fn rejected_days(&self) -> f64 {
        self.0.rejected_days
    }

    /// How long after its end an alert may still have a part in a decision, in days; see [`crate::Index::forget`].
    #[must_use]
    pub const fn days_remembered(&self) -> f64 {
        let closed = self.0.late_days.max(self.0.recurrence_days);
        closed.max(self.0.rejected_days)
    }

    /// Whether a report joins without a person's word; otherwise what would join is suggested.
    #[must_use]
    pub const fn joins_silently(&self) -> bool {
        self.0.joins_silently
    }

    /// Weight of a category pair: 1 for one and the same, 0 for categories that the policy does not list.
    #[must_use]
    pub fn compatibility(&self, own: CategoryId, other: CategoryId) -> f64 {
        if own == other {
            return 1.0;
        }
        let listed = self.0.compatible.iter().find(|(category, _)| *category == other);
        listed.map_or(0.0, |(_, weight)| *weight)
    }

    /// The categories of which [`Policy::compatibility`] is above 0.
    pub(crate) fn categories(&self, own: CategoryId) -> impl Iterator<Item = CategoryId> + Clone {
        let listed = self
            .0
            .compatible
            .iter()
            .filter(move |(other, weight)| *other != own && *weight > 0.0);
        std::iter::once(own).chain(listed.map(|(other, _)| *other))
    }

    /// How far from the report alerts are searched: the policy's radius plus the stated accuracy, at most [`MAX_RADIUS`].
    ///
    /// An alert whose anchor is farther away takes no part in a decision, so candidates and locks may rely on it.
    #[must_use]
    pub fn search_radius(&self, observation: &Observation) -> Metres {
        let accuracy = observation.accuracy.unwrap_or(Metres::ZERO);
        metres(self.0.radius_m).plus(accuracy).min(MAX_RADIUS)
    }
}

/// A length that [`PolicyBuilder::build`] has checked.
fn metres(checked: f64) -> Metres {
    Metres::new(checked).unwrap_or_default()
}

/// A setter per field, each with the same shape.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty),* $(,)?) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        })*
    };
}

impl PolicyBuilder {
    setters! {
        /// Version under which decisions name this policy (default 0).
        version: u32,
        /// Weights of evidence (default: the built-in ones for a problem of any kind). [`crate::WeightSet`] has them by kind.
        weights: Weights,
        /// Search radius before accuracy, in metres: 1..=250 (default 100). It bounds what is looked at and is not the distance
        /// up to which reports join: how near is near, the weights say.
        radius_m: f64,
        /// Posterior probability from which a report joins: 0.5..=1 (default 0.7). A probability and
        /// no score: the odds are 9 to 1 at 0.9, and 99 to 1 at 0.99.
        join_threshold: f64,
        /// Posterior probability from which an alert is suggested: 0.01..=1, at most the join threshold (default 0.3). Lower
        /// asks people more often; it never makes a report join.
        suggest_threshold: f64,
        /// Largest distance between two reports of one alert, in metres: 1..=500 (default 100). A diameter, not a radius, over
        /// all pairs and not only neighbours, as a chain of DBSCAN would have it.
        span_m: f64,
        /// Worst stated accuracy with which a position may make a report join, in metres: 1..=1000 (default 100). Vaguer ones are
        /// still compared and suggested.
        worst_accuracy_m: f64,
        /// Reports on one coordinate from which it counts as a default point: at least 2 (default 25). The caller
        /// counts them, whatever their category: [`crate::Context::at_exact_point`].
        default_point_limit: u32,
        /// Days after a closure during which a report observed before it is attached: 0..=365 (default 14). They run to the
        /// decision, not to when the report was observed.
        late_days: f64,
        /// Days after a closure during which a new report counts as a recurrence: 0..=3650 (default 90). A recurrence opens an
        /// alert that names the closed one; nothing is reopened.
        recurrence_days: f64,
        /// Days during which a rejected alert is shown to who reports the same: 0..=3650 (default 30).
        rejected_days: f64,
        /// Whether reports join without a person's word (default true).
        joins_silently: bool,
    }

    /// Expected life of a problem, in days: 0.01..=3650 (default: the life that the weights were learned with). It stretches
    /// the weights' curve of ages and is no limit: an alert ends when somebody closes it, not at this age.
    #[must_use]
    pub const fn life_days(mut self, life_days: f64) -> Self {
        self.life_days = Some(life_days);
        self
    }

    /// Adds a category whose alerts may hold the same problem, with its weight, 0..=1: how likely such a pair is compared
    /// with two reports of the same category. It holds for reports under this policy only: the other category's policy lists
    /// this one if it shall be compatible the other way round.
    #[must_use]
    pub fn compatible(mut self, category: CategoryId, weight: f64) -> Self {
        self.compatible.push((category, weight));
        self
    }

    /// Checks all values together.
    ///
    /// # Errors
    ///
    /// [`InvalidPolicy`] names every field at fault.
    pub fn build(self) -> Result<Policy, InvalidPolicy> {
        let ranges = [
            ("radius_m", self.radius_m, 1.0, MAX_RADIUS.get()),
            ("life_days", self.life_days.unwrap_or(1.0), 0.01, 3650.0),
            ("join_threshold", self.join_threshold, 0.5, 1.0),
            ("suggest_threshold", self.suggest_threshold, 0.01, 1.0),
            ("span_m", self.span_m, 1.0, 500.0),
            ("worst_accuracy_m", self.worst_accuracy_m, 1.0, 1000.0),
            (
                "default_point_limit",
                f64::from(self.default_point_limit),
                2.0,
                f64::from(u32::MAX),
            ),
            ("late_days", self.late_days, 0.0, 365.0),
            ("recurrence_days", self.recurrence_days, 0.0, 3650.0),
            ("rejected_days", self.rejected_days, 0.0, 3650.0),
        ];
        let weights = self
            .compatible
            .iter()
            .map(|(_, weight)| ("compatible", *weight, 0.0, 1.0));
        let mut faults: Vec<_> = ranges
            .into_iter()
            .chain(weights)
            .filter(|(_, value, min, max)| !(*min..=*max).contains(value))
            .map(|(field, value, min, max)| PolicyFault::OutOfRange { field, value, min, max })
            .collect();
        if self.suggest_threshold > self.join_threshold {
            faults.push(PolicyFault::SuggestAboveJoin {
                suggest: self.suggest_threshold,
                join: self.join_threshold,
            });
        }
        for (k, (category, _)) in self.compatible.iter().enumerate() {
            if self.compatible.iter().take(k).any(|(earlier, _)| earlier == category) {
                faults.push(PolicyFault::DuplicateCategory(category.0));
            }
        }
        if faults.is_empty() {
            Ok(Policy(self))
        } else {
            Err(InvalidPolicy(faults))
        }
    }
}
