//! What tells a worker the time: the real clock, or the one that a test passes in.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

/// A clock. A job may run for minutes: what it records at its end has the time of its end.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that says what a function says.
    pub fn by(time: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(time))
    }

    /// The real one.
    #[must_use]
    pub fn real() -> Self {
        Self::by(Utc::now)
    }

    /// One that stands still.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self::by(move || now)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
