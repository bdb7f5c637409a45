//! Words by which staff find an alert.

/// Longest word that is told apart, characters; longer ones are cut.
const LONGEST: usize = 32;

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;

/// The words of a text, as they are stored and sought: lower case, without accents, two characters or more. One may come
/// several times.
#[must_use]
pub fn of(text: &str) -> Vec<String> {
    let folded = geo_dedup::fold(text);
    let words = folded.split(' ').filter(|word| word.chars().nth(1).is_some());
    words.map(|word| word.chars().take(LONGEST).collect()).collect()
}

/// First and last of all words that begin with this one, in byte order.
#[must_use]
pub fn beginning_with(word: &str) -> (String, String) {
    (word.to_owned(), format!("{word}{}", char::MAX))
}
