//! The crew's tablet: what it holds, what it sends after a time without network, photos in pieces.

mod company;
mod conflicts;
mod contractor;
mod later;
mod lines;
mod model;
mod own;
mod proofs;
mod rounds;
mod sync;
pub mod uploads;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::texts;
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::{PASSWORD, Role};

/// A town with two crews in the street.
struct Street {
    app: TestApp,
    supervisor: Person,
    crew: Agent,
    others: Agent,
    db: AsyncPgConnection,
    reports: u32,
}

/// Somebody of a crew.
struct Agent {
    person: Person,
    id: Uuid,
    crew: Uuid,
}

/// A task as its crew knows it.
#[derive(Clone)]
struct Given {
    task: String,
    alert: String,
}

impl Street {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let supervisor = app.staff(Role::Supervisor).await;
        let crew = Agent {
            person: app.staff(Role::Crew).await,
            id: app.town.staff[&Role::Crew].id,
            crew: app.town.crews["roads-1"],
        };
        let others = hire(&app, "cleaning-1").await;
        let db = app.db.admin().await;
        Self {
            app,
            supervisor,
            crew,
            others,
            db,
            reports: 0,
        }
    }

    /// A report somewhere else than all before; its alert.
    async fn report(&mut self, category: &str) -> String {
        self.reports += 1;
        let east = f64::from(self.reports) * 300.0 - 2_400.0;
        self.report_at(category, east, Utc::now()).await
    }

    async fn report_at(&self, category: &str, east: f64, observed_at: DateTime<Utc>) -> String {
        let body = json!({"category": category, "position": self.app.town.point(east, 0.0), "accuracy_m": 5,
            "description": "au coin de la rue", "locale": "en", "observed_at": observed_at});
        let told = self.app.anyone().send("/v1/reports", body).await.expect(201);
        told["alert"]["id"].as_str().expect("an alert").to_owned()
    }

    /// A street light that a crew has: it may be closed without a photo.
    async fn task(&mut self) -> Given {
        self.task_of("street-light").await
    }

    async fn task_of(&mut self, category: &str) -> Given {
        let alert = self.report(category).await;
        self.qualify(&alert).await;
        let task = self.dispatch(&alert, self.crew.crew).await;
        Given { task, alert }
    }

    async fn qualify(&self, alert: &str) {
        self.edit(alert, json!({"priority": 2})).await;
    }

    async fn dispatch(&self, alert: &str, crew: Uuid) -> String {
        let path = format!("/v1/alerts/{alert}/dispatch");
        let task = self.supervisor.send(&path, json!({"crew_id": crew})).await.expect(201);
        task["id"].as_str().expect("a task").to_owned()
    }

    async fn step(&self, alert: &str, body: Value) -> Answer {
        self.supervisor.send(&format!("/v1/alerts/{alert}/steps"), body).await
    }

    /// An alert as the supervisor reads it.
    async fn read(&self, alert: &str) -> Value {
        let path = format!("/v1/alerts/{alert}");
        self.supervisor.get(&path).send().await.expect(200)
    }

    /// Changes what the supervisor may change of an alert.
    async fn edit(&self, alert: &str, body: Value) {
        let path = format!("/v1/alerts/{alert}");
        let edit = self.supervisor.request(Method::PATCH, &path).json(&body);
        edit.header("If-Match", "*").send().await.expect(200);
    }

    async fn merge(&self, alert: &str, into: &str) -> Value {
        let path = format!("/v1/alerts/{alert}/merge");
        self.supervisor.send(&path, json!({"into": into})).await.expect(200)
    }

    /// Somebody reports again what a crew has, the last that was reported, and the desk splits that report off.
    async fn split_again(&self, given: &Given) -> Value {
        let east = f64::from(self.reports) * 300.0 - 2_400.0;
        let again = self.report_at("street-light", east, Utc::now()).await;
        assert_eq!(again, given.alert, "the same lamp");
        let read = self.read(&given.alert).await;
        let reports = read["reports"].as_array().expect("reports");
        let last = &reports.last().expect("two")["id"];
        self.split(&given.alert, last).await.expect(200)
    }

    /// Splits a report off an alert.
    async fn split(&self, alert: &str, report: &Value) -> Answer {
        let path = format!("/v1/alerts/{alert}/split");
        self.supervisor.send(&path, json!({"reports": [report]})).await
    }

    async fn status(&self, alert: &str) -> String {
        let read = self.read(alert).await;
        read["status"].as_str().expect("a status").to_owned()
    }

    /// Words of an alert's history, oldest first.
    async fn history(&mut self, alert: &str) -> Vec<String> {
        let steps = format!("SELECT step AS value FROM status_event WHERE alert_id = '{alert}' ORDER BY at, id");
        texts(&mut self.db, &steps).await
    }
}

/// Somebody more, in a crew.
async fn hire(app: &TestApp, crew: &str) -> Agent {
    hire_into(app, app.town.crews[crew]).await
}

async fn hire_into(app: &TestApp, crew: Uuid) -> Agent {
    let email = format!("{}@town.test", Uuid::now_v7());
    let body = json!({"email": email, "name": "Second Crew", "locale": "en", "password": PASSWORD,
        "grants": [{"role": "crew", "crew_id": crew}]});
    let hired = app.staff(Role::Admin).await.send("/v1/staff", body).await.expect(201);
    let id = hired["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let pair = json!({"email": email, "password": PASSWORD});
    let pair = app.anyone().send("/v1/auth/sign-in", pair).await.expect(200);
    let token = pair["access_token"].as_str().expect("a token");
    Agent {
        person: app.anyone().with_token(token),
        id,
        crew,
    }
}

impl Agent {
    /// An action as the tablet freezes it.
    fn action(&self, given: &Given, kind: &str, more: Value) -> Value {
        let mut action = json!({"id": Uuid::now_v7(), "seq": 1, "agent_id": self.id, "kind": kind, "task_id": given.task,
            "client_at": Utc::now()});
        for (name, value) in more.as_object().expect("members") {
            action[name] = value.clone();
        }
        action
    }

    async fn send(&self, actions: &[Value]) -> Vec<Value> {
        let answer = self
            .person
            .send("/v1/sync/actions", json!({"actions": actions}))
            .await
            .expect(200);
        answer["receipts"].as_array().expect("receipts").clone()
    }

    /// Does one thing; its receipt.
    async fn does(&self, given: &Given, kind: &str, more: Value) -> Value {
        self.send(&[self.action(given, kind, more)]).await.remove(0)
    }

    async fn sync(&self, cursor: Option<&str>) -> Value {
        let query = cursor.map_or(String::new(), |cursor| format!("?cursor={cursor}"));
        self.person.get(&format!("/v1/sync{query}")).send().await.expect(200)
    }
}

fn outcome(receipt: &Value) -> (&str, &str) {
    (
        receipt["outcome"].as_str().expect("an outcome"),
        receipt["reason"].as_str().unwrap_or_default(),
    )
}

fn hours_ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
}
