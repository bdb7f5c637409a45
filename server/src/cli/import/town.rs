//! A town made from a file of reports, to try Vigie on one's own data: the box around the positions, a category for each
//! distinct one, one service that owns everything.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use chrono_tz::Tz;
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::row::Row;
use crate::catalog::town_file::TownFile;

/// Share of the positions left out at each side: a few are always wrong by a country.
const OUTLIERS: f64 = 0.005;
/// Degrees added around, about a kilometre.
const MARGIN: f64 = 0.01;
/// Longest code.
const MAX_CODE: usize = 60;

/// The town file of these rows.
pub fn of_rows(name: &str, time_zone: Tz, rows: &[Row]) -> anyhow::Result<TownFile> {
    let positions: Vec<_> = rows.iter().filter_map(Row::position).collect();
    let (west, east) = range(positions.iter().map(|position| position.lon()).collect())?;
    let (south, north) = range(positions.iter().map(|position| position.lat()).collect())?;
    let slug = plain_code(name);
    let categories: Vec<_> = categories(rows)
        .into_iter()
        .map(|(code, label)| json!({"code": code, "label": {"fr": label, "en": label}}))
        .collect();
    if categories.is_empty() {
        bail!("the file names no category");
    }
    let hours = json!([{"opens": "08:00", "closes": "18:00"}]);
    let document = json!({
        "slug": slug,
        "name": name,
        "time_zone": time_zone.name(),
        "locales": ["fr", "en"],
        "boundary": {"type": "Polygon", "coordinates": [
            [[west, south], [east, south], [east, north], [west, north], [west, south]]
        ]},
        "postal_address": name,
        "phone": "-",
        "email": format!("essai@{slug}.invalid"),
        "notice": {"fr": "Ville d'essai, faite d'un fichier.", "en": "A town on trial, made from a file."},
        "notice_version": 1,
        "default_service": "service",
        "services": [{
            "code": "service",
            "name": {"fr": "Tous les services", "en": "All services"},
            "postal_address": name,
            "phone": "-",
            "calendar": {"time_zone": time_zone.name(), "weekly": [hours, hours, hours, hours, hours, [], []]},
            "delay": {"working_days": 10},
            "notices": "none",
        }],
        "categories": categories,
    });
    serde_json::from_value(document).context("making the town")
}

/// Code and name of each distinct category; names with the same code are one.
pub fn categories(rows: &[Row]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let readable = rows.iter().filter(|row| row.is_utf8);
    for name in readable.filter_map(|row| row.category.as_ref()) {
        found.entry(plain_code(name)).or_insert_with(|| name.clone());
    }
    found
}

/// A name as a code: lower-case letters and digits without accents, hyphens between.
pub fn plain_code(name: &str) -> String {
    let letters = name
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    let spaced: String = letters
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect();
    let mut code = spaced.split_whitespace().collect::<Vec<_>>().join("-");
    code.truncate(MAX_CODE);
    let code = code.trim_end_matches('-');
    if code.len() < 2 {
        format!("x-{code}")
    } else {
        code.to_owned()
    }
}

fn range(mut degrees: Vec<f64>) -> anyhow::Result<(f64, f64)> {
    degrees.sort_by(f64::total_cmp);
    let left_out = (degrees.len() as f64 * OUTLIERS) as usize;
    let low = degrees.get(left_out);
    let high = degrees.len().checked_sub(1 + left_out).and_then(|at| degrees.get(at));
    let (low, high) = low.zip(high).context("the file has no position")?;
    Ok((low - MARGIN, high + MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_code() {
        assert_eq!(plain_code("Propreté : corbeilles"), "proprete-corbeilles");
        assert_eq!(plain_code("Street Light Outages"), "street-light-outages");
        assert_eq!(plain_code("É"), "x-e");
        assert!(plain_code(&"long name ".repeat(20)).len() <= MAX_CODE);
    }

    #[test]
    fn a_few_wrong_positions_do_not_stretch_the_box() {
        let mut degrees: Vec<f64> = (0..1000).map(|n| 2.0 + f64::from(n) * 1e-4).collect();
        degrees.push(-71.0);
        let (west, east) = range(degrees).unwrap();
        assert!(west > 1.9 && east < 2.2, "{west} {east}");
        assert!(range(Vec::new()).is_err());
    }
}
