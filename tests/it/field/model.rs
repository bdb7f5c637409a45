//! Ten crews, seven days without network, in random order: every tablet ends where the server stands, nothing that a crew
//! did is lost, nothing counts twice, and what the server cannot take waits for a person.
//!
//! A tablet here is what the app is: what it holds, a cursor, a queue whose items leave it only by a receipt. It is killed
//! while a batch is under way (the answer is lost), and put back to an older copy of itself (what it sent is sent again).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::{number, texts};

use super::{Agent, Street, hire_into};

const CREWS: usize = 10;
/// Of each walk: together they are one and a half times as long as a single one that still finds everything.
const STEPS: usize = 220;
const SEEDS: [u64; 3] = [20_261_122, 48, 2_026];
/// How long the crews were away.
const AWAY: TimeDelta = TimeDelta::days(7);

/// What a tablet keeps.
#[derive(Clone, Default)]
struct Tablet {
    /// Version of the alert of each task that it holds.
    held: BTreeMap<String, i64>,
    cursor: Option<String>,
    queue: Vec<Value>,
    seq: i64,
}

struct Walk {
    street: Street,
    random: ChaCha8Rng,
    crews: Vec<Agent>,
    tablets: Vec<Tablet>,
    copies: Vec<Option<Tablet>>,
    /// Alerts that are somewhere.
    alerts: Vec<String>,
    /// Everything that any crew ever did, by id.
    done: BTreeMap<String, Value>,
    /// What was answered first, by id.
    receipts: BTreeMap<String, (String, String)>,
    began: DateTime<Utc>,
    steps: usize,
    /// How often reports were split off.
    splits: usize,
}

impl Walk {
    async fn begin(seed: u64) -> Self {
        let mut street = Street::open().await;
        let town = street.app.town.id.0;
        let mut crews = Vec::new();
        for crew in 0..CREWS {
            let id = Uuid::now_v7();
            let add = format!(
                "INSERT INTO crew (jurisdiction_id, id, code, name, service_id) SELECT {town}, '{id}', 'walk-{crew}', name, service_id \
                 FROM crew WHERE jurisdiction_id = {town} AND code = 'roads-1'; \
                 UPDATE catalogue_version SET version = version + 1"
            );
            street.db.batch_execute(&add).await.expect("a crew");
            crews.push(hire_into(&street.app, id).await);
        }
        Self {
            street,
            random: ChaCha8Rng::seed_from_u64(seed),
            tablets: vec![Tablet::default(); CREWS],
            copies: vec![None; CREWS],
            crews,
            alerts: Vec::new(),
            done: BTreeMap::new(),
            receipts: BTreeMap::new(),
            began: Utc::now() - AWAY,
            steps: 0,
            splits: 0,
        }
    }

    /// The clock of the tablets: seven days pass in the walk.
    fn client_at(&self) -> DateTime<Utc> {
        let part = i32::try_from(self.steps).expect("few");
        self.began + AWAY / i32::try_from(STEPS).expect("few") * part
    }

    async fn step(&mut self) {
        self.steps += 1;
        let crew = self.random.random_range(0..CREWS);
        match self.random.random_range(0..100) {
            0..=14 => self.somebody_reports(crew).await,
            15..=29 => self.pull(crew).await,
            30..=64 => self.act(crew),
            65..=76 => self.push(crew).await,
            77..=80 => self.copies[crew] = Some(self.tablets[crew].clone()),
            81..=84 => self.restore(crew),
            85..=88 => self.merge().await,
            89..=92 => self.reassign(crew).await,
            93..=94 => self.split(crew).await,
            95..=97 => self.desk(json!({"step": "take_back", "reason": "not now"})).await,
            _ => self.desk(json!({"step": "reject", "reason": "nothing there"})).await,
        }
    }

    async fn somebody_reports(&mut self, crew: usize) {
        let east = self.random.random_range(-2_300.0..2_300.0);
        let alert = self.street.report_at("street-light", east, Utc::now()).await;
        if !self.alerts.contains(&alert) {
            self.street.qualify(&alert).await;
            self.street.dispatch(&alert, self.crews[crew].crew).await;
            self.alerts.push(alert);
        }
    }

    /// Whatever the desk does may be impossible by now: then nothing happens.
    async fn desk(&mut self, step: Value) {
        if let Some(alert) = self.alerts.choose(&mut self.random).cloned() {
            let answer = self.street.step(&alert, step).await;
            assert!([200, 409].contains(&answer.status), "{answer}");
        }
    }

    async fn reassign(&mut self, crew: usize) {
        if let Some(alert) = self.alerts.choose(&mut self.random).cloned() {
            let path = format!("/v1/alerts/{alert}/dispatch");
            let answer = self
                .street
                .supervisor
                .send(&path, json!({"crew_id": self.crews[crew].crew}))
                .await;
            assert!([201, 409].contains(&answer.status), "{answer}");
        }
    }

