//! From words to streets and numbers.

use std::num::NonZeroU64;

use super::{
    Address, Street,
    doors::Doors,
    words::{direction_number, is_article, is_mark, is_postcode, is_prefix_way, is_suffix_way, short, way_number},
};

/// What was understood, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    pub(super) doors: Option<Doors>,
    pub(super) streets: [Option<Name<'a>>; 2],
}

/// A street's name, apart from its type and direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) direction: &'a str,
    pub(super) way: &'a str,
    pub(super) words: Vec<&'a str>,
}

/// Words that say that two streets cross.
const CROSSING: [&str; 8] = [
    "intersection",
    "corner",
    "angle",
    "croisement",
    "carrefour",
    "coin",
    "cnr",
    "crossing",
];

impl<'a> Reading<'a> {
    /// Reads what [`super::words::spaced`] made of a text.
    pub(super) fn of(spaced: &'a str) -> Self {
        let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
        let words = without_number_sign(without_marks(&words));
        if let Some((doors, taken)) = Doors::read(words) {
            return Self::house(doors, words.get(taken..).unwrap_or_default());
        }
        if let Some(crossing) = Self::crossing(words) {
            return crossing;
        }
        let (first, rest) = to_comma(words);
        let named = Name::read(first);
        if named.as_ref().is_some_and(|name| !name.way.is_empty()) || rest.is_empty() {
            let (doors, taken) = Doors::read(rest).map_or((None, 0), |(doors, taken)| (Some(doors), taken));
            // "Rue Victor Hugo, 12": a number alone between commas.
            let alone = rest.get(taken).is_none_or(|next| *next == ",");
            return Self {
                doors: doors.filter(|_| alone),
                streets: [named, None],
            };
        }
        // "Town hall, 12 rue Victor Hugo": what has neither number nor type is the name of a place.
        let house = Doors::read(rest).map(|(doors, taken)| Self::house(doors, rest.get(taken..).unwrap_or_default()));
        let typed = |house: &Self| matches!(&house.streets, [Some(name), _] if !name.way.is_empty());
        house.filter(typed).unwrap_or(Self {
            doors: None,
            streets: [named, None],
        })
    }

    /// What follows the numbers. "12, rue X": they may stand alone before the first comma.
    fn house(doors: Doors, words: &[&'a str]) -> Self {
        let (street, _) = to_comma(without_marks(words));
        let end = street
            .iter()
            .position(|word| ["&", "/", "@"].contains(word) || CROSSING.contains(word));
        Self {
            doors: Some(doors),
            streets: [
                Name::read(street.get(..end.unwrap_or(street.len())).unwrap_or_default()),
                None,
            ],
        }
    }

    /// "A & B", "intersection of A and B", "angle de la rue A et de la rue B", "rue A angle rue B".
    fn crossing(words: &[&'a str]) -> Option<Self> {
        let is_named = words.first().is_some_and(|word| CROSSING.contains(word));
        let opens = |word: &&str| CROSSING.contains(word) || ["of", "de", "du", "des", "entre"].contains(word);
        let opening = words.iter().take_while(|word| is_named && opens(word)).count();
        let body = words.get(opening..)?;
        let said = |at: &usize| {
            let word = body.get(*at).copied().unwrap_or_default();
            ["and", "et", "at"].contains(&word) || CROSSING.contains(&word)
        };
        let marked = |at: &usize| body.get(*at).is_some_and(|word| ["&", "/", "@"].contains(word));
        // A name may hold an "et": without anything else that says so, two streets cross when both have a type.
        let certain = (0..body.len()).filter(marked).map(|at| (at, true));
        let spoken = (0..body.len()).filter(said).map(|at| (at, is_named));
        certain.chain(spoken).find_map(|(at, is_certain)| {
            let (one, two) = (body.get(..at)?, body.get(at + 1..)?);
            let streets = [one, two].map(|side| Name::read(to_comma(side).0));
            let typed = |name: &Name<'_>| is_certain || !name.way.is_empty();
            // "N° & 14" is a number, not a crossing of two streets.
            let numbered = Doors::read(without_marks(two)).is_some();
            let is_sign = |name: &Name<'_>| numbered && name.is_number_sign();
            let [first, _] = &streets;
            let crosses =
                streets.iter().all(|name| name.as_ref().is_some_and(typed)) && !first.as_ref().is_some_and(is_sign);
            crosses.then_some(Self { doors: None, streets })
        })
    }

    pub(super) fn address(&self) -> Address {
        let [one, two] = &self.streets;
        let mut streets = [one, two].map(|name| name.as_ref().map(Name::street));
        if let [Some(one), Some(two)] = &mut streets
            && (one.name, one.way, one.direction) > (two.name, two.way, two.direction)
        {
            std::mem::swap(one, two);
        }
        Address {
            streets,
            doors: self.doors,
        }
    }
}

/// Leaves out "n°" before a number.
fn without_number_sign<'a, 'w>(words: &'w [&'a str]) -> &'w [&'a str] {
    match words {
        [sign, rest @ ..] if is_number_sign(sign) && Doors::read(without_marks(rest)).is_some() => without_marks(rest),
        all => all,
    }
}

fn is_number_sign(word: &str) -> bool {
    ["n", "no", "num", "numero", "nr"].contains(&word)
}

fn without_marks<'a, 'w>(words: &'w [&'a str]) -> &'w [&'a str] {
    let begin = words.iter().position(|word| !is_mark(word)).unwrap_or(words.len());
    words.get(begin..).unwrap_or_default()
}

