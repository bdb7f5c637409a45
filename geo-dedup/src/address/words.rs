//! The words of addresses: types, directions, ordinals, and their spellings.

use crate::text::fold;

/// Words that end an American street name.
const SUFFIX_WAYS: [&str; 28] = [
    "st", "ave", "rd", "dr", "bd", "ln", "ct", "pl", "sq", "way", "pkwy", "cir", "hwy", "ter", "row", "path", "wharf",
    "plz", "expy", "aly", "trl", "tpke", "fwy", "grn", "cres", "mall", "xing", "park",
];
/// Words that begin a French street name.
const PREFIX_WAYS: [&str; 28] = [
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
    "ruelle",
    "venelle",
    "fg",
    "montee",
    "traverse",
    "chaussee",
    "mail",
    "parvis",
    "cite",
    "rpt",
    "hameau",
    "lot",
];
/// Directions by their number, from 1.
const DIRECTIONS: [&str; 8] = ["n", "s", "e", "w", "ne", "nw", "se", "sw"];
/// Words that French names are written with or without.
const ARTICLES: [&str; 10] = ["de", "du", "des", "la", "le", "les", "l", "d", "au", "aux"];
/// Spellings of one word; the short one is kept.
const SPELLINGS: [(&str, &str); 74] = [
    ("street", "st"),
    ("str", "st"),
    ("saint", "st"),
    ("avenue", "ave"),
    ("av", "ave"),
    ("aven", "ave"),
    ("road", "rd"),
    ("drive", "dr"),
    ("boulevard", "bd"),
    ("blvd", "bd"),
    ("boul", "bd"),
    ("bld", "bd"),
    ("bvd", "bd"),
    ("lane", "ln"),
    ("court", "ct"),
    ("place", "pl"),
    ("square", "sq"),
    ("parkway", "pkwy"),
    ("pky", "pkwy"),
    ("circle", "cir"),
    ("highway", "hwy"),
    ("terrace", "ter"),
    ("terr", "ter"),
    ("plaza", "plz"),
    ("expressway", "expy"),
    ("alley", "aly"),
    ("trail", "trl"),
    ("turnpike", "tpke"),
    ("freeway", "fwy"),
    ("green", "grn"),
    ("crescent", "cres"),
    ("crossing", "xing"),
    ("pk", "park"),
    ("chemin", "che"),
    ("chem", "che"),
    ("ch", "che"),
    ("route", "rte"),
    ("allee", "all"),
    ("allees", "all"),
    ("impasse", "imp"),
    ("faubourg", "fg"),
    ("fbg", "fg"),
    ("pass", "passage"),
    ("lotissement", "lot"),
    ("sainte", "ste"),
    ("general", "gal"),
    ("docteur", "dr"),
    ("president", "pdt"),
    ("marechal", "mal"),
    ("colonel", "col"),
    ("capitaine", "cap"),
    ("commandant", "cdt"),
    ("professeur", "pr"),
    ("north", "n"),
    ("south", "s"),
    ("east", "e"),
    ("west", "w"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("southeast", "se"),
    ("southwest", "sw"),
    ("first", "1"),
    ("second", "2"),
    ("third", "3"),
    ("fourth", "4"),
    ("fifth", "5"),
    ("sixth", "6"),
    ("seventh", "7"),
    ("eighth", "8"),
    ("ninth", "9"),
    ("tenth", "10"),
    ("premier", "1"),
    ("huit", "8"),
    ("onze", "11"),
];

/// Folds the text but keeps what carries structure as words of their own: `,` `&` `/` `@` and `-`.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find([',', ';', '\n', '&', '/', '@', '-']) {
        let (before, after) = rest.split_at(at);
        spaced.push_str(&fold(before));
        spaced.push_str(match after.as_bytes().first() {
            Some(b'&') => " & ",
            Some(b'/') => " / ",
            Some(b'@') => " @ ",
            Some(b'-') => " - ",
            _ => " , ",
        });
        rest = after.get(1..).unwrap_or_default();
    }
    spaced.push_str(&fold(rest));
    spaced
}

/// Whether a word is one of the marks that [`spaced`] keeps.
pub(super) fn is_mark(word: &str) -> bool {
    [",", "&", "/", "@", "-"].contains(&word)
}

/// The one spelling of a word; of an ordinal, its figures.
pub(super) fn short(word: &str) -> &str {
    if let Some((_, short)) = SPELLINGS.iter().find(|(long, _)| *long == word) {
        return short;
    }
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    match word.split_at_checked(digits) {
        Some((figures, "st" | "nd" | "rd" | "th" | "er" | "ere" | "e" | "eme")) if digits > 0 => figures,
        _ => word,
    }
}

pub(super) fn is_prefix_way(word: &str) -> bool {
    PREFIX_WAYS.contains(&short(word))
}

/// Whether a word in its one spelling ends an American street name.
pub(super) fn is_suffix_way(word: &str) -> bool {
    SUFFIX_WAYS.contains(&word)
}

/// Whether French names are written with or without this word.
pub(super) fn is_article(word: &str) -> bool {
    ARTICLES.contains(&word)
}

/// Number of a type in its one spelling; 0 when it is none. A type has one number wherever it stands.
pub(super) fn way_number(word: &str) -> u8 {
    let ways = SUFFIX_WAYS.iter().chain(&PREFIX_WAYS);
    numbered(ways, word)
}

/// Number of a direction in its one spelling; 0 when it is none.
pub(super) fn direction_number(word: &str) -> u8 {
    numbered(DIRECTIONS.iter(), word)
}

fn numbered<'a>(mut words: impl Iterator<Item = &'a &'a str>, word: &str) -> u8 {
    let at = words.position(|known| *known == word);
    at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
}

/// A word of five digits, as French and American postcodes have them.
pub(super) fn is_postcode(word: &str) -> bool {
    word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit())
}
