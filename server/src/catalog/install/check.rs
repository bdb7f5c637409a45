//! Holds a town file against what the rest of the program relies on. Every fault is named with its path.

use std::collections::HashSet;

use geo::{BoundingRect, Validation};
use geo_dedup::CategoryId;

use super::{Fault, Faults};
use crate::catalog::questions::Questions;
use crate::catalog::town_file::{
    BodyEntry, CategoryEntry, GateEntry, HandOverWay, RouteEntry, ServiceEntry, Territory, TownFile,
};
use crate::text::Localized;

/// Everything wrong in a town file; empty when it can be installed.
#[must_use]
pub fn check(file: &TownFile) -> Faults {
    let mut check = Check {
        faults: Vec::new(),
        sectors: file.sectors.iter().map(|entry| entry.code.as_str()).collect(),
        bodies: file.bodies.iter().map(|entry| entry.code.as_str()).collect(),
        services: file.services.iter().map(|entry| entry.code.as_str()).collect(),
        crews: file.crews.iter().map(|entry| entry.code.as_str()).collect(),
        categories: file.categories.iter().map(|entry| entry.code.as_str()).collect(),
    };
    check.town(file);
    check.unique("sectors", file.sectors.iter().map(|entry| &entry.code));
    for (n, entry) in file.sectors.iter().enumerate() {
        check.code(&format!("sectors[{n}].code"), &entry.code);
        check.said(&format!("sectors[{n}].name"), &entry.name);
        check.territory(&format!("sectors[{n}].boundary"), &entry.boundary);
    }
    check.unique("bodies", file.bodies.iter().map(|entry| &entry.code));
    for (n, entry) in file.bodies.iter().enumerate() {
        check.body(&format!("bodies[{n}]"), entry);
    }
    check.unique("services", file.services.iter().map(|entry| &entry.code));
    for (n, entry) in file.services.iter().enumerate() {
        check.service(&format!("services[{n}]"), entry);
    }
    check.unique("crews", file.crews.iter().map(|entry| &entry.code));
    for (n, entry) in file.crews.iter().enumerate() {
        check.code(&format!("crews[{n}].code"), &entry.code);
        check.said(&format!("crews[{n}].name"), &entry.name);
        check.names(&format!("crews[{n}].service"), List::Services, Some(&entry.service));
        check.names(&format!("crews[{n}].sector"), List::Sectors, entry.sector.as_ref());
    }
    check.unique("categories", file.categories.iter().map(|entry| &entry.code));
    for n in 0..file.categories.len() {
        check.category(n, &file.categories);
    }
    for (n, entry) in file.routing.iter().enumerate() {
        check.route(&format!("routing[{n}]"), entry, file);
    }
    Faults(check.faults)
}

/// The lists whose entries are named by code.
#[derive(Clone, Copy)]
enum List {
    Sectors,
    Bodies,
    Services,
    Crews,
    Categories,
}

