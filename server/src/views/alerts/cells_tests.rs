use geo_dedup::LonLat;
use geo_dedup::cell::h3_15;
use proptest::prelude::*;

use super::*;

proptest! {
    /// The database counts by the same ancestor that clients read off an alert.
    #[test]
    fn the_bit_operations_give_the_ancestor(lon in -180.0..180.0_f64, lat in -90.0..90.0_f64, res in 0..=FINEST) {
        let cell = h3_15(&LonLat::new(lon, lat).unwrap());
        let (mask, bits) = ancestor_bits(res);
        prop_assert_eq!(format!("{:x}", (cell.to_i64() & mask) | bits), cell.parent_name(res).unwrap());
    }
}
