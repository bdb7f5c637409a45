use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, try_call_service};

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

async fn falls() -> HttpResponse {
    panic!("on purpose")
}

async fn stands() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// B-68: what a handler's panic ends is its request.
#[tokio::test]
async fn a_handler_that_panics_is_a_fault_of_ours_and_the_server_goes_on() {
    let app = actix_web::App::new()
        .wrap(from_fn(observe))
        .route("/falls", web::get().to(falls))
        .route("/stands", web::get().to(stands));
    let app = init_service(app).await;
    let fallen = try_call_service(&app, TestRequest::get().uri("/falls").to_request()).await;
    let answer = fallen.map(drop).unwrap_err().error_response();
    assert_eq!(answer.status().as_u16(), 500);
    for name in ["x-request-id", "content-security-policy", "content-type"] {
        assert!(answer.headers().contains_key(name), "{name}");
    }
    let stood = try_call_service(&app, TestRequest::get().uri("/stands").to_request()).await;
    assert_eq!(stood.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn a_panic_is_told_in_the_language_of_the_request() {
    let request = TestRequest::default().insert_header(("accept-language", "fr"));
    let answer = fell(Some(&Texts::load()), &Client::of(&request.to_http_request())).error_response();
    let media = answer.headers().get("content-type").unwrap();
    assert_eq!(media, "application/problem+json");
    let body = to_bytes(answer.into_body()).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["type"], "/problems/internal");
    assert!(!body.to_string().contains("panic"), "{body}");
}
