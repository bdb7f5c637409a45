//! A town sets when reports become one alert, after it has looked at what that would have done.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie_tests::database::{number, texts};
use vigie_tests::people::{Answer, Person};
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

const POTHOLE: &str = "/v1/categories/pothole/dedup-policy";

async fn reported(app: &TestApp, east_m: f64) -> Value {
    let body = json!({"category": "pothole", "position": app.town.point(east_m, 0.0), "accuracy_m": 5});
    app.anyone().send("/v1/reports", body).await.expect(201)
}

async fn set(person: &Person, version: i32, policy: Value) -> Answer {
    let request = person.request(reqwest::Method::PUT, POTHOLE);
    request
        .header("If-Match", &format!("\"v{version}\""))
        .json(&policy)
        .send()
        .await
}

fn faults(answer: &Answer) -> Vec<String> {
    let problem = answer.problem("invalid");
    let errors = problem["errors"].as_array().expect("errors");
    errors
        .iter()
        .map(|error| error["field"].as_str().expect("a field").to_owned())
        .collect()
}

#[tokio::test]
async fn an_admin_sets_a_policy_and_every_version_is_kept() {
    let app = TestApp::start().await;
    let (admin, supervisor) = (app.staff(Role::Admin).await, app.staff(Role::Supervisor).await);
    let first = admin.get(POTHOLE).send().await;
    assert_eq!(first.header("etag"), Some("\"v1\""));
    let first = first.expect(200);
    assert_eq!(
        (&first["version"], &first["in_force"]["joins_silently"]),
        (&json!(1), &json!(true))
    );
    let in_force = |answer: &Value| {
        let rules = &answer["in_force"];
        ["radius_m", "rejected_days", "compatible"].map(|name| rules[name].clone())
    };
    assert_eq!(in_force(&first), [json!(100.0), json!(30.0), json!({})]);
    let near = reported(&app, 0.0).await;
    assert_eq!(reported(&app, 12.0).await["alert"]["id"], near["alert"]["id"]);

    supervisor.get(POTHOLE).send().await.expect(200);
    set(&supervisor, 1, json!({"radius_m": 5})).await.problem("forbidden");
    app.staff(Role::FrontDesk)
        .await
        .get(POTHOLE)
        .send()
        .await
        .problem("forbidden");
    let unconditional = admin
        .request(reqwest::Method::PUT, POTHOLE)
        .json(&json!({}))
        .send()
        .await;
    unconditional.problem("precondition_required");
    set(&admin, 7, json!({"radius_m": 5})).await.problem("stale");
    let wrong = json!({"radius_m": 900, "span_m": -1, "join_threshold": 0.6, "suggest_threshold": 0.7,
        "compatible": {"volcano": 0.5}});
    assert_eq!(
        faults(&set(&admin, 1, wrong).await),
        ["compatible.volcano", "radius_m", "span_m", "suggest_threshold"]
    );
    admin
        .get("/v1/categories/volcano/dedup-policy")
        .send()
        .await
        .problem("not_found");

    let now = set(&admin, 1, json!({"radius_m": 5, "compatible": {"fly-tipping": 0.2}})).await;
    assert_eq!(now.header("etag"), Some("\"v2\""));
    let now = now.expect(200);
    assert_eq!(now["versions"][0]["policy"]["radius_m"], 5.0);
    assert_eq!(in_force(&now), [json!(5.0), json!(30.0), json!({"fly-tipping": 0.2})]);
    assert_eq!(now["versions"].as_array().map(Vec::len), Some(2));
    let again = set(&admin, 2, json!({"radius_m": 5, "compatible": {"fly-tipping": 0.2}})).await;
    assert_eq!(again.expect(200)["version"], 2, "the same again is no change");
    let far = reported(&app, 24.0).await;
    assert_ne!(far["alert"]["id"], near["alert"]["id"], "the next report follows it");

    let mut db = app.db.admin().await;
    let trail = "SELECT detail->>'version' AS value FROM audit_event WHERE action = 'set_dedup_policy'";
    assert_eq!(texts(&mut db, trail).await, ["2"]);
    let followed = "SELECT max(policy_version)::bigint AS value FROM membership";
    assert_eq!(number(&mut db, followed).await, 2);
}

