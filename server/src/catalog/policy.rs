//! A category's deduplication policy as a town writes it (JSON), and as geo-dedup reads it.

use std::collections::BTreeMap;
use std::fmt;

use geo_dedup::{
    CategoryId, InvalidOverrides, InvalidPolicy, Policy, PolicyBuilder, WeightOverrides, WeightSet, Weights,
};
use serde::{Deserialize, Serialize};

/// When reports become one alert. What is not given keeps geo-dedup's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyDocument {
    /// Kind of problem, whose weights of evidence apply: graffiti, pothole, sidewalk, sign, street_light, tree, vehicle or waste;
    /// without one, weights for a problem of any kind. The kinds were learned from addresses and suit reports that come with
    /// one; where phones say the place, the weights of any kind are wrong half as often.
    pub kind: Option<String>,
    /// Search radius, metres, before accuracies are added; at most 250.
    pub radius_m: Option<f64>,
    /// Days that such a problem usually lasts.
    pub life_days: Option<f64>,
    /// Posterior probability from which a report joins, 0 to 1.
    pub join_threshold: Option<f64>,
    /// Posterior probability from which the person is asked, 0 to 1.
    pub suggest_threshold: Option<f64>,
    /// Largest distance between two reports of one alert, metres.
    pub span_m: Option<f64>,
    /// Positions stated worse than so many metres never join by place.
    pub worst_accuracy_m: Option<f64>,
    /// Reports on one exact point from which it is a default point.
    pub default_point_limit: Option<u32>,
    /// Days during which a report observed before a closure is still attached to the closed alert.
    pub late_days: Option<f64>,
    /// Days after a closure during which a new alert is linked as its recurrence.
    pub recurrence_days: Option<f64>,
    /// False: a person must always confirm.
    pub joins_silently: Option<bool>,
    /// Codes of other categories whose alerts are candidates, each with the weight of the pair, 0 to 1.
    pub compatible: BTreeMap<String, f64>,
    /// Single weights of evidence that the town sets otherwise than its kind of problem has them, by their names in geo-dedup's
    /// file of weights: log-odds (photo_same, text_equal, address_other...; -30 to 30), and lengths, times and shares under
    /// bounds of their own. Curves (distance_m, age_days, stated_age_days, address_gap) can only be learned, not set here. Each
    /// decision names the policy's version, and so says which weights were in force.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
}

/// Everything that is wrong with a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Of its rules.
    pub policy: Option<InvalidPolicy>,
    /// Of its weights.
    pub weights: Option<InvalidOverrides>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.policy, &self.weights) {
            (Some(policy), Some(weights)) => write!(f, "{policy}; weights: {weights}"),
            (Some(policy), None) => write!(f, "{policy}"),
            (None, Some(weights)) => write!(f, "weights: {weights}"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

impl PolicyDocument {
    /// Whether there are weights for its kind, or it names none.
    #[must_use]
    pub fn kind_is_known(&self) -> bool {
        let known = |kind: &String| WeightSet::built_in().kinds().any(|known| known == kind);
        self.kind.as_ref().is_none_or(known)
    }

    /// The policy of a version, once the codes of compatible categories are known. Weights that are set bear that version too.
    ///
    /// # Errors
    /// Every value out of its range, and every weight that cannot be set.
    pub fn build(
        &self,
        version: u32,
        rejected_days: i32,
        number_of: impl Fn(&str) -> Option<CategoryId>,
    ) -> Result<Policy, Refused> {
        let rules = self.rules(version, rejected_days, number_of);
        match self.own_weights(version) {
            Ok(weights) => rules.weights(weights).build().map_err(|policy| Refused {
                policy: Some(policy),
                weights: None,
            }),
            Err(weights) => Err(Refused {
                policy: rules.build().err(),
                weights: Some(weights),
            }),
        }
    }

    /// The weights of its kind, with those that it sets.
    fn own_weights(&self, version: u32) -> Result<Weights, InvalidOverrides> {
        let learned = WeightSet::built_in().of(self.kind.as_deref().unwrap_or_default());
        if self.weights.is_empty() {
            return Ok(learned.clone());
        }
        let set = self.weights.iter();
        let set = set.fold(WeightOverrides::new(version), |set, (name, value)| {
            set.number(name, *value)
        });
        learned.overridden(&set)
    }

    fn rules(&self, version: u32, rejected_days: i32, number_of: impl Fn(&str) -> Option<CategoryId>) -> PolicyBuilder {
        let mut builder = Policy::builder()
            .version(version)
            .rejected_days(f64::from(rejected_days));
        if let Some(value) = self.radius_m {
            builder = builder.radius_m(value);
        }
        if let Some(value) = self.life_days {
            builder = builder.life_days(value);
        }
        if let Some(value) = self.join_threshold {
            builder = builder.join_threshold(value);
        }
        if let Some(value) = self.suggest_threshold {
            builder = builder.suggest_threshold(value);
        }
        if let Some(value) = self.span_m {
            builder = builder.span_m(value);
        }
        if let Some(value) = self.worst_accuracy_m {
            builder = builder.worst_accuracy_m(value);
        }
        if let Some(value) = self.default_point_limit {
            builder = builder.default_point_limit(value);
        }
        if let Some(value) = self.late_days {
            builder = builder.late_days(value);
        }
        if let Some(value) = self.recurrence_days {
            builder = builder.recurrence_days(value);
        }
        if let Some(value) = self.joins_silently {
            builder = builder.joins_silently(value);
        }
        for (code, weight) in &self.compatible {
            if let Some(number) = number_of(code) {
                builder = builder.compatible(number, *weight);
            }
        }
        builder
    }
}
