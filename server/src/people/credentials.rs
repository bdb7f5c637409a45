//! Rules for what people choose: addresses, passwords, PINs. Pure.
//!
//! Long rather than complicated: no composition rules and no expiry (OWASP ASVS 5.0, 6.2; CNIL recommendation of 2022).

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::password::MAX_PASSWORD;
use crate::http::problem::{FieldErrors, Problem};

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;

/// Shortest password, characters.
pub const MIN_PASSWORD: usize = 12;
/// Fewest different characters of a password.
const MIN_DISTINCT: usize = 5;
/// A mailbox name shorter than this may stand in a password: it is there by chance.
const MIN_MAILBOX: usize = 4;
/// Digits of a PIN.
pub const PIN_DIGITS: usize = 6;
/// Longest e-mail address (RFC 5321), bytes.
const MAX_EMAIL: usize = 254;
/// Longest name of a person or a tablet, characters.
pub const MAX_NAME: usize = 200;

/// Wrong PINs in a row that cost no wait: gloves.
const FREE_TRIES: i32 = 3;
/// Wait after the first wrong PIN that costs one, seconds; doubles with each further one.
const FIRST_WAIT: i64 = 5;
/// The wait grows no longer than this, so that nobody is ever locked out for good.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// The form in which an address is stored and looked up; `None` when it is none.
#[must_use]
pub fn normal_email(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    let (mailbox, host) = email.split_once('@')?;
    let plain = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    (plain && !mailbox.is_empty() && !host.is_empty() && !host.contains('@') && email.len() <= MAX_EMAIL)
        .then_some(email)
}

/// Notes what is wrong with a password chosen by the person with that address.
pub fn check_password(errors: &mut FieldErrors, field: &'static str, password: &str, email: &str) {
    let mailbox = email.split('@').next().unwrap_or_default().to_lowercase();
    let distinct: HashSet<char> = password.chars().collect();
    if password.len() > MAX_PASSWORD {
        errors.add(field, "password_long");
    } else if password.chars().count() < MIN_PASSWORD {
        errors.add(field, "password_short");
    } else if distinct.len() < MIN_DISTINCT {
        errors.add(field, "password_simple");
    } else if mailbox.chars().count() >= MIN_MAILBOX && password.to_lowercase().contains(&mailbox) {
        errors.add(field, "password_personal");
    }
}

/// Refuses what is too long to be anybody's password, before it costs a hash.
///
/// # Errors
/// [`crate::http::problem::Kind::Invalid`].
pub fn bound_password(field: &'static str, password: &str) -> Result<(), Problem> {
    if password.len() > MAX_PASSWORD {
        return Err(Problem::field(field, "password_long"));
    }
    Ok(())
}

/// Notes what is wrong with a PIN.
pub fn check_pin(errors: &mut FieldErrors, field: &'static str, pin: &str) {
    let digits: Option<Vec<u32>> = pin.chars().map(|c| c.to_digit(10)).collect();
    match digits {
        Some(digits) if digits.len() == PIN_DIGITS => {
            if is_trivial(&digits) {
                errors.add(field, "pin_trivial");
            }
        }
        _ => errors.add(field, "pin_form"),
    }
}

/// Counts up or down (123456, 098765), or repeats one to three digits (000000, 121212, 123123).
fn is_trivial(digits: &[u32]) -> bool {
    let steps_by = |step: u32| {
        digits
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if (a + step) % 10 == *b))
    };
    let repeats = |period: usize| digits.iter().zip(digits.iter().skip(period)).all(|(a, b)| a == b);
    steps_by(1) || steps_by(9) || (1..=PIN_DIGITS / 2).any(repeats)
}

/// How long after its last wrong PIN a person must wait with so many wrong ones in a row: nothing, then 5 s doubling up to
/// 15 min.
#[must_use]
pub fn pin_wait(failures: i32) -> TimeDelta {
    let doublings = failures - FREE_TRIES;
    if doublings < 0 {
        return TimeDelta::zero();
    }
    let seconds = FIRST_WAIT << doublings.min(20);
    TimeDelta::seconds(seconds).min(LONGEST_WAIT)
}

/// Seconds until the person may try a PIN again; 0 when it is now.
#[must_use]
pub fn pin_due_in(failures: i32, failed_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> u64 {
    let due = failed_at.map(|at| at + pin_wait(failures) - now);
    let seconds = due.map_or(0, |wait| (wait.num_milliseconds() + 999).div_euclid(1_000));
    u64::try_from(seconds).unwrap_or(0)
}
