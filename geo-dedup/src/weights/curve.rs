//! A weight of evidence that depends on a quantity: straight lines between knots.

use crate::error::{InvalidWeights, WeightsFault};

/// A piecewise-linear function; before its first knot and behind its last it stays level.
///
/// # Examples
///
/// ```
/// use geo_dedup::Curve;
///
/// let curve = Curve::new(vec![(0.0, 1.0), (50.0, 0.0), (100.0, -2.0)])?;
/// assert_eq!((curve.at(25.0), curve.at(75.0), curve.at(900.0)), (0.5, -1.0, -2.0));
/// assert!(Curve::new(vec![(10.0, 0.0), (5.0, 1.0)]).is_err());
/// # Ok::<(), geo_dedup::InvalidWeights>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve(Vec<(f64, f64)>);

impl Curve {
    /// Makes a curve from knots: the quantity, and the log-odds there. Without any it is zero everywhere.
    ///
    /// # Errors
    ///
    /// [`InvalidWeights`] when a number is not finite or the quantities do not rise.
    pub fn new(knots: Vec<(f64, f64)>) -> Result<Self, InvalidWeights> {
        let finite = knots.iter().all(|(x, y)| x.is_finite() && y.is_finite());
        let rising = knots.windows(2).all(|pair| match pair {
            [one, two] => one.0 < two.0,
            _ => true,
        });
        if finite && rising {
            Ok(Self(knots))
        } else {
            Err(InvalidWeights::new(0, WeightsFault::Curve))
        }
    }

    /// The knots: quantity and log-odds, in rising order of the quantity.
    #[must_use]
    pub fn knots(&self) -> &[(f64, f64)] {
        &self.0
    }

    /// The log-odds at a quantity.
    #[must_use]
    pub fn at(&self, quantity: f64) -> f64 {
        let next = self.0.partition_point(|(x, _)| *x <= quantity);
        let before = next.checked_sub(1).and_then(|before| self.0.get(before));
        match (before, self.0.get(next)) {
            (Some((x, y)), Some((next_x, next_y))) => y + (next_y - y) * (quantity - x) / (next_x - x),
            (Some((_, level)), None) | (None, Some((_, level))) => *level,
            (None, None) => 0.0,
        }
    }
}
