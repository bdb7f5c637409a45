//! The short reference people read, say on the telephone and type back: `R-7K3M-2Q9X-8` for a report, `A-...` for an alert.
//!
//! It has 40 bits in Crockford's base 32 (no I, L, O, U) between a letter for the kind and a check character. The value is
//! random: among a million references of one town a clash has about one chance in three, so the column that holds it is
//! unique and the caller draws again.
//!
//! The check character follows the pure systems of ISO 7064 (a power of one base weighs each place, the sum is zero), but
//! in the field of 32 elements instead of the integers modulo 37: the check character then comes from the same 32 symbols,
//! whereas `37-2` also needs I, L, O, U and `*`, just the ones a tolerant reader must fold. Weights that are distinct and
//! not zero catch every single wrong symbol and every swap of two symbols, the kind and the check character included.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Crockford's base 32: each symbol stands at its value.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 8 symbols of 5 bits: the 40 bits of a reference or of a follow code.
const BODY_LEN: usize = 8;
/// Kind, body, check character.
const REFERENCE_LEN: usize = 1 + BODY_LEN + 1;
/// x⁵ + x² + 1, primitive over GF(2): x generates the whole field, so its first 31 powers are distinct weights.
const FIELD_POLYNOMIAL: u8 = 0b10_0101;

/// What a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// One person's report, `R`.
    Report,
    /// The alert that reports of the same thing share, `A`.
    Alert,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Report, Self::Alert];

    /// The letter that opens the reference.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Report => 'R',
            Self::Alert => 'A',
        }
    }
}

/// Why a text is not a reference or a follow code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Too short or too long, separators not counted.
    #[error("expected {expected} letters and digits, found {found}")]
    Length {
        /// How many symbols there must be.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// A sign that is no symbol of the alphabet and no separator.
    #[error("{0:?} is never part of a reference")]
    Symbol(char),
    /// The first letter is neither `R` nor `A`.
    #[error("a reference starts with R or A")]
    Kind,
    /// The check character disagrees: a symbol was misread or two were swapped.
    #[error("the check character does not match: a letter or digit was mistyped")]
    Check,
}

/// The human reference of a report or an alert.
///
/// `Display` writes the one canonical form, which is also what is stored and sent; `FromStr` is tolerant: any case, spaces
/// and dashes anywhere, `O` for `0`, `I` and `L` for `1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Reference {
    kind: Kind,
    body: [u8; 5],
}

impl Reference {
    /// A reference from 40 random bits.
    #[must_use]
    pub const fn from_bytes(kind: Kind, body: [u8; 5]) -> Self {
        Self { kind, body }
    }

    /// Whether it names a report or an alert.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The 40 bits it was made from.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 5] {
        self.body
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = encode(self.body);
        let letter = self.kind.letter();
        let check = check_value(symbol_value(letter).into_iter().chain(body));
        write!(f, "{letter}-{}-{}", Grouped(body), symbol(check))
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({self})")
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let [kind, body @ .., check] = read_symbols::<REFERENCE_LEN>(text)?;
        let kind = Kind::ALL
            .into_iter()
            .find(|candidate| symbol_value(candidate.letter()) == Some(kind))
            .ok_or(ReferenceError::Kind)?;
        let expected = check_value(symbol_value(kind.letter()).into_iter().chain(body));
        if check != expected {
            return Err(ReferenceError::Check);
        }
        Ok(Self {
            kind,
            body: decode(body),
        })
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The 8-character code that, said with the reference on the telephone, opens a report's status: `7K3M-2Q9X`.
///
/// It is a secret, so it has no equality (compare [`FollowCode::as_bytes`] in constant time), no serde, and `Debug` hides
/// it. It has no check character: a wrong code must say nothing about how it is wrong.
#[derive(Clone, Copy)]
pub struct FollowCode([u8; 5]);

impl FollowCode {
    /// A code from the 40 bits derived for one report.
    #[must_use]
    pub const fn from_bytes(bits: [u8; 5]) -> Self {
        Self(bits)
    }

    /// The 40 bits, for a comparison in constant time.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 5] {
        &self.0
    }
}

impl fmt::Display for FollowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Grouped(encode(self.0)).fmt(f)
    }
}

impl fmt::Debug for FollowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FollowCode(..)")
    }
}

impl FromStr for FollowCode {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read_symbols::<BODY_LEN>(text).map(|body| Self(decode(body)))
    }
}

/// Writes eight symbols as two groups of four, the most that is said in one breath.
struct Grouped([u8; BODY_LEN]);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, &value) in self.0.iter().enumerate() {
            if place == BODY_LEN / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", symbol(value))?;
        }
        Ok(())
    }
}

/// Splits 40 bits into 8 symbol values, the highest bits first.
fn encode(bits: [u8; 5]) -> [u8; BODY_LEN] {
    let number = bits.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    std::array::from_fn(|place| (number >> (5 * (BODY_LEN - 1 - place)) & 31) as u8)
}

/// Puts 8 symbol values together again.
fn decode(body: [u8; BODY_LEN]) -> [u8; 5] {
    let number = body.iter().fold(0_u64, |number, &value| number << 5 | u64::from(value));
    std::array::from_fn(|place| (number >> (8 * (4 - place))) as u8)
}

/// The symbol that makes Σ sᵢ·xⁿ⁻ⁱ zero in the field of 32 elements (addition is XOR), by Horner's rule.
fn check_value(symbols: impl Iterator<Item = u8>) -> u8 {
    symbols.fold(0, |sum, value| times_x(sum ^ value))
}

/// Multiplies a field element by x.
const fn times_x(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled < 32 {
        doubled
    } else {
        doubled ^ FIELD_POLYNOMIAL
    }
}

fn symbol(value: u8) -> char {
    char::from(ALPHABET[usize::from(value & 31)])
}

/// The value of a symbol as people write it, `None` when it is none.
fn symbol_value(written: char) -> Option<u8> {
    let folded = match written.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|&known| char::from(known) == folded)
        .and_then(|value| u8::try_from(value).ok())
}

/// Reads exactly `N` symbols and skips what separates them.
fn read_symbols<const N: usize>(text: &str) -> Result<[u8; N], ReferenceError> {
    let mut symbols = [0; N];
    let mut found = 0;
    for written in text.chars().filter(|&sign| !is_separator(sign)) {
        let value = symbol_value(written).ok_or(ReferenceError::Symbol(written))?;
        if let Some(place) = symbols.get_mut(found) {
            *place = value;
        }
        found += 1;
    }
    if found == N {
        Ok(symbols)
    } else {
        Err(ReferenceError::Length { expected: N, found })
    }
}

/// Blanks, and the dashes that keyboards and word processors put in place of `-`.
fn is_separator(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '-' | '\u{2010}'..='\u{2015}')
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
