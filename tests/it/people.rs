//! Staff sign in, stay in, and are out at once when they should be.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::database::texts;
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::{PASSWORD, PIN, Role, Town};

async fn sign_in(app: &TestApp, role: Role, password: &str) -> Answer {
    let body = json!({"email": app.town.staff[&role].email, "password": password});
    app.anyone().send("/v1/auth/sign-in", body).await
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
        .to_owned()
}

fn with_pair(app: &TestApp, pair: &Value) -> Person {
    app.anyone().with_token(&text(pair, "access_token"))
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anyone()
        .send("/v1/auth/refresh", json!({"refresh_token": token}))
        .await
}

#[tokio::test]
async fn who_signs_in_is_who_they_are() {
    let app = TestApp::start().await;
    let pair = sign_in(&app, Role::Supervisor, PASSWORD).await.expect(200);
    let me = with_pair(&app, &pair).get("/v1/me").send().await.expect(200);
    assert!(
        me.to_string()
            .contains(&app.town.staff[&Role::Supervisor].id.to_string()),
        "{me}"
    );
    assert!(me.to_string().contains("supervisor"), "{me}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_look_the_same() {
    let app = TestApp::start().await;
    let wrong = sign_in(&app, Role::Supervisor, "not-the-password")
        .await
        .problem("wrong_credentials");
    let nobody = json!({"email": "nobody@town0.test", "password": PASSWORD});
    let unknown = app
        .anyone()
        .send("/v1/auth/sign-in", nobody)
        .await
        .problem("wrong_credentials");
    assert_eq!(
        (&wrong["title"], &wrong["detail"]),
        (&unknown["title"], &unknown["detail"])
    );
}

#[tokio::test]
async fn guesses_are_counted() {
    let app = TestApp::setup().setting("VIGIE_GUESSES_PER_HOUR", "8").start().await;
    let mut last = sign_in(&app, Role::Supervisor, "guess").await;
    for _ in 0..8 {
        last = sign_in(&app, Role::Supervisor, "guess").await;
    }
    last.problem("too_many_requests");
    assert!(last.header("retry-after").is_some());
}

/// B-10: whoever knows somebody's address can guess, and keeps them neither out for good nor for an hour.
#[tokio::test]
async fn who_guesses_at_an_account_keeps_nobody_out_of_it() {
    let setup = TestApp::setup().setting("VIGIE_TRUSTED_PROXIES", "127.0.0.1");
    let app = setup.setting("VIGIE_GUESSES_PER_HOUR", "8").start().await;
    let from = |last: u8, password: &'static str| {
        let body = json!({"email": app.town.staff[&Role::Supervisor].email, "password": password});
        let post = app.anyone().post("/v1/auth/sign-in");
        post.header("X-Forwarded-For", &format!("192.0.2.{last}"))
            .json(&body)
            .send()
    };
    for last in 1..=6 {
        for _ in 0..2 {
            from(last, "guess").await.problem("wrong_credentials");
        }
        from(last, PASSWORD).await.problem("too_many_requests");
    }
    from(100, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_session_goes_on_and_a_stolen_token_ends_it() {
    let app = TestApp::start().await;
    let first = sign_in(&app, Role::Secretariat, PASSWORD).await.expect(200);
    let second = refresh(&app, &text(&first, "refresh_token")).await.expect(200);
    let third = refresh(&app, &text(&second, "refresh_token")).await.expect(200);
    with_pair(&app, &third).get("/v1/me").send().await.expect(200);
    // Somebody shows a token that was used two turns ago: it was copied, and nobody can say by whom.
    refresh(&app, &text(&first, "refresh_token"))
        .await
        .problem("unauthenticated");
    with_pair(&app, &third)
        .get("/v1/me")
        .send()
        .await
        .problem("unauthenticated");
    refresh(&app, &text(&third, "refresh_token"))
        .await
        .problem("unauthenticated");
}

#[tokio::test]
async fn who_signs_out_is_out() {
    let app = TestApp::start().await;
    let pair = sign_in(&app, Role::FrontDesk, PASSWORD).await.expect(200);
    let person = with_pair(&app, &pair);
    let out = person.post("/v1/auth/sign-out").send().await;
    assert!(out.status < 300, "{out}");
    person.get("/v1/me").send().await.problem("unauthenticated");
    refresh(&app, &text(&pair, "refresh_token"))
        .await
        .problem("unauthenticated");
}

/// A tablet is announced by a supervisor, enrolled with the code, and then takes PINs.
#[tokio::test]
async fn a_shared_tablet_takes_pins_until_it_is_lost() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let announced = json!({"name": "Truck 1", "crew_id": app.town.crews["roads-1"]});
    let announced = supervisor.send("/v1/devices", announced).await.expect(201);
    let tablet = app
        .anyone()
        .send("/v1/devices/enrol", json!({"code": announced["code"]}))
        .await;
    assert!(tablet.status < 300, "{tablet}");
    let tablet = tablet.json();
    let agent = app.town.staff[&Role::Crew].id;
    let pin = |pin: &str| {
        let body = json!({"device_id": tablet["device_id"], "device_secret": tablet["device_secret"],
            "staff_user_id": agent, "pin": pin});
        async { app.anyone().send("/v1/auth/pin", body).await }
    };
    pin("000000").await.problem("wrong_credentials");
    let pair = pin(PIN).await.expect(200);
    let crew = with_pair(&app, &pair);
    crew.get("/v1/me").send().await.expect(200);
    let lost = format!("/v1/devices/{}/revoke", text(&tablet, "device_id"));
    let revoked = supervisor.post(&lost).send().await;
    assert!(revoked.status < 300, "{revoked}");
    crew.get("/v1/me").send().await.problem("unauthenticated");
    let told = refresh(&app, &text(&pair, "refresh_token")).await;
    assert_eq!(told.problem("unauthenticated")["reason"], "device_revoked");
    assert_ne!(pin(PIN).await.status, 200);
}

/// The line breaks after the server has turned the token over, and the tablet tries again minutes later.
#[tokio::test]
async fn a_tablet_that_lost_the_answer_gets_it_again_until_it_used_it() {
    let app = TestApp::start().await;
    let supervisor = app.staff(Role::Supervisor).await;
    let announced = json!({"name": "Truck 1", "crew_id": app.town.crews["roads-1"]});
    let announced = supervisor.send("/v1/devices", announced).await.expect(201);
    let enrolled = json!({"code": announced["code"]});
    let tablet = app.anyone().send("/v1/devices/enrol", enrolled).await.json();
    let pin = json!({"device_id": tablet["device_id"], "device_secret": tablet["device_secret"],
        "staff_user_id": app.town.staff[&Role::Crew].id, "pin": PIN});
    let first = app.anyone().send("/v1/auth/pin", pin).await.expect(200);
    let secret = text(&tablet, "device_secret");
    let on_tablet = |pair: &Value| {
        let body = json!({"refresh_token": text(pair, "refresh_token")});
        let request = app.anyone().post("/v1/auth/refresh").json(&body);
        request.header("X-Device-Secret", &secret).send()
    };
    let lost = on_tablet(&first).await.expect(200);
    let mut conn = app.db.admin().await;
    conn.batch_execute("UPDATE session SET rotated_at = now() - interval '10 minutes'")
        .await
        .expect("ten minutes");
    let again = on_tablet(&first).await.expect(200);
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    let next = on_tablet(&again).await.expect(200);
    with_pair(&app, &next).get("/v1/me").send().await.expect(200);
    // Its successor was used: whoever shows the first one now has copied it.
    on_tablet(&first).await.problem("unauthenticated");
    on_tablet(&next).await.problem("unauthenticated");
}

#[tokio::test]
async fn who_has_only_the_token_of_a_tablet_is_no_tablet() {
    let app = TestApp::start().await;
    let pair = sign_in(&app, Role::Supervisor, PASSWORD).await.expect(200);
    refresh(&app, &text(&pair, "refresh_token")).await.expect(200);
    let mut conn = app.db.admin().await;
    conn.batch_execute("UPDATE session SET rotated_at = now() - interval '1 minute'")
        .await
        .expect("a minute");
    let body = json!({"refresh_token": text(&pair, "refresh_token")});
    let request = app.anyone().post("/v1/auth/refresh").json(&body);
    let shown = request.header("X-Device-Secret", "vdv_none").send().await;
    shown.problem("unauthenticated");
}

#[tokio::test]
async fn partners_can_verify_our_tokens() {
    let app = TestApp::start().await;
    let keys = app.anyone().get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert!(keys["keys"][0].get("d").is_none(), "the private half stays here");
}

/// argon2id with fewer passes and less memory, as an older installation may have stored it; of [`PASSWORD`].
const WEAKER: &str = "$argon2id$v=19$m=8192,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$Xj+ZVC0oYQjSbFN9bfCtXLbp5qjLoNo1Pq8eEtI1Rak";

#[tokio::test]
async fn a_hash_of_older_costs_is_renewed_at_the_next_sign_in() {
    let app = TestApp::start().await;
    let mut conn = app.db.admin().await;
    conn.batch_execute(&format!(
        "UPDATE staff_user SET password_hash = '{WEAKER}' WHERE name = 'supervisor'"
    ))
    .await
    .expect("an older hash");
    let stored = "SELECT password_hash AS value FROM staff_user WHERE name = 'supervisor'";
    sign_in(&app, Role::Supervisor, "not-the-password")
        .await
        .problem("wrong_credentials");
    assert_eq!(
        texts(&mut conn, stored).await,
        [WEAKER],
        "only who knows the password makes it stronger"
    );
    let pair = sign_in(&app, Role::Supervisor, PASSWORD).await.expect(200);
    let renewed = texts(&mut conn, stored).await;
    assert!(renewed[0].contains("m=19456,t=2,p=1"), "{renewed:?}");
    // No other session ends by it, and the same password goes on.
    sign_in(&app, Role::Supervisor, PASSWORD).await.expect(200);
    with_pair(&app, &pair).get("/v1/me").send().await.expect(200);
    assert_eq!(texts(&mut conn, stored).await, renewed);
}

#[tokio::test]
async fn all_faults_of_a_new_person_are_named_at_once() {
    let app = TestApp::start().await;
    let admin = app.staff(Role::Admin).await;
    let body = json!({"email": "no address", "name": " ", "password": "short", "pin": "12", "grants": []});
    let problem = admin.send("/v1/staff", body).await.problem("invalid");
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["field"].as_str())
        .collect();
    for field in ["email", "name", "password", "pin", "grants"] {
        assert!(fields.contains(&field), "{field} is not among {fields:?}");
    }
}

