use proptest::prelude::*;

use super::*;
use crate::auth::keys::Rotate;

const TOWN: TownId = TownId(1);
const OTHER_TOWN: TownId = TownId(2);

/// A key ring on disk, as an installation has it, and the same after its vault key was rotated.
fn rings() -> (KeyRing, KeyRing) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = KeyRing::path(folder.path());
    let before = KeyRing::load_or_create(&path, chrono::DateTime::UNIX_EPOCH).expect("keys");
    KeyRing::rotate(&path, Rotate::Vault, chrono::DateTime::UNIX_EPOCH).expect("rotated");
    (before, KeyRing::load(&path).expect("keys"))
}

fn stored(sealed: &Sealed) -> Vec<(Field, Vec<u8>)> {
    sealed
        .fields
        .iter()
        .map(|sealed| (sealed.field, sealed.ciphertext.clone()))
        .collect()
}

fn person() -> Contact {
    Contact {
        email: Some("camille@exemple.fr".into()),
        phone: Some("06 12 34 56 78".into()),
        name: Some("Camille Martin".into()),
        postal_address: None,
        answers: Some(r#"{"plate":"AB-123-CD"}"#.into()),
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens_again(email in proptest::option::of(".{0,40}"), name in proptest::option::of(".{0,40}")) {
        let (keys, _) = rings();
        let subject = Uuid::new_v4();
        let contact = Contact { email, name, ..Contact::default() };
        let sealed = seal(&keys, TOWN, subject, &contact).expect("sealed");
        let opened = open(&keys, TOWN, subject, (&sealed.key_id, &sealed.wrapped_key), &stored(&sealed)).expect("opens");
        prop_assert_eq!(opened, contact);
    }
}

#[test]
fn a_ciphertext_opens_in_its_own_place_only() {
    let (keys, _) = rings();
    let (subject, other) = (Uuid::new_v4(), Uuid::new_v4());
    let sealed = seal(&keys, TOWN, subject, &person()).expect("sealed");
    let key = (sealed.key_id.as_str(), sealed.wrapped_key.as_slice());
    let fields = stored(&sealed);
    assert!(open(&keys, OTHER_TOWN, subject, key, &fields).is_err(), "another town");
    assert!(
        open(&keys, TOWN, other, key, &fields).is_err(),
        "another person's key place"
    );
    let swapped = vec![(Field::Phone, fields[0].1.clone())];
    assert!(open(&keys, TOWN, subject, key, &swapped).is_err(), "another field");

    let second = seal(&keys, TOWN, other, &person()).expect("sealed");
    let second_key = (second.key_id.as_str(), second.wrapped_key.as_slice());
    assert!(
        open(&keys, TOWN, other, second_key, &fields).is_err(),
        "another person's data"
    );
    let mut damaged = fields[0].1.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    assert!(
        open(&keys, TOWN, subject, key, &[(fields[0].0, damaged)]).is_err(),
        "damaged"
    );
}

#[test]
fn a_rotated_vault_key_still_reads_and_can_be_renewed() {
    let (before, after) = rings();
    let subject = Uuid::new_v4();
    let sealed = seal(&before, TOWN, subject, &person()).expect("sealed");
    let fields = stored(&sealed);
    let opened = open(&after, TOWN, subject, (&sealed.key_id, &sealed.wrapped_key), &fields).expect("opens");
    assert_eq!(opened, person());
    let (key_id, wrapped) = renew(&after, TOWN, subject, &sealed.key_id, &sealed.wrapped_key)
        .expect("renewed")
        .expect("another key is in force");
    assert_ne!(key_id, sealed.key_id);
    assert_eq!(
        open(&after, TOWN, subject, (&key_id, &wrapped), &fields).expect("opens"),
        person()
    );
    assert!(
        renew(&after, TOWN, subject, &key_id, &wrapped)
            .expect("looked")
            .is_none()
    );
    assert!(
        open(&before, TOWN, subject, (&key_id, &wrapped), &fields).is_err(),
        "the old ring lacks the key"
    );
}

#[test]
fn one_number_has_one_index_per_town_however_it_is_written() {
    let (keys, _) = rings();
    let index = |town, value| blind_index(&keys, town, Field::Phone, value);
    assert_eq!(index(TOWN, "06 12 34 56 78"), index(TOWN, "+33 6 12 34 56 78"));
    assert_eq!(index(TOWN, "0033612345678"), index(TOWN, "06.12.34.56.78"));
    assert_ne!(index(TOWN, "0612345678"), index(OTHER_TOWN, "0612345678"));
    let mail = |value| blind_index(&keys, TOWN, Field::Email, value);
    assert_eq!(mail(" Camille@Exemple.FR"), mail("camille@exemple.fr"));
    assert_ne!(mail("camille@exemple.fr"), mail("camile@exemple.fr"));
    assert_eq!(blind_index(&keys, TOWN, Field::Name, "Camille"), None);
}

#[test]
fn a_mark_is_of_one_recipient_and_one_day() {
    let (keys, _) = rings();
    let mark = |value, day: &str| daily_mark(&keys, TOWN, Field::Email, value, day.parse().expect("a day"));
    assert_eq!(mark("a@exemple.fr", "2026-11-20"), mark(" A@exemple.fr", "2026-11-20"));
    assert_ne!(mark("a@exemple.fr", "2026-11-20"), mark("a@exemple.fr", "2026-11-21"));
    assert_ne!(mark("a@exemple.fr", "2026-11-20"), mark("b@exemple.fr", "2026-11-20"));
}

#[test]
fn debug_tells_nothing_of_the_person() {
    let shown = format!("{:?}", person());
    assert!(
        !shown.contains("camille") && !shown.contains("06") && !shown.contains("AB-"),
        "{shown}"
    );
}