    async fn merge(&mut self) {
        let two: Vec<String> = self.alerts.choose_multiple(&mut self.random, 2).cloned().collect();
        if let [from, into] = two.as_slice() {
            let path = format!("/v1/alerts/{from}/merge");
            let answer = self.street.supervisor.send(&path, json!({"into": into})).await;
            assert!([200, 409, 422].contains(&answer.status), "{answer}");
        }
    }

    /// Somebody reports again what a tablet holds, and the desk finds that it is something else, which another crew gets.
    async fn split(&mut self, crew: usize) {
        let tasks: Vec<&String> = self.tablets[crew].held.keys().collect();
        let Some(task) = tasks.choose(&mut self.random) else {
            return;
        };
        let place = format!(
            "SELECT a.id::text AS value FROM alert a JOIN task t ON t.jurisdiction_id = a.jurisdiction_id AND t.alert_id = a.id \
             WHERE t.id = '{task}' AND a.merged_into IS NULL"
        );
        let found = texts(&mut self.street.db, &place).await;
        let Some(alert) = found.first() else { return };
        let position = self.street.read(alert).await["position"].clone();
        let body = json!({"category": "street-light", "position": position, "accuracy_m": 5, "locale": "en"});
        self.street.app.anyone().send("/v1/reports", body).await.expect(201);
        let read = self.street.read(alert).await;
        let reports = read["reports"].as_array().expect("reports");
        if reports.len() < 2 {
            return;
        }
        let split = self
            .street
            .split(alert, &reports[reports.len() - 1]["id"])
            .await
            .expect(200);
        let own = split["alerts"][1]["id"].as_str().expect("an id").to_owned();
        self.splits += 1;
        self.street.qualify(&own).await;
        self.street.dispatch(&own, self.crews[(crew + 1) % CREWS].crew).await;
        self.alerts.push(own);
    }

    /// A crew does something about a task that its tablet holds; the network is away.
    fn act(&mut self, crew: usize) {
        let at = self.client_at();
        let tablet = &mut self.tablets[crew];
        let tasks: Vec<&String> = tablet.held.keys().collect();
        let Some(task) = tasks.choose(&mut self.random).map(|task| (*task).clone()) else {
            return;
        };
        let kinds = [
            "accept",
            "start",
            "pause",
            "done",
            "done",
            "made_safe",
            "not_found",
            "not_ours",
            "need_material",
            "dangerous",
            "note",
            "requalify",
            "hand_over",
        ];
        let kind = *kinds.choose(&mut self.random).expect("one");
        let id = Uuid::now_v7().to_string();
        tablet.seq += 1;
        let mut action = json!({"id": id, "seq": tablet.seq, "agent_id": self.crews[crew].id, "kind": kind,
            "task_id": task, "base_version": tablet.held[&task], "client_at": at, "note": format!("note {id}"),
            "minutes": self.random.random_range(1..60), "reason": "as seen"});
        match kind {
            "need_material" => action["review_date"] = json!((at + TimeDelta::days(3)).date_naive()),
            "requalify" => action["category"] = json!("fly-tipping"),
            "hand_over" => action["crew_id"] = json!(self.crews[(crew + 1) % CREWS].crew),
            _ => {}
        }
        tablet.queue.push(action.clone());
        self.done.insert(id, action);
    }

    /// Sends some of the queue. Half of the time the tablet dies before it reads the answer.
    async fn push(&mut self, crew: usize) {
        let queue = self.tablets[crew].queue.clone();
        if queue.is_empty() {
            return;
        }
        let some = self.random.random_range(1..=queue.len().min(100));
        let receipts = self.crews[crew].send(&queue[..some]).await;
        let dies = self.random.random_bool(0.5);
        for (receipt, action) in receipts.iter().zip(&queue) {
            assert_eq!(receipt["id"], action["id"]);
            self.keep(receipt);
        }
        if !dies {
            self.tablets[crew].queue.drain(..some);
        }
    }

    /// What was answered once is answered for ever, unless a person decided since (nobody does here).
    fn keep(&mut self, receipt: &Value) {
        let text = |name: &str| receipt[name].as_str().unwrap_or_default().to_owned();
        let told = (text("outcome"), text("reason"));
        let first = self.receipts.entry(text("id")).or_insert_with(|| told.clone());
        assert_eq!(*first, told, "{receipt}");
    }

    /// The tablet is put back to an older copy: it forgets what it did since unless that was sent, and sends again what was.
    fn restore(&mut self, crew: usize) {
        let Some(copy) = self.copies[crew].clone() else { return };
        let lost: BTreeSet<String> = self.tablets[crew].queue.iter().map(id_of).collect();
        let kept: BTreeSet<String> = copy.queue.iter().map(id_of).collect();
        // What lay in the lost queue and was never sent is gone with the tablet; nobody can bring it back.
        for id in lost.difference(&kept) {
            if !self.receipts.contains_key(id) {
                self.done.remove(id);
            }
        }
        self.tablets[crew] = copy;
    }

