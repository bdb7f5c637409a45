//! `vigie import reports`: the history of another system, through the same intake as everybody's reports, at the time that
//! each row states. Nobody is told of it.

mod refused;
mod row;
mod town;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use chrono::Utc;
use futures_util::{StreamExt, stream};

use super::database::settings_beside;
use super::progress::Progress;
use crate::app::App;
use crate::audit;
use crate::catalog::install::install;
use crate::catalog::model::Town;
use crate::flow::report::model::Relation;
use crate::flow::report::submit::{Sender, check, submit};
use refused::{Reason, Refused};
use row::{Columns, Mapping, Row};

/// What can be imported.
#[derive(Debug, clap::Subcommand)]
pub enum Import {
    /// Reports from a CSV file.
    Reports(Reports),
}

/// Arguments of `vigie import reports`.
#[derive(Debug, clap::Args)]
pub struct Reports {
    /// The file; .gz is read too. The first line names the columns.
    file: PathBuf,
    /// Short name of the town.
    #[arg(long, required_unless_present = "make_town", conflicts_with = "make_town")]
    town: Option<String>,
    /// Make a town of this name from the file: the box around its positions, one category for each distinct one.
    #[arg(long, value_name = "NAME")]
    make_town: Option<String>,
    /// Time zone of a town that is made, and of times without an offset.
    #[arg(long, default_value = "Europe/Paris")]
    time_zone: chrono_tz::Tz,
    /// Which column is which field: id, lat, lon, category, observed_at, description, address, accuracy_m, channel.
    /// Columns of these names need no word.
    #[arg(long = "map", value_name = "COLUMN=FIELD")]
    maps: Vec<Mapping>,
    /// JSON object from the file's categories to codes of the town's.
    #[arg(long, value_name = "FILE")]
    category_map: Option<PathBuf>,
    /// Check every row, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Only so many rows.
    #[arg(long)]
    limit: Option<usize>,
    /// Write the refused rows there, as CSV with the reason.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// When the file or the database cannot be used. Rows that are refused are counted, not an error.
pub async fn run(Import::Reports(args): Import) -> anyhow::Result<()> {
    let rows = read(&args)?;
    let mut config = settings_beside()?;
    // The pool's size bounds what is in flight; leave one for the rest.
    config.database.pool = config.database.pool.max(2);
    let in_flight = config.database.pool - 1;
    let app = App::build(config)?;
    let slug = match (&args.make_town, &args.town) {
        (Some(name), _) => make_town(&app, name, &args, &rows).await?,
        (None, Some(slug)) => slug.clone(),
        (None, None) => bail!("give --town or --make-town"),
    };
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = catalogue.by_slug(&slug).cloned();
    let Some(town) = town else {
        if args.dry_run && args.make_town.is_some() {
            return say_dry_town(&rows);
        }
        bail!("there is no town {slug:?}");
    };
    let categories = category_map(&args, &town)?;
    let began = Instant::now();
    let outcome = put_in(&app, &town, &args, rows, &categories, in_flight).await;
    if !args.dry_run {
        // One job for all rows: it reads on until it has brought every change to what the public reads.
        let tx = app.db.begin(town.id).await?;
        audit::project_later(&tx, town.id, Utc::now()).await?;
        tx.commit().await?;
    }
    outcome.say(began.elapsed(), args.dry_run);
    if let Some(path) = &args.report {
        refused::write(path, &outcome.refused)?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the operator wants to see what would be done")]
fn say_dry_town(rows: &[Row]) -> anyhow::Result<()> {
    println!(
        "{} rows; the town would be made with {} categories",
        rows.len(),
        town::categories(rows).len()
    );
    Ok(())
}

fn read(args: &Reports) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(open(&args.file)?);
    let columns = Columns::of(reader.headers().context("reading the first line")?, &args.maps)?;
    let mut rows = Vec::new();
    for (number, record) in reader.byte_records().enumerate() {
        if args.limit.is_some_and(|limit| rows.len() >= limit) {
            break;
        }
        // The first line names the columns.
        let line = number + 2;
        let record = record.with_context(|| format!("line {line}"))?;
        rows.push(columns.row(line, record, args.time_zone));
    }
    Ok(rows)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    let file = BufReader::new(File::open(path).with_context(|| format!("opening {}", path.display()))?);
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if packed {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

async fn make_town(app: &App, name: &str, args: &Reports, rows: &[Row]) -> anyhow::Result<String> {
    let file = town::of_rows(name, args.time_zone, rows)?;
    if !args.dry_run {
        let mut conn = app.db.conn().await?;
        install(&mut conn, &file, Utc::now()).await?;
    }
    Ok(file.slug)
}

/// From the file's category to the town's code: the operator's words first, then a code as it is, then its plain form.
fn category_map(args: &Reports, town: &Town) -> anyhow::Result<HashMap<String, String>> {
    let Some(path) = &args.category_map else {
        return Ok(HashMap::new());
    };
    let json = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let map: HashMap<String, String> = serde_json::from_str(&json).context("the category map is no JSON object")?;
    if let Some((from, code)) = map.iter().find(|(_, code)| town.category(code).is_none()) {
        bail!(
            "the category map sends {from:?} to {code:?}, which {} has not",
            town.name
        );
    }
    Ok(map)
}

/// What came of the rows.
#[derive(Default)]
struct Outcome {
    taken: usize,
    relations: BTreeMap<&'static str, usize>,
    refused: Vec<Refused>,
}

async fn put_in(
    app: &App,
    town: &Arc<Town>,
    args: &Reports,
    rows: Vec<Row>,
    categories: &HashMap<String, String>,
    in_flight: usize,
) -> Outcome {
    let progress = Progress::steps("Reports", rows.len() as u64);
    let mut outcome = Outcome::default();
    let mut checked_ids = HashSet::new();
    // In the order of the file, several at once: rows that touch the same place take turns by its lock.
    let mut results = stream::iter(rows)
        .map(|row| async move {
            let relation = one(app, town, &row, categories, args.dry_run).await;
            (row, relation)
        })
        .buffered(in_flight);
    while let Some((row, relation)) = results.next().await {
        progress.step();
        // A dry run leaves nothing behind that a later row of the same id would meet.
        let repeats =
            args.dry_run && relation.is_ok() && row.id.as_ref().is_some_and(|id| !checked_ids.insert(id.clone()));
        let relation = if repeats { Err(Reason::DuplicateId) } else { relation };
        match relation {
            Ok(relation) => {
                outcome.taken += 1;
                *outcome
                    .relations
                    .entry(relation.map_or("checked", Relation::as_str))
                    .or_default() += 1;
            }
            Err(reason) => outcome.refused.push(Refused { row, reason }),
        }
    }
    progress.finish();
    outcome
}

/// Takes one row in; what became of it, nothing in a dry run.
async fn one(
    app: &App,
    town: &Town,
    row: &Row,
    categories: &HashMap<String, String>,
    dry_run: bool,
) -> Result<Option<Relation>, Reason> {
    let (submission, at) = row.submission(town, categories)?;
    let sender = Sender {
        historic: true,
        town: Some(town.id),
        ..Sender::default()
    };
    if dry_run {
        let checked = check(app, &submission, &sender, at).await;
        return checked.map(|()| None).map_err(|problem| Reason::of(&problem));
    }
    let accepted = submit(app, &submission, &[], &sender, at).await;
    let accepted = accepted.map_err(|problem| Reason::of(&problem))?;
    if accepted.replayed {
        return Err(Reason::DuplicateId);
    }
    Ok(Some(accepted.told.relation))
}

impl Outcome {
    #[expect(clippy::print_stdout, reason = "the operator wants to see what came of it")]
    fn say(&self, took: std::time::Duration, dry_run: bool) {
        let all = self.taken + self.refused.len();
        let rate = all as f64 / took.as_secs_f64().max(0.001);
        let done = if dry_run { "would be taken in" } else { "taken in" };
        println!(
            "{all} rows: {} {done}, {} refused; {:.1} s, {rate:.0} per second",
            self.taken,
            self.refused.len(),
            took.as_secs_f64()
        );
        for (relation, count) in &self.relations {
            println!("  {relation:<20} {count}");
        }
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for refused in &self.refused {
            *reasons.entry(refused.reason.as_str()).or_default() += 1;
        }
        for (reason, count) in reasons {
            println!("  refused: {reason:<20} {count}");
        }
    }
}
