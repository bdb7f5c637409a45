//! Brings a database to this program's schema: roles, extension, then the migrations, all repeatable.

use anyhow::Context;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::connect;
use super::{restored, roles};

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

/// Takes every migration back, newest first: for the test that proves each `down.sql`.
///
/// # Errors
/// When one of them fails.
pub async fn down(owner_url: &str) -> anyhow::Result<()> {
    let conn = connect(owner_url).await?;
    with_harness(conn, |harness| {
        harness
            .revert_all_migrations(MIGRATIONS)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(())
    })
    .await
}

/// Whether the schema is this program's: asked at start and by `/readyz`.
///
/// # Errors
/// When the database is away or was never migrated.
pub async fn is_current(owner_or_app: AsyncPgConnection) -> anyhow::Result<bool> {
    with_harness(owner_or_app, |harness| {
        harness
            .has_pending_migration(MIGRATIONS)
            .map(|pending| !pending)
            .map_err(|error| anyhow::anyhow!("{error}"))
    })
    .await
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
