//! A photo gets through servers that die and lines that break, and is what was sent.

use std::time::{Duration, Instant};

use chrono::Utc;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vigie_tests::database::texts;
use vigie_tests::people::{Person, Request};
use vigie_tests::proxy::{Line, Proxy};

use super::Street;
use super::uploads::{address, announce, picture};

/// What a client sends at once.
const CHUNK: usize = 64 * 1024;

/// The picture as a photo of so many bytes: what a telephone adds behind it is part of the file.
fn photo_of(picture: &[u8], bytes: usize, random: &mut ChaCha8Rng) -> Vec<u8> {
    assert!(picture.len() < bytes, "the picture alone has {}", picture.len());
    let mut photo = vec![0; bytes];
    random.fill_bytes(&mut photo);
    photo[..picture.len()].copy_from_slice(picture);
    photo
}

fn patch(person: &Person, address: &str, offset: usize, bytes: &[u8]) -> Request {
    person
        .request(Method::PATCH, address)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", &offset.to_string())
        .body("application/offset+octet-stream", bytes.to_vec())
}

/// Where an upload stands, if that is heard.
async fn offset(person: &Person, address: &str) -> Option<usize> {
    let asked = person.request(Method::HEAD, address).header("Tus-Resumable", "1.0.0");
    let answer = asked.try_send().await.ok()?;
    assert_eq!(answer.status, 200, "{answer}");
    answer.header("upload-offset")?.parse().ok()
}

/// Sends the rest, as often as it takes; how often that was.
async fn bring(person: &Person, address: &str, bytes: &[u8]) -> usize {
    for tries in 0..60 {
        match offset(person, address).await {
            Some(there) if there == bytes.len() => return tries,
            // Whatever comes of it, the next look says.
            Some(there) => drop(patch(person, address, there, &bytes[there..]).try_send().await),
            None => {}
        }
    }
    panic!("the photo does not get through");
}

impl Street {
    /// What was stored is what was sent, byte for byte.
    async fn has(&mut self, id: Uuid, bytes: &[u8]) {
        // One whose last bytes went to a server that died is made by the job that they left.
        let stored =
            format!("SELECT encode(sha256, 'hex') || ' ' || original_bytes AS value FROM photo WHERE id = '{id}'");
        let mut found = texts(&mut self.db, &stored).await;
        if found.is_empty() {
            self.app.run_due(Utc::now()).await;
            found = texts(&mut self.db, &stored).await;
        }
        let sent = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
        assert_eq!(found, [format!("{sent} {}", bytes.len())]);
    }
}

/// Sends chunk after chunk until nobody answers any more; how much was acknowledged.
async fn until_it_dies(crew: Person, address: String, bytes: Vec<u8>) -> usize {
    let mut acknowledged = 0;
    for chunk in bytes.chunks(CHUNK) {
        match patch(&crew, &address, acknowledged, chunk).try_send().await {
            Ok(answer) => assert_eq!(answer.status, 204, "{answer}"),
            Err(_) => break,
        }
        acknowledged += chunk.len();
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_at_any_instant_loses_nothing_that_it_acknowledged() {
    const SEED: u64 = 4_711;
    const ROUNDS: usize = 15;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let picture = picture(11);
    let (began, mut in_between) = (Instant::now(), 0);
    for round in 0..ROUNDS {
        // On a machine that is busy a few rounds have to do.
        if round >= 5 && began.elapsed() > Duration::from_secs(20) {
            break;
        }
        let bytes = photo_of(&picture, picture.len() + 1_000_000, &mut random);
        let id = Uuid::now_v7();
        let at = address(&announce(&street.crew.person, id, ("task_id", &given.task), bytes.len()).await);
        let mut server = street.app.second_process();
        let crew = server.instead(&street.crew.person);
        // The first look opens the connection and the server's pool: what is killed is an upload, not a beginning.
        assert_eq!(offset(&crew, &at).await, Some(0));
        let sending = tokio::spawn(until_it_dies(crew, at.clone(), bytes.clone()));
        let alive = Duration::from_millis(random.random_range(0..250));
        tokio::time::sleep(alive).await;
        server.kill();
        let acknowledged = sending.await.expect("no panic");
        let stands = offset(&street.crew.person, &at)
            .await
            .expect("the other server answers");
        let what =
            format!("seed {SEED}, round {round}, killed after {alive:?}: {acknowledged} acknowledged, {stands} there");
        assert!(stands >= acknowledged && stands <= acknowledged + CHUNK, "{what}");
        in_between += usize::from(acknowledged > 0 && acknowledged < bytes.len());
        bring(&street.crew.person, &at, &bytes).await;
        street.has(id, &bytes).await;
    }
    assert!(in_between > 0, "no server died while bytes came");
}

/// Slow, and broken off every 600 kB: counted in bytes, so that a machine that is slow too changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_megabytes_get_through_a_line_that_breaks_again_and_again() {
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let bytes = photo_of(&picture(12), 3_000_000, &mut ChaCha8Rng::seed_from_u64(20));
    let id = Uuid::now_v7();
    let at = address(&announce(&street.crew.person, id, ("task_id", &given.task), bytes.len()).await);
    let line = Proxy::before(street.app.url());
    line.set(Line::Weak {
        per_second: 400_000,
        breaks_after: 600_000,
    });
    let crew = street.crew.person.at(&line.web());
    let tries = bring(&crew, &at, &bytes).await;
    // Five connections at least: none carries more than 600 kB.
    assert!(tries >= 5, "{tries}");
    street.has(id, &bytes).await;
}
