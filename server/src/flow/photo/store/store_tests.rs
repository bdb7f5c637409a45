//! Both stores are held to the same words. The S3 one needs SeaweedFS, which `scripts/setup.sh test` installs.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use proptest::prelude::*;
use s3::BucketConfiguration;
use s3::creds::Credentials;

use super::*;

const TOWN: TownId = TownId(7);

fn key(part: Part, byte: u8) -> Key {
    Key::of(TOWN, part, &[byte; 32])
}

async fn listed(store: &dyn PhotoStore, before: DateTime<Utc>) -> Vec<Key> {
    let batches: Vec<Vec<Key>> = store.put_before(TOWN, before).try_collect().await.expect("listed");
    let mut keys = batches.concat();
    keys.sort_by_key(ToString::to_string);
    keys
}

/// What every store keeps to.
async fn keeps_its_word(store: &dyn PhotoStore) {
    let (original, large) = (key(Part::Original, 1), key(Part::Large, 2));
    let elsewhere = Key::of(TownId(70), Part::Original, &[1; 32]);
    let bytes = Bytes::from(vec![9_u8; 100_000]);
    assert_eq!(store.get(&original).await.expect("answer"), None);
    for key in [&original, &large, &elsewhere, &original] {
        store.put(key, bytes.clone()).await.expect("put");
    }
    assert_eq!(store.get(&original).await.expect("answer"), Some(bytes.clone()));
    assert_eq!(
        store.get(&key(Part::Small, 2)).await.expect("answer"),
        None,
        "a sibling is another object"
    );

    let (past, future) = (Utc::now() - TimeDelta::hours(1), Utc::now() + TimeDelta::hours(1));
    assert_eq!(listed(store, past).await, [], "what is young is not listed");
    assert_eq!(
        listed(store, future).await,
        [large.clone(), original.clone()],
        "one town's own"
    );

    assert!(!store.remove(&original, Some(past)).await.expect("answer"), "put since");
    assert!(store.get(&original).await.expect("answer").is_some());
    assert!(store.remove(&original, Some(future)).await.expect("answer"));
    assert!(!store.remove(&original, None).await.expect("answer"), "gone already");
    assert_eq!(store.get(&original).await.expect("answer"), None);
    assert!(store.remove(&large, None).await.expect("answer"));
    assert_eq!(listed(store, future).await, []);
    assert_eq!(
        store.get(&elsewhere).await.expect("answer"),
        Some(bytes),
        "another town's stays"
    );
}

#[tokio::test]
async fn a_folder_keeps_its_word() {
    let root = tempfile::tempdir().expect("folder");
    keeps_its_word(&FolderStore::open(root.path().join("photos")).expect("store")).await;
}

#[tokio::test]
async fn a_folder_is_for_its_user_alone_and_loses_what_was_half_written() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().expect("folder");
    let store = FolderStore::open(root.path().join("photos")).expect("store");
    let original = key(Part::Original, 3);
    store.put(&original, Bytes::from_static(b"x")).await.expect("put");
    let folder = root.path().join("photos/7/original");
    for path in [
        root.path().join("photos"),
        folder.clone(),
        folder.join(original.to_string().rsplit('/').next().expect("name")),
    ] {
        let mode = path.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    std::fs::write(folder.join(".incoming-killed"), b"half").expect("write");
    std::fs::write(folder.join("not-ours.txt"), b"a note of the operator").expect("write");
    assert_eq!(listed(&store, Utc::now() + TimeDelta::hours(1)).await, [original]);
    assert!(!folder.join(".incoming-killed").exists());
    assert!(folder.join("not-ours.txt").exists());
}