#[tokio::test]
async fn a_session_that_rested_too_long_is_over() {
    let app = TestApp::setup().setting("VIGIE_SESSION_IDLE", "20m").start().await;
    let pair = sign_in(&app, Role::Supervisor, PASSWORD).await.expect(200);
    let mut conn = app.db.admin().await;
    let rested = |minutes: i64| format!("UPDATE session SET rotated_at = now() - interval '{minutes} minutes'");
    conn.batch_execute(&rested(19)).await.expect("a rest");
    let pair = refresh(&app, &text(&pair, "refresh_token")).await.expect(200);
    conn.batch_execute(&rested(21)).await.expect("a longer rest");
    refresh(&app, &text(&pair, "refresh_token"))
        .await
        .problem("unauthenticated");
}

/// Somebody leaves, and comes back a year later: a new grant opens the door again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_who_returns_signs_in_again() {
    let app = TestApp::start().await;
    let admin = app.staff(Role::Admin).await;
    let colleague = &app.town.staff[&Role::Secretariat];
    let left = admin.post(&format!("/v1/staff/{}/disable", colleague.id)).send().await;
    assert_eq!(left.status, 204, "{left}");
    sign_in(&app, Role::Secretariat, PASSWORD)
        .await
        .problem("wrong_credentials");

    let back = json!({"email": colleague.email, "name": "Whoever", "grants": [{"role": "front_desk"}]});
    let made = admin.send("/v1/staff", back).await.expect(201);
    assert_eq!(made["id"], colleague.id.to_string(), "the same person");
    let pair = sign_in(&app, Role::Secretariat, PASSWORD).await.expect(200);
    let me = with_pair(&app, &pair).get("/v1/me").send().await.expect(200);
    assert!(me.to_string().contains("front_desk"), "{me}");
    let trail = format!(
        "SELECT action AS value FROM audit_event WHERE entity_id = '{}' AND actor = 'staff' \
         AND action IN ('disable_staff', 'add_grant', 'enable_staff') ORDER BY id",
        colleague.id
    );
    assert_eq!(
        texts(&mut app.db.admin().await, &trail).await,
        ["disable_staff", "add_grant", "enable_staff"]
    );
}

