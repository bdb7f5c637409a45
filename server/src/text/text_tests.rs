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
fn a_number_chooses_singular_or_plural_and_is_written_as_the_language_does() {
    let texts = Texts::load();
    let apart = |locale, days: f64| texts.say(locale, "reason-age", &[("value", days.into())]);
    for (days, french, english) in [
        (0.0, "0 jour entre", "0 days between"),
        (1.0, "1 jour entre", "1 day between"),
        (1.5, "1,5 jour entre", "1.5 days between"),
        (2.0, "2 jours entre", "2 days between"),
        (12_000.0, "12000 jours entre", "12000 days between"),
        (-0.001, "0 jour entre", "0 days between"),
        (f64::NAN, "NaN jours entre", "NaN days between"),
    ] {
        assert!(
            apart(Locale::Fr, days).starts_with(french),
            "{}",
            apart(Locale::Fr, days)
        );
        assert!(
            apart(Locale::En, days).starts_with(english),
            "{}",
            apart(Locale::En, days)
        );
    }
    let new = |locale, count: u32| {
        let args = [("town", "Ingéville".into()), ("count", count.into())];
        texts.say(locale, "message-service-digest-subject", &args)
    };
    assert_eq!(new(Locale::Fr, 1), "Ingéville\u{a0}: 1 nouvelle alerte");
    assert_eq!(new(Locale::En, 3), "Ingéville: 3 new alerts");
}

#[test]
fn no_text_leaves_the_plural_to_the_reader() {
    for source in FRENCH.iter().chain(ENGLISH) {
        let left = source.lines().find(|line| line.contains("(s)"));
        assert_eq!(left, None);
    }
}

#[test]
fn the_first_of_a_month_has_its_own_name_in_french() {
    let texts = Texts::load();
    let said = |locale, text: &str| texts.day(locale, text.parse().expect("a day"));
    assert_eq!(said(Locale::Fr, "2026-05-01"), "1er mai 2026");
    assert_eq!(said(Locale::Fr, "2026-05-21"), "21 mai 2026");
    assert_eq!(said(Locale::En, "2026-05-01"), "1 May 2026");
}

#[test]
fn the_best_language_of_a_header_is_taken() {
    assert_eq!(Locale::negotiate("en-GB,en;q=0.9,fr;q=0.8"), Locale::En);
    assert_eq!(Locale::negotiate("de, fr;q=0.4, en;q=0.7"), Locale::En);
    assert_eq!(Locale::negotiate("de"), Locale::Fr);
    assert_eq!(Locale::negotiate(""), Locale::Fr);
}
