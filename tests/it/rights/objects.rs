//! What the paths of the API name, made anew for each call, so that no call finds what an earlier one left.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_fixtures::photo::{Size, jpeg_of};
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::contract::Operation;
use vigie_tests::database::texts;
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::{Role, Town};

use crate::field::uploads::announce;

/// Alerts lie so far apart that none takes another's report, metres.
const APART_M: f64 = 100.0;
/// So many in a row.
const ROW: u32 = 40;

/// What stands in a path, and what opens it to whoever is no staff.
#[derive(Default)]
pub struct Named {
    /// Values of the path's parameters.
    pub values: Vec<(&'static str, String)>,
    /// Follow secret of the report.
    pub secret: Option<String>,
}

impl Named {
    fn id(id: &Value) -> Self {
        let id = id.as_str().expect("an id").to_owned();
        Self {
            values: vec![("id", id)],
            secret: None,
        }
    }
}

/// Makes them in a town.
pub struct Objects<'a> {
    app: &'a TestApp,
    town: &'a Town,
    anyone: Person,
    desk: Person,
    supervisor: Person,
    admin: Person,
    made: AtomicU32,
}

impl<'a> Objects<'a> {
    pub async fn of(app: &'a TestApp, town: &'a Town) -> Self {
        Self {
            app,
            town,
            anyone: app.anyone(),
            desk: app.signed_in(town, Role::FrontDesk).await,
            supervisor: app.signed_in(town, Role::Supervisor).await,
            admin: app.signed_in(town, Role::Admin).await,
            made: AtomicU32::new(0),
        }
    }

    /// What an operation's path names; nothing where only a signed link or somebody's own upload would do.
    pub async fn named(&self, operation: &Operation, asker: Option<Role>) -> Option<Named> {
        let parts: Vec<&str> = operation.path.split('/').skip(1).collect();
        let named = match *parts.as_slice() {
            ["v1", "alerts", "{id}", ..] => Named::id(&self.dispatched().await["alert"]["id"]),
            ["v1", "reports", "{id}", ..] => {
                let told = self.dispatched().await;
                let secret = told["follow"]["secret"].as_str().map(str::to_owned);
                Named {
                    secret,
                    ..Named::id(&told["id"])
                }
            }
            ["v1", "tasks", "{id}", ..] => Named::id(&self.dispatched().await["task"]),
            ["v1", "photos", "{id}", ..] => Named::id(&self.photographed().await["photos"][0]["id"]),
            ["v1", "uploads", "{town}", "{id}"] => self.upload().await,
            ["v1", "operations", "{id}", ..] => Named::id(&self.merged().await["id"]),
            ["v1", "devices", "{id}", ..] => Named::id(&self.announced().await["device_id"]),
            ["v1", "crews", "{id}", ..] => Named::id(&json!(self.town.crews["roads-1"])),
            ["v1", "calls", "{id}", ..] => {
                self.listed("/v1/calls", json!({"phone": "+33199000041", "preferred": "call"}))
                    .await
            }
            ["v1", "letters", "{id}", ..] => {
                let contact = json!({"name": "C. Martin", "postal_address": "2 quai du Large", "preferred": "letter"});
                self.listed("/v1/letters", contact).await
            }
            ["v1", "notifications", "{id}", ..] => self.given_up().await,
            ["v1", "field-actions", "{id}", ..] => self.waiting_action().await,
            ["v1", "me" | "staff", "offers", "{id}", ..] => self.offer(asker).await,
            ["v1", "staff", "{id}", ..] => self.hired().await,
            ["v1", "categories", "{code}", ..] => Named {
                values: vec![("code", "pothole".to_owned())],
                secret: None,
            },
            ["v1", "tiles", ..] => Named {
                values: vec![("jurisdiction", format!("large-{}", self.number()))],
                secret: None,
            },
            ["icons", ..] => Named {
                values: vec![("name", "other".to_owned())],
                secret: None,
            },
            _ => return None,
        };
        Some(named)
    }

    /// Id of a new alert.
    pub async fn alert(&self) -> String {
        let told = self.report(json!({})).await;
        told["alert"]["id"].as_str().expect("an alert").to_owned()
    }

    /// Id of a new report.
    pub async fn report_id(&self) -> String {
        let told = self.report(json!({})).await;
        told["id"].as_str().expect("an id").to_owned()
    }

    fn number(&self) -> u8 {
        u8::from(self.town.id != self.app.town.id)
    }

    async fn report(&self, more: Value) -> Value {
        let nth = self.made.fetch_add(1, Ordering::Relaxed);
        let (column, row) = (nth % ROW, nth / ROW);
        let along = |nth: u32| f64::from(nth) * APART_M - APART_M * f64::from(ROW) / 2.0;
        let place = self.town.point(along(column), along(row));
        let mut report = json!({"category": "pothole", "position": place, "accuracy_m": 5,
            "contact": {"email": "camille@example.test"}});
        for (name, value) in more.as_object().expect("fields") {
            report[name] = value.clone();
        }
        self.anyone.send("/v1/reports", report).await.expect(201)
    }

    /// A report whose alert a crew has; `task` is the crew's.
    async fn dispatched(&self) -> Value {
        let mut told = self.report(json!({})).await;
        let alert = format!("/v1/alerts/{}", told["alert"]["id"].as_str().expect("an alert"));
        let change = self.supervisor.request(Method::PATCH, &alert).header("If-Match", "*");
        change.json(&json!({"priority": 2})).send().await.expect(200);
        let crew = json!({"crew_id": self.town.crews["roads-1"]});
        let task = self
            .supervisor
            .send(&format!("{alert}/dispatch"), crew)
            .await
            .expect(201);
        told["task"] = task["id"].clone();
        told
    }

