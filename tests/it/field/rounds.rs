//! A crew's round: ordered on demand, planned anew when something urgent comes, locked stops where they are.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::flow::dispatch::round::plan::order_day;
use vigie::flow::dispatch::round::queries;
use vigie_tests::database::{number, texts};
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

use super::{Given, Street};

impl Street {
    /// An ordinary task so many metres east of the middle.
    async fn stop(&self, east: f64) -> Given {
        self.stop_of(east, json!({}), self.crew.crew).await
    }

    /// A resident reports a lamp; what they are told.
    async fn lamp(&self, east: f64, answers: Value) -> Value {
        let body = json!({"category": "street-light", "position": self.app.town.point(east, 0.0), "accuracy_m": 5,
            "answers": answers});
        self.app.anyone().send("/v1/reports", body).await.expect(201)
    }

    async fn stop_of(&self, east: f64, answers: Value, crew: Uuid) -> Given {
        let told = self.lamp(east, answers).await;
        let alert = told["alert"]["id"].as_str().expect("an alert").to_owned();
        self.qualify(&alert).await;
        let task = self.dispatch(&alert, crew).await;
        Given { task, alert }
    }

    /// A task without a day, and two for tomorrow, in the order of the way.
    async fn two_for_tomorrow(&self) -> [Given; 3] {
        let (loose, far, near) = (self.stop(300.0).await, self.stop(900.0).await, self.stop(600.0).await);
        for given in [&near, &far] {
            self.plan(given, json!({"planned_on": self.day(1)})).await;
        }
        [loose, near, far]
    }

    /// A live cable, which is a danger.
    async fn danger(&self, east: f64) -> Given {
        self.stop_of(east, json!({"cable": "live"}), self.crew.crew).await
    }

    async fn round(&self, body: Value) -> Value {
        let path = format!("/v1/crews/{}/round", self.crew.crew);
        self.supervisor.send(&path, body).await.expect(200)
    }

    /// The way from the middle of the town.
    async fn round_of_today(&self) -> Value {
        self.round(json!({"start": self.app.town.point(0.0, 0.0)})).await
    }

    async fn plan(&self, given: &Given, body: Value) {
        let path = format!("/v1/tasks/{}", given.task);
        self.supervisor
            .request(Method::PATCH, &path)
            .json(&body)
            .send()
            .await
            .expect(200);
    }

    /// A day by the town's clock.
    fn day(&self, from_today: i64) -> String {
        let catalogue = self.app.app.catalogue.get();
        let time_zone = catalogue.town(self.app.town.id).expect("the town").time_zone;
        let there = (Utc::now() + TimeDelta::days(from_today)).with_timezone(&time_zone);
        there.date_naive().to_string()
    }

    /// Today's tasks of the crew, in their order.
    async fn today(&self) -> Vec<String> {
        let path = format!("/v1/tasks?day={}", self.day(0));
        ids(&self.crew.person.get(&path).send().await.expect(200)["items"])
    }

    async fn replans(&mut self) -> i64 {
        number(
            &mut self.db,
            "SELECT count(*) AS value FROM job WHERE kind = 'replan_round'",
        )
        .await
    }
}

fn ids(tasks: &Value) -> Vec<String> {
    let id = |task: &Value| task["id"].as_str().expect("an id").to_owned();
    tasks.as_array().expect("tasks").iter().map(id).collect()
}

fn names(given: &[&Given]) -> Vec<String> {
    given.iter().map(|given| given.task.clone()).collect()
}