struct Check<'a> {
    faults: Vec<Fault>,
    sectors: HashSet<&'a str>,
    bodies: HashSet<&'a str>,
    services: HashSet<&'a str>,
    crews: HashSet<&'a str>,
    categories: HashSet<&'a str>,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, complaint: impl Into<String>) {
        self.faults.push(Fault {
            path: path.to_owned(),
            complaint: complaint.into(),
        });
    }

    fn require(&mut self, holds: bool, path: &str, complaint: &str) {
        if !holds {
            self.fault(path, complaint);
        }
    }

    fn said(&mut self, path: &str, text: &str) {
        self.require(!text.trim().is_empty(), path, "must not be empty");
    }

    fn told(&mut self, path: &str, text: &Localized) {
        self.require(!text.is_empty(), path, "must say something in fr or en");
    }

    fn address(&mut self, path: &str, email: &str) {
        let whole = email
            .split_once('@')
            .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
        self.require(whole, path, "is no e-mail address");
    }

    fn code(&mut self, path: &str, code: &str) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (2..=60).contains(&code.len()) && code.chars().all(plain);
        self.require(fits, path, "is 2 to 60 lower-case letters, digits and hyphens");
    }

    fn unique<'b>(&mut self, list: &str, codes: impl Iterator<Item = &'b String>) {
        let mut seen = HashSet::new();
        for (n, code) in codes.enumerate() {
            self.require(
                seen.insert(code.as_str()),
                &format!("{list}[{n}].code"),
                "stands twice in the list",
            );
        }
    }

    fn names(&mut self, path: &str, list: List, code: Option<&String>) {
        let (known, what) = match list {
            List::Sectors => (&self.sectors, "sector"),
            List::Bodies => (&self.bodies, "body"),
            List::Services => (&self.services, "service"),
            List::Crews => (&self.crews, "crew"),
            List::Categories => (&self.categories, "category"),
        };
        if let Some(code) = code
            && !known.contains(code.as_str())
        {
            self.fault(path, format!("{code:?} is no {what} of this file"));
        }
    }

    fn territory(&mut self, path: &str, territory: &Territory) {
        let geometry = territory.to_geometry();
        let Some(bounds) = geometry.bounding_rect() else {
            return self.fault(path, "is empty");
        };
        let on_earth =
            bounds.min().x >= -180.0 && bounds.max().x <= 180.0 && bounds.min().y >= -90.0 && bounds.max().y <= 90.0;
        self.require(
            on_earth,
            path,
            "has positions that are not [longitude, latitude] in degrees",
        );
        if let Err(error) = geometry.check_validation() {
            self.fault(path, error.to_string());
        }
    }

    fn town(&mut self, file: &TownFile) {
        self.code("slug", &file.slug);
        self.said("name", &file.name);
        self.require(!file.locales.is_empty(), "locales", "must name a language");
        let zone = file.time_zone.parse::<chrono_tz::Tz>();
        self.require(zone.is_ok(), "time_zone", "is no name of the IANA time zone database");
        self.territory("boundary", &file.boundary);
        self.said("postal_address", &file.postal_address);
        self.said("phone", &file.phone);
        self.address("email", &file.email);
        self.told("notice", &file.notice);
        self.require(file.notice_version >= 1, "notice_version", "starts at 1");
        self.require(
            !file.services.is_empty(),
            "services",
            "must have an entry: somebody owns every alert",
        );
        self.names("default_service", List::Services, Some(&file.default_service));
        for (n, entry) in file.emergency_numbers.iter().enumerate() {
            self.said(&format!("emergency_numbers[{n}].number"), &entry.number);
            self.told(&format!("emergency_numbers[{n}].label"), &entry.label);
        }
    }

    fn body(&mut self, path: &str, entry: &BodyEntry) {
        self.code(&format!("{path}.code"), &entry.code);
        self.told(&format!("{path}.name"), &entry.name);
        let (needed, field) = match entry.hand_over {
            HandOverWay::Email => (entry.email.as_ref(), "email"),
            HandOverWay::Call => (entry.phone.as_ref(), "phone"),
            HandOverWay::Letter => (entry.postal_address.as_ref(), "postal_address"),
            HandOverWay::Portal => (entry.website.as_ref(), "website"),
            HandOverWay::None => (Some(&entry.code), "code"),
        };
        self.require(
            needed.is_some(),
            &format!("{path}.{field}"),
            "is needed for this way of handing over",
        );
        if let Some(email) = &entry.email {
            self.address(&format!("{path}.email"), email);
        }
        if let Some(zone) = &entry.zone {
            self.territory(&format!("{path}.zone"), zone);
        }
    }

    fn service(&mut self, path: &str, entry: &ServiceEntry) {
        self.code(&format!("{path}.code"), &entry.code);
        self.told(&format!("{path}.name"), &entry.name);
        self.said(&format!("{path}.postal_address"), &entry.postal_address);
        self.said(&format!("{path}.phone"), &entry.phone);
        if let Some(email) = &entry.email {
            self.address(&format!("{path}.email"), email);
        }
        for (n, link) in entry.on_call.iter().enumerate() {
            let link_path = format!("{path}.on_call[{n}]");
            let reached = link.phone.is_some() || link.email.is_some();
            self.require(reached, &link_path, "needs a phone or an email");
            if let Some(email) = &link.email {
                self.address(&format!("{link_path}.email"), email);
            }
        }
        for (field, hours) in [
            ("consult_hours", entry.consult_hours),
            ("answer_hours", entry.answer_hours),
        ] {
            let path = format!("{path}.{field}");
            self.require(hours.is_none_or(|hours| hours > 0), &path, "must be above 0");
            let watched = hours.is_some() || !entry.notices.leave_unheard(&entry.notice_hours);
            self.require(watched, &path, "is needed where notices are none, at some hours too");
        }
    }

    fn category(&mut self, n: usize, all: &[CategoryEntry]) {
        let Some(entry) = all.get(n) else { return };
        let path = format!("categories[{n}]");
        self.code(&format!("{path}.code"), &entry.code);
        self.told(&format!("{path}.label"), &entry.label);
        self.names(&format!("{path}.service"), List::Services, entry.service.as_ref());
        self.names(
            &format!("{path}.redirect_body"),
            List::Bodies,
            entry.redirect_body.as_ref(),
        );
        if let Some(group) = &entry.group {
            let before = all.iter().take(n).any(|other| other.is_group && other.code == *group);
            let complaint = "is no group that stands before it in the list";
            self.require(before, &format!("{path}.group"), complaint);
        }
        if let Err(error) = Questions::compile(entry.questions.clone()) {
            self.fault(&format!("{path}.questions"), error);
        }
        self.require(
            (1..=4).contains(&entry.priority),
            &format!("{path}.priority"),
            "is 1 (low) to 4 (urgent)",
        );
        self.require(
            entry.rejected_days >= 0,
            &format!("{path}.rejected_days"),
            "must not be negative",
        );
        for code in entry.dedup.compatible.keys() {
            self.names(&format!("{path}.dedup.compatible"), List::Categories, Some(code));
        }
        let numbered = |code: &str| {
            let place = all.iter().position(|other| other.code == code)?;
            i64::try_from(place).ok().map(CategoryId)
        };
        self.require(
            entry.dedup.kind_is_known(),
            &format!("{path}.dedup.kind"),
            "is no kind that there are weights for",
        );
        if let Err(error) = entry.dedup.build(1, entry.rejected_days.max(0), numbered) {
            self.fault(&format!("{path}.dedup"), error.to_string());
        }
        for (n, gate) in entry.gates.iter().enumerate() {
            self.gate(&format!("{path}.gates[{n}]"), gate);
        }
    }

    fn gate(&mut self, path: &str, gate: &GateEntry) {
        self.names(&format!("{path}.sector"), List::Sectors, gate.sector.as_ref());
        self.told(&format!("{path}.message"), &gate.message);
        if let Some(season) = &gate.season {
            for (field, day) in [("from", &season.from), ("to", &season.to)] {
                self.require(
                    is_day(day),
                    &format!("{path}.season.{field}"),
                    "is no day of the year (MM-DD)",
                );
            }
        }
        let ordered = gate.from.zip(gate.to).is_none_or(|(from, to)| from < to);
        self.require(ordered, &format!("{path}.to"), "must come after from");
    }

    fn route(&mut self, path: &str, entry: &RouteEntry, file: &TownFile) {
        self.names(&format!("{path}.category"), List::Categories, entry.category.as_ref());
        self.names(&format!("{path}.sector"), List::Sectors, entry.sector.as_ref());
        self.names(&format!("{path}.body"), List::Bodies, entry.body.as_ref());
        self.names(&format!("{path}.service"), List::Services, entry.service.as_ref());
        self.names(&format!("{path}.crew"), List::Crews, entry.crew.as_ref());
        let decides = entry.body.is_some() || entry.service.is_some() || entry.crew.is_some();
        self.require(decides, path, "must name a body, a service or a crew");
        let crew = file.crews.iter().find(|crew| Some(&crew.code) == entry.crew.as_ref());
        if let (Some(crew), Some(service)) = (crew, &entry.service) {
            self.require(
                crew.service == *service,
                &format!("{path}.crew"),
                "belongs to another service",
            );
        }
    }
}

/// A day of some year, 29 February among them.
fn is_day(text: &str) -> bool {
    chrono::NaiveDate::parse_from_str(&format!("2028-{text}"), "%Y-%m-%d").is_ok_and(|_| text.len() == 5)
}