/// Of nobody yet.
const NEW_PASSWORD: &str = "another-secret-for-tests";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_gives_a_colleague_a_new_password() {
    let app = TestApp::start().await;
    let admin = app.staff(Role::Admin).await;
    let held = sign_in(&app, Role::FrontDesk, PASSWORD).await.expect(200);
    let path = |role: Role| format!("/v1/staff/{}/password", app.town.staff[&role].id);
    let short = admin.send(&path(Role::FrontDesk), json!({"password": "short"})).await;
    assert_eq!(short.problem("invalid")["errors"][0]["field"], "password");
    let given = admin
        .send(&path(Role::FrontDesk), json!({"password": NEW_PASSWORD}))
        .await;
    assert_eq!(given.status, 204, "{given}");
    // Whoever sat at the desk meanwhile is out.
    with_pair(&app, &held)
        .get("/v1/me")
        .send()
        .await
        .problem("unauthenticated");
    refresh(&app, &text(&held, "refresh_token"))
        .await
        .problem("unauthenticated");
    sign_in(&app, Role::FrontDesk, PASSWORD)
        .await
        .problem("wrong_credentials");
    sign_in(&app, Role::FrontDesk, NEW_PASSWORD).await.expect(200);

    // One's own takes the present one: a stolen session does not know it.
    let own = admin.send(&path(Role::Admin), json!({"password": NEW_PASSWORD})).await;
    assert_eq!(own.problem("conflict")["reason"], "own_account");
    let trail = "SELECT entity_id::text AS value FROM audit_event WHERE action = 'reset_password' AND actor = 'staff'";
    assert_eq!(
        texts(&mut app.db.admin().await, trail).await,
        [app.town.staff[&Role::FrontDesk].id.to_string()]
    );
}

