//! What a list of alerts is narrowed to, and in which order it comes.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use geo_dedup::cell::CellRange;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::geojson::Format;
use super::narrow::{self, Bounds};
use crate::catalog::model::Town;
use crate::db::schema::{alert, alert_word, report};
use crate::db::window::{Rows, Window, is_small};
use crate::db::{TownId, Tx};
use crate::flow::alert::queries::survivor;
use crate::flow::alert::words;
use crate::flow::report::reference::{Kind, Reference};
use crate::flow::status::vocabulary::{Phase, Status};
use crate::http::page::PageQuery;
use crate::http::problem::{FieldErrors, Problem};

/// Order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Latest opened first.
    #[default]
    Newest,
    /// Earliest opened first.
    Oldest,
    /// Next due first.
    Due,
}

/// Query parameters of the queue. What is not given narrows nothing.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// Statuses, separated by commas.
    pub status: Option<String>,
    /// Part of the work.
    pub phase: Option<Phase>,
    /// Code of a category or of a group of them.
    pub category: Option<String>,
    /// Service in charge.
    pub service_id: Option<Uuid>,
    /// Sector.
    pub sector_id: Option<Uuid>,
    /// Crew it was dispatched to.
    pub crew_id: Option<Uuid>,
    /// This priority or more, 1 to 4.
    #[param(minimum = 1, maximum = 4)]
    pub priority: Option<i16>,
    /// This severity or more, 0 to 2.
    #[param(minimum = 0, maximum = 2)]
    pub severity: Option<i16>,
    /// Only what is past its promise and still open.
    pub overdue: Option<bool>,
    /// Only open ones (true, the default) or only closed ones (false).
    pub open: Option<bool>,
    /// West, south, east, north; degrees.
    #[param(example = "2.33,48.85,2.36,48.87")]
    pub bbox: Option<String>,
    /// H3 cell of any resolution.
    pub h3: Option<String>,
    /// The reference of an alert or of a report, or words (or their beginnings) of the address or of what reports say: all of
    /// them are there; 2 to 100 characters.
    #[param(min_length = 2, max_length = 100)]
    pub q: Option<String>,
    /// Order.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// Form of the list; without it the `Accept` header decides.
    #[param(inline)]
    pub format: Option<Format>,
    /// Rows wanted, 1 to 500; 50 when not given.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// Where the page before ended, from its `Link` header or `next`.
    pub cursor: Option<String>,
}

/// A query on alerts that is still being narrowed.
pub type Narrowed<'a> = alert::BoxedQuery<'a, Pg>;

/// Where a page ended: its order, that order's instant, the identity.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(
    pub Sort,
    #[serde(deserialize_with = "crate::http::when::instant")] pub DateTime<Utc>,
    pub Uuid,
);

/// What somebody typed into the search.
#[derive(Clone, Debug)]
struct Sought {
    words: Vec<String>,
    reference: Option<Reference>,
    /// The alert that the reference leads to.
    found: Option<Uuid>,
}

/// The query parameters as understood.
#[derive(Clone, Debug)]
pub struct Filter {
    town: TownId,
    statuses: Option<Vec<&'static str>>,
    categories: Option<Vec<Uuid>>,
    ranges: Option<Vec<CellRange>>,
    window: Option<Window>,
    sought: Option<Sought>,
    /// The exact box.
    pub bounds: Option<Bounds>,
    /// Order.
    pub sort: Sort,
    /// Rows wanted.
    pub limit: i64,
    after: Option<Key>,
    query: QueueQuery,
}

impl Filter {
    /// Reads the parameters; names every one that is wrong.
    pub fn read(town: &Town, query: QueueQuery) -> Result<Self, Problem> {
        let mut errors = FieldErrors::default();
        let statuses = statuses(&query, &mut errors);
        let categories = categories(town, query.category.as_deref(), &mut errors);
        let sought = sought(query.q.as_deref(), &mut errors);
        if query.priority.is_some_and(|priority| !(1..=4).contains(&priority)) {
            errors.add("priority", "priority");
        }
        if query.severity.is_some_and(|severity| !(0..=2).contains(&severity)) {
            errors.add("severity", "severity");
        }
        errors.check(())?;
        let page = PageQuery {
            limit: query.limit,
            cursor: query.cursor.clone(),
        };
        let sort = query.sort.unwrap_or_default();
        let after: Option<Key> = page.after()?;
        if after.is_some_and(|Key(of, ..)| of != sort) {
            return Err(Problem::field("cursor", "cursor"));
        }
        let bounds = query.bbox.as_deref().map(Bounds::parse).transpose()?;
        let ranges = ranges(bounds.as_ref(), query.h3.as_deref())?;
        let small = ranges.as_deref().filter(|ranges| is_small(ranges));
        let rows = if query.open.unwrap_or(true) {
            Rows::Open
        } else {
            Rows::Closed
        };
        Ok(Self {
            town: town.id,
            statuses,
            categories,
            window: small.map(|ranges| Window::of("alert", town.id, rows, ranges)),
            ranges,
            sought,
            bounds,
            sort,
            limit: page.limit()?,
            after,
            query,
        })
    }