/// The words before the first comma, and those behind it.
fn to_comma<'a, 'w>(words: &'w [&'a str]) -> (&'w [&'a str], &'w [&'a str]) {
    let end = words.iter().position(|word| *word == ",").unwrap_or(words.len());
    let (before, after) = words.split_at(end);
    (before, after.get(1..).unwrap_or_default())
}

/// Leaves out the articles before a French type: "de la rue Haute", "du bd Bas", "de la r. Haute".
fn without_articles<'a, 'w>(words: &'w [&'a str]) -> &'w [&'a str] {
    let behind = words.iter().position(|word| !is_article(word));
    match behind.and_then(|at| words.get(at..)) {
        Some(named @ [way, _, ..]) if *way == "r" || is_prefix_way(way) => named,
        Some(named @ [direction, way, _, ..]) if direction_number(short(direction)) > 0 && is_prefix_way(way) => named,
        _ => words,
    }
}

impl<'a> Name<'a> {
    fn read(words: &[&'a str]) -> Option<Self> {
        let words: Vec<&str> = words.iter().filter(|word| !is_mark(word)).copied().collect();
        let words = without_articles(&words);
        let name = match words {
            ["r", name @ ..] if !name.is_empty() && !name.first().is_some_and(|next| is_suffix_way(short(next))) => {
                Self::french("rue", name)
            }
            [direction, way, name @ ..] if direction_number(short(direction)) > 0 && is_french(way, name) => Self {
                direction: short(direction),
                ..Self::french(short(way), name)
            },
            [way, name @ ..] if is_french(way, name) => Self::french(short(way), name),
            all => Self::american(all),
        };
        (!name.words.is_empty()).then_some(name)
    }

    /// The name behind its type, up to a postcode.
    fn french(way: &'a str, words: &[&'a str]) -> Self {
        let end = words.iter().position(|word| ends_name(word));
        let name = words.get(..end.unwrap_or(words.len())).unwrap_or_default();
        let own: Vec<&str> = name.iter().map(|word| short(word)).collect();
        let telling: Vec<&str> = own.iter().filter(|word| !is_article(word)).copied().collect();
        // "Avenue L" has nothing else.
        let articles_tell = telling.first().is_none_or(|first| !is_french(way, &[first]));
        Self {
            direction: "",
            way,
            words: if articles_tell { own } else { telling },
        }
    }

    /// A direction, the name, and its type; without a type, all up to a postcode.
    fn american(words: &[&'a str]) -> Self {
        let own: Vec<&str> = words.iter().copied().map(short).collect();
        let (direction, name) = match own.as_slice() {
            [direction, next, ..] if direction_number(direction) > 0 && !is_suffix_way(next) => {
                (*direction, own.get(1..).unwrap_or_default())
            }
            all => ("", all),
        };
        let ends = |at: &usize| name.get(*at).is_some_and(|word| is_suffix_way(word));
        let written = words.get(words.len() - name.len()..).unwrap_or_default();
        let end = |from: usize| (from..name.len()).find(|at| written.get(*at).is_some_and(|word| ends_name(word)));
        // "Quillon Park Ave" is an avenue.
        let is_name = |at: &usize| name.get(*at) == Some(&"park") && ends(&(at + 1));
        let Some(at) = (1..end(1).unwrap_or(name.len())).find(|at| ends(at) && !is_name(at)) else {
            let name = name.get(..end(0).unwrap_or(name.len())).unwrap_or_default();
            return Self {
                direction,
                way: "",
                words: name.to_vec(),
            };
        };
        // "Main St NW", "Main St S": written short, or the next words would be a town's ("Main St South Springfield").
        let behind = match written.get(at + 1..).unwrap_or_default() {
            [quadrant @ ("ne" | "nw" | "se" | "sw"), ..] | [quadrant @ ("n" | "s" | "e" | "w")] => *quadrant,
            _ => "",
        };
        Self {
            direction: if direction.is_empty() { behind } else { direction },
            way: name.get(at).copied().unwrap_or_default(),
            words: name.get(..at).unwrap_or_default().to_vec(),
        }
    }

    fn is_number_sign(&self) -> bool {
        self.direction.is_empty() && self.way.is_empty() && matches!(*self.words, [word] if is_number_sign(word))
    }

    fn street(&self) -> Street {
        let name = hash(&self.words);
        let head = hash(self.words.get(..1).unwrap_or_default());
        Street {
            name: NonZeroU64::new(name).unwrap_or(NonZeroU64::MIN),
            head: (head >> 32) as u32,
            way: way_number(self.way),
            direction: direction_number(self.direction),
        }
    }
}

/// Whether a type begins the name ("rue Haute") and does not itself have one behind it ("Place Rd").
fn is_french(way: &str, name: &[&str]) -> bool {
    let typed = |word: &str| is_suffix_way(short(word)) && short(word) != "st";
    let names = |next: &&str| !ends_name(next) && (way == "rue" || !typed(next));
    is_prefix_way(way) && name.first().is_some_and(names)
}

/// Whether a town begins with this word, and so the name before it has ended.
fn ends_name(word: &str) -> bool {
    is_postcode(word) || word == "cedex"
}

/// FNV-1a over the words with an end mark each.
fn hash(words: &[&str]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = words.iter().flat_map(|word| word.bytes().chain([b' ']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}