#[tokio::test]
async fn a_policy_is_tried_on_the_past_before_it_is_set() {
    let app = TestApp::start().await;
    let (admin, supervisor) = (app.staff(Role::Admin).await, app.staff(Role::Supervisor).await);
    for east_m in [0.0, 10.0, 1_000.0, 1_010.0, 2_000.0] {
        reported(&app, east_m).await;
    }
    let preview = format!("{POTHOLE}/preview");
    let tried = |policy: Value| json!({"policy": policy, "days": 30});
    let same = supervisor.send(&preview, tried(json!({}))).await.expect(200);
    assert_eq!((&same["reports"], &same["before"]), (&json!(5), &same["after"]));
    assert_eq!(
        (&same["before"]["joined"], &same["truncated"]),
        (&json!(2), &json!(false))
    );
    let strict = supervisor
        .send(&preview, tried(json!({"radius_m": 3})))
        .await
        .expect(200);
    assert_eq!(
        (&strict["after"]["joined"], &strict["after"]["opened"]),
        (&json!(0), &json!(5))
    );
    assert_eq!(
        (&strict["would_open"]["count"], &strict["would_join"]["count"]),
        (&json!(2), &json!(0))
    );
    let example = &strict["would_open"]["examples"][0];
    assert!(
        (9.0..11.0).contains(&example["distance_m"].as_f64().expect("metres")),
        "{example}"
    );
    assert!(
        example["posterior_before"].as_f64().expect("a probability") >= 0.5,
        "{example}"
    );
    assert_eq!(example["posterior_after"], Value::Null, "not compared any more");
    let unread = admin.send(&preview, tried(json!({"radius_m": 3}))).await.expect(200);
    assert_eq!(
        (&unread["would_open"]["count"], &unread["would_open"]["examples"]),
        (&json!(2), &json!([]))
    );
    let wrong = supervisor
        .send(&preview, json!({"policy": {"life_days": 0}, "days": 30}))
        .await;
    assert_eq!(faults(&wrong), ["life_days"]);
    let wrong = supervisor.send(&preview, json!({"policy": {}, "days": 4000})).await;
    assert_eq!(faults(&wrong), ["days"]);
    let mut db = app.db.admin().await;
    let versions = "SELECT count(*) AS value FROM dedup_policy WHERE version > 1";
    assert_eq!(number(&mut db, versions).await, 0, "nothing was set");
}

