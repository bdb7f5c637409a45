//! The demo town's story: two months of reports and work whose truth is known, an interrupted start included.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use tokio::sync::watch;
use vigie::db::TownId;
use vigie::demo;
use vigie::flow::status::jobs::{review_holds, slips};
use vigie_fixtures::{Days, Role, Town};
use vigie_tests::database::{number, texts};
use vigie_tests::server::TestApp;

/// A Friday morning, crews are out.
const NOW: &str = "2026-11-20T10:30:00Z";
/// The start is interrupted after so many reports.
const INTERRUPTED_AT: usize = 150;

fn now() -> DateTime<Utc> {
    NOW.parse().expect("an instant")
}

fn today() -> NaiveDate {
    now().date_naive()
}

/// Makes the demo, interrupted once; returns the town.
async fn make(app: &TestApp) -> TownId {
    let (stop, stopped) = watch::channel(false);
    let interrupt = |sent: usize, _: usize| {
        if sent == INTERRUPTED_AT {
            stop.send_replace(true);
        }
    };
    demo::prepare(&app.app, &stopped, now(), &interrupt)
        .await
        .expect("the first start");
    let (_goes_on, stopped) = watch::channel(false);
    demo::prepare(&app.app, &stopped, now(), &|_, _| {})
        .await
        .expect("the second start");
    let catalogue = app.app.catalogue.fresh(&app.app.db).await.expect("the catalogue");
    catalogue.by_slug(demo::SLUG).expect("the demo town").id
}

fn what_happened() -> Days {
    demo::days::simulated(&Town::ingeville(), demo::days::first_day(today()))
}

/// A count of rows of the demo's town.
async fn count(db: &mut AsyncPgConnection, town: TownId, from: &str) -> i64 {
    number(
        db,
        &format!("SELECT count(*) AS value FROM {from} AND jurisdiction_id = {}", town.0),
    )
    .await
}

async fn reports_all_arrived(db: &mut AsyncPgConnection, town: TownId, days: &Days) {
    let sent = days.reports.iter().filter(|report| report.received_at < now()).count();
    let app_and_web = count(db, town, "report WHERE entered_by IS NULL").await;
    let all = count(db, town, "report WHERE true").await;
    assert!(
        all >= i64::try_from(sent).expect("few"),
        "{all} of {sent}: none is refused"
    );
    assert!(app_and_web < all, "callers and visitors are entered by the desk");
    let dangers = count(db, town, "report WHERE severity = 2").await;
    assert!(dangers > 0, "reports of a danger are never refused");
    assert_eq!(count(db, town, "alert WHERE severity = 2 AND priority < 4").await, 0);
}

/// Each kind of thing that a town lives through is there.
async fn the_past_is_believable(db: &mut AsyncPgConnection, town: TownId) {
    for status in [
        "new",
        "dispatched",
        "planned",
        "in_progress",
        "on_hold",
        "made_safe",
        "transferred",
        "rejected",
        "resolved",
    ] {
        let found = count(db, town, &format!("alert WHERE status = '{status}'")).await;
        assert!(found > 0, "no alert is {status}");
    }
    let open = count(db, town, "alert WHERE open").await;
    let overdue = count(db, town, &format!("alert WHERE open AND due_at < '{NOW}'")).await;
    assert!(
        overdue > 0 && overdue < open,
        "{overdue} of {open} open alerts are overdue"
    );
    assert!(count(db, town, "alert_link WHERE kind = 'recurrence'").await > 0);
    assert!(count(db, town, "report WHERE 'late_evidence' = ANY (flags)").await > 0);
    assert_eq!(count(db, town, "alert WHERE closed_at < opened_at").await, 0);
    assert_eq!(
        count(
            db,
            town,
            &format!("status_event WHERE at > timestamptz '{NOW}' + interval '1 minute'")
        )
        .await,
        0
    );
    let measured = format!(
        "SELECT count(*) AS value FROM measured_delay m WHERE cardinality(minutes) >= 20 AND jurisdiction_id = {}",
        town.0
    );
    assert!(number(db, &measured).await >= 3, "dates can be told of what is common");
}

/// People hear of the last day only (a repair that ended in it may have begun a little earlier), whatever was done before.
async fn nobody_hears_of_history(db: &mut AsyncPgConnection, town: TownId) {
    let since = now() - TimeDelta::hours(30);
    let old = format!("notification WHERE created_at < '{}'", since.to_rfc3339());
    assert_eq!(count(db, town, &old).await, 0);
    let messages = count(db, town, "notification WHERE true").await;
    assert!((10..500).contains(&messages), "{messages} messages");
}

