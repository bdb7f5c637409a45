use proptest::prelude::*;

use super::{AddressRelation::*, *};

fn relation(one: &str, two: &str) -> AddressRelation {
    let (one, two) = (Address::parse(one), Address::parse(two));
    assert_eq!(one.relation(&two), two.relation(&one));
    one.relation(&two)
}

/// The first of each is the same as all others.
fn assert_same(relation_wanted: AddressRelation, spellings: &[&str]) {
    let (first, others) = spellings.split_first().unwrap();
    for other in others {
        assert_eq!(relation(first, other), relation_wanted, "{first} / {other}");
    }
}

#[test]
fn french_houses() {
    assert_same(
        NumberGap(0),
        &[
            "12, rue Victor Hugo, Ingéville",
            "12 RUE VICTOR-HUGO",
            "12 r. Victor Hugo",
            "12 rue Victor Hugo 99123 Ingéville",
            "n° 12 rue Victor Hugo",
            "Mairie, 12 rue Victor Hugo",
            "rue Victor Hugo, 12",
            "12 rue Victor Hugo, angle rue Basse",
        ],
    );
    assert_eq!(relation("12 rue Victor Hugo", "14 Rue Victor Hugo"), NumberGap(2));
    assert_eq!(relation("12 rue Victor Hugo", "12 rue Hugo"), OtherStreet);
    assert_eq!(relation("12 rue Victor Hugo", "12 avenue Victor Hugo"), OtherStreet);
    assert_eq!(relation("rue Victor Hugo", "12 rue Victor Hugo"), Unknown);
    assert_eq!(relation("", "12 rue Victor Hugo"), Unknown);
    assert_same(
        NumberGap(0),
        &[
            "3 av. du Général Leclerc",
            "3 avenue du General Leclerc",
            "3 av Gal Leclerc",
        ],
    );
    assert_same(
        NumberGap(0),
        &["5 rue de l'Été", "5 RUE DE L ETE", "5 rue Été", "5, rue de l’été"],
    );
    assert_same(
        NumberGap(0),
        &["9 bd St Michel", "9 boulevard Saint-Michel", "9 Bld. Saint Michel"],
    );
    assert_same(
        NumberGap(0),
        &["2 rue du Onze Novembre 1918", "2 rue du 11 novembre 1918"],
    );
    assert_eq!(relation("2 rue du 8 mai 1945", "4 rue du 8 mai 1945"), NumberGap(2));
    assert_same(NumberGap(0), &["7 Grande Rue", "7 grande rue"]);
}

#[test]
fn doors_of_one_number() {
    assert_same(
        NumberGap(0),
        &[
            "12 bis rue Haute",
            "12bis rue Haute",
            "12 B rue Haute",
            "12b, rue Haute",
            "12 BIS, rue Haute",
        ],
    );
    assert_same(NumberGap(0), &["12 ter rue Haute", "12T rue Haute"]);
    assert_same(
        NumberGap(1),
        &[
            "12 rue Haute",
            "12 bis rue Haute",
            "12 ter rue Haute",
            "12A rue Haute",
            "13 rue Haute",
        ],
    );
    assert_eq!(relation("12 ter rue Haute", "12 bis rue Haute"), NumberGap(1));
    assert_eq!(relation("15A Primrose St", "15 A Primrose St"), NumberGap(0));
    assert_eq!(
        relation("12 N Main St", "12N Main St"),
        NumberGap(1),
        "one is a direction"
    );
}

#[test]
fn ranges_and_lists() {
    assert_same(
        NumberGap(0),
        &[
            "13 rue Haute",
            "12-14 rue Haute",
            "12 et 14 rue Haute",
            "12/14 rue Haute",
            "12 à 14, rue Haute",
        ],
    );
    assert_eq!(relation("12, 14 et 16 rue Haute", "18 rue Haute"), NumberGap(2));
    assert_eq!(relation("12 bis et 14 ter rue Haute", "12 rue Haute"), NumberGap(1));
    assert_eq!(relation("135-159 Main St", "140 Main St"), NumberGap(0));
    assert_eq!(relation("135-159 Main St", "161 Main St"), NumberGap(2));
    assert_eq!(relation("22-22A Primrose St", "22A Primrose St"), NumberGap(0));
    assert_eq!(relation("357-369A W Larkway", "371 W Larkway"), NumberGap(2));
    assert_eq!(
        relation("12, 99011 Ingéville", "12 rue Haute"),
        Unknown,
        "a postcode is no second number"
    );
}

#[test]
fn american_houses() {
    assert_same(
        NumberGap(0),
        &[
            "12 Main St Springfield XX 01234",
            "12 MAIN STREET",
            "12 Main",
            "12 Main St, Springfield",
        ],
    );
    assert_same(
        NumberGap(0),
        &["61 N Third St Springfield", "61 North 3rd Street", "61 N. 3rd St."],
    );
    assert_eq!(relation("1400 E 903RD ST", "1410 E 903rd St"), NumberGap(10));
    assert_eq!(relation("1400 E 903RD ST", "1400 W 903rd St"), OtherStreet);
    assert_eq!(
        relation("1400 903rd St", "1400 W 903rd St"),
        NumberGap(0),
        "one left the direction out"
    );
    assert_eq!(relation("70604 W AVENUE E", "70604 W AVENUE L"), OtherStreet);
    assert_eq!(
        relation("30 Quillon Park Ave", "30 Quillon Park Avenue Springfield"),
        NumberGap(0)
    );
    assert_eq!(relation("30 Quillon Park Ave", "30 Quillon Ave"), OtherStreet);
    assert_eq!(relation("5 Mount Quillon St", "5 Mount Quillon Pl"), OtherStreet);
    assert_eq!(relation("5 Z St NW", "5 Z St SE"), OtherStreet);
    assert_eq!(relation("5 E St", "5 F St"), OtherStreet);
    assert_eq!(
        relation("5 E Larkway South Springfield XX 01234", "5 E Larkway"),
        Unknown
    );
    assert_eq!(relation("7300 S FORT QUILLON", "7310 S Fort Quillon"), NumberGap(10));
}

