//! Composition of the worker: which handler runs which kind of job, collected from the stages.

use crate::app::App;
use crate::jobs::{Handler, Handlers};

/// Every handler.
#[must_use]
pub fn handlers() -> Handlers<App> {
    let stages: [Vec<(&'static str, Handler<App>)>; 0] = [];
    Handlers::new(stages.into_iter().flatten())
}
