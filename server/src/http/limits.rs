//! Rate limits per device and per network address, in the memory of this process.
//!
//! In memory on purpose: a limit that asks the database would cost what it protects. With N servers behind a balancer
//! the limit in force is up to N times the setting.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::client::Client;
use super::problem::{Kind, Problem};

/// What is counted, each with a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Reports and photos sent.
    Submit,
    /// Sign-ins, PINs, codes: what somebody might guess.
    Guess,
    /// Everything else.
    Read,
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
}

/// What a sender has left, for the `RateLimit` headers.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Requests per hour.
    pub limit: u32,
    /// Seconds until one more request is allowed; 0 when it is now.
    pub wait_seconds: u64,
}

struct Meter {
    limiter: DefaultKeyedRateLimiter<String>,
    limit: NonZeroU32,
}

/// The limiters of one process.
pub struct Limits {
    submit: Meter,
    guess: Meter,
    read: Meter,
}

impl Limits {
    /// Limiters with these budgets; a sender may spend a quarter of the hour's budget at once.
    #[must_use]
    pub fn new(budgets: Budgets) -> Self {
        let meter = |limit: NonZeroU32| {
            let burst = NonZeroU32::new(limit.get().div_ceil(4)).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(Duration::from_secs(3600) / limit.get());
            let quota = quota.unwrap_or_else(|| Quota::per_hour(limit)).allow_burst(burst);
            Meter {
                limiter: RateLimiter::keyed(quota),
                limit,
            }
        };
        Self {
            submit: meter(budgets.submit_per_hour),
            guess: meter(budgets.guess_per_hour),
            read: meter(budgets.read_per_hour),
        }
    }

    /// Counts a request of a client: its device, where it names one, and its address are counted apart, so that changing
    /// the device's name buys nothing.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when either is over its budget.
    pub fn count(&self, class: Class, client: &Client) -> Result<Standing, Problem> {
        if let Some(address) = client.address {
            self.count_key(class, address_key(address))?;
        }
        match &client.device {
            Some(device) => self.count_key(class, format!("d:{device}")),
            None => Ok(Standing {
                limit: self.meter(class).limit.get(),
                wait_seconds: 0,
            }),
        }
    }

    /// Counts a request under a key of the caller's choice, e.g. the account that somebody tries to sign in to.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] over the budget.
    pub fn count_key(&self, class: Class, key: String) -> Result<Standing, Problem> {
        let meter = self.meter(class);
        meter.limiter.check_key(&key).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            Problem::new(Kind::TooManyRequests)
                .with("limit_per_hour", meter.limit.get())
                .retry_after(wait)
        })?;
        Ok(Standing {
            limit: meter.limit.get(),
            wait_seconds: 0,
        })
    }

    /// Forgets senders that have their whole budget again; called now and then by the housekeeping.
    pub fn forget_idle(&self) {
        for meter in [&self.submit, &self.guess, &self.read] {
            meter.limiter.retain_recent();
        }
    }

    const fn meter(&self, class: Class) -> &Meter {
        match class {
            Class::Submit => &self.submit,
            Class::Guess => &self.guess,
            Class::Read => &self.read,
        }
    }
}

/// An IPv6 subscriber holds a whole /64, so that is what is counted.
fn address_key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => format!("a:{v4}"),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("a:{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}
