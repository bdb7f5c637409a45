//! What positions say under their accuracies: of one report, and of all reports of an alert together.

use std::f64::consts::TAU;

use crate::{
    candidate::Candidate,
    measure::{LonLat, Metres},
    observation::Observation,
    weights::Weights,
};

/// Radius that holds 68 % of a two-dimensional Gaussian, in standard deviations per axis: √(-2 ln 0.32).
const SIGMAS_IN_ACCURACY: f64 = 1.509_592_191_5;
/// Steps in which sums are taken, so that they are the same in any order: 2^-60 of a degree, a thousandth of an atom.
const STEPS: f64 = (1_u64 << 60) as f64;

/// How two positions lie to each other.
pub(crate) struct Spot {
    /// Distance between them.
    metres: f64,
    /// Variance per axis of their difference if they mean one thing, in m².
    variance: f64,
}

impl Spot {
    /// A report's position against one of an alert's.
    pub(crate) fn of_pair(distance: Metres, one: Option<Metres>, other: Option<Metres>, weights: &Weights) -> Self {
        Self {
            metres: distance.get(),
            variance: variance(one, weights) + variance(other, weights) + weights.position_floor_m.powi(2),
        }
    }

    /// Whether both may be one place: within two standard deviations.
    pub(crate) fn is_one(&self) -> bool {
        self.metres <= 2.0 * self.variance.sqrt()
    }

    /// The distance in metres, and what it says.
    pub(crate) fn told(&self, weights: &Weights) -> (f64, f64) {
        (self.metres, self.log_odds(weights))
    }

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

/// Where all reports of an alert together say that the problem is.
pub(crate) struct Pool {
    point: LonLat,
    /// Variance per axis of that place, in m².
    variance: f64,
}

impl Pool {
    /// The mean of the alert's positions, each as heavy as it is sure: n phones err by 1/√n of what one does. `None` for a
    /// single position, and where the mean is no place (across a pole).
    pub(crate) fn of(candidate: &Candidate, weights: &Weights) -> Option<Self> {
        if candidate.members.len() < 2 {
            return None;
        }
        let anchor = candidate.anchor;
        let (mut total, mut east, mut north) = (0_i128, 0_i128, 0_i128);
        for member in &candidate.members {
            let sureness = 1.0 / (variance(member.accuracy, weights) + weights.position_floor_m.powi(2)).max(1.0);
            total = total.saturating_add(steps(sureness));
            east = east.saturating_add(steps(sureness * turned(member.point.lon() - anchor.lon())));
            north = north.saturating_add(steps(sureness * (member.point.lat() - anchor.lat())));
        }
        let mean = |sum: i128| sum as f64 / total as f64;
        let lon = turned(anchor.lon() + mean(east));
        Some(Self {
            point: LonLat::new(lon, anchor.lat() + mean(north)).ok()?,
            variance: STEPS / total as f64,
        })
    }

    /// A report's position against all of the alert's.
    pub(crate) fn spot(&self, observation: &Observation, weights: &Weights) -> Spot {
        let own = variance(observation.accuracy, weights) + weights.position_floor_m.powi(2);
        Spot {
            metres: observation.point.distance(&self.point).get(),
            variance: own + self.variance,
        }
    }
}

/// Variance per axis of a position, in m².
fn variance(accuracy: Option<Metres>, weights: &Weights) -> f64 {
    let sigma = accuracy.map_or(weights.unstated_sigma_m, |accuracy| accuracy.get() / SIGMAS_IN_ACCURACY);
    sigma.powi(2)
}

fn steps(quantity: f64) -> i128 {
    (quantity * STEPS).round() as i128
}

/// A longitude, or a difference of two, within -180..=180.
fn turned(degrees: f64) -> f64 {
    if degrees.abs() <= 180.0 {
        degrees
    } else {
        degrees - 360.0_f64.copysign(degrees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        candidate::AlertId,
        measure::Timestamp,
        observation::{CategoryId, Member, ReportId},
    };

    fn seen(lon: f64, lat: f64, accuracy: Option<u32>) -> Observation {
        let point = LonLat::new(lon, lat).unwrap();
        Observation {
            accuracy: accuracy.map(Metres::whole),
            ..Observation::new(point, CategoryId(1), Timestamp(0))
        }
    }

    fn pool(positions: &[(f64, f64, u32)]) -> Option<Pool> {
        let member = |(number, (lon, lat, accuracy)): (u128, &(f64, f64, u32))| -> Member {
            seen(*lon, *lat, Some(*accuracy)).into_member(ReportId(number))
        };
        let mut members = (1..).zip(positions).map(member);
        let mut alert = Candidate::opened_by(AlertId(1), members.next().unwrap());
        members.for_each(|member| alert.add(member));
        Pool::of(&alert, &Weights::built_in())
    }

    #[test]
    fn the_mean_leans_to_the_surer_phone_and_grows_surer_with_each() {
        assert!(pool(&[(2.0, 48.0, 8)]).is_none(), "one report is compared itself");
        let even = pool(&[(2.0, 48.0, 8), (2.0002, 48.0002, 8)]).unwrap();
        assert!((even.point.lon() - 2.0001).abs() < 1e-9 && (even.point.lat() - 48.0001).abs() < 1e-9);
        let leaning = pool(&[(2.0, 48.0, 4), (2.0002, 48.0, 30)]).unwrap();
        assert!(leaning.point.lon() < 2.000_05);
        let four = pool(&[(2.0, 48.0, 8); 4]).unwrap();
        assert!((even.variance - 2.0 * four.variance).abs() < 1e-6);
    }

    #[test]
    fn the_mean_is_the_same_in_any_order_and_across_the_antimeridian() {
        let mut positions = vec![(179.9999, 10.0, 5), (-179.9998, 10.0003, 17), (-179.9999, 10.0001, 31)];
        let one = pool(&positions).unwrap();
        assert!(one.point.lon().abs() > 179.999, "{}", one.point.lon());
        positions[1..].reverse();
        let other = pool(&positions).unwrap();
        assert_eq!((one.point, one.variance), (other.point, other.variance));
    }

    #[test]
    fn far_apart_says_little_more_than_that() {
        let weights = Weights::built_in();
        let at = |metres| Spot { metres, variance: 80.0 }.log_odds(&weights);
        assert!(at(0.0) > 3.0 && at(25.0) < at(5.0) && at(60.0) < -2.0);
        assert!(at(10_000.0).is_finite());
        assert!(
            Spot {
                metres: 17.0,
                variance: 80.0
            }
            .is_one()
                && !Spot {
                    metres: 18.0,
                    variance: 80.0
                }
                .is_one()
        );
    }
}
