//! Which jobs this stage runs.

use super::fan_out::{DELIVER, DIGEST, ON_CALL};
use super::{deliver, digest, on_call};
use crate::app::App;
use crate::jobs::Handler;

/// Kinds of jobs and who runs them.
#[must_use]
pub fn handlers() -> Vec<(&'static str, Handler<App>)> {
    vec![
        (DELIVER, |app, job, now| Box::pin(deliver::run(app, job, now))),
        (DIGEST, |app, job, now| Box::pin(digest::run(app, job, now))),
        (ON_CALL, |app, job, now| Box::pin(on_call::escalate(app, job, now))),
    ]
}
