//! What an installation without relay and gateway would have sent can be read on a page, by whoever sits before the machine.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_can_be_read_before_the_machine_and_nowhere_else() {
    let nearby = TestApp::setup().setting("VIGIE_PUBLIC_URL", "http://127.0.0.1:8080");
    let app = nearby.start().await;
    for contact in [json!({"email": "p1@example.test"}), json!({"phone": "+33639980001"})] {
        let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0), "accuracy_m": 5, "locale": "en",
            "contact": contact});
        app.anyone().send("/v1/reports", report).await.expect(201);
    }
    app.run_due(Utc::now()).await;
    let page = app.anyone().get("/kept-mail").send().await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.body).expect("text");
    for words in ["p1@example.test", "SMS +33639980001", &texts_words(&app)] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let elsewhere = TestApp::start().await;
    elsewhere.anyone().get("/kept-mail").send().await.problem("not_found");
}

/// First words of the text message that was kept.
fn texts_words(app: &TestApp) -> String {
    let kept: Value = serde_json::from_str(&texts_sent(app)[0]).expect("a document");
    let text = kept["text"].as_str().expect("words");
    text.split([':', '\'']).next().expect("a town").trim().to_owned()
}