/// Of all pairs of reports: which are about one problem, which did we put into one alert, and of which did we ask?
async fn score(db: &mut AsyncPgConnection, town: TownId, days: &Days) {
    let town = town.0;
    let reports = format!("SELECT id || ' ' || alert_id AS value FROM report WHERE jurisdiction_id = {town}");
    let asked = format!(
        "SELECT from_alert || ' ' || to_alert AS value FROM alert_link WHERE kind = 'suggested' AND jurisdiction_id = {town}"
    );
    let (reports, asked) = (texts(db, &reports).await, texts(db, &asked).await);
    let ours: HashMap<&str, &str> = reports.iter().filter_map(|row| row.split_once(' ')).collect();
    let mut of_problem: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    let mut of_alert: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for report in &days.reports {
        if let Some(alert) = ours.get(report.id.to_string().as_str()) {
            of_problem.entry(report.truth.problem).or_default().push(alert);
            of_alert.entry(alert).or_default().push(report.truth.problem);
        }
    }
    let asked: BTreeSet<(&str, &str)> = asked.iter().filter_map(|row| row.split_once(' ')).collect();
    let asked = |a: &str, b: &str| asked.contains(&(a, b)) || asked.contains(&(b, a));
    let (put, right) = pairs(of_alert.values(), |a, b| a == b);
    let (same, found) = pairs(of_problem.values(), |a, b| a == b);
    let (_, found_or_asked) = pairs(of_problem.values(), |a, b| a == b || asked(a, b));
    let share = |part: usize, of: usize| part as f64 / of as f64;
    let (precision, recall) = (share(right, put), share(found, same));
    eprintln!(
        "{} reports. Of {put} pairs put together {right} belong together (precision {precision:.3}). Of {same} pairs that \
         belong together {found} were put together (recall {recall:.3}); with those that people are asked about \
         {found_or_asked} ({:.3}).",
        ours.len(),
        share(found_or_asked, same)
    );
    assert!(precision > 0.9, "precision {precision:.3}");
    assert!(recall > 0.4, "recall {recall:.3}");
}

/// How many pairs there are within the groups, and for how many of them `holds`.
fn pairs<'a, T: Copy + 'a>(groups: impl Iterator<Item = &'a Vec<T>>, holds: impl Fn(T, T) -> bool) -> (usize, usize) {
    let (mut all, mut held) = (0, 0);
    for group in groups {
        for (place, one) in group.iter().enumerate() {
            for other in &group[place + 1..] {
                all += 1;
                held += usize::from(holds(*one, *other));
            }
        }
    }
    (all, held)
}

async fn sign_in(app: &TestApp, email: &str) -> vigie_tests::people::Person {
    let body = json!({"email": email, "password": demo::people::PASSWORD});
    let pair = app.anyone().send("/v1/auth/sign-in", body).await.expect(200);
    app.anyone().with_token(pair["access_token"].as_str().expect("a token"))
}

/// Every crew sees its tasks of the day, in their order.
async fn every_crew_has_a_day(app: &TestApp) {
    let town = Town::ingeville();
    let mut crews = BTreeSet::new();
    for user in town.staff.iter().filter(|user| user.role == Role::Crew) {
        let tasks = sign_in(app, &user.email)
            .await
            .get("/v1/tasks")
            .send()
            .await
            .expect(200);
        let items = tasks["items"].as_array().expect("a list");
        let of_today: Vec<&Value> = items
            .iter()
            .filter(|task| task["planned_on"] == today().to_string())
            .collect();
        assert!(!of_today.is_empty(), "{} has nothing to do", user.email);
        let ranks: Vec<i64> = of_today.iter().filter_map(|task| task["rank"].as_i64()).collect();
        assert!(
            ranks.is_sorted() && ranks.iter().all(|rank| *rank > 0),
            "{}: {ranks:?}",
            user.email
        );
        crews.extend(user.crew.clone());
    }
    assert_eq!(crews.len(), town.crews.len());
}

/// A new pothole in the middle of the town is told a date, because enough of them were closed there.
async fn a_new_pothole_gets_a_date(app: &TestApp) {
    let town = Town::ingeville();
    let street = town.streets.iter().find(|street| street.sector == "centre");
    let door = street.and_then(|street| street.house_numbers.first()).expect("a door");
    let report = json!({
        "category": "nid-de-poule",
        "position": {"type": "Point", "coordinates": door.position},
        "contact": {"email": "camille@example.test", "preferred": "email"},
    });
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    assert!(told["expected_by"]["from"].is_string(), "{told}");
    let followed = app.followed(&told).await.expect(200);
    assert!(
        followed["place"]
            .as_str()
            .is_some_and(|place| place.contains("Ingéville")),
        "{followed}"
    );
    assert!(followed["unsubscribe_url"].is_string(), "{followed}");
}

/// Time goes on and nobody works: holds come up for review, dates slip, each once.
async fn time_alone_is_noticed(app: &TestApp, db: &mut AsyncPgConnection, town: TownId) {
    let later = now() + TimeDelta::days(30);
    let reviews = review_holds(&app.app, town, later).await.expect("holds are looked at");
    assert!(reviews > 0);
    assert_eq!(
        count(db, town, "status_event WHERE step = 'review_due'").await,
        reviews as i64
    );
    assert_eq!(review_holds(&app.app, town, later).await.expect("again"), 0);
    assert!(slips(&app.app, town, later).await.expect("dates are looked at") > 0);
    let slipped = count(db, town, "status_event WHERE step = 'slipped'").await;
    let told = count(db, town, "notification WHERE template = 'slipped'").await;
    assert!(slipped > 0 && told > 0, "{slipped} slipped, {told} messages");
    slips(&app.app, town, later).await.expect("again");
    assert_eq!(
        count(db, town, "status_event WHERE step = 'slipped'").await,
        slipped,
        "once for each slip"
    );
    assert_eq!(count(db, town, "notification WHERE template = 'slipped'").await, told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_town_has_a_past_and_a_day_before_it() {
    let app = TestApp::start().await;
    let town = make(&app).await;
    let days = what_happened();
    let mut db = app.db.admin().await;
    reports_all_arrived(&mut db, town, &days).await;
    the_past_is_believable(&mut db, town).await;
    nobody_hears_of_history(&mut db, town).await;
    score(&mut db, town, &days).await;
    every_crew_has_a_day(&app).await;
    a_new_pothole_gets_a_date(&app).await;
    time_alone_is_noticed(&app, &mut db, town).await;
}
