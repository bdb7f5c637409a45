//! Street addresses of French and American style: enough structure to say "same street, same or neighbouring number".
//!
//! This is no postal parser. It needs only that two ways to write one address near each other come out alike, and it
//! would rather know nothing (neutral) than be wrong.

use crate::text::fold;

/// A street address, or a crossing, as far as it was understood.
///
/// # Examples
///
/// ```
/// use geo_dedup::{Address, AddressRelation};
///
/// let one = Address::parse("12 bis, rue de l'Été, 75011 Paris");
/// assert_eq!(one.relation(&Address::parse("12 BIS RUE DE L ETE")), AddressRelation::NumberGap(0));
/// assert_eq!(one.relation(&Address::parse("18 rue de l'Été")), AddressRelation::NumberGap(6));
///
/// let crossing = Address::parse("Intersection of Elm St & Main Street");
/// assert_eq!(crossing.relation(&Address::parse("Main St & Elm St")), AddressRelation::SameCrossing);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// One street, or the two of a crossing in alphabetical order; empty when nothing was understood.
    streets: Vec<String>,
    /// Smallest and largest house number ("235-259" has both).
    numbers: Option<(u32, u32)>,
    /// bis, ter, or a letter behind the number.
    suffix: Option<String>,
}

/// How two addresses lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRelation {
    /// Too little is known.
    Unknown,
    /// One street; the difference of the house numbers (0: the same; ranges that overlap: 0).
    NumberGap(u32),
    /// The same two streets cross.
    SameCrossing,
    /// Other streets.
    OtherStreet,
}

/// Words that tell two doors of one house number apart.
const SUFFIXES: [&str; 3] = ["bis", "ter", "quater"];
/// Words that end an American street name.
const SUFFIX_WAYS: [&str; 19] = [
    "st", "ave", "rd", "dr", "bd", "ln", "ct", "pl", "sq", "way", "pkwy", "cir", "hwy", "ter", "row", "path", "wharf",
    "plz", "expy",
];
/// Words that begin a French street name.
const PREFIX_WAYS: [&str; 16] = [
    "rue",
    "ave",
    "bd",
    "pl",
    "che",
    "rte",
    "all",
    "imp",
    "quai",
    "cours",
    "sq",
    "passage",
    "sentier",
    "voie",
    "esplanade",
    "promenade",
];
/// Spellings of one word; the short one is kept.
const SPELLINGS: [(&str, &str); 37] = [
    ("street", "st"),
    ("saint", "st"),
    ("avenue", "ave"),
    ("av", "ave"),
    ("road", "rd"),
    ("drive", "dr"),
    ("boulevard", "bd"),
    ("blvd", "bd"),
    ("boul", "bd"),
    ("lane", "ln"),
    ("court", "ct"),
    ("place", "pl"),
    ("square", "sq"),
    ("parkway", "pkwy"),
    ("circle", "cir"),
    ("highway", "hwy"),
    ("terrace", "ter"),
    ("plaza", "plz"),
    ("expressway", "expy"),
    ("chemin", "che"),
    ("chem", "che"),
    ("route", "rte"),
    ("allee", "all"),
    ("impasse", "imp"),
    ("sainte", "ste"),
    ("general", "gal"),
    ("docteur", "dr"),
    ("president", "pdt"),
    ("marechal", "mal"),
    ("north", "n"),
    ("south", "s"),
    ("east", "e"),
    ("west", "w"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("southeast", "se"),
    ("southwest", "sw"),
];

impl Address {
    /// Understands what it can of an address. It never fails: an address that says nothing relates to nothing.
    ///
    /// What follows a comma, a postcode or an American street type (the town, the state) is left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let folded = fold_keeping_marks(text);
        match crossing(&folded) {
            Some(streets) => Self {
                streets,
                numbers: None,
                suffix: None,
            },
            None => Self::house(&folded),
        }
    }

    fn house(text: &str) -> Self {
        let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut words: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
        let (numbers, glued) = words.first().map_or((None, None), |word| house_number(word));
        if numbers.is_none() {
            return Self {
                streets: street(&words).into_iter().collect(),
                numbers: None,
                suffix: None,
            };
        }
        words.remove(0);
        if words.iter().all(|word| is_suffix(word)) {
            // "12, rue X" or "12 bis, rue X": the number stands alone before the first comma.
            words.extend(parts.next().unwrap_or_default().split(' '));
        }
        let apart = match words.as_slice() {
            [suffix, _, ..] if SUFFIXES.contains(suffix) => Some(words.remove(0).to_owned()),
            // Before an American street name, one letter is a direction ("12 N Main St").
            [letter, way, _, ..] if is_suffix(letter) && is_prefix_way(way) => Some(words.remove(0).to_owned()),
            _ => None,
        };
        Self {
            streets: street(&words).into_iter().collect(),
            numbers,
            suffix: glued.or(apart),
        }
    }

    /// How this address lies to another one.
    #[must_use]
    pub fn relation(&self, other: &Self) -> AddressRelation {
        match (self.streets.as_slice(), other.streets.as_slice()) {
            ([], _) | (_, []) => AddressRelation::Unknown,
            ([one], [two]) if one == two => self.number_gap(other),
            ([_], [_]) => AddressRelation::OtherStreet,
            (one, two) if one == two => AddressRelation::SameCrossing,
            // A house on one of the two streets may be at the corner or a kilometre away.
            (one, two) if one.iter().any(|street| two.contains(street)) && one.len() != two.len() => {
                AddressRelation::Unknown
            }
            _ => AddressRelation::OtherStreet,
        }
    }

    fn number_gap(&self, other: &Self) -> AddressRelation {
        let (Some((low, high)), Some((other_low, other_high))) = (self.numbers, other.numbers) else {
            return AddressRelation::Unknown;
        };
        let gap = other_low.saturating_sub(high).max(low.saturating_sub(other_high));
        let neighbours = gap == 0 && self.suffix != other.suffix;
        AddressRelation::NumberGap(if neighbours { 1 } else { gap })
    }
}