/// An admin who set the password of somebody who works elsewhere too could sign in there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_town_takes_over_an_account_of_another() {
    let app = TestApp::start().await;
    let other = Town::install(&mut app.db.admin().await, 1).await;
    let admin = app.staff(Role::Admin).await;
    let theirs = &other.staff[&Role::Supervisor];
    let path = format!("/v1/staff/{}/password", theirs.id);
    let given = || admin.send(&path, json!({"password": NEW_PASSWORD}));
    given().await.problem("not_found");
    let here_too = json!({"email": theirs.email, "name": "Whoever", "grants": [{"role": "front_desk"}]});
    let offer = admin.send("/v1/staff", here_too).await.expect(201);
    given().await.problem("not_found");
    let accept = format!("/v1/me/offers/{}/accept", text(&offer, "id"));
    let accepted = app.signed_in(&other, Role::Supervisor).await.post(&accept).send().await;
    assert_eq!(accepted.status, 204, "{accepted}");
    let refused = given().await.problem("conflict");
    assert_eq!(refused["reason"], "works_elsewhere");
    let message = refused["errors"][0]["message"].as_str().expect("words");
    assert!(message.contains("vigie admin reset-password"), "{message}");
    let there = json!({"email": theirs.email, "password": PASSWORD, "jurisdiction": "large-1"});
    app.anyone().send("/v1/auth/sign-in", there).await.expect(200);
}

/// B-65: a session has a budget of its own, and contact data a small one that a new session does not renew.
#[tokio::test]
async fn a_session_is_counted_and_contact_data_by_person() {
    let setup = TestApp::setup().setting("VIGIE_STAFF_PER_HOUR", "40");
    let app = setup.setting("VIGIE_REVEALS_PER_HOUR", "8").start().await;
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0),
        "contact": {"email": "camille@example.test", "preferred": "email"}});
    let report = app.anyone().send("/v1/reports", report).await.expect(201);
    let contact = format!("/v1/reports/{}/contact", text(&report, "id"));
    let reveal = async |person: &Person| {
        let purpose = json!({"purpose": "follow_up"});
        person.send(&contact, purpose).await
    };
    let desk = app.staff(Role::FrontDesk).await;
    for _ in 0..2 {
        reveal(&desk).await.expect(200);
    }
    let refused = reveal(&desk).await;
    refused.problem("too_many_requests");
    assert!(refused.header("retry-after").is_some());
    let again = app.staff(Role::FrontDesk).await;
    reveal(&again).await.problem("too_many_requests");
    // Three of ten at once are spent.
    for _ in 0..7 {
        desk.get("/v1/me").send().await.expect(200);
    }
    let refused = desk.get("/v1/me").send().await;
    refused.problem("too_many_requests");
    assert!(refused.header("retry-after").is_some());
    again.get("/v1/me").send().await.expect(200);
}