fn close(value: &Value, metres: f64) -> bool {
    (value.as_f64().expect("metres") - metres).abs() < metres / 100.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_ordered_along_the_way() {
    let mut street = Street::open().await;
    let (c, a, d, b) = (
        street.stop(900.0).await,
        street.stop(300.0).await,
        street.stop(1_200.0).await,
        street.stop(600.0).await,
    );
    let changes = "SELECT count(*) AS value FROM change WHERE entity = 'task'";
    let before = number(&mut street.db, changes).await;
    let round = street.round_of_today().await;
    assert_eq!(ids(&round["tasks"]), names(&[&a, &b, &c, &d]));
    assert!(close(&round["length_before_m"], 3_000.0), "{round}");
    assert!(close(&round["length_m"], 1_200.0), "{round}");
    let ranks: Vec<i64> = round["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .filter_map(|t| t["rank"].as_i64())
        .collect();
    assert_eq!(ranks, [1, 2, 3, 4]);
    assert_eq!(street.today().await, names(&[&a, &b, &c, &d]));
    // The tablet hears of each task whose place changed. Asked of the change log itself: a sync waits for any transaction
    // that is open, also another test's.
    assert_eq!(number(&mut street.db, changes).await, before + 4);
    let held = street.crew.sync(None).await;
    let held: BTreeMap<&str, i64> = held["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .filter_map(|task| Some((task["id"].as_str()?, task["rank"].as_i64()?)))
        .collect();
    assert_eq!([&a, &b, &c, &d].map(|given| held[&*given.task]), [1, 2, 3, 4]);
    let audited = "SELECT count(*) AS value FROM audit_event WHERE action = 'plan_round' AND entity = 'crew'";
    assert_eq!(number(&mut street.db, audited).await, 1);
    // Planned again nothing changes, and nobody hears of it.
    let again = street.round_of_today().await;
    assert_eq!(again["length_before_m"], again["length_m"]);
    assert_eq!(number(&mut street.db, changes).await, before + 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_urgent_or_begun_comes_first_and_locked_stops_stay() {
    let street = Street::open().await;
    let (a, b, c, far) = (
        street.stop(300.0).await,
        street.stop(600.0).await,
        street.stop(900.0).await,
        street.danger(-2_100.0).await,
    );
    assert_eq!(ids(&street.round_of_today().await["tasks"]), names(&[&far, &a, &b, &c]));
    // The third stays third, whatever would be shorter.
    street.plan(&b, json!({"locked": true})).await;
    let nearer = street.stop(450.0).await;
    let round = street.round_of_today().await;
    assert_eq!(ids(&round["tasks"]), names(&[&far, &a, &b, &nearer, &c]));
    let locked: Vec<bool> = round["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .filter_map(|t| t["locked"].as_bool())
        .collect();
    assert_eq!(locked, [false, false, true, false, false]);
    let begun = json!({"id": Uuid::now_v7(), "action": "start", "client_at": Utc::now()});
    street
        .crew
        .person
        .send(&format!("/v1/tasks/{}/actions", c.task), begun)
        .await
        .expect(200);
    let round = street.round_of_today().await;
    assert_eq!(ids(&round["tasks"]), names(&[&c, &far, &b, &nearer, &a]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_urgent_has_the_day_planned_anew() {
    let mut street = Street::open().await;
    let (a, b, c) = (
        street.stop(300.0).await,
        street.stop(600.0).await,
        street.stop(900.0).await,
    );
    let early = street.danger(-300.0).await;
    assert_eq!(street.replans().await, 0, "nobody has put the day in order");
    street
        .round(json!({"start": street.app.town.point(1_000.0, 0.0)}))
        .await;
    assert_eq!(street.today().await, names(&[&early, &a, &b, &c]));
    street.plan(&a, json!({"locked": true})).await;
    let ordinary = street.stop(-1_500.0).await;
    assert_eq!(street.replans().await, 0, "what is ordinary waits at the end");
    assert_eq!(street.today().await, names(&[&early, &a, &b, &c, &ordinary]));
    let danger = street.danger(-2_100.0).await;
    assert_eq!(street.replans().await, 1);
    assert_eq!(street.today().await.last(), Some(&danger.task));
    street.app.run_due(Utc::now()).await;
    assert_eq!(street.replans().await, 0);
    let today = street.today().await;
    assert_eq!(
        today[..3],
        names(&[&early, &a, &danger]),
        "the locked stop is the second still"
    );
    assert_eq!(today.len(), 6);
    let machine = "SELECT count(*) AS value FROM audit_event WHERE action = 'replan_round' AND actor = 'system'";
    assert_eq!(number(&mut street.db, machine).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_danger_seen_or_handed_over_on_the_way_counts_too() {
    let mut street = Street::open().await;
    let (a, b) = (street.stop(300.0).await, street.stop(600.0).await);
    street.round_of_today().await;
    assert_eq!(street.today().await, names(&[&a, &b]));
    // The crew sees that what it has for later is dangerous.
    street
        .crew
        .does(&b, "dangerous", json!({"note": "a cable hangs down"}))
        .await;
    assert_eq!(street.replans().await, 1);
    street.app.run_due(Utc::now()).await;
    assert_eq!(street.today().await, names(&[&b, &a]));
    // Another crew, whose day is in order, gets it from them.
    let path = format!("/v1/crews/{}/round", street.others.crew);
    street.others.person.send(&path, json!({})).await.expect(200);
    street
        .crew
        .does(
            &b,
            "hand_over",
            json!({"crew_id": street.others.crew, "reason": "nearer to you"}),
        )
        .await;
    assert_eq!(street.replans().await, 1);
    let theirs = "SELECT count(*) AS value FROM job WHERE kind = 'replan_round' AND payload->>'crew_id' = ";
    let theirs = format!("{theirs}'{}'", street.others.crew);
    assert_eq!(number(&mut street.db, &theirs).await, 1);
    street.app.run_due(Utc::now()).await;
    assert_eq!(street.replans().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_becomes_urgent_moves_forward() {
    let mut street = Street::open().await;
    let (a, b) = (street.stop(300.0).await, street.stop(600.0).await);
    street.round_of_today().await;
    street.edit(&b.alert, json!({"priority": 4})).await;
    assert_eq!(street.replans().await, 1);
    street.app.run_due(Utc::now()).await;
    assert_eq!(street.today().await, names(&[&b, &a]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_to_an_ordered_day_goes_to_its_end_or_has_it_planned_anew() {
    let mut street = Street::open().await;
    let (moved, urgent) = (street.stop(1_200.0).await, street.danger(1_500.0).await);
    street.plan(&moved, json!({"planned_on": street.day(3)})).await;
    street.plan(&urgent, json!({"planned_on": street.day(3)})).await;
    let (a, b) = (street.stop(300.0).await, street.stop(600.0).await);
    street.round_of_today().await;
    street.plan(&moved, json!({"planned_on": street.day(0)})).await;
    assert_eq!(street.today().await, names(&[&a, &b, &moved]));
    let before = street.replans().await;
    street.plan(&urgent, json!({"planned_on": street.day(0)})).await;
    assert_eq!(street.replans().await, before + 1);
    street.app.run_due(Utc::now()).await;
    assert_eq!(
        street.today().await,
        names(&[&urgent, &moved, &b, &a]),
        "the danger first, then the way back"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_danger_that_a_resident_reports_moves_it_forward_too() {
    let mut street = Street::open().await;
    let (a, b) = (street.stop(300.0).await, street.stop(600.0).await);
    street.round_of_today().await;
    for expected in [1, 1] {
        let told = street.lamp(600.0, json!({"cable": "live"})).await;
        assert_eq!(told["alert"]["id"], b.alert.as_str(), "the same lamp");
        assert_eq!(street.replans().await, expected, "once it is urgent nothing changes");
    }
    street.app.run_due(Utc::now()).await;
    assert_eq!(street.today().await, names(&[&b, &a]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_day_is_a_round_of_its_own() {
    let street = Street::open().await;
    let [loose, a, b] = street.two_for_tomorrow().await;
    let tomorrow = json!({"day": street.day(1), "start": street.app.town.point(0.0, 0.0)});
    // While nobody ordered today, what has no day may be for tomorrow.
    let round = street.round(tomorrow.clone()).await;
    assert_eq!(ids(&round["tasks"]), names(&[&loose, &a, &b]));
    street.round_of_today().await;
    assert_eq!(street.today().await, names(&[&loose]));
    let round = street.round(tomorrow).await;
    assert_eq!(ids(&round["tasks"]), names(&[&a, &b]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_danger_that_comes_with_a_merge_moves_the_survivor_forward() {
    let mut street = Street::open().await;
    let (a, b) = (street.stop(300.0).await, street.stop(600.0).await);
    street.round_of_today().await;
    let told = street.lamp(750.0, json!({"cable": "live"})).await;
    let apart = told["alert"]["id"].as_str().expect("an alert").to_owned();
    assert_ne!(apart, b.alert);
    let merged = street.merge(&apart, &b.alert).await;
    assert_eq!(street.replans().await, 1);
    street.app.run_due(Utc::now()).await;
    assert_eq!(street.today().await, names(&[&b, &a]));
    // Taken back nothing has become urgent that a crew has.
    let operation = merged["id"].as_str().expect("an id");
    let path = format!("/v1/operations/{operation}/undo");
    street.supervisor.send(&path, json!({})).await.expect(200);
    assert_eq!(street.replans().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_day_goes_to_the_end_of_the_first_day_in_order() {
    let street = Street::open().await;
    let [loose, a, b] = street.two_for_tomorrow().await;
    let from_here = json!({"day": street.day(1), "start": street.app.town.point(0.0, 0.0)});
    street.round(from_here).await;
    let late = street.stop(-150.0).await;
    let path = format!("/v1/tasks?day={}", street.day(1));
    let tomorrow = ids(&street.crew.person.get(&path).send().await.expect(200)["items"]);
    assert_eq!(tomorrow, names(&[&loose, &a, &b, &late]));
    assert_eq!(street.today().await, names(&[&loose, &late]));
    // Of two days in order the first has it.
    let round = street.round(json!({"day": street.day(2)})).await;
    assert_eq!(round["tasks"], json!([]));
}

/// The worker's look at days that are over, so many days from now.
async fn days_later(street: &Street, days: i64) {
    let then = Utc::now() + TimeDelta::days(days);
    vigie::work::ensure_recurring(&street.app.app, then)
        .await
        .expect("jobs");
    street.app.run_due(then).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_day_leaves_over_is_planned_into_the_next_one_or_loses_its_place() {
    let mut street = Street::open().await;
    let (far, near) = (street.stop(900.0).await, street.stop(300.0).await);
    let tomorrow = street.stop(600.0).await;
    street.plan(&tomorrow, json!({"planned_on": street.day(1)})).await;
    let here = street.app.town.point(0.0, 0.0);
    street.round_of_today().await;
    street.round(json!({"day": street.day(1), "start": here})).await;
    days_later(&street, 1).await;
    let order = "SELECT id::text AS value FROM task WHERE state IN ('open', 'accepted') ORDER BY rank";
    assert_eq!(texts(&mut street.db, order).await, names(&[&near, &tomorrow, &far]));
    let rounds = "SELECT count(*) AS value FROM round";
    assert_eq!(
        number(&mut street.db, rounds).await,
        1,
        "the day that is over is no round"
    );
    days_later(&street, 2).await;
    let places = "SELECT sum(rank) AS value FROM task";
    assert_eq!(
        number(&mut street.db, places).await,
        0,
        "nobody has put that day in order"
    );
    assert_eq!(number(&mut street.db, rounds).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_comes_while_a_day_is_being_put_in_order_goes_to_its_end() {
    let mut street = Street::open().await;
    let (a, b) = (street.stop(300.0).await, street.stop(600.0).await);
    let alert = street.report("street-light").await;
    street.qualify(&alert).await;
    let (town, crew) = (street.app.town.id, street.crew.crew);
    let now = Utc::now();
    let mut tx = street.app.app.db.begin(town).await.expect("a transaction");
    queries::hold_days_alone(&mut tx, crew).await.expect("the days");
    let ordered = async {
        until_somebody_waits(&street.app).await;
        let catalogue = street.app.app.catalogue.get();
        let found = catalogue.town(town).expect("the town");
        let day = street.day(0).parse().expect("a day");
        let planner = street.app.town.staff[&Role::Supervisor].id;
        queries::keep(&mut tx, (crew, day), planner, None, now)
            .await
            .expect("kept");
        order_day(&mut tx, found, (crew, day), None, now)
            .await
            .expect("in order");
        tx.commit().await.expect("written");
    };
    let (task, ()) = tokio::join!(street.dispatch(&alert, crew), ordered);
    let late = Given { task, alert };
    assert_eq!(street.today().await.last(), Some(&late.task));
    assert_eq!(street.today().await.len(), names(&[&a, &b, &late]).len());
}

/// Waits until a transaction of this database waits for another one's lock.
async fn until_somebody_waits(app: &TestApp) {
    let mut db = app.db.admin().await;
    let waiting = "SELECT count(*) AS value FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while number(&mut db, waiting).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_order_whose_day() {
    let street = Street::open().await;
    let app = &street.app;
    let ask = async |person: &Person, crew: Uuid, body: Value| {
        let path = format!("/v1/crews/{crew}/round");
        person.send(&path, body).await.status
    };
    let (own, other) = (street.crew.crew, street.others.crew);
    let (desk, clerk) = (app.staff(Role::FrontDesk).await, app.staff(Role::Secretariat).await);
    let agent = &street.crew.person;
    for (person, crew, status) in [
        (agent, own, 200),
        (agent, other, 404),
        (&street.supervisor, other, 200),
        // The secretariat of the test town is that of the roads.
        (&clerk, own, 200),
        (&clerk, other, 404),
        (&desk, own, 403),
        (&app.anyone(), own, 401),
        (&street.supervisor, Uuid::now_v7(), 404),
    ] {
        assert_eq!(ask(person, crew, json!({})).await, status, "{} {crew}", person.name());
    }
    for wrong in [
        json!({"day": street.day(-1)}),
        json!({"start": {"type": "Point", "coordinates": [200.0, 0.0]}}),
        json!({"days": 1}),
    ] {
        assert_eq!(ask(&street.supervisor, own, wrong.clone()).await, 422, "{wrong}");
    }
}
