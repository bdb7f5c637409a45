//! The pairs of reports that could mean one problem.

use geo_dedup::{AddressRelation, Metres};

use crate::city::{History, Report};

/// No pair farther apart is looked at: the policies cap an alert's span there.
const REACH: Metres = Metres::whole(100);

/// A report and an earlier one of its family that was still open.
pub struct Pair {
    pub later: usize,
    pub earlier: usize,
    pub metres: f64,
    pub days: f64,
    pub address: AddressRelation,
    pub other_category: bool,
    /// Earlier reports on the later one's spot, and around it.
    pub past: (u32, u32),
}

/// All such pairs within [`REACH`], in order of the later report.
pub fn pairs(reports: &[Report]) -> Vec<Pair> {
    let mut history = History::default();
    let mut pairs = Vec::new();
    for (later, report) in reports.iter().enumerate() {
        let own = &report.observation;
        let near = history.near(&own.point, REACH);
        let open = |one: &&usize| {
            let other = &reports[**one];
            other.family == report.family && other.closed.is_none_or(|at| at > own.observed_at)
        };
        let mut past = None;
        for earlier in near.iter().filter(open) {
            let other = &reports[*earlier].observation;
            let distance = own.point.distance(&other.point);
            if distance <= REACH {
                let addresses = own.address.as_ref().zip(other.address.as_ref());
                pairs.push(Pair {
                    later,
                    earlier: *earlier,
                    metres: distance.get(),
                    days: own.observed_at.days_since(other.observed_at).abs(),
                    address: addresses.map_or(AddressRelation::Unknown, |(one, two)| one.relation(two)),
                    other_category: own.category != other.category,
                    past: *past.get_or_insert_with(|| history.past(report, reports)),
                });
            }
        }
        history.add(&own.point, later);
    }
    pairs
}
