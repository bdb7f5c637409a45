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
//! other report's `closed_at` is read. Categories of one family are taken as compatible, and the family's name chooses the
//! weights; the policies are the defaults otherwise.

use std::{error::Error, io::Write, path::Path};

use geo_dedup::WeightSet;

#[path = "city/mod.rs"]
mod city;

use city::{City, Town};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: replay INPUT.csv")?;
    let city = City::read(Path::new(&path), |_, _| Ok(true))?;
    let openers = Town::new(&city, &city.reports, WeightSet::built_in())?.live()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "id,alert_id")?;
    for (id, opener) in city.ids.iter().zip(openers) {
        writeln!(out, "{id},{}", city.ids.get(opener).ok_or("no such report")?)?;
    }
    Ok(out.flush()?)
}