/// Folds the text but keeps what carries structure: commas, `&` and the dash of a number range.
fn fold_keeping_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find([',', ';', '\n', '&']) {
        let (before, after) = rest.split_at(at);
        kept.push_str(&fold_dashes(before));
        kept.push_str(if after.starts_with('&') { " & " } else { "," });
        rest = &after[1..];
    }
    kept.push_str(&fold_dashes(rest));
    kept
}

/// Folds a piece; a dash between two digits stays.
fn fold_dashes(text: &str) -> String {
    let mut pieces = text.split('-');
    let mut folded = fold(pieces.next().unwrap_or_default());
    for piece in pieces {
        let piece = fold(piece);
        let digit = |letter: char| letter.is_ascii_digit();
        let range = folded.ends_with(digit) && piece.starts_with(digit);
        folded.push(if range { '-' } else { ' ' });
        folded.push_str(&piece);
    }
    folded
}

/// The two streets of a crossing: "A & B", "intersection of A and B", "angle rue A et rue B".
fn crossing(text: &str) -> Option<Vec<String>> {
    const OPENINGS: [&str; 6] = [
        "intersection of ",
        "intersection ",
        "corner of ",
        "angle ",
        "croisement ",
        "carrefour ",
    ];
    let named = OPENINGS.iter().find_map(|opening| text.strip_prefix(opening));
    let separators: &[&str] = if named.is_some() {
        &[" & ", " and ", " et ", " / "]
    } else {
        &[" & "]
    };
    let body = named.unwrap_or(text);
    let (one, two) = separators.iter().find_map(|separator| body.split_once(separator))?;
    let streets = [one, two].map(|side| {
        let words: Vec<&str> = side.split(',').next().unwrap_or_default().split(' ').collect();
        street(&words)
    });
    let [Some(one), Some(two)] = streets else {
        return None;
    };
    Some(if one <= two { vec![one, two] } else { vec![two, one] })
}

/// A house number, a range of them, or a number with its letter glued on ("12b", "12bis").
fn house_number(word: &str) -> (Option<(u32, u32)>, Option<String>) {
    if let Some((low, high)) = word.split_once('-') {
        let range = low.parse().ok().zip(high.parse().ok());
        return (
            range.map(|(low, high): (u32, u32)| (low.min(high), low.max(high))),
            None,
        );
    }
    let digits = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.len());
    let (number, tail) = word.split_at(digits);
    match (number.parse::<u32>(), tail) {
        (Ok(number), "") => (Some((number, number)), None),
        // "103rd" names a street; a suffix glued on is part of the number.
        (Ok(number), _) if is_suffix(tail) => (Some((number, number)), Some(tail.to_owned())),
        _ => (None, None),
    }
}

