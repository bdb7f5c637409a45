//! Our own statements without our server: the SQL of real submits, as PostgreSQL logged it, replayed by psql.
//!
//! What towns do is independent of each other, so the recording is split by town: each session repeats the transactions of
//! its towns in their order, and no session waits for an alert that another has yet to open.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use diesel_async::SimpleAsyncConnection;
use vigie_tests::database::{connect, texts};
use vigie_tests::town::Town;

use crate::bench_db::Postgres;
use crate::cpu::Cpu;
use crate::load::Done;
use crate::server::Server;
use crate::submit::Reporters;

/// Sessions that replay at once.
pub const SESSIONS: usize = 8;
/// Submits recorded.
const SUBMITS: u32 = 4_000;
/// Copy of the database from before the first submit.
const BEFORE: &str = "bench_before";
const RECORDED: &str = "bench_recorded";
const REPLAYED: &str = "bench_replayed";

/// The statements of real submits, one script for each session.
pub struct Recording {
    scripts: Vec<PathBuf>,
}

impl Recording {
    /// Records submits on a copy of `database`, to which nobody may be connected.
    pub async fn make(postgres: &Postgres, database: &str, folder: &Path, towns: &[Town], contact: bool) -> Self {
        postgres.copy(database, BEFORE).await;
        postgres.copy(database, RECORDED).await;
        let mut conn = connect(&postgres.url(RECORDED)).await;
        for sql in [
            "ALTER SYSTEM SET log_line_prefix = '%p|'",
            "SELECT pg_reload_conf()",
            "ALTER DATABASE bench_recorded SET log_statement = 'all'",
        ] {
            conn.batch_execute(sql).await.expect("the log's settings");
        }
        let data = texts(&mut conn, "SELECT current_setting('data_directory') AS value")
            .await
            .remove(0);
        let log = Path::new(&data)
            .parent()
            .expect("the cluster's folder")
            .join("postgres.log");
        let before = std::fs::metadata(&log).expect("PostgreSQL's log").len();
        let server = Server::start(postgres, RECORDED, &folder.join("data"));
        let reporters = Reporters::new(&server.url, towns.to_vec(), contact);
        for _ in 0..SUBMITS {
            reporters.submit().await;
        }
        drop(server);
        let logged = std::fs::read(&log).expect("PostgreSQL's log");
        let logged = String::from_utf8_lossy(&logged[usize::try_from(before).expect("a length")..]).into_owned();
        let scripts = (0..SESSIONS).map(|session| folder.join(format!("session-{session}.sql")));
        let recording = Self {
            scripts: scripts.collect(),
        };
        recording.write(&transactions(&logged));
        recording
    }

    fn write(&self, transactions: &[Transaction]) {
        let submits = transactions.iter().filter(|transaction| transaction.is_submit());
        assert_eq!(submits.count(), SUBMITS as usize, "the log does not hold every submit");
        for (session, path) in self.scripts.iter().enumerate() {
            let mut script = String::new();
            let mut names: BTreeMap<&str, usize> = BTreeMap::new();
            let mine = |transaction: &&Transaction| transaction.town % SESSIONS == session && transaction.is_submit();
            // The driver asks once per connection what a type is called: no part of a submit.
            let asks =
                |statement: &&Statement| !statement.sql.contains("pg_type") && !statement.sql.starts_with("SELECT t.");
            let statements = transactions
                .iter()
                .filter(mine)
                .flat_map(|transaction| &transaction.statements);
            for statement in statements.filter(asks) {
                let Some(values) = &statement.values else {
                    writeln!(script, "{};", statement.sql).expect("a string");
                    continue;
                };
                let next = names.len();
                let name = *names.entry(&statement.sql).or_insert_with(|| {
                    writeln!(script, "PREPARE p{next} AS {};", statement.sql).expect("a string");
                    next
                });
                let arguments = if values.is_empty() {
                    String::new()
                } else {
                    format!("({values})")
                };
                writeln!(script, "EXECUTE p{name}{arguments};").expect("a string");
            }
            std::fs::write(path, script).expect("a script");
        }
    }

