//! What shows only after an action was made: photos that never come, choices that are gone, whom a shared tablet speaks for.

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::work::ensure_recurring;
use vigie_tests::people::Person;
use vigie_tests::town::{PASSWORD, PIN, Role};

use super::{Agent, Given, Street, hire, hire_into, outcome};

/// Longer than a promised photo is waited for.
const LONG: TimeDelta = TimeDelta::days(30);

impl Street {
    /// What the desk should look at.
    async fn desk(&self, person: &Person) -> Vec<Value> {
        let list = person.get("/v1/field-actions").send().await.expect(200);
        list["items"].as_array().expect("items").clone()
    }

    async fn decide(&self, receipt: &Value, decision: &str) -> vigie_tests::people::Answer {
        let id = receipt["id"].as_str().expect("an id");
        let path = format!("/v1/field-actions/{id}/decision");
        self.supervisor.send(&path, json!({"decision": decision})).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_hears_of_a_proof_that_never_came() {
    let mut street = Street::open().await;
    ensure_recurring(&street.app.app, Utc::now()).await.expect("jobs");
    let given = street.task_of("pothole").await;
    let receipt = street
        .crew
        .does(&given, "done", json!({"photo_ids": [Uuid::now_v7()]}))
        .await;
    assert_eq!(outcome(&receipt), ("applied", ""));
    street.app.run_due(Utc::now() + TimeDelta::days(2)).await;
    assert_eq!(
        street.desk(&street.supervisor).await,
        [] as [Value; 0],
        "it may still come"
    );
    street.app.run_due(Utc::now() + LONG).await;
    let items = street.desk(&street.supervisor).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["id"], receipt["id"]);
    assert_eq!(outcome(&items[0]), ("applied", "photo_missing"));
    assert!(
        items[0]["message"]
            .as_str()
            .is_some_and(|words| words.contains("photo"))
    );
    street.decide(&receipt, "seen").await.expect(200);
    assert_eq!(street.desk(&street.supervisor).await, [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_possible_then_waits_and_what_never_was_is_refused() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let day = |days: i64| (Utc::now() - TimeDelta::days(days)).date_naive();
    // Five days without network: a day that has come and gone was one to look forward to then; one before it never was.
    let five_days_ago = Utc::now() - TimeDelta::days(5);
    let never = json!({"client_at": five_days_ago, "review_date": day(8)});
    let receipt = street.crew.does(&given, "need_material", never).await;
    assert_eq!(outcome(&receipt), ("refused", "incomplete"));
    // A category, a crew, that the town no longer has.
    let other = json!({"category": "of-last-year", "from_category": "street-light"});
    let receipt = street.crew.does(&given, "requalify", other).await;
    assert_eq!(outcome(&receipt), ("waiting", "not_possible"));
    let receipt = street
        .crew
        .does(&given, "hand_over", json!({"crew_id": Uuid::now_v7()}))
        .await;
    assert_eq!(outcome(&receipt), ("waiting", "not_possible"));
    street.decide(&receipt, "apply").await.problem("conflict");
    street.decide(&receipt, "dismiss").await.expect(200);
    assert_eq!(street.status(&given.alert).await, "dispatched");
    let late = json!({"client_at": five_days_ago, "review_date": day(2)});
    let receipt = street.crew.does(&given, "need_material", late).await;
    assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
    assert_eq!(street.status(&given.alert).await, "on_hold");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_waits_can_be_let_in() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let seen = json!({"report": {"category": "pothole", "position": street.app.town.point(1_000.0, 900.0),
        "description": "deep", "locale": "fr"}, "agent_id": Uuid::now_v7(), "task_id": null});
    let receipt = street.crew.does(&given, "new_alert", seen).await;
    assert_eq!(outcome(&receipt), ("waiting", "outside_rights"));
    let let_in = street.decide(&receipt, "apply").await.expect(200);
    assert_eq!(outcome(&let_in), ("applied", ""));
    let alert = let_in["alert_id"].as_str().expect("an alert");
    let read = street.read(alert).await;
    assert_eq!(read["reports"][0]["channel"], "field");
    street.decide(&receipt, "apply").await.problem("conflict");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_of_a_service_sees_its_own() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let receipt = street.others.does(&given, "done", json!({})).await;
    assert_eq!(outcome(&receipt), ("waiting", "outside_rights"));
    for (service, sees) in [("roads", 1), ("cleaning", 0)] {
        let email = format!("{service}@town.test");
        let hired = json!({"email": email, "name": service, "locale": "en", "password": PASSWORD,
            "grants": [{"role": "secretariat", "service_id": street.app.town.services[service]}]});
        street
            .app
            .staff(Role::Admin)
            .await
            .send("/v1/staff", hired)
            .await
            .expect(201);
        let pair = json!({"email": email, "password": PASSWORD});
        let pair = street.app.anyone().send("/v1/auth/sign-in", pair).await.expect(200);
        let desk = street
            .app
            .anyone()
            .with_token(pair["access_token"].as_str().expect("a token"));
        assert_eq!(street.desk(&desk).await.len(), sees, "{service}");
    }
}

/// The server stumbles over one action: those before it keep their receipts, and the rest comes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_action_that_the_server_stumbles_over_takes_no_receipt_from_those_before_it() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let actions: Vec<Value> = (1..=3)
        .map(|seq| street.crew.action(&given, "note", json!({"seq": seq, "note": "seen"})))
        .collect();
    let second = actions[1]["id"].as_str().expect("an id");
    let stumble = format!(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.id = '{second}' THEN RAISE EXCEPTION 'stumbled'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER stumble BEFORE INSERT ON field_action FOR EACH ROW EXECUTE FUNCTION stumble();"
    );
    street.db.batch_execute(&stumble).await.expect("a stone");
    let receipts = street.crew.send(&actions).await;
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    assert_eq!(receipts[0]["id"], actions[0]["id"]);
    street
        .db
        .batch_execute("DROP TRIGGER stumble ON field_action; DROP FUNCTION stumble();")
        .await
        .expect("the stone away");
    let receipts = street.crew.send(&actions).await;
    let replayed: Vec<bool> = receipts.iter().map(|each| each["replayed"] == true).collect();
    assert_eq!(replayed, [true, false, false]);
}

/// A tablet of a crew on which somebody has entered the PIN.
async fn tablet(street: &Street, crew: Uuid, agent: Uuid) -> Person {
    let announced = json!({"name": "T1", "crew_id": crew});
    let announced = street.supervisor.send("/v1/devices", announced).await.expect(201);
    let enrolled = json!({"code": announced["code"]});
    let enrolled = street.app.anyone().send("/v1/devices/enrol", enrolled).await;
    assert!(enrolled.status < 300, "{enrolled}");
    let enrolled = enrolled.json();
    let pin = json!({"device_id": enrolled["device_id"], "device_secret": enrolled["device_secret"],
        "staff_user_id": agent, "pin": PIN});
    let pair = street.app.anyone().send("/v1/auth/pin", pin).await.expect(200);
    street
        .app
        .anyone()
        .with_token(pair["access_token"].as_str().expect("a token"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_tablet_speaks_for_its_own_crew() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let colleague = hire_into(&street.app, street.crew.crew).await;
    let stranger = hire(&street.app, "cleaning-1").await;
    let shared = Agent {
        person: tablet(&street, street.crew.crew, street.crew.id).await,
        id: street.crew.id,
        crew: street.crew.crew,
    };
    let note =
        |agent: &Agent, given: &Given| shared.action(given, "note", json!({"agent_id": agent.id, "note": "seen"}));
    let receipts = shared
        .send(&[note(&shared, &given), note(&colleague, &given), note(&stranger, &given)])
        .await;
    let outcomes: Vec<_> = receipts.iter().map(outcome).collect();
    assert_eq!(
        outcomes,
        [("applied", ""), ("applied", ""), ("waiting", "outside_rights")]
    );
    // From elsewhere than a tablet everybody speaks for themselves only.
    let other = street
        .crew
        .does(&given, "note", json!({"agent_id": colleague.id, "note": "seen"}))
        .await;
    assert_eq!(outcome(&other), ("waiting", "outside_rights"));
    let said = format!(
        "SELECT by_user::text AS value FROM status_event WHERE alert_id = '{}' AND step = 'note' ORDER BY at, id",
        given.alert
    );
    let said = vigie_tests::database::texts(&mut street.db, &said).await;
    assert_eq!(
        said,
        [shared.id.to_string(), colleague.id.to_string()],
        "each under the own name"
    );
}
