//! People correct the machine: merge, split, move, "not the same", each taken back, and who hears of it.

mod asked;
mod merge;
mod pairs;
mod parts;
mod said;

use chrono::{TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::{number, texts};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

/// Longer than messages about a correction wait.
const HEARD: TimeDelta = TimeDelta::minutes(11);

/// A report as its author knows it.
struct Sent {
    id: String,
    reference: String,
    alert: String,
    secret: String,
}

/// A town, a supervisor, and a look behind the scenes.
struct Desk {
    app: TestApp,
    supervisor: Person,
    db: AsyncPgConnection,
    sent: usize,
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let supervisor = app.staff(Role::Supervisor).await;
        let db = app.db.admin().await;
        Self {
            app,
            supervisor,
            db,
            sent: 0,
        }
    }

    /// A pothole so many metres east, by somebody who wants mail.
    async fn report(&mut self, east: f64) -> Sent {
        self.report_with(east, json!({})).await
    }

    async fn report_with(&mut self, east: f64, more: Value) -> Sent {
        self.sent += 1;
        let mut body = json!({"category": "pothole", "position": self.app.town.point(east, 0.0), "accuracy_m": 5, "locale": "en",
            "address": format!("{} rue du Port", self.sent), "description": format!("mot{} trou", self.sent),
            "contact": {"email": format!("p{}@example.test", self.sent), "preferred": "email"}});
        for (name, value) in more.as_object().expect("members") {
            body[name] = value.clone();
        }
        let told = self.app.anyone().send("/v1/reports", body).await.expect(201);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let id = text(&told["id"]);
        let alert = self
            .value(&format!("SELECT alert_id::text AS value FROM report WHERE id = '{id}'"))
            .await;
        Sent {
            id,
            reference: text(&told["reference"]),
            alert,
            secret: text(&told["follow"]["secret"]),
        }
    }

    async fn ask(&self, path: &str, body: Value) -> Answer {
        self.supervisor.send(path, body).await
    }

    async fn merge(&self, from: &str, into: &str) -> Value {
        self.ask(
            &format!("/v1/alerts/{from}/merge"),
            json!({"into": into, "reason": "one hole"}),
        )
        .await
        .expect(200)
    }

    async fn split(&self, alert: &str, reports: &[&str]) -> Value {
        self.ask(&format!("/v1/alerts/{alert}/split"), json!({"reports": reports}))
            .await
            .expect(200)
    }

    async fn undo(&self, operation: &Value) -> Answer {
        let id = operation["id"].as_str().expect("an id");
        self.ask(&format!("/v1/operations/{id}/undo"), json!({"reason": "a slip"}))
            .await
    }

    async fn alert(&self, id: &str) -> Value {
        self.supervisor
            .get(&format!("/v1/alerts/{id}"))
            .send()
            .await
            .expect(200)
    }

    async fn step(&self, alert: &str, body: Value) -> Answer {
        self.ask(&format!("/v1/alerts/{alert}/steps"), body).await
    }

    async fn value(&mut self, query: &str) -> String {
        texts(&mut self.db, query).await.first().cloned().unwrap_or_default()
    }

    async fn count(&mut self, from: &str) -> i64 {
        number(&mut self.db, &format!("SELECT count(*) AS value FROM {from}")).await
    }

    /// Everything about two alerts that a correction may change, as text; not their versions.
    async fn picture(&mut self, alerts: [&str; 2]) -> Vec<String> {
        let ids = format!("('{}', '{}')", alerts[0], alerts[1]);
        let rows = format!(
            "SELECT (to_jsonb(a) - 'version')::text AS value FROM alert a WHERE id IN {ids} \
             UNION ALL SELECT 'report ' || id || ' ' || alert_id FROM report WHERE alert_id IN {ids} \
             UNION ALL SELECT 'follower ' || id || ' ' || alert_id FROM follower WHERE alert_id IN {ids} \
             UNION ALL SELECT 'task ' || to_jsonb(t)::text FROM task t WHERE alert_id IN {ids} \
             UNION ALL SELECT 'phase ' || to_jsonb(p)::text FROM alert_phase p WHERE alert_id IN {ids} \
             UNION ALL SELECT 'word ' || alert_id || ' ' || word FROM alert_word WHERE alert_id IN {ids} \
             UNION ALL SELECT 'link ' || kind || ' ' || state FROM alert_link WHERE from_alert IN {ids} \
               AND kind = 'suggested' ORDER BY 1"
        );
        texts(&mut self.db, &rows).await
    }

    async fn told(&mut self, template: &str, state: &str) -> i64 {
        self.count(&format!(
            "notification WHERE template = '{template}' AND state = '{state}' AND recipient = 'follower'"
        ))
        .await
    }
}

fn reports(alert: &Value) -> Vec<&str> {
    let reports = alert["reports"].as_array().expect("reports").iter();
    reports.map(|report| report["id"].as_str().expect("an id")).collect()
}
