//! A company without an account: a link, a page without a script, an answer with photos; and nothing of who reported it.

use chrono::{TimeDelta, Utc};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::auth::secret::sign_link;
use vigie_fixtures::photo::{Size, jpeg_of};
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::database::texts;
use vigie_tests::people::Answer;
use vigie_tests::town::Role;

use super::{Given, Street};

const COMPANY: &str = "Travaux du Large";
/// What only the reporter and the staff know.
const PRIVATE: [&str; 4] = [
    "chez Camille Durand",
    "camille.durand@example.org",
    "Durand",
    "+33199001234",
];

pub(super) fn jpeg(scene: u64, subject: Subject) -> Vec<u8> {
    let spec = PhotoSpec {
        scene,
        subject,
        viewpoint: 1,
        taken_at: Utc::now(),
        orientation: 1,
        position: None,
    };
    jpeg_of(&spec, Size::TEST).expect("a photo")
}

impl Street {
    /// A pothole with everything that a report may say, dispatched with instructions.
    async fn pothole(&self) -> Given {
        let body = json!({"category": "pothole", "position": self.app.town.point(900.0, 0.0), "accuracy_m": 5,
            "description": "devant chez Camille Durand", "address": "12 quai du Large", "locale": "fr",
            "contact": {"email": "camille.durand@example.org", "phone": "+33199001234", "name": "Durand", "preferred": "email"}});
        let told = self.app.anyone().send("/v1/reports", body).await.expect(201);
        let photo = jpeg(1, Subject::Pothole);
        self.app.anyone().adds_photo(&told, photo).await.expect(201);
        let alert = told["alert"]["id"].as_str().expect("an alert").to_owned();
        self.qualify(&alert).await;
        let order = json!({"crew_id": self.crew.crew, "instructions": "Cold asphalt, two bags <one> lane closed"});
        let task = self
            .supervisor
            .send(&format!("/v1/alerts/{alert}/dispatch"), order)
            .await
            .expect(201);
        self.app.run_due(Utc::now()).await;
        let task = task["id"].as_str().expect("a task").to_owned();
        Given { task, alert }
    }

    /// The address of a new link, without the server's name.
    pub(super) async fn link(&self, given: &Given) -> String {
        let path = format!("/v1/tasks/{}/contractor-link", given.task);
        let made = self
            .supervisor
            .send(&path, json!({"company": COMPANY}))
            .await
            .expect(201);
        self.app.path_of(made["url"].as_str().expect("a link")).to_owned()
    }

    pub(super) async fn open_link(&self, link: &str) -> Answer {
        self.app.anyone().get(link).header("Accept-Language", "en").send().await
    }

