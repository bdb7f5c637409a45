//! A backup comes back as deploy/README.md says, with another database in place of another machine.

use std::process::Command;

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use vigie::app::App;
use vigie::projection;
use vigie_tests::cluster::cluster;
use vigie_tests::database::{TestDb, number};
use vigie_tests::server::TestApp;
use vigie_tests::town::Role;

use crate::operator::{logins, said, vigie};

/// Changes whose transactions this cluster has not counted yet.
const AHEAD: &str = "SELECT count(*) AS value FROM change WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())";
const PUBLIC: &str = "SELECT count(*) AS value FROM public_alert";

/// As if the backup were of a cluster that had counted further, and the last changes not projected yet.
const OF_AN_OLDER_CLUSTER: &str = "SET session_replication_role = replica; \
    UPDATE change SET txid = (txid::text::bigint + 1000000000000)::text::xid8; \
    UPDATE projection_state SET txid = (txid::text::bigint + 1000000000000)::text::xid8; \
    DELETE FROM public_alert; RESET session_replication_role";

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn back_up_and_restore(from: &TestDb, to: &TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("database");
    let mut dump = cluster().program("pg_dump");
    dump.args(["--format=custom", "--dbname", &from.admin_url(), "--file"]);
    run(dump.arg(&file));
    let mut restore = cluster().program("pg_restore");
    restore.args(["--exit-on-error", "--dbname", &to.admin_url()]);
    run(restore.arg(&file));
}

/// The change log is readable again after `vigie migrate`, once, and append-only as before.
async fn is_adopted(app: &TestApp, restored: &TestDb) {
    let mut admin = restored.admin().await;
    admin.batch_execute(OF_AN_OLDER_CLUSTER).await.expect("another log");
    assert!(number(&mut admin, AHEAD).await > 0);
    let mut settings = logins(restored).to_vec();
    settings.push(("DATABASE_URL", restored.admin_url()));
    let migrate = || said(vigie(&app.app.config.data_dir, &settings, &["migrate"]));
    let told = migrate();
    assert!(told.contains("restored from another cluster"), "{told}");
    let told = migrate();
    assert!(!told.contains("restored"), "there is nothing left to do: {told}");
    assert_eq!(number(&mut admin, AHEAD).await, 0);
    let rewritten = admin.batch_execute("UPDATE change SET txid = '1'").await;
    let refused = rewritten.expect_err("the log is append-only").to_string();
    assert!(refused.contains("append-only"), "{refused}");
}

/// What the public sees is made from the log, and nothing of it was there any more.
async fn is_projected(app: &TestApp, restored: &TestDb) {
    let mut config = (*app.app.config).clone();
    config.database.app_url = Some(restored.app_url().into());
    config.database.vault_url = Some(restored.vault_url().into());
    let there = App::build(config).expect("the application");
    projection::advance(&there, app.town.id).await.expect("the log");
    assert_eq!(number(&mut restored.admin().await, PUBLIC).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_comes_back_with_contacts_and_a_log_that_can_be_read() {
    let app = TestApp::start().await;
    let report = json!({
        "category": "pothole",
        "position": app.town.point(0.0, 0.0),
        "contact": {"email": "camille@example.test", "preferred": "email"},
    });
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    app.run_due(Utc::now()).await;
    let (desk, crew) = (app.staff(Role::FrontDesk).await, app.staff(Role::Crew).await);
    let before = crew.get("/v1/sync").send().await.expect(200);

    let restored = TestDb::empty();
    back_up_and_restore(&app.db, &restored);
    is_adopted(&app, &restored).await;
    is_projected(&app, &restored).await;

    let server = app.second_process_on(&restored);
    let contact = format!("/v1/reports/{}/contact", told["id"].as_str().expect("an id"));
    let reveal = server.instead(&desk).post(&contact);
    let revealed = reveal.json(&json!({"purpose": "follow_up"})).send().await.expect(200);
    assert_eq!(revealed["email"], "camille@example.test");
    // What a tablet saw of the other log leads nowhere here, even on the same cluster.
    let since = format!("/v1/sync?cursor={}", before["cursor"].as_str().expect("a cursor"));
    let after = server.instead(&crew).get(&since).send().await.expect(200);
    assert_eq!(after["reset"], true, "{after}");
}
