//! A task as clients read it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::catalog::model::Town;
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::model::{Shift, Task, TaskState};
use crate::flow::status::table::allowed;
use crate::flow::status::vocabulary::Step;
use crate::http::problem::Problem;
use crate::views::alerts::summary::AlertSummary;

/// An alert given to a crew.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskBody {
    /// Identity.
    pub id: Uuid,
    /// Crew.
    pub crew_id: Uuid,
    /// Day, if planned.
    pub planned_on: Option<NaiveDate>,
    /// Part of the day, if planned.
    pub shift: Option<Shift>,
    /// Order in the crew's day; lower first.
    pub rank: i32,
    /// A re-planned round leaves it in its place.
    pub locked: bool,
    /// From whoever dispatched it.
    pub instructions: Option<String>,
    /// Where it stands.
    pub state: TaskState,
    /// When dispatched.
    pub created_at: DateTime<Utc>,
    /// When ended or withdrawn.
    pub ended_at: Option<DateTime<Utc>>,
    /// The alert.
    pub alert: AlertSummary,
    /// Steps of the alert that lead somewhere.
    pub allowed: Vec<Step>,
}

impl TaskBody {
    /// A task with its alert.
    ///
    /// # Errors
    /// Never with rows that the schema let in.
    pub fn of(town: &Town, task: Task, alert: &Alert) -> Result<Self, Problem> {
        Ok(Self {
            id: task.id,
            crew_id: task.crew_id,
            planned_on: task.planned_on,
            shift: task.shift()?,
            state: task.state()?,
            rank: task.rank,
            locked: task.locked,
            instructions: task.instructions,
            created_at: task.created_at,
            ended_at: task.ended_at,
            allowed: allowed(alert.status()?),
            alert: AlertSummary::of(town, alert)?,
        })
    }
}
