//! Each feature speaks in the right direction, and stays silent when it knows nothing.

use geo_dedup::{
    Address, Candidate, Context, Decision, Feature, Metres, Observation, PhotoHash, Policy, ReportId, SenderTag,
    TextPrint, decide,
};

use crate::street::*;

/// How the posterior of one pair moves when both sides get a feature.
fn posterior(own: Observation, other: Observation, context: &Context) -> f64 {
    let known = alert_of(
        1,
        Observation {
            observed_at: before(DAY),
            ..other
        },
    );
    decide(&own, &[known], context, &policy()).scored[0].posterior
}

/// The posterior of two reports 20 m apart, of which each side says something.
fn with(own: impl Fn(Observation) -> Observation, other: impl Fn(Observation) -> Observation) -> f64 {
    posterior(own(report(20.0)), other(report(0.0)), &Context::at(NOW))
}

fn plain() -> f64 {
    with(|seen| seen, |seen| seen)
}

#[test]
fn addresses_speak_by_street_and_number() {
    let at = |text: &'static str| {
        move |seen| Observation {
            address: Some(Address::parse(text)),
            ..seen
        }
    };
    let same = with(at("12 rue Haute"), at("12 rue Haute"));
    let near = with(at("12 rue Haute"), at("14 rue Haute"));
    let far = with(at("12 rue Haute"), at("112 rue Haute"));
    assert!(same > plain() && same >= near && near > far && plain() > far);
    assert!(with(at("12 rue Haute"), at("12 rue Basse")) < plain());
    assert!(with(at("rue Haute & rue Basse"), at("rue Basse & rue Haute")) > plain());
    assert_eq!(
        with(at("12 rue Haute"), |seen| seen),
        plain(),
        "known on one side only: neutral"
    );
}

#[test]
fn texts_speak_by_what_they_share() {
    let saying = |text: &'static str| {
        move |seen| Observation {
            text: Some(TextPrint::of(text)),
            ..seen
        }
    };
    assert!(with(saying("gros trou dans la chaussée"), saying("trou dans la chaussee")) > plain());
    assert!(with(saying("gros trou dans la chaussée"), saying("lampadaire éteint")) < plain());
    assert_eq!(with(saying("trou"), saying("arbre")), plain(), "too short to tell");
}

#[test]
fn nearly_the_same_picture_decides_and_another_says_nothing() {
    let showing = |bits| {
        move |seen| Observation {
            photo_hashes: vec![PhotoHash(bits)],
            ..seen
        }
    };
    assert!(with(showing(0x0f0f_1234_5678_9abc), showing(0x0f0f_1234_5678_9abf)) > 0.99);
    assert_eq!(
        with(showing(0x0f0f_1234_5678_9abc), showing(0x1357_9bdf_0246_8ace)),
        plain(),
        "the other side of one thing"
    );
    assert_eq!(with(showing(0), showing(0)), plain(), "two black frames show nothing");
}

#[test]
fn inventory_numbers_tell_things_apart() {
    let of = |number: &'static str| {
        move |seen| Observation {
            asset: Some(number.to_owned()),
            ..seen
        }
    };
    assert!(with(of("L-12"), of(" l-12")) > 0.9);
    assert!(with(of("L-12"), of("L-13")) < 0.1);
    assert_eq!(with(of(""), of("")), plain(), "an empty number is none");
}

#[test]
fn a_resubmission_counts_within_minutes_and_on_the_spot() {
    let sent = |metres: f64, minutes: i64| {
        let first = Observation {
            observed_at: before(minutes * 60_000),
            sender: Some(SenderTag(7)),
            ..report(metres)
        };
        let again = Observation {
            sender: Some(SenderTag(7)),
            ..report(0.0)
        };
        let outcome = place(&again, &[alert_of(1, first)]);
        log_odds(&outcome.scored[0], Feature::SameSender)
    };
    assert!(sent(0.0, 5).is_some_and(|log_odds| log_odds > 0.0));
    assert_eq!(sent(0.0, 11), None);
    assert_eq!(sent(60.0, 5), None, "walking along the street");
}

