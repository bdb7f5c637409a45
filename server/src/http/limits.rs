//! Rate limits per device and per network address, in the memory of this process.
//!
//! In memory on purpose: a limit that asks the database would cost what it protects. With N servers behind a balancer
//! the limit in force is up to N times the setting.
//!
//! Answers say where the sender stands, in the form of the IETF draft `draft-ietf-httpapi-ratelimit-headers` (version 10):
//! `RateLimit-Policy: "submit-address";q=30;w=900` and `RateLimit: "submit-address";r=29;t=30`.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::client::Client;
use super::guesses::{Guess, Guesses};
use super::problem::{Kind, Problem};

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;

const HOUR: Duration = Duration::from_secs(3600);
/// Requests between two sweeps of the senders that have their whole budget again.
const SWEEP_EVERY: u32 = 4_096;

/// What is counted, each with a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Reports and photos sent.
    Submit,
    /// Sign-ins, PINs, codes: what somebody might guess.
    Guess,
    /// Everything else of the public.
    Read,
    /// Whatever a session of staff asks.
    Staff,
    /// Contact data that a person of the staff reads.
    Reveal,
}

/// Requests allowed per hour and sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// [`Class::Submit`].
    pub submit_per_hour: NonZeroU32,
    /// [`Class::Guess`].
    pub guess_per_hour: NonZeroU32,
    /// [`Class::Read`].
    pub read_per_hour: NonZeroU32,
    /// [`Class::Staff`].
    pub staff_per_hour: NonZeroU32,
    /// [`Class::Reveal`].
    pub reveal_per_hour: NonZeroU32,
}

/// By what a sender is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Address,
    Device,
}

/// Where a sender stands after a request was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name of the policy.
    policy: &'static str,
    /// Requests per window.
    quota: u32,
    /// Seconds in which the whole quota comes back.
    window: u64,
    /// Requests that may follow at once.
    remaining: u32,
    /// Seconds: until the whole quota is there again, or until the next request when none remains.
    reset: u64,
}

/// The standings that one request came to, shared between the handler that counts and the middleware that tells.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Vec<Standing>>>);

impl Tally {
    fn add(&self, standing: Standing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(standing);
    }

    /// Writes the headers, if anything was counted.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if standings.is_empty() {
            return;
        }
        let list = |item: fn(&Standing) -> String| standings.iter().map(item).collect::<Vec<_>>().join(", ");
        let policies = list(|of| format!("\"{}\";q={};w={}", of.policy, of.quota, of.window));
        let left = list(|of| format!("\"{}\";r={};t={}", of.policy, of.remaining, of.reset));
        for (name, value) in [("ratelimit-policy", policies), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

struct Meter {
    limiter: DefaultKeyedRateLimiter<String, StateInformationMiddleware>,
    per_hour: NonZeroU32,
    /// What may be spent at once.
    quota: NonZeroU32,
    /// From one request to the next at a steady pace.
    pace: Duration,
    counted: AtomicU32,
}

impl Meter {
    fn new(per_hour: NonZeroU32) -> Self {
        let quota = NonZeroU32::new(per_hour.get().div_ceil(4)).unwrap_or(NonZeroU32::MIN);
        let pace = HOUR / per_hour.get();
        let rule = Quota::with_period(pace).unwrap_or_else(|| Quota::per_hour(per_hour));
        Self {
            limiter: RateLimiter::keyed(rule.allow_burst(quota)).with_middleware(),
            per_hour,
            quota,
            pace,
            counted: AtomicU32::new(0),
        }
    }

    /// Requests that may follow, or seconds to wait.
    fn count(&self, key: &String) -> Result<u32, u64> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            // Names of devices are free to choose: what is not swept would grow for ever.
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key(key) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(refused) => Err(refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1),
        }
    }

    fn standing(&self, policy: &'static str, left: Result<u32, u64>) -> Standing {
        let quota = self.quota.get();
        let back_in = |requests: u32| (self.pace * requests).as_secs_f64().ceil() as u64;
        Standing {
            policy,
            quota,
            window: back_in(quota),
            remaining: left.unwrap_or(0),
            // Refused: the same instant as Retry-After.
            reset: left.map_or_else(|wait| wait, |remaining| back_in(quota.saturating_sub(remaining))),
        }
    }

    fn problem(&self, wait: u64) -> Problem {
        Problem::new(Kind::TooManyRequests)
            .with("limit_per_hour", self.per_hour.get())
            .retry_after(wait)
    }
}

