//! Three people correct the machine at random while reports arrive and alerts close: after every step what the database
//! holds is what a small model says, and the invariants stand. Then the same at once, without a model.

mod at_once;
mod invariants;

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::texts;
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

use invariants::invariants;

/// Spots, so far from each other that the machine never joins two of them.
const SPOTS: usize = 3;
const APART_M: f64 = 400.0;
const PEOPLE: usize = 3;

/// A small generator of numbers (SplitMix64): the same walk for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).expect("small")
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.below(of.len())].clone())
    }
}

/// An alert as the model has it.
#[derive(Clone, Debug, Default)]
struct Held {
    open: bool,
    merged_into: Option<String>,
}

/// An operation as the model has it.
#[derive(Clone, Debug)]
struct Did {
    id: String,
    kind: &'static str,
    from: String,
    to: String,
    reports: BTreeSet<String>,
    open: (bool, bool),
    undone: bool,
}

#[derive(Default)]
struct Model {
    alerts: BTreeMap<String, Held>,
    /// Report: its spot, its alert.
    reports: BTreeMap<String, (usize, String)>,
    done: Vec<Did>,
}

impl Model {
    fn of(&self, alert: &str) -> BTreeSet<String> {
        let own = self.reports.iter().filter(|(_, (_, of))| of == alert);
        own.map(|(id, _)| id.clone()).collect()
    }

    fn standing(&self) -> Vec<String> {
        let own = self.alerts.iter().filter(|(_, alert)| alert.merged_into.is_none());
        own.map(|(id, _)| id.clone()).collect()
    }

    fn open(&self, alert: &str) -> bool {
        self.alerts[alert].open
    }

    fn go(&mut self, reports: &BTreeSet<String>, to: &str) {
        for report in reports {
            to.clone_into(&mut self.reports.get_mut(report).expect("a known report").1);
        }
    }

    /// Open alerts that have reports of this spot and no others: the machine has to join one of them.
    fn joinable(&self, spot: usize) -> BTreeSet<String> {
        let pure = |alert: &&String| {
            let own = self.of(alert);
            self.open(alert) && !own.is_empty() && own.iter().all(|report| self.reports[report].0 == spot)
        };
        self.alerts.keys().filter(pure).cloned().collect()
    }