#[test]
fn crossings() {
    assert_same(
        SameCrossing,
        &[
            "Angle rue Haute et rue Basse",
            "rue Basse & rue Haute",
            "rue Haute / rue Basse",
            "rue Haute et rue Basse",
            "rue Haute et de la r. Basse",
            "angle de la rue Haute et de la rue Basse",
            "angle de la r. Haute et de la r. Basse",
            "rue Haute, angle rue Basse",
            "rue Haute angle rue Basse",
            "Croisement rue Basse / rue Haute, 99123 Ingéville",
        ],
    );
    assert_same(
        SameCrossing,
        &[
            "INTERSECTION of Elm St & Oak Ave Springfield",
            "Oak Avenue & Elm Street",
            "ELM ST / OAK AVE",
            "Elm St @ Oak Ave",
            "Elm St and Oak Ave",
            "corner of Elm and Oak",
        ],
    );
    assert_eq!(relation("Elm St & Oak Ave", "Elm St & Ash Ave"), OtherStreet);
    assert_eq!(relation("Elm St & Oak Ave", "7 Elm St"), Unknown);
    assert_eq!(relation("Elm St & Oak Ave", "7 Ash Ave"), OtherStreet);
    assert_eq!(
        relation("1st Ave & 2nd St", "First Avenue / Second Street"),
        SameCrossing
    );
}

#[test]
fn a_number_sign_is_no_street() {
    assert_eq!(relation("n° 14 rue Haute", "14 rue Haute"), NumberGap(0));
    for text in ["n° & 14b", "n° , n° & 14b", "no / 14"] {
        let [_, other] = Address::parse(text).streets;
        assert_eq!(other, None, "{text} is no crossing");
    }
}

#[test]
fn a_french_name_with_et_is_no_crossing() {
    assert_eq!(
        relation("4 rue Paul et Virginie", "6 rue Paul et Virginie"),
        NumberGap(2)
    );
    assert_eq!(relation("rue Paul et Virginie", "rue Paul / rue Virginie"), OtherStreet);
}

/// Words that mean something to the reader, and some that do not.
fn any_address() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => prop::sample::select(vec![
            "12", "14b", "7-9", "3 bis", "ter", "et", "a", "&", "/", ",", "n°", "rue", "r.", "avenue", "ave", "st", "St.",
            "place", "park", "de", "la", "l'", "N", "east", "NW", "99011", "1st", "third", "onze",
            "Main", "Elm", "Hugo", "Été", "x", "@", "-", "cedex", "du", "Fort",
        ]).prop_map(str::to_owned),
        1 => ".{0,6}",
    ];
    prop::collection::vec(word, 0..9).prop_map(|words| words.join(" "))
}

fn is_read_as_its_normal_form(text: &str) {
    let spaced = words::spaced(text);
    let reading = Reading::of(&spaced);
    let normal = reading.normal();
    assert!(normal.is_some(), "{text:?} is read {reading:?}");
    let again = words::spaced(&normal.clone().unwrap_or_default());
    let again = Reading::of(&again);
    assert_eq!(again.address(), reading.address(), "{text:?}");
    assert_eq!(again.normal(), normal, "{text:?}");
}

/// One random text in some ten thousand, or in some million, was not.
#[test]
fn what_random_texts_have_found_stays_found() {
    for text in [
        "rue n\u{b0} et de r. N",
        "avenue n\u{b0} et s avenue 99011",
        "rue 99011 ter",
        "rue 12 et de N rue N",
    ] {
        is_read_as_its_normal_form(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_string_is_read_and_its_normal_form_alike(text in prop_oneof![3 => any_address(), 1 => ".{0,60}"]) {
        is_read_as_its_normal_form(&text);
    }

    #[test]
    fn a_relation_is_symmetric_and_reflexive(one in any_address(), other in any_address()) {
        let (one, other) = (Address::parse(&one), Address::parse(&other));
        prop_assert_eq!(one.relation(&other), other.relation(&one));
        let own = one.relation(&one);
        prop_assert!(matches!(own, Unknown | NumberGap(0) | SameCrossing), "{:?} to itself: {:?}", one, own);
    }

    /// Case, accents, punctuation and blanks say nothing.
    #[test]
    fn dress_does_not_matter(number in 1..999_u32, name in "[a-z]{2,8}( [a-z]{4,8})?", way in 0..3_usize) {
        let (way, upper) = [("rue", "RUE"), ("bd", "BOULEVARD"), ("av.", "Avenue")][way];
        let plain = Address::parse(&format!("{number} {way} {name}"));
        let dressed = Address::parse(&format!(" {number} ,  {upper}  {}.", name.to_uppercase()));
        prop_assert_eq!(plain, dressed);
    }
}
