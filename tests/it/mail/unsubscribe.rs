//! Messages end by a link in each of them: it asks first, and its button, or the mail program's own, does it.

use chrono::Utc;
use serde_json::json;
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mail, Relay};
use vigie_tests::town::Role;

use super::{report, to_people, with_relay};

/// What the worker sends now to people who reported.
async fn sent(app: &TestApp, relay: &Relay) -> Vec<Mail> {
    app.run_due(Utc::now()).await;
    let mut mails: Vec<Mail> = to_people(&relay.mails()).into_iter().cloned().collect();
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    mails
}

fn readers(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.to.as_str()).collect()
}

/// Where the mail program's own button posts to.
fn one_click<'a>(app: &TestApp, mail: &'a Mail) -> &'a str {
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    let header = mail.header("List-Unsubscribe").expect("List-Unsubscribe").trim();
    let address = header.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    app.path_of(address.expect("an address"))
}

/// Stops messages as mail programs do (RFC 8058).
async fn stops(anyone: &Person, path: &str) -> u16 {
    let form = "application/x-www-form-urlencoded";
    let request = anyone.post(path).body(form, "List-Unsubscribe=One-Click");
    request.send().await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_messages_hears_no_more_and_looking_stops_nothing() {
    let relay = Relay::start();
    let app = with_relay(&relay).await;
    let told = report(&app, 2).await;
    let steps = format!("/v1/alerts/{}/steps", told[0]["alert"]["id"].as_str().expect("an id"));
    let mails = sent(&app, &relay).await;
    assert_eq!(readers(&mails), ["p0@example.test", "p1@example.test"]);
    let (anyone, stop) = (app.anyone(), one_click(&app, &mails[0]));
    assert_ne!(stop, one_click(&app, &mails[1]), "each has a link of their own");

    let mut words = mails[0].text.split_whitespace();
    let asks = words.find(|word| word.contains("/u/")).expect("a link in the text");
    let page = anyone.get(app.path_of(asks)).send().await;
    assert_eq!((page.status, page.media_type()), (200, Some("text/html")), "{page}");
    assert!(String::from_utf8_lossy(&page.body).contains(stop), "{page}");
    let supervisor = app.staff(Role::Supervisor).await;
    let transfer = json!({"step": "transfer", "body_id": app.town.power_company});
    supervisor.send(&steps, transfer).await.expect(200);
    assert_eq!(
        readers(&sent(&app, &relay).await),
        ["p0@example.test", "p1@example.test"],
        "the page asks only"
    );

    // What waits already is not sent either, and sending it twice is harmless.
    supervisor.send(&steps, json!({"step": "deliver"})).await.expect(200);
    for _ in 0..2 {
        assert_eq!(stops(&anyone, stop).await, 200);
    }
    assert_eq!(readers(&sent(&app, &relay).await), ["p1@example.test"]);
    supervisor.send(&steps, json!({"step": "reopen"})).await.expect(200);
    assert_eq!(readers(&sent(&app, &relay).await), ["p1@example.test"]);
    assert_eq!(
        stops(&anyone, &stop.replace("/v1/unsubscribe/", "/v1/unsubscribe/A")).await,
        404
    );
}
