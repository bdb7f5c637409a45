//! One street of reports and alerts, a day in its life.

use geo::{Destination, Haversine, Point};
use geo_dedup::{
    AlertId, Candidate, CategoryId, Context, Decision, Feature, LonLat, Metres, Observation, Outcome, Policy, ReportId,
    Scored, Timestamp, decide,
};

pub const POTHOLE: CategoryId = CategoryId(1);
pub const ROAD: CategoryId = CategoryId(2);
pub const TREE: CategoryId = CategoryId(3);
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
pub const NOW: Timestamp = Timestamp(1_760_000_000_000);

pub fn before(millis: i64) -> Timestamp {
    Timestamp(NOW.0 - millis)
}

/// A place so many metres east of the square.
pub fn east(metres: f64) -> LonLat {
    let to = Haversine.destination(Point::new(2.35, 46.8), 90.0, metres);
    LonLat::new(to.x(), to.y()).unwrap()
}

/// A report as a phone sends it.
pub fn report(metres: f64) -> Observation {
    Observation {
        accuracy: Some(Metres::whole(8)),
        ..Observation::new(east(metres), POTHOLE, NOW)
    }
}

/// An open alert of one report, a day old.
pub fn alert(id: u128, metres: f64) -> Candidate {
    alert_of(
        id,
        Observation {
            observed_at: before(DAY),
            ..report(metres)
        },
    )
}

pub fn alert_of(id: u128, first: Observation) -> Candidate {
    Candidate::opened_by(AlertId(id), first.into_member(ReportId(id)))
}

pub fn policy() -> Policy {
    Policy::builder().version(5).compatible(ROAD, 0.4).build().unwrap()
}

pub fn place(observation: &Observation, candidates: &[Candidate]) -> Outcome {
    decide(observation, candidates, &Context::at(NOW), &policy())
}

pub fn joins(alert: u128) -> Decision {
    Decision::Join { alert: AlertId(alert) }
}

pub fn suggests(alerts: &[u128]) -> Decision {
    Decision::Suggest {
        alerts: alerts.iter().copied().map(AlertId).collect(),
    }
}

pub fn log_odds(scored: &Scored, feature: Feature) -> Option<f64> {
    scored
        .reasons
        .iter()
        .find(|reason| reason.feature == feature)
        .map(|reason| reason.log_odds)
}
