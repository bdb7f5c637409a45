use std::collections::HashMap;

use askama::Template as _;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Paris;
use postgis_diesel::types::Point;
use serde_json::json;
use uuid::Uuid;

use super::super::layout;
use super::super::model::Detail;
use super::super::scene::{Links, ReportFacts};
use super::*;
use crate::catalog::calendar::Delay;
use crate::catalog::closing::{CategoryRules, CloseBy};
use crate::catalog::model::{Body, Category, EmergencyNumber, Notices, Service, Town};
use crate::catalog::questions::Questions;
use crate::db::TownId;
use crate::flow::alert::model::Alert;
use crate::flow::report::buckets::ReportedBy;
use crate::flow::status::vocabulary::PublicStatus;
use crate::text::{Localized, Texts};

#[path = "content_readers_tests.rs"]
mod readers;

const SERVICE: Uuid = Uuid::from_u128(1);
const CATEGORY: Uuid = Uuid::from_u128(2);
const BODY: Uuid = Uuid::from_u128(3);

fn words(fr: &str, en: &str) -> Localized {
    Localized {
        fr: fr.into(),
        en: en.into(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[expect(clippy::too_many_lines, reason = "a whole town, field by field")]
fn town(sensitive: bool) -> Town {
    let hours = json!([{"opens": "08:30", "closes": "17:00"}]);
    let weekly = json!([hours, hours, hours, hours, hours, [], []]);
    let service = Service {
        id: SERVICE,
        code: "roads".into(),
        name: words("Service voirie", "Roads"),
        postal_address: "3 rue des Paveurs, 99000 Ingéville".into(),
        phone: "01 99 00 12 34".into(),
        email: Some("voirie@ingeville.example".into()),
        calendar: serde_json::from_value(json!({"time_zone": "Europe/Paris", "weekly": weekly})).expect("a calendar"),
        delay: Delay::WorkingDays(5),
        notices: Notices::Instant,
        notice_hours: Vec::new(),
        consult_hours: None,
        answer_hours: None,
        on_call: Vec::new(),
    };
    let body = Body {
        id: BODY,
        code: "departement".into(),
        kind: "departement".into(),
        name: words("Le Département", "The département"),
        postal_address: None,
        phone: Some("01 99 00 56 78".into()),
        email: None,
        website: None,
        hand_over: "email".into(),
        zone: None,
    };
    Town {
        id: TownId(1),
        slug: "ingeville".into(),
        name: "Ville d'Ingéville".into(),
        time_zone: Paris,
        locales: vec!["fr".into(), "en".into()],
        boundary: geo::MultiPolygon::new(Vec::new()),
        area_km2: 12.0,
        postal_address: "1 place de la Mairie, 99000 Ingéville".into(),
        phone: "01 99 00 00 00".into(),
        email: "ne-pas-repondre@ingeville.example".into(),
        emergency_numbers: vec![EmergencyNumber {
            number: "112".into(),
            label: words("urgences", "emergencies"),
        }],
        implicit_decision: words(
            "Sans réponse dans un délai de deux mois, votre demande est réputée rejetée.",
            "Without an answer within two months your request counts as refused.",
        ),
        not_watched: words(
            "Ce service n'est pas surveillé jour et nuit.",
            "This service is not watched day and night.",
        ),
        notice: Localized::default(),
        notice_version: 1,
        default_service_id: SERVICE,
        sectors: Vec::new(),
        bodies: HashMap::from([(BODY, body)]),
        services: HashMap::from([(SERVICE, service)]),
        crews: HashMap::new(),
        categories: vec![category(sensitive)],
        gates: Vec::new(),
        routing: Vec::new(),
    }
}

fn category(sensitive: bool) -> Category {
    Category {
        id: CATEGORY,
        code: "pothole".into(),
        parent_id: None,
        is_group: false,
        label: words("Nid-de-poule <b>", "Pothole <b>"),
        description: Localized::default(),
        keywords: Vec::new(),
        icon: "pothole".into(),
        questions: Questions::compile(json!({})).expect("no questions"),
        service_id: None,
        delay: None,
        rules: CategoryRules {
            close_by: CloseBy::Secretariat,
            proof_photo_required: false,
        },
        sensitive,
        formal_request: true,
        agent_only: false,
        priority: 2,
        call_number: None,
        redirect_body_id: None,
        redirect_message: Localized::default(),
        policy: geo_dedup::Policy::default(),
        rejected_days: 30,
        active: true,
    }
}

fn alert() -> Alert {
    Alert {
        jurisdiction_id: 1,
        id: Uuid::from_u128(9),
        reference: "A-7K3M-2Q9X-4".into(),
        category_id: CATEGORY,
        status: "new".into(),
        open: true,
        priority: 4,
        severity: 0,
        service_id: SERVICE,
        crew_id: None,
        body_id: Some(BODY),
        sector_id: None,
        anchor: Point {
            x: 2.123_456,
            y: 48.654_321,
            srid: Some(4326),
        },
        h3_15: 0,
        extent_m: 0.0,
        address: Some("12 rue des Lilas\r\nBcc: everyone".into()),
        report_count: 3,
        opened_at: at("2026-11-20T08:00:00Z"),
        last_report_at: at("2026-11-20T09:05:00Z"),
        due_at: at("2026-11-27T16:00:00Z"),
        expected_from: None,
        expected_to: None,
        status_at: at("2026-11-20T08:00:00Z"),
        closed_at: None,
        reason: None,
        review_on: None,
        merged_into: None,
        flags: Vec::new(),
        version: 1,
    }
}

fn report() -> ReportFacts {
    ReportFacts {
        id: Uuid::from_u128(8),
        reference: "R-4F2D-9K1P-7".into(),
        category_id: CATEGORY,
        received_at: at("2026-11-20T09:05:00Z"),
        code: "7K3M-2Q9X".into(),
        address: Some("3 impasse du Puits\r\nBcc: nobody".into()),
        place: Point {
            x: 2.123_5,
            y: 48.654_4,
            srid: Some(4326),
        },
    }
}

fn detail() -> Detail {
    Detail {
        reason: Some("material".into()),
        public_note: Some("Nous attendons <une> pièce.".into()),
        review_on: Some(day("2026-12-01")),
        planned_on: Some(day("2026-11-24")),
        body_id: Some(BODY),
        expected_from: Some(day("2026-11-25")),
        expected_to: Some(day("2026-11-30")),
        joined: Some(true),
        reported_by: Some(ReportedBy::TwoToFive),
        status: Some(PublicStatus::InCharge),
        closed_at: Some(at("2026-11-20T09:00:00Z")),
        ..Detail::default()
    }
}

fn links() -> Links {
    Links {
        follow: Some("https://vigie.example/suivi#8.secret".into()),
        unsubscribe: Some("https://vigie.example/u/token".into()),
        one_click: Some("https://vigie.example/v1/unsubscribe/token".into()),
        take: None,
    }
}

/// Runs `check` on a scene of every language.
fn in_every_language(sensitive: bool, alert: &Alert, detail: &Detail, check: impl Fn(&Scene<'_>)) {
    let (texts, town, report, links) = (Texts::load(), town(sensitive), report(), links());
    for locale in Locale::ALL {
        check(&Scene {
            texts: &texts,
            locale,
            town: &town,
            alert,
            report: Some(&report),
            detail,
            links: &links,
        });
    }
}

/// No id of a text, no unfilled variable.
fn assert_complete(text: &str, what: &str) {
    for leftover in ["message-", "{$", "{ $", "page-"] {
        assert!(!text.contains(leftover), "{what}: {leftover} in\n{text}");
    }
}

fn everything(content: &Content) -> String {
    format!("{}\n{}", content.subject, layout::text(content).expect("text"))
}

#[test]
fn every_message_is_complete_and_safe_in_both_languages() {
    let detail = detail();
    in_every_language(false, &alert(), &detail, |scene| {
        // Nobody hears that an alert was qualified, so that message has no words.
        let heard = Template::ALL
            .iter()
            .copied()
            .filter(|template| *template != Template::Qualified);
        for template in heard {
            let what = format!("{template} {}", scene.locale.as_str());
            let content = content(template, scene);
            let html = layout::html(&content).expect("HTML");
            assert_complete(&everything(&content), &what);
            assert_complete(&html, &what);
            assert!(
                !content.subject.chars().any(char::is_control),
                "{what}: {:?}",
                content.subject
            );
            assert!(
                !html.contains("<b>") && !html.contains("<une>"),
                "{what} is not escaped:\n{html}"
            );
            let reference = if template.for_residents() {
                "R-4F2D-9K1P-7"
            } else {
                "A-7K3M-2Q9X-4"
            };
            assert!(
                content.subject.contains(reference) || template == Template::ServiceDigest,
                "{what}"
            );
            if template.for_residents() || template == Template::OnCall {
                let sms = sms(template, scene);
                assert_complete(&sms, &what);
                assert!(!sms.chars().any(char::is_control), "{what}: {sms:?}");
                assert!(gsm7::places(&sms).is_some(), "{what} needs another alphabet: {sms:?}");
            }
        }
    });
}

#[test]
fn the_acknowledgement_has_the_legal_mentions() {
    let mut detail = detail();
    (detail.expected_from, detail.expected_to) = (None, None);
    in_every_language(false, &alert(), &detail, |scene| {
        let text = everything(&content(Template::Acknowledgement, scene));
        let received = match scene.locale {
            Locale::Fr => "20 novembre 2026 à 10\u{a0}h\u{a0}05",
            Locale::En => "20 November 2026, 10:05",
        };
        let own = [
            "R-4F2D-9K1P-7",
            "A-7K3M-2Q9X-4",
            received,
            "3 rue des Paveurs, 99000 Ingéville",
            "01 99 00 12 34",
            "112",
            "7K3M-2Q9X",
            "https://vigie.example/suivi#8.secret",
            "https://vigie.example/u/token",
        ];
        let said = ["message-joined-2-5", "message-no-estimate", "message-privacy"].map(|id| scene.say(id, &[]));
        let town = [
            scene.town.implicit_decision.get(scene.locale),
            scene.town.not_watched.get(scene.locale),
        ];
        for wanted in own.iter().copied().chain(said.iter().map(String::as_str)).chain(town) {
            assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
        }
    });
}

#[test]
fn an_expected_range_takes_the_place_of_no_estimate() {
    let detail = detail();
    in_every_language(false, &alert(), &detail, |scene| {
        let text = everything(&content(Template::Acknowledgement, scene));
        assert!(!text.contains(&scene.say("message-no-estimate", &[])), "{text}");
        assert!(
            text.contains("2026") && text.contains(&scene.expected().expect("a range")),
            "{text}"
        );
    });
}

/// With a town's usual address, in both languages: every message to residents, as the text message that it is.
fn text_messages(detail: &Detail, check: impl Fn(Template, &Scene<'_>, &str)) {
    let (texts, report) = (Texts::load(), report());
    let link = format!(
        "https://signalement.ville.example/suivi#{}.{}",
        Uuid::nil(),
        "x".repeat(22)
    );
    let links = Links {
        follow: Some(link),
        ..links()
    };
    let town = Town {
        name: "Ingéville".into(),
        ..town(false)
    };
    for template in Template::ALL.iter().filter(|template| template.for_residents()) {
        for locale in Locale::ALL {
            let scene = Scene {
                texts: &texts,
                locale,
                town: &town,
                alert: &alert(),
                report: Some(&report),
                detail,
                links: &links,
            };
            check(*template, &scene, &sms(*template, &scene));
        }
    }
}

/// Whatever has no reason of somebody's own words, and none of the law's mentions.
#[test]
fn a_text_message_fits_into_one() {
    let own_words = [Template::Rejected, Template::OnHold];
    text_messages(&detail(), |template, _, text| {
        let most = if template.acknowledges() { 459 } else { 160 };
        let fits = gsm7::places(text).is_some_and(|places| places <= most);
        assert!(fits || own_words.contains(&template), "{template}: {text:?}");
    });
}

#[test]
fn the_text_message_that_acknowledges_has_the_legal_mentions() {
    let detail = Detail {
        expected_from: None,
        expected_to: None,
        ..detail()
    };
    text_messages(&detail, |template, scene, text| {
        if !template.acknowledges() {
            return;
        }
        let received = match scene.locale {
            Locale::Fr => "20 novembre 2026 à 10 h 05",
            Locale::En => "20 November 2026, 10:05",
        };
        let service = scene.service().expect("a service").name.get(scene.locale);
        let law = gsm7::written(scene.town.implicit_decision.get(scene.locale));
        let wanted = [
            "R-4F2D-9K1P-7",
            received,
            service,
            "01 99 00 12 34",
            "3 rue des Paveurs, 99000 Ingéville",
            "A-7K3M-2Q9X-4",
            "Code 7K3M-2Q9X",
            "https://signalement.ville.example/suivi#",
            &law,
        ];
        for wanted in wanted {
            assert!(text.contains(wanted), "{template}: {wanted} is missing: {text:?}");
        }
    });
}

/// Number, time, service, telephone and link stay, however long a town's sentences are.
#[test]
fn what_does_not_fit_into_a_text_message_is_left_to_the_page() {
    let (detail, report, links, texts) = (detail(), report(), links(), Texts::load());
    let town = Town {
        implicit_decision: words(&"Silence vaut refus. ".repeat(30), &"Silence is a refusal. ".repeat(30)),
        ..town(false)
    };
    for locale in Locale::ALL {
        let scene = Scene {
            texts: &texts,
            locale,
            town: &town,
            alert: &alert(),
            report: Some(&report),
            detail: &detail,
            links: &links,
        };
        let text = sms(Template::Acknowledgement, &scene);
        for wanted in [
            "R-4F2D-9K1P-7",
            "2026",
            "01 99 00 12 34",
            "Code 7K3M-2Q9X",
            "suivi#8.secret",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing: {text:?}");
        }
        assert!(!text.contains("Silence") && text.contains("A-7K3M-2Q9X-4"), "{text:?}");
        assert!(gsm7::places(&text).is_some_and(|places| places <= 459), "{text:?}");
    }
}

#[test]
fn a_refusal_and_a_hold_always_say_why() {
    let nothing = Detail::default();
    let mut own_words = alert();
    own_words.reason = Some("La rue est privée depuis 1998.".into());
    for template in [Template::Rejected, Template::OnHold] {
        in_every_language(false, &alert(), &nothing, |scene| {
            let none = scene.say("message-reason-none", &[]);
            assert!(everything(&content(template, scene)).contains(&none), "{template}");
            assert!(sms(template, scene).contains(&gsm7::written(&none)), "{template}");
        });
        in_every_language(false, &own_words, &nothing, |scene| {
            assert!(
                everything(&content(template, scene)).contains("privée depuis 1998"),
                "{template}"
            );
        });
        in_every_language(true, &alert(), &detail(), |scene| {
            let material = scene.say("message-reason-for-material", &[]);
            assert!(everything(&content(template, scene)).contains(&material), "{template}");
        });
    }
}
