use proptest::prelude::*;

use super::*;

#[test]
fn a_code_is_read_however_it_is_typed() {
    let code = EnrolmentCode {
        town: TownId(12),
        symbols: "BOIQ2345".to_owned(),
    };
    assert_eq!(code.to_string(), "12-BOIQ-2345");
    for typed in ["12-BOIQ-2345", " 12 boiq 2345 ", "12-80iq-2345", "12-b01q2345"] {
        assert_eq!(EnrolmentCode::read(typed).as_ref(), Some(&code), "{typed:?}");
    }
    for wrong in [
        "",
        "12",
        "BOIQ-2345",
        "12-BOIQ-234",
        "12-BOIQ-23456",
        "x-BOIQ-2345",
        "12-BOIQ-234é",
    ] {
        assert_eq!(EnrolmentCode::read(wrong), None, "{wrong:?}");
    }
}

#[test]
fn a_secret_names_its_tablet() {
    let device_id = Uuid::from_u128(99);
    let secret = DeviceSecret::random(TownId(5), device_id).expect("randomness");
    let read = DeviceSecret::read(secret.as_str()).expect("a secret of ours");
    assert_eq!((read.town, read.device_id), (TownId(5), device_id));
    let another = DeviceSecret::random(TownId(5), device_id).expect("randomness");
    assert_ne!(secret.as_str(), another.as_str());
}

proptest! {
    #[test]
    fn any_text_is_read_without_fault(text in ".{0,100}") {
        prop_assert!(DeviceSecret::read(&text).is_err());
        if let Some(code) = EnrolmentCode::read(&text) {
            prop_assert_eq!(EnrolmentCode::read(&code.to_string()), Some(code));
        }
    }

    #[test]
    fn a_random_code_survives_being_said(town in 0..100_000_i32) {
        let code = EnrolmentCode::random(TownId(town)).expect("randomness");
        prop_assert_eq!(EnrolmentCode::read(&code.to_string().to_lowercase()), Some(code));
    }
}