    pub(super) async fn fill_in(&self, link: &str, fields: &[(&'static str, &str)], photos: &[Vec<u8>]) -> Answer {
        let mut form = Form::new();
        for (name, text) in fields {
            form = form.text(*name, (*text).to_owned());
        }
        for photo in photos {
            form = form.part("photo", Part::bytes(photo.clone()).file_name("photo.jpg"));
        }
        // A browser sends a field for files that was left empty as an empty file.
        form = form.part("photo", Part::bytes(Vec::new()).file_name(""));
        let sent = self.app.anyone().post(link).header("Accept-Language", "en");
        sent.multipart(form).send().await
    }

    /// Everything that a look could have changed.
    async fn traces(&mut self) -> Vec<String> {
        let counted = "SELECT concat_ws(' ', (SELECT count(*) FROM change), (SELECT count(*) FROM audit_event), \
             (SELECT count(*) FROM status_event), (SELECT count(*) FROM job), (SELECT sum(version) FROM alert), \
             (SELECT count(*) FROM notification), (SELECT count(*) FROM photo), (SELECT count(*) FROM contractor_link), \
             (SELECT string_agg(t::text, ';' ORDER BY id) FROM task t), (SELECT string_agg(p::text, ';') FROM alert_phase p)) AS value";
        texts(&mut self.db, counted).await
    }
}

pub(super) fn html(answer: &Answer) -> String {
    assert_eq!(answer.media_type(), Some("text/html"), "{answer}");
    String::from_utf8(answer.body.clone())
        .expect("a page")
        .replace("&#38;", "&")
}

/// Values of an attribute, in the order of the page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!(" {name}=\"");
    let after = page.split(&mark).skip(1);
    after.filter_map(|rest| rest.split('"').next()).collect()
}

/// The hidden id of the form.
fn form_id(page: &str) -> &str {
    let rest = page.split("name=\"id\" value=\"").nth(1).expect("a form");
    rest.split('"').next().expect("an id")
}

pub(super) fn new_id() -> String {
    Uuid::now_v7().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_does_a_job_by_its_link() {
    let mut street = Street::open().await;
    let given = street.pothole().await;
    let link = street.link(&given).await;
    let page = html(&street.open_link(&link).await);
    assert_eq!(
        attributes(&page, "action"),
        [link.as_str()],
        "the signature goes with the form"
    );
    let id = form_id(&page).to_owned();

    let done = [
        ("id", id.as_str()),
        ("outcome", "done"),
        ("minutes", "45"),
        ("words", "filled, \"dry\" & flat"),
    ];
    let lacks = street.fill_in(&link, &done, &[]).await;
    assert_eq!(lacks.status, 422);
    let again = html(&lacks);
    assert!(again.contains("Add a photo after the work"), "{again}");
    assert!(
        again.contains("filled, &#34;dry&#34; & flat") && again.contains("value=\"45\""),
        "{again}"
    );
    assert_eq!(form_id(&again), id, "nothing was taken in under it");
    assert_eq!(street.status(&given.alert).await, "dispatched");

    let proof = [jpeg(2, Subject::Pothole)];
    let taken = street.fill_in(&link, &done, &proof).await;
    assert_eq!(
        (taken.status, taken.header("location")),
        (303, Some(format!("{link}&sent=1").as_str())),
        "{taken}"
    );
    assert_eq!(street.status(&given.alert).await, "resolved");
    let before = street.traces().await;
    assert_eq!(
        street.fill_in(&link, &done, &proof).await.status,
        303,
        "the same form sent twice"
    );
    assert_eq!(street.traces().await, before, "and nothing came of it");
    let other = [("id", id.as_str()), ("outcome", "note"), ("words", "something else")];
    assert_eq!(street.fill_in(&link, &other, &[]).await.status, 409);
    assert_eq!(street.traces().await, before);
    is_written_down(&mut street, &given).await;
    is_over(&street, &link).await;
}

/// The company's step stands in the history with its words, its photo and its time, and in the audit trail with its name.
async fn is_written_down(street: &mut Street, given: &Given) {
    let read = street.read(&given.alert).await;
    let finish = read["history"]
        .as_array()
        .expect("a history")
        .iter()
        .find(|event| event["step"] == "finish");
    let finish = finish.expect("the company's step");
    assert_eq!(
        (&finish["by_role"], &finish["by_user"], &finish["minutes"]),
        (&json!("contractor"), &Value::Null, &json!(45))
    );
    assert_eq!(finish["note"], format!("{COMPANY}: filled, \"dry\" & flat"));
    let proofs = read["photos"]
        .as_array()
        .expect("photos")
        .iter()
        .filter(|photo| photo["kind"] == "proof");
    assert_eq!(proofs.count(), 1);
    let audited = "SELECT actor || ' ' || action || ' ' || (detail->>'company') || ' ' || (detail->>'outcome') AS value \
         FROM audit_event WHERE entity = 'contractor_link' AND actor = 'contractor'";
    let audited = texts(&mut street.db, audited).await;
    assert_eq!(audited, [format!("contractor answer_contractor_link {COMPANY} done")]);
    let made =
        "SELECT actor || ' ' || (detail->>'company') AS value FROM audit_event WHERE action = 'create_contractor_link'";
    assert_eq!(texts(&mut street.db, made).await, [format!("staff {COMPANY}")]);
}

/// The link says that the task has ended, and takes nothing any more.
async fn is_over(street: &Street, link: &str) {
    let over = html(&street.open_link(&format!("{link}&sent=1")).await);
    assert!(
        over.contains("your answer is recorded") && over.contains("This task has ended"),
        "{over}"
    );
    assert!(!over.contains("<form"));
    for gone in ["geo:", "<img", "To be done"] {
        assert!(!over.contains(gone), "{gone} is nobody's business any more");
    }
    let late = [("id", &*new_id()), ("outcome", "note"), ("words", "one more thing")];
    let late = street.fill_in(link, &late, &[]).await;
    assert_eq!(late.status, 409);
    let late = html(&late);
    assert!(late.contains("one more thing"), "the words are not lost");
    assert!(late.contains("href=\"tel:+33199000010\""), "whom to tell them: {late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_what_the_work_needs_and_nothing_of_who_reported_it() {
    let mut street = Street::open().await;
    let given = street.pothole().await;
    let link = street.link(&given).await;
    let unreleased = html(&street.open_link(&link).await);
    assert!(attributes(&unreleased, "src").is_empty(), "nobody has released it");
    let photo = street.read(&given.alert).await["photos"][0]["id"].clone();
    let release = format!("/v1/photos/{}/release", photo.as_str().expect("an id"));
    street.supervisor.post(&release).send().await.expect(200);
    let before = street.traces().await;
    let answer = street.open_link(&link).await;
    assert_eq!(answer.status, 200);
    let page = html(&answer);
    for said in [
        "pothole",
        "12 quai du Large",
        "46.500000, ",
        "Cold asphalt, two bags &#60;one&#62; lane closed",
        COMPANY,
        "Task A-",
        "href=\"tel:+33199000010\">+33 1 99 00 00 10</a>",
    ] {
        assert!(page.contains(said), "{said} is missing: {page}");
    }
    for word in PRIVATE {
        assert!(!page.contains(word), "{word} is on the page");
    }
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "no outside host: {page}"
    );
    assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("onclick"));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("script-src"));
    assert_eq!(
        (answer.header("set-cookie"), answer.header("cache-control")),
        (None, Some("no-store"))
    );
    let pictures = attributes(&page, "src");
    assert_eq!(pictures.len(), 1, "{page}");
    let picture = street.app.anyone().get(pictures[0]).send().await;
    assert_eq!((picture.status, picture.media_type()), (200, Some("image/jpeg")));
    assert_eq!(
        street.app.anyone().get(&link).send().await.header("content-language"),
        Some("fr")
    );
    assert!(html(&street.app.anyone().get(&link).send().await).contains("À faire"));
    assert_eq!(street.traces().await, before, "looking changes nothing");
    goes_when_it_is_taken_back(&street, (&given, &link), &release, pictures[0]).await;
}

