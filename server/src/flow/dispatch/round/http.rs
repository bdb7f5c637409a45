//! Rounds over HTTP.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use geo_dedup::LonLat;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::{Ordered, order_day};
use super::queries;
use crate::app::App;
use crate::audit::{self, Entry};
use crate::auth::token::StaffToken;
use crate::catalog::model::Crew;
use crate::flow::command::Command;
use crate::flow::dispatch::http::TaskBody;
use crate::http::client::Client;
use crate::http::json::Body;
use crate::http::point::PointBody;
use crate::http::problem::{FieldErrors, Kind, Problem};
use crate::http::responses::StaffCommand;
use crate::people::policy::{Operation, Target, permit, permit_any};

/// Which day is to be put in order.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundRequest {
    /// A local date from today on; without it today.
    #[serde(default, deserialize_with = "crate::http::when::day_if_given")]
    pub day: Option<NaiveDate>,
    /// Where the way begins; without it at the first stop.
    pub start: Option<PointBody>,
}

/// A crew's day in order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RoundBody {
    /// Crew.
    pub crew_id: Uuid,
    /// Local date.
    pub day: NaiveDate,
    /// When it was put in order.
    pub planned_at: DateTime<Utc>,
    /// Where the way begins; none: at the first stop.
    pub start: Option<PointBody>,
    /// Length of the way as it was, straight from stop to stop, metres.
    #[schema(minimum = 0)]
    pub length_before_m: f64,
    /// Length of the way as it is now, metres.
    #[schema(minimum = 0)]
    pub length_m: f64,
    /// The stops in the order of the way, each with its rank and whether it is locked; those that the person may see.
    pub tasks: Vec<TaskBody>,
}

impl RoundRequest {
    /// The day, and where it begins.
    fn check(&self, today: NaiveDate) -> Result<(NaiveDate, Option<LonLat>), Problem> {
        let mut errors = FieldErrors::default();
        let day = self.day.unwrap_or(today);
        if day < today {
            errors.add("day", "date_passed");
        }
        let start = self.start.as_ref().map(PointBody::position).transpose();
        let start = start.unwrap_or_else(|_| {
            errors.add("start", "not_on_earth");
            None
        });
        errors.check((day, start))
    }
}

/// Puts a crew's day in order: the tasks planned for it, and in the first day that is in order those left over or without a
/// day too; 500 at most. What is urgent comes first, then the shorter way with the more important earlier; begun work and
/// locked stops stay. From then on the day is planned anew by itself when something urgent comes.
#[utoipa::path(operation_id = "plan_round", tag = "crew",
    params(("id" = Uuid, Path, description = "Crew.")),
    request_body = RoundRequest,
    responses((status = 200, description = "The day in its order.", body = RoundBody), StaffCommand))]
#[post("/v1/crews/{id}/round")]
pub async fn plan_round(
    app: web::Data<App>,
    token: StaffToken,
    client: Client,
    id: web::Path<Uuid>,
    Body(body): Body<RoundRequest>,
) -> Result<HttpResponse, Problem> {
    let mut command = Command::begin(&app, token, Utc::now()).await?;
    permit_any(&command.staff, Operation::PlanRound)?;
    let (town, now) = (command.town.clone(), command.now);
    let crew = town.crews.get(&id).ok_or_else(|| Problem::new(Kind::NotFound))?;
    permit(&command.staff, Operation::PlanRound, &target(crew))?;
    let (day, start) = body.check(town.day_at(now))?;
    let planner = command.staff.staff_user_id;
    queries::hold_days_alone(&mut command.tx, crew.id).await?;
    queries::keep(&mut command.tx, (crew.id, day), planner, start, now).await?;
    let ordered = order_day(&mut command.tx, &town, (crew.id, day), start, now).await?;
    let entry = Entry {
        actor: &command.staff.actor(),
        action: "plan_round",
        entity: "crew",
        entity_id: Some(crew.id),
        detail: ordered.detail(day),
        request_id: Some(&client.request_id),
    };
    audit::record(&command.tx, town.id, &entry, now).await?;
    let shown = RoundBody {
        crew_id: crew.id,
        day,
        planned_at: now,
        start: body.start,
        length_before_m: ordered.length_before_m,
        length_m: ordered.length_m,
        tasks: tasks(&command, ordered)?,
    };
    command.tx.commit().await?;
    app.wake.notify_one();
    Ok(HttpResponse::Ok().json(shown))
}

const fn target(crew: &Crew) -> Target {
    Target {
        service_id: Some(crew.service_id),
        sector_id: crew.sector_id,
        crew_id: Some(crew.id),
        entered_by: None,
    }
}

/// A crew may have work of a service or sector that is not the person's to see.
fn tasks(command: &Command, ordered: Ordered) -> Result<Vec<TaskBody>, Problem> {
    let may_see = |target: &Target| permit(&command.staff, Operation::ReadTasks, target).is_ok();
    let seen = ordered.stops.into_iter().filter(|(_, alert)| may_see(&alert.target()));
    seen.map(|(task, alert)| TaskBody::of(&command.town, task, &alert))
        .collect()
}
