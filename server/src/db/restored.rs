//! After a restore into another cluster: the change log names transactions that this cluster has not counted yet. Whoever reads
//! it stops where transactions are still open, and would see none of these changes until the count has caught up, months later.
//!
//! Such changes get a place before every transaction of this cluster. Their order among each other stays that of their numbers;
//! nobody is in the middle of them, because cursors are of another log ([`super::change_log::identity`]) and the projection goes
//! through all of them once more.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::roles::OWNER;
use super::schema::jurisdiction;

/// What is committed was counted: in its own cluster no change is ahead.
const AHEAD: &str = "SELECT EXISTS (SELECT FROM change WHERE jurisdiction_id = $1 \
     AND txid >= pg_snapshot_xmax(pg_current_snapshot())) AS yes";
/// The first number that any cluster gives to a transaction is higher.
const PLACE_FIRST: &str = "UPDATE change SET txid = '1' WHERE jurisdiction_id = $1 \
     AND txid >= pg_snapshot_xmax(pg_current_snapshot())";
const PROJECT_ANEW: &str = "UPDATE projection_state SET txid = '0', change_id = 0 WHERE jurisdiction_id = $1";

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Gives changes of transactions that are still to come their place. Returns how many there were: none unless the database was
/// restored into another cluster since the last time.
///
/// # Errors
/// When the login cannot act as the owner.
pub async fn adopt_log(conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    conn.transaction(async |conn| adopt(conn).await).await
}

async fn adopt(conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    conn.batch_execute(&format!(
        "SET LOCAL ROLE {OWNER}; SELECT pg_advisory_xact_lock(hashtextextended('vigie migrate', 0))"
    ))
    .await?;
    let towns: Vec<i32> = jurisdiction::table.select(jurisdiction::id).load(conn).await?;
    let mut ahead = Vec::new();
    for town in towns {
        enter(conn, town).await?;
        let asked = diesel::sql_query(AHEAD).bind::<Integer, _>(town);
        let answer: Answer = asked.get_result(conn).await?;
        if answer.yes {
            ahead.push(town);
        }
    }
    if ahead.is_empty() {
        return Ok(0);
    }
    // The log is append-only; its numbers are no part of what it says.
    conn.batch_execute("ALTER TABLE change DISABLE TRIGGER change_append_only")
        .await?;
    let mut placed = 0;
    for town in ahead {
        enter(conn, town).await?;
        let changes = diesel::sql_query(PLACE_FIRST).bind::<Integer, _>(town);
        placed += changes.execute(conn).await?;
        let projection = diesel::sql_query(PROJECT_ANEW).bind::<Integer, _>(town);
        projection.execute(conn).await?;
    }
    conn.batch_execute("ALTER TABLE change ENABLE TRIGGER change_append_only")
        .await?;
    Ok(placed)
}

/// Row level security holds the owner too.
async fn enter(conn: &mut AsyncPgConnection, town: i32) -> QueryResult<()> {
    conn.batch_execute(&format!("SET LOCAL vigie.jurisdiction = {town}"))
        .await
}