    /// Whether what is sought is a reference of an alert or a report; if so, that alert alone is listed. Some words of ten
    /// letters could be one too, so this is looked up and not guessed.
    pub async fn look_up(&mut self, tx: &mut Tx) -> Result<(), Problem> {
        let Some(sought) = &mut self.sought else { return Ok(()) };
        let Some(reference) = sought.reference else {
            return Ok(());
        };
        let text = reference.to_string();
        let found: Option<Uuid> = match reference.kind() {
            Kind::Alert => {
                let rows = alert::table.filter(alert::jurisdiction_id.eq(self.town.0).and(alert::reference.eq(text)));
                rows.select(alert::id).first(&mut **tx).await.optional()?
            }
            Kind::Report => {
                let rows =
                    report::table.filter(report::jurisdiction_id.eq(self.town.0).and(report::reference.eq(text)));
                rows.select(report::alert_id).first(&mut **tx).await.optional()?
            }
        };
        // The reference of an alert that was merged away leads to the survivor.
        sought.found = match found {
            Some(id) => Some(survivor(tx, id).await?.id),
            None => None,
        };
        Ok(())
    }

    /// The key of a row in this order.
    pub const fn key(&self, opened_at: DateTime<Utc>, due_at: DateTime<Utc>, id: Uuid) -> Key {
        match self.sort {
            Sort::Newest | Sort::Oldest => Key(self.sort, opened_at, id),
            Sort::Due => Key(self.sort, due_at, id),
        }
    }

    /// The part of the map that is asked for, when it is small.
    pub const fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// Narrows a query on one town's alerts, or on its [`Filter::window`] of them.
    pub fn narrow<'a>(&'a self, query: Narrowed<'a>, now: DateTime<Utc>) -> Narrowed<'a> {
        let mut query = self.by_row(query, now);
        if let (Some(ranges), None) = (&self.ranges, &self.window) {
            query = query.filter(any_range(ranges));
        }
        if let Some(sought) = &self.sought {
            query = match sought.found {
                Some(id) => query.filter(alert::id.eq(id)),
                None => sought.words.iter().fold(query, |query, word| {
                    let (first, last) = words::beginning_with(word);
                    let found = alert_word::table
                        .filter(alert_word::jurisdiction_id.eq(self.town.0))
                        .filter(alert_word::word.between(first, last))
                        .select(alert_word::alert_id);
                    query.filter(alert::id.eq_any(found))
                }),
            };
        }
        self.in_order(query)
    }

    fn by_row<'a>(&'a self, mut query: Narrowed<'a>, now: DateTime<Utc>) -> Narrowed<'a> {
        let asked = &self.query;
        // A literal rather than a value: the indexes of open and of closed alerts are chosen by it.
        query = if asked.open.unwrap_or(true) {
            query.filter(alert::open)
        } else {
            // What was merged away is no alert of its own any more.
            query.filter(diesel::dsl::not(alert::open).and(alert::merged_into.is_null()))
        };
        if let Some(statuses) = &self.statuses {
            query = query.filter(alert::status.eq_any(statuses));
        }
        if let Some(categories) = &self.categories {
            query = query.filter(alert::category_id.eq_any(categories));
        }
        if let Some(service) = asked.service_id {
            query = query.filter(alert::service_id.eq(service));
        }
        if let Some(sector) = asked.sector_id {
            query = query.filter(alert::sector_id.eq(sector));
        }
        if let Some(crew) = asked.crew_id {
            query = query.filter(alert::crew_id.eq(crew));
        }
        if let Some(priority) = asked.priority {
            query = query.filter(alert::priority.ge(priority));
        }
        if let Some(severity) = asked.severity {
            query = query.filter(alert::severity.ge(severity));
        }
        match asked.overdue {
            Some(true) => query.filter(alert::open.and(alert::due_at.lt(now))),
            Some(false) => query.filter(alert::due_at.ge(now)),
            None => query,
        }
    }

