//! The categories of the invented town, as a town file has them.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::json;
use vigie_fixtures as invented;

use super::questions::with_severity;
use super::town::{delay, text};
use crate::catalog::closing::CloseBy;
use crate::catalog::gates::GateRule;
use crate::catalog::policy::PolicyDocument;
use crate::catalog::town_file::{CategoryEntry, GateEntry, SeasonEntry};
use crate::text::Localized;

/// Each group before its categories.
pub(super) fn categories(town: &invented::Town, zone: Tz) -> anyhow::Result<Vec<CategoryEntry>> {
    let mut entries = Vec::new();
    for group in &town.groups {
        entries.push(CategoryEntry {
            is_group: true,
            icon: group.icon.clone(),
            ..blank(&group.code, text(&group.label))
        });
        for entry in town.categories.iter().filter(|entry| entry.group == group.code) {
            entries.push(category(entry, zone)?);
        }
    }
    Ok(entries)
}

/// A category of which nothing but its name is known: all else as a town file leaves it out.
fn blank(code: &str, label: Localized) -> CategoryEntry {
    CategoryEntry {
        code: code.to_owned(),
        group: None,
        is_group: false,
        label,
        description: Localized::default(),
        keywords: Vec::new(),
        icon: "other".to_owned(),
        questions: json!({}),
        service: None,
        delay: None,
        close_by: CloseBy::Crew,
        proof_photo: false,
        sensitive: false,
        formal_request: false,
        agent_only: false,
        priority: 2,
        call_number: None,
        redirect_body: None,
        redirect_message: Localized::default(),
        dedup: PolicyDocument::default(),
        rejected_days: 30,
        gates: Vec::new(),
    }
}

fn category(entry: &invented::Category, zone: Tz) -> anyhow::Result<CategoryEntry> {
    let said = entry.call_stop.as_ref().map(|stop| &stop.message);
    let said = said.or(entry.not_our_job.as_ref().map(|other| &other.message));
    Ok(CategoryEntry {
        group: Some(entry.group.clone()),
        description: text(&entry.description),
        keywords: entry.keywords.fr.iter().chain(&entry.keywords.en).cloned().collect(),
        icon: entry.icon.clone(),
        questions: with_severity(entry),
        service: Some(entry.service.clone()),
        delay: Some(delay(entry.delay)),
        close_by: match entry.close_by {
            invented::CloseBy::Crew => CloseBy::Crew,
            invented::CloseBy::Secretariat => CloseBy::Secretariat,
        },
        proof_photo: entry.proof_photo_required,
        sensitive: entry.sensitive,
        formal_request: entry.formal_request,
        agent_only: entry.agent_only,
        priority: match entry.severity {
            invented::Severity::Normal => 2,
            invented::Severity::High => 3,
            invented::Severity::Danger => 4,
        },
        call_number: entry.call_stop.as_ref().map(|stop| stop.number.clone()),
        redirect_body: entry.not_our_job.as_ref().map(|other| other.body.clone()),
        redirect_message: said.map(text).unwrap_or_default(),
        dedup: policy(&entry.dedup),
        rejected_days: i32::try_from(entry.dedup.rejected_days)?,
        gates: gates(&entry.opening, zone)?,
        ..blank(&entry.code, text(&entry.label))
    })
}

fn policy(dedup: &invented::DedupPolicy) -> PolicyDocument {
    let compatible: BTreeMap<_, _> = dedup
        .compatible
        .iter()
        .map(|other| (other.code.clone(), other.weight))
        .collect();
    PolicyDocument {
        kind: None,
        radius_m: Some(dedup.radius_m),
        life_days: Some(dedup.life_days),
        join_threshold: Some(dedup.join_threshold),
        suggest_threshold: Some(dedup.suggest_threshold),
        span_m: Some(dedup.span_m),
        worst_accuracy_m: Some(dedup.worst_accuracy_m),
        default_point_limit: Some(dedup.default_point_limit),
        late_days: None,
        recurrence_days: Some(f64::from(dedup.recurrence_days)),
        joins_silently: Some(dedup.joins_silently),
        compatible,
        weights: BTreeMap::new(),
    }
}

/// One gate for each sector in which the category is open, or one for all of them.
fn gates(opening: &invented::Opening, zone: Tz) -> anyhow::Result<Vec<GateEntry>> {
    if *opening == invented::Opening::default() {
        return Ok(Vec::new());
    }
    let month_day = |(month, day): (u32, u32)| format!("{month:02}-{day:02}");
    let gate = GateEntry {
        rule: GateRule::Only,
        sector: None,
        season: opening.season.map(|season| SeasonEntry {
            from: month_day(season.from),
            to: month_day(season.to),
        }),
        from: opening.from.map(|day| midnight(day, zone)).transpose()?,
        to: opening
            .until
            .map(|day| midnight(day + Days::new(1), zone))
            .transpose()?,
        message: opening.closed_message.as_ref().map(text).unwrap_or_default(),
        instead: Localized::default(),
    };
    if opening.sectors.is_empty() {
        return Ok(vec![gate]);
    }
    let in_sector = |code: &String| GateEntry {
        sector: Some(code.clone()),
        ..gate.clone()
    };
    Ok(opening.sectors.iter().map(in_sector).collect())
}

/// When a day begins by the town's clock.
fn midnight(day: NaiveDate, zone: Tz) -> anyhow::Result<DateTime<Utc>> {
    let local = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
    Ok(local.with_context(|| format!("{day} has no midnight"))?.to_utc())
}
