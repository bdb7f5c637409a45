//! A crew's tasks in the order of its day: a list, and markers for its map.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::alerts::{Format, GEOJSON, in_scope, wants_geojson};
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::schema::{alert, task};
use crate::flow::alert::queries::by_id;
use crate::flow::command::Command;
use crate::flow::dispatch::http::TaskBody;
use crate::flow::dispatch::model::Task;
use crate::http::point::PointBody;
use crate::http::problem::Problem;
use crate::http::responses::StaffRead;
use crate::people::policy::{Operation, Staff, permit_any};

/// Most tasks of one answer.
const MOST: i64 = 500;

/// Query parameters.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TasksQuery {
    /// Crew; without it those of the person, or all in scope.
    pub crew_id: Option<Uuid>,
    /// Only what is planned for that day, is left over from before, or has no day.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub day: Option<NaiveDate>,
    /// Form of the list; without it the `Accept` header decides.
    #[param(inline)]
    pub format: Option<Format>,
}

/// Tasks that crews still have.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskList {
    /// By day, or with `day` over all of it, by rank, then the more urgent, then the sooner due; at most 500.
    pub items: Vec<TaskBody>,
}

/// The same for a map.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskCollection {
    /// Always `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: super::alerts::CollectionType,
    /// One marker for each task, in the same order.
    features: Vec<TaskFeature>,
}

/// A marker.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskFeature {
    /// Always `Feature`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: super::alerts::FeatureType,
    /// Task.
    id: Uuid,
    /// Where.
    geometry: PointBody,
    /// What the marker shows.
    properties: Marker,
}

/// What a marker shows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Marker {
    /// Number in the crew's day, from 1.
    pub number: usize,
    /// Name of the category's icon.
    pub icon: String,
    /// The task, its alert among it.
    #[serde(flatten)]
    pub task: TaskBody,
}

async fn read(tx: &mut Tx, town: &Town, staff: &Staff, query: &TasksQuery) -> Result<Vec<TaskBody>, Problem> {
    let mut visible = alert::table.into_boxed().filter(alert::jurisdiction_id.eq(town.id.0));
    if let Some(scope) = in_scope(staff, Operation::ReadTasks) {
        visible = visible.filter(scope);
    }
    let of_task = || alert::table.find((task::jurisdiction_id, task::alert_id));
    let mut found = task::table
        .filter(
            task::jurisdiction_id
                .eq(town.id.0)
                .and(task::state.eq_any(["open", "accepted"])),
        )
        .filter(task::alert_id.eq_any(visible.select(alert::id)))
        .limit(MOST)
        .select(Task::as_select())
        .into_boxed();
    let own = staff.crews();
    match query.crew_id {
        Some(crew) => found = found.filter(task::crew_id.eq(crew)),
        None if !own.is_empty() => found = found.filter(task::crew_id.eq_any(own)),
        None => {}
    }
    found = match query.day {
        // A day's work is one round, whenever each part of it was planned for.
        Some(day) => found
            .filter(task::planned_on.is_null().or(task::planned_on.le(day)))
            .order((task::rank, task::planned_on.asc().nulls_last())),
        None => found.order((task::planned_on.asc().nulls_last(), task::rank)),
    };
    found = found
        .then_order_by(of_task().select(alert::priority).single_value().desc())
        .then_order_by(of_task().select(alert::due_at).single_value())
        .then_order_by(task::id);
    let tasks: Vec<Task> = found.load(&mut **tx).await?;
    let ids: Vec<Uuid> = tasks.iter().map(|task| task.alert_id).collect();
    let alerts = by_id(tx, &ids).await?;
    let with_alert = |task: Task| {
        Some({
            let alert = alerts.get(&task.alert_id)?;
            TaskBody::of(town, task, alert)
        })
    };
    tasks.into_iter().filter_map(with_alert).collect()
}

/// The tasks that crews still have, in the person's scope, as JSON or as GeoJSON.
#[utoipa::path(operation_id = "list_tasks", tag = "crew", params(TasksQuery),
    responses(
        (status = 200, description = "The tasks.", content(
            (TaskList = "application/json"),
            (TaskCollection = "application/geo+json"),
        )),
        StaffRead,
    ))]
#[get("/v1/tasks")]
pub async fn list_tasks(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    query: web::Query<TasksQuery>,
) -> Result<HttpResponse, Problem> {
    let geojson = wants_geojson(&request, query.format);
    let Command {
        mut tx, staff, town, ..
    } = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&staff, Operation::ReadTasks)?;
    let items = read(&mut tx, &town, &staff, &query).await?;
    tx.commit().await?;
    if !geojson {
        return Ok(HttpResponse::Ok().json(TaskList { items }));
    }
    let features = items.into_iter().enumerate().map(|(place, task)| TaskFeature {
        kind: super::alerts::FeatureType::Feature,
        id: task.id,
        geometry: task.alert.position,
        properties: Marker {
            number: place + 1,
            icon: task.alert.icon.clone(),
            task,
        },
    });
    let body = TaskCollection {
        kind: super::alerts::CollectionType::FeatureCollection,
        features: features.collect(),
    };
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, GEOJSON)).json(body))
}
