//! What a person says: one report, as far as the decision needs it.

use crate::{
    address::Address,
    measure::{LonLat, Metres, Timestamp},
    text::TextPrint,
};

/// Identifies a category of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryId(pub i64);

/// Identifies a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(pub u128);

/// An opaque tag that is equal when the same sender sends again. It serves to recognise a resubmission and nothing else: a
/// reporter is never scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SenderTag(pub u64);

/// A perceptual hash of a photo: 64 bits, of which similar pictures share most.
///
/// Any hash serves whose Hamming distance says how alike two pictures are; the weights were set for the gradient hash of 8 by 8
/// (the sign of the difference of neighbours, "dHash"). A hash of the file's bytes does not: one changed pixel changes half of
/// its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotoHash(pub u64);

impl PhotoHash {
    /// Number of bits in which two hashes differ, 0..=64.
    #[must_use]
    pub const fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }

    /// Whether the picture had any structure to hash. A black or blurred frame gives (nearly) all bits equal, and two such
    /// frames look alike without showing the same thing.
    #[must_use]
    pub const fn is_telling(self) -> bool {
        let ones = self.0.count_ones();
        ones >= 8 && ones <= 56
    }
}

/// How dangerous the reporter's answers make the problem. It has no part in whether two reports mean the same thing; a
/// caller that joins a report above [`Severity::Normal`] raises the alert and notifies again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// An everyday problem.
    #[default]
    Normal,
    /// More urgent than the category says.
    High,
    /// Somebody may get hurt.
    Danger,
}

impl Severity {
    /// Stable name for storage and interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
            Self::Danger => "danger",
        }
    }
}

/// A report to be placed. What is missing stays `None` or empty and counts neither for nor against.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Where the problem is said to be.
    pub point: LonLat,
    /// Radius around `point` that holds the true place in 68 % of cases, as phones state it. It is neither a maximum nor the
    /// standard deviation per axis (which is two thirds of it), nor the radius of 95 % that W3C's Geolocation speaks of. `None`
    /// where nobody states one, as with the position of an address: it is then taken as exact or off by whole houses.
    pub accuracy: Option<Metres>,
    /// What kind of problem it is.
    pub category: CategoryId,
    /// When the person saw it; earlier than its arrival when it was sent late.
    pub observed_at: Timestamp,
    /// Street address.
    pub address: Option<Address>,
    /// Description in the person's words.
    pub text: Option<TextPrint>,
    /// Perceptual hashes of its photos.
    pub photo_hashes: Vec<PhotoHash>,
    /// How dangerous it is.
    pub severity: Severity,
    /// Inventory number of the thing reported (lamp, tree, bin), when it was scanned or picked.
    pub asset: Option<String>,
    /// Who sent it, to recognise a resubmission.
    pub sender: Option<SenderTag>,
}

impl Observation {
    /// A report of which only the essentials are known; set the other fields as they are.
    #[must_use]
    pub const fn new(point: LonLat, category: CategoryId, observed_at: Timestamp) -> Self {
        Self {
            point,
            accuracy: None,
            category,
            observed_at,
            address: None,
            text: None,
            photo_hashes: Vec::new(),
            severity: Severity::Normal,
            asset: None,
            sender: None,
        }
    }

    /// The same report once it belongs to an alert.
    #[must_use]
    pub fn into_member(self, report: ReportId) -> Member {
        Member {
            report,
            point: self.point,
            accuracy: self.accuracy,
            category: self.category,
            observed_at: self.observed_at,
            address: self.address,
            text: self.text,
            photo_hashes: self.photo_hashes,
            asset: self.asset,
            sender: self.sender,
        }
    }
}

/// A report that already belongs to an alert; fields as in [`Observation`].
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Which report it is.
    pub report: ReportId,
    /// Where the problem is said to be.
    pub point: LonLat,
    /// Radius around `point` that holds the true place in 68 % of cases.
    pub accuracy: Option<Metres>,
    /// What kind of problem it is.
    pub category: CategoryId,
    /// When the person saw it.
    pub observed_at: Timestamp,
    /// Street address.
    pub address: Option<Address>,
    /// Description in the person's words.
    pub text: Option<TextPrint>,
    /// Perceptual hashes of its photos.
    pub photo_hashes: Vec<PhotoHash>,
    /// Inventory number of the thing reported.
    pub asset: Option<String>,
    /// Who sent it.
    pub sender: Option<SenderTag>,
}
