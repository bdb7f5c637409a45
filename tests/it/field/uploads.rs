//! Photos in pieces (tus 1.0): what is here is here, and nobody else's.

use data_encoding::BASE64;
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vigie_fixtures::photo::Size;
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::people::{Answer, Person};

use super::{Given, Street, outcome};
use vigie_tests::repository;

fn photo() -> Vec<u8> {
    picture(7)
}

/// The photo of a street; one for each `scene`.
pub(super) fn picture(scene: u64) -> Vec<u8> {
    let spec = PhotoSpec {
        scene,
        subject: Subject::Pothole,
        viewpoint: 1,
        taken_at: chrono::Utc::now(),
        orientation: 1,
        position: None,
    };
    vigie_fixtures::photo::jpeg_of(&spec, Size::TEST).expect("a photo")
}

pub async fn announce(person: &Person, id: Uuid, (of, subject): (&str, &str), length: usize) -> Answer {
    let metadata = format!(
        "photo_id {},{of} {}",
        BASE64.encode(id.to_string().as_bytes()),
        BASE64.encode(subject.as_bytes())
    );
    let request = person
        .post("/v1/uploads")
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Length", &length.to_string())
        .header("Upload-Metadata", &metadata);
    request.send().await
}

pub(super) async fn piece(person: &Person, address: &str, offset: usize, bytes: &[u8]) -> Answer {
    let request = person
        .request(Method::PATCH, address)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", &offset.to_string())
        .body("application/offset+octet-stream", bytes.to_vec());
    request.send().await
}

async fn stands(person: &Person, address: &str) -> Answer {
    person
        .request(Method::HEAD, address)
        .header("Tus-Resumable", "1.0.0")
        .send()
        .await
}

