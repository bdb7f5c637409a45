//! What is urgent while a service is closed: its on-call chain by text message, one link after the other.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::database::{number, texts};
use vigie_tests::server::TestApp;
use vigie_tests::sink::sms::Gateway;

use crate::contacts::night;

const FIRST: &str = "+33199000021";
const SECOND: &str = "+33199000022";

/// A town whose services are closed, with two people on call: ten minutes for the first, five for the second.
async fn closed(gateway: &Gateway) -> TestApp {
    let setup = TestApp::setup().setting("VIGIE_SMS_GATEWAY_URL", gateway.url());
    let app = setup.start().await;
    night(&app).await;
    let chain = json!([{"phone": FIRST, "minutes": 10}, {"phone": SECOND, "minutes": 5}]);
    let on_call = format!("UPDATE service SET on_call = '{chain}'");
    app.db.admin().await.batch_execute(&on_call).await.expect("a chain");
    app
}

/// Somebody reports a live cable; when that was over, and the alert's reference.
async fn live_cable(app: &TestApp) -> (DateTime<Utc>, String) {
    let report =
        json!({"category": "street-light", "position": app.town.point(0.0, 0.0), "answers": {"cable": "live"}});
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    let reference = told["alert"]["reference"].as_str().expect("a reference");
    (Utc::now(), reference.to_owned())
}

fn called(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["to"].as_str()).collect()
}

/// Where the link of a text message leads.
fn link<'a>(app: &TestApp, message: &'a Value) -> &'a str {
    let mut words = message["text"].as_str().expect("a text").split_whitespace();
    app.path_of(words.find(|word| word.contains("/on-call/")).expect("a link"))
}

/// How each call of the chain ended, in its order.
async fn outcomes(app: &TestApp) -> Vec<String> {
    let sql = "SELECT coalesce(outcome, state) AS value FROM notification \
        WHERE recipient = 'on_call' ORDER BY chain_index";
    texts(&mut app.db.admin().await, sql).await
}

/// How many were told that nobody of the chain answered.
async fn unanswered(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) AS value FROM notification \
        WHERE recipient = 'supervisor' AND template = 'on_call_unanswered' AND state = 'sent'";
    number(&mut app.db.admin().await, sql).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_an_urgent_call_spares_the_next_in_line() {
    let gateway = Gateway::start();
    let app = closed(&gateway).await;
    let (now, reference) = live_cable(&app).await;
    app.run_due(now).await;
    let messages = gateway.taken();
    assert_eq!(called(&messages), [FIRST]);
    assert!(
        messages[0]["text"].as_str().expect("a text").contains(&reference),
        "{messages:?}"
    );

    let (anyone, path) = (app.anyone(), link(&app, &messages[0]));
    let acknowledge = format!("/v1{path}/ack");
    let page = anyone.get(path).send().await;
    assert_eq!((page.status, page.media_type()), (200, Some("text/html")), "{page}");
    let words = String::from_utf8_lossy(&page.body).into_owned();
    assert!(words.contains(&reference) && words.contains(&acknowledge), "{words}");
    for _ in 0..2 {
        assert_eq!(anyone.post(&acknowledge).send().await.status, 200);
    }
    assert_eq!(outcomes(&app).await, ["acknowledged"]);

    app.run_due(now + TimeDelta::minutes(11)).await;
    app.run_due(now + TimeDelta::minutes(30)).await;
    assert_eq!(called(&gateway.taken()), Vec::<&str>::new());
    assert_eq!(unanswered(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_call_that_nobody_takes_goes_to_the_next_in_line_and_then_to_the_supervisors() {
    let gateway = Gateway::start();
    let app = closed(&gateway).await;
    let (now, _) = live_cable(&app).await;
    app.run_due(now).await;
    let messages = gateway.taken();
    assert_eq!(called(&messages), [FIRST]);
    // Looking is not taking.
    let page = app.anyone().get(link(&app, &messages[0])).send().await;
    assert_eq!(page.status, 200, "{page}");
    app.run_due(now + TimeDelta::minutes(9)).await;
    assert_eq!(
        called(&gateway.taken()),
        Vec::<&str>::new(),
        "the first has ten minutes"
    );
    app.run_due(now + TimeDelta::minutes(11)).await;
    assert_eq!(called(&gateway.taken()), [SECOND]);
    assert_eq!(unanswered(&app).await, 0);
    app.run_due(now + TimeDelta::minutes(17)).await;
    assert_eq!(called(&gateway.taken()), Vec::<&str>::new());
    assert_eq!(outcomes(&app).await, ["sent", "sent"]);
    assert_eq!(unanswered(&app).await, 1);
}
