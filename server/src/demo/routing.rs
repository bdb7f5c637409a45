//! The routing table of the invented town, as a town file has it.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::json;
use vigie_fixtures as invented;

use super::town::clock;
use crate::catalog::time_window::TimeWindow;
use crate::catalog::town_file::RouteEntry;

/// One rule of the invented town: several where the hours outside a calendar take several windows.
pub(super) fn routes(town: &invented::Town, rule: &invented::RoutingRule) -> anyhow::Result<Vec<RouteEntry>> {
    let own = |code: &String| {
        let body = town.bodies.iter().find(|body| body.code == *code);
        body.is_some_and(|body| body.kind == invented::BodyKind::Town)
    };
    if rule
        .inside_territory_of
        .as_ref()
        .is_some_and(|code| *code != rule.to.body)
    {
        bail!("a rule inside the territory of a body must hand over to that body");
    }
    let entry = RouteEntry {
        category: rule.category.clone(),
        sector: rule.sector.clone(),
        hours: None,
        body: (!own(&rule.to.body)).then(|| rule.to.body.clone()),
        service: Some(rule.to.service.clone()),
        crew: rule.to.crew.clone(),
    };
    let service = town.services.iter().find(|service| service.code == rule.to.service);
    let calendar = service.map(|service| &service.calendar);
    let calendar = calendar.with_context(|| format!("{} is no service", rule.to.service))?;
    let windows = match rule.when {
        invented::TimeWindow::Always => return Ok(vec![entry]),
        invented::TimeWindow::OpeningHours => windows(calendar, open_spans)?,
        invented::TimeWindow::OutsideHours => windows(calendar, closed_spans)?,
    };
    let at = |hours| RouteEntry {
        hours: Some(hours),
        ..entry.clone()
    };
    Ok(windows.into_iter().map(at).collect())
}

/// A stretch of a day, `HH:MM` to `HH:MM`.
type Span = (String, String);

fn open_spans(day: &[invented::OpeningHours]) -> Vec<Span> {
    day.iter()
        .map(|hours| (clock(hours.opens), clock(hours.closes)))
        .collect()
}

fn closed_spans(day: &[invented::OpeningHours]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = "00:00".to_owned();
    for hours in day {
        spans.push((from, clock(hours.opens)));
        from = clock(hours.closes);
    }
    spans.push((from, "24:00".to_owned()));
    spans.retain(|(from, to)| from != to);
    spans
}

/// The spans of a week, days with the same one together. Public holidays are no part of a routing rule.
fn windows(
    calendar: &invented::Calendar,
    spans: fn(&[invented::OpeningHours]) -> Vec<Span>,
) -> anyhow::Result<Vec<TimeWindow>> {
    let mut days: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
    for (day, hours) in (1..).zip(&calendar.weekly) {
        for span in spans(hours) {
            days.entry(span).or_default().push(day);
        }
    }
    let window = |((from, to), days)| serde_json::from_value(json!({"days": days, "from": from, "to": to}));
    Ok(days.into_iter().map(window).collect::<Result<_, _>>()?)
}
