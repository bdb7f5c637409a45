//! The database: pools, transactions bound to a town, and what SQL of ours diesel does not know.

pub mod change_log;
pub mod connect;
pub mod directory;
pub mod embedded;
pub mod functions;
pub mod held;
mod joins;
pub mod migrate;
pub mod notify;
pub mod restored;
pub mod roles;
pub mod schema;
pub mod space;
pub mod window;

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use self::held::Held;
use crate::http::problem::Problem;

/// A town's number in the database, first part of nearly every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TownId(pub i32);

type PooledConn = Object<AsyncPgConnection>;

/// How long a request waits for a connection before it hears "unavailable".
const WAIT: Duration = Duration::from_millis(1_800);

/// First word of a transaction.
const BEGIN: &str = "BEGIN";

/// Lets the transaction's statements be planned once for each connection.
const PLAN_ONCE: &str = "SET LOCAL plan_cache_mode = 'force_generic_plan'";

/// Set on every connection: no statement or lock is waited for without end, so that a fault elsewhere is an answer here.
const SESSION: &str = "SET statement_timeout = '15s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET TimeZone = 'UTC'";

/// The two pools: the application's own, and the vault's small one.
#[derive(Clone)]
pub struct Db {
    app: Pool<AsyncPgConnection>,
    vault: Pool<AsyncPgConnection>,
}

impl Db {
    /// Pools over two logins. No connection is made yet.
    ///
    /// Throughput peaks at 8 to 32 connections and falls beyond: the rest queues here, not in PostgreSQL.
    ///
    /// # Errors
    /// When a pool cannot be built.
    pub fn new(app_url: &str, vault_url: &str, size: usize) -> anyhow::Result<Self> {
        Ok(Self {
            app: pool(app_url, size)?,
            vault: pool(vault_url, 2)?,
        })
    }

    /// A connection with the application's rights, outside any transaction: for what belongs to no town.
    ///
    /// # Errors
    /// `unavailable` when none is had in time.
    pub async fn conn(&self) -> Result<Conn, Problem> {
        let held = Held::ask();
        let conn = greeted(&self.app, "SELECT 1").await?;
        Ok(Conn { conn, _held: held })
    }

    /// Begins a transaction for one town: row level security shows that town's rows only.
    ///
    /// # Errors
    /// `unavailable` when no connection is had in time.
    pub async fn begin(&self, town: TownId) -> Result<Tx, Problem> {
        Tx::begin(&self.app, town, "").await
    }

    /// The same for a transaction whose statements are few, always the same and found by key: they are planned once for
    /// each connection. Planning a submit's anew costs more than running them.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_planned(&self, town: TownId) -> Result<Tx, Problem> {
        Tx::begin(&self.app, town, &format!("; {PLAN_ONCE}")).await
    }

    /// The same with the public's rights: what is public can be read, and nothing else.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_public(&self, town: TownId) -> Result<Tx, Problem> {
        Tx::begin(
            &self.app,
            town,
            &format!("; SET LOCAL ROLE {}; {PLAN_ONCE}", roles::PUBLIC),
        )
        .await
    }

    /// The same with the vault's rights: contact data can be read, and nothing else.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_vault(&self, town: TownId) -> Result<Tx, Problem> {
        Tx::begin(&self.vault, town, "").await
    }
}

fn pool(url: &str, size: usize) -> anyhow::Result<Pool<AsyncPgConnection>> {
    let mut config = ManagerConfig::default();
    // Asking first whether a connection still works would be one more round trip: whoever takes it says something anyway.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(|url| establish(url.to_owned()).boxed());
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    Ok(Pool::builder(manager).max_size(size).build()?)
}

