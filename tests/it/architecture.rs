//! The house stays as ARCHITECTURE.md draws it: who imports whom, where SQL lives, how large a file grows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vigie_tests::repository;

/// Plumbing: knows nothing of what the product does.
const PLUMBING: [&str; 8] = ["auth", "http", "jobs", "clients", "config", "telemetry", "db", "text"];
/// What the product is and does: plumbing never imports it.
const PRODUCT: [&str; 10] = [
    "flow",
    "catalog",
    "people",
    "vault",
    "projection",
    "live",
    "base_map",
    "views",
    "audit",
    "demo",
];
/// What puts the parts together; plumbing knows `app` alone, in its extractors.
const COMPOSITION: [&str; 7] = ["main", "lib", "cli", "app", "server", "work", "routes"];
/// A macro for closed lists of words, everybody's.
const WORDS: &str = "vocabulary";
/// Stages in the order of the flow. A stage imports those before it.
const STAGES: [&str; 6] = ["report", "photo", "alert", "dispatch", "status", "notification"];

/// Imports of a later stage, on purpose: in the same transaction, or its words only. Everything else reaches a later
/// stage by a job. ARCHITECTURE.md says why of each.
const FORWARD: &[(&str, &str)] = &[
    ("report", "photo"),
    ("report", "alert"),
    ("report", "dispatch"),
    ("report", "status"),
    ("report", "notification"),
    ("photo", "notification"),
    ("alert", "status"),
    ("alert", "dispatch"),
    ("alert", "notification"),
    ("dispatch", "status"),
    ("dispatch", "notification"),
    ("status", "notification"),
];

/// Words that are SQL or lead to it.
const SQL: [&str; 9] = [
    "RunQueryDsl",
    "sql_query",
    "batch_execute",
    "diesel::insert_into",
    "diesel::update",
    "diesel::delete",
    "insert_into(",
    "dsl::sql",
    "SimpleAsyncConnection",
];

const MOST_LINES: usize = 500;

/// A source file of the server.
pub struct Source {
    /// Below `server/src`, with `/`.
    path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    fn parts(&self) -> Vec<&str> {
        self.path.split('/').collect()
    }

    /// Whether only tests see it.
    pub fn is_test(&self) -> bool {
        let name = self.parts().last().copied().unwrap_or_default();
        name.ends_with("_tests.rs") || name == "tests.rs" || self.parts().contains(&"tests")
    }

    /// `a::b::c` for each `crate::` path it names, in `use` lines and elsewhere, comments left out.
    fn imports(&self) -> BTreeSet<String> {
        let code = self
            .text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n");
        let mut found = BTreeSet::new();
        for (at, _) in code.match_indices("crate::") {
            let after = &code[at + "crate::".len()..];
            found.extend(expand(after));
        }
        found
    }
}

/// The paths that begin here: `flow::{alert, photo::attach}` are two.
fn expand(text: &str) -> Vec<String> {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .unwrap_or(text.len());
    let head = text[..end].trim_end_matches(':').to_owned();
    if !text[end..].starts_with('{') {
        return vec![head];
    }
    let (mut depth, mut start, mut parts) = (0, end + 1, Vec::new());
    for (at, c) in text[end..].char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => {
                parts.push(&text[start..end + at]);
                start = end + at + 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    parts.push(&text[start..end + at]);
                    break;
                }
            }
            _ => {}
        }
    }
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    let below = |part: String| {
        if head.is_empty() {
            part
        } else {
            format!("{head}::{part}")
        }
    };
    parts.flat_map(expand).map(below).collect()
}