    /// Replays all of them, on a fresh copy of the database from before.
    pub async fn turn(&self, postgres: &Postgres) -> Done {
        postgres.copy(BEFORE, REPLAYED).await;
        postgres.settle().await;
        let (app, _) = postgres.logins(REPLAYED);
        let before = Cpu::of_database(postgres.postmaster);
        let start = Instant::now();
        let sessions: Vec<_> = self
            .scripts
            .iter()
            .map(|script| {
                let mut command = Command::new(postgres.programs().join("psql"));
                command
                    .args(["-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", &app, "-f"])
                    .arg(script);
                command.spawn().expect("psql")
            })
            .collect();
        for mut session in sessions {
            assert!(session.wait().expect("psql ends").success(), "the replay failed");
        }
        Done {
            operations: u64::from(SUBMITS),
            seconds: start.elapsed().as_secs_f64(),
            cpu: Cpu::of_database(postgres.postmaster).since(before),
            p99_ms: f64::NAN,
        }
    }
}

#[derive(Default)]
struct Transaction {
    town: usize,
    statements: Vec<Statement>,
}

impl Transaction {
    fn is_submit(&self) -> bool {
        self.statements
            .iter()
            .any(|statement| statement.sql.starts_with("INSERT INTO \"report\""))
    }
}

struct Statement {
    sql: String,
    /// The values of a prepared statement, as SQL literals between commas; none for plain text.
    values: Option<String>,
}

/// The transactions in a log whose lines begin with the session's process and a bar.
fn transactions(log: &str) -> Vec<Transaction> {
    let mut open: BTreeMap<&str, Transaction> = BTreeMap::new();
    let mut done = Vec::new();
    for line in log.lines() {
        let Some((session, said)) = line.split_once('|') else {
            continue;
        };
        if let Some(sql) = said.strip_prefix("LOG:  statement: ") {
            if let Some(town) = sql.strip_prefix("BEGIN; SET LOCAL vigie.jurisdiction = ") {
                let town = town
                    .split(';')
                    .next()
                    .and_then(|town| town.parse().ok())
                    .expect("a town's number");
                open.insert(
                    session,
                    Transaction {
                        town,
                        statements: Vec::new(),
                    },
                );
            }
            let Some(transaction) = open.get_mut(session) else {
                continue;
            };
            transaction.statements.push(Statement {
                sql: sql.trim_end_matches(';').to_owned(),
                values: None,
            });
            if sql.starts_with("COMMIT") || sql.starts_with("ROLLBACK") {
                done.extend(open.remove(session));
            }
        } else if let Some((_, sql)) = said
            .strip_prefix("LOG:  execute ")
            .and_then(|said| said.split_once(": "))
        {
            if let Some(transaction) = open.get_mut(session) {
                transaction.statements.push(Statement {
                    sql: sql.to_owned(),
                    values: Some(String::new()),
                });
            }
        } else if let Some(parameters) = said.strip_prefix("DETAIL:  parameters: ")
            && let Some(statement) = open
                .get_mut(session)
                .and_then(|transaction| transaction.statements.last_mut())
        {
            statement.values = Some(values(parameters));
        }
    }
    done
}

/// `$1 = 'a', $2 = NULL` without the names. Quotes inside a value are doubled, so `', $` ends one.
fn values(parameters: &str) -> String {
    let mut rest = parameters;
    let mut values = Vec::new();
    while let Some((_, value)) = rest.split_once(" = ") {
        let end = if value.starts_with('\'') {
            end_of_literal(value)
        } else {
            value.find(", $").unwrap_or(value.len())
        };
        values.push(&value[..end]);
        rest = &value[end..];
    }
    values.join(", ")
}

fn end_of_literal(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}
