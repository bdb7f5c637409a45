//! The features of a comparison, by name and unit, and what one of them said.

/// A feature of a pair of reports that speaks for or against their being the same problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// What is expected before anything is compared; value: 1.
    Prior,
    /// Distance between both places, under both accuracies; in metres. Where one of them states its accuracy and the alert has
    /// several reports, from the mean of these.
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
