use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Report), Just(Kind::Alert)]
}

fn references() -> impl Strategy<Value = Reference> {
    (kinds(), any::<[u8; 5]>()).prop_map(|(kind, body)| Reference::from_bytes(kind, body))
}

/// The symbols of a reference without its dashes.
fn bare(reference: Reference) -> Vec<char> {
    reference.to_string().chars().filter(|&sign| sign != '-').collect()
}

fn parse(symbols: &[char]) -> Result<Reference, ReferenceError> {
    symbols.iter().collect::<String>().parse()
}

/// Multiplication in GF(32) the long way, to hold Horner's rule against the sum it stands for.
fn product(mut left: u8, mut right: u8) -> u8 {
    let mut sum = 0;
    while right > 0 {
        if right & 1 == 1 {
            sum ^= left;
        }
        left = times_x(left);
        right >>= 1;
    }
    sum
}

#[test]
fn a_reference_has_one_written_form() {
    let lowest = Reference::from_bytes(Kind::Alert, [0; 5]);
    let highest = Reference::from_bytes(Kind::Report, [0xFF; 5]);
    assert_eq!(lowest.to_string(), "A-0000-0000-Z");
    assert_eq!(highest.to_string(), "R-ZZZZ-ZZZZ-H");
    let read: Reference = "R-7K3M-2Q9X-8".parse().unwrap();
    assert_eq!(read.to_string(), "R-7K3M-2Q9X-8");
}

#[test]
fn the_weights_are_distinct_and_never_zero() {
    let weights: HashSet<u8> = std::iter::successors(Some(1), |&weight| Some(times_x(weight)))
        .take(31)
        .collect();
    assert_eq!(weights.len(), 31);
    assert!(!weights.contains(&0));
}

/// Distinct weights that are not zero prove it for every body; this walks every pair of symbols at every place of one body.
#[test]
fn every_pair_of_symbols_at_every_place_is_told_apart() {
    for first in ALPHABET {
        for second in ALPHABET {
            for place in 0..BODY_LEN - 1 {
                let mut body = [7; BODY_LEN];
                body[place] = symbol_value(char::from(*first)).unwrap();
                body[place + 1] = symbol_value(char::from(*second)).unwrap();
                let right = bare(Reference::from_bytes(Kind::Report, decode(body)));
                let mut swapped = right.clone();
                swapped.swap(place + 1, place + 2);
                assert_eq!(parse(&swapped).is_ok(), first == second, "{swapped:?}");
                let mut replaced = right.clone();
                replaced[place + 1] = char::from(*second);
                assert_eq!(parse(&replaced).is_ok(), first == second, "{replaced:?}");
            }
        }
    }
}

#[test]
fn people_write_it_in_many_ways() {
    let written = Reference::from_bytes(Kind::Report, [0, 0x10, 0x84, 0x21, 0x08]).to_string();
    let expected: Reference = written.parse().unwrap();
    for variant in [
        written.to_lowercase(),
        written.replace('-', ""),
        written.replace('-', " "),
        written.replace('-', "\u{2011}"),
        written.replace('-', " \u{2013} "),
        written.replace('0', "o").replace('1', "l"),
        written.replace('0', "O").replace('1', "I"),
        format!("  {written}\u{a0}\n"),
    ] {
        assert_eq!(variant.parse(), Ok(expected), "{variant:?}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let length = |found| Err(ReferenceError::Length { expected: 10, found });
    assert_eq!("".parse::<Reference>(), length(0));
    assert_eq!("R-0000-0000".parse::<Reference>(), length(9));
    assert_eq!("R-0000-0000-0000-00".parse::<Reference>(), length(15));
    assert_eq!("R-U000-0000-0".parse::<Reference>(), Err(ReferenceError::Symbol('U')));
    assert_eq!("R-é000-0000-0".parse::<Reference>(), Err(ReferenceError::Symbol('é')));
    assert_eq!("B-0000-0000-0".parse::<Reference>(), Err(ReferenceError::Kind));
    assert_eq!("A-0000-0000-3".parse::<Reference>(), Err(ReferenceError::Check));
}

#[test]
fn a_follow_code_reads_back_and_hides_itself() {
    let code = FollowCode::from_bytes([0x3A, 0x67, 0x41, 0x5D, 0x3D]);
    assert_eq!(code.to_string().len(), 9);
    let typed = code.to_string().to_lowercase().replace('-', " ");
    assert_eq!(typed.parse::<FollowCode>().unwrap().as_bytes(), code.as_bytes());
    assert_eq!(format!("{code:?}"), "FollowCode(..)");
    assert_eq!(
        "7K3M".parse::<FollowCode>().unwrap_err(),
        ReferenceError::Length { expected: 8, found: 4 }
    );
}

proptest! {
    #[test]
    fn written_and_read_back(reference in references()) {
        prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        let json = serde_json::to_string(&reference).unwrap();
        prop_assert_eq!(serde_json::from_str::<Reference>(&json).unwrap(), reference);
    }

    #[test]
    fn follow_codes_read_back(bits in any::<[u8; 5]>()) {
        let read: FollowCode = FollowCode::from_bytes(bits).to_string().parse().unwrap();
        prop_assert_eq!(read.as_bytes(), &bits);
    }

    /// Every place and every other symbol: 10 x 31 substitutions for each reference drawn.
    #[test]
    fn every_single_substitution_is_caught(reference in references()) {
        let right = bare(reference);
        for place in 0..right.len() {
            for &other in ALPHABET {
                let mut wrong = right.clone();
                wrong[place] = char::from(other);
                prop_assert!(wrong == right || parse(&wrong).is_err(), "{:?}", wrong);
            }
        }
    }

    /// Adjacent ones, and with them the swap of any two symbols.
    #[test]
    fn every_swap_is_caught(reference in references()) {
        let right = bare(reference);
        for first in 0..right.len() {
            for second in first + 1..right.len() {
                let mut wrong = right.clone();
                wrong.swap(first, second);
                prop_assert!(wrong == right || parse(&wrong).is_err(), "{:?}", wrong);
            }
        }
    }

    #[test]
    fn the_weighted_sum_is_zero(reference in references()) {
        let mut weight = 1;
        let mut sum = 0;
        for written in bare(reference).into_iter().rev() {
            sum ^= product(symbol_value(written).unwrap(), weight);
            weight = times_x(weight);
        }
        prop_assert_eq!(sum, 0);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,40}") {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        }
    }
}
