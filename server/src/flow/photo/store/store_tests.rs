//! Keys, and what is the folder's own; what every store keeps to is tested with a real S3 server in `tests/it/photos.rs`.

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use proptest::prelude::*;

use super::*;

const TOWN: TownId = TownId(7);

fn key(part: Part, byte: u8) -> Key {
    Key::of(TOWN, part, &[byte; 32])
}

async fn listed(store: &dyn PhotoStore, before: DateTime<Utc>) -> Vec<Key> {
    let batches: Vec<Vec<Key>> = store.put_before(TOWN, before).try_collect().await.expect("listed");
    batches.concat()
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
