//! The harness holds what it promises; a test that stands on sand proves nothing.

use vigie_tests::people::Person;
use vigie_tests::server::TestApp;

#[tokio::test]
async fn a_server_answers_and_its_answer_is_documented() {
    let app = TestApp::start().await;
    let health = app.anyone().get("/readyz").send().await.expect(200);
    assert_eq!(health["status"], "ok");
}

#[tokio::test]
async fn what_is_nowhere_is_a_problem() {
    let app = TestApp::start().await;
    app.anyone().get("/v1/nowhere").send().await.problem("not_found");
}

#[tokio::test]
async fn a_second_process_serves_the_same_town() {
    let app = TestApp::start().await;
    let second = app.second_process();
    let elsewhere: Person = second.instead(&app.anyone());
    elsewhere.get("/readyz").send().await.expect(200);
}
