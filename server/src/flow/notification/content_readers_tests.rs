//! What each reader learns, and what they do not.

use super::*;

#[test]
fn a_sensitive_category_is_not_named_nor_placed_nor_counted() {
    let detail = detail();
    in_every_language(true, &alert(), &detail, |scene| {
        for template in Template::ALL
            .iter()
            .copied()
            .filter(|template| template.for_residents())
        {
            let text = everything(&content(template, scene)) + &sms(template, scene);
            let joined = scene.say("message-joined-2-5", &[]);
            for secret in [
                "Nid-de-poule",
                "Pothole",
                "Lilas",
                "Puits",
                "A-7K3M-2Q9X-4",
                joined.as_str(),
            ] {
                assert!(!text.contains(secret), "{template} tells {secret}:\n{text}");
            }
        }
    });
}

/// Who joins what waits hears why and until when, but of a sensitive category not even that it waits.
#[test]
fn who_joins_what_is_on_hold_hears_why_and_when_it_is_looked_at_again() {
    let held = Detail {
        status: Some(PublicStatus::OnHold),
        ..detail()
    };
    let of = |scene: &Scene<'_>| {
        let mail = everything(&content(Template::Acknowledgement, scene));
        [gsm7::written(&mail), sms(Template::Acknowledgement, scene)]
    };
    let words = |scene: &Scene<'_>| {
        let reason = scene.say("message-reason-for-material", &[]);
        [reason, scene.date(day("2026-12-01"))].map(|words| gsm7::written(&words))
    };
    in_every_language(false, &alert(), &held, |scene| {
        let wanted = words(scene);
        for text in of(scene) {
            assert!(wanted.iter().all(|wanted| text.contains(wanted)), "{wanted:?}: {text}");
        }
    });
    for (sensitive, detail) in [(true, &held), (false, &detail())] {
        in_every_language(sensitive, &alert(), detail, |scene| {
            for text in of(scene) {
                let unsaid = words(scene);
                assert!(!unsaid.iter().any(|unsaid| text.contains(unsaid)), "{unsaid:?}: {text}");
            }
        });
    }
}

#[test]
fn residents_read_their_own_address_and_the_town_the_first() {
    let detail = detail();
    in_every_language(false, &alert(), &detail, |scene| {
        for template in Template::ALL.iter().copied() {
            let text = everything(&content(template, scene)) + &sms(template, scene);
            if template.for_residents() {
                assert!(text.contains("Puits") && !text.contains("Lilas"), "{template}:\n{text}");
            } else if template != Template::Qualified {
                assert!(text.contains("Lilas"), "{template}:\n{text}");
            }
        }
        let somewhere = ReportFacts {
            address: None,
            ..report()
        };
        let scene = Scene {
            texts: scene.texts,
            locale: scene.locale,
            town: scene.town,
            alert: scene.alert,
            report: Some(&somewhere),
            detail: scene.detail,
            links: scene.links,
        };
        let text = everything(&content(Template::Resolved, &scene));
        assert!(!text.contains("Lilas") && !text.contains("Puits"), "{text}");
    });
}

#[test]
fn a_call_says_how_many_more_there_are() {
    let detail = Detail {
        more: Some(4_711),
        ..Detail::default()
    };
    in_every_language(false, &alert(), &detail, |scene| {
        for text in [
            sms(Template::OnCall, scene),
            everything(&content(Template::OnCall, scene)),
        ] {
            assert!(text.contains("4711"), "{text}");
        }
    });
    in_every_language(false, &alert(), &Detail::default(), |scene| {
        let none = scene.say("message-on-call-more", &[("more", "".into())]);
        let words = none.split(':').next().expect("words").trim().to_owned();
        assert!(!sms(Template::OnCall, scene).contains(&words));
    });
}

#[test]
fn an_outside_body_learns_nothing_of_the_reporter() {
    let detail = Detail {
        note: Some("Chaussée départementale.".into()),
        ..Detail::default()
    };
    in_every_language(false, &alert(), &detail, |scene| {
        let text = everything(&content(Template::HandOver, scene));
        for known in ["A-7K3M-2Q9X-4", "48.654321, 2.123456", "Chaussée départementale."] {
            assert!(text.contains(known), "{known} is missing:\n{text}");
        }
        for secret in ["R-4F2D", "7K3M-2Q9X ", "suivi#", "/u/"] {
            assert!(!text.contains(secret), "{secret} leaks:\n{text}");
        }
    });
}

#[test]
fn a_hand_over_asks_for_an_answer_and_no_letter_forbids_one() {
    let detail = detail();
    in_every_language(false, &alert(), &detail, |scene| {
        let automatic = scene.say("message-automatic", &[]);
        for template in Template::ALL.iter().copied() {
            let content = content(template, scene);
            let forbids = template != Template::HandOver;
            assert_eq!(everything(&content).contains(&automatic), forbids, "{template}");
            let html = layout::html(&content).expect("HTML");
            assert_eq!(html.contains(&automatic), forbids, "{template}");
            let letter = layout::Letter {
                content: &content,
                from: "1 place de la Mairie",
                to: "Camille",
                date: "",
                thanks: "",
            };
            let letter = letter.render().expect("a letter");
            assert!(!letter.contains(&automatic), "{template}:\n{letter}");
        }
    });
}

#[test]
fn the_daily_mail_has_one_line_per_alert() {
    let detail = Detail::default();
    in_every_language(false, &alert(), &detail, |scene| {
        let again = || Scene { ..*scene };
        let content = digest(&[again(), again(), again()]).expect("lines");
        assert_eq!(content.facts.len(), 3);
        assert!(content.subject.contains('3'), "{}", content.subject);
        assert_complete(&everything(&content), "digest");
    });
    assert!(digest(&[]).is_none());
}
