//! The logins of the cluster: the owner of the tables, the application, the vault; and the public's role.
//!
//! Made outside the migrations, because roles belong to the cluster while a migration belongs to a database (tests clone
//! databases side by side).

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// Owns every table; nobody signs in as it.
pub const OWNER: &str = "vigie_owner";
/// The application's login; row level security holds it.
pub const APP: &str = "vigie_app";
/// The vault's login: reads contact data and nothing else.
pub const VAULT: &str = "vigie_vault";

/// Reads what is public and nothing else. Nobody signs in as it: the application takes it on for one transaction.
pub const PUBLIC: &str = "vigie_public";

/// Passwords of the two logins; `None` where the socket already says who may come in.
#[derive(Clone, Default)]
pub struct Passwords {
    /// Of [`APP`].
    pub app: Option<String>,
    /// Of [`VAULT`].
    pub vault: Option<String>,
}

/// Makes the roles where they are missing and sets their passwords; harmless to repeat.
///
/// # Errors
/// When the login that asks may not make roles.
pub async fn ensure(conn: &mut AsyncPgConnection, passwords: &Passwords) -> diesel::QueryResult<()> {
    // Two installations may start at once on one cluster; the lock is of the transaction and the database.
    let mut sql = String::from("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('vigie roles', 0));");
    for (role, attributes) in [
        (OWNER, "NOLOGIN"),
        (APP, "LOGIN"),
        (VAULT, "LOGIN"),
        (PUBLIC, "NOLOGIN"),
    ] {
        sql += &format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN \
             BEGIN CREATE ROLE {role} {attributes} NOSUPERUSER NOBYPASSRLS; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END IF; END $$;"
        );
    }
    for (role, password) in [(APP, &passwords.app), (VAULT, &passwords.vault)] {
        if let Some(password) = password {
            sql += &format!("ALTER ROLE {role} PASSWORD '{}';", password.replace('\'', "''"));
        }
    }
    sql += &format!("GRANT {PUBLIC} TO {APP}; COMMIT;");
    conn.batch_execute(&sql).await
}

/// Lets the owner work in this database and the migrating login act as the owner.
///
/// From PostgreSQL 16 on a login that may make roles is a member of those it made, but may not act as them before it grants
/// itself that too. Older versions know no such difference, and no such word.
///
/// # Errors
/// When the login that asks may not.
pub async fn prepare_database(conn: &mut AsyncPgConnection) -> diesel::QueryResult<()> {
    conn.batch_execute(&format!(
        "CREATE EXTENSION IF NOT EXISTS postgis; \
         DO $$ BEGIN IF NOT pg_has_role(current_user, '{OWNER}', \
         CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN \
         EXECUTE format('GRANT {OWNER} TO %I', current_user); END IF; END $$; \
         DO $$ BEGIN EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO {OWNER}', current_database()); END $$; \
         GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}; \
         GRANT USAGE ON SCHEMA public TO {APP}, {VAULT}, {PUBLIC};"
    ))
    .await
}

/// Makes a database where it is missing, over a connection to another one of the cluster.
///
/// # Errors
/// When the login that asks may not.
pub async fn ensure_database(conn: &mut AsyncPgConnection, name: &str) -> diesel::QueryResult<()> {
    let made = conn
        .batch_execute(&format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\"")))
        .await;
    match made {
        // CREATE DATABASE knows no IF NOT EXISTS.
        Err(error) if error.to_string().contains("already exists") => Ok(()),
        other => other,
    }
}
