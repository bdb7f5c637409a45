use super::super::model::State;
use super::*;

const SCHEDULE: &[Duration] = &[Duration::from_secs(5), Duration::from_secs(60)];

fn now() -> DateTime<Utc> {
    "2026-11-22T02:00:00Z".parse().expect("a time")
}

#[test]
fn a_relay_that_is_away_is_tried_by_the_schedule_and_then_given_up_visibly() {
    let later = Verdict::Later("away".into());
    let first = settle(&later, 0, SCHEDULE, now());
    assert_eq!((first.state, first.attempts), (State::Due, 1));
    assert_eq!(first.next_at, now() + TimeDelta::seconds(5));
    let second = settle(&later, 1, SCHEDULE, now());
    assert_eq!(
        (second.state, second.next_at),
        (State::Due, now() + TimeDelta::minutes(1))
    );
    let third = settle(&later, 2, SCHEDULE, now());
    assert_eq!(
        (third.state, third.attempts, third.outcome),
        (State::Dead, 3, Some("given_up"))
    );
    assert_eq!(third.attempt, Some("retry"));
}

#[test]
fn a_refused_recipient_is_dead_at_once_and_flagged() {
    let refused = settle(&Verdict::Refused("the relay said 550".into()), 0, SCHEDULE, now());
    assert_eq!((refused.state, refused.outcome), (State::Dead, Some("refused")));
    assert_eq!(refused.words.as_deref(), Some("the relay said 550"));
    assert_eq!(
        settle(&Verdict::NoAddress, 0, SCHEDULE, now()).outcome,
        Some("no_address")
    );
}

#[test]
fn without_a_gateway_a_text_message_is_dead_and_without_a_relay_a_mail_waits() {
    let dead = settle(&Verdict::NoGateway, 0, SCHEDULE, now());
    assert_eq!((dead.state, dead.outcome), (State::Dead, Some("no_gateway")));
    assert_eq!(dead.words.as_deref(), Some("no gateway"));
    // However often: the schedule has not begun.
    for attempts in [0, 2] {
        let waits = settle(&Verdict::NoRelay, attempts, SCHEDULE, now());
        assert_eq!(
            (waits.state, waits.attempts, waits.attempt),
            (State::Due, attempts, None)
        );
        assert_eq!((waits.next_at, waits.outcome), (now() + RELAY_LOOK, Some("no_relay")));
    }
}

#[test]
fn who_unsubscribed_meanwhile_hears_nothing_and_nothing_was_tried() {
    let ended = settle(&Verdict::Ended, 1, SCHEDULE, now());
    assert_eq!(
        (ended.state, ended.attempts, ended.attempt),
        (State::Cancelled, 1, None)
    );
    let sent = settle(&Verdict::Sent, 1, SCHEDULE, now());
    assert_eq!(
        (sent.state, sent.attempts, sent.attempt),
        (State::Sent, 2, Some("sent"))
    );
}
