//! How a service hears of its alerts: pure rules.

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::template::Template;
use crate::catalog::model::{Notices, Service};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a service hears.
    ServiceNotice {
        /// It has a new alert.
        NewAlert = "new_alert",
        /// A danger, or a higher severity than before: said again, once per step up.
        RaisedSeverity = "raised_severity",
        /// Somebody of the desk reminds it.
        Reminder = "reminder",
        /// An alert was taken back from it.
        TakenBack = "taken_back",
        /// It let a deadline pass: its supervisors hear.
        Deadline = "deadline",
    }
}

impl ServiceNotice {
    /// Its message.
    #[must_use]
    pub const fn template(self) -> Template {
        match self {
            Self::NewAlert => Template::ServiceNewAlert,
            Self::RaisedSeverity => Template::ServiceRaisedSeverity,
            Self::Reminder => Template::ServiceReminder,
            Self::TakenBack => Template::ServiceTakenBack,
            Self::Deadline => Template::SupervisorDeadline,
        }
    }
}

/// What a notice becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A mail to the service at once.
    Mail,
    /// A line of its next daily mail, due then.
    Digest(DateTime<Utc>),
    /// Nothing: the service looks by itself.
    Nothing,
    /// A mail to the supervisors of the service.
    Supervisors,
}

/// The way of a notice by the service's own policy, and whether the on-call chain is called besides.
///
/// A danger or a higher severity is never left for a digest. The chain is called for what is urgent while the service is
/// closed.
#[must_use]
pub fn way(service: &Service, time_zone: Tz, notice: ServiceNotice, urgent: bool, now: DateTime<Utc>) -> (Way, bool) {
    let heard_at_once = matches!(notice, ServiceNotice::NewAlert | ServiceNotice::RaisedSeverity);
    let on_call = heard_at_once && urgent && !service.on_call.is_empty() && !service.calendar.is_open(now);
    let way = match notice {
        ServiceNotice::Deadline => Way::Supervisors,
        ServiceNotice::RaisedSeverity | ServiceNotice::Reminder | ServiceNotice::TakenBack => Way::Mail,
        ServiceNotice::NewAlert if urgent => Way::Mail,
        ServiceNotice::NewAlert => match policy(service, time_zone, now) {
            Notices::Instant => Way::Mail,
            Notices::Digest => Way::Digest(next_digest(service, time_zone, now)),
            Notices::None => Way::Nothing,
        },
    };
    (way, on_call)
}

/// The service's policy at an instant: that of the first hours that hold its local time, else the general one.
fn policy(service: &Service, time_zone: Tz, now: DateTime<Utc>) -> Notices {
    let clock = now.with_timezone(&time_zone).time();
    let holds = |from: NaiveTime, to: NaiveTime| {
        if from < to {
            from <= clock && clock < to
        } else {
            from <= clock || clock < to
        }
    };
    let special = service.notice_hours.iter().find(|hours| holds(hours.from, hours.to));
    special.map_or(service.notices, |hours| hours.notices)
}

/// When the daily mail goes: at the first opening of the next local day on which the service works.
fn next_digest(service: &Service, time_zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let tomorrow = now.with_timezone(&time_zone).date_naive() + Days::new(1);
    let midnight = time_zone
        .from_local_datetime(&tomorrow.and_time(NaiveTime::MIN))
        .earliest()
        .map_or(now + chrono::TimeDelta::days(1), |at| at.to_utc());
    service.calendar.next_opening(midnight).unwrap_or(midnight)
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
