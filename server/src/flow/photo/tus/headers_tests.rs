//! Headers of tus, well and badly formed.

use actix_web::test::TestRequest;
use proptest::prelude::*;

use super::*;

fn said(name: &'static str, value: &str) -> HttpRequest {
    TestRequest::default()
        .insert_header((name, value.to_owned()))
        .to_http_request()
}

#[test]
fn metadata_is_pairs_of_name_and_base64() {
    let read = metadata(&said("Upload-Metadata", "photo_id YWJj,empty,task_id ZGVm")).expect("metadata");
    assert_eq!(read["photo_id"], "abc");
    assert_eq!(read["empty"], "");
    assert_eq!(read["task_id"], "def");
    for bad in ["photo_id YWJj,photo_id YWJj", "photo_id #", "a b c", "photo_id /w=="] {
        assert!(metadata(&said("Upload-Metadata", bad)).is_err(), "{bad}");
    }
}

#[test]
fn only_this_version_is_spoken() {
    assert!(require_version(&said("Tus-Resumable", "1.0.0")).is_ok());
    assert!(require_version(&said("Tus-Resumable", "0.2.2")).is_err());
    assert!(require_version(&TestRequest::default().to_http_request()).is_err());
}

#[test]
fn a_checksum_holds_its_own_bytes_only() {
    // echo -n vigie | openssl dgst -sha1 -binary | base64
    let sha1 = Checksum::read(&said("Upload-Checksum", "sha1 aII6KTOuOqgJDjAQOAtqcRid/O0="));
    let sha1 = sha1.expect("well formed").expect("one");
    assert!(sha1.matches(b"vigie"));
    assert!(!sha1.matches(b"vigies"));
    for bad in ["md5 AAAA", "sha1", "sha1 #"] {
        assert!(Checksum::read(&said("Upload-Checksum", bad)).is_err(), "{bad}");
    }
}

#[test]
fn only_a_post_stands_for_another_verb() {
    let post = TestRequest::post().insert_header(("X-HTTP-Method-Override", "PATCH"));
    assert_eq!(method(&post.to_http_request()), Method::PATCH);
    let get = TestRequest::get().insert_header(("X-HTTP-Method-Override", "DELETE"));
    assert_eq!(method(&get.to_http_request()), Method::GET);
}

proptest! {
    #[test]
    fn a_checksum_of_any_bytes_matches_them(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let sha256 = format!("sha256 {}", BASE64.encode(&Sha256::digest(&bytes)));
        let sha1 = format!("sha1 {}", BASE64.encode(&Sha1::digest(&bytes)));
        for header in [sha1, sha256] {
            let checksum = Checksum::read(&said("Upload-Checksum", &header)).expect("well formed").expect("one");
            prop_assert!(checksum.matches(&bytes));
        }
    }

    #[test]
    fn no_header_is_too_odd_to_be_refused(value in "[ -~]{0,60}") {
        let _ = metadata(&said("Upload-Metadata", &value));
        let _ = number(&said("Upload-Offset", &value), "Upload-Offset");
        let _ = Checksum::read(&said("Upload-Checksum", &value));
    }
}
