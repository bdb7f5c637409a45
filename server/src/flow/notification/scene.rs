//! Everything that the words of one message may need, and the words themselves.

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use postgis_diesel::types::Point;
use uuid::Uuid;

use super::model::Detail;
use crate::catalog::model::{Category, Service, Town};
use crate::db::space::from_point;
use crate::flow::alert::model::Alert;
use crate::flow::status::vocabulary::PublicStatus;
use crate::text::{Arg, Args, Locale, Texts};

/// What a message says of a report.
#[derive(Clone, Debug)]
pub struct ReportFacts {
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Category that its author chose.
    pub category_id: Uuid,
    /// Received time.
    pub received_at: DateTime<Utc>,
    /// Its telephone code.
    pub code: String,
    /// Its place in its author's own words.
    pub address: Option<String>,
    /// Its place.
    pub place: Point,
}

/// Addresses that a message offers.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Where the report is followed.
    pub follow: Option<String>,
    /// Page that asks whether to stop.
    pub unsubscribe: Option<String>,
    /// One-click address of the same (RFC 8058).
    pub one_click: Option<String>,
    /// Page on which an urgent call is taken.
    pub take: Option<String>,
}

/// Everything that the words of one message may need.
pub struct Scene<'a> {
    /// Texts.
    pub texts: &'a Texts,
    /// Language.
    pub locale: Locale,
    /// Town.
    pub town: &'a Town,
    /// Alert.
    pub alert: &'a Alert,
    /// The reader's own report.
    pub report: Option<&'a ReportFacts>,
    /// What the event said.
    pub detail: &'a Detail,
    /// Addresses.
    pub links: &'a Links,
}

impl Scene<'_> {
    /// The alert's category.
    #[must_use]
    pub fn category(&self) -> Option<&Category> {
        self.town.category_by_id(self.alert.category_id)
    }

    /// The service in charge.
    #[must_use]
    pub fn service(&self) -> Option<&Service> {
        self.town.services.get(&self.alert.service_id)
    }

    /// Whether the words must tell a bystander nothing: no category, no place, no number of people.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        let of_alert = self.alert.category_id;
        let of_report = self.report.map_or(of_alert, |report| report.category_id);
        self.town.is_sensitive(&[of_report, of_alert])
    }

    /// A text with every variable that the scene knows, and some of its own.
    #[must_use]
    pub fn say(&self, id: &str, own: &Args<'_>) -> String {
        let category = self.category().map_or("", |category| category.label.get(self.locale));
        let reference = self.report.map_or(&self.alert.reference, |report| &report.reference);
        let mut args: Vec<(&'static str, Arg<'_>)> = vec![
            ("town", self.town.name.as_str().into()),
            ("alert", self.alert.reference.as_str().into()),
            ("reference", reference.as_str().into()),
            ("category", category.into()),
            ("place", self.place().into()),
        ];
        args.extend(own.iter().cloned());
        self.texts.say(self.locale, id, &args)
    }

    /// How a resident's message names their report.
    #[must_use]
    pub fn your_report(&self) -> String {
        let id = if self.is_sensitive() {
            "message-your-report-neutral"
        } else {
            "message-your-report"
        };
        self.say(id, &[])
    }

    /// The place in words. Residents read their own words, or sector and town: what one of them typed, a name or a door,
    /// is not for the others. The town's people read the address as first given.
    #[must_use]
    pub fn known_place(&self) -> Option<String> {
        let Some(report) = self.report else {
            return self.alert.address.clone();
        };
        let roughly = || self.town.roughly_at(from_point(&report.place).ok()?);
        report.address.clone().or_else(roughly)
    }

    /// The place in words, or where to look.
    #[must_use]
    pub fn place(&self) -> String {
        self.known_place()
            .unwrap_or_else(|| self.texts.say(self.locale, "message-place-none", &[]))
    }

    /// Why: the words of a code, or the words themselves; never nothing.
    #[must_use]
    pub fn reason(&self) -> String {
        let Some(reason) = self.detail.reason.as_ref().or(self.alert.reason.as_ref()) else {
            return self.say("message-reason-none", &[]);
        };
        let id = format!("message-reason-for-{}", reason.replace('_', "-"));
        self.texts.find(self.locale, &id, &[]).unwrap_or_else(|| reason.clone())
    }

    /// A public status in words.
    #[must_use]
    pub fn status(&self, status: PublicStatus) -> String {
        self.say(&format!("message-status-{}", status.as_str().replace('_', "-")), &[])
    }

    /// A day in words.
    #[must_use]
    pub fn date(&self, date: NaiveDate) -> String {
        self.texts.day(self.locale, date)
    }

    /// An instant in words, by the town's clock.
    #[must_use]
    pub fn moment(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.town.time_zone);
        let (hour, minute) = (local.hour().to_string(), format!("{:02}", local.minute()));
        let date = self.date(local.date_naive());
        self.say(
            "message-date-time",
            &[("date", date.into()), ("hour", hour.into()), ("minute", minute.into())],
        )
    }

    /// The expected range in words: the event's, or the alert's.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        let event = self.detail.expected_from.zip(self.detail.expected_to);
        let kept = || self.alert.expected_from.zip(self.alert.expected_to);
        let (from, to) = event.or_else(|| kept().filter(|_| self.alert.open))?;
        if from == to {
            return Some(self.date(to));
        }
        let (from, to) = (self.date(from), self.date(to));
        Some(self.say("message-expected-range", &[("from", from.into()), ("to", to.into())]))
    }

    /// Emergency numbers: "112 (all emergencies), 18 (fire)".
    #[must_use]
    pub fn emergency_numbers(&self) -> Option<String> {
        let numbers: Vec<String> = self
            .town
            .emergency_numbers
            .iter()
            .map(|entry| format!("{} ({})", entry.number, entry.label.get(self.locale)))
            .collect();
        (!numbers.is_empty()).then(|| numbers.join(", "))
    }
}
