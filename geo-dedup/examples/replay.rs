//! Replays a stream of street reports through [`geo_dedup::decide`], as a server would live it.
//!
//! ```text
//! replay INPUT.csv > OUTPUT.csv
//! ```
//!
//! The input is a CSV file in order of arrival, with a header and the columns `id, created_at, closed_at, category, family,
//! lat, lon, accuracy_m, address` (times RFC 3339 or plain dates; `closed_at`, `accuracy_m` and `address` may be empty). The
//! output has a row a report, `id,alert_id`: the alert that it ended in, named after the report that opened it.
//!
//! A report is placed with what arrived before it. An alert is closed from the `closed_at` of the report that opened it, and no
//! other report's `closed_at` is read. Categories of one family are taken as compatible.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    io::Write,
};

use chrono::{DateTime, NaiveDate, NaiveTime};
use geo_dedup::{
    Address, AlertId, Candidate, CandidateState, CategoryId, Context, Decision, LonLat, Metres, Observation, Policy,
    ReportId, Timestamp, cell, decide,
};

/// Weight of two categories of one family, and the expected life of every problem in days: a stream names neither, so one
/// value serves all.
const FAMILY_WEIGHT: f64 = 0.1;
const LIFE_DAYS: f64 = 14.0;
/// How far, and how long back, the local rate looks.
const RATE_RADIUS: Metres = Metres::whole(250);
const RATE_DAYS: f64 = 60.0;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: replay INPUT.csv")?;
    let mut town = Town::default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "id,alert_id")?;
    let mut ids = Vec::new();
    for row in csv::Reader::from_path(path)?.deserialize() {
        let row: Row = row?;
        let alert = town.take(&row, ids.len())?;
        ids.push(row.id);
        let (own, opener) = (
            ids.last().map_or("", String::as_str),
            ids.get(alert).map_or("", String::as_str),
        );
        writeln!(out, "{own},{opener}")?;
    }
    Ok(out.flush()?)
}

#[derive(serde::Deserialize)]
struct Row {
    id: String,
    created_at: String,
    closed_at: String,
    category: String,
    family: String,
    lat: f64,
    lon: f64,
    accuracy_m: Option<f64>,
    address: String,
}

impl Row {
    fn observation(&self, category: CategoryId) -> Result<Observation, Box<dyn Error>> {
        let at = instant(&self.created_at)?;
        let mut observation = Observation::new(LonLat::new(self.lon, self.lat)?, category, at);
        observation.accuracy = self.accuracy_m.map(Metres::new).transpose()?;
        observation.address = (!self.address.is_empty()).then(|| Address::parse(&self.address));
        Ok(observation)
    }
}

fn instant(text: &str) -> Result<Timestamp, Box<dyn Error>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(Timestamp(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()));
    }
    Ok(Timestamp(
        DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1))?.timestamp_millis(),
    ))
}

/// All that a server's tables would hold.
#[derive(Default)]
struct Town {
    categories: HashMap<String, CategoryId>,
    families: HashMap<String, Vec<CategoryId>>,
    policies: HashMap<CategoryId, Policy>,
    alerts: Vec<Candidate>,
    /// Alerts by the stored cell of their anchor.
    by_cell: BTreeMap<i64, Vec<usize>>,
    /// All reports by their stored cell: where, when, what.
    reports: BTreeMap<i64, Vec<(LonLat, Timestamp, CategoryId)>>,
    first: Option<Timestamp>,
    exact: HashMap<(u64, u64), u32>,
}