    async fn pull(&mut self, crew: usize) {
        loop {
            let tablet = &mut self.tablets[crew];
            let answer = self.crews[crew].sync(tablet.cursor.as_deref()).await;
            if answer["reset"] == true {
                tablet.held.clear();
            }
            for task in answer["tasks"].as_array().expect("tasks") {
                let version = task["alert"]["version"].as_i64().expect("a version");
                tablet.held.insert(id_of(task), version);
            }
            for gone in answer["gone"].as_array().expect("gone") {
                tablet.held.remove(gone["task_id"].as_str().expect("an id"));
            }
            tablet.cursor = answer["cursor"].as_str().map(str::to_owned);
            if answer["has_more"] != true {
                return;
            }
        }
    }

    /// Everybody is back in the garage.
    async fn come_home(&mut self) {
        for crew in 0..CREWS {
            while !self.tablets[crew].queue.is_empty() {
                self.push(crew).await;
            }
        }
        for crew in 0..CREWS {
            let live = format!(
                "SELECT count(*) AS value FROM task WHERE crew_id = '{}' AND state IN ('open', 'accepted')",
                self.crews[crew].crew
            );
            let began = std::time::Instant::now();
            loop {
                self.pull(crew).await;
                let there = number(&mut self.street.db, &live).await;
                if usize::try_from(there) == Ok(self.tablets[crew].held.len()) && self.is_current(crew).await {
                    break;
                }
                // Other tests of the same cluster hold the log's horizon back for a moment.
                assert!(
                    began.elapsed().as_secs() < 30,
                    "a tablet does not get where the server stands"
                );
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }

    /// Whether a tablet holds exactly what its crew has, as it stands.
    async fn is_current(&mut self, crew: usize) -> bool {
        let there = format!(
            "SELECT t.id || ' ' || a.version AS value FROM task t JOIN alert a ON a.jurisdiction_id = t.jurisdiction_id \
             AND a.id = t.alert_id WHERE t.crew_id = '{}' AND t.state IN ('open', 'accepted')",
            self.crews[crew].crew
        );
        let there: BTreeSet<String> = texts(&mut self.street.db, &there).await.into_iter().collect();
        let held = self.tablets[crew]
            .held
            .iter()
            .map(|(task, version)| format!("{task} {version}"));
        there == held.collect()
    }

    /// What the server kept, held against what the crews did. Returns what became of the actions, with their reasons.
    async fn settle(&mut self) -> BTreeSet<String> {
        let kept = "SELECT id || ' ' || outcome || ' ' || COALESCE(reason, '') AS value FROM field_action";
        let kept: Vec<String> = texts(&mut self.street.db, kept).await;
        let mut by_id: BTreeMap<String, String> = BTreeMap::new();
        for row in kept {
            let (id, rest) = row.split_once(' ').expect("an id");
            by_id.insert(id.to_owned(), rest.trim_end().to_owned());
        }
        for id in self.done.keys() {
            assert!(by_id.contains_key(id), "{id} was lost: {}", self.done[id]);
        }
        let events = "SELECT id::text AS value FROM status_event WHERE note LIKE 'note %' ORDER BY 1";
        let events = texts(&mut self.street.db, events).await;
        let once: BTreeSet<&String> = events.iter().collect();
        assert_eq!(once.len(), events.len());
        for (id, outcome) in &by_id {
            let counts = outcome.starts_with("applied") || outcome.starts_with("superseded");
            assert_eq!(once.contains(id), counts, "{id} is {outcome}");
        }
        let words = "SELECT count(*) - count(DISTINCT note) AS value FROM status_event WHERE note LIKE 'note %'";
        assert_eq!(number(&mut self.street.db, words).await, 0, "nothing is said twice");
        // Refused is what can never count; here only an id or a field could be wrong, and none is.
        for (id, outcome) in &by_id {
            assert!(!outcome.starts_with("refused"), "{id}: {outcome}: {}", self.done[id]);
        }
        by_id.into_values().collect()
    }
}

fn id_of(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_crews_come_back_after_seven_days() {
    let (mut became, mut splits) = (BTreeSet::new(), 0);
    for seed in SEEDS {
        // Shown when the test fails.
        eprintln!("a walk with the seed {seed}");
        let mut walk = Walk::begin(seed).await;
        for _ in 0..STEPS {
            walk.step().await;
        }
        walk.come_home().await;
        became.extend(walk.settle().await);
        splits += walk.splits;
    }
    for wanted in ["applied", "superseded", "waiting", "applied split"] {
        let met = became.iter().any(|what| what.starts_with(wanted));
        assert!(met, "the walks are too tame, {splits} splits: {became:?}");
    }
}
