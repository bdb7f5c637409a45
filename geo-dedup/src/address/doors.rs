//! House numbers: one, with what tells its doors apart, or from one to another.

use super::words::{is_prefix_way, is_suffix_way, short};

/// One door: the house number, and behind it nothing (0) or a letter (1 for A ...).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Door {
    pub(super) number: u32,
    pub(super) letter: u8,
}

/// The first and the last door of an address; mostly one and the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doors {
    pub(super) first: Door,
    pub(super) last: Door,
}

/// Numbers of one address are no farther apart; a postcode behind a comma is.
const WIDEST: u32 = 500;
/// House numbers have no more digits.
const MOST_DIGITS: usize = 6;

impl Doors {
    /// Reads the numbers that words begin with; returns how many words they take.
    pub(super) fn read(words: &[&str]) -> Option<(Self, usize)> {
        let (door, mut taken) = Door::read(words)?;
        let mut doors = Self {
            first: door,
            last: door,
        };
        while let Some((next, more)) = another(words.get(taken..).unwrap_or_default()) {
            if next.number.abs_diff(door.number) > WIDEST {
                break;
            }
            doors.first = doors.first.min(next);
            doors.last = doors.last.max(next);
            taken += more;
        }
        Some((doors, taken))
    }

    /// Difference of the nearest house numbers; 0 when both share a door, and 1 for two doors of one number.
    pub(super) fn gap(&self, other: &Self) -> u32 {
        let apart = |before: Door, after: Door| (before < after).then(|| (after.number - before.number).max(1));
        apart(self.last, other.first)
            .or_else(|| apart(other.last, self.first))
            .unwrap_or(0)
    }
}

/// A further number behind "-", "&", "/", "et", "à", ...
fn another(words: &[&str]) -> Option<(Door, usize)> {
    let (separator, rest) = words.split_first()?;
    if !["-", "&", "/", ",", "et", "and", "a", "au", "to"].contains(separator) {
        return None;
    }
    Door::read(rest).map(|(door, taken)| (door, taken + 1))
}

impl Door {
    fn read(words: &[&str]) -> Option<(Self, usize)> {
        let (word, rest) = words.split_first()?;
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        if digits > MOST_DIGITS {
            return None;
        }
        let (number, tail) = word.split_at_checked(digits)?;
        let number = number.parse().ok()?;
        if tail.is_empty() {
            let letter = apart(rest);
            let taken = 1 + usize::from(letter.is_some());
            let letter = letter.unwrap_or(0);
            return Some((Self { number, letter }, taken));
        }
        // "903rd" names a street, and so does "2e" before nothing but a type; a letter glued on is part of the number.
        let letter = letter(tail)?;
        let ordinal = matches!(rest, [way] if is_prefix_way(way));
        (!ordinal).then_some((Self { number, letter }, 1))
    }
}

/// The letter that stands apart from its number, if the next word is one.
fn apart(rest: &[&str]) -> Option<u8> {
    let (word, rest) = rest.split_first()?;
    let read = letter(word)?;
    if word.len() > 1 {
        return (!rest.is_empty()).then_some(read);
    }
    let next = rest.first();
    let numbered = next.is_some_and(|next| next.starts_with(|letter: char| letter.is_ascii_digit()));
    let is_direction = ["n", "s", "e", "w"].contains(word);
    let fits = match next {
        None => true,
        // "12 à 14".
        Some(_) if *word == "a" && numbered => false,
        // "70604 W Avenue L".
        Some(next) if is_direction && is_suffix_way(short(next)) => false,
        Some(next) if is_prefix_way(next) || [",", "-"].contains(next) => true,
        // Before an American street name, some letters are a direction ("12 N Main St"), or the name ("12 L St"), and "r"
        // is a street in France.
        Some(next) => !is_direction && *word != "r" && !is_suffix_way(short(next)) && ends_in_way(rest),
    };
    fits.then_some(read)
}

fn ends_in_way(words: &[&str]) -> bool {
    words.iter().any(|word| is_suffix_way(short(word)))
}

/// A door's letter: 1 for A. In France, bis, ter and quater are also written B, T and Q.
fn letter(word: &str) -> Option<u8> {
    let one = match word {
        "bis" => b'b',
        "ter" => b't',
        "quater" => b'q',
        _ => match word.as_bytes() {
            [one] if one.is_ascii_lowercase() => *one,
            _ => return None,
        },
    };
    Some(one - b'a' + 1)
}
