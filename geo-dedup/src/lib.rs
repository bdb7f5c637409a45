//! Decide which alert a street report belongs to: join one, suggest some, or open a new one.
//!
//! Ten people report one pothole; the town wants one alert. This crate holds that decision and nothing else: it reads
//! values, returns values, and knows neither clock, database nor network. The caller
//!
//! 1. searches the alerts around a report by ranges of one indexed column ([`cell::covering`] over
//!    [`Policy::search_radius`]), under the locks of [`cell::lock_cells`] when it writes;
//! 2. passes them with the report and what is known about the place to [`decide`];
//! 3. does what the [`Decision`] says, and keeps the [`Outcome`]: each feature with its weight of evidence.
//!
//! A program without a database keeps its alerts in an [`Index`], which decides over them alike. The weights are learned
//! from real reports, by kind of problem ([`WeightSet`]); `RESULTS.md` says how well they decide.
//!
//! Nothing here unwraps, indexes, slices a text or calls `panic!`: lints refuse it. What cannot be right (a latitude of 91°, a
//! threshold of 2) is refused where it enters, by an error that names it.
//!
//! # Where it comes from
//!
//! - Each feature of a pair says how much likelier it is among reports of one problem than among others: a *weight of
//!   evidence* (I. J. Good, *Probability and the Weighing of Evidence*, 1950), and their sum is what links two records (Fellegi
//!   and Sunter, *A Theory for Record Linkage*, 1969). As there, they are added as if features were independent; learning them
//!   together, by logistic regression, takes from each what another says already.
//! - Few pairs bear a label, so most of the weights were learned without: pairs of a stream of reports against pairs of copies
//!   in which the times are exchanged. What meets in space *and* time more often than there is no chance (Knox, *The Detection
//!   of Space-Time Interactions*, 1964; by permutation, Mantel, 1967).
//! - A position is a Gaussian whose stated accuracy is the radius of 68 %, as Android's location service defines it.
//!
//! # Examples
//!
//! ```
//! use geo_dedup::{
//!     AlertId, Candidate, CandidateState, CategoryId, Context, Decision, LonLat, Metres, Observation, Policy, ReportId,
//!     Timestamp, decide,
//! };
//!
//! let noon = Timestamp(1_750_000_000_000);
//! let place = LonLat::new(3.3522, 48.8566)?;
//! let first = Observation::new(place, CategoryId(7), noon);
//! let alert = Candidate {
//!     id: AlertId(1),
//!     category: CategoryId(7),
//!     anchor: place,
//!     extent: Metres::ZERO,
//!     state: CandidateState::Open,
//!     opened_at: noon,
//!     reports: 1,
//!     members: vec![first.into_member(ReportId(1))],
//! };
//!
//! // An hour later, somebody else, four metres away.
//! let later = Timestamp(noon.0 + 3_600_000);
//! let second = Observation::new(LonLat::new(3.35225, 48.8566)?, CategoryId(7), later);
//! let outcome = decide(&second, &[alert], &Context::at(later), &Policy::default());
//! assert_eq!(outcome.decision, Decision::Join { alert: AlertId(1) });
//! for reason in &outcome.scored[0].reasons {
//!     println!("{} = {} {}: {:+.1}", reason.feature.name(), reason.value, reason.feature.unit(), reason.log_odds);
//! }
//! # Ok::<(), geo_dedup::InvalidPosition>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
// A report must never stop a town's server: beside what the workspace denies (`unwrap`, `expect`, `panic!`), nothing here may
// take an element, or a part of a text, that is perhaps not there.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_in_result
    )
)]

pub mod cell;

/// The page that a registry shows is tried like the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod address;
mod candidate;
mod decide;
mod error;
mod feature;
mod index;
mod measure;
mod observation;
mod policy;
mod position;
mod similarity;
mod text;
mod weights;

pub use address::{Address, AddressRelation};
pub use candidate::{
    AlertId, Candidate, CandidateState, Context, PAST_AROUND, PAST_DAYS, PAST_HERE, Verdict, VerdictKind,
};
pub use decide::{Barrier, Decision, Outcome, Scored, decide};
pub use error::{
    InvalidBox, InvalidCell, InvalidLength, InvalidOverrides, InvalidPolicy, InvalidPosition, InvalidWeights,
    OverrideFault, PolicyFault, WeightsFault,
};
pub use feature::{Contribution, Feature};
pub use index::Index;
pub use measure::{LonLat, Metres, Timestamp};
pub use observation::{CategoryId, Member, Observation, PhotoHash, ReportId, SenderTag, Severity};
pub use policy::{MAX_RADIUS, Policy, PolicyBuilder};
pub use text::{TextPrint, fold};
pub use weights::{Curve, OverrideValue, WeightOverrides, WeightSet, Weights};