/// Taken back a photo is off the page, and the links of before are dead; what crews photograph is on it.
async fn goes_when_it_is_taken_back(street: &Street, (given, link): (&Given, &str), release: &str, picture: &str) {
    let unrelease = release.replace("/release", "/unrelease");
    street.supervisor.post(&unrelease).send().await.expect(200);
    assert_eq!(street.app.anyone().get(picture).send().await.status, 404);
    let page = html(&street.open_link(link).await);
    assert!(attributes(&page, "src").is_empty(), "{page}");
    // What somebody photographed there after work is the town's own.
    let proof = street.crew.person.post(&format!("/v1/alerts/{}/photos", given.alert));
    proof
        .body("image/jpeg", jpeg(5, Subject::Pothole))
        .send()
        .await
        .expect(201);
    street.app.run_due(Utc::now()).await;
    let page = html(&street.open_link(link).await);
    assert_eq!(attributes(&page, "alt"), ["Photo after the work, large"], "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_ran_out_or_was_changed_opens_nothing() {
    let mut street = Street::open().await;
    let (given, other) = (street.task().await, street.task().await);
    let link = street.link(&given).await;
    let others = street.link(&other).await;
    let (path, query) = link.split_once('?').expect("a query");
    let (other_path, _) = others.split_once('?').expect("a query");
    let keys = street.app.app.keys.clone();
    let key = &keys.server;
    let past = sign_link(key, path, Utc::now() - TimeDelta::seconds(1));
    let (_, signature) = query.split_once('&').expect("a signature");
    let forever = Utc::now().timestamp() + 1_000_000_000;
    let before = street.traces().await;
    for wrong in [
        past,
        format!("{other_path}?{query}"),
        format!("{path}?expires={forever}&{signature}"),
        format!("{link}A"),
        path.to_owned(),
        sign_link(
            key,
            &path.replace("/contractor/", "/contractor/x"),
            Utc::now() + TimeDelta::days(1),
        ),
        sign_link(
            key,
            &format!("/contractor/{}/{}", street.app.town.id.0, Uuid::now_v7()),
            Utc::now() + TimeDelta::days(1),
        ),
    ] {
        let answer = street.open_link(&wrong).await;
        assert_eq!(answer.status, 404, "{wrong}");
        assert!(html(&answer).contains("no longer valid"), "{answer}");
        let form = [("id", &*new_id()), ("outcome", "note"), ("words", "hello")];
        assert_eq!(street.fill_in(&wrong, &form, &[]).await.status, 404, "{wrong}");
    }
    assert_eq!(street.traces().await, before);
    assert_eq!(street.open_link(&link).await.status, 200);
    // The task goes to another crew: its link is over.
    street.dispatch(&given.alert, street.others.crew).await;
    let over = street.open_link(&link).await;
    assert_eq!(over.status, 200);
    assert!(html(&over).contains("This task has ended"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_of_a_sensitive_category_stay_inside() {
    let mut street = Street::open().await;
    let report = json!({"category": "nuisance", "position": street.app.town.point(900.0, 0.0)});
    let told = street.app.anyone().send("/v1/reports", report).await.expect(201);
    let photo = jpeg(1, Subject::Pothole);
    street.app.anyone().adds_photo(&told, photo).await.expect(201);
    street.app.run_due(Utc::now()).await;
    // A resident is not even told which alert it is.
    let alert = texts(&mut street.db, "SELECT id::text AS value FROM alert")
        .await
        .remove(0);
    street.qualify(&alert).await;
    let task = street.dispatch(&alert, street.crew.crew).await;
    let link = street.link(&Given { task, alert }).await;
    let page = html(&street.open_link(&link).await);
    assert!(
        page.contains("nuisance") && attributes(&page, "src").is_empty(),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_make_a_link() {
    let mut street = Street::open().await;
    let given = street.task().await;
    let cleaning = street.task_of("fly-tipping").await;
    let (desk, clerk) = (
        street.app.staff(Role::FrontDesk).await,
        street.app.staff(Role::Secretariat).await,
    );
    let path = |given: &Given| format!("/v1/tasks/{}/contractor-link", given.task);
    let company = json!({"company": COMPANY});
    for (person, task, status) in [
        (&clerk, &given, 201),
        // The secretariat of the test town is that of the roads.
        (&clerk, &cleaning, 404),
        (&desk, &given, 403),
        (&street.crew.person, &given, 403),
        (&street.app.anyone(), &given, 401),
    ] {
        let answer = person.send(&path(task), company.clone()).await;
        assert_eq!(answer.status, status, "{answer}");
    }
    for wrong in [
        json!({}),
        json!({"company": " "}),
        json!({"company": "a".repeat(201)}),
        json!({"company": COMPANY, "expires_in_days": 0}),
        json!({"company": COMPANY, "expires_in_days": 61}),
    ] {
        let answer = street.supervisor.send(&path(&given), wrong.clone()).await;
        assert_eq!(answer.status, 422, "{wrong}: {answer}");
    }
    let made = json!({"company": COMPANY, "expires_in_days": 60});
    let made = street.supervisor.send(&path(&given), made).await.expect(201);
    let expires = made["expires_at"]
        .as_str()
        .and_then(|at| at.parse::<chrono::DateTime<Utc>>().ok());
    let days = (expires.expect("an instant") - Utc::now()).num_hours();
    assert!((1_438..=1_440).contains(&days), "{made}");
    let reject = json!({"step": "reject", "reason": "a private road"});
    street.step(&given.alert, reject).await.expect(200);
    street.supervisor.send(&path(&given), company).await.problem("conflict");
}
