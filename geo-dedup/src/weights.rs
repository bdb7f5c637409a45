//! The numbers of the score, in one place.

/// The weights of evidence. Log-odds are natural logarithms of likelihood ratios: +0.7 doubles the odds that two reports
/// mean the same problem, -0.7 halves them.
///
/// [`Weights::default`] is the built-in set. A caller may override single weights; it then gives the set its own version, so
/// that a stored decision can be explained later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Version of the set, stored with every decision.
    pub version: u32,
    /// Log-odds before any feature speaks: two reports of one category on one spot-sized area, at the same time, at the
    /// reference rate.
    pub prior: f64,
    /// Standard deviation per axis that even the best position keeps, in metres: geocoding, and where one stands.
    pub position_floor_m: f64,
    /// Standard deviation per axis of a position that states no accuracy, in metres.
    pub unstated_sigma_m: f64,
    /// Share of reports whose distance follows the stated accuracies, 0..=1; the others point at another part of the thing.
    pub near_share: f64,
    /// Additional standard deviation per axis of those others, in metres.
    pub wide_sigma_m: f64,
    /// Area over which unrelated reports are taken as evenly spread, in square metres: at equal density, distance is neutral.
    pub background_m2: f64,
    /// Multiplies the logarithm of the policy's weight of a category pair.
    pub category: f64,
    /// Log-odds lost each expected life that passes between two reports.
    pub age_per_life: f64,
    /// Multiplies the logarithm of the local rate over the reference rate; the sign is taken off.
    pub local_rate: f64,
    /// Local rate that is neutral, in reports per km² and day.
    pub reference_rate: f64,
    /// Same street and house number.
    pub address_same: f64,
    /// Same street, numbers within `address_near_gap`.
    pub address_near: f64,
    /// Largest difference of house numbers that counts as near.
    pub address_near_gap: u32,
    /// Same street, numbers farther apart.
    pub address_far: f64,
    /// Same two streets of a crossing.
    pub address_crossing: f64,
    /// Other streets.
    pub address_other: f64,
    /// Same inventory number.
    pub asset_same: f64,
    /// Different inventory numbers.
    pub asset_other: f64,
    /// Log-odds at no common trigram, and at equal texts; between them it is linear in the similarity.
    pub text_none: f64,
    /// See [`Weights::text_none`].
    pub text_equal: f64,
    /// Texts with fewer distinct trigrams than this are neutral.
    pub text_min_trigrams: usize,
    /// Largest number of differing bits (of 64) of photo hashes that are nearly the same picture.
    pub photo_same_bits: u32,
    /// Nearly the same picture. A different picture is neutral: two people stand at two sides.
    pub photo_same: f64,
    /// The same sender, on the same spot, within `resent_minutes`.
    pub resent: f64,
    /// Longest time between two sendings of the same person that count as one said twice, in minutes.
    pub resent_minutes: f64,
    /// A person's word, for or against. Large enough to be seen as decisive; the rules do not rest on it.
    pub verdict: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            version: 1,
            prior: 1.2,
            position_floor_m: 5.0,
            unstated_sigma_m: 12.0,
            near_share: 0.7,
            wide_sigma_m: 40.0,
            background_m2: 7_854.0,
            category: 1.0,
            age_per_life: 2.0,
            local_rate: 0.5,
            reference_rate: 1.0,
            address_same: 2.0,
            address_near: 0.8,
            address_near_gap: 50,
            address_far: -2.5,
            address_crossing: 1.0,
            address_other: -2.0,
            asset_same: 4.0,
            asset_other: -4.0,
            text_none: -0.3,
            text_equal: 1.5,
            text_min_trigrams: 8,
            photo_same_bits: 6,
            photo_same: 6.0,
            resent: 4.0,
            resent_minutes: 10.0,
            verdict: 20.0,
        }
    }
}
