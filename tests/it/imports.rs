//! The history of another system: what is refused of it and why, before it is taken in and when it is.

use std::path::Path;

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use geo_dedup::LonLat;
use serde_json::Map;
use vigie::flow::report::model::{Channel, ContactWay, PositionSource, Submission};
use vigie::flow::report::submit::{Sender, submit};
use vigie::http::problem::Kind;
use vigie::text::Locale;
use vigie::vault::Contact;
use vigie_tests::database::number;
use vigie_tests::server::TestApp;

use crate::operator::{logins, said, vigie};

/// The refused rows of [`write_history`], in the order of the file.
const REFUSED: [(&str, &str); 7] = [
    ("twice", "duplicate_id"),
    ("nowhere", "bad_coordinates"),
    ("far", "outside_territory"),
    ("odd", "unknown_category"),
    ("inactive", "unknown_category"),
    ("never", "bad_time"),
    ("latin", "not_utf8"),
];

/// Two rows that are fine, and one of each kind that is not; the last is fine again.
fn write_history(app: &TestApp, file: &Path) {
    let seen = (Utc::now() - TimeDelta::days(1)).to_rfc3339();
    let row = |id: &str, east_m: f64, category: &str, at: &str, words: &[u8]| {
        let (lon, lat) = app.town.lon_lat(east_m, 0.0);
        let fields = format!("{id},{lat},{lon},{category},{at},");
        [fields.as_bytes(), words, b"\n"].concat()
    };
    let lines = [
        b"id,lat,lon,category,observed_at,description\n".to_vec(),
        row("twice", 0.0, "pothole", &seen, b"deep"),
        row("twice", 0.0, "pothole", &seen, b"deeper"),
        format!("nowhere,95,0,pothole,{seen},\n").into_bytes(),
        row("far", 200_000.0, "pothole", &seen, b""),
        row("odd", 0.0, "volcano", &seen, b""),
        row("inactive", 0.0, "fly-tipping", &seen, b""),
        row("never", 0.0, "pothole", "yesterday", b""),
        row("latin", 0.0, "pothole", &seen, b"caf\xe9"),
        row("last", 400.0, "pothole", &seen, "café".as_bytes()),
    ];
    std::fs::write(file, lines.concat()).expect("a file");
}

/// Imports the file; what the command said, and the refused rows of its report: id and reason.
fn import(app: &TestApp, file: &Path, more: &[&str]) -> (String, Vec<(String, String)>) {
    let data = &app.app.config.data_dir;
    let report = data.join("refused.csv");
    let (path, refused) = (file.to_str().expect("a path"), report.to_str().expect("a path"));
    let arguments = ["import", "reports", path, "--town", "large-0", "--report", refused];
    let took = said(vigie(data, &logins(&app.db), &[&arguments[..], more].concat()));
    let text = std::fs::read_to_string(&report).expect("the report");
    let rows = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[1].to_owned(), fields[2].to_owned())
    });
    (took, rows.collect())
}

fn owned(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|(id, reason)| ((*id).to_owned(), (*reason).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_refuses_what_the_import_refuses_and_nothing_is_taken_in_twice() {
    let app = TestApp::start().await;
    let mut db = app.db.admin().await;
    db.batch_execute("UPDATE category SET active = false WHERE code = 'fly-tipping'")
        .await
        .expect("a category that is no longer used");
    let file = app.app.config.data_dir.join("history.csv");
    write_history(&app, &file);
    let reports = "SELECT count(*) AS value FROM report";

    let (said, refused) = import(&app, &file, &["--dry-run"]);
    assert!(said.starts_with("9 rows: 2 would be taken in, 7 refused"), "{said}");
    assert_eq!(refused, owned(&REFUSED));
    assert_eq!(number(&mut db, reports).await, 0, "a dry run writes nothing");

    let (said, refused) = import(&app, &file, &[]);
    assert!(said.starts_with("9 rows: 2 taken in, 7 refused"), "{said}");
    assert_eq!(refused, owned(&REFUSED));
    assert_eq!(number(&mut db, reports).await, 2);

    let mut again = vec![("twice", "duplicate_id")];
    again.extend(REFUSED);
    again.push(("last", "duplicate_id"));
    for (how, begins) in [
        (vec!["--dry-run"], "9 rows: 0 would be taken in, 9 refused"),
        (Vec::new(), "9 rows: 0 taken in, 9 refused"),
    ] {
        let (said, refused) = import(&app, &file, &how);
        assert!(said.starts_with(begins), "{said}");
        assert_eq!(refused, owned(&again));
    }
    assert_eq!(number(&mut db, reports).await, 2, "nothing is taken in twice");
}

/// A row of another system's history, so many metres east.
fn brought(app: &TestApp, east_m: f64, id: &str) -> Submission {
    let (lon, lat) = app.town.lon_lat(east_m, 0.0);
    Submission {
        id: None,
        category: "pothole".to_owned(),
        position: LonLat::new(lon, lat).expect("a place"),
        accuracy_m: None,
        position_source: PositionSource::Unknown,
        address: None,
        description: None,
        answers: Map::new(),
        observed_at: Some(Utc::now()),
        channel: Channel::Import,
        locale: Locale::default(),
        way: ContactWay::None,
        contact: Contact::default(),
        follow_secret: None,
        joins: None,
        not_same: Vec::new(),
        request_hash: vec![0; 32],
        source_ref: Some(id.to_owned()),
    }
}

/// Far apart, so that no cell's lock puts them in a row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_twice_at_once_is_taken_in_once() {
    let app = TestApp::start().await;
    let sender = Sender {
        historic: true,
        town: Some(app.town.id),
        ..Sender::default()
    };
    for round in 0..10 {
        let id = format!("old-{round}");
        let (here, there) = (brought(&app, 0.0, &id), brought(&app, 1_500.0, &id));
        let now = Utc::now();
        let (one, other) = tokio::join!(
            submit(&app.app, &here, &[], &sender, now),
            submit(&app.app, &there, &[], &sender, now)
        );
        let refused: Vec<Kind> = [one, other]
            .into_iter()
            .filter_map(|taken| taken.err().map(|problem| problem.kind))
            .collect();
        assert_eq!(refused, [Kind::IdTaken], "{id}");
    }
    let reports = "SELECT count(*) AS value FROM report";
    assert_eq!(number(&mut app.db.admin().await, reports).await, 10);
}