    async fn photographed(&self) -> Value {
        let spec = PhotoSpec {
            scene: 1,
            subject: Subject::Pothole,
            viewpoint: 1,
            orientation: 1,
            taken_at: Utc::now(),
            position: None,
        };
        let size = Size {
            width: 640,
            height: 480,
        };
        let jpeg = jpeg_of(&spec, size).expect("a picture");
        let told = self.dispatched().await;
        let answer = self.anyone.adds_photo(&told, jpeg).await;
        json!({"photos": [answer.expect(201)]})
    }

    /// A photo of a task that the crew has announced.
    async fn upload(&self) -> Named {
        let (told, photo) = (self.dispatched().await, Uuid::now_v7());
        let task = told["task"].as_str().expect("a task");
        let crew = self.app.signed_in(self.town, Role::Crew).await;
        let created = announce(&crew, photo, ("task_id", task), 1).await;
        assert_eq!(created.status, 201, "{created}");
        Named {
            values: vec![("town", self.town.id.0.to_string()), ("id", photo.to_string())],
            secret: None,
        }
    }

    async fn merged(&self) -> Value {
        let (from, into) = (self.report(json!({})).await, self.report(json!({})).await);
        let path = format!("/v1/alerts/{}/merge", from["alert"]["id"].as_str().expect("an alert"));
        self.supervisor
            .send(&path, json!({"into": into["alert"]["id"]}))
            .await
            .expect(200)
    }

    async fn announced(&self) -> Value {
        let truck = json!({"name": "Truck 1", "crew_id": self.town.crews["roads-1"]});
        self.supervisor.send("/v1/devices", truck).await.expect(201)
    }

    /// The entry of the desk's list that the acknowledgement to such a contact makes.
    async fn listed(&self, path: &str, contact: Value) -> Named {
        let told = self.report(json!({"contact": contact})).await;
        let list = self.desk.get(&format!("{path}?limit=500")).send().await.expect(200);
        let items = list["items"].as_array().expect("a list");
        let own = items.iter().find(|item| item["report_id"] == told["id"]);
        Named::id(&own.expect("it is on the list")["id"])
    }

    async fn given_up(&self) -> Named {
        let told = self.report(json!({})).await;
        let of = format!("alert_id = {} AND recipient = 'follower'", quoted(&told["alert"]["id"]));
        let mut conn = self.app.db.admin().await;
        let dead = format!("UPDATE notification SET state = 'dead' WHERE {of}");
        conn.batch_execute(&dead).await.expect("given up");
        let id = texts(
            &mut conn,
            &format!("SELECT id::text AS value FROM notification WHERE {of}"),
        )
        .await;
        Named::id(&json!(id[0]))
    }

    async fn waiting_action(&self) -> Named {
        let (told, id, agent) = (self.dispatched().await, Uuid::now_v7(), self.town.staff[&Role::Crew].id);
        let (task, alert) = (&told["task"], quoted(&told["alert"]["id"]));
        let payload = json!({"id": id, "seq": 1, "agent_id": agent, "kind": "note", "task_id": task, "note": "A branch",
            "client_at": Utc::now()});
        let waits = format!(
            "INSERT INTO field_action (jurisdiction_id, id, seq, agent_id, sent_by, kind, task_id, alert_id, payload, request_hash, \
                 client_at, received_at, outcome, reason) \
             VALUES ({}, '{id}', 1, '{agent}', '{agent}', 'note', {}, {alert}, '{payload}', '', now(), now(), 'waiting', 'closed')",
            self.town.id.0,
            quoted(task),
        );
        self.app
            .db
            .admin()
            .await
            .batch_execute(&waits)
            .await
            .expect("an action");
        Named::id(&json!(id))
    }

    /// To whoever asks; an admin sees those to others too.
    async fn offer(&self, asker: Option<Role>) -> Named {
        let id = Uuid::now_v7();
        let offer = format!(
            "INSERT INTO grant_offer (jurisdiction_id, id, staff_user_id, email, grants, offered_at, offered_by) \
             VALUES ({}, '{id}', '{}', 'x@town.test', '[]', now(), '{}')",
            self.town.id.0,
            self.town.staff[&asker.unwrap_or(Role::Crew)].id,
            self.town.staff[&Role::Admin].id,
        );
        self.app.db.admin().await.batch_execute(&offer).await.expect("an offer");
        Named::id(&json!(id))
    }

    async fn hired(&self) -> Named {
        let person = json!({"email": format!("{}@town.test", Uuid::now_v7()), "name": "New", "locale": "en",
            "password": "a-password-for-tests-only", "grants": [{"role": "front_desk"}]});
        let hired = self.admin.send("/v1/staff", person).await.expect(201);
        let grant = format!(
            "SELECT id::text AS value FROM role_grant WHERE staff_user_id = {}",
            quoted(&hired["id"])
        );
        let grant = texts(&mut self.app.db.admin().await, &grant).await;
        let mut named = Named::id(&hired["id"]);
        named.values.push(("grant_id", grant[0].clone()));
        named
    }
}

/// An id as SQL writes it.
fn quoted(id: &Value) -> String {
    format!("'{}'", id.as_str().expect("an id"))
}
