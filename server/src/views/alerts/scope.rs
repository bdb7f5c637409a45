//! What a person may read, as a condition on alerts: outside one's scope things do not exist.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use uuid::Uuid;

use crate::db::schema::alert;
use crate::people::policy::{Grant, Operation, Reach, Staff, reach};

/// A condition on the table `alert`.
pub type Condition = Box<dyn BoxableExpression<alert::table, Pg, SqlType = Nullable<Bool>>>;

/// The limits of a person's grants that reach an operation, each as (service, sector, crew); `None` when nothing limits
/// them.
fn limits(staff: &Staff, operation: Operation) -> Option<Vec<Limit>> {
    let reaching = staff.grants.iter().filter_map(|grant| {
        let limit = Limit::of(grant, reach(grant.role, operation))?;
        Some(limit)
    });
    let limits: Vec<Limit> = reaching.collect();
    (!limits.iter().any(Limit::is_none)).then_some(limits)
}

/// One grant's limits.
#[derive(Clone, Copy, Debug)]
struct Limit {
    service: Option<Uuid>,
    sector: Option<Uuid>,
    crew: Option<Uuid>,
}

impl Limit {
    fn of(grant: &Grant, reach: Reach) -> Option<Self> {
        match reach {
            Reach::No => None,
            Reach::Own => grant.crew_id.map(|crew| Self {
                service: None,
                sector: None,
                crew: Some(crew),
            }),
            Reach::Scope => Some(Self {
                service: grant.service_id,
                sector: grant.sector_id,
                crew: None,
            }),
        }
    }

    const fn is_none(&self) -> bool {
        self.service.is_none() && self.sector.is_none() && self.crew.is_none()
    }

    fn condition(self) -> Condition {
        let mut all: Condition = Box::new(alert::open.eq(alert::open).nullable());
        if let Some(crew) = self.crew {
            all = Box::new(alert::crew_id.eq(crew));
        }
        if let Some(service) = self.service {
            all = Box::new(all.and(alert::service_id.eq(service)));
        }
        if let Some(sector) = self.sector {
            // As the policy says: what lies in no sector is everybody's.
            all = Box::new(all.and(alert::sector_id.eq(sector).or(alert::sector_id.is_null())));
        }
        all
    }
}

/// The condition that keeps a list to what the person may read; `None` when that is everything in the town.
#[must_use]
pub fn in_scope(staff: &Staff, operation: Operation) -> Option<Condition> {
    let limits = limits(staff, operation)?;
    let nothing: Condition = Box::new(alert::open.ne(alert::open).nullable());
    Some(
        limits
            .into_iter()
            .map(Limit::condition)
            .fold(nothing, |any, one| Box::new(any.or(one))),
    )
}

/// The same as three arrays of equal length, for SQL that the query builder cannot write; `None` when nothing limits.
#[must_use]
pub fn as_arrays(staff: &Staff, operation: Operation) -> Option<[Vec<Option<Uuid>>; 3]> {
    let limits = limits(staff, operation)?;
    Some([
        limits.iter().map(|limit| limit.service).collect(),
        limits.iter().map(|limit| limit.sector).collect(),
        limits.iter().map(|limit| limit.crew).collect(),
    ])
}