/// The limiters of one process.
pub struct Limits {
    submit: Meter,
    guess: Meter,
    read: Meter,
    staff: Meter,
    reveal: Meter,
    guesses: Guesses,
}

impl Limits {
    /// Limiters with these budgets; a sender may spend a quarter of the hour's budget at once.
    #[must_use]
    pub fn new(budgets: Budgets) -> Self {
        Self {
            submit: Meter::new(budgets.submit_per_hour),
            guess: Meter::new(budgets.guess_per_hour),
            read: Meter::new(budgets.read_per_hour),
            staff: Meter::new(budgets.staff_per_hour),
            reveal: Meter::new(budgets.reveal_per_hour),
            guesses: Guesses::new(budgets.guess_per_hour),
        }
    }

    /// Counts a request of a client: its device, where it names one, and its address are counted apart, so that changing
    /// the device's name buys nothing. The answer will say where both stand.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when either is over its budget.
    pub fn count(&self, class: Class, client: &Client) -> Result<(), Problem> {
        let address = client.address.map(|address| (Sender::Address, address_key(address)));
        let device = client.device.as_ref();
        let device = device.map(|device| (Sender::Device, format!("d:{device}")));
        let meter = self.meter(class);
        for (by, key) in address.into_iter().chain(device) {
            let left = meter.count(&key);
            client.tally.add(meter.standing(policy(class, by), left));
            left.map_err(|wait| meter.problem(wait))?;
        }
        Ok(())
    }

    /// Begins a guess at a secret that the client names: an account, a report's reference. No header tells of it: what others
    /// try there is not the sender's to know.
    ///
    /// # Errors
    /// As [`Guesses::begin`].
    pub fn guess(&self, secret: &str, client: &Client, now: DateTime<Utc>) -> Result<Guess<'_>, Problem> {
        self.guesses.begin(secret, client.address, now)
    }

    /// Counts a request under a key that nobody else can name, e.g. the session that showed its token. No header tells of it.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] over the budget.
    pub fn count_key(&self, class: Class, key: String) -> Result<(), Problem> {
        let meter = self.meter(class);
        meter.count(&key).map(|_| ()).map_err(|wait| meter.problem(wait))
    }

    const fn meter(&self, class: Class) -> &Meter {
        match class {
            Class::Submit => &self.submit,
            Class::Guess => &self.guess,
            Class::Read => &self.read,
            Class::Staff => &self.staff,
            Class::Reveal => &self.reveal,
        }
    }
}

const fn policy(class: Class, by: Sender) -> &'static str {
    match (class, by) {
        (Class::Submit, Sender::Address) => "submit-address",
        (Class::Submit, Sender::Device) => "submit-device",
        (Class::Guess, Sender::Address) => "guess-address",
        (Class::Guess, Sender::Device) => "guess-device",
        (Class::Read, Sender::Address) => "read-address",
        (Class::Read, Sender::Device) => "read-device",
        (Class::Staff, Sender::Address) => "staff-address",
        (Class::Staff, Sender::Device) => "staff-device",
        (Class::Reveal, Sender::Address) => "reveal-address",
        (Class::Reveal, Sender::Device) => "reveal-device",
    }
}

/// An IPv6 subscriber holds a whole /64, so that is what is counted.
pub(super) fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("a:{v4}"),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("a:{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}
