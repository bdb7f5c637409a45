//! Brings a database to this program's schema: roles, extension, then the migrations, all repeatable.

use std::collections::HashSet;

use anyhow::{Context, bail};
use diesel::QueryableByName;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::connect;
use super::{restored, roles};
use crate::http::problem::Problem;

/// The migrations, built into the program.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Migrates a database with a login that may make roles and extensions. Returns the names of the migrations it ran.
///
/// Blocks its thread while the migrations run, so it needs a multi-thread runtime.
///
/// # Errors
/// When the database is away, or the login lacks a right.
pub async fn up(owner_url: &str, passwords: &roles::Passwords) -> anyhow::Result<Vec<String>> {
    let mut conn = connect(owner_url).await.context("connecting as the owner")?;
    roles::ensure(&mut conn, passwords).await.context("making the roles")?;
    roles::prepare_database(&mut conn)
        .await
        .context("preparing the database")?;
    with_harness(conn, |harness| {
        let run = harness
            .run_pending_migrations(MIGRATIONS)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(run.iter().map(ToString::to_string).collect())
    })
    .await
}

/// After [`up`]: makes the change log of a database that was restored into another cluster readable there. Returns how many
/// changes it was about.
///
/// # Errors
/// When the database is away, or the login lacks a right.
pub async fn adopt_restored(owner_url: &str) -> anyhow::Result<usize> {
    let mut conn = connect(owner_url).await.context("connecting as the owner")?;
    let placed = restored::adopt_log(&mut conn).await;
    placed.context("giving the changes of another cluster their place")
}

/// Runs the next migration alone, on a database that [`up`] prepared or the same roles were made for; returns its version,
/// and `None` when there is none left. With [`step_down`] for the test that proves each `down.sql`.
///
/// # Errors
/// When it fails.
pub async fn step_up(owner_url: &str) -> anyhow::Result<Option<String>> {
    with_harness(connect(owner_url).await?, |harness| {
        let fault = |error| anyhow::anyhow!("{error}");
        if !harness.has_pending_migration(MIGRATIONS).map_err(fault)? {
            return Ok(None);
        }
        let ran = harness.run_next_migration(MIGRATIONS).map_err(fault)?;
        Ok(Some(ran.to_string()))
    })
    .await
}

/// Takes the latest migration back.
///
/// # Errors
/// When it fails, or there is none.
pub async fn step_down(owner_url: &str) -> anyhow::Result<()> {
    with_harness(connect(owner_url).await?, |harness| {
        let taken = harness.revert_last_migration(MIGRATIONS);
        taken.map(|_| ()).map_err(|error| anyhow::anyhow!("{error}"))
    })
    .await
}

#[derive(QueryableByName)]
struct Ran {
    #[diesel(sql_type = Text)]
    version: String,
}

/// The migrations of this program that a database lacks, oldest first; the application's login may ask. One that has more
/// than this program knows lacks nothing: while servers are replaced one by one, the old ones go on.
///
/// # Errors
/// When the database is away.
pub async fn lacking(conn: &mut AsyncPgConnection) -> Result<Vec<String>, Problem> {
    let asked = diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load::<Ran>(conn);
    let ran: Vec<Ran> = match asked.await {
        Ok(ran) => ran,
        // Nobody ever migrated it.
        Err(Error::DatabaseError(_, info)) if info.message().contains("does not exist") => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let ran: HashSet<String> = ran.into_iter().map(|row| row.version).collect();
    let ours = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(Problem::internal)?;
    let left = ours
        .iter()
        .filter(|migration| !ran.contains(&migration.name().version().to_string()));
    let mut names: Vec<String> = left.map(|migration| migration.name().to_string()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Refuses a database that lacks migrations of this program: asked when a server or a worker starts.
///
/// # Errors
/// What lacks and what to do, in words for the operator.
pub async fn require_current(conn: &mut AsyncPgConnection) -> anyhow::Result<()> {
    let lacking = lacking(conn).await?;
    if lacking.is_empty() {
        return Ok(());
    }
    bail!(
        "the database lacks {} migration(s) of this program ({}): run `vigie migrate` first, with the owner's login",
        lacking.len(),
        lacking.join(", ")
    )
}

async fn with_harness<T>(
    mut conn: AsyncPgConnection,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // Tables belong to the owner whoever runs the migrations; two servers that start at once take turns.
    conn.batch_execute(&format!(
        "SET ROLE {}; SELECT pg_advisory_lock(hashtextextended('vigie migrate', 0))",
        roles::OWNER
    ))
    .await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    work(&mut harness)
}
