//! Wrong guesses at one secret: an account's password, the code of a report.
//!
//! Whoever names an account must not be able to shut its owner out. So only wrong guesses cost anything, each address has a
//! lane of its own for each secret, and what all addresses together got wrong makes nobody wait longer than a moment; an
//! address from which the secret was told right before does not even wait for that.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::limits::address_key;
use super::problem::{Kind, Problem};
use crate::auth::secret::digest;

#[cfg(test)]
#[path = "guesses_tests.rs"]
mod tests;

const HOUR_NS: i64 = 3_600_000_000_000;
/// So many times the budget of one address may all addresses together spend on one secret before they are slowed down.
const ALL_TIMES: i32 = 20;
/// How long a guess waits then.
const SLOW: Duration = Duration::from_secs(2);
/// How long an address is known by a secret that was told right from there.
const KNOWN: TimeDelta = TimeDelta::days(30);
/// Guesses between two sweeps of what is forgiven.
const SWEEP_EVERY: u32 = 4_096;

/// The guesses of one process.
pub struct Guesses {
    per_hour: NonZeroU32,
    /// From one wrong guess to the next at a steady pace.
    pace: TimeDelta,
    /// What may be spent at once, as the time in which it comes back.
    span: TimeDelta,
    tries: Mutex<Tries>,
}

#[derive(Default)]
struct Tries {
    /// By digest: neither accounts nor addresses are kept.
    marks: HashMap<Vec<u8>, Mark>,
    begun: u32,
}

#[derive(Clone, Copy)]
struct Mark {
    /// When everything is forgiven.
    until: DateTime<Utc>,
    /// Of an address at a secret: known until then.
    known_until: DateTime<Utc>,
}

/// A guess that has begun. It counts as wrong from the start, so that guesses side by side cannot share one place; it is
/// given back by [`Guess::right`].
#[must_use]
pub struct Guess<'a> {
    of: &'a Guesses,
    lane: Vec<u8>,
    all: Vec<u8>,
    slow: bool,
}

impl Guesses {
    /// With this budget of wrong guesses for each address at each secret; a quarter of it may be spent at once.
    #[must_use]
    pub fn new(per_hour: NonZeroU32) -> Self {
        let at_once = i64::from(per_hour.get().div_ceil(4));
        let pace = HOUR_NS / i64::from(per_hour.get());
        Self {
            per_hour,
            pace: TimeDelta::nanoseconds(pace),
            span: TimeDelta::nanoseconds(pace * at_once),
            tries: Mutex::default(),
        }
    }

    /// Begins a guess at what `secret` names.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when too many from this address were wrong.
    pub fn begin(&self, secret: &str, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<Guess<'_>, Problem> {
        let address = address.map_or_else(String::new, address_key);
        let lane = digest(format!("{address} {secret}").as_bytes());
        let all = digest(secret.as_bytes());
        let mut tries = self.tries();
        tries.sweep(now);
        let mark = tries.of(&lane, now);
        let until = spend(mark.until, self.pace, self.span, now).map_err(|wait| {
            let seconds = u64::try_from(wait.num_seconds()).unwrap_or(0) + 1;
            Problem::new(Kind::TooManyRequests)
                .with("limit_per_hour", self.per_hour.get())
                .retry_after(seconds)
        })?;
        let together = tries.of(&all, now);
        let slow = match spend(together.until, self.pace / ALL_TIMES, self.span, now) {
            Ok(until) => {
                tries.marks.insert(all.clone(), Mark { until, ..together });
                false
            }
            Err(_) => mark.known_until <= now,
        };
        tries.marks.insert(lane.clone(), Mark { until, ..mark });
        Ok(Guess {
            of: self,
            lane,
            all,
            slow,
        })
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guess<'_> {
    /// Waits where this secret is guessed at from all sides.
    pub async fn slow_down(&self) {
        if self.slow {
            tokio::time::sleep(SLOW).await;
        }
    }

    /// It was right: it costs nothing, and its address is known.
    pub fn right(self, now: DateTime<Utc>) {
        let mut tries = self.of.tries();
        let mark = tries.of(&self.lane, now);
        let lane = Mark {
            until: mark.until - self.of.pace,
            known_until: now + KNOWN,
        };
        tries.marks.insert(self.lane, lane);
        if let Some(together) = tries.marks.get_mut(&self.all) {
            together.until -= self.of.pace / ALL_TIMES;
        }
    }
}

impl Tries {
    fn of(&self, key: &[u8], now: DateTime<Utc>) -> Mark {
        let nothing = Mark {
            until: now,
            known_until: now,
        };
        self.marks.get(key).copied().unwrap_or(nothing)
    }

    fn sweep(&mut self, now: DateTime<Utc>) {
        self.begun += 1;
        if self.begun < SWEEP_EVERY {
            return;
        }
        self.begun = 0;
        self.marks.retain(|_, mark| mark.until > now || mark.known_until > now);
        self.marks.shrink_to_fit();
    }
}

/// When everything is forgiven after one more, or how long to wait until one more is free.
fn spend(
    until: DateTime<Utc>,
    pace: TimeDelta,
    span: TimeDelta,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, TimeDelta> {
    let next = until.max(now) + pace;
    let over = next - now - span;
    if over > TimeDelta::zero() { Err(over) } else { Ok(next) }
}
