//! What an operator watches and repairs while Vigie runs.

use std::process::Command;
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use vigie::auth::keys::KeyRing;
use vigie_fixtures as invented;
use vigie_tests::database::{TestDb, number, texts};
use vigie_tests::process::{Process, Talks};
use vigie_tests::repository;
use vigie_tests::server::TestApp;
use vigie_tests::town::{PASSWORD, Role, Town};

use crate::operator::{data_folder, logins, said, said_to, vigie};

/// `vigie admin` on the database and the data folder of a test.
fn admin(app: &TestApp, arguments: &[&str]) -> Command {
    let arguments = [&["admin"][..], arguments].concat();
    vigie(&app.app.config.data_dir, &logins(&app.db), &arguments)
}

/// What a command that must fail says of it.
fn complaint(mut command: Command) -> String {
    let output = command.output().expect("the program");
    assert!(!output.status.success(), "{command:?} did it");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A town that is made while a worker runs has its returning jobs without anybody starting anything again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_town_that_comes_while_a_worker_runs_has_its_returning_jobs() {
    let app = TestApp::start().await;
    let worker = app.worker_process();
    let kinds = |slug: &str| {
        format!(
            "SELECT kind AS value FROM job JOIN jurisdiction ON jurisdiction.id = job.jurisdiction_id \
             WHERE slug = '{slug}' ORDER BY kind"
        )
    };
    let mut conn = app.db.admin().await;
    let before = texts(&mut conn, &kinds("large-0")).await;
    for kind in [
        "purge_originals",
        "sweep_orphans",
        "expire_uploads",
        "slips",
        "deadlines",
        "review_holds",
    ] {
        assert!(
            before.iter().any(|known| known == kind),
            "{kind} is not among {before:?}"
        );
    }

    let town = invented::Town::petit_ingeville();
    let file = vigie::demo::town::town_file(&town).expect("a town file");
    let data = &app.app.config.data_dir;
    let path = data.join("town.json");
    std::fs::write(&path, serde_json::to_vec(&file).expect("JSON")).expect("the file");
    let path = path.to_str().expect("a path");
    said(admin(&app, &["create-jurisdiction", "--file", path]));
    worker.await_line(|line| line.contains("every town has its returning jobs").then_some(()));
    assert_eq!(
        texts(&mut conn, &kinds(&town.slug)).await,
        before,
        "the same kinds, one of each"
    );
    let twice =
        "SELECT count(*) AS value FROM (SELECT FROM job GROUP BY jurisdiction_id, kind HAVING count(*) > 1) twice";
    assert_eq!(number(&mut conn, twice).await, 0);
}

/// A worker as the operator starts it, and where it tells its metrics.
fn worker_with_metrics(app: &TestApp) -> (Process, String) {
    let [app_login, vault_login] = logins(&app.db);
    let settings = [
        app_login,
        vault_login,
        ("VIGIE_WORK_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
        ("VIGIE_LOG", "info".to_owned()),
    ];
    let command = vigie(&app.app.config.data_dir, &settings, &["work"]);
    let worker = Process::start("vigie work", &command, Talks::Stderr);
    let address = worker.await_line(|line| {
        let event: Value = serde_json::from_str(line).ok()?;
        let told = (event.get("message")? == "telling metrics").then(|| event.get("metrics"))??;
        Some(told.as_str()?.trim_matches(['[', ']']).to_owned())
    });
    (worker, format!("http://{address}/metrics"))
}

/// Looks until the metrics have this line.
async fn tells(url: &str, line: &str) {
    let (began, client) = (Instant::now(), reqwest::Client::builder().no_proxy().build());
    let client = client.expect("a client");
    loop {
        let answer = client.get(url).send().await.expect("an answer");
        let told = answer.text().await.expect("text");
        if told.lines().any(|known| known == line) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no {line} in {told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Jobs of a kind that no worker knows stay as they are.
async fn leave_jobs(app: &TestApp) {
    let sql = "INSERT INTO job (jurisdiction_id, kind, payload, state, run_at, attempts, last_error) VALUES \
        (1, 'of_yesterday', '{\"n\": 1}', 'due', now() - interval '1 hour', 0, NULL), \
        (1, 'of_yesterday', '{\"n\": 2}', 'due', now() + interval '1 day', 0, NULL), \
        (1, 'of_yesterday', '{\"n\": 3}', 'dead', now(), 12, 'the relay is away'), \
        (1, 'of_yesterday', '{\"n\": 1}', 'dead', now(), 12, 'it is there twice'), \
        (1, 'of_tomorrow', '{}', 'dead', now(), 12, 'too early')";
    let sql = sql.replace("(1, ", &format!("({}, ", app.town.id.0));
    app.db.admin().await.batch_execute(&sql).await.expect("jobs");
}

/// What the worker counts and what waits in the database is told where the operator's documents say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_tells_its_metrics() {
    let app = TestApp::start().await;
    leave_jobs(&app).await;
    let (_worker, url) = worker_with_metrics(&app);
    tells(&url, "vigie_jobs_dead 3").await;
    // Returning jobs that the worker just left may be due for a moment.
    tells(&url, "vigie_jobs_due 1").await;

    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0)});
    let sent = app.anyone().send("/v1/reports", report).await.expect(201);
    let spec = invented::PhotoSpec {
        scene: 1,
        subject: invented::Subject::Pothole,
        viewpoint: 1,
        taken_at: chrono::DateTime::UNIX_EPOCH,
        orientation: 1,
        position: None,
    };
    let photo = invented::photo::jpeg_of(&spec, invented::photo::Size::TEST).expect("a photo");
    app.anyone().adds_photo(&sent, photo).await.expect(201);
    tells(&url, "vigie_photos_total{outcome=\"ready\"} 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_jobs_are_shown_and_put_back() {
    let app = TestApp::start().await;
    leave_jobs(&app).await;
    let mut conn = app.db.admin().await;
    let id_of = |error: &str| format!("SELECT id::text AS value FROM job WHERE last_error = '{error}'");
    let early = texts(&mut conn, &id_of("too early")).await.remove(0);

    let listed = said(admin(&app, &["jobs"]));
    let kind = listed.lines().find(|line| line.starts_with("of_yesterday"));
    let counts: Vec<&str> = kind.expect("its kind").split_whitespace().collect();
    assert_eq!(counts[1..4], ["1", "1", "2"], "due, later, dead: {listed}");
    assert!(
        listed.contains("it is there twice") && listed.contains(&early),
        "{listed}"
    );
    assert!(listed.contains("large-0"), "{listed}");

    let again = said(admin(&app, &["jobs", "--retry", &early]));
    assert!(again.contains("tried again"), "{again}");
    let of_tomorrow = "SELECT count(*) AS value FROM job WHERE kind = 'of_tomorrow' AND state = 'due' AND attempts = 0";
    assert_eq!(number(&mut conn, of_tomorrow).await, 1);
    let not_dead = complaint(admin(&app, &["jobs", "--retry", &early]));
    assert!(not_dead.contains(&early), "{not_dead}");

    let rest = said(admin(&app, &["jobs", "--retry-dead"]));
    assert!(rest.starts_with("1 dead job(s)"), "{rest}");
    let left = "SELECT payload ->> 'n' AS value FROM job WHERE kind = 'of_yesterday' AND state = 'due' ORDER BY 1";
    assert_eq!(
        texts(&mut conn, left).await,
        ["1", "2", "3"],
        "what is there twice is done once"
    );
    let trail = "SELECT count(*) AS value FROM audit_event WHERE action = 'retry_job' AND actor = 'system'";
    assert_eq!(number(&mut conn, trail).await, 3);
    assert!(said(admin(&app, &["jobs"])).contains("no dead job"));
}

/// The last folder below migrations/.
fn newest_migration() -> String {
    let folders = std::fs::read_dir(repository().join("migrations")).expect("the migrations");
    let names = folders.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.max().expect("a migration")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_lacks_a_migration_is_told_and_refused() {
    let app = TestApp::start().await;
    let ready = || app.anyone().get("/readyz").send();
    ready().await.expect(200);
    let mut conn = app.db.admin().await;
    conn.batch_execute(
        "CREATE TABLE kept AS SELECT * FROM __diesel_schema_migrations ORDER BY version DESC LIMIT 1; \
         DELETE FROM __diesel_schema_migrations WHERE version IN (SELECT version FROM kept)",
    )
    .await
    .expect("an older schema");
    let newest = newest_migration();
    let problem = ready().await.problem("unavailable");
    assert_eq!(
        (&problem["reason"], &problem["lacking"]),
        (&json!("schema"), &json!([newest]))
    );
    for command in ["serve", "work"] {
        let why = complaint(vigie(&app.app.config.data_dir, &logins(&app.db), &[command]));
        assert!(why.contains(&newest) && why.contains("vigie migrate"), "{why}");
    }

    // While servers are replaced one by one, the database is a newer program's.
    conn.batch_execute(
        "INSERT INTO __diesel_schema_migrations SELECT * FROM kept; \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')",
    )
    .await
    .expect("a newer schema");
    ready().await.expect(200);

    let (empty, data) = (TestDb::empty(), data_folder());
    let why = complaint(vigie(data.path(), &logins(&empty), &["work"]));
    assert!(why.contains("vigie migrate"), "never migrated: {why}");
}

/// Somebody of two towns forgot their password: no admin of a town may set it, the operator does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_gives_anybody_a_new_password() {
    let app = TestApp::start().await;
    let other = Town::install(&mut app.db.admin().await, 1).await;
    let email = other.staff[&Role::Supervisor].email.as_str();
    let here_too = json!({"email": email, "name": "Whoever", "grants": [{"role": "front_desk"}]});
    let offer = app.staff(Role::Admin).await.send("/v1/staff", here_too).await;
    let accept = format!(
        "/v1/me/offers/{}/accept",
        offer.expect(201)["id"].as_str().expect("an offer")
    );
    let accepted = app.signed_in(&other, Role::Supervisor).await.post(&accept).send().await;
    assert_eq!(accepted.status, 204, "{accepted}");
    let sign_in = |password: &str, town: &str| {
        let body = json!({"email": email, "password": password, "jurisdiction": town});
        async { app.anyone().send("/v1/auth/sign-in", body).await }
    };
    let pair = sign_in(PASSWORD, "large-1").await.expect(200);
    let session = app.anyone().with_token(pair["access_token"].as_str().expect("a token"));
    session.get("/v1/me").send().await.expect(200);

    let typed = "typed-by-the-operator";
    let reset = ["reset-password", "--email", email];
    let stdin = [&reset[..], &["--password-stdin"]].concat();
    said_to(admin(&app, &stdin), &format!("{typed}\n"));
    session.get("/v1/me").send().await.problem("unauthenticated");
    sign_in(PASSWORD, "large-1").await.problem("wrong_credentials");
    for town in ["large-0", "large-1"] {
        sign_in(typed, town).await.expect(200);
    }
    let trail = "SELECT jurisdiction_id::text AS value FROM audit_event WHERE action = 'reset_password' ORDER BY 1";
    assert_eq!(
        texts(&mut app.db.admin().await, trail).await.len(),
        2,
        "each town has it"
    );

    let told = said(admin(&app, &reset));
    let made = told.trim().rsplit(' ').next().expect("a password");
    sign_in(made, "large-0").await.expect(200);
    let nobody = complaint(admin(&app, &["reset-password", "--email", "nobody@town.test"]));
    assert!(nobody.contains("nobody@town.test"), "{nobody}");
}

/// Rotate, restart, rewrap, restart, drop: what the old keys made counts no more, and nobody's address is lost by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_key_goes_once_nothing_needs_it() {
    let app = TestApp::start().await;
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0),
        "contact": {"email": "camille@example.test", "preferred": "email"}});
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    let before = app.staff(Role::FrontDesk).await;
    let path = KeyRing::path(&app.app.config.data_dir);
    let old = KeyRing::load(&path).expect("keys");
    let (vault, tokens) = (old.vault[0].id.as_str(), old.tokens[0].id.as_str());
    let drop = |which: &str, id: &str| admin(&app, &["rotate-keys", which, "--drop", id]);

    let why = complaint(drop("vault", vault));
    assert!(why.contains("in force"), "{why}");
    for which in ["vault", "tokens"] {
        said(admin(&app, &["rotate-keys", which]));
    }
    let why = complaint(drop("vault", vault));
    assert!(why.contains("1 person(s)") && why.contains("rewrap"), "{why}");
    said(admin(&app, &["rewrap"]));
    said(drop("vault", vault));
    said(drop("tokens", tokens));
    let why = complaint(drop("tokens", tokens));
    assert!(why.contains(tokens), "it is gone: {why}");
    let left = KeyRing::load(&path).expect("keys");
    assert_eq!((left.vault.len(), left.tokens.len()), (1, 1));

    let started_since = app.second_process();
    let anyone = started_since.instead(&app.anyone());
    let published = anyone.get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!(published["keys"].as_array().map(Vec::len), Some(1), "{published}");
    let stale = started_since.instead(&before).get("/v1/me").send().await;
    stale.problem("unauthenticated");
    let who = json!({"email": app.town.staff[&Role::FrontDesk].email, "password": PASSWORD});
    let pair = anyone.send("/v1/auth/sign-in", who).await.expect(200);
    let desk = anyone.with_token(pair["access_token"].as_str().expect("a token"));
    let path = format!("/v1/reports/{}/contact", told["id"].as_str().expect("an id"));
    let contact = desk.send(&path, json!({"purpose": "follow_up"})).await.expect(200);
    assert_eq!(contact["email"], "camille@example.test");
}
