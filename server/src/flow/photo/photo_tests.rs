//! What is said of photos, and the links to them.

use chrono::{NaiveDate, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use uuid::Uuid;

use super::decode::{CaptureTime, PhotoKind, PhotoPosition, PhotoRefusal, Sniffed};
use super::links;
use super::model::{PhotoLine, PhotoState, Received, Refusal};
use super::store::Part;
use crate::auth::secret::{check_link, sign_link};
use crate::db::TownId;
use crate::http::problem::Kind;
use crate::text::{Locale, Texts};

fn received(orientation: u8, utc_offset_minutes: Option<i16>) -> Received {
    Received {
        sha256: vec![1; 32],
        size: 1000,
        sniffed: Sniffed {
            kind: PhotoKind::Jpeg,
            width: 4000,
            height: 3000,
            orientation,
            position: Some(PhotoPosition {
                lon: -1.123_456_78,
                lat: 46.5,
                accuracy_m: Some(8.0),
            }),
            taken_at: Some(CaptureTime {
                local: NaiveDate::from_ymd_opt(2026, 7, 1)
                    .and_then(|day| day.and_hms_opt(12, 0, 0))
                    .expect("a time"),
                utc_offset_minutes,
            }),
        },
    }
}

#[test]
fn every_refusal_has_words_in_both_languages() {
    let texts = Texts::load();
    for refusal in Refusal::ALL {
        for locale in Locale::ALL {
            let id = format!("photo-refusal-{refusal}");
            assert!(texts.find(locale, &id, &[]).is_some(), "{id} in {}", locale.as_str());
        }
    }
}

#[test]
fn the_decoders_refusals_keep_their_names() {
    for refusal in PhotoRefusal::ALL {
        assert_eq!(Refusal::from(refusal).as_str(), refusal.slug());
    }
}

#[test]
fn only_size_is_no_matter_of_the_content() {
    let texts = Texts::load();
    for refusal in Refusal::ALL {
        let problem = refusal.problem(&texts, Locale::En);
        let expected = if *refusal == Refusal::TooLarge {
            Kind::BodyTooLarge
        } else {
            Kind::PhotoRefused
        };
        assert_eq!(problem.kind, expected);
        assert_eq!(
            problem.members.get("reason").and_then(|reason| reason.as_str()),
            Some(refusal.as_str())
        );
    }
}

#[test]
fn a_line_suggests_the_cameras_place_and_time() {
    let id = Uuid::now_v7();
    let line = PhotoLine::received(id, &received(1, Some(-300)), Paris);
    assert_eq!((line.id, line.state), (Some(id), PhotoState::Received));
    assert_eq!(
        line.suggested_position.map(|point| point.coordinates),
        Some([-1.123_457, 46.5])
    );
    assert_eq!(
        line.taken_at.map(|at| at.to_utc()),
        Some(Utc.with_ymd_and_hms(2026, 7, 1, 17, 0, 0).unwrap())
    );
    let line = PhotoLine::received(id, &received(1, None), Paris);
    assert_eq!(
        line.taken_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2026-07-01T12:00:00+02:00")
    );
}

#[test]
fn a_picture_on_its_side_is_measured_upright() {
    for orientation in 1..=4 {
        assert_eq!(received(orientation, None).upright(), (4000, 3000));
    }
    for orientation in 5..=8 {
        assert_eq!(received(orientation, None).upright(), (3000, 4000));
    }
}

#[test]
fn a_link_opens_one_size_of_one_photo_for_five_minutes() {
    let key = [7; 32];
    let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
    let (id, town) = (Uuid::now_v7(), TownId(3));
    let large = links::path(town, id, Part::Large);
    let expires = now + links::LIFETIME;
    let link = sign_link(&key, &large, expires);
    let signature = link.rsplit("signature=").next().expect("signed");
    let check = |path: &str, at| check_link(&key, path, expires.timestamp(), signature, at).is_ok();
    assert!(check(&large, now));
    assert!(!check(&large, expires), "dead when its time is over");
    for other in [
        links::path(town, id, Part::Small),
        links::path(TownId(4), id, Part::Large),
        links::path(town, Uuid::now_v7(), Part::Large),
        links::released_path(town, id, Part::Large),
    ] {
        assert!(!check(&other, now), "{other}");
    }
}

#[test]
fn originals_have_no_name_in_links() {
    assert_eq!(links::part("1600.jpg"), Some(Part::Large));
    assert_eq!(links::part("400.jpg"), Some(Part::Small));
    for file in [
        ".jpg",
        "original.jpg",
        "1600.png",
        "1600.jpg.jpg",
        "",
        "../1600.jpg",
        "01600.jpg",
    ] {
        assert_eq!(links::part(file), None, "{file:?}");
    }
    assert_eq!(links::name("released-400.jpg"), ("400.jpg", true));
    assert_eq!(links::name("400.jpg"), ("400.jpg", false));
}