/// Whether a word can only say which door of a house number is meant.
fn is_suffix(word: &str) -> bool {
    word.len() == 1 || SUFFIXES.contains(&word)
}

fn short(word: &str) -> &str {
    SPELLINGS
        .iter()
        .find(|(long, _)| *long == word)
        .map_or(word, |(_, short)| *short)
}

fn is_prefix_way(word: &str) -> bool {
    PREFIX_WAYS.contains(&short(word))
}

/// The street's name in one spelling, without the town behind it.
fn street(words: &[&str]) -> Option<String> {
    let words: Vec<&str> = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| short(word))
        .collect();
    let is_postcode = |word: &&str| word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit());
    let end = if words.first().is_some_and(|word| PREFIX_WAYS.contains(word)) {
        words.iter().position(is_postcode)
    } else {
        words
            .iter()
            .skip(1)
            .position(|word| SUFFIX_WAYS.contains(word))
            .map(|at| at + 2)
    };
    let name = words.get(..end.unwrap_or(words.len()))?.join(" ");
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(one: &str, two: &str) -> AddressRelation {
        let (one, two) = (Address::parse(one), Address::parse(two));
        assert_eq!(one.relation(&two), two.relation(&one));
        one.relation(&two)
    }

    #[test]
    fn french_houses() {
        use AddressRelation::{NumberGap, OtherStreet, Unknown};
        assert_eq!(
            relation("12, rue Victor Hugo, Ingéville", "12 RUE VICTOR-HUGO"),
            NumberGap(0)
        );
        assert_eq!(
            relation("12 rue Victor Hugo 99123 Ingéville", "14 Rue Victor Hugo"),
            NumberGap(2)
        );
        assert_eq!(relation("12 rue Victor Hugo", "12 bis rue Victor Hugo"), NumberGap(1));
        assert_eq!(
            relation("12bis rue Victor Hugo", "12 bis rue Victor Hugo"),
            NumberGap(0)
        );
        assert_eq!(relation("12 B rue Victor Hugo", "12b, rue Victor Hugo"), NumberGap(0));
        assert_eq!(
            relation("3 av. du Général Leclerc", "3 avenue du General Leclerc"),
            NumberGap(0)
        );
        assert_eq!(relation("12 rue Victor Hugo", "12 rue Hugo"), OtherStreet);
        assert_eq!(relation("rue Victor Hugo", "12 rue Victor Hugo"), Unknown);
        assert_eq!(relation("", "12 rue Victor Hugo"), Unknown);
    }

    #[test]
    fn american_houses() {
        use AddressRelation::{NumberGap, OtherStreet};
        assert_eq!(
            relation("12 Main St Springfield XX 01234", "12 MAIN STREET"),
            NumberGap(0)
        );
        assert_eq!(relation("235-259 Main St", "240 Main St"), NumberGap(0));
        assert_eq!(relation("235-259 Main St", "261 Main St"), NumberGap(2));
        assert_eq!(relation("1800 E 103RD ST", "1810 E 103rd St"), NumberGap(10));
        assert_eq!(relation("1800 E 103RD ST", "1800 W 103rd St"), OtherStreet);
    }

    #[test]
    fn crossings() {
        use AddressRelation::{OtherStreet, SameCrossing, Unknown};
        assert_eq!(
            relation("Angle rue Haute et rue Basse", "rue Basse & rue Haute"),
            SameCrossing
        );
        assert_eq!(
            relation(
                "INTERSECTION of Elm St & Oak Ave Springfield",
                "Oak Avenue & Elm Street"
            ),
            SameCrossing
        );
        assert_eq!(relation("Elm St & Oak Ave", "Elm St & Ash Ave"), OtherStreet);
        assert_eq!(relation("Elm St & Oak Ave", "7 Elm St"), Unknown);
        assert_eq!(relation("Elm St & Oak Ave", "7 Ash Ave"), OtherStreet);
    }

    #[test]
    fn a_french_name_with_et_is_no_crossing() {
        assert_eq!(
            relation("4 rue Paul et Virginie", "6 rue Paul et Virginie"),
            AddressRelation::NumberGap(2)
        );
    }
}
