//! A person works for several towns, and no town decides about the others: offers, sessions and PINs stay apart.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::database::{number, texts};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::{Employee, PASSWORD, PIN, Role, Town};

use crate::operator::{logins, said_to, vigie};

/// Of the person who is offered something; nobody else in either town is called so.
const NAME: &str = "Camille Durand";

/// Two towns, the admin of the first, and somebody who works for the second.
struct Towns {
    app: TestApp,
    other: Town,
    admin: Person,
    theirs: Employee,
}

impl Towns {
    async fn open(role: Role) -> Self {
        let app = TestApp::start().await;
        let mut conn = app.db.admin().await;
        let other = Town::install(&mut conn, 1).await;
        let theirs = other.staff[&role].clone();
        let named = format!("UPDATE staff_user SET name = '{NAME}' WHERE id = '{}'", theirs.id);
        conn.batch_execute(&named).await.expect("a name");
        let admin = app.staff(Role::Admin).await;
        Self {
            app,
            other,
            admin,
            theirs,
        }
    }

    /// The first town's admin adds the person.
    async fn add(&self, grant: Value) -> Answer {
        let body = json!({"email": self.theirs.email, "name": "Whoever", "password": "typed-by-the-admin",
            "grants": [grant]});
        self.admin.send("/v1/staff", body).await
    }

    /// The offer that comes of it.
    async fn offer(&self, grant: Value) -> String {
        text(&self.add(grant).await.expect(201), "id")
    }

    /// The person, with a session of one of the towns opened by password.
    async fn sign_in(&self, town: &str) -> Answer {
        let body = json!({"email": self.theirs.email, "password": PASSWORD, "jurisdiction": town});
        self.app.anyone().send("/v1/auth/sign-in", body).await
    }

    async fn signed_in(&self, town: &str) -> (Person, String) {
        let pair = self.sign_in(town).await.expect(200);
        let person = self.app.anyone().with_token(&text(&pair, "access_token"));
        (person, text(&pair, "refresh_token"))
    }

    /// The person, at home, accepts an offer.
    async fn accept(&self, offer: &str) {
        let (person, _) = self.signed_in("large-1").await;
        settled(&person, offer, "accept").await;
    }

    /// The open offers that the first town's admin sees.
    async fn offered(&self) -> Value {
        let told = self.admin.get("/v1/staff/offers").send().await.expect(200);
        told["offers"].clone()
    }