    /// What an undo must bring back; `None` when it must be refused.
    fn undoable(&self, did: &Did) -> Option<BTreeSet<String>> {
        let (from, to) = (&self.alerts[&did.from], &self.alerts[&did.to]);
        let as_it_was = match did.kind {
            "merge" => from.merged_into.as_deref() == Some(did.to.as_str()) && to.open,
            _ => from.merged_into.is_none() && (from.open, to.open) == did.open,
        };
        let there = self.of(&did.to);
        let back: BTreeSet<String> = there.intersection(&did.reports).cloned().collect();
        let all_leave = did.kind != "split" && back.len() == there.len();
        let may = !did.undone && to.merged_into.is_none() && as_it_was && !back.is_empty() && !all_leave;
        may.then_some(back)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn set(value: &Value) -> BTreeSet<String> {
    value.as_array().expect("a list").iter().map(text).collect()
}

/// Walks at random with the model beside it.
struct Walk {
    app: TestApp,
    people: Vec<Person>,
    db: AsyncPgConnection,
    dice: Dice,
    model: Model,
    sent: usize,
    trail: Vec<String>,
}

impl Walk {
    async fn new(seed: u64) -> Self {
        let app = TestApp::start().await;
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            people.push(app.staff(Role::Supervisor).await);
        }
        let db = app.db.admin().await;
        Self {
            app,
            people,
            db,
            dice: Dice(seed),
            model: Model::default(),
            sent: 0,
            trail: Vec::new(),
        }
    }

    async fn ask(&mut self, path: &str, body: Value) -> Answer {
        let person = self.dice.pick(&self.people).expect("people");
        self.trail.push(format!("{path} {body}"));
        person.send(path, body).await
    }

    async fn step(&mut self) {
        match self.dice.below(12) {
            0..=3 => self.submit().await,
            4 => self.close().await,
            5 => self.reopen().await,
            6 => self.merge().await,
            7 => self.split().await,
            8 => self.move_report().await,
            9 => self.not_same().await,
            _ => self.undo().await,
        }
    }

    async fn submit(&mut self) {
        let spot = self.dice.below(SPOTS);
        self.sent += 1;
        let body = report_body(&self.app, spot, self.sent);
        let joinable = self.model.joinable(spot);
        let told = self.ask("/v1/reports", body).await.expect(201);
        let (report, alert) = (text(&told["id"]), text(&told["alert"]["id"]));
        let opened = matches!(told["alert"]["relation"].as_str(), Some("opened" | "suggested"));
        // I3: what could have been joined was.
        assert_eq!(opened, joinable.is_empty(), "{joinable:?} {told}\n{:#?}", self.trail);
        assert!(
            opened || joinable.contains(&alert),
            "{joinable:?} {told}\n{:#?}",
            self.trail
        );
        if opened {
            let held = Held {
                open: true,
                merged_into: None,
            };
            assert!(self.model.alerts.insert(alert.clone(), held).is_none());
        }
        self.model.reports.insert(report, (spot, alert));
    }

    fn standing(&mut self) -> Option<String> {
        let standing = self.model.standing();
        self.dice.pick(&standing)
    }

    /// I5: everyone who follows it then hears of it, once, and nobody else.
    async fn close(&mut self) {
        let Some(alert) = self.standing() else { return };
        let event = Uuid::now_v7();
        let body = json!({"id": event, "step": "reject", "reason": "private"});
        let answer = self.ask(&format!("/v1/alerts/{alert}/steps"), body).await;
        if !self.model.open(&alert) {
            answer.problem("illegal_step");
            return;
        }
        answer.expect(200);
        self.model.alerts.get_mut(&alert).expect("known").open = false;
        let told = format!(
            "SELECT f.report_id::text AS value FROM notification n JOIN follower f ON f.id = n.follower_id \
             WHERE n.event_id = '{event}' AND n.template = 'rejected'"
        );
        let told = texts(&mut self.db, &told).await;
        assert_eq!(told.len(), self.model.of(&alert).len(), "once each");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), self.model.of(&alert));
    }

    async fn reopen(&mut self) {
        let Some(alert) = self.standing() else { return };
        let answer = self
            .ask(&format!("/v1/alerts/{alert}/steps"), json!({"step": "reopen"}))
            .await;
        if self.model.open(&alert) {
            answer.problem("illegal_step");
        } else {
            answer.expect(200);
            self.model.alerts.get_mut(&alert).expect("known").open = true;
        }
    }

    async fn merge(&mut self) {
        let (all, Some(from)) = (self.model.standing(), self.standing()) else {
            return;
        };
        let Some(to) = self.dice.pick(&all).filter(|to| *to != from) else {
            return;
        };
        let answer = self.ask(&format!("/v1/alerts/{from}/merge"), json!({"into": to})).await;
        if !(self.model.open(&from) && self.model.open(&to)) {
            answer.problem("conflict");
            return;
        }
        let (done, reports) = (answer.expect(200), self.model.of(&from));
        assert_eq!(set(&done["reports"]), reports);
        self.model.go(&reports, &to);
        let merged = self.model.alerts.get_mut(&from).expect("known");
        (merged.open, merged.merged_into) = (false, Some(to.clone()));
        self.keep(&done, "merge", (from, to), reports, (true, true));
    }

    fn keep(
        &mut self,
        done: &Value,
        kind: &'static str,
        (from, to): (String, String),
        reports: BTreeSet<String>,
        open: (bool, bool),
    ) {
        self.model.done.push(Did {
            id: text(&done["id"]),
            kind,
            from,
            to,
            reports,
            open,
            undone: false,
        });
    }

    async fn split(&mut self) {
        let Some(from) = self.standing() else { return };
        let own: Vec<String> = self.model.of(&from).into_iter().collect();
        let leave: BTreeSet<String> = own.iter().filter(|_| self.dice.below(2) == 0).cloned().collect();
        if leave.is_empty() {
            return;
        }
        let answer = self
            .ask(&format!("/v1/alerts/{from}/split"), json!({"reports": leave}))
            .await;
        if leave.len() == own.len() {
            answer.problem("invalid");
            return;
        }
        let done = answer.expect(200);
        let new = text(&done["alerts"][1]["id"]);
        let held = Held {
            open: true,
            merged_into: None,
        };
        assert!(self.model.alerts.insert(new.clone(), held).is_none());
        self.model.go(&leave, &new);
        let open = (self.model.open(&from), true);
        self.keep(&done, "split", (from, new), leave, open);
    }

    async fn move_report(&mut self) {
        let reports: Vec<String> = self.model.reports.keys().cloned().collect();
        let (Some(report), Some(to)) = (self.dice.pick(&reports), self.standing()) else {
            return;
        };
        let from = self.model.reports[&report].1.clone();
        let answer = self.ask(&format!("/v1/reports/{report}/move"), json!({"to": to})).await;
        if from == to {
            answer.problem("invalid");
        } else if !self.model.open(&to) || self.model.of(&from).len() == 1 {
            answer.problem("conflict");
        } else {
            let done = answer.expect(200);
            let (open, moved) = ((self.model.open(&from), true), BTreeSet::from([report]));
            self.model.go(&moved, &to);
            self.keep(&done, "move", (from, to), moved, open);
        }
    }

    async fn not_same(&mut self) {
        let (Some(one), Some(other)) = (self.standing(), self.standing()) else {
            return;
        };
        let answer = self
            .ask(&format!("/v1/alerts/{one}/not-same"), json!({"as": other}))
            .await;
        if one == other {
            answer.problem("invalid");
        } else {
            assert_eq!(set(&answer.expect(200)["reports"]), BTreeSet::new());
        }
    }

    async fn undo(&mut self) {
        if self.model.done.is_empty() {
            return;
        }
        // The latest ones more often: the others are mostly built upon.
        let back = self.dice.below(3) * self.dice.below(self.model.done.len());
        let place = self.model.done.len() - 1 - back.min(self.model.done.len() - 1);
        let did = self.model.done[place].clone();
        let expected = self.model.undoable(&did);
        let answer = self.ask(&format!("/v1/operations/{}/undo", did.id), json!({})).await;
        let Some(returning) = expected else {
            answer.problem("conflict");
            return;
        };
        let done = answer.expect(200);
        assert_eq!(set(&done["reports"]), returning, "{did:?}");
        assert_eq!(
            set(&done["stayed"]),
            did.reports.difference(&returning).cloned().collect()
        );
        self.model.go(&returning, &did.from);
        self.model.done[place].undone = true;
        if did.kind == "merge" {
            let revived = self.model.alerts.get_mut(&did.from).expect("known");
            (revived.open, revived.merged_into) = (true, None);
        } else if self.model.of(&did.to).is_empty() {
            let emptied = self.model.alerts.get_mut(&did.to).expect("known");
            (emptied.open, emptied.merged_into) = (false, Some(did.from.clone()));
        }
    }

    /// What the database holds is what the model says.
    async fn compare(&mut self) {
        let reports = "SELECT id || ' ' || alert_id AS value FROM report";
        let found: BTreeSet<String> = texts(&mut self.db, reports).await.into_iter().collect();
        let known = self
            .model
            .reports
            .iter()
            .map(|(id, (_, alert))| format!("{id} {alert}"));
        assert_eq!(found, known.collect(), "{:#?}", self.trail);
        let alerts = "SELECT id || ' ' || open || ' ' || coalesce(merged_into::text, '-') AS value FROM alert";
        let found: BTreeSet<String> = texts(&mut self.db, alerts).await.into_iter().collect();
        let known = self.model.alerts.iter().map(|(id, held)| {
            let into = held.merged_into.as_deref().unwrap_or("-");
            format!("{id} {} {into}", held.open)
        });
        assert_eq!(found, known.collect(), "{:#?}", self.trail);
        invariants(&mut self.db, &self.trail).await;
    }
}

fn report_body(app: &TestApp, spot: usize, n: usize) -> Value {
    // Within three metres of the spot, never twice on the same point.
    let (angle, radius) = (n as f64 * 2.4, 3.0 * ((n % 50) as f64 / 50.0).sqrt());
    let east = spot as f64 * APART_M + radius * angle.cos();
    json!({"id": Uuid::now_v7(), "category": "pothole", "position": app.town.point(east, radius * angle.sin()),
        "accuracy_m": 5, "contact": {"email": format!("p{n}@example.test"), "preferred": "email"}})
}

async fn walk(seed: u64, steps: usize) {
    let mut walk = Walk::new(seed).await;
    for _ in 0..steps {
        walk.step().await;
        walk.compare().await;
    }
    let done: BTreeSet<&str> = walk.model.done.iter().map(|did| did.kind).collect();
    assert_eq!(done.len(), 3, "the walk did every kind of correction: {done:?}");
    assert!(walk.model.done.iter().any(|did| did.undone), "and took some back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_random_walk_stays_true_to_its_model() {
    walk(1, 150).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_random_walk_stays_true_to_its_model() {
    walk(20_261_122, 150).await;
}