pub(super) fn address(created: &Answer) -> String {
    assert_eq!(created.status, 201, "{created}");
    assert_eq!(created.header("tus-resumable"), Some("1.0.0"));
    created.header("location").expect("an address").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_arrives_in_pieces_before_or_after_its_action() {
    let mut street = Street::open().await;
    let (bytes, crew) = (photo(), street.crew.person.clone());
    for first in ["photo", "action"] {
        let given = street.task_of("pothole").await;
        let id = Uuid::now_v7();
        let done = json!({"photo_ids": [id], "note": "filled"});
        if first == "action" {
            let receipt = street.crew.does(&given, "done", done.clone()).await;
            assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
        }
        let at = address(&announce(&crew, id, ("task_id", &given.task), bytes.len()).await);
        let (one, rest) = bytes.split_at(bytes.len() / 3);
        assert_eq!(
            piece(&crew, &at, 0, one).await.header("upload-offset"),
            Some(&*one.len().to_string())
        );
        let stood = stands(&crew, &at).await;
        assert_eq!(stood.header("upload-offset"), Some(&*one.len().to_string()));
        assert_eq!(stood.header("upload-length"), Some(&*bytes.len().to_string()));
        assert_eq!(stood.header("cache-control"), Some("no-store"));
        // Somewhere else than it stands: nothing moves.
        assert_eq!(piece(&crew, &at, 0, one).await.problem("conflict")["offset"], one.len());
        let last = piece(&crew, &at, one.len(), rest).await;
        assert_eq!(last.status, 204, "{last}");
        // Announced again, it is there.
        assert_eq!(
            announce(&crew, id, ("task_id", &given.task), bytes.len()).await.status,
            201
        );
        assert_eq!(
            stands(&crew, &at).await.header("upload-offset"),
            Some(&*bytes.len().to_string())
        );
        if first == "photo" {
            let receipt = street.crew.does(&given, "done", done).await;
            assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
        }
        let read = street.read(&given.alert).await;
        assert_eq!(read["status"], "resolved");
        assert_eq!(read["photos"][0]["id"], id.to_string(), "{}", read["photos"]);
        assert_eq!(read["photos"][0]["kind"], "proof");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lost_the_task_still_brings_the_photo() {
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let id = Uuid::now_v7();
    street.dispatch(&given.alert, street.others.crew).await;
    let done = street.crew.does(&given, "done", json!({"photo_ids": [id]})).await;
    assert_eq!(outcome(&done), ("applied", "reassigned"));
    let bytes = photo();
    let crew = &street.crew.person;
    let at = address(&announce(crew, id, ("task_id", &given.task), bytes.len()).await);
    assert_eq!(piece(crew, &at, 0, &bytes).await.status, 204);
    // A stranger to the alert neither sends nor looks.
    let admin = street.app.staff(vigie_tests::town::Role::Admin).await;
    admin
        .request(Method::DELETE, &at)
        .header("Tus-Resumable", "1.0.0")
        .send()
        .await
        .problem("forbidden");
    assert_eq!(stands(&street.app.anyone(), &at).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_photo_says_why() {
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let crew = street.crew.person.clone();
    let text = b"no picture at all".repeat(40);
    let at = address(&announce(&crew, Uuid::now_v7(), ("task_id", &given.task), text.len()).await);
    let refused = piece(&crew, &at, 0, &text).await.problem("photo_refused");
    assert_eq!(refused["reason"], "photo_unsupported_type");
    assert_eq!(stands(&crew, &at).await.status, 404);
    // More than announced, more than is taken, of nothing, of somebody else's.
    let at = address(&announce(&crew, Uuid::now_v7(), ("task_id", &given.task), 10).await);
    piece(&crew, &at, 0, &[0; 11]).await.problem("body_too_large");
    let task = ("task_id", given.task.as_str());
    announce(&crew, Uuid::now_v7(), task, 16 * 1024 * 1024)
        .await
        .problem("body_too_large");
    let nowhere = Uuid::now_v7().to_string();
    announce(&crew, Uuid::now_v7(), ("task_id", &nowhere), 10)
        .await
        .problem("not_found");
    announce(&crew, Uuid::new_v4(), task, 10).await.problem("invalid");
    announce(&street.others.person, Uuid::now_v7(), task, 10)
        .await
        .problem("not_found");
    let other = street.task_of("pothole").await;
    let id = Uuid::now_v7();
    address(&announce(&crew, id, task, 10).await);
    announce(&crew, id, ("task_id", &other.task), 10)
        .await
        .problem("id_taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_protocol_is_kept() {
    let mut street = Street::open().await;
    let given: Given = street.task_of("pothole").await;
    let crew = street.crew.person.clone();
    let described = crew.request(Method::OPTIONS, "/v1/uploads").send().await;
    assert_eq!(described.status, 204);
    assert_eq!(
        described.header("tus-extension"),
        Some("creation,termination,expiration,checksum")
    );
    // Another version: nothing is done, and ours is told.
    let old = crew.post("/v1/uploads").header("Tus-Resumable", "0.2.2").send().await;
    assert_eq!(old.header("tus-version"), Some("1.0.0"));
    old.problem("tus_version");
    let bytes = photo();
    let at = address(&announce(&crew, Uuid::now_v7(), ("task_id", &given.task), bytes.len()).await);
    // A checksum that is wrong moves nothing; one that is right counts all.
    let sum = |bytes: &[u8]| format!("sha256 {}", BASE64.encode(&Sha256::digest(bytes)));
    let with_sum = |sum: String| {
        crew.request(Method::PATCH, &at)
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Offset", "0")
            .header("Upload-Checksum", &sum)
            .body("application/offset+octet-stream", bytes[..1_000].to_vec())
    };
    with_sum(sum(b"else")).send().await.problem("checksum_mismatch");
    assert_eq!(stands(&crew, &at).await.header("upload-offset"), Some("0"));
    assert_eq!(
        with_sum(sum(&bytes[..1_000])).send().await.header("upload-offset"),
        Some("1000")
    );
    let wrong_type = crew
        .request(Method::PATCH, &at)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", "1000")
        .body("image/jpeg", bytes[1_000..].to_vec());
    wrong_type.send().await.problem("unsupported_media_type");
    // A proxy that lets only POST pass.
    let meant = |verb: &str| {
        crew.post(&at)
            .header("Tus-Resumable", "1.0.0")
            .header("X-HTTP-Method-Override", verb)
    };
    assert_eq!(meant("HEAD").send().await.header("upload-offset"), Some("1000"));
    assert_eq!(meant("DELETE").send().await.status, 204);
    assert_eq!(stands(&crew, &at).await.status, 404);
}

/// What the protocol says of two at once, of strangers, of nothing, and of a checksum that every server must know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_at_once_one_counts_and_an_address_is_no_right() {
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let (crew, bytes) = (street.crew.person.clone(), photo());
    let task = ("task_id", given.task.as_str());
    let at = address(&announce(&crew, Uuid::now_v7(), task, bytes.len()).await);
    let both = tokio::join!(
        piece(&crew, &at, 0, &bytes[..1_000]),
        piece(&crew, &at, 0, &bytes[..1_000])
    );
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409], "{} {}", both.0, both.1);
    assert_eq!(stands(&crew, &at).await.header("upload-offset"), Some("1000"));
    // Whoever knows the address and is of another crew, or is nobody, or has the secret of something else.
    let rest = &bytes[1_000..2_000];
    let others = &street.others.person;
    piece(others, &at, 1_000, rest).await.problem("not_found");
    assert_eq!(stands(others, &at).await.status, 404);
    let anyone = street.app.anyone();
    piece(&anyone, &at, 1_000, rest).await.problem("unauthenticated");
    let with_secret = anyone
        .request(Method::PATCH, &at)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", "1000")
        .header("X-Follow-Secret", "a-secret-that-opens-something-else")
        .body("application/offset+octet-stream", rest.to_vec());
    with_secret.send().await.problem("not_found");
    assert_eq!(stands(&crew, &at).await.header("upload-offset"), Some("1000"));
    // SHA-1 of other bytes moves nothing; that of "abc", which everybody knows, counts.
    let at = address(&announce(&crew, Uuid::now_v7(), task, 10).await);
    for (bytes, status) in [("abd", 460), ("abc", 204)] {
        let summed = crew
            .request(Method::PATCH, &at)
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Offset", "0")
            .header("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
            .body("application/offset+octet-stream", bytes);
        let answer = summed.send().await;
        assert_eq!(answer.status, status, "{answer}");
        let there = if status == 204 { "3" } else { "0" };
        assert_eq!(stands(&crew, &at).await.header("upload-offset"), Some(there));
    }
    // A file of no bytes is taken, whole at once, and no photo.
    let at = address(&announce(&crew, Uuid::now_v7(), task, 0).await);
    assert_eq!(stands(&crew, &at).await.header("upload-offset"), Some("0"));
    piece(&crew, &at, 0, &[]).await.problem("photo_refused");
    assert_eq!(stands(&crew, &at).await.status, 404);
    let at = address(&announce(&crew, Uuid::now_v7(), task, 0).await);
    street.app.run_due(chrono::Utc::now()).await;
    assert_eq!(stands(&crew, &at).await.status, 404, "without a word more too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_sends_a_photo_of_the_own_report_the_same_way() {
    let (street, bytes) = (Street::open().await, photo());
    let body = json!({"category": "pothole", "position": street.app.town.point(-900.0, 900.0)});
    let told = street.app.anyone().send("/v1/reports", body).await.expect(201);
    let (report, secret) = (
        told["id"].as_str().expect("an id"),
        told["follow"]["secret"].as_str().expect("a secret"),
    );
    let metadata = format!(
        "photo_id {},report_id {}",
        BASE64.encode(Uuid::now_v7().to_string().as_bytes()),
        BASE64.encode(report.as_bytes())
    );
    let announced = |secret: &str| {
        street
            .app
            .anyone()
            .post("/v1/uploads")
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Length", &bytes.len().to_string())
            .header("Upload-Metadata", &metadata)
            .header("X-Follow-Secret", secret)
    };
    announced("not-the-secret-of-this-report")
        .send()
        .await
        .problem("not_found");
    assert_eq!(announced(secret).send().await.status, 201);
}

/// Clients that others wrote, each cut off half way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_peoples_clients_get_their_photo_through() {
    let mut street = Street::open().await;
    let (tools, scripts) = (repository().join("target/tools"), repository().join("tests/tools"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), photo()).expect("a photo");
    for (program, script) in [
        (tools.join("py/bin/python"), scripts.join("tus_upload.py")),
        ("node".into(), scripts.join("tus-upload.mjs")),
    ] {
        let given = street.task_of("pothole").await;
        let id = Uuid::now_v7().to_string();
        let mut client = tokio::process::Command::new(&program);
        client
            .arg(&script)
            .arg(format!("{}/v1/uploads", street.app.url()))
            .args([street.crew.person.token(), &given.task, &id])
            .arg(file.path())
            .env("TOOLS", tools.join("node"))
            .env("NO_PROXY", "*");
        let said = client.output().await.expect("the client runs");
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{}: {words}", script.display());
        let read = street.read(&given.alert).await;
        assert_eq!(read["photos"][0]["id"], id, "{}", script.display());
    }
}

/// The server dies while a photo arrives: all but the piece in hand is there, and another server goes on with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_more_than_the_piece_in_hand() {
    const PIECE: usize = 256 * 1024;
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    for whole in 1..=3 {
        let mut server = street.app.second_process();
        let crew = server.instead(&street.crew.person);
        let at = address(&announce(&crew, Uuid::now_v7(), ("task_id", &given.task), 4 * PIECE).await);
        let (feed, body) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
        let body = futures_util::stream::unfold(body, |mut body| async { Some((body.recv().await?, body)) });
        let request = crew
            .request(Method::PATCH, &at)
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Offset", "0")
            .body("application/offset+octet-stream", reqwest::Body::wrap_stream(body));
        let sending = tokio::spawn(request.try_send());
        // Some whole pieces and half of one more.
        for _ in 0..=whole * 2 {
            feed.send(Ok(vec![7; PIECE / 2])).await.expect("taken");
        }
        let stored = format!("SELECT received::bigint AS value FROM upload WHERE id::text = right('{at}', 36)");
        let mut seen = 0;
        while seen < i64::try_from(whole * PIECE).expect("small") {
            seen = vigie_tests::database::number(&mut street.db, &stored).await;
            tokio::task::yield_now().await;
        }
        server.kill();
        assert!(sending.await.expect("no panic").is_err(), "nobody answers");
        let stood = stands(&street.crew.person, &at).await;
        assert_eq!(stood.header("upload-offset"), Some(&*(whole * PIECE).to_string()));
        let rest = piece(&street.crew.person, &at, whole * PIECE, &vec![7; PIECE]).await;
        assert_eq!(
            rest.header("upload-offset"),
            (whole < 3).then(|| ((whole + 1) * PIECE).to_string()).as_deref()
        );
    }
}