    /// Lines of a town's audit trail about offers and grants, in their order.
    async fn trail(&self, town: &Town) -> Vec<String> {
        let trail = format!(
            "SELECT action AS value FROM audit_event WHERE jurisdiction_id = {} AND (entity = 'grant_offer' \
             OR action = 'add_grant') ORDER BY id",
            town.id.0
        );
        texts(&mut self.app.db.admin().await, &trail).await
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
        .to_owned()
}

fn front_desk() -> Value {
    json!({"role": "front_desk"})
}

async fn answer(person: &Person, offer: &str, how: &str) -> Answer {
    person.post(&format!("/v1/me/offers/{offer}/{how}")).send().await
}

async fn settled(person: &Person, offer: &str, how: &str) {
    let told = answer(person, offer, how).await;
    assert_eq!(told.status, 204, "{told}");
}

/// The offers that a person sees.
async fn own(person: &Person) -> Vec<Value> {
    let told = person.get("/v1/me/offers").send().await.expect(200);
    told["offers"].as_array().expect("offers").clone()
}

async fn goes_on(app: &TestApp, (person, refresh): &(Person, String)) -> bool {
    let renewed = json!({"refresh_token": refresh});
    let renewed = app.anyone().send("/v1/auth/refresh", renewed).await.status == 200;
    let asked = person.get("/v1/me").send().await.status == 200;
    assert_eq!(renewed, asked, "both tokens of a session say the same");
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_another_town_knows_is_offered_grants_and_shown_to_nobody() {
    let towns = Towns::open(Role::Supervisor).await;
    let told = towns.add(front_desk()).await.expect(201);
    let new = json!({"email": "new@town0.test", "name": "New", "password": "typed-by-the-admin",
        "grants": [{"role": "front_desk"}]});
    let unknown = towns.admin.send("/v1/staff", new).await.expect(201);
    let members = |answer: &Value| -> Vec<String> { answer.as_object().expect("members").keys().cloned().collect() };
    assert_eq!(members(&told), members(&unknown), "one answer for both");
    assert_ne!(told["id"], towns.theirs.id.to_string(), "the account's number");

    // The address that was typed, and nothing else of the person.
    let offered = towns.offered().await;
    assert_eq!(offered.as_array().map(Vec::len), Some(1), "{offered}");
    assert_eq!(offered[0]["id"], told["id"]);
    assert_eq!(offered[0]["email"], towns.theirs.email);
    assert_eq!(offered[0]["grants"][0]["role"], "front_desk");
    let people = towns.admin.get("/v1/staff?limit=500").send().await.expect(200);
    let id = towns.theirs.id.to_string();
    for seen in [offered.to_string(), people.to_string()] {
        assert!(!seen.contains(NAME) && !seen.contains(&id), "{seen}");
    }
    assert!(!people.to_string().contains(&towns.theirs.email), "{people}");
    let further = format!("/v1/staff/{id}/grants");
    towns.admin.send(&further, front_desk()).await.problem("not_found");

    // Nothing works by it, and the account is as it was.
    towns.sign_in("large-0").await.problem("wrong_credentials");
    let (person, _) = towns.signed_in("large-1").await;
    assert_eq!(person.get("/v1/me").send().await.expect(200)["name"], NAME);

    assert_eq!(
        towns.add(front_desk()).await.expect(201),
        told,
        "said twice, offered once"
    );
    assert_eq!(towns.offered().await, offered);
    let further = towns.offer(json!({"role": "supervisor"})).await;
    assert_ne!(further, text(&told, "id"), "an offer that was made does not change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_accepts_an_offer_works_for_both_towns() {
    let towns = Towns::open(Role::Supervisor).await;
    let offer = towns.offer(front_desk()).await;
    let (person, _) = towns.signed_in("large-1").await;
    let seen = own(&person).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["id"], offer);
    assert_eq!(seen[0]["jurisdiction"]["slug"], "large-0");
    assert_eq!(seen[0]["grants"][0]["role"], "front_desk");

    for _ in 0..2 {
        settled(&person, &offer, "accept").await;
    }
    let refused = answer(&person, &offer, "decline").await.problem("conflict");
    assert_eq!(refused["reason"], "accepted");
    assert_eq!(own(&person).await, Vec::<Value>::new());
    assert_eq!(towns.offered().await, json!([]));
    let (here, _) = towns.signed_in("large-0").await;
    let me = here.get("/v1/me").send().await.expect(200);
    assert_eq!(
        (&me["grants"][0]["role"], &me["name"]),
        (&json!("front_desk"), &json!(NAME))
    );
    let people = towns.admin.get("/v1/staff?limit=500").send().await.expect(200);
    assert!(people.to_string().contains(NAME), "{people}");
    person.get("/v1/me").send().await.expect(200);

    let mut conn = towns.app.db.admin().await;
    let given = format!(
        "SELECT granted_by::text AS value FROM role_grant WHERE staff_user_id = '{}' AND jurisdiction_id = {}",
        towns.theirs.id, towns.app.town.id.0
    );
    let admin = towns.app.town.staff[&Role::Admin].id.to_string();
    assert_eq!(texts(&mut conn, &given).await, [admin], "once, by who offered it");
    assert_eq!(
        towns.trail(&towns.app.town).await,
        ["offer_grants", "accept_offer", "add_grant"]
    );
    assert_eq!(towns.trail(&towns.other).await, Vec::<String>::new());
    // Who works here needs no further offer.
    towns.add(json!({"role": "supervisor"})).await.expect(201);
    assert_eq!(towns.offered().await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_declines_an_offer_stays_unknown() {
    let towns = Towns::open(Role::Supervisor).await;
    let offer = towns.offer(front_desk()).await;
    let (person, _) = towns.signed_in("large-1").await;
    for _ in 0..2 {
        settled(&person, &offer, "decline").await;
    }
    let refused = answer(&person, &offer, "accept").await.problem("conflict");
    assert_eq!(refused["reason"], "declined");
    for (language, words) in [("fr", "Cette proposition"), ("en", "This offer")] {
        let again = person.post(&format!("/v1/me/offers/{offer}/accept"));
        let said = again
            .header("Accept-Language", language)
            .send()
            .await
            .problem("conflict");
        let message = text(&said["errors"][0], "message");
        assert!(message.starts_with(words), "{message}");
    }
    towns.sign_in("large-0").await.problem("wrong_credentials");
    assert_eq!(towns.offered().await, json!([]));
    let kept = "SELECT count(*) AS value FROM grant_offer WHERE email IS NOT NULL";
    assert_eq!(
        number(&mut towns.app.db.admin().await, kept).await,
        0,
        "an address is kept"
    );
    assert_eq!(towns.trail(&towns.app.town).await, ["offer_grants", "decline_offer"]);
    assert_ne!(towns.offer(front_desk()).await, offer, "another day, another offer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_its_persons_to_answer_and_its_towns_to_withdraw() {
    let towns = Towns::open(Role::Supervisor).await;
    let offer = towns.offer(front_desk()).await;
    let withdraw = format!("/v1/staff/offers/{offer}/withdraw");
    let strangers = [
        towns.app.signed_in(&towns.other, Role::Secretariat).await,
        towns.app.signed_in(&towns.other, Role::Admin).await,
        towns.app.staff(Role::Supervisor).await,
        towns.admin.clone(),
    ];
    for stranger in &strangers {
        assert_eq!(own(stranger).await, Vec::<Value>::new(), "{}", stranger.name());
        for how in ["accept", "decline"] {
            answer(stranger, &offer, how).await.problem("not_found");
        }
    }
    strangers[1].post(&withdraw).send().await.problem("not_found");
    strangers[2].post(&withdraw).send().await.problem("forbidden");

    for _ in 0..2 {
        let told = towns.admin.post(&withdraw).send().await;
        assert_eq!(told.status, 204, "{told}");
    }
    let (person, _) = towns.signed_in("large-1").await;
    assert_eq!(own(&person).await, Vec::<Value>::new());
    let refused = answer(&person, &offer, "accept").await.problem("conflict");
    assert_eq!(refused["reason"], "withdrawn");
    towns.sign_in("large-0").await.problem("wrong_credentials");
    assert_eq!(towns.trail(&towns.app.town).await, ["offer_grants", "withdraw_offer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_town_ends_the_sessions_of_its_own_and_no_others() {
    let towns = Towns::open(Role::Supervisor).await;
    let offer = towns.offer(front_desk()).await;
    towns.accept(&offer).await;
    towns.add(json!({"role": "supervisor"})).await.expect(201);
    let (here, there) = (towns.signed_in("large-0").await, towns.signed_in("large-1").await);
    let path = format!("/v1/staff/{}", towns.theirs.id);
    let people = towns.admin.get("/v1/staff?limit=500").send().await.expect(200);
    let people = people["staff"].as_array().expect("people").clone();
    let member = people.iter().find(|member| member["name"] == NAME).expect("the person");
    let taken = format!("{path}/grants/{}/revoke", text(&member["grants"][0], "id"));
    let told = towns.admin.post(&taken).send().await;
    assert_eq!(told.status, 204, "{told}");
    assert!(!goes_on(&towns.app, &here).await, "what they may do here has changed");
    assert!(goes_on(&towns.app, &there).await, "and nothing there");

    let (here, there) = (towns.signed_in("large-0").await, towns.signed_in("large-1").await);
    let given = json!({"password": "typed-by-the-admin"});
    let refused = towns
        .admin
        .send(&format!("{path}/password"), given)
        .await
        .problem("conflict");
    assert_eq!(refused["reason"], "works_elsewhere");
    let told = towns.admin.post(&format!("{path}/disable")).send().await;
    assert_eq!(told.status, 204, "{told}");
    assert!(!goes_on(&towns.app, &here).await);
    assert!(goes_on(&towns.app, &there).await);
    towns.sign_in("large-0").await.problem("wrong_credentials");
    towns.sign_in("large-1").await.expect(200);
    // Who left and works elsewhere is asked again.
    towns.add(front_desk()).await.expect(201);
    towns.sign_in("large-0").await.problem("wrong_credentials");
    assert_eq!(towns.offered().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_does_not_come_back_by_an_older_offer() {
    let towns = Towns::open(Role::Supervisor).await;
    let first = towns.offer(front_desk()).await;
    let second = towns.offer(json!({"role": "admin"})).await;
    towns.accept(&first).await;
    let left = format!("/v1/staff/{}/disable", towns.theirs.id);
    let told = towns.admin.post(&left).send().await;
    assert_eq!(told.status, 204, "{told}");
    let (person, _) = towns.signed_in("large-1").await;
    assert_eq!(own(&person).await, Vec::<Value>::new());
    let refused = answer(&person, &second, "accept").await.problem("conflict");
    assert_eq!(refused["reason"], "withdrawn");
    towns.sign_in("large-0").await.problem("wrong_credentials");
}

/// The last town of a person closed their account: no other town opens it again for itself, the operator does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_opened_by_its_town_or_the_operator() {
    let towns = Towns::open(Role::Supervisor).await;
    let home = towns.app.signed_in(&towns.other, Role::Admin).await;
    let left = format!("/v1/staff/{}/disable", towns.theirs.id);
    let told = home.post(&left).send().await;
    assert_eq!(told.status, 204, "{told}");
    towns.offer(front_desk()).await;
    for town in ["large-0", "large-1"] {
        towns.sign_in(town).await.problem("wrong_credentials");
    }

    let user = ["admin", "create-user", "--town", "large-0", "--name", "Whoever"];
    let user = [
        &user[..],
        &[
            "--role",
            "front_desk",
            "--password-stdin",
            "--email",
            towns.theirs.email.as_str(),
        ],
    ]
    .concat();
    let operator = vigie(&towns.app.app.config.data_dir, &logins(&towns.app.db), &user);
    said_to(operator, "typed-by-the-operator\n");
    let (person, _) = towns.signed_in("large-0").await;
    assert_eq!(person.get("/v1/me").send().await.expect(200)["name"], NAME);
    // Works for the first town now: the one that they left asks like any other.
    let back = json!({"email": towns.theirs.email, "name": "Whoever", "grants": [{"role": "front_desk"}]});
    home.send("/v1/staff", back).await.expect(201);
    towns.sign_in("large-1").await.problem("wrong_credentials");
    let asked = own(&person).await;
    assert_eq!(asked.len(), 2, "what the first town offered still stands: {asked:?}");
}

/// A tablet of a town, enrolled for a crew: its number and secret.
async fn tablet(app: &TestApp, town: &Town) -> (String, String) {
    let supervisor = app.signed_in(town, Role::Supervisor).await;
    let announced = json!({"name": "Truck 1", "crew_id": town.crews["roads-1"]});
    let announced = supervisor.send("/v1/devices", announced).await.expect(201);
    let code = json!({"code": announced["code"]});
    let enrolled = app.anyone().send("/v1/devices/enrol", code).await.expect(201);
    (text(&enrolled, "device_id"), text(&enrolled, "device_secret"))
}

async fn try_pin(app: &TestApp, (device, secret): &(String, String), person: Uuid, pin: &str) -> Answer {
    let body = json!({"device_id": device, "device_secret": secret, "staff_user_id": person, "pin": pin});
    app.anyone().send("/v1/auth/pin", body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_pins_of_one_town_make_nobody_wait_in_another() {
    let towns = Towns::open(Role::Crew).await;
    let grant = json!({"role": "crew", "crew_id": towns.app.town.crews["roads-1"]});
    let offer = towns.offer(grant).await;
    let at_home = tablet(&towns.app, &towns.other).await;

    // Six digits answer no offer.
    let pair = try_pin(&towns.app, &at_home, towns.theirs.id, PIN).await.expect(200);
    let by_pin = towns.app.anyone().with_token(&text(&pair, "access_token"));
    by_pin.get("/v1/me/offers").send().await.problem("forbidden");
    answer(&by_pin, &offer, "accept").await.problem("forbidden");
    towns.accept(&offer).await;

    let here = tablet(&towns.app, &towns.app.town).await;
    try_pin(&towns.app, &here, towns.theirs.id, "102938")
        .await
        .problem("wrong_credentials");
    let mut conn = towns.app.db.admin().await;
    let counted = format!(
        "SELECT count(*) AS value FROM pin_wait WHERE jurisdiction_id = {} AND failures = 1",
        towns.app.town.id.0
    );
    assert_eq!(number(&mut conn, &counted).await, 1);
    // As many as cost a wait that no slow machine outlasts.
    conn.batch_execute(&format!(
        "UPDATE pin_wait SET failures = 12 WHERE jurisdiction_id = {}",
        towns.app.town.id.0
    ))
    .await
    .expect("further wrong ones");
    let waits = try_pin(&towns.app, &here, towns.theirs.id, PIN).await;
    waits.problem("too_many_requests");
    assert!(waits.header("retry-after").is_some());
    try_pin(&towns.app, &at_home, towns.theirs.id, PIN).await.expect(200);

    // A right one there ends no wait here; one here does.
    let still = try_pin(&towns.app, &here, towns.theirs.id, PIN).await;
    still.problem("too_many_requests");
    conn.batch_execute("UPDATE pin_wait SET failed_at = failed_at - interval '1 hour'")
        .await
        .expect("an hour");
    try_pin(&towns.app, &here, towns.theirs.id, PIN).await.expect(200);
    let left = "SELECT count(*) AS value FROM pin_wait WHERE failures > 0";
    assert_eq!(number(&mut conn, left).await, 0);
}