#[test]
fn a_place_with_a_past_weakens_and_one_without_strengthens() {
    let after = |past_here, past_around| {
        let context = Context {
            past_here,
            past_around,
            ..Context::at(NOW)
        };
        posterior(report(10.0), report(0.0), &context)
    };
    assert!(after(Some(9), None) < after(None, None) && after(None, None) < after(Some(0), None));
    assert!(after(None, Some(30)) < after(None, None) && after(None, None) < after(None, Some(0)));
    assert!(after(Some(2), Some(30)) < after(Some(2), Some(3)));
}

#[test]
fn stated_accuracy_widens_the_spot() {
    let at = |metres: f64, accuracy| {
        let own = Observation {
            accuracy,
            ..report(metres)
        };
        posterior(
            own,
            Observation {
                accuracy,
                ..report(0.0)
            },
            &Context::at(NOW),
        )
    };
    let (sharp, blurred) = (Some(Metres::whole(5)), Some(Metres::whole(40)));
    assert!(at(0.0, sharp) > at(0.0, blurred), "sharp positions that agree say more");
    assert!(at(50.0, sharp) < at(50.0, blurred), "and more when they differ");
}

/// One person finds several things on one walk; two people who write at once mean one thing.
#[test]
fn being_reported_at_once_speaks_for_one_thing_only_between_two_people() {
    let age = |own: Option<u64>, other: Option<u64>, accuracy| {
        let seen = |metres, sender: Option<u64>, at| Observation {
            sender: sender.map(SenderTag),
            accuracy,
            observed_at: at,
            ..report(metres)
        };
        let known = alert_of(1, seen(0.0, other, before(HOUR)));
        log_odds(&place(&seen(20.0, own, NOW), &[known]).scored[0], Feature::Age).unwrap()
    };
    let phone = Some(Metres::whole(8));
    assert!(age(Some(1), Some(2), phone) > 0.0);
    for (own, other) in [(Some(1), Some(1)), (None, Some(1)), (Some(1), None), (None, None)] {
        assert!(age(own, other, phone) <= 0.0, "{own:?} {other:?}");
    }
    assert!(age(None, None, None) > 0.0, "addresses are not found on a walk");
}

/// Where problems last longer, the next report of one is expected later, and less of it on any one day.
#[test]
fn between_phones_age_is_a_density_over_the_life_of_a_problem() {
    let age = |days: i64, life: f64| {
        let policy = Policy::builder().life_days(life).build().unwrap();
        let own = Observation {
            sender: Some(SenderTag(1)),
            ..report(0.0)
        };
        let other = Observation {
            sender: Some(SenderTag(2)),
            observed_at: before(days * DAY),
            ..report(0.0)
        };
        let outcome = decide(&own, &[alert_of(1, other)], &Context::at(NOW), &policy);
        log_odds(&outcome.scored[0], Feature::Age).unwrap()
    };
    assert!((age(1, 10.0) - age(4, 40.0) - 4_f64.ln()).abs() < 1e-9);
    assert!(age(1, 10.0) > age(1, 40.0) && age(30, 10.0) < age(30, 40.0));
    let falling = [0, 1, 2, 5, 9, 20, 60].map(|days| age(days, 10.0));
    assert!(falling.windows(2).all(|pair| pair[0] > pair[1]), "{falling:?}");
}

/// A phone now and then states 5 m and is 80 m off: the picture then speaks loudly enough to ask.
#[test]
fn the_same_picture_is_worth_a_question_where_phones_disagree() {
    let seen = |metres: f64, at| Observation {
        accuracy: Some(Metres::whole(5)),
        photo_hashes: vec![PhotoHash(0x0f0f_1234_5678_9abc)],
        observed_at: at,
        ..report(metres)
    };
    let policy = Policy::builder().life_days(30.0).join_threshold(0.9).build().unwrap();
    let known = alert_of(1, seen(0.0, before(HOUR)));
    let decided = |own: &Observation| decide(own, std::slice::from_ref(&known), &Context::at(NOW), &policy).decision;
    assert_eq!(decided(&seen(80.0, NOW)), suggests(&[1]));
    let without = Observation {
        photo_hashes: Vec::new(),
        ..seen(80.0, NOW)
    };
    assert_eq!(decided(&without), Decision::Open);
}