proptest! {
    #[test]
    fn a_key_is_read_back(town in 1..i32::MAX, part in 0..3_usize, sha256: [u8; 32]) {
        let part = [Part::Original, Part::Large, Part::Small][part];
        let key = Key::of(TownId(town), part, &sha256);
        prop_assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn no_other_text_is_a_key(text in "[0-9]{0,3}/?(original|derived)?/?[0-9a-fA-F./-]{0,80}(jpg)?") {
        if let Ok(key) = text.parse::<Key>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}

#[test]
fn a_key_leads_nowhere_else() {
    let hash = "ab".repeat(32);
    for text in [
        String::new(),
        format!("7/original/../{hash}"),
        format!("7/original/{hash}.jpg"),
        format!("7/derived/{hash}"),
        format!("7/derived/{hash}-800.jpg"),
        format!("07/original/{hash}"),
        format!("7/original/{}", hash.to_uppercase()),
        format!("7/original/{}é", "ab".repeat(31)),
    ] {
        assert_eq!(text.parse::<Key>(), Err(NotAKey), "{text}");
    }
}

/// A SeaweedFS of one's own; it dies with the test.
struct Weed {
    process: Child,
    endpoint: String,
    _folder: tempfile::TempDir,
}

impl Drop for Weed {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

const IDENTITIES: &str = r#"{"identities": [{"name": "test", "actions": ["Admin", "Read", "Write", "List"],
    "credentials": [{"accessKey": "test", "secretKey": "test1234"}]}]}"#;

fn free_port() -> u16 {
    // The server opens the port and the port + 10,000.
    loop {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("port")
            .port();
        let beside = port.checked_add(10_000);
        if beside.is_some_and(|beside| TcpListener::bind(("127.0.0.1", beside)).is_ok()) {
            return port;
        }
    }
}

fn weed() -> Option<Weed> {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tools/py/bin/weed");
    if !program.exists() {
        return None;
    }
    let folder = tempfile::tempdir().expect("folder");
    let identities = folder.path().join("s3.json");
    std::fs::write(&identities, IDENTITIES).expect("written");
    let s3_port = free_port();
    let process = Command::new(program)
        .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"])
        .args([
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=200",
        ])
        .arg(format!("-dir={}", folder.path().display()))
        .arg(format!("-s3.config={}", identities.display()))
        .arg(format!("-s3.port={s3_port}"))
        .arg(format!("-master.port={}", free_port()))
        .arg(format!("-volume.port={}", free_port()))
        .arg(format!("-filer.port={}", free_port()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("SeaweedFS starts");
    Some(Weed {
        process,
        endpoint: format!("http://127.0.0.1:{s3_port}"),
        _folder: folder,
    })
}

async fn bucket(weed: &Weed, name: &str) {
    let region = ::s3::Region::Custom {
        region: "us-east-1".to_owned(),
        endpoint: weed.endpoint.clone(),
    };
    let credentials = Credentials::new(Some("test"), Some("test1234"), None, None, None).expect("credentials");
    let started = Instant::now();
    loop {
        let made = ::s3::Bucket::create_with_path_style(
            name,
            region.clone(),
            credentials.clone(),
            BucketConfiguration::default(),
        );
        match made.await {
            Ok(_) => return,
            Err(error) => assert!(started.elapsed() < Duration::from_secs(60), "no bucket: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_real_s3_service_keeps_its_word() {
    let Some(weed) = weed() else {
        eprintln!("SKIPPED: SeaweedFS is not installed; `scripts/setup.sh test` installs it on x86_64");
        return;
    };
    bucket(&weed, "photos").await;
    let secret = |text: &str| text.to_owned().into();
    let store = S3Store::new(&weed.endpoint, "us-east-1", "photos", "test", &secret("test1234")).expect("store");
    keeps_its_word(&store).await;

    let stranger = S3Store::new(&weed.endpoint, "us-east-1", "photos", "test", &secret("guessed")).expect("store");
    assert!(matches!(
        stranger.get(&key(Part::Original, 1)).await,
        Err(StoreError::S3(_))
    ));
    let nobody = S3Store::new("http://127.0.0.1:1", "us-east-1", "photos", "test", &secret("test1234")).expect("store");
    assert!(
        matches!(nobody.get(&key(Part::Original, 1)).await, Err(StoreError::S3(_))),
        "away is not empty"
    );
}
