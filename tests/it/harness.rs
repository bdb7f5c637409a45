//! The harness holds what it promises; a test that stands on sand proves nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::s3::s3;
use vigie_tests::sink::smtp::{Mood, Relay};

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

/// A body that says it is compressed is.
#[tokio::test]
async fn a_problem_is_readable_compressed_too() {
    let app = TestApp::start().await;
    let request = reqwest::Client::new()
        .get(format!("{}/v1/nowhere", app.url()))
        .header("Accept-Encoding", "gzip");
    let answer = request.send().await.expect("an answer");
    let compressed = answer
        .headers()
        .get("content-encoding")
        .is_some_and(|value| value == "gzip");
    let body = answer.bytes().await.expect("a body");
    assert_eq!(compressed, body.starts_with(&[0x1f, 0x8b]), "{body:?}");
}

#[tokio::test]
async fn a_second_process_serves_the_same_town() {
    let app = TestApp::start().await;
    let second = app.second_process();
    let elsewhere: Person = second.instead(&app.anyone());
    elsewhere.get("/readyz").send().await.expect(200);
}

#[test]
fn the_mail_relay_keeps_what_it_takes_and_can_be_moody() {
    let mut relay = Relay::start();
    assert_eq!(send(&relay, "one"), "250");
    let [mail] = &relay.mails()[..] else { panic!("one mail") };
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str(), mail.text.trim()),
        ("b@example.test", "Été", "one")
    );
    relay.set(Mood::Refuse);
    assert_eq!(send(&relay, "two"), "450");
    assert!(relay.mails().is_empty());
    relay.set(Mood::Drop);
    assert_eq!(send(&relay, "three"), "");
    assert_eq!(relay.mails().len(), 1, "it was taken, only nobody was told");
    relay.set(Mood::Accept);
    assert_eq!(send(&relay, "four"), "250");
}

/// Speaks SMTP by hand; the code that ended the message, empty when the line broke.
fn send(relay: &Relay, text: &str) -> String {
    let address = relay.url().replace("smtp://", "");
    let mut line = BufReader::new(TcpStream::connect(address).expect("the relay"));
    let message =
        format!("From: a@example.test\r\nTo: b@example.test\r\nSubject: =?utf-8?Q?=C3=89t=C3=A9?=\r\n\r\n{text}\r\n.");
    let mut last = String::new();
    for say in [
        "",
        "HELO test",
        "MAIL FROM:<a@example.test>",
        "RCPT TO:<b@example.test>",
        "DATA",
        &message,
    ] {
        if !say.is_empty() {
            line.get_mut().write_all(format!("{say}\r\n").as_bytes()).expect("sent");
        }
        last.clear();
        let _ = line.read_line(&mut last);
    }
    last.chars().take(3).collect()
}

#[tokio::test]
async fn the_s3_server_checks_who_asks() {
    let url = format!("{}/some-bucket", s3().endpoint());
    let refused = reqwest::Client::new().put(&url).send().await.expect("an answer");
    assert_eq!(refused.status().as_u16(), 403, "a mock would have taken it");
}
