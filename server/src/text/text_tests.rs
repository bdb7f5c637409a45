use std::collections::BTreeMap;

use fluent_bundle::FluentResource;

use super::*;

/// Message id -> its variables, read from the sources.
fn messages(sources: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for source in sources {
        FluentResource::try_new((*source).to_owned()).expect("the file parses");
        let mut current = String::new();
        for line in source.lines() {
            if let Some((id, _)) = line.split_once(" =")
                && line.starts_with(|c: char| c.is_ascii_lowercase())
            {
                current = id.to_owned();
                assert!(found.insert(current.clone(), Vec::new()).is_none(), "{id} stands twice");
            }
            for piece in line.split("$").skip(1) {
                let name: String = piece
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let variables = found.get_mut(&current).expect("a variable stands in a message");
                if !variables.contains(&name) {
                    variables.push(name);
                }
            }
        }
    }
    found.values_mut().for_each(|names| names.sort());
    found
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_variables() {
    assert_eq!(messages(FRENCH), messages(ENGLISH));
}

#[test]
fn the_best_language_of_a_header_is_taken() {
    assert_eq!(Locale::negotiate("en-GB,en;q=0.9,fr;q=0.8"), Locale::En);
    assert_eq!(Locale::negotiate("de, fr;q=0.4, en;q=0.7"), Locale::En);
    assert_eq!(Locale::negotiate("de"), Locale::Fr);
    assert_eq!(Locale::negotiate(""), Locale::Fr);
}
