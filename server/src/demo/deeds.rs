//! What the town does about an alert, planned from the truth of the problem behind it. No I/O.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};
use vigie_fixtures::{Ending, Handling, Problem, Used, Wait};

/// Something that is done about an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// When.
    pub at: DateTime<Utc>,
    /// About which.
    pub alert: Uuid,
    /// What.
    pub what: What,
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The routing hands it to an outside body.
    HandOver(Uuid),
    /// The body says yes, with a reference of its own.
    BodyAccepts(String),
    /// The body says no.
    BodyDeclines,
    /// The body reports the repair.
    BodyRepairs,
    /// The service settles whose it is and gives it to a crew, for a day if that is known.
    TakeUp(Option<NaiveDate>),
    /// The service refuses it.
    Refuse(&'static str),
    /// The crew removes the danger.
    MakeSafe,
    /// It must wait.
    Wait(Wait),
    /// The crew repairs it.
    Repair {
        /// Time that it took.
        minutes: u32,
        /// What it used up.
        used: Vec<Used>,
    },
    /// The crew sees nothing, the service closes it.
    FindNothing(&'static str),
    /// The service has looked at the finished work.
    Check,
}

/// The deeds about an alert that was opened at `opened_at`, in no particular order. `body` is the outside body that the
/// routing names.
#[must_use]
pub fn deeds(
    alert: Uuid,
    problem: &Problem,
    handling: &Handling,
    opened_at: DateTime<Utc>,
    body: Option<Uuid>,
    zone: Tz,
) -> Vec<Deed> {
    let deed = |at: DateTime<Utc>, what| Deed {
        at: at.max(opened_at),
        alert,
        what,
    };
    let fixed = |what: What| problem.fixed_at.map(|at| deed(at, what));
    if let Some(body) = body {
        let answer = match handling.ending {
            Ending::Refused(_) => What::BodyDeclines,
            _ => What::BodyAccepts(format!("{:06}", 410_000 + problem.id)),
        };
        let all = [
            Some(deed(opened_at, What::HandOver(body))),
            Some(deed(handling.taken_up_at, answer)),
            fixed(What::BodyRepairs),
        ];
        return all.into_iter().flatten().collect();
    }
    // Two in three are given to the crew with the day on which it will go there.
    let planned = problem.fixed_at.map(|at| at.with_timezone(&zone).date_naive());
    let planned = planned.filter(|_| handling.wait.is_none() && !problem.id.is_multiple_of(3));
    let last = match &handling.ending {
        Ending::Refused(why) => return vec![deed(handling.taken_up_at, What::Refuse(why))],
        Ending::NothingFound(why) => What::FindNothing(why),
        Ending::Repaired => What::Repair {
            minutes: handling.minutes,
            used: handling.used.clone(),
        },
    };
    let all = [
        Some(deed(handling.taken_up_at, What::TakeUp(planned))),
        handling.made_safe_at.map(|at| deed(at, What::MakeSafe)),
        handling.wait.map(|wait| deed(wait.since, What::Wait(wait))),
        fixed(last),
        handling.checked_at.map(|at| deed(at, What::Check)),
    ];
    all.into_iter().flatten().collect()
}

impl Deed {
    /// The id by which the deed, or a part of it, is recognised when an interrupted start is taken up again.
    #[must_use]
    pub fn id(&self, part: &str) -> Uuid {
        let kind = match self.what {
            What::HandOver(_) => "hand_over",
            What::BodyAccepts(_) | What::BodyDeclines => "answer",
            What::BodyRepairs => "body_repairs",
            What::TakeUp(_) => "take_up",
            What::Refuse(_) => "refuse",
            What::MakeSafe => "make_safe",
            What::Wait(_) => "wait",
            What::Repair { .. } => "repair",
            What::FindNothing(_) => "find_nothing",
            What::Check => "check",
        };
        derived_id(self.at, &[self.alert.as_bytes(), kind.as_bytes(), part.as_bytes()])
    }

    /// When the crew began with work that ends at the deed's instant.
    #[must_use]
    pub fn began_at(&self, minutes: u32) -> DateTime<Utc> {
        self.at - TimeDelta::minutes(i64::from(minutes))
    }
}

/// A UUIDv7 that the same instant and parts always give.
#[must_use]
pub fn derived_id(at: DateTime<Utc>, parts: &[&[u8]]) -> Uuid {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    let digest = digest.finalize();
    let mut tail = [0; 10];
    tail.copy_from_slice(&digest[..10]);
    Builder::from_unix_timestamp_millis(at.timestamp_millis().max(0).unsigned_abs(), &tail).into_uuid()
}

#[cfg(test)]
#[path = "deeds_tests.rs"]
mod tests;