async fn establish(url: String) -> diesel::ConnectionResult<AsyncPgConnection> {
    let mut conn = connect::connect(&url).await?;
    conn.batch_execute(SESSION)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// A connection that answered `greeting`. One that does not, as after a restart of the database, leaves the pool for good,
/// and the next is tried.
async fn greeted(pool: &Pool<AsyncPgConnection>, greeting: &str) -> Result<PooledConn, Problem> {
    let found = async {
        // Every pooled connection may be stale, a fresh one is not.
        for _ in 0..=pool.status().max_size {
            let mut conn = pool.get().await.map_err(Problem::unavailable)?;
            match say(&mut conn, greeting).await {
                Ok(()) => return Ok(conn),
                Err(error) => tracing::debug!(%error, "a pooled connection is of no use any more"),
            }
            drop(Object::take(conn));
        }
        Err(Problem::unavailable("no database connection answers"))
    };
    match tokio::time::timeout(WAIT, found).await {
        Ok(found) => found,
        Err(_) => Err(Problem::unavailable("no database connection became free in time")),
    }
}

/// Begins a transaction where the words say so, so that the driver knows of it.
async fn say(conn: &mut AsyncPgConnection, words: &str) -> diesel::QueryResult<()> {
    if words.starts_with(BEGIN) {
        AnsiTransactionManager::begin_transaction_sql(conn, words).await
    } else {
        conn.batch_execute(words).await
    }
}

/// A connection outside any transaction; goes back to its pool with this value.
pub struct Conn {
    conn: PooledConn,
    _held: Held,
}

impl Deref for Conn {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.conn
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.conn
    }
}

/// A transaction for one town. Nothing stays of it unless [`Tx::commit`] returned `Ok`.
pub struct Tx {
    /// `None` only after commit.
    conn: Option<PooledConn>,
    town: TownId,
    _held: Held,
}

impl Tx {
    async fn begin(pool: &Pool<AsyncPgConnection>, town: TownId, more: &str) -> Result<Self, Problem> {
        // One round trip; the third argument binds the setting to the transaction, so that no pooled connection carries
        // a town over to the next request.
        let sql = format!("{BEGIN}; SET LOCAL vigie.jurisdiction = {}{more}", town.0);
        let held = Held::ask();
        let conn = greeted(pool, &sql).await?;
        Ok(Self {
            conn: Some(conn),
            town,
            _held: held,
        })
    }

    /// The town whose rows it sees.
    #[must_use]
    pub const fn town(&self) -> TownId {
        self.town
    }

    /// From here on its statements are planned once for each connection, as with [`Db::begin_planned`]. Sent together with
    /// the next statement it costs no round trip.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn plan_once(&self) -> Result<(), Problem> {
        let mut conn: &AsyncPgConnection = self;
        Ok(conn.batch_execute(PLAN_ONCE).await?)
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// When the database could not commit; nothing stays then.
    pub async fn commit(mut self) -> Result<(), Problem> {
        if let Some(mut conn) = self.conn.take() {
            AnsiTransactionManager::commit_transaction(&mut *conn).await?;
        }
        Ok(())
    }

    /// Takes everything back, at once.
    ///
    /// # Errors
    /// When the connection is lost; nothing stays then either.
    pub async fn rollback(mut self) -> Result<(), Problem> {
        if let Some(mut conn) = self.conn.take() {
            AnsiTransactionManager::rollback_transaction(&mut *conn).await?;
        }
        Ok(())
    }
}

impl Drop for Tx {
    /// An error or a client that went away: rolls back in the background, so that the connection goes back clean.
    fn drop(&mut self) {
        if let Some(mut conn) = self.conn.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = AnsiTransactionManager::rollback_transaction(&mut *conn).await {
                    tracing::debug!(%error, "roll-back failed; the pool drops the connection");
                }
            });
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "the connection leaves only in commit, which consumes the transaction"
)]
impl Deref for Tx {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.conn.as_deref().expect("a transaction holds its connection")
    }
}

#[expect(
    clippy::expect_used,
    reason = "the connection leaves only in commit, which consumes the transaction"
)]
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.conn.as_deref_mut().expect("a transaction holds its connection")
    }
}
