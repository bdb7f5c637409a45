//! What an operator types: keys, towns, and `vigie run` on a database that is there already.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::Utc;
use serde_json::{Value, json};
use vigie::auth::keys::KeyRing;
use vigie_tests::database::{TestDb, number};
use vigie_tests::process::{Process, Talks};
use vigie_tests::server::TestApp;
use vigie_tests::town::{PASSWORD, PIN, Role, Town};
use vigie_tests::{repository, vigie_binary};

/// The program with nothing of this process's own settings.
pub fn vigie(data: &Path, settings: &[(&str, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(vigie_binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VIGIE_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("VIGIE_DATA_DIR", data)
        .envs(settings.iter().map(|(name, value)| (*name, value)))
        .current_dir(data);
    command
}

/// The settings that name a database's two logins.
pub fn logins(db: &TestDb) -> [(&'static str, String); 2] {
    [
        ("VIGIE_APP_DATABASE_URL", db.app_url()),
        ("VIGIE_VAULT_DATABASE_URL", db.vault_url()),
    ]
}

/// What it answers, if it goes well.
pub fn said(command: Command) -> String {
    said_to(command, "")
}

/// What it answers to these lines on its standard input.
fn said_to(mut command: Command, lines: &str) -> String {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program");
    let mut stdin = child.stdin.take().expect("its standard input");
    // Who needs no line may have closed it already.
    let _ = stdin.write_all(lines.as_bytes());
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the program");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {stderr}");
    stdout.into_owned()
}

fn data_folder() -> tempfile::TempDir {
    let data = tempfile::tempdir().expect("a folder");
    KeyRing::load_or_create(&KeyRing::path(data.path()), Utc::now()).expect("keys");
    data
}

#[tokio::test]
async fn a_town_goes_out_as_a_file_and_comes_in_again_unchanged() {
    let (db, data) = (TestDb::new(), data_folder());
    Town::install(&mut db.admin().await, 0).await;
    let export = || {
        said(vigie(
            data.path(),
            &logins(&db),
            &["admin", "export-town", "--town", "large-0"],
        ))
    };
    let file = data.path().join("town.json");
    let exported = export();
    std::fs::write(&file, &exported).expect("the file");
    let path = file.to_str().expect("a path");
    let installed = said(vigie(
        data.path(),
        &logins(&db),
        &["admin", "create-jurisdiction", "--file", path],
    ));
    assert!(installed.contains("large-0"), "{installed}");
    let again: Value = serde_json::from_str(&export()).expect("JSON");
    assert_eq!(again, serde_json::from_str::<Value>(&exported).expect("JSON"));
    let mut admin = db.admin().await;
    assert_eq!(
        number(&mut admin, "SELECT count(*) AS value FROM jurisdiction").await,
        1
    );
    let unknown = vigie(
        data.path(),
        &logins(&db),
        &["admin", "export-town", "--town", "atlantis"],
    )
    .output();
    let unknown = unknown.expect("the program");
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("atlantis"));
}

/// The short name of the town in deploy/town.sample.json.
const SAMPLE: &str = "sainte-vigie-en-mer";

/// Adds a person of the sample's town by `vigie admin create-user`.
fn add_person(app: &TestApp, mailbox: &str, more: &[&str], lines: &str) -> String {
    let email = format!("{mailbox}@sainte-vigie.example");
    let who = [
        "admin",
        "create-user",
        "--town",
        SAMPLE,
        "--email",
        &email,
        "--name",
        mailbox,
    ];
    let arguments = [&who[..], more].concat();
    said_to(vigie(&app.app.config.data_dir, &logins(&app.db), &arguments), lines)
}

/// What deploy/README.md says of a first town: the file, an admin, a supervisor, an agent with a PIN, a tablet.
#[tokio::test]
async fn a_first_town_has_people_and_a_tablet() {
    let app = TestApp::start().await;
    let admin = |arguments: &[&str]| {
        let arguments = [&["admin"][..], arguments].concat();
        vigie(&app.app.config.data_dir, &logins(&app.db), &arguments)
    };
    let file = repository().join("deploy/town.sample.json");
    let installed = said(admin(&[
        "create-jurisdiction",
        "--file",
        file.to_str().expect("a path"),
    ]));
    assert!(installed.contains(SAMPLE), "{installed}");

    let made = add_person(&app, "direction", &["--role", "admin"], "");
    assert!(made.contains("shown only now"), "{made}");
    let supervisor = ["--role", "supervisor", "--locale", "en", "--password-stdin"];
    add_person(&app, "responsable", &supervisor, &format!("{PASSWORD}\n"));
    let agent = ["--role", "crew", "--crew", "voirie-1", "--pin-stdin"];
    let made = add_person(&app, "agent", &agent, &format!("{PIN}\n"));
    assert!(!made.contains("password"), "a PIN is enough on a tablet: {made}");

    let code = |by: &str| {
        let tablet = [
            "create-device-code",
            "--town",
            SAMPLE,
            "--crew",
            "voirie-1",
            "--name",
            "Camion 1",
            "--by",
            by,
        ];
        admin(&tablet)
    };
    let stranger = code("nobody@sainte-vigie.example").output().expect("the program");
    assert!(!stranger.status.success(), "somebody answers for a tablet");
    let told = said(code("responsable@sainte-vigie.example"));
    let code = told.trim().rsplit(' ').next().expect("a code");
    works_on_a_tablet(&app, code).await;

    let signed_in = json!({"email": "responsable@sainte-vigie.example", "password": PASSWORD});
    let pair = app.anyone().send("/v1/auth/sign-in", signed_in).await.expect(200);
    let person = app.anyone().with_token(pair["access_token"].as_str().expect("a token"));
    assert_eq!(person.get("/v1/me").send().await.expect(200)["locale"], "en");
    let report = json!({"category": "nid-de-poule", "position": {"type": "Point", "coordinates": [-5.02, 46.04]}});
    app.anyone().send("/v1/reports", report).await.expect(201);
}

/// Enrols a tablet with its code and signs the crew's agent in on it.
async fn works_on_a_tablet(app: &TestApp, code: &str) {
    let tablet = json!({"code": code});
    let tablet = app.anyone().send("/v1/devices/enrol", tablet).await.expect(201);
    let secret = tablet["device_secret"].as_str().expect("a secret");
    let agents = app.anyone().get("/v1/devices/agents").header("X-Device-Secret", secret);
    let agents = agents.send().await.expect(200);
    let pin = json!({"device_id": tablet["device_id"], "device_secret": secret,
        "staff_user_id": agents["agents"][0]["id"], "pin": PIN});
    let pair = app.anyone().send("/v1/auth/pin", pin).await.expect(200);
    let agent = app.anyone().with_token(pair["access_token"].as_str().expect("a token"));
    let me = agent.get("/v1/me").send().await.expect(200);
    assert_eq!(me["jurisdiction"]["slug"], SAMPLE, "{me}");
}

/// Contact data outlive the key that they were sealed under: rotate, read, rewrap, read.
#[tokio::test]
async fn keys_are_rotated_and_contact_data_stay_readable() {
    let app = TestApp::start().await;
    let report = json!({
        "category": "pothole",
        "position": app.town.point(0.0, 0.0),
        "contact": {"email": "camille@example.test", "preferred": "email"},
    });
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    let id = told["id"].as_str().expect("an id");
    let settings: Vec<_> = logins(&app.db).into();
    let data = &app.app.config.data_dir;
    let before = KeyRing::load(&KeyRing::path(data)).expect("keys");
    for which in ["vault", "tokens"] {
        let rotated = said(vigie(data, &settings, &["admin", "rotate-keys", which]));
        assert!(rotated.contains("restart"), "{rotated}");
    }
    let after = KeyRing::load(&KeyRing::path(data)).expect("keys");
    assert_eq!((after.vault.len(), after.tokens.len()), (2, 2));
    assert_eq!(after.vault[1].id, before.vault[0].id, "the old key stays for reading");

    // The server of before the rotation reads on; one that started since reads what the old key sealed.
    let desk = app.staff(Role::FrontDesk).await;
    let reveal = |person: &vigie_tests::people::Person| {
        let request = person.post(&format!("/v1/reports/{id}/contact"));
        request.json(&json!({"purpose": "follow_up"})).send()
    };
    assert_eq!(reveal(&desk).await.expect(200)["email"], "camille@example.test");
    let started_since = app.second_process();
    let there = started_since.instead(&desk);
    assert_eq!(reveal(&there).await.expect(200)["email"], "camille@example.test");

    let rewrapped = said(vigie(data, &settings, &["admin", "rewrap"]));
    assert!(rewrapped.contains(": 1 key(s)"), "{rewrapped}");
    let again = said(vigie(data, &settings, &["admin", "rewrap"]));
    assert!(again.contains(": 0 key(s)"), "nothing is left to do: {again}");
    assert_eq!(reveal(&there).await.expect(200)["email"], "camille@example.test");
}

/// `make demo-reset` takes away what `vigie run` made, and never a town's keys and photos.
#[test]
fn demo_reset_leaves_a_towns_folder_alone() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("vigie");
    let reset = || {
        let script = repository().join("scripts/clean-var.sh");
        let output = Command::new(script).env("VIGIE_DATA_DIR", &folder).output();
        output.expect("the script").status.success()
    };
    assert!(reset(), "nothing is there, nothing is to be done");
    let keys = KeyRing::path(&folder);
    KeyRing::load_or_create(&keys, Utc::now()).expect("keys");
    assert!(!reset() && keys.exists(), "a town's folder");
    std::fs::create_dir(folder.join("postgres")).expect("as of vigie run");
    assert!(reset() && !folder.exists(), "a folder of vigie run");
}

/// With `DATABASE_URL` alone `vigie run` migrates that database, makes the two other logins and serves.
#[tokio::test]
async fn run_uses_the_database_that_it_is_given() {
    let (db, data) = (TestDb::empty(), tempfile::tempdir().expect("a folder"));
    let settings = [
        ("DATABASE_URL", db.admin_url()),
        ("VIGIE_LISTEN", "127.0.0.1:0".to_owned()),
        ("VIGIE_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
        // Reachable from outside as far as it knows: no demo with printed passwords is made.
        ("VIGIE_PUBLIC_URL", "http://vigie.test".to_owned()),
        ("VIGIE_LOG", "info".to_owned()),
    ];
    // A town is there, so that no demo is made.
    said(vigie(data.path(), &settings, &["migrate"]));
    Town::install(&mut db.admin().await, 0).await;
    let running = Process::start("vigie run", &vigie(data.path(), &settings, &["run"]), Talks::Stdout);
    running.await_line(|line| line.contains("Vigie is ready").then_some(()));
    assert!(!data.path().join("postgres").exists(), "no private PostgreSQL");
    assert!(
        data.path().join("run.json").exists(),
        "other commands find the database"
    );
    // Commands beside it need no setting but the data folder.
    let exported = said(vigie(data.path(), &[], &["admin", "export-town", "--town", "large-0"]));
    assert!(exported.contains("large-0"));
}

/// The API's process never has the owner's login: `DATABASE_URL` alone is not enough, and it says what is.
#[tokio::test]
async fn serve_asks_for_the_logins_that_it_needs() {
    let (db, data) = (TestDb::new(), data_folder());
    let settings = [
        ("DATABASE_URL", db.admin_url()),
        ("VIGIE_LISTEN", "127.0.0.1:0".to_owned()),
        ("VIGIE_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let refused = vigie(data.path(), &settings, &["serve"]).output().expect("the program");
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && why.contains("VIGIE_APP_DATABASE_URL"),
        "{why}"
    );
}
