use proptest::prelude::*;

use super::*;

fn password_code(password: &str, email: &str) -> Option<&'static str> {
    let mut errors = FieldErrors::default();
    check_password(&mut errors, "password", password, email);
    errors.into_problem().errors.first().map(|error| error.code)
}

fn pin_code(pin: &str) -> Option<&'static str> {
    let mut errors = FieldErrors::default();
    check_pin(&mut errors, "pin", pin);
    errors.into_problem().errors.first().map(|error| error.code)
}

#[test]
fn addresses_are_compared_without_case_or_blanks() {
    assert_eq!(
        normal_email(" Admin@Town.Example "),
        Some("admin@town.example".to_owned())
    );
    for wrong in ["", "admin", "@town", "admin@", "a@b@c", "a b@c", "a@b\n.c"] {
        assert_eq!(normal_email(wrong), None, "{wrong:?}");
    }
    assert_eq!(normal_email(&format!("{}@b.c", "a".repeat(300))), None);
}

#[test]
fn passwords_are_long_and_not_personal() {
    let email = "voirie.secretariat@town.example";
    assert_eq!(password_code("correct horse battery", email), None);
    assert_eq!(password_code("éléphant mauve", email), None);
    assert_eq!(password_code("short", email), Some("password_short"));
    assert_eq!(password_code("aaaaaaaaaaaaaaa", email), Some("password_simple"));
    assert_eq!(
        password_code("Voirie.Secretariat-2026", email),
        Some("password_personal")
    );
    assert_eq!(password_code(&"abcdefghij".repeat(100), email), None);
    assert_eq!(password_code(&"abcdefghijk".repeat(100), email), Some("password_long"));
    assert_eq!(password_code("a jo is in here", "jo@town.example"), None);
}

#[test]
fn pins_are_six_digits_that_nobody_tries_first() {
    for fine in ["294751", "112358", "100200", "123465"] {
        assert_eq!(pin_code(fine), None, "{fine}");
    }
    for trivial in ["000000", "123456", "654321", "098765", "567890", "121212", "123123"] {
        assert_eq!(pin_code(trivial), Some("pin_trivial"), "{trivial}");
    }
    for wrong in ["", "12345", "1234567", "12a456", "１２３４５７"] {
        assert_eq!(pin_code(wrong), Some("pin_form"), "{wrong}");
    }
}

proptest! {
    #[test]
    fn the_wait_after_wrong_pins_grows_and_stays_bounded(failures in 0..i32::MAX) {
        let wait = pin_wait(failures);
        prop_assert!(wait >= TimeDelta::zero() && wait <= LONGEST_WAIT);
        prop_assert!(pin_wait(failures.saturating_add(1)) >= wait);
        prop_assert_eq!(wait.is_zero(), failures < FREE_TRIES);
    }

    #[test]
    fn after_the_wait_the_next_try_is_allowed(failures in 0..100_i32, seconds in 0..2_000_i64) {
        let failed_at = DateTime::UNIX_EPOCH;
        let now = failed_at + TimeDelta::seconds(seconds);
        let due = pin_due_in(failures, Some(failed_at), now);
        prop_assert_eq!(due == 0, seconds >= pin_wait(failures).num_seconds());
        let later = now + TimeDelta::seconds(i64::try_from(due).unwrap_or(0));
        prop_assert_eq!(pin_due_in(failures, Some(failed_at), later), 0);
    }
}