#[tokio::test]
async fn a_town_sets_a_single_weight_and_the_next_decision_follows_it() {
    let app = TestApp::start().await;
    let (admin, supervisor) = (app.staff(Role::Admin).await, app.staff(Role::Supervisor).await);
    let wrong = json!({"radius_m": 900, "weights": {"elephants": 1, "near_share": 1.5, "distance_m": 2}});
    let refused = set(&admin, 1, wrong).await;
    let fields = [
        "radius_m",
        "weights.distance_m",
        "weights.elephants",
        "weights.near_share",
    ];
    assert_eq!(faults(&refused), fields);
    let codes = ["out_of_range", "weight_curve", "unknown_weight", "out_of_range"];
    for (error, code) in refused.json()["errors"].as_array().expect("errors").iter().zip(codes) {
        assert_eq!(error["code"], code, "{error}");
    }

    let first = reported(&app, 0.0).await;
    assert_eq!(reported(&app, 12.0).await["alert"]["id"], first["alert"]["id"]);
    let weights = json!({"weights": {"stated_prior": -20}});
    let preview = json!({"policy": weights, "days": 30});
    let tried = supervisor
        .send(&format!("{POTHOLE}/preview"), preview)
        .await
        .expect(200);
    assert_eq!(
        (&tried["before"]["joined"], &tried["after"]["joined"]),
        (&json!(1), &json!(0))
    );
    set(&admin, 1, weights.clone()).await.expect(200);
    let shown = admin.get(POTHOLE).send().await.expect(200);
    assert_eq!(shown["policy"]["weights"], json!({"stated_prior": -20.0}));
    let apart = reported(&app, 5.0).await;
    assert_ne!(
        apart["alert"]["id"], first["alert"]["id"],
        "what joined before opens now"
    );
    let mut db = app.db.admin().await;
    let versions = "SELECT policy_version::text AS value FROM membership ORDER BY id";
    assert_eq!(
        texts(&mut db, versions).await,
        ["1", "1", "2"],
        "each decision names its weights"
    );
    let spoke = "SELECT feature->>'log_odds' AS value FROM membership, jsonb_array_elements(reasons->0->'features') AS feature \
        WHERE policy_version = 2 AND feature->>'feature' = 'prior'";
    assert_eq!(texts(&mut db, spoke).await, ["-20.0"]);
    set(&admin, 2, json!({})).await.expect(200);
    let shown = admin.get(POTHOLE).send().await.expect(200);
    assert_eq!(shown["policy"].get("weights"), None, "the learned ones are back");
}

/// Limits a person's rights to a service, as the setting of grants does.
async fn limited_to(app: &TestApp, role: Role, service: &str) -> Person {
    let person = app.staff(role).await;
    let limit = format!(
        "UPDATE role_grant SET service_id = '{}' WHERE staff_user_id = '{}'",
        app.town.services[service], app.town.staff[&role].id
    );
    app.db.admin().await.batch_execute(&limit).await.expect("a limit");
    person
}

#[tokio::test]
async fn rights_of_one_service_set_its_categories_only() {
    let app = TestApp::start().await;
    let admin = limited_to(&app, Role::Admin, "cleaning").await;
    admin.get(POTHOLE).send().await.problem("not_found");
    set(&admin, 1, json!({"radius_m": 5})).await.problem("not_found");
    let preview = json!({"policy": {}, "days": 30});
    let elsewhere = admin.send(&format!("{POTHOLE}/preview"), preview.clone()).await;
    elsewhere.problem("not_found");
    let own = POTHOLE.replace("pothole", "fly-tipping");
    assert_eq!(admin.get(&own).send().await.expect(200)["version"], 1);
    admin.send(&format!("{own}/preview"), preview).await.expect(200);
}

#[tokio::test]
async fn examples_and_orphans_are_of_ones_own_service() {
    let app = TestApp::start().await;
    let supervisor = limited_to(&app, Role::Supervisor, "roads").await;
    for east_m in [0.0, 10.0] {
        reported(&app, east_m).await;
    }
    let tried = json!({"policy": {"radius_m": 3}, "days": 30});
    let path = format!("{POTHOLE}/preview");
    let preview = || supervisor.send(&path, tried.clone());
    let examples = |answer: Value| answer["would_open"]["examples"].as_array().map(Vec::len);
    assert_eq!(examples(preview().await.expect(200)), Some(1));
    let mut db = app.db.admin().await;
    let forgotten = "UPDATE alert_phase SET ended_at = now()";
    db.batch_execute(forgotten).await.expect("a fault");
    let orphans = || supervisor.get("/v1/oversight/orphans").send();
    assert_eq!(orphans().await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    let given_away = format!("UPDATE alert SET service_id = '{}'", app.town.services["cleaning"]);
    db.batch_execute(&given_away).await.expect("another service");
    assert_eq!(orphans().await.expect(200)["items"], json!([]));
    let placed = preview().await.expect(200);
    assert_eq!(placed["would_open"]["count"], 1);
    assert_eq!(examples(placed), Some(0), "counted, not shown");
}
