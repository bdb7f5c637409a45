//! What is answered before any endpoint is asked: limits, and refusals that the framework makes, are problems like all others.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vigie_tests::people::Answer;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

/// An answer to a request that the API's description does not know.
struct Raw {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Raw {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a body").to_vec(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn problem(&self, slug: &str, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(!problem["detail"].as_str().unwrap_or_default().is_empty(), "{problem}");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{problem}");
        problem
    }
}

fn preflight(app: &TestApp, origin: &str) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .request(Method::OPTIONS, format!("{}/v1/reports", app.url()))
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
}

#[tokio::test]
async fn a_page_of_another_origin_hears_why() {
    let setup = TestApp::setup().setting("VIGIE_CORS_ORIGINS", "https://carte.ville.example");
    let app = setup.start().await;
    let refused = Raw::of(preflight(&app, "https://elsewhere.example").header("Accept-Language", "fr")).await;
    let problem = refused.problem("origin_refused", 403);
    assert_eq!(problem["title"], "Page non admise");
    assert_eq!(refused.header("access-control-allow-origin"), None);
    let admitted = Raw::of(preflight(&app, "https://carte.ville.example")).await;
    assert_eq!(admitted.status, 200);
    assert_eq!(
        admitted.header("access-control-allow-origin"),
        Some("https://carte.ville.example")
    );
    // What is refused by an endpoint can be read by an admitted page.
    let wrong = reqwest::Client::new().get(format!("{}/v1/catalogue", app.url()));
    let wrong = Raw::of(wrong.header("Origin", "https://carte.ville.example")).await;
    wrong.problem("invalid", 422);
    assert_eq!(
        wrong.header("access-control-allow-origin"),
        Some("https://carte.ville.example")
    );
    let exposed = wrong
        .header("access-control-expose-headers")
        .unwrap_or_default()
        .to_lowercase();
    assert!(
        exposed.contains("ratelimit") && exposed.contains("retry-after"),
        "{exposed}"
    );
}

#[tokio::test]
async fn what_the_framework_refuses_is_a_problem() {
    let app = TestApp::start().await;
    let http = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", app.url());
    let wrong = Raw::of(http.delete(url("/v1/reports"))).await;
    wrong.problem("method_not_allowed", 405);
    assert_eq!(wrong.header("allow"), Some("POST"));
    let id = "/v1/alerts/018f4a3e-0000-7000-8000-000000000000";
    let wrong = Raw::of(http.post(url(id)).json(&json!({}))).await;
    wrong.problem("method_not_allowed", 405);
    assert_eq!(wrong.header("allow"), Some("GET, HEAD, PATCH"));
    Raw::of(http.put(url("/v1/nowhere"))).await.problem("not_found", 404);
    let large = format!("{{\"description\": \"{}\"}}", "x".repeat(300_000));
    let large = http
        .post(url("/v1/reports"))
        .header("Content-Type", "application/json")
        .body(large);
    Raw::of(large).await.problem("body_too_large", 413);
    let long = http.get(url("/healthz")).header("X-Long", "x".repeat(40_000));
    Raw::of(long).await.problem("head_too_large", 431);
    Raw::of(http.get(url(&format!("/healthz?{}", "x".repeat(9_000)))))
        .await
        .problem("head_too_large", 431);
    let packed = http.get(url("/healthz")).header("Accept-Encoding", "identity;q=0");
    Raw::of(packed).await.problem("not_acceptable", 406);
    Raw::of(http.get(url("/v1/catalogue?lat=here")))
        .await
        .problem("malformed_request", 400);
}

