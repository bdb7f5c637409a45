use proptest::prelude::*;

use super::*;
use crate::auth::secret::digest;

const KEY: Key = [7; 32];

fn first() -> RefreshToken {
    RefreshToken {
        town: TownId(3),
        session_id: Uuid::from_u128(42),
        epoch: 1,
        generation: 0,
        device: device_tag(&KEY, Some("tablet")),
    }
}

/// A session as the database holds it, and the clock.
struct Session {
    token_hash: Vec<u8>,
    previous_hash: Option<Vec<u8>>,
    rotated_at: DateTime<Utc>,
    ended: bool,
    epoch: i32,
}

impl Session {
    fn opened_with(token: &RefreshToken, at: DateTime<Utc>) -> Self {
        Self {
            token_hash: digest(token.write(&KEY).as_bytes()),
            previous_hash: None,
            rotated_at: at,
            ended: false,
            epoch: token.epoch,
        }
    }

    /// Shows a token and does what the command does with the verdict.
    fn show(&mut self, token: &RefreshToken, device: &str, now: DateTime<Utc>) -> Verdict {
        let by = Bearer {
            device: device_tag(&KEY, Some(device)),
            is_its_tablet: false,
        };
        self.show_by(token, by, now)
    }

    /// The same on the tablet of the session, which shows its secret and calls itself nothing.
    fn show_on_tablet(&mut self, token: &RefreshToken, now: DateTime<Utc>) -> Verdict {
        let by = Bearer {
            device: device_tag(&KEY, None),
            is_its_tablet: true,
        };
        self.show_by(token, by, now)
    }

    fn show_by(&mut self, token: &RefreshToken, by: Bearer, now: DateTime<Utc>) -> Verdict {
        let stored = Stored {
            token_hash: &self.token_hash,
            previous_hash: self.previous_hash.as_deref(),
            rotated_at: self.rotated_at,
            expires_at: start() + TimeDelta::hours(12),
            idle: TimeDelta::hours(2),
            ended: self.ended,
            epoch: self.epoch,
        };
        let text = token.write(&KEY);
        let verdict = judge(&stored, token, &text, by, now);
        match verdict {
            Verdict::Renew => {
                self.previous_hash = Some(std::mem::replace(
                    &mut self.token_hash,
                    digest(token.successor().write(&KEY).as_bytes()),
                ));
                self.rotated_at = now;
            }
            Verdict::Reuse => self.ended = true,
            Verdict::Repeat | Verdict::Over => {}
        }
        verdict
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

#[test]
fn each_token_is_good_once_and_its_successor_next() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    assert_eq!(session.show(&r1, "tablet", after(60)), Verdict::Renew);
    let r2 = r1.successor();
    assert_eq!(session.show(&r2, "tablet", after(120)), Verdict::Renew);
    assert_eq!(session.show(&r2.successor(), "tablet", after(180)), Verdict::Renew);
}

#[test]
fn two_uses_within_the_grace_get_the_same_successor() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    assert_eq!(session.show(&r1, "tablet", after(60)), Verdict::Renew);
    assert_eq!(session.show(&r1, "tablet", after(70)), Verdict::Repeat);
    assert_eq!(session.show(&r1.successor(), "tablet", after(75)), Verdict::Renew);
}

#[test]
fn a_copied_token_ends_the_session_for_both() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    session.show(&r1, "tablet", after(60));
    assert_eq!(session.show(&r1, "tablet", after(71)), Verdict::Reuse);
    assert_eq!(session.show(&r1.successor(), "tablet", after(72)), Verdict::Over);
}

#[test]
fn the_grace_is_for_the_device_that_signed_in() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    session.show(&r1, "tablet", after(60));
    assert_eq!(session.show(&r1, "another", after(61)), Verdict::Reuse);
}

#[test]
fn on_its_tablet_an_answer_that_got_lost_is_given_again_until_somebody_used_it() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    assert_eq!(session.show_on_tablet(&r1, after(60)), Verdict::Renew);
    assert_eq!(session.show_on_tablet(&r1, after(3_600)), Verdict::Repeat);
    assert_eq!(session.show_on_tablet(&r1.successor(), after(3_700)), Verdict::Renew);
    assert_eq!(session.show_on_tablet(&r1, after(3_701)), Verdict::Reuse);
}

#[test]
fn a_token_two_generations_old_is_reuse_even_at_once() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    session.show(&r1, "tablet", after(60));
    session.show(&r1.successor(), "tablet", after(61));
    assert_eq!(session.show(&r1, "tablet", after(62)), Verdict::Reuse);
}

#[test]
fn a_session_is_over_after_its_absolute_end_or_a_new_epoch() {
    let r1 = first();
    let mut session = Session::opened_with(&r1, start());
    assert_eq!(session.show(&r1, "tablet", after(12 * 3600)), Verdict::Over);
    session.epoch += 1;
    assert_eq!(session.show(&r1, "tablet", after(60)), Verdict::Over);
}

proptest! {
    #[test]
    fn a_token_is_read_as_it_was_written(town: i32, session: u128, epoch: i32, generation: u32, device: [u8; 8]) {
        let token = RefreshToken { town: TownId(town), session_id: Uuid::from_u128(session), epoch, generation, device };
        prop_assert_eq!(RefreshToken::read(&KEY, &token.write(&KEY)), Some(token));
        prop_assert_eq!(RefreshToken::read(&[8; 32], &token.write(&KEY)), None);
    }

    #[test]
    fn no_change_of_a_character_is_accepted(place in 0_usize..500, with in "[A-Za-z0-9_.-]") {
        let text = first().write(&KEY);
        let place = place % text.len();
        prop_assume!(text.get(place..=place) != Some(&with));
        let mut forged = text;
        forged.replace_range(place..=place, &with);
        prop_assert_eq!(RefreshToken::read(&KEY, &forged), None);
    }

    #[test]
    fn any_text_is_read_without_fault(text in ".{0,300}") {
        prop_assert_eq!(RefreshToken::read(&KEY, &text), None);
    }
}

#[test]
fn a_session_that_rests_too_long_is_over() {
    let (r1, mut session) = (first(), Session::opened_with(&first(), start()));
    let hours = |hours: i64| hours * 3_600;
    assert_eq!(
        session.show(&r1, "tablet", after(hours(2))),
        Verdict::Renew,
        "to the end of the rest"
    );
    let r2 = r1.successor();
    assert_eq!(
        session.show(&r2, "tablet", after(hours(4))),
        Verdict::Renew,
        "each refresh begins it again"
    );
    let r3 = r2.successor();
    assert_eq!(session.show(&r3, "tablet", after(hours(6) + 1)), Verdict::Over);
}