    fn in_order<'a>(&self, query: Narrowed<'a>) -> Narrowed<'a> {
        let after = self.after.map(|Key(_, at, id)| (at, id));
        let query = query.limit(self.limit + 1);
        match (self.sort, after) {
            (Sort::Newest, None) => query.order((alert::opened_at.desc(), alert::id.desc())),
            (Sort::Newest, Some((at, id))) => query
                .filter(
                    alert::opened_at
                        .lt(at)
                        .or(alert::opened_at.eq(at).and(alert::id.lt(id))),
                )
                .filter(alert::opened_at.le(at))
                .order((alert::opened_at.desc(), alert::id.desc())),
            (Sort::Oldest, None) => query.order((alert::opened_at, alert::id)),
            (Sort::Oldest, Some((at, id))) => query
                .filter(
                    alert::opened_at
                        .gt(at)
                        .or(alert::opened_at.eq(at).and(alert::id.gt(id))),
                )
                .filter(alert::opened_at.ge(at))
                .order((alert::opened_at, alert::id)),
            (Sort::Due, None) => query.order((alert::due_at, alert::id)),
            (Sort::Due, Some((at, id))) => query
                .filter(alert::due_at.gt(at).or(alert::due_at.eq(at).and(alert::id.gt(id))))
                .filter(alert::due_at.ge(at))
                .order((alert::due_at, alert::id)),
        }
    }
}

fn statuses(query: &QueueQuery, errors: &mut FieldErrors) -> Option<Vec<&'static str>> {
    let named = query.status.as_deref().map(|text| {
        let parsed: Result<Vec<Status>, _> = text.split(',').map(|code| code.trim().parse()).collect();
        parsed.unwrap_or_else(|_| {
            errors.add("status", "unknown_status");
            Vec::new()
        })
    });
    if named.is_none() && query.phase.is_none() {
        return None;
    }
    let wanted = Status::ALL.iter().filter(|status| {
        let by_name = named.as_ref().is_none_or(|named| named.contains(status));
        by_name && query.phase.is_none_or(|phase| status.phase() == phase)
    });
    Some(wanted.map(|status| status.as_str()).collect())
}

/// A category, or all below a group.
fn categories(town: &Town, code: Option<&str>, errors: &mut FieldErrors) -> Option<Vec<Uuid>> {
    let code = code?;
    let Some(root) = town.category(code) else {
        errors.add("category", "desk_category");
        return None;
    };
    let mut found = vec![root.id];
    let mut looked_at = 0;
    while let Some(&parent) = found.get(looked_at) {
        let below = town
            .categories
            .iter()
            .filter(|category| category.parent_id == Some(parent));
        let fresh: Vec<Uuid> = below
            .map(|category| category.id)
            .filter(|id| !found.contains(id))
            .collect();
        found.extend(fresh);
        looked_at += 1;
    }
    Some(found)
}

fn sought(typed: Option<&str>, errors: &mut FieldErrors) -> Option<Sought> {
    let typed = typed?.trim();
    let words = words::of(typed);
    if !(2..=100).contains(&typed.chars().count()) || words.is_empty() {
        errors.add("q", "search_words");
        return None;
    }
    Some(Sought {
        words,
        reference: typed.parse().ok(),
        found: None,
    })
}

/// The ranges of the box, of the cell, or of both.
fn ranges(bounds: Option<&Bounds>, h3: Option<&str>) -> Result<Option<Vec<CellRange>>, Problem> {
    let boxed = bounds.map(Bounds::ranges).transpose()?;
    let Some(cell) = h3.map(narrow::cell).transpose()? else {
        return Ok(boxed);
    };
    let Some(boxed) = boxed else {
        return Ok(Some(vec![cell]));
    };
    let common = boxed.into_iter().map(|range| CellRange {
        first: range.first.max(cell.first),
        last: range.last.min(cell.last),
    });
    Ok(Some(common.filter(|range| range.first <= range.last).collect()))
}

/// The condition that a place lies in one of the ranges.
fn any_range(ranges: &[CellRange]) -> super::scope::Condition {
    let nowhere: super::scope::Condition = Box::new(alert::h3_15.eq(-1).nullable());
    ranges.iter().fold(nowhere, |any, range| {
        Box::new(any.or(alert::h3_15.between(range.first, range.last)))
    })
}
