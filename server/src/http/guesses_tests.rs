use super::*;

const ACCOUNT: &str = "account:camille";

fn per_hour(budget: u32) -> Guesses {
    Guesses::new(NonZeroU32::new(budget).unwrap())
}

fn from(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// Guesses wrong.
fn wrong(guesses: &Guesses, last: u8, now: DateTime<Utc>) -> Result<bool, u64> {
    let guess = guesses.begin(ACCOUNT, from(last), now);
    guess
        .map(|guess| guess.slow)
        .map_err(|refused| refused.retry_after.unwrap())
}

#[test]
fn only_wrong_guesses_are_counted() {
    let guesses = per_hour(8);
    for _ in 0..50 {
        guesses.begin(ACCOUNT, from(1), at(0)).unwrap().right(at(0));
    }
    assert_eq!(wrong(&guesses, 1, at(0)), Ok(false));
    assert_eq!(wrong(&guesses, 1, at(0)), Ok(false));
    assert_eq!(wrong(&guesses, 1, at(0)), Err(451), "two at once, eight in an hour");
    assert_eq!(wrong(&guesses, 1, at(449)), Err(2));
    assert_eq!(wrong(&guesses, 1, at(450)), Ok(false));
    assert!(wrong(&guesses, 1, at(451)).is_err());
}

#[test]
fn guesses_side_by_side_are_counted_before_any_is_looked_at() {
    let guesses = per_hour(8);
    let first = guesses.begin(ACCOUNT, from(1), at(0)).unwrap();
    let second = guesses.begin(ACCOUNT, from(1), at(0)).unwrap();
    assert!(guesses.begin(ACCOUNT, from(1), at(0)).is_err());
    first.right(at(0));
    drop(second);
    assert_eq!(wrong(&guesses, 1, at(0)), Ok(false));
    assert!(wrong(&guesses, 1, at(0)).is_err());
}

/// B-10: nobody shuts somebody else out.
#[test]
fn whoever_guesses_elsewhere_keeps_nobody_out() {
    let guesses = per_hour(8);
    while wrong(&guesses, 1, at(0)).is_ok() {}
    let own = guesses.begin(ACCOUNT, from(2), at(0)).unwrap();
    assert!(!own.slow);
    own.right(at(0));
    guesses.begin("account:other", from(1), at(0)).unwrap().right(at(0));
}

#[test]
fn guesses_from_all_sides_slow_down_who_was_never_here() {
    let guesses = per_hour(8);
    guesses.begin(ACCOUNT, from(1), at(0)).unwrap().right(at(0));
    // Twenty times two at once.
    for last in 10..50 {
        assert_eq!(wrong(&guesses, last, at(0)), Ok(false), "{last}");
    }
    assert_eq!(wrong(&guesses, 60, at(0)), Ok(true), "slower, and not refused");
    assert_eq!(wrong(&guesses, 1, at(0)), Ok(false), "an address that is known");
    for round in 0..100 {
        let _ = wrong(&guesses, 60 + round, at(1));
    }
    assert_eq!(
        wrong(&guesses, 200, at(2_000)),
        Ok(false),
        "it is over soon after they stop"
    );
    assert_eq!(
        wrong(&guesses, 1, at(KNOWN.num_seconds() + 1)),
        Ok(false),
        "known no more, and nothing goes on"
    );
}

#[test]
fn a_budget_without_end_refuses_nobody() {
    let guesses = per_hour(u32::MAX);
    for _ in 0..10_000 {
        assert_eq!(wrong(&guesses, 1, at(0)), Ok(false));
    }
}

#[test]
fn what_is_forgiven_is_forgotten() {
    let guesses = per_hour(60);
    for number in 0..SWEEP_EVERY - 1 {
        let secret = format!("account:{number}");
        guesses.begin(&secret, from(1), at(0)).map(drop).unwrap();
    }
    assert!(guesses.tries().marks.len() > 4_000);
    wrong(&guesses, 1, at(7_200)).unwrap();
    assert_eq!(guesses.tries().marks.len(), 2);
}
