//! Probes: is the process alive, can it serve.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;

use crate::app::App;
use crate::db::migrate;
use crate::http::problem::Problem;

/// Whether the process can serve.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Always `ok`: what is not ok is answered with a problem.
    pub status: &'static str,
    /// Version of the program.
    pub version: &'static str,
}

const OK: Health = Health {
    status: "ok",
    version: env!("CARGO_PKG_VERSION"),
};

/// The process runs.
#[utoipa::path(operation_id = "healthz", tag = "operation", responses((status = 200, description = "The process runs.", body = Health)))]
#[get("/healthz")]
pub async fn healthz() -> web::Json<Health> {
    web::Json(OK)
}

/// The process can serve: its database answers, every migration of this program has run there, and the catalogue was read.
#[utoipa::path(operation_id = "readyz", tag = "operation", responses(
    (status = 200, description = "It can.", body = Health),
    (status = 503, description = "It cannot at the moment. Where the schema is older than the program, `reason` is `schema` and `lacking` names the migrations that did not run.", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub async fn readyz(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let mut conn = app.db.conn().await?;
    let lacking = migrate::lacking(&mut conn).await.map_err(Problem::unavailable)?;
    if !lacking.is_empty() {
        let cause = format!("migrations that did not run: {}", lacking.join(", "));
        return Err(Problem::unavailable(cause)
            .with("reason", "schema")
            .with("lacking", lacking));
    }
    app.catalogue
        .at_version_of(&mut conn)
        .await
        .map_err(Problem::unavailable)?;
    Ok(HttpResponse::Ok().json(OK))
}
