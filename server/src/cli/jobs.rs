//! `vigie admin jobs`: what the workers have to do, what they gave up and why, and putting that back.

use anyhow::{Context, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::{self, Actor, Entry};
use crate::catalog::model::Catalogue;
use crate::jobs::oversight::{self, Dead, PutBack};

/// Dead jobs that are listed.
const LISTED: i64 = 50;
/// Dead jobs that are read at once to be put back.
const BATCH: i64 = 500;

/// Which jobs are put back; none: all are listed.
#[derive(Debug, clap::Args)]
pub struct Jobs {
    /// Put this dead job back.
    #[arg(long, value_name = "ID")]
    retry: Option<i64>,
    /// Put all dead jobs back.
    #[arg(long, conflicts_with = "retry")]
    retry_dead: bool,
}

/// Lists jobs or puts dead ones back.
///
/// # Errors
/// What stopped it, in words for the operator.
#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
pub async fn look_after(app: &App, asked: &Jobs, now: DateTime<Utc>) -> anyhow::Result<()> {
    if let Some(id) = asked.retry {
        let found = oversight::dead(&mut *app.db.conn().await?, Some(id), 1).await?;
        let job = found
            .first()
            .with_context(|| format!("no dead job has the number {id}"))?;
        match put_back(app, job, now).await? {
            Some(PutBack::Due) => println!("job {id} ({}) is tried again", job.kind),
            Some(PutBack::Needless) => println!("job {id} ({}) is gone: another one does the same", job.kind),
            None => bail!("job {id} is not dead any more"),
        }
    } else if asked.retry_dead {
        let (revived, needless) = put_all_back(app, now).await?;
        println!("{revived} dead job(s) are tried again; {needless} gone, because others do the same");
    } else {
        list(app, now).await?;
    }
    Ok(())
}

async fn put_all_back(app: &App, now: DateTime<Utc>) -> anyhow::Result<(usize, usize)> {
    let (mut revived, mut needless) = (0, 0);
    loop {
        let batch = oversight::dead(&mut *app.db.conn().await?, None, BATCH).await?;
        if batch.is_empty() {
            return Ok((revived, needless));
        }
        for job in &batch {
            match put_back(app, job, now).await? {
                Some(PutBack::Due) => revived += 1,
                Some(PutBack::Needless) => needless += 1,
                None => {}
            }
        }
    }
}

/// With a line in the audit trail of the job's town.
async fn put_back(app: &App, job: &Dead, now: DateTime<Utc>) -> anyhow::Result<Option<PutBack>> {
    let tx = app.db.begin(job.town()).await?;
    let done = oversight::put_back(&tx, job.id, now).await?;
    if done.is_some() {
        let entry = Entry {
            actor: &Actor::System,
            action: "retry_job",
            entity: "job",
            entity_id: None,
            detail: json!({"job_id": job.id, "kind": job.kind, "tried_again": done == Some(PutBack::Due)}),
            request_id: None,
        };
        audit::record(&tx, job.town(), &entry, now).await?;
    }
    tx.commit().await?;
    Ok(done)
}

#[expect(clippy::print_stdout, reason = "the operator wants to see it")]
async fn list(app: &App, now: DateTime<Utc>) -> anyhow::Result<()> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let mut conn = app.db.conn().await?;
    println!("kind                          due  later   dead  due since             last error");
    for row in oversight::by_kind(&mut conn, now).await? {
        let since = row.since.map(second).unwrap_or_default();
        let error = first_line(row.last_error.as_deref());
        println!(
            "{:<26}{:>7}{:>7}{:>7}  {since:<22}{error}",
            row.kind, row.due, row.later, row.dead
        );
    }
    let given_up = oversight::dead(&mut conn, None, LISTED).await?;
    if given_up.is_empty() {
        println!("\nno dead job");
        return Ok(());
    }
    println!("\ndead, the latest first, {LISTED} at most (--retry ID puts one back, --retry-dead all):");
    for job in &given_up {
        println!("{}", in_words(&catalogue, job));
    }
    Ok(())
}

fn in_words(catalogue: &Catalogue, job: &Dead) -> String {
    let town = catalogue.town(job.town()).map_or("?", |town| town.slug.as_str());
    let (left, error) = (second(job.created_at), first_line(job.last_error.as_deref()));
    format!(
        "{:>10}  {town}  {}  left {left}, tried {} times: {error}",
        job.id, job.kind, job.attempts
    )
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn first_line(error: Option<&str>) -> &str {
    error.and_then(|error| error.lines().next()).unwrap_or_default()
}