/// Every source file of the server.
pub fn sources() -> Vec<Source> {
    let root = repository().join("server/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 80, "only {} source files found", files.len());
    files
        .into_iter()
        .map(|file| Source {
            path: file
                .strip_prefix(&root)
                .expect("below")
                .to_string_lossy()
                .replace('\\', "/"),
            text: std::fs::read_to_string(&file).expect("a source file"),
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

#[test]
fn grouped_imports_are_read_one_by_one() {
    let read = |text: &str| expand(text);
    assert_eq!(read("flow::alert::lock(&mut tx)"), ["flow::alert::lock"]);
    assert_eq!(read("{flow, views};"), ["flow", "views"]);
    assert_eq!(
        read("flow::{alert, photo::{attach, decode::header}, report};"),
        [
            "flow::alert",
            "flow::photo::attach",
            "flow::photo::decode::header",
            "flow::report"
        ]
    );
}

/// Every folder and file right below server/src is plumbing, product or composition: a rule about names says nothing of a
/// part that it does not name, nor of a name that is no part.
#[test]
fn every_part_of_the_server_is_one_of_a_kind() {
    let found = std::fs::read_dir(repository().join("server/src")).expect("the sources");
    let found: BTreeSet<String> = found
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    let named = PLUMBING.iter().chain(&PRODUCT).chain(&COMPOSITION).chain([&WORDS]);
    let named: Vec<String> = named.map(|name| (*name).to_owned()).collect();
    let kinds: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(kinds.len(), named.len(), "a name is of two kinds");
    assert_eq!(found, kinds);
}

#[test]
fn plumbing_knows_nothing_of_the_product() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        if !PLUMBING.contains(&source.parts()[0].trim_end_matches(".rs")) {
            continue;
        }
        for import in source.imports() {
            let part = import.split("::").next().unwrap_or_default();
            if PRODUCT.contains(&part) || (COMPOSITION.contains(&part) && part != "app") {
                faults.push(format!("{} imports {import}", source.path));
            }
        }
    }
    none(
        &faults,
        "auth, http, jobs, clients, config, telemetry, db and text never import the product",
    );
}

/// Each import of another stage: from where, which stage, what.
fn between_stages() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let ["flow", stage, ..] = source.parts()[..] else {
            continue;
        };
        if stage.ends_with(".rs") {
            continue;
        }
        assert!(STAGES.contains(&stage), "{stage} is no stage: add it to the order");
        for import in source.imports() {
            let mut names = import.split("::");
            if let (Some("flow"), Some(other)) = (names.next(), names.next())
                && STAGES.contains(&other)
            {
                found.push((
                    stage.to_owned(),
                    other.to_owned(),
                    format!("{} imports {import}", source.path),
                ));
            }
        }
    }
    found
}

#[test]
fn stages_import_stages_before_them() {
    let place = |stage: &str| STAGES.iter().position(|known| *known == stage);
    let imports = between_stages();
    let listed = |from: &str, to: &str| FORWARD.contains(&(from, to));
    let faults: Vec<String> = imports
        .iter()
        .filter(|(from, to, _)| place(to) > place(from) && !listed(from, to))
        .map(|(_, _, what)| what.clone())
        .collect();
    none(
        &faults,
        "a stage reaches the stages after it by a job, except for the edges listed",
    );
    let unused: Vec<String> = FORWARD
        .iter()
        .filter(|(from, to)| !imports.iter().any(|(is_from, is_to, _)| is_from == from && is_to == to))
        .map(|(from, to)| format!("{from} to {to}"))
        .collect();
    none(&unused, "an edge that nobody needs is not listed");
}

#[test]
fn only_http_files_import_views() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let parts = source.parts();
        let may = parts[0] == "views"
            || ["routes.rs", "server.rs"].contains(&source.path.as_str())
            || parts.iter().any(|part| part.trim_end_matches(".rs") == "http");
        for import in source.imports().iter().filter(|import| import.starts_with("views")) {
            if !may {
                faults.push(format!("{} imports {import}", source.path));
            }
        }
    }
    none(&faults, "views read everything and only http.rs files show them");
}

#[test]
fn sql_lives_where_it_is_looked_for() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let parts = source.parts();
        let stem = |part: &str| part.trim_end_matches(".rs").to_owned();
        let allowed = ["views", "db", "jobs", "vault"].contains(&parts[0])
            || source.path == "audit.rs"
            || parts.iter().any(|part| stem(part) == "queries");
        if allowed {
            continue;
        }
        let code = source.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for (number, line) in code.enumerate() {
            for word in SQL.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}: {word} (about line {})", source.path, number + 1));
            }
        }
    }
    none(&faults, "SQL lives in queries, views/, db/, jobs/, vault/ and audit.rs");
}

#[test]
fn sql_is_never_put_together_from_values() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        // Roles, settings and set_config take no parameters in PostgreSQL; what goes in there is a constant or a number.
        if source.parts()[0] == "db" {
            continue;
        }
        for (number, line) in source.text.lines().enumerate() {
            if line.contains("format!")
                && ["sql_query", "batch_execute", "dsl::sql"]
                    .iter()
                    .any(|word| line.contains(word))
            {
                faults.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    none(&faults, "values are bound, never formatted into SQL");
}

#[test]
fn files_stay_readable() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path != "db/schema.rs") {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{} has {lines} lines", source.path));
        }
        let name = source.parts().last().copied().unwrap_or_default().to_owned();
        if ["utils.rs", "helpers.rs", "common.rs"].contains(&name.as_str()) {
            faults.push(format!("{}: a name that says nothing", source.path));
        }
    }
    none(
        &faults,
        "a file has at most 500 lines and a name that says what is in it",
    );
}

#[test]
fn geo_dedup_stands_alone() {
    let manifest = std::fs::read_to_string(repository().join("geo-dedup/Cargo.toml")).expect("its manifest");
    let dependencies = manifest.split("[dependencies]").nth(1).expect("dependencies");
    let dependencies = dependencies.split("\n[").next().unwrap_or_default();
    for heavy in ["tokio", "diesel", "actix", "vigie"] {
        assert!(
            !dependencies.contains(heavy),
            "geo-dedup is a pure library, without {heavy}"
        );
    }
}