/// Any word is a method to HTTP. Were it counted by its name, whoever makes up words would fill the memory.
#[tokio::test]
async fn a_method_that_nobody_takes_is_refused_and_has_no_name() {
    let app = TestApp::start().await;
    let http = reqwest::Client::new();
    for (word, path) in [
        ("BREW", "/healthz"),
        ("TRACE", "/v1/reports"),
        ("X7F3A9", "/v1/nowhere"),
        ("get", "/healthz"),
    ] {
        let method = Method::from_bytes(word.as_bytes()).expect("a method");
        let refused = Raw::of(http.request(method, format!("{}{path}", app.url()))).await;
        refused.problem("method_not_allowed", 405);
        let allowed = refused.header("allow").expect("Allow");
        assert_eq!(allowed, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    }
    let metrics = app.app.metrics.render().expect("metrics");
    assert!(metrics.contains(r#"method="other""#), "{metrics}");
    for word in ["BREW", "TRACE", "X7F3A9", r#"method="get""#] {
        assert!(!metrics.contains(word), "{metrics}");
    }
}

#[tokio::test]
async fn a_session_has_five_streams() {
    let app = TestApp::start().await;
    let person = app.staff(Role::Supervisor).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let stream = person.stream("/v1/live").send().await.expect("an answer");
        assert_eq!(stream.status(), 200);
        open.push(stream);
    }
    let refused = Raw::of(person.stream("/v1/live")).await;
    let problem = refused.problem("too_many_streams", 429);
    assert_eq!(problem["limit_per_session"], 5);
    assert_eq!(refused.header("retry-after"), Some("15"));
    let elsewhere = app.staff(Role::Supervisor).await;
    let stream = elsewhere.stream("/v1/live").send().await.expect("an answer");
    assert_eq!(stream.status(), 200, "another session has its own");
}

const NOBODY: &str = "018f4a3e-0000-7000-8000-000000000000";
/// Long before the database's calendar begins, and as far as our own goes.
const DAYS: [&str; 2] = ["-5000-01-01", "+262142-12-31"];

/// The one field that an answer names.
fn named(answer: &Answer) -> String {
    let problem = answer.problem("invalid");
    let errors = problem["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0]["field"].as_str().expect("a field").to_owned()
}

/// A cursor as anybody can write one.
fn cursor(key: &Value) -> String {
    data_encoding::BASE64URL_NOPAD.encode(key.to_string().as_bytes())
}

#[tokio::test]
async fn days_that_nobody_can_mean_are_named() {
    let app = TestApp::start().await;
    let (desk, crew) = (app.staff(Role::Supervisor).await, app.staff(Role::Crew).await);
    for day in DAYS {
        let at = format!("{day}T12:00:00Z");
        let action = json!({"id": NOBODY, "action": "start", "client_at": at});
        let review = json!({"id": NOBODY, "action": "need_material", "client_at": "2026-11-22T12:00:00Z",
            "review_date": day});
        for (who, method, path, body, field) in [
            (
                &desk,
                Method::PATCH,
                format!("/v1/tasks/{NOBODY}"),
                json!({"planned_on": day}),
                "planned_on",
            ),
            (
                &crew,
                Method::POST,
                format!("/v1/tasks/{NOBODY}/actions"),
                action,
                "client_at",
            ),
            (
                &crew,
                Method::POST,
                format!("/v1/tasks/{NOBODY}/actions"),
                review,
                "review_date",
            ),
            (
                &desk,
                Method::POST,
                format!("/v1/alerts/{NOBODY}/steps"),
                json!({"step": "hold", "hold_reason": "material", "review_date": day}),
                "review_date",
            ),
            (
                &desk,
                Method::POST,
                format!("/v1/alerts/{NOBODY}/steps"),
                json!({"step": "plan", "planned_date": day}),
                "planned_date",
            ),
            (
                &desk,
                Method::POST,
                format!("/v1/crews/{NOBODY}/round"),
                json!({"day": day}),
                "day",
            ),
        ] {
            let answer = who.request(method, &path).json(&body).send().await;
            assert_eq!(named(&answer), field, "{answer}");
        }
    }
}

#[tokio::test]
async fn nor_does_anybody_ask_for_such_days() {
    let app = TestApp::start().await;
    let desk = app.staff(Role::Supervisor).await;
    for day in DAYS {
        let at = format!("{day}T12:00:00Z");
        let asked = desk
            .get(&format!("/v1/tasks?day={}", day.replace('+', "%2B")))
            .send()
            .await;
        asked.problem("malformed_request");
        for (path, key) in [
            ("/v1/alerts", json!(["newest", at, NOBODY])),
            ("/v1/desk/reports", json!([at, NOBODY])),
            ("/v1/calls", json!([at, NOBODY])),
        ] {
            let answer = desk.get(&format!("{path}?cursor={}", cursor(&key))).send().await;
            assert_eq!(named(&answer), "cursor", "{answer}");
        }
    }
}

#[tokio::test]
async fn texts_that_cannot_be_kept_are_named() {
    let app = TestApp::start().await;
    let (desk, admin) = (app.staff(Role::Supervisor).await, app.staff(Role::Admin).await);
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0),
        "answers": {"where": "a\0b"}});
    for (who, path, body, field) in [
        (&app.anyone(), "/v1/reports".to_owned(), report, "answers.where"),
        (
            &desk,
            "/v1/devices".to_owned(),
            json!({"name": "Truck\0", "crew_id": NOBODY}),
            "name",
        ),
        (
            &admin,
            "/v1/staff".to_owned(),
            json!({"email": "a@town.test", "name": "\0", "grants": []}),
            "name",
        ),
        (
            &desk,
            format!("/v1/calls/{NOBODY}/outcome"),
            json!({"outcome": "reached", "note": "\0"}),
            "note",
        ),
    ] {
        let answer = who.send(&path, body).await;
        assert_eq!(named(&answer), field, "{answer}");
    }
    let key = cursor(&json!(["\0", NOBODY]));
    let answer = admin.get(&format!("/v1/staff?cursor={key}")).send().await;
    assert_eq!(named(&answer), "cursor", "{answer}");
    desk.get("/v1/alerts?q=%00").send().await.problem("malformed_request");
}