impl Town {
    /// Places one report; returns the number of the report that opened its alert.
    fn take(&mut self, row: &Row, number: usize) -> Result<usize, Box<dyn Error>> {
        let category = self.category(row)?;
        let observation = row.observation(category)?;
        let policy = self.policies.get(&category).ok_or("no policy")?;
        let context = self.context(&observation, policy);
        let candidates = self.candidates(&observation, policy, context.now);
        let outcome = decide(&observation, &candidates, &context, policy);
        let alert = match outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => usize::try_from(alert.0)?,
            Decision::Open | Decision::Suggest { .. } => self.open(row, &observation)?,
        };
        self.remember(&observation);
        let joined = self.alerts.get_mut(alert).ok_or("no such alert")?;
        joined.reports += 1;
        joined.extent = joined.extent.max(observation.point.distance(&joined.anchor));
        joined
            .members
            .push(observation.into_member(ReportId(u128::try_from(number)?)));
        let opener = joined.members.first().ok_or("an alert has a report")?;
        Ok(usize::try_from(opener.report.0)?)
    }

    fn category(&mut self, row: &Row) -> Result<CategoryId, Box<dyn Error>> {
        if let Some(known) = self.categories.get(&row.category) {
            return Ok(*known);
        }
        let new = CategoryId(i64::try_from(self.categories.len())?);
        self.categories.insert(row.category.clone(), new);
        let family = self.families.entry(row.family.clone()).or_default();
        family.push(new);
        for own in family.iter() {
            let others = family.iter().filter(|other| *other != own);
            let builder = others.fold(Policy::builder().life_days(LIFE_DAYS), |policy, other| {
                policy.compatible(*other, FAMILY_WEIGHT)
            });
            self.policies.insert(*own, builder.build()?);
        }
        Ok(new)
    }

    fn context(&self, observation: &Observation, policy: &Policy) -> Context {
        let now = observation.observed_at;
        let mut context = Context::at(now);
        let days = self.first.map_or(0.0, |first| now.days_since(first)).min(RATE_DAYS);
        if days >= 7.0 {
            let ranges = cell::covering(&observation.point, RATE_RADIUS);
            let around = ranges
                .iter()
                .flat_map(|range| self.reports.range(range.first..=range.last))
                .flat_map(|(_, all)| all);
            let count = around
                .filter(|(point, at, category)| {
                    now.days_since(*at) <= RATE_DAYS
                        && policy.compatibility(observation.category, *category) > 0.0
                        && point.distance(&observation.point) <= RATE_RADIUS
                })
                .count();
            let km2 = std::f64::consts::PI * (RATE_RADIUS.get() / 1000.0).powi(2);
            // Half a report more keeps an empty neighbourhood from counting as certainty.
            context.local_rate = Some((count as f64 + 0.5) / (km2 * days));
        }
        context.at_exact_point = self.exact.get(&exact(&observation.point)).copied().unwrap_or(0);
        context
    }

    fn candidates(&self, observation: &Observation, policy: &Policy, now: Timestamp) -> Vec<Candidate> {
        let radius = policy.search_radius(observation);
        let ranges = cell::covering(&observation.point, radius);
        let around = ranges
            .iter()
            .flat_map(|range| self.by_cell.range(range.first..=range.last))
            .flat_map(|(_, all)| all);
        let open_now = |candidate: &Candidate| match candidate.state {
            CandidateState::Closed { at } if at > now => Candidate {
                state: CandidateState::Open,
                ..candidate.clone()
            },
            _ => candidate.clone(),
        };
        around
            .filter_map(|number| self.alerts.get(*number))
            .filter(|alert| policy.compatibility(observation.category, alert.category) > 0.0)
            .filter(|alert| alert.anchor.distance(&observation.point) <= radius)
            .map(open_now)
            .collect()
    }

    fn open(&mut self, row: &Row, observation: &Observation) -> Result<usize, Box<dyn Error>> {
        let state = match row.closed_at.as_str() {
            "" => CandidateState::Open,
            text => CandidateState::Closed { at: instant(text)? },
        };
        let alert = self.alerts.len();
        self.alerts.push(Candidate {
            id: AlertId(u128::try_from(alert)?),
            category: observation.category,
            anchor: observation.point,
            extent: Metres::ZERO,
            state,
            opened_at: observation.observed_at,
            reports: 0,
            members: Vec::new(),
        });
        self.by_cell
            .entry(cell::h3_15(&observation.point).to_i64())
            .or_default()
            .push(alert);
        Ok(alert)
    }

    fn remember(&mut self, observation: &Observation) {
        let point = observation.point;
        self.first.get_or_insert(observation.observed_at);
        let stored = cell::h3_15(&point).to_i64();
        self.reports
            .entry(stored)
            .or_default()
            .push((point, observation.observed_at, observation.category));
        *self.exact.entry(exact(&point)).or_default() += 1;
    }
}

fn exact(point: &LonLat) -> (u64, u64) {
    (point.lon().to_bits(), point.lat().to_bits())
}
