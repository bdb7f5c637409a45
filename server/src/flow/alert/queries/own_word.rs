//! SQL of what the authors of reports say of alerts once they are asked.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::TownId;
use crate::http::problem::Problem;

/// The condition in SQL that the author of a report that one of two alerts has says that it is the other one.
macro_rules! said_same_sql {
    ($town:literal, $one:literal, $other:literal) => {
        concat!(
            "EXISTS (SELECT FROM verdict w \
               JOIN report s ON s.jurisdiction_id = w.jurisdiction_id AND s.id = w.report_id \
             WHERE w.jurisdiction_id = ",
            $town,
            " AND w.same AND w.by_user IS NULL \
               AND ((w.alert_id = ",
            $one,
            " AND s.alert_id = ",
            $other,
            ") OR (w.alert_id = ",
            $other,
            " AND s.alert_id = ",
            $one,
            ")))"
        )
    };
}
pub(crate) use said_same_sql;

/// The latest word on a report and an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct LastWord {
    /// Whether it is the same thing.
    #[diesel(sql_type = Bool)]
    pub same: bool,
    /// Said by staff, not by the author.
    #[diesel(sql_type = Bool)]
    pub by_staff: bool,
}

/// The latest word on whether a report is the same thing as an alert, which may have gone by two ids; one of an operation that
/// was undone does not count.
///
/// # Errors
/// When the database refuses.
pub async fn last_word(
    conn: &AsyncPgConnection,
    town: TownId,
    report: Uuid,
    alert: [Uuid; 2],
) -> Result<Option<LastWord>, Problem> {
    let latest = "SELECT v.same, v.by_user IS NOT NULL AS by_staff FROM verdict v \
         WHERE v.jurisdiction_id = $1 AND v.report_id = $2 AND v.alert_id = ANY ($3) \
           AND NOT EXISTS (SELECT FROM alert_operation u \
             WHERE u.jurisdiction_id = v.jurisdiction_id AND u.undoes = v.operation_id) \
         ORDER BY v.at DESC, v.id DESC LIMIT 1";
    let found = diesel::sql_query(latest)
        .bind::<Integer, _>(town.0)
        .bind::<SqlUuid, _>(report)
        .bind::<Array<SqlUuid>, _>(alert.to_vec())
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Whether an author says that two alerts are the same thing.
///
/// # Errors
/// When the database refuses.
pub async fn said_same(conn: &AsyncPgConnection, town: TownId, (one, other): (Uuid, Uuid)) -> Result<bool, Problem> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        said: bool,
    }
    let row: Row = diesel::sql_query(concat!("SELECT ", said_same_sql!("$1", "$2", "$3"), " AS said"))
        .bind::<Integer, _>(town.0)
        .bind::<SqlUuid, _>(one)
        .bind::<SqlUuid, _>(other)
        .get_result(&mut &*conn)
        .await?;
    Ok(row.said)
}
