//! TLS to PostgreSQL: every connection that Vigie makes asks for it as its URL says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::{Notify, watch};
use vigie::db::connect::connect;
use vigie::db::{Db, TownId, migrate, notify, roles};
use vigie_tests::database::number;
use vigie_tests::secured::Secured;

const ENCRYPTED: &str = "SELECT count(*) AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";

async fn refused(url: &str) -> String {
    match connect(url).await {
        Ok(_) => panic!("{url} is connected to"),
        Err(error) => error.to_string(),
    }
}

async fn is_encrypted(conn: &mut AsyncPgConnection) -> bool {
    number(conn, ENCRYPTED).await == 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_to_the_database_is_as_safe_as_its_url_says() {
    let server = Secured::start();
    let verified = format!("sslmode=verify-full&sslrootcert={}", server.authority().display());
    who_is_trusted(&server, &verified).await;
    everything_of_vigie_connects(&server, &verified).await;
}

async fn who_is_trusted(server: &Secured, verified: &str) {
    for (host, parameters) in [
        ("localhost", verified),
        ("localhost", "sslmode=require"),
        // Of that name the certificate is not, and nobody asked.
        ("127.0.0.1", "sslmode=require"),
        ("127.0.0.1", "sslmode=prefer"),
        ("127.0.0.1", ""),
    ] {
        let mut conn = connect(&server.admin_url(host, parameters)).await.expect(parameters);
        assert!(is_encrypted(&mut conn).await, "{host} {parameters}");
    }
    let plain = refused(&server.admin_url("localhost", "sslmode=disable")).await;
    assert!(plain.contains("no encryption") || plain.contains("pg_hba"), "{plain}");
    let other_name = refused(&server.admin_url("127.0.0.1", verified)).await;
    assert!(other_name.contains("not valid for name"), "{other_name}");
    let stranger = format!("sslmode=verify-full&sslrootcert={}", server.stranger().display());
    let unknown = refused(&server.admin_url("localhost", &stranger)).await;
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
    // Without a file the authorities that browsers know count, and a town's own is none of them.
    let unknown = refused(&server.admin_url("localhost", "sslmode=verify-full")).await;
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
}

/// Migrations, both pools and the connection that listens.
async fn everything_of_vigie_connects(server: &Secured, verified: &str) {
    let owner = server.admin_url("localhost", verified);
    let run = migrate::up(&owner, &roles::Passwords::default())
        .await
        .expect("migrations");
    assert!(!run.is_empty());
    let login = |role: &str| server.url(role, "localhost", verified);
    let db = Db::new(&login(roles::APP), &login(roles::VAULT), 2).expect("pools");
    assert!(is_encrypted(&mut db.conn().await.expect("the application's login")).await);
    assert!(is_encrypted(&mut db.begin_vault(TownId(1)).await.expect("the vault's login")).await);
    let woken = Arc::new(Notify::new());
    let (stop, stopped) = watch::channel(false);
    let listener = tokio::spawn(notify::listen(login(roles::APP), woken.clone(), stopped));
    // Once when it begins to listen, once for what was said.
    for _ in 0..2 {
        let heard = tokio::time::timeout(Duration::from_secs(60), woken.notified()).await;
        heard.expect("a wake-up over TLS");
        db.conn()
            .await
            .expect("a connection")
            .batch_execute("NOTIFY vigie_job")
            .await
            .expect("said");
    }
    let began = Instant::now();
    stop.send(true).expect("it listens");
    listener.await.expect("it ends");
    assert!(began.elapsed() < Duration::from_secs(60));
}
