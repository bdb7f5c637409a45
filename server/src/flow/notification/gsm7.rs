//! Text messages in the alphabet that a text message has (GSM 03.38, seven bits): 160 characters fit into one. A single
//! other character, a curly apostrophe or an `ê`, would leave room for 70.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What the alphabet has besides ASCII letters and digits; the last ten count twice.
const ALPHABET: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà^{}\\[~]|€";
/// Those that count twice.
const TWICE: &str = "^{}\\[~]|€";

/// The same words with the alphabet's characters: accents that it lacks are left out, other signs become its nearest.
#[must_use]
pub fn written(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let quoted = text.replace("«\u{a0}", "\"").replace("\u{a0}»", "\"");
    for c in quoted.nfc() {
        match c {
            _ if is_written(c) => out.push(c),
            '’' | '‘' | '´' | '`' => out.push('\''),
            '“' | '”' | '„' | '«' | '»' => out.push('"'),
            '–' | '—' | '‑' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            'œ' => out.push_str("oe"),
            'Œ' => out.push_str("OE"),
            _ if c.is_whitespace() => out.push(' '),
            _ => out.extend(plain(c)),
        }
    }
    out
}

/// How many of the 160 places a text takes; `None` when it holds something else.
#[must_use]
pub fn places(text: &str) -> Option<usize> {
    let place = |c| is_written(c).then(|| 1 + usize::from(TWICE.contains(c)));
    text.chars().map(place).sum()
}

fn is_written(c: char) -> bool {
    c.is_ascii_alphanumeric() || ALPHABET.contains(c)
}

/// A letter without its marks; `?` when nothing of it is in the alphabet.
fn plain(c: char) -> impl Iterator<Item = char> {
    let bare: Vec<char> = std::iter::once(c)
        .nfkd()
        .filter(|part| !is_combining_mark(*part))
        .map(|part| if is_written(part) { part } else { '?' })
        .collect();
    bare.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_fits_into_the_alphabet() {
        let written = written("L’intervention est «\u{a0}prête\u{a0}»\u{a0}: œuvre, août, ça… 5\u{202f}€");
        assert_eq!(written, "L'intervention est \"prete\" : oeuvre, aout, ca... 5 €");
        assert_eq!(places(&written), Some(written.chars().count() + 1));
    }

    #[test]
    fn what_is_in_the_alphabet_stays() {
        let text = "Été ? Où ça, à l'école : \"été\" @ 100 %";
        assert_eq!(written(text), "Été ? Où ca, à l'école : \"été\" @ 100 %");
        assert_eq!((places("abc"), places("a€"), places("ê")), (Some(3), Some(3), None));
    }
}
