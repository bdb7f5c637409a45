//! Maps: tiles for the public and for staff, the base map, and what is told live.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use serde_json::{Value, json};
use vigie::base_map;
use vigie_tests::people::Person;
use vigie_tests::server::TestApp;
use vigie_tests::town::{PASSWORD, Role};

const ZOOM: i16 = 15;

/// The tile of the town's middle.
fn middle(app: &TestApp, zoom: i16) -> (i32, i32) {
    let (lon, lat) = app.town.middle;
    let range = base_map::tiles([lon, lat, lon, lat], zoom);
    (range.x.0, range.y.0)
}

async fn alert_tile(app: &TestApp, person: &Person, zoom: i16) -> (u16, String) {
    let answer = person.get(&path(app, zoom).await).send().await;
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

async fn path(app: &TestApp, zoom: i16) -> String {
    let (x, y) = middle(app, zoom);
    format!("/v1/tiles/{}/alerts/{zoom}/{x}/{y}.mvt", slug(app).await)
}

/// The public's tile once it names an alert: it hears of it when the change log was projected.
async fn projected(app: &TestApp, alert: &str) -> String {
    let began = std::time::Instant::now();
    loop {
        app.run_due(chrono::Utc::now()).await;
        let (_, tile) = alert_tile(app, &app.anyone(), ZOOM).await;
        if tile.contains(alert) {
            return tile;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "never projected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn slug(app: &TestApp) -> String {
    let map = app.anyone().get("/v1/map").send().await.expect(200);
    map["jurisdiction"].as_str().expect("a town").to_owned()
}

/// Where the tiles of the base map are.
async fn template(app: &TestApp) -> String {
    let map = app.anyone().get("/v1/map").send().await.expect(200);
    map["base_tiles"].as_str().expect("a template").to_owned()
}

async fn report(app: &TestApp, category: &str) -> String {
    let body = json!({"category": category, "position": app.town.point(5.0, 5.0), "accuracy_m": 5});
    let told = app.anyone().send("/v1/reports", body).await.expect(201);
    let id = told["id"].as_str().expect("an id");
    let alert = format!("SELECT alert_id::text AS value FROM report WHERE id = '{id}'");
    let mut conn = app.db.admin().await;
    vigie_tests::database::texts(&mut conn, &alert).await.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_on_the_map_what_is_theirs() {
    let app = TestApp::start().await;
    let (supervisor, crew, anyone) = (
        app.staff(Role::Supervisor).await,
        app.staff(Role::Crew).await,
        app.anyone(),
    );
    assert_eq!(alert_tile(&app, &anyone, ZOOM).await, (204, String::new()));
    let public = report(&app, "pothole").await;
    let sensitive = report(&app, "nuisance").await;
    let shown = projected(&app, &public).await;
    assert!(shown.contains(&public) && shown.contains("pothole") && shown.contains("alerts"));
    assert!(
        !shown.contains(&sensitive),
        "a sensitive category is nobody's on the map"
    );
    assert!(!shown.contains("reference"));
    // Staff see both, a crew what it was given.
    let (_, all) = alert_tile(&app, &supervisor, ZOOM).await;
    assert!(all.contains(&public) && all.contains(&sensitive) && all.contains("reference"));
    assert_eq!(alert_tile(&app, &crew, ZOOM).await.0, 204);
    // Far away, cells with a count.
    for person in [&anyone, &supervisor] {
        let (status, far) = alert_tile(&app, person, 11).await;
        assert_eq!(status, 200);
        assert!(far.contains("count") && !far.contains(&public));
    }
    for nowhere in [
        "nowhere/alerts/15/1/1",
        "large-0/alerts/19/1/1",
        "large-0/alerts/3/9/0",
        "large-0/base/-1/0/0",
    ] {
        anyone
            .get(&format!("/v1/tiles/{nowhere}.mvt"))
            .send()
            .await
            .problem("not_found");
    }
}

/// A box around the town's middle, so many metres to each side.
fn around(app: &TestApp, metres: f64) -> String {
    let ((west, south), (east, north)) = (app.town.lon_lat(-metres, -metres), app.town.lon_lat(metres, metres));
    format!("{west},{south},{east},{north}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_no_tiles_reads_the_same_as_a_list() {
    let app = TestApp::start().await;
    let (anyone, town, here) = (app.anyone(), slug(&app).await, around(&app, 200.0));
    let (public, sensitive) = (report(&app, "pothole").await, report(&app, "nuisance").await);
    app.projected().await;
    let list = format!("/v1/public/alerts?jurisdiction={town}&bbox={here}");
    let answer = anyone.get(&list).send().await;
    assert_eq!(
        (answer.status, answer.media_type()),
        (200, Some("application/geo+json"))
    );
    let listed = answer.json();
    assert_eq!(
        (&listed["type"], &listed["more"]),
        (&json!("FeatureCollection"), &json!(false))
    );
    let features = listed["features"].as_array().expect("features");
    assert_eq!(features.len(), 1, "{listed}");
    let shown = json!({"id": public, "category": "pothole", "status": "received"});
    assert_eq!(
        (&features[0]["id"], &features[0]["properties"]),
        (&json!(public), &shown)
    );
    let (lon, lat) = app.town.lon_lat(5.0, 5.0);
    let near = format!("/v1/alerts/nearby?lat={lat}&lon={lon}");
    let near = anyone.get(&near).send().await.expect(200);
    assert_eq!(
        features[0]["geometry"], near["items"][0]["position"],
        "the public place"
    );
    assert!(!answer.to_string().contains(&sensitive));
    let counts = format!("/v1/public/alerts/cells?jurisdiction={town}&bbox={here}&res=9");
    let counted = anyone.get(&counts).send().await;
    let cells = counted.expect(200);
    assert_eq!(
        (&cells["res"], cells["cells"].as_array().map(Vec::len)),
        (&json!(9), Some(1))
    );
    assert_eq!(cells["cells"][0]["count"], 1, "nobody counts what is sensitive");
    for (path, answer) in [(&list, &answer), (&counts, &counted)] {
        assert_eq!(answer.header("cache-control"), Some("public, max-age=30"));
        let tag = answer.header("etag").expect("an ETag");
        assert_eq!(anyone.get(path).header("If-None-Match", tag).send().await.status, 304);
    }
    // A closed one goes, elsewhere there is nothing, and what is no part of a map says so.
    let supervisor = app.staff(Role::Supervisor).await;
    let reject = json!({"step": "reject", "reason": "nothing there"});
    let steps = format!("/v1/alerts/{public}/steps");
    supervisor.send(&steps, reject).await.expect(200);
    app.projected().await;
    assert_eq!(anyone.get(&list).send().await.expect(200)["features"], json!([]));
    assert_eq!(anyone.get(&counts).send().await.expect(200)["cells"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_part_of_the_map_is_named() {
    let app = TestApp::start().await;
    let (anyone, town, here) = (app.anyone(), slug(&app).await, around(&app, 200.0));
    let asks = async |path: String| anyone.get(&format!("/v1/public/alerts{path}")).send().await;
    for wrong in ["", "1,2,3", "4,3,2,1", "a,b,c,d", "NaN,0,1,1", "0,0,inf,1"] {
        for path in ["?", "/cells?res=9&"] {
            let refused = asks(format!("{path}jurisdiction={town}&bbox={wrong}")).await;
            let field = refused.problem("invalid")["errors"][0]["field"].clone();
            assert_eq!(field, "bbox", "{wrong}");
        }
    }
    let finer = asks(format!("/cells?res=12&jurisdiction={town}&bbox={here}")).await;
    assert_eq!(finer.problem("invalid")["errors"][0]["field"], "res");
    asks(format!("?jurisdiction=nowhere&bbox={here}"))
        .await
        .problem("not_found");
    assert_eq!(asks(format!("?bbox={here}")).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tile_that_was_drawn_before_is_as_new_as_the_projection() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    let first = report(&app, "pothole").await;
    projected(&app, &first).await;
    let path = path(&app, ZOOM).await;
    let plain = anyone.get(&path).send().await;
    let tag = plain.header("etag").expect("an ETag").to_owned();
    assert_eq!(anyone.get(&path).header("If-None-Match", &tag).send().await.status, 304);
    let packed = anyone.get(&path).header("Accept-Encoding", "gzip").send().await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut GzDecoder::new(&*packed.body), &mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain.body);
    // What comes next is drawn though the tile was kept.
    let second = report(&app, "street-light").await;
    let shown = projected(&app, &second).await;
    assert!(shown.contains(&first) && shown.contains(&second));
    let now = anyone.get(&path).header("If-None-Match", &tag).send().await;
    assert_eq!(now.status, 200, "the client's tile is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base_map_is_cut_once_and_served_as_it_is() {
    let app = TestApp::start().await;
    let (west, east) = (app.town.lon_lat(-800.0, 10.0), app.town.lon_lat(800.0, 10.0));
    let map = |name: &str| {
        let street = json!({"type": "Feature", "geometry": {"type": "LineString", "coordinates": [west, east]},
            "properties": {"layer": "street", "kind": "main", "name": name}});
        base_map::read(&json!({"type": "FeatureCollection", "features": [street]}).to_string()).expect("a map")
    };
    let mut templates = vec![template(&app).await];
    for name in ["Rue du Port", "Rue du Phare"] {
        let mut tx = app.app.db.begin(app.town.id).await.expect("a transaction");
        let tiles = base_map::replace(&mut tx, &map(name)).await.expect("tiles");
        tx.commit().await.expect("kept");
        assert!(tiles >= 8, "{tiles} tiles of six zooms");
        templates.push(template(&app).await);
    }
    let slug = slug(&app).await;
    assert_eq!(templates[0], format!("/v1/tiles/{slug}/base/{{z}}/{{x}}/{{y}}.mvt"));
    assert_ne!(
        templates[1], templates[2],
        "whoever keeps tiles sees that they are of yesterday's map"
    );
    assert_eq!(template(&app).await, templates[2], "and that they are of today's");
    let (x, y) = middle(&app, ZOOM);
    let place = format!("{ZOOM}/{x}/{y}");
    let tile = app
        .anyone()
        .get(&templates[2].replace("{z}/{x}/{y}", &place))
        .send()
        .await;
    assert_eq!(tile.status, 200, "{tile}");
    let drawn = String::from_utf8_lossy(&tile.body);
    assert!(drawn.contains("Rue du Phare") && !drawn.contains("Rue du Port"));
    let sea = app
        .anyone()
        .get(&format!("/v1/tiles/{slug}/base/{ZOOM}/0/0.mvt"))
        .send()
        .await;
    assert_eq!(sea.status, 204);
    let staff = app.staff(Role::Crew).await;
    let begun: Value = staff.get("/v1/map").send().await.expect(200);
    assert_eq!(begun["style_url"], Value::Null);
    app.anyone()
        .get("/v1/map?jurisdiction=nowhere")
        .send()
        .await
        .problem("not_found");
}

/// What somebody hears: ids and data of events.
struct Ear {
    stream: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    heard: String,
}

impl Ear {
    async fn open(app: &TestApp, person: &Person, last: Option<&str>) -> Self {
        let mut request = person.stream("/v1/live");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(app.url().starts_with("http"));
        Self {
            stream: Box::pin(answer.bytes_stream()),
            heard: String::new(),
        }
    }

    /// The next event about an alert: its id and data.
    async fn hears_of(&mut self, alert: &str) -> (String, Value) {
        self.hears("alert", alert).await
    }

    /// The next event of this name about an alert: its id and data.
    async fn hears(&mut self, name: &str, alert: &str) -> (String, Value) {
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                while let Some((event, rest)) = self.heard.split_once("\n\n") {
                    let (event, rest) = (event.to_owned(), rest.to_owned());
                    self.heard = rest;
                    let field = |name: &str| {
                        event
                            .lines()
                            .find_map(|line| line.strip_prefix(name).map(str::to_owned))
                    };
                    let Some(data) = field("data: ") else { continue };
                    let data: Value = serde_json::from_str(&data).expect("JSON");
                    if data["alert_id"] == alert && field("event: ").as_deref() == Some(name) {
                        return (field("id: ").expect("an id"), data);
                    }
                }
                let more = self.stream.next().await.expect("more").expect("bytes");
                self.heard.push_str(&String::from_utf8_lossy(&more));
            }
        });
        waited.await.expect("heard in time")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_hears_and_who_comes_back_hears_what_was_missed() {
    let app = TestApp::start().await;
    let server = app.second_process();
    let supervisor = server.instead(&app.staff(Role::Supervisor).await);
    let mut ear = Ear::open(&app, &supervisor, None).await;
    let first = report(&app, "pothole").await;
    let (seen, data) = ear.hears_of(&first).await;
    assert_eq!(data["status"], "new");
    drop(ear);
    // Nobody listens.
    let second = report(&app, "street-light").await;
    let mut conn = app.db.admin().await;
    conn.batch_execute("SELECT 1").await.expect("time passes");
    let mut ear = Ear::open(&app, &supervisor, Some(&seen)).await;
    ear.hears_of(&second).await;
    drop(ear);
    // A place that is none of this stream's, as after a restore: everything is to be read again, once.
    let elsewhere = supervisor.get("/v1/sync").send().await.expect(200);
    let elsewhere = elsewhere["cursor"].as_str().expect("a cursor");
    let mut ear = Ear::open(&app, &supervisor, Some(elsewhere)).await;
    let first = ear.stream.next().await.expect("a word").expect("bytes");
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(first.starts_with("id: ") && first.contains("event: reset"), "{first}");
    let id = first
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("id: "))
        .expect("an id");
    let mut ear = Ear::open(&app, &supervisor, Some(id)).await;
    let third = report(&app, "fly-tipping").await;
    ear.hears_of(&third).await;
    assert!(!ear.heard.contains("reset"), "it is known now");
    // A made-up place in the log is refused, a stranger hears nothing.
    let forged = supervisor.get("/v1/live").header("Last-Event-ID", "x").send().await;
    forged.problem("invalid");
    app.anyone().get("/v1/live").send().await.problem("unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_had_an_alert_hears_that_it_is_somebody_elses() {
    let app = TestApp::start().await;
    let server = app.second_process();
    let email = "roads-only@town.test";
    let hired = json!({"email": email, "name": "Roads", "locale": "en", "password": PASSWORD,
        "grants": [{"role": "supervisor", "service_id": app.town.services["roads"]}]});
    app.staff(Role::Admin).await.send("/v1/staff", hired).await.expect(201);
    let pair = json!({"email": email, "password": PASSWORD});
    let pair = app.anyone().send("/v1/auth/sign-in", pair).await.expect(200);
    let roads = app.anyone().with_token(pair["access_token"].as_str().expect("a token"));
    let mut ear = Ear::open(&app, &server.instead(&roads), None).await;
    let alert = report(&app, "pothole").await;
    ear.hears_of(&alert).await;
    // The desk sees that it is rubbish, not a hole: the cleaning service's.
    let change = app
        .staff(Role::Supervisor)
        .await
        .request(reqwest::Method::PATCH, &format!("/v1/alerts/{alert}"))
        .json(&json!({"category": "fly-tipping"}));
    change.header("If-Match", "*").send().await.expect(200);
    let (_, data) = ear.hears("gone", &alert).await;
    assert_eq!(data, json!({"alert_id": alert}), "and nothing else of it");
    roads
        .get(&format!("/v1/alerts/{alert}"))
        .send()
        .await
        .problem("not_found");
}
