//! Places, lengths and instants: plain values that carry their unit and their range in the type.

use geo::{Distance, Haversine, Point};

use crate::error::{InvalidLength, InvalidPosition};

/// A place on Earth: WGS 84 longitude and latitude in degrees, always in that order (as in GeoJSON).
///
/// # Examples
///
/// ```
/// use geo_dedup::LonLat;
///
/// let here = LonLat::new(3.3522, 48.8566)?;
/// let there = LonLat::new(3.3522, 48.8576)?;
/// assert_eq!(here.distance(&there).get().round(), 111.0);
/// assert!(LonLat::new(3.3522, 91.0).is_err());
/// # Ok::<(), geo_dedup::InvalidPosition>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LonLat(Point<f64>);

impl LonLat {
    /// Makes a place from degrees: longitude in -180..=180, latitude in -90..=90.
    ///
    /// # Errors
    ///
    /// [`InvalidPosition`] says which of the two is not finite or out of range.
    pub fn new(lon: f64, lat: f64) -> Result<Self, InvalidPosition> {
        // A NaN is in no range, so both checks refuse it as well.
        if !(-180.0..=180.0).contains(&lon) {
            return Err(InvalidPosition::Longitude(lon));
        }
        if !(-90.0..=90.0).contains(&lat) {
            return Err(InvalidPosition::Latitude(lat));
        }
        Ok(Self(Point::new(lon, lat)))
    }

    /// Longitude in degrees, -180..=180.
    #[must_use]
    pub fn lon(&self) -> f64 {
        self.0.x()
    }

    /// Latitude in degrees, -90..=90.
    #[must_use]
    pub fn lat(&self) -> f64 {
        self.0.y()
    }

    /// Great-circle distance on a sphere of mean Earth radius (haversine): within 0.6 % of the ellipsoid's. A database that
    /// measures on the ellipsoid finds another number; decide on one of the two.
    #[must_use]
    pub fn distance(&self, other: &Self) -> Metres {
        Metres(
            self.near_distance(other)
                .unwrap_or_else(|| Haversine.distance(self.0, other.0)),
        )
    }

    /// The haversine formula for two places close to each other, where the sine of a small angle is its first two terms
    /// (the next is less than 10^-17 of it) and one cosine does for both latitudes; `None` farther apart.
    fn near_distance(&self, other: &Self) -> Option<f64> {
        const SMALL: f64 = 1e-3;
        let half_lat = (other.lat() - self.lat()).to_radians() / 2.0;
        let half_lon = (other.lon() - self.lon()).to_radians() / 2.0;
        if half_lat.abs() > SMALL || half_lon.abs() > SMALL {
            return None;
        }
        let sine = |angle: f64| angle - angle.powi(3) / 6.0;
        let (sin_lat, sin_lon) = (sine(half_lat), sine(half_lon));
        // cos a · cos b = (cos (a + b) + cos (a - b)) / 2, and cos (a - b) = 1 - 2 sin² ((a - b) / 2).
        let cosines = (self.lat() + other.lat()).to_radians().cos() / 2.0 + 0.5 - sin_lat * sin_lat;
        let root = (sin_lat * sin_lat + cosines * sin_lon * sin_lon).sqrt();
        Some(2.0 * EARTH_RADIUS_M * (root + root.powi(3) / 6.0))
    }
}

/// Mean Earth radius, in metres.
pub(crate) const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A length in metres: finite and not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Metres(f64);

impl Metres {
    /// No length at all.
    pub const ZERO: Self = Self(0.0);

    /// Makes a length from a number of metres.
    ///
    /// # Errors
    ///
    /// [`InvalidLength`] when it is negative, infinite or not a number.
    pub const fn new(metres: f64) -> Result<Self, InvalidLength> {
        if metres.is_finite() && metres >= 0.0 {
            Ok(Self(metres))
        } else {
            Err(InvalidLength(metres))
        }
    }

    /// A whole number of metres, usable in constants.
    #[must_use]
    pub const fn whole(metres: u32) -> Self {
        Self(metres as f64)
    }

    /// The number of metres.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The shorter of two lengths.
    #[must_use]
    pub const fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// The longer of two lengths.
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// Both lengths laid end to end; a sum beyond `f64` stays at its largest finite value.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(f64::MAX))
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    const MILLIS_PER_DAY: f64 = 86_400_000.0;

    /// Days from `earlier` to `self`, with fraction; negative when `earlier` is the later one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> f64 {
        // Differences that matter are far below 2^53 ms, where f64 is exact.
        (self.0.saturating_sub(earlier.0)) as f64 / Self::MILLIS_PER_DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_out_of_range_are_refused_by_name() {
        for lon in [f64::NAN, f64::INFINITY, -180.000_1, 181.0] {
            assert!(matches!(LonLat::new(lon, 0.0), Err(InvalidPosition::Longitude(_))));
        }
        for lat in [f64::NAN, f64::NEG_INFINITY, -90.000_1, 91.0] {
            assert!(matches!(LonLat::new(0.0, lat), Err(InvalidPosition::Latitude(_))));
        }
        assert!(LonLat::new(-180.0, -90.0).is_ok() && LonLat::new(180.0, 90.0).is_ok());
    }

    #[test]
    fn distance_crosses_the_antimeridian_the_short_way() {
        let west = LonLat::new(179.999, 0.0).unwrap();
        let east = LonLat::new(-179.999, 0.0).unwrap();
        assert!((west.distance(&east).get() - 222.4).abs() < 0.1);
    }

    /// Small and large angles, poles and the equator: the short formula is the long one.
    #[test]
    fn near_places_are_measured_like_far_ones() {
        for step in 0..20_000_u32 {
            let part = |factor: f64| (f64::from(step) * factor).fract();
            let lat = (part(0.618_033_988_7) * 180.0 - 90.0) * if step % 5 == 0 { 0.999_99 } else { 1.0 };
            let lon = part(0.754_877_666_2) * 359.0 - 180.0;
            let reach = 10_f64.powf(part(0.569_840_290_9) * 9.0 - 9.0);
            let north = (lat + (part(0.438_579_0) - 0.5) * reach).clamp(-90.0, 90.0);
            let east = (lon + (part(0.324_717_9) - 0.5) * reach).clamp(-180.0, 180.0);
            let (one, other) = (LonLat::new(lon, lat).unwrap(), LonLat::new(east, north).unwrap());
            let (short, long) = (one.distance(&other).get(), Haversine.distance(one.0, other.0));
            assert!((short - long).abs() <= 1e-8 + 1e-12 * long, "{short} {long}");
            assert_eq!(short, other.distance(&one).get());
        }
    }

    #[test]
    fn lengths_are_finite_and_never_negative() {
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(Metres::new(bad).is_err());
        }
        let huge = Metres::new(f64::MAX).unwrap();
        assert_eq!(huge.plus(huge).get(), f64::MAX);
        assert_eq!(Metres::whole(3).plus(Metres::whole(4)), Metres::whole(7));
    }

    #[test]
    fn days_carry_their_sign() {
        assert_eq!(Timestamp(129_600_000).days_since(Timestamp(0)), 1.5);
        assert_eq!(Timestamp(0).days_since(Timestamp(86_400_000)), -1.0);
    }
}
