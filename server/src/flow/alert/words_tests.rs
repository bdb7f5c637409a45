use proptest::prelude::*;

use super::*;

#[test]
fn words_are_found_however_they_are_typed() {
    assert_eq!(of("Nid-de-poule, à l'École"), ["nid", "de", "poule", "ecole"]);
    assert_eq!(of("NID DE POULE"), ["nid", "de", "poule"]);
    assert_eq!(of("a ? !"), Vec::<String>::new());
    assert_eq!(of(&"é".repeat(50)), ["e".repeat(LONGEST)]);
}

proptest! {
    /// What lies in the range is what begins so, and nothing else.
    #[test]
    fn a_beginning_is_a_range(beginning in "[a-zß-ÿ日0-9]{2,8}", other in "[a-zß-ÿ日0-9]{2,12}") {
        let (first, last) = beginning_with(&beginning);
        let within = |word: &str| word.as_bytes() >= first.as_bytes() && word.as_bytes() <= last.as_bytes();
        let longer = format!("{beginning}{other}");
        prop_assert!(within(&longer) && within(&beginning));
        prop_assert_eq!(within(&other), other.starts_with(&beginning));
    }
}
