//! Lists of what lies in a part of the map.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Timestamptz};
use geo_dedup::cell::CellRange;

use super::TownId;

/// Most places (cells of resolution 15, as numbered) of a window: four cells of resolution 8, about 3 km². A larger part of
/// a city holds so many alerts that its newest are better found by following the queue.
const LARGEST: i64 = 4 * 8_i64.pow(7);

/// Which rows of a window are read; the table has the columns that are named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of them.
    All,
    /// Those that are `open`.
    Open,
    /// Those that are not.
    Closed,
    /// Those that are `open`, and those whose `closed_at` is later than this.
    OpenOrClosedSince(DateTime<Utc>),
}

impl Rows {
    /// As conditions; the rows of each come from an index of their own.
    const fn conditions(&self) -> &'static [&'static str] {
        match self {
            Self::All => &[""],
            Self::Open => &[" AND open"],
            Self::Closed => &[" AND NOT open"],
            Self::OpenOrClosedSince(_) => &[" AND open", " AND NOT open AND closed_at > "],
        }
    }
}

/// A part of the map, of one town.
#[derive(Clone, Debug)]
pub struct Window {
    table: &'static str,
    town: TownId,
    rows: Rows,
    first: Vec<i64>,
    last: Vec<i64>,
}

/// Whether ranges are few places enough for a window.
#[must_use]
pub fn is_small(ranges: &[CellRange]) -> bool {
    ranges.iter().map(|range| range.last - range.first).sum::<i64>() <= LARGEST
}

impl Window {
    /// What lies in these ranges of stored cells, of a table with the columns `jurisdiction_id` and `h3_15`.
    #[must_use]
    pub fn of(table: &'static str, town: TownId, rows: Rows, ranges: &[CellRange]) -> Self {
        let (first, last) = ranges.iter().map(|range| (range.first, range.last)).unzip();
        Self {
            table,
            town,
            rows,
            first,
            last,
        }
    }
}

/// A query on a table of alerts, of everywhere or of a window.
///
/// A window stands under the table's own name: the query reads it as if it were the table. Each range is one look into the
/// index by place; a chain of conditions costs more to plan, anew for every list, than to run. `OFFSET 0` keeps the planner
/// from turning the two around: no order and no other index leads it astray, so one plan serves every window.
#[derive(Clone, Debug)]
pub struct Within<'a, Q> {
    /// The part of the map; `None`: everywhere.
    pub window: Option<&'a Window>,
    /// What is read of it.
    pub query: Q,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Within<'_, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if let Some(window) = self.window {
            out.push_sql("WITH ");
            out.push_sql(window.table);
            out.push_sql(" AS (SELECT found.* FROM unnest(");
            out.push_bind_param::<Array<BigInt>, _>(&window.first)?;
            out.push_sql("::bigint[], ");
            out.push_bind_param::<Array<BigInt>, _>(&window.last)?;
            out.push_sql("::bigint[]) AS part (first, last) CROSS JOIN LATERAL (");
            for (place, condition) in window.rows.conditions().iter().enumerate() {
                out.push_sql(if place == 0 {
                    "SELECT * FROM "
                } else {
                    " UNION ALL SELECT * FROM "
                });
                out.push_sql(window.table);
                out.push_sql(" WHERE h3_15 BETWEEN part.first AND part.last AND jurisdiction_id = ");
                out.push_bind_param::<Integer, _>(&window.town.0)?;
                out.push_sql(condition);
                if let (1, Rows::OpenOrClosedSince(since)) = (place, &window.rows) {
                    out.push_bind_param::<Timestamptz, _>(since)?;
                }
            }
            out.push_sql(" OFFSET 0) AS found) ");
        }
        self.query.walk_ast(out)
    }
}

impl<Q> QueryId for Within<'_, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Within<'_, Q> {
    type SqlType = Q::SqlType;
}
