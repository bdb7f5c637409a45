//! How a service hears of what is new: together once a day, or not at all, within deadlines that alarm its supervisors.

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::sink::smtp::{Mail, Relay};
use vigie_tests::town::Role;

use super::with_relay;

const SUPERVISOR: &str = "supervisor@town0.test";
const SERVICE: &str = "roads@town.test";
/// No notice at any hour of the day.
const NEVER: &str = r#"'[{"from": "00:00", "to": "00:00", "notices": "none"}]'"#;

/// A town whose roads hear of new alerts in another way, with the jobs that a worker leaves when it starts.
async fn hearing(relay: &Relay, settings: &str) -> TestApp {
    let app = with_relay(relay).await;
    let sql = format!("UPDATE service SET {settings} WHERE code = 'roads'");
    app.db.admin().await.batch_execute(&sql).await.expect("a service");
    let jobs = vigie::work::ensure_recurring(&app.app, Utc::now()).await;
    jobs.expect("returning jobs");
    app
}

/// The alert of a hole that nobody has reported before.
async fn hole(app: &TestApp, east_m: f64) -> Value {
    let report = json!({"category": "pothole", "position": app.town.point(east_m, 0.0), "accuracy_m": 5});
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    told["alert"].clone()
}

fn path(alert: &Value, what: &str) -> String {
    format!("/v1/alerts/{}/{what}", alert["id"].as_str().expect("an id"))
}

fn reference(alert: &Value) -> &str {
    alert["reference"].as_str().expect("a reference")
}

async fn qualified(supervisor: &Person, alert: &Value) {
    let qualify = json!({"step": "qualify"});
    supervisor.send(&path(alert, "steps"), qualify).await.expect(200);
}

/// What one address got since the last look.
fn told(relay: &Relay, whom: &str) -> Vec<Mail> {
    let mails = relay.mails().into_iter();
    mails.filter(|mail| mail.to == whom).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_nobody_opens_alarms_the_supervisors_once() {
    let relay = Relay::start();
    let app = hearing(&relay, "notices = 'none', consult_hours = 24, answer_hours = 72").await;
    let (unseen, seen) = (hole(&app, 0.0).await, hole(&app, 400.0).await);
    let supervisor = app.staff(Role::Supervisor).await;
    supervisor.post(&path(&seen, "seen")).send().await.expect(204);
    let now = Utc::now();
    app.run_due(now + TimeDelta::hours(23)).await;
    let mails = relay.mails();
    assert!(mails.is_empty(), "{mails:#?}");
    for hours in [25, 26, 48] {
        app.run_due(now + TimeDelta::hours(hours)).await;
    }
    let alarms = told(&relay, SUPERVISOR);
    assert_eq!(alarms.len(), 1, "{alarms:#?}");
    assert!(alarms[0].subject.contains(reference(&unseen)), "{alarms:#?}");
}

/// Settling whose it is tells nobody anything; sending a crew does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_of_which_nobody_was_told_alarms_the_supervisors_once() {
    let relay = Relay::start();
    let settings = format!("notice_hours = {NEVER}, consult_hours = 24, answer_hours = 72");
    let app = hearing(&relay, &settings).await;
    let (silent, answered, refused) = (hole(&app, 0.0).await, hole(&app, 400.0).await, hole(&app, 800.0).await);
    let supervisor = app.staff(Role::Supervisor).await;
    for alert in [&silent, &answered, &refused] {
        qualified(&supervisor, alert).await;
    }
    let order = json!({"crew_id": app.town.crews["roads-1"]});
    supervisor.send(&path(&answered, "dispatch"), order).await.expect(201);
    let reject = json!({"step": "reject", "reason": "A private road."});
    supervisor.send(&path(&refused, "steps"), reject).await.expect(200);
    let now = Utc::now();
    app.run_due(now + TimeDelta::hours(71)).await;
    assert_eq!(told(&relay, SUPERVISOR).len(), 0, "somebody has looked at each");
    for hours in [73, 74, 96] {
        app.run_due(now + TimeDelta::hours(hours)).await;
    }
    let alarms = told(&relay, SUPERVISOR);
    assert_eq!(alarms.len(), 1, "{alarms:#?}");
    assert!(alarms[0].subject.contains(reference(&silent)), "{alarms:#?}");
}

#[tokio::test]
async fn no_service_hears_of_nothing_without_both_deadlines() {
    let app = TestApp::start().await;
    let mut db = app.db.admin().await;
    let never = format!("notice_hours = {NEVER}");
    for settings in [
        "notices = 'none', consult_hours = 24",
        "notices = 'none', answer_hours = 72",
        never.as_str(),
    ] {
        let sql = format!("UPDATE service SET {settings}");
        let refused = db.batch_execute(&sql).await.expect_err(settings);
        assert!(refused.to_string().contains("service_unheard_check"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daily_mail_tells_of_two_alerts_and_a_danger_does_not_wait_for_it() {
    let relay = Relay::start();
    let app = hearing(&relay, "notices = 'digest'").await;
    let (one, two) = (hole(&app, 0.0).await, hole(&app, 400.0).await);
    let danger =
        json!({"category": "street-light", "position": app.town.point(800.0, 0.0), "answers": {"cable": "live"}});
    let danger = app.anyone().send("/v1/reports", danger).await.expect(201);
    let now = Utc::now();
    app.run_due(now).await;
    let mails = told(&relay, SERVICE);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(mails[0].subject.contains(reference(&danger["alert"])), "{mails:#?}");

    // The roads open at every midnight of their own.
    app.run_due(now + TimeDelta::hours(26)).await;
    let mails = told(&relay, SERVICE);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    for (alert, times) in [(&one, 1), (&two, 1), (&danger["alert"], 0)] {
        let lines = mails[0].text.matches(reference(alert)).count();
        assert_eq!(lines, times, "{}", mails[0].text);
    }
    app.run_due(now + TimeDelta::hours(52)).await;
    assert_eq!(told(&relay, SERVICE).len(), 0, "it was told");
}