/// `RateLimit` and `RateLimit-Policy` of an answer.
fn told(answer: &Answer) -> (&str, &str) {
    let header = |name| answer.header(name).unwrap_or_default();
    (header("ratelimit"), header("ratelimit-policy"))
}

#[tokio::test]
async fn every_counted_answer_says_what_is_left() {
    let setup = TestApp::setup().setting("VIGIE_SUBMITS_PER_HOUR", "8");
    let app = setup.setting("VIGIE_READS_PER_HOUR", "4").start().await;
    let body = || json!({"category": "pothole", "position": app.town.point(0.0, 0.0)});
    let send = |phone: &'static str| {
        let post = app.anyone().post("/v1/reports").header("X-Device-Id", phone);
        post.json(&body()).send()
    };
    let first = send("one").await;
    first.expect(201);
    let policy = r#""submit-address";q=2;w=900, "submit-device";q=2;w=900"#;
    assert_eq!(
        told(&first),
        (r#""submit-address";r=1;t=450, "submit-device";r=1;t=450"#, policy)
    );
    let second = send("two").await;
    second.expect(201);
    assert!(
        told(&second).0.starts_with(r#""submit-address";r=0;t="#),
        "{:?}",
        told(&second)
    );
    assert!(
        told(&second).0.ends_with(r#""submit-device";r=1;t=450"#),
        "{:?}",
        told(&second)
    );
    // The address is spent, whatever the device calls itself.
    let third = send("three").await;
    third.problem("too_many_requests");
    let wait = third.header("retry-after").expect("Retry-After");
    assert_eq!(
        told(&third),
        (
            format!(r#""submit-address";r=0;t={wait}"#).as_str(),
            r#""submit-address";q=2;w=900"#
        )
    );
    // Another class has a budget of its own; what counts nobody says nothing.
    let read = app.anyone().get("/v1/catalogue?jurisdiction=large-0").send().await;
    read.expect(200);
    assert_eq!(
        told(&read),
        (r#""read-address";r=0;t=900"#, r#""read-address";q=1;w=900"#)
    );
    assert_eq!(told(&app.anyone().get("/healthz").send().await), ("", ""));
}
