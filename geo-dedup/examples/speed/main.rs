//! CPU time per decision, with every alert in memory, as a stream of reports grows; and the memory that it takes.
//!
//! ```text
//! cargo run --release -p geo-dedup --example speed [--points FOLDER]
//! ```
//!
//! It prints a table as Markdown. `--points` writes the points of each stream (`longitude,latitude,category`) into
//! `points-10000.csv` and so on, for a measurement of the same points elsewhere.
//!
//! A decision is the search, the scoring of all that is found with every feature that both sides have, and what follows:
//! the join or the opening, closures, and forgetting. A third of the reports bring a photo's hash. Observations are parsed, and the counts of the past are given. Next
//! to it, in the same run: the nearest open alert of the category within 50 m and 14 days by `grid_disk` (h3o), and
//! DBSCAN (geo) by category with 50 m and two reports. One thread, in its own CPU time.

mod city;
mod plain;

use std::{
    collections::VecDeque,
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
    time::Duration,
};

use city::{CATEGORIES, City};
use geo_dedup::{
    AlertId, Candidate, CandidateState, CategoryId, Context, Decision, Index, InvalidPolicy, Observation, Policy,
    ReportId, Timestamp,
};
use nix::time::{ClockId, clock_gettime};

/// Reports of a year, in cities of the same density.
const COUNTS: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Alerts are closed so long after they were opened.
const OPEN_DAYS: i64 = 14;
/// Reports are made so many at a time, outside the clock.
const BATCH: usize = 10_000;
/// An index is copied until there are so many alerts, so that memory's pages are many enough to count.
const COPIED_ALERTS: usize = 300_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let points = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => None,
        (Some("--points"), Some(folder)) => Some(PathBuf::from(folder)),
        _ => return Err("usage: speed [--points FOLDER]".into()),
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\n| reports | geo-dedup, µs CPU a decision | circle by grid_disk | DBSCAN of geo | reports an alert | alerts scored a decision | alerts kept, of which open | bytes an alert kept | bytes for each open one |\n|---|---|---|---|---|---|---|---|---|"
    )?;
    // The first run only warms up.
    measure(10_000)?;
    for count in COUNTS {
        let line = measure(count)?;
        writeln!(out, "{line}")?;
    }
    let remembered = Policy::default().days_remembered();
    writeln!(
        out,
        "\nKept are the open alerts and, as reports recur and arrive late, those that ended within {remembered} days, whole; the last \
         column lays all of their memory on the open ones."
    )?;
    if let Some(folder) = points {
        for count in COUNTS {
            write_points(
                &City::new(count),
                File::create(folder.join(format!("points-{count}.csv")))?,
            )?;
        }
    }
    Ok(())
}

/// CPU time that this thread used so far.
fn cpu_time() -> nix::Result<Duration> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from)
}

/// One line of the table.
fn measure(count: usize) -> Result<String, Box<dyn Error>> {
    let city = City::new(count);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    let mut town = Town::new()?;
    let ours = timed(&city, |report| town.place(report))?;
    let mut circle = plain::Circle::default();
    let disk = timed(&city, |report| circle.place(&report))?;
    let points = plain::points_by_category(&city);
    let start = cpu_time()?;
    plain::dbscan(&points);
    let dbscan = cpu_time()?.saturating_sub(start);
    let (kept, open) = (town.index.len(), town.closing.len());
    let bytes = bytes_of(&town.index)?;
    Ok(format!(
        "| {count} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {kept}, {open} | {} | {} |",
        each(ours),
        each(disk),
        each(dbscan),
        count as f64 / town.opened as f64,
        town.scored as f64 / count as f64,
        bytes / kept.max(1),
        bytes / open.max(1),
    ))
}

/// CPU time of placing every report, without the making of the reports.
fn timed(city: &City, mut place: impl FnMut(Observation)) -> nix::Result<Duration> {
    let mut spent = Duration::ZERO;
    let mut reports = city.reports();
    loop {
        let batch: Vec<Observation> = reports.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(spent);
        }
        let start = cpu_time()?;
        batch.into_iter().for_each(&mut place);
        spent += cpu_time()?.saturating_sub(start);
    }
}

/// The alerts of a town, as they come and go.
struct Town {
    index: Index,
    policies: Vec<Policy>,
    remembered: f64,
    closing: VecDeque<(Timestamp, AlertId)>,
    reports: u128,
    opened: usize,
    scored: usize,
}

impl Town {
    fn new() -> Result<Self, InvalidPolicy> {
        // Neighbours in the list of categories are taken for each other now and then.
        let policy = |number: i64| Policy::builder().compatible(CategoryId(number ^ 1), 0.3).build();
        let policies: Vec<Policy> = (0..CATEGORIES).map(policy).collect::<Result<_, _>>()?;
        Ok(Self {
            index: Index::default(),
            remembered: policies.iter().map(Policy::days_remembered).fold(0.0, f64::max),
            policies,
            closing: VecDeque::new(),
            reports: 0,
            opened: 0,
            scored: 0,
        })
    }

    fn place(&mut self, report: Observation) {
        let now = report.observed_at;
        while let Some((at, id)) = self.closing.pop_front_if(|(at, _)| *at <= now) {
            self.index.set_state(id, CandidateState::Closed { at });
        }
        self.index.forget(now, self.remembered);
        self.reports += 1;
        let Some(policy) = usize::try_from(report.category.0)
            .ok()
            .and_then(|category| self.policies.get(category))
        else {
            return;
        };
        let context = Context {
            past_here: Some(1),
            past_around: Some(4),
            ..Context::at(now)
        };
        let outcome = self.index.decide(&report, &context, policy);
        self.scored += outcome.scored.len();
        let member = report.into_member(ReportId(self.reports));
        match outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => {
                self.index.join(alert, member);
            }
            Decision::Open | Decision::Suggest { .. } => {
                self.opened += 1;
                let id = AlertId(self.reports);
                self.index.insert(Candidate::opened_by(id, member));
                self.closing
                    .push_back((Timestamp(now.0 + OPEN_DAYS * city::DAY_MS), id));
            }
        }
    }
}

/// Memory that an index takes: by how much copies of it let the process grow.
fn bytes_of(index: &Index) -> Result<usize, Box<dyn Error>> {
    let copies = (COPIED_ALERTS / index.len().max(1)).max(1);
    let before = resident_bytes()?;
    let copied = vec![index.clone(); copies];
    Ok((resident_bytes()? - before) / copied.len())
}

fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: usize = line.ok_or("no VmRSS")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}

fn write_points(city: &City, file: File) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(file);
    for report in city.reports() {
        writeln!(
            file,
            "{},{},{}",
            report.point.lon(),
            report.point.lat(),
            report.category.0
        )?;
    }
    Ok(file.flush()?)
}
