use actix_web::test::TestRequest;

use super::*;

const PROXY: &str = "10.0.0.1";

fn seen(peer: &str, lines: &[&str]) -> String {
    let peer: IpAddr = peer.parse().unwrap();
    let mut request = TestRequest::default().peer_addr((peer, 40_000).into());
    for line in lines {
        request = request.append_header(("X-Forwarded-For", *line));
    }
    let trusted = [PROXY.parse().unwrap(), "10.0.0.2".parse().unwrap()];
    client_address(&request.to_srv_request(), &trusted).unwrap().to_string()
}

#[test]
fn whoever_is_not_a_proxy_is_the_client() {
    assert_eq!(seen("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    assert_eq!(seen("::ffff:192.0.2.7", &[]), "192.0.2.7");
}

#[test]
fn the_last_address_that_a_proxy_added_counts() {
    assert_eq!(seen(PROXY, &["198.51.100.1, 192.0.2.7"]), "192.0.2.7");
    assert_eq!(seen("::ffff:10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
    assert_eq!(
        seen(PROXY, &["192.0.2.7, 10.0.0.2"]),
        "192.0.2.7",
        "two proxies in a row"
    );
    assert_eq!(seen(PROXY, &[]), PROXY);
    assert_eq!(seen(PROXY, &["nonsense"]), PROXY);
}

#[test]
fn a_line_that_the_client_made_up_is_not_believed() {
    // The proxy adds its line after the client's.
    assert_eq!(seen(PROXY, &["198.51.100.1", "192.0.2.7"]), "192.0.2.7");
    assert_eq!(seen(PROXY, &["198.51.100.1, 198.51.100.2", "192.0.2.7"]), "192.0.2.7");
}

#[test]
fn only_known_methods_have_a_name() {
    let named = |method: &str| spoken(&Method::from_bytes(method.as_bytes()).unwrap());
    for method in METHODS {
        assert_eq!(named(method), Some(method));
    }
    for other in ["TRACE", "CONNECT", "get", "PROPFIND", "BREW"] {
        assert_eq!(named(other), None, "{other}");
    }
}