/// Four phones know the place twice as well as one.
#[test]
fn a_phone_is_compared_with_what_all_reports_of_the_alert_say() {
    let one = alert_of(1, report(0.0));
    let mut many = one.clone();
    for (number, metres) in (10..).zip([20.0, 20.0, 40.0]) {
        many.members.push(report(metres).into_member(ReportId(number)));
        many.reports += 1;
        many.extent = Metres::whole(40);
    }
    let distance = |metres: f64, alert: &Candidate| {
        let scored = place(&report(metres), std::slice::from_ref(alert)).scored.remove(0);
        let value = scored
            .reasons
            .iter()
            .find(|reason| reason.feature == Feature::Distance)
            .unwrap()
            .value;
        (value, log_odds(&scored, Feature::Distance).unwrap())
    };
    let (metres, in_the_middle) = distance(20.0, &many);
    assert!(metres < 0.1, "the mean lies at 20 m, not {metres} m away");
    assert!(
        in_the_middle > distance(0.0, &one).1,
        "surer than one phone on the very spot"
    );
    assert!(
        distance(0.0, &many).1 < in_the_middle,
        "the spot of the first report alone is no better than the others'"
    );
    // An address is known or wrong by whole houses: the mean of several is none.
    let address = Observation {
        accuracy: None,
        ..report(20.0)
    };
    let mut addresses = many;
    addresses.members.iter_mut().for_each(|member| member.accuracy = None);
    let scored = place(&address, &[addresses]).scored.remove(0);
    let alone = Observation {
        accuracy: None,
        ..report(0.0)
    };
    let nearest = place(&alone, &[alert_of(1, alone.clone())]).scored.remove(0);
    assert_eq!(
        log_odds(&scored, Feature::Distance),
        log_odds(&nearest, Feature::Distance)
    );
}

/// Weights learned anew must still suit what phones send under a careful policy; the streams that teach them have no phones.
#[test]
fn a_careful_policy_joins_what_two_phones_plainly_mean() {
    let careful = Policy::builder().join_threshold(0.9).life_days(30.0).build().unwrap();
    let joins = |metres: f64, accuracy: u32, age: i64| {
        let seen = |metres, at| Observation {
            accuracy: Some(Metres::whole(accuracy)),
            observed_at: at,
            ..report(metres)
        };
        let known = alert_of(1, seen(0.0, before(age)));
        let context = Context {
            past_here: Some(0),
            past_around: Some(0),
            ..Context::at(NOW)
        };
        let outcome = decide(&seen(metres, NOW), &[known], &context, &careful);
        matches!(outcome.decision, Decision::Join { .. })
    };
    for (metres, accuracy, age) in [(3.0, 5, HOUR), (8.0, 8, DAY), (6.0, 10, 2 * DAY)] {
        assert!(
            joins(metres, accuracy, age),
            "{metres} m at {accuracy} m after {age} ms"
        );
    }
    for (metres, accuracy, age) in [
        (40.0, 5, HOUR),
        (35.0, 10, DAY),
        (5.0, 5, 90 * DAY),
        (60.0, 30, 7 * DAY),
    ] {
        assert!(
            !joins(metres, accuracy, age),
            "{metres} m at {accuracy} m after {age} ms"
        );
    }
}

/// Under the default policy too: one walk finds several things, and a wrong merge hides one of them.
#[test]
fn two_phones_at_two_places_are_two_things_even_in_the_same_minute() {
    let policy = Policy::default();
    let decided = |metres: f64| {
        let known = alert_of(
            1,
            Observation {
                observed_at: before(HOUR / 60),
                accuracy: Some(Metres::whole(5)),
                ..report(0.0)
            },
        );
        let seen = Observation {
            accuracy: Some(Metres::whole(5)),
            ..report(metres)
        };
        let context = Context {
            past_here: Some(0),
            past_around: Some(0),
            ..Context::at(NOW)
        };
        decide(&seen, &[known], &context, &policy).decision
    };
    for near in [0.0, 5.0, 10.0] {
        assert_eq!(decided(near), joins(1), "{near} m");
    }
    for apart in [35.0, 50.0, 65.0, 80.0] {
        assert_ne!(decided(apart), joins(1), "{apart} m");
    }
    assert_eq!(decided(80.0), Decision::Open);
}
