//! Short descriptions, compared without a model: the share of three-letter sequences that two texts have in common.

/// The letters and digits of a text in lower case without accents; everything else becomes one space between words.
///
/// Accents of western European languages are taken off, other letters stay as they are: it makes spellings alike, and is no
/// transliteration and no Unicode normal form. Linear in the text.
///
/// # Examples
///
/// ```
/// assert_eq!(geo_dedup::fold("Nid-de-poule, 12 bis Allée d'Été"), "nid de poule 12 bis allee d ete");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' | 'á' | 'ã' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' | 'í' => folded.push('i'),
            'ô' | 'ö' | 'ó' | 'õ' => folded.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
            'ÿ' => folded.push('y'),
            'ç' => folded.push('c'),
            'ñ' => folded.push('n'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            // A combining accent after its letter (decomposed text, as some phones send it) is dropped.
            '\u{300}'..='\u{36f}' => {}
            _ if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// The distinct trigrams of a text, ready for comparison by their Jaccard similarity (Jaccard, 1912).
///
/// Words are folded (case, accents and punctuation do not count) and padded by a space, so that their beginnings and ends
/// make trigrams of their own. It knows letters, not meanings: "hole" and "pothole" are near, "hole" and "pit" are not, and
/// two languages never are. A print is never turned back into its text, but short texts can be guessed from it: keep it as
/// you keep the text.
///
/// # Complexity
///
/// Four bytes a trigram. Taking one sorts as many trigrams as the text has letters; comparing two walks once along both.
///
/// # Examples
///
/// ```
/// use geo_dedup::TextPrint;
///
/// let one = TextPrint::of("Gros nid-de-poule devant l'école");
/// let other = TextPrint::of("nid de poule DEVANT l’ecole");
/// assert!(one.similarity(&other) > 0.7);
/// assert!(one.similarity(&TextPrint::of("lampadaire éteint")) < 0.1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPrint(Box<[u32]>);

impl TextPrint {
    /// Takes the print of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let folded = fold(text);
        if folded.is_empty() {
            return Self::default();
        }
        let ends = || std::iter::once(' ');
        let mut letters = ends().chain(folded.chars()).chain(ends());
        let mut trigrams = Vec::with_capacity(folded.len());
        let mut next = || letters.next().unwrap_or(' ');
        let (mut before, mut last) = (next(), next());
        for letter in letters {
            trigrams.push(packed([before, last, letter]));
            (before, last) = (last, letter);
        }
        trigrams.sort_unstable();
        trigrams.dedup();
        Self(trigrams.into_boxed_slice())
    }

    /// Number of distinct trigrams.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text had no letter or digit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Jaccard similarity, 0..=1: trigrams in common over trigrams in either; 0 when both are empty.
    ///
    /// It is no probability that both mean one thing. A short text inside a long one scores low; repeated words count once.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        let (mut one, mut two, mut common) = (0, 0, 0_usize);
        // Steps instead of branches: which of two trigrams is smaller, no processor can guess.
        while let (Some(first), Some(second)) = (self.0.get(one), other.0.get(two)) {
            common += usize::from(first == second);
            one += usize::from(first <= second);
            two += usize::from(second <= first);
        }
        let either = self.len() + other.len() - common;
        if either == 0 {
            0.0
        } else {
            common as f64 / either as f64
        }
    }
}

/// A trigram as a number: of ASCII letters exactly (three times 7 bits), of others by 31 bits of a hash under the highest bit.
fn packed(letters: [char; 3]) -> u32 {
    let [one, two, three] = letters.map(u64::from);
    if letters.iter().all(char::is_ascii) {
        (one << 14 | two << 7 | three) as u32
    } else {
        // Three code points of 21 bits each, mixed by an odd constant (the golden ratio's) of which the upper half is kept.
        let mixed = (one << 42 | two << 21 | three).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as u32 | 1 << 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_words_and_drops_the_rest() {
        assert_eq!(
            fold("  Nid-de-poule, 12 bis Allée d'Été! "),
            "nid de poule 12 bis allee d ete"
        );
        assert_eq!(fold("E\u{301}cole"), "ecole");
        assert_eq!(fold("Cœur"), "coeur");
        assert_eq!(fold(" ,.! "), "");
    }

    #[test]
    fn similarity_is_symmetric_and_bounded() {
        let texts = [
            "",
            "a",
            "trou",
            "trou dans la route",
            "hole in the road",
            "route dans la trou",
        ];
        for one in texts.map(TextPrint::of) {
            for other in texts.map(TextPrint::of) {
                let similarity = one.similarity(&other);
                assert_eq!(similarity, other.similarity(&one));
                assert!((0.0..=1.0).contains(&similarity));
            }
            assert!(one.is_empty() || one.similarity(&one) == 1.0);
        }
    }
}
