use geo_dedup::Feature;
use serde_json::json;

use super::*;

const FEATURES: [Feature; 12] = [
    Feature::Prior,
    Feature::Distance,
    Feature::Category,
    Feature::Age,
    Feature::PastHere,
    Feature::PastAround,
    Feature::Address,
    Feature::Asset,
    Feature::Text,
    Feature::Photo,
    Feature::SameSender,
    Feature::Verdict,
];

#[test]
fn every_feature_barrier_and_decision_has_its_words() {
    let texts = Texts::load();
    let features: Vec<Value> = FEATURES
        .iter()
        .map(|feature| json!({"feature": feature.name(), "value": 1.5, "unit": feature.unit(), "log_odds": -1.2}))
        .collect();
    for barrier in [
        "not_same",
        "closed",
        "rejected",
        "span",
        "accuracy",
        "default_point",
        "not_silently",
    ] {
        let stored = json!([{"alert_id": Uuid::nil(), "posterior": 0.5, "barrier": barrier, "features": features}]);
        for locale in Locale::ALL {
            let read = read(&texts, locale, stored.clone()).expect("reasons");
            let label = read[0].barrier_label.clone().expect("words");
            assert!(!label.contains("barrier-"), "{label}");
            for feature in &read[0].features {
                assert!(!feature.label.contains("reason-"), "{}", feature.label);
                assert!(!feature.label.contains('$'), "{}", feature.label);
            }
        }
    }
    for code in [
        "open",
        "join",
        "suggest",
        "late_evidence",
        "person",
        "merge",
        "split",
        "move",
        "undo",
    ] {
        for locale in Locale::ALL {
            assert!(!decision(&texts, locale, code).starts_with("decision-"), "{code}");
        }
    }
}

#[test]
fn numbers_are_written_as_people_write_them() {
    let texts = Texts::load();
    let said = |locale, value: f64| texts.say(locale, "reason-distance", &[("value", rounded(value).into())]);
    assert_eq!(said(Locale::Fr, 3.456), "À 3,46 m");
    assert_eq!(said(Locale::En, 3.456), "3.46 m apart");
    assert_eq!(said(Locale::Fr, 27.8), "À 28 m");
    assert_eq!(said(Locale::En, -1.0), "-1 m apart");
}

#[test]
fn what_speaks_against_is_said_to_speak_against() {
    let texts = Texts::load();
    let feature = |log_odds| FeatureBody {
        feature: "distance".to_owned(),
        value: 12.0,
        unit: "m".to_owned(),
        log_odds,
        label: String::new(),
    };
    assert_eq!(label(&texts, Locale::En, &feature(2.0)), "12 m apart (speaks for it)");
    assert_eq!(label(&texts, Locale::Fr, &feature(-2.0)), "À 12 m (plaide contre)");
    assert_eq!(
        label(&texts, Locale::En, &feature(0.0)),
        "12 m apart (makes no difference)"
    );
}
